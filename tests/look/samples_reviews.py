"""Sample contexts of the weekly review's pack, of the page for the wall, and of its minutes."""

from datetime import date

from tests.look.samples import REFERENCE, ago
from tests.look.samples_figures import MEETING

ROW: dict[str, object] = {
    "reference": REFERENCE,
    "url": f"https://velmora.example/staff/cases/{REFERENCE}",
    "title": "No water in Rruga e Kavajës since Monday, call me at [phone]",
    "lang": "en",
    "dir": "ltr",
    "facts": "Water, District 3 · Water supply · complaint · came 16 November 2026 · Besnik Leka",
    "silent": "silent 6 days",
    "why": "",
}
ARABIC: dict[str, object] = {**ROW, "title": "لا يوجد ماء منذ ثلاثة أيام", "lang": "ar", "dir": "rtl", "silent": ""}
VOICE: dict[str, object] = {
    "text": "Three hours in the cold, and then the counter shut.",
    "office": "Water, District 3",
    "staff": "",
    "rating": "1 of 5",
    "day": "17 November 2026",
    "reference": "",
    "url": "",
}


def _block(key: str, kind: str, title: str, rows: list[dict[str, object]], note: str = "") -> dict[str, object]:
    return {"key": key, "kind": kind, "title": title, "count": len(rows) + 3, "rows": rows, "note": note}


BLOCKS = [
    _block(
        "actions",
        "actions",
        "What we said we would do",
        [
            {
                "id": "a1",
                "text": "Answer the phone of the dispatch room until 20:00",
                "owner": "Arta Hoxha",
                "owner_id": "p1",
                "due": "13 November 2026",
                "late": True,
                "week": "promised in the review of 2 November 2026",
                "times": "came back 2 times",
                "reference": "D4KM-77RS",
                "url": "",
                "office": "Water, District 3",
            }
        ],
    ),
    _block("raised", "cases", "Handed up to us", [{**ROW, "why": "Water 3, Dafina Kola: it is not ours"}]),
    _block("overdue", "cases", "Past a deadline", [ROW, ARABIC], "And 31 more, not listed here."),
    _block(
        "causes",
        "causes",
        "Causes that came again",
        [{"text": "No spare key at the pump house", "count": 3, "cases": [{"reference": REFERENCE, "url": ""}]}],
    ),
    _block(
        "rushes",
        "rushes",
        "Far more than usual",
        [
            {
                "office": "Water, District 3",
                "service": "Water supply",
                "text": "40 instead of about 11",
                "since": "17 November 2026",
                "over": True,
                "words": "pump, Torvin",
            }
        ],
    ),
    _block("praise", "voices", "Thanks", [{**VOICE, "text": "She helped", "staff": "Drita Kola", "rating": ""}]),
    _block("worst", "voices", "Rated low, in their words", [VOICE]),
    _block("checks", "checks", "Closed cases to check", [ROW], "Drawn by lot from 38 that were closed in the week."),
]
PACK: dict[str, object] = {
    "review": {"url": MEETING["url"], "week": MEETING["week"], "office": MEETING["office"]},
    "may": True,
    "made_at": ago(hours=3),
    "figures": [{"value": "14", "text": "new"}, {"value": "6 days", "text": "longest silence"}],
    "blocks": BLOCKS,
    "plan": {"holds": True, "hour": "7", "checks": "5", "due": "Monday 23 November, 07:00"},
    "errors": {},
}
WALL_ROW: dict[str, object] = {
    **ROW,
    "from_above": "",
    "theirs": True,
    "answered_at": None,
    "finding": None,
    "actions": [],
    "raised": None,
    "checked": None,
}
ACTIONS = [
    {"what": "Have a second key cut", "owner": "Besnik Leka", "due_on": date(2026, 11, 30), "reference": REFERENCE}
]
NOW_ON: dict[str, object] = {
    **MEETING,
    "wall": f"{MEETING['url']}/wall",
    "may": True,
    "closed": False,
    "opened_at": ago(minutes=12),
    "minutes": False,
}
PROMISE: dict[str, object] = BLOCKS[0]["rows"][0]  # type: ignore[index]
WALL: dict[str, object] = {
    "review": NOW_ON,
    "stop": {
        "key": f"case-{REFERENCE}",
        "kind": "case",
        "title": "Past a deadline",
        "under": ["Past a deadline", "New last week"],
    },
    "number": 4,
    "total": 63,
    "previous": f"{MEETING['url']}/wall?at=week",
    "next": f"{MEETING['url']}/wall?at=end",
    "left": 58,
    "groups": [
        {
            "title": title,
            "items": [
                {
                    "number": at + 1,
                    "url": f"{MEETING['url']}/wall?at=here",
                    "text": text,
                    "reference": "",
                    "language": "",
                    "mark": "decided" if at == 1 else "",
                    "current": at == 3,
                }
            ],
        }
        for at, (title, text) in enumerate(
            [
                ("The meeting", "Who is here"),
                ("Past a deadline", "No water in Rruga e Kavajës"),
                ("New last week", "The lamp is out"),
                ("The end", "The end"),
            ]
        )
    ],
    "present": ["Arta Hoxha", "Dafina Kola"],
    "figures": PACK["figures"],
    "people": [{"id": "p1", "name": "Arta Hoxha"}, {"id": "p2", "name": "Besnik Leka"}],
    "attending": [{"id": "p1", "name": "Arta Hoxha", "here": True}, {"id": "p2", "name": "Besnik Leka", "here": False}],
    "was": "p1",
    "blocks": BLOCKS[3:7],
    "promises": [
        {**PROMISE, "settled": False, "note": ""},
        {**PROMISE, "id": "a2", "reference": "", "settled": True, "note": "Two people now"},
    ],
    "draw_note": "Drawn by lot from 38 that were closed in the week.",
    "case": WALL_ROW,
    "offered": ["No spare key", "Nobody took over"],
    "above": "Ministry of Water",
    "decided": [{"decision": "The duty team gets a key.", "reference": REFERENCE}],
    "actions": ACTIONS,
    "errors": {},
    "typed": {},
    "default_due": date(2026, 11, 30),
}


def _stop(kind: str, title: str, **changed: object) -> tuple[str, dict[str, object]]:
    return "review_wall", {
        **WALL,
        "stop": {"key": kind, "kind": kind, "title": title, "under": []},
        "case": None,
        **changed,
    }


DONE: dict[str, object] = {
    **WALL_ROW,
    "from_above": "Water, District 3, Dafina Kola: not ours",
    "answered_at": ago(hours=1),
    "finding": {
        "whys": ["The pump stood still", "Nobody had the key", "There is one key"],
        "decision": "A second key",
        "cause": "No spare key",
    },
    "actions": ACTIONS,
    "raised": {"to": "Ministry of Water", "why": "Three offices need one"},
}
MINUTES_ROW: dict[str, object] = {
    "text": "No water in Rruga e Kavajës since Monday",
    "lang": "sq",
    "dir": "ltr",
    "chain": ["The pump stood still", "No key"],
    "lines": [["Cause", "No spare key"], ["Decision", "A second key"]],
    "quiet": "",
    "reference": REFERENCE,
    "url": "",
}
MINUTES: dict[str, object] = {
    "review": PACK["review"],
    "reads": True,
    "helped": {REFERENCE: "f1"},
    "closed": True,
    "head": {
        "office": "Water, District 3",
        "week": "",
        "held": "Held on 23 November 2026, 09:00 to 09:50",
        "chair": "In the chair: Dafina Kola",
    },
    "blocks": [
        {
            "key": "here",
            "title": "Who was here",
            "note": "",
            "rows": [{**MINUTES_ROW, "text": "Arta Hoxha", "lang": "en", "chain": [], "lines": [], "reference": ""}],
        },
        {"key": "decided", "title": "Decided", "note": "", "rows": [MINUTES_ROW]},
        {
            "key": "given",
            "title": "Who does what",
            "note": "3 of 5",
            "rows": [{**MINUTES_ROW, "chain": [], "lines": [], "quiet": "Besnik Leka · by 30 November 2026"}],
        },
    ],
    "may": True,
    "errors": {},
    "words": "",
}
REVIEWS: dict[str, tuple[str, dict[str, object]]] = {
    "review-pack": ("review_pack", PACK),
    "review-pack-village": ("review_pack", {**PACK, "blocks": BLOCKS[2:3], "may": False, "plan": None}),
    "review-pack-nothing": ("review_pack", {**PACK, "blocks": [], "figures": [{"value": "0", "text": "new"}]}),
    "review-pack-none": ("review_pack", {**PACK, "made_at": None, "blocks": [], "figures": []}),
    "review-pack-wrong": ("review_pack", {**PACK, "errors": {"hour": "Give a full hour from 0 to 23."}}),
    "review-wall-here": _stop("here", "Who is here"),
    "review-wall-begin": _stop("here", "Who is here", present=[], review={**NOW_ON, "opened_at": None}),
    "review-wall-promises": _stop("promises", "What we said we would do"),
    "review-wall-week": _stop("week", "What the week told us"),
    "review-wall-case": ("review_wall", WALL),
    "review-wall-case-done": ("review_wall", {**WALL, "case": DONE}),
    "review-wall-case-wrong": (
        "review_wall",
        {
            **WALL,
            "errors": {
                "decision": "Say what is decided.",
                "owner": "Choose who does it.",
                "cause": "There is one like it.",
            },
            "typed": {"why": "No key", "why2": "There is one", "decision": "", "what": "Get one", "cause": "No keys"},
        },
    ),
    "review-wall-case-elsewhere": ("review_wall", {**WALL, "case": {**WALL_ROW, "theirs": False}}),
    "review-wall-check": (
        "review_wall",
        {
            **WALL,
            "stop": {"key": f"check-{REFERENCE}", "kind": "check", "title": "Was it closed rightly?", "under": []},
            "case": {**WALL_ROW, "checked": {"sound": False, "note": "Nobody was told"}},
        },
    ),
    "review-wall-end": _stop("end", "The end"),
    "review-wall-read": ("review_wall", {**WALL, "review": {**NOW_ON, "may": False, "closed": True}}),
    "review-minutes": ("review_minutes", MINUTES),
    "review-minutes-wrong": ("review_minutes", {**MINUTES, "errors": {"words": "Say what is to be corrected."}}),
    "review-minutes-none": ("review_minutes", {**MINUTES, "head": None, "blocks": [], "may": False, "closed": False}),
    "review-minutes-old": ("review_minutes", {**MINUTES, "head": None, "blocks": [], "may": False, "reads": False}),
}
