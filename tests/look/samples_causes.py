"""Pages of causes and of actions, with realistic context."""

from datetime import date, timedelta

from tests.look.samples import NOW, REFERENCE, ago

FORM: dict[str, object] = {
    "weeks": 13,
    "office": "",
    "service": "",
    "periods": (4, 13, 52),
    "offices": [{"code": "WAT", "name": "National Water Authority"}, {"code": "WAT1", "name": "North Water Works"}],
    "services": [{"code": "water", "name": "No water or low pressure"}],
    "errors": {},
    "typed": {"cause": "", "under": ""},
}
NAMES = ("Nobody stands in", "Cases of who is ill stay where they are", "Pump fails when the current does")
CAUSES: dict[str, object] = FORM | {
    "headline": "148 of 1,204 cases have a cause; most often: Nobody stands in (61).",
    "months": [date(2026, 9, 1), date(2026, 10, 1), date(2026, 11, 1)],
    "rows": [
        {
            "id": f"c{depth}",
            "name": name,
            "depth": depth,
            "own": 61 - 20 * depth,
            "all": 61 - 18 * depth,
            "months": [20, 21 - depth, 0],
            "weeks": 9,
            "retired": depth == 2,
            "shared": True,
            "actions": 2 - depth,
        }
        for depth, name in enumerate(NAMES)
    ],
    "waiting": [
        {"id": "c7", "name": "Valve map is old", "into": "Valve plan is out of date", "by": "Arta Hoxha", "mine": mine}
        for mine in (False, True)
    ],
    "may_keep": True,
    "under": [{"id": "c0", "name": NAMES[0]}, {"id": "c1", "name": f"{NAMES[0]} › {NAMES[1]}"}],
    "ask": False,
}
NEAR = "There is “Nobody stands in” already. Choose it, or tick that yours is another one."
TYPED = {"cause": "Nobody stands", "under": ""}
CAUSE: dict[str, object] = FORM | {
    "cause": {
        "id": "c1",
        "name": NAMES[1],
        "names": {"en": NAMES[1]},
        "above": [{"id": "c0", "name": NAMES[0]}],
        "parent": "c0",
        "retired": False,
        "shared": False,
        "merged": False,
        "into": {"id": "c2", "name": NAMES[2]},
        "asked_by": "Arta Hoxha",
    },
    "count": 43,
    "by_office": [{"name": "North Water Works", "code": "WAT1", "count": 31}],
    "by_service": [{"name": "No water or low pressure", "count": 40}, {"name": "", "count": 3}],
    "months": [{"month": date(2026, 11, 1), "count": 43}],
    "cases": [
        {
            "reference": REFERENCE,
            "title": "The water has been off since Tuesday and nobody says why.",
            "language": "en",
            "at": ago(days=9),
            "office": "North Water Works",
        }
    ],
    "actions": [
        {
            "id": f"a{number}",
            "what": "List a stand-in for every officer",
            "owner": "Besnik Leka",
            "due_on": date(2026, 11, 20),
            "done_at": ago(days=3) if number == 1 else None,
            "dropped": number == 2,
            "late": number == 0,
            "readable": number != 2,
            "from": None,
        }
        for number in range(3)
    ],
    "decisions": [
        {
            "id": "f1",
            "reference": REFERENCE,
            "why": "One officer was ill for nine days.",
            "decision": "Every officer names a stand-in.",
            "week": date(2026, 11, 16),
            "from": early,
        }
        for early in (None, date(2027, 1, 18))
    ],
    "changes": [{"at": ago(days=30), "by": "Arta Hoxha", "text": "added"}],
    "may_keep": True,
    "mine": False,
    "languages_of": [{"code": "en", "name": "English"}, {"code": "sq", "name": "Shqip"}],
    "under": [{"id": "c0", "name": NAMES[0]}],
}
LINE: dict[str, object] = {
    "id": "a1",
    "what": "Buy a generator for the pump of Kelda and put an alarm on it",
    "owner": "Besnik Leka",
    "due_on": date(2026, 11, 20),
    "late": True,
    "week": date(2026, 11, 9),
    "office": "Water, District 3",
    "reference": REFERENCE,
    "state": "to_do",
    "settled_at": None,
    "note": "",
    "moves": 2,
    "weeks": 1,
    "next": "the office above",
    "next_at": NOW + timedelta(days=2),
    "climbed": ["its owner", "the head of the office"],
    "may_move": True,
}
SETTLED = LINE | {"id": "a2", "state": "done", "late": False, "settled_at": ago(days=2), "note": "It runs."}
GIVEN_UP = LINE | {"id": "a3", "state": "dropped", "late": False, "settled_at": ago(days=4), "note": "Sold."}
MINE: dict[str, object] = {
    "to_do": [LINE, LINE | {"id": "a4", "late": False}],
    "settled": [SETTLED, GIVEN_UP],
    "late": 1,
}
COUNTS = [9, 12, 8, 10, 11, 9, 10, 8, 12, 9, 11, 10, 9, 10, 8, 11, 16, 17, 15, 18, 9, 8, 5, 4, 6, 5, 4, 3, 5, 4]
EFFECT: dict[str, object] = {
    "about": "Complaints about No water or low pressure at North Water Works and below, by week",
    "verdict": "Complaints fell by 54% (95% interval: 31% to 69%).",
    "tone": "well",
    "refused": "",
    "meaning": ["4.5 a week came in the 8 weeks after it; without it 9.8 would have been expected."],
    "cautions": ["It was decided at a peak.", "It could be the season."],
    "plot": {
        "counts": COUNTS,
        "fitted": [9.9] * 20 + [9.8] * 2 + [4.5] * 8,
        "without": [None] * 22 + [9.8] * 8,
        "before": 16,
        "after": 22,
    },
    "weeks": [
        {
            "week": date(2026, 4, 27) + timedelta(weeks=place),
            "count": count,
            "other": 60,
            "out": 16 <= place < 22,
            "without": 9.8 if place >= 22 else None,
            "exposure": 400,
        }
        for place, count in enumerate(COUNTS)
    ],
    "controlled": True,
    "exposed": True,
    "shut": True,
    "decided": False,
}
REFUSED: dict[str, object] = {
    "about": EFFECT["about"],
    "verdict": "",
    "tone": "",
    "refused": "It is not done yet. Once it is, the weeks before and after are compared.",
    "meaning": [],
    "cautions": [],
    "plot": None,
    "weeks": [],
    "controlled": False,
    "exposed": False,
    "shut": False,
    "decided": False,
}
ACTION: dict[str, object] = {
    "action": LINE,
    "office": "Water, District 3",
    "review": "/staff/reviews/WAT3/2026-11-09",
    "raised_to": "National Water Authority",
    "cause": {"id": "c2", "name": NAMES[2]},
    "may_settle": True,
    "may_hand": True,
    "people": [{"id": "p1", "name": "Arta Hoxha"}],
    "entries": [
        {"at": ago(days=4), "by": "", "text": "past its day, its owner told: Besnik Leka", "note": ""},
        {"at": ago(days=3), "by": "Besnik Leka", "text": "moved from 13 to 20 November", "note": "It is ordered"},
    ],
    "effect": REFUSED,
    "of": "service",
    "ways": ["service", "cause", "all"],
    "offered": list(NAMES),
    "typed": {"done_note": "", "why": "", "due_on": "", "owner": "", "cause": ""},
    "errors": {},
    "act": "",
    "ask": False,
}
FINDING: dict[str, object] = {
    "finding": {
        "id": "f1",
        "whys": ["The pump stood still for nine days.", "Its officer was ill, and nobody stood in."],
        "decision": "Every officer names a stand-in.",
        "at": ago(days=90),
    },
    "case": {
        "reference": REFERENCE,
        "title": "The water has been off since Tuesday.",
        "language": "en",
        "office": "North Water Works",
    },
    "office": "Water, District 3",
    "week": date(2026, 8, 24),
    "review": "/staff/reviews/WAT3/2026-08-24",
    "cause": {"id": "c2", "name": NAMES[2]},
    "actions": [
        {"id": "a1", "what": "List a stand-in", "owner": "Besnik Leka", "due_on": date(2026, 9, 4), "done": done}
        for done in (True, False)
    ],
    "effect": EFFECT | {"decided": True},
    "of": "service",
    "ways": ["service", "cause", "all"],
}
PAGES: dict[str, tuple[str, dict[str, object]]] = {
    "causes": ("causes", CAUSES),
    "causes-none": ("causes", CAUSES | {"rows": [], "waiting": [], "may_keep": False}),
    "causes-near": ("causes", CAUSES | {"errors": {"cause": NEAR}, "ask": True, "typed": TYPED}),
    "cause": ("cause", CAUSE),
    "cause-mistakes": ("cause", CAUSE | {"errors": {"name-en": "121 characters too long."}, "count": 0, "cases": []}),
    "cause-ask": (
        "cause_ask",
        {"reference": REFERENCE, "typed": TYPED, "errors": {"cause": NEAR}, "ask": True, "offered": list(NAMES)},
    ),
    "finding": ("finding", FINDING),
    "finding-alone": (
        "finding",
        FINDING | {"review": "", "cause": None, "actions": [], "ways": ["all"], "of": "all", "effect": REFUSED},
    ),
    "actions": ("actions", MINE),
    "actions-none": ("actions", {"to_do": [], "settled": [], "late": 0}),
    "action": ("action", ACTION),
    "action-helped": ("action", ACTION | {"action": SETTLED, "effect": EFFECT}),
    "action-mistakes": (
        "action",
        ACTION | {"act": "move", "errors": {"due_on": "This day is over.", "why": "Say why it needs another day."}},
    ),
}  # fmt: skip
