# ruff: noqa: E501  (tables of samples)
"""The pages about time: how a case is counted, calendars, policies, ladders."""

from datetime import date, timedelta

NOW_DAY = date(2026, 11, 24)
DAYS: list[dict[str, object]] = [
    {
        "day": NOW_DAY - timedelta(days=4),
        "office": "WAT2",
        "hours": "08:00–12:00, 13:00–16:30",
        "name": "",
        "seconds": 27_000,
    },
    {
        "day": NOW_DAY - timedelta(days=3),
        "office": "WAT2",
        "hours": "",
        "name": "Spring Day (announced late)",
        "seconds": 0,
    },
    {"day": NOW_DAY, "office": "WAT2", "hours": "08:00–12:00", "name": "", "seconds": 7_800},
]


def pages() -> tuple[dict[str, tuple[str, dict[str, object]]], dict[str, tuple[str, dict[str, object]]]]:
    """Citizens' and staff's samples; made in a function, as the others import each other."""
    from tests.look.samples import NOW, REFERENCE, ago

    rungs: list[dict[str, object]] = [
        {"who": "The officer", "what": "after 8 h of working time, 50%", "at": ago(hours=20), "state": "climbed"},
        {
            "who": "The head of the office",
            "what": "after 24 h, day and night",
            "at": NOW + timedelta(hours=2),
            "state": "next",
        },
        {
            "who": "The leadership",
            "what": "after 32 h of working time, 200%",
            "at": NOW + timedelta(days=3),
            "state": "coming",
        },
    ]
    counted: dict[str, object] = {
        "reference": REFERENCE, "office": "Water, District 3", "since": ago(days=4), "until": None, "due_at": NOW + timedelta(hours=3),
        "target": 57_600, "passed": 345_600, "worked": 34_800, "days": DAYS, "before": 2,
        "holdings": [{"office": "Service Centre Kombinat", "seconds": 7_200, "now": False}, {"office": "Water, District 3", "seconds": 338_400, "now": True}],
    }  # fmt: skip
    citizen: dict[str, tuple[str, dict[str, object]]] = {
        "counted": ("counted", counted),
        "counted-answered": ("counted", {**counted, "until": NOW, "office": "", "holdings": [], "before": 0}),
    }
    clock: dict[str, object] = {
        "kind": "first_response", "state": "running", "late": False, "policy": "Standard targets", "policy_url": "/staff/policies/0192", "target": 57_600,
        "due_at": NOW + timedelta(hours=3), "passed": 345_600, "worked": 34_800,
        "lines": [{"at": ago(days=4), "text": "Starts at WAT2, as the citizen's message was received; Standard targets gives it 16 h 00 min of working time"}],
        "days": DAYS, "rungs": rungs,
    }  # fmt: skip
    staff: dict[str, tuple[str, dict[str, object]]] = {
        "case-clocks": (
            "case_clocks",
            {
                "reference": REFERENCE, "clocks": [clock, {**clock, "kind": "resolution", "state": "too late", "late": True, "policy_url": "", "rungs": []}],
                "holdings": [{"office": "Torvin Water Works", "since": ago(days=4), "until": None, "elapsed": 345_600, "worked": 34_800}],
            },
        ),
    }  # fmt: skip
    return citizen, staff
