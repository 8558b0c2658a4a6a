"""Sample context of a case's life after its closing: the citizen's page, the case pane, the list of appeals."""

from datetime import UTC, datetime, timedelta

NOW = datetime(2026, 11, 24, 12, 20, tzinfo=UTC)
OTHER = "M2HD-88TA"
AFTER: dict[str, object] = {
    "ask": False,
    "said_yes": False,
    "until": None,
    "once_more": False,
    "may_appeal": False,
    "may_take_back": True,
    "ombudsman": "",
    "appeal": None,
}
ASKS = {**AFTER, "ask": True, "until": NOW + timedelta(days=29), "may_appeal": True, "may_take_back": False}
APPEAL: dict[str, object] = {
    "office": "Water, Region North",
    "at": NOW - timedelta(days=2),
    "outcome": "",
    "decided_at": None,
    "due_at": NOW + timedelta(days=8),
}
LIFE: dict[str, object] = {
    "appeal": None,
    "solved": "",
    "merged": "",
    "took": [],
    "linked": [],
    "others": [],
    "messages": [
        {"entry": 1, "at": NOW - timedelta(days=3), "text": "No water for three days. And the street lamp is broken."}
    ],
    "may_merge": True,
    "may_split": True,
    "may_unmerge": False,
    "may_link": True,
    "reasons": {"citizen": "the same citizen's", "cause": "the same cause"},
}
LIVED: dict[str, object] = {
    **LIFE,
    "appeal": {
        "from": "Water, District 3",
        "office": "Water, Region North",
        "text": "Nobody came, and they closed it twice.",
        "at": NOW - timedelta(days=2),
        "outcome": "",
        "words": "",
        "decided_at": None,
        "may": True,
    },
    "solved": "The citizen said that an earlier closing did not solve it.",
    "took": [OTHER],
    "linked": [{"reference": OTHER, "title": "Lamp in Mill Street", "state": "open", "why": "The same cause"}],
    "others": [{"reference": OTHER, "title": "Still no water"}],
}
MERGED: dict[str, object] = {
    **LIFE,
    "merged": OTHER,
    "may_merge": False,
    "may_split": False,
    "may_unmerge": True,
    "appeal": {
        **LIVED["appeal"],  # type: ignore[dict-item]
        "outcome": "partly",
        "words": "The pipe is mended; the bill stays as it is.",
        "decided_at": NOW,
        "may": False,
    },
}
LINE: dict[str, object] = {
    "reference": OTHER,
    "open": True,
    "from": "Water, District 3",
    "office": "Water, Region North",
    "mine": False,
    "language": "en",
    "text": "Nobody came, and they closed it twice.",
    "at": NOW - timedelta(days=2),
    "outcome": "",
    "words": "",
    "decided_at": None,
    "seconds": 172_800,
}
DECIDED = {
    **LINE,
    "reference": "K7QF-3M9V",
    "open": False,
    "mine": True,
    "outcome": "dismissed",
    "words": "The rule allows no other bill.",
}
CHECK: dict[str, object] = {
    "id": "c1",
    "reference": OTHER,
    "title": "No water in Mill Street since Monday",
    "language": "sq",
    "office": "Water, District 3",
    "closed_at": NOW - timedelta(days=9),
    "said": "yes",
    "hint": "567",
    "number": "",
    "dial": "",
    "version": 12,
    "tries": 2,
}
CHECKS = [CHECK, {**CHECK, "id": "c2", "said": "", "number": "+355 69 111 2233", "dial": "+355691112233", "tries": 0}]
ROWS: list[dict[str, object]] = [
    {
        "office": "Water, District 3",
        "closed": 212,
        "claimed": {"value": 0.86, "n": 93, "low": 0.775, "high": 0.916},
        "silent": 104,
        "checked": {"value": 0.5, "n": 8, "low": 0.215, "high": 0.785},
        "checked_silent": {"value": None, "n": 0, "low": 0.0, "high": 1.0},
        "not_reached": 3,
    }
]
SOLVED: dict[str, object] = {"token": "tQ8", "reference": OTHER, "ask": True, "told": "", "over": False}


def citizen(tracked: dict[str, object]) -> dict[str, tuple[str, dict[str, object]]]:
    """Citizens' pages, on the tracking page that the other samples show."""
    case: dict[str, object] = tracked["case"]  # type: ignore[assignment]
    closed = {**case, "state": "closed", "silent_seconds": None, "outcome": "not_upheld", "due_at": None}
    unlocked = {**tracked, "unlock": "proof", "case": closed}
    told = "M2HD-88TA is open again. Write here what is still wrong. Water, District 3 answers by Thursday 26 November."
    return {
        "tracked-solved": ("tracked", {**unlocked, "after": ASKS, "errors": {"still": "Write why you do not agree."}}),
        "tracked-solved-locked": ("tracked", {**tracked, "case": closed, "after": ASKS}),
        "tracked-once-more": ("tracked", {**unlocked, "after": {**ASKS, "once_more": True, "said_yes": True}}),
        "tracked-appeal": ("tracked", {**tracked, "after": {**AFTER, "appeal": APPEAL}}),
        "tracked-decided": (
            "tracked",
            {
                **unlocked,
                "after": {
                    **AFTER,
                    "may_take_back": False,
                    "ombudsman": "Ombudsman: 116 117.",
                    "appeal": {**APPEAL, "outcome": "allowed", "decided_at": NOW, "due_at": None},
                },
            },
        ),
        "tracked-merged": ("tracked", {**tracked, "case": {**case, "with": OTHER}}),
        "tracked-take-back": ("tracked", {**tracked, "unlock": "proof", "errors": {"sure": "Tick the box first."}}),
        "solved": ("solved", SOLVED),
        "solved-told": ("solved", {**SOLVED, "ask": False, "told": told}),
        "solved-over": ("solved", {**SOLVED, "ask": False, "over": True}),
    }


def staff(desk: dict[str, object]) -> dict[str, tuple[str, dict[str, object]]]:
    """Staff's pages, the case pane on the desk that the other samples show."""
    return {
        "desk-appeal": ("desk", {**desk, "life": LIVED, "errors": {"decision": "Choose how you decide."}}),
        "desk-merged": ("desk", {**desk, "life": MERGED}),
        "appeals": ("appeals", {"lines": [LINE, DECIDED]}),
        "appeals-none": ("appeals", {"lines": []}),
        "callbacks-checks": (
            "callbacks",
            {"items": [], "checks": CHECKS, "errors": {"check-c1": "What is still wrong is empty"}, "typed": {}},
        ),
        "solved-figures": ("solved", {"rows": ROWS, "weeks": 13, "periods": [4, 13, 52]}),
        "solved-none": ("solved", {"rows": [], "weeks": 4, "periods": [4, 13, 52]}),
    }
