"""Samples of the pages of honest figures: what was said about services, and signs of cheating."""

from datetime import date

from core.ids import new_id
from reports.words import Said
from tests.look.samples import REFERENCE, ago

SIGN: dict[str, object] = {
    "id": "0192f0c1-7d1e-7c10-8000-000000000001",
    "office": "Service Centre Kombinat",
    "operator": "",
    "kind": "repeated",
    "title": "The same number again and again",
    "week": date(2026, 11, 16),
    "told": "31 of 98 transactions (32%) were on numbers that came three times or more in that week."
    " Among 13 offices it is 1%.",
    "chance": "Of 40,000 honest ones, about one would look like this by chance.",
    "innocent": "An agent or a relative who comes for many, a village with one telephone.",
    "state": "open",
    "verdicts": [],
    "may": True,
}
JUDGED: dict[str, object] = {
    **SIGN,
    "id": "0192f0c1-7d1e-7c10-8000-000000000002",
    "operator": "window 3",
    "state": "confirmed",
    "verdicts": [
        {"by": "Ilir Meta", "at": ago(days=2), "state": "explained", "words": "The machine was down on Tuesday."},
        {"by": "Vera Prifti", "at": ago(days=1), "state": "confirmed", "words": "I called ten.\nNone of them exists."},
    ],
}
LAST = {"at": ago(hours=17), "judged": 212}
NUMBERS: dict[str, object] = {"rows": [SIGN, JUDGED], "open": 1, "last": LAST, "errors": {}, "typed": {}}


def office(name: str, n: int, content: float, drawn: float, tone: str = "") -> dict[str, object]:
    return {
        "name": name,
        "code": "WAT3",
        "n": n,
        "content": content,
        "drawn": drawn,
        "low": max(0.0, drawn - 1 / n**0.5),
        "high": min(1.0, drawn + 1 / n**0.5),
        "rating": 1 + 4 * content,
        "drawn_rating": 1 + 4 * drawn if tone else None,
        "tone": tone,
        "response": 0.31 if n > 20 else None,
        "asked": n * 3,
        "lost": 4,
    }


OFFICES = [
    office("Service Centre Kombinat", 210, 0.41, 0.43, "late"),
    office("Water, District 3", 96, 0.56, 0.57, "soon"),
    office("Civil registry, Centre 12", 340, 0.69, 0.69),
    office("Cadastre, Region North", 14, 0.5, 0.66),
    office("Health, District 1", 180, 0.9, 0.88, "well"),
]
FUNNEL: dict[str, object] = {
    "curve": [
        (14, 0.24, 0.4, 0.88, 0.98),
        (60, 0.46, 0.55, 0.79, 0.87),
        (150, 0.55, 0.6, 0.75, 0.8),
        (340, 0.6, 0.63, 0.72, 0.76),
    ],
    "centre": 0.68,
    "widened": True,
    "points": [(200, 0.41), (90, 0.56), (320, 0.69), (14, 0.5), (170, 0.9)],
    "tones": ["late", "soon", "", "", "well"],
    "outside": 2,
}
SAID = [
    Said(new_id(), None, 1, "Two hours in the cold, and then the window closed.", ago(hours=3), None, REFERENCE),
    Said(new_id(), None, 5, "আপা খুব ভালো ব্যবহার করেছেন", ago(days=2), None, ""),
]
LINES = [
    {"name": "Driving licence", "n": 210, "few": False, "content": 0.52, "low": 0.45, "high": 0.6, "rating": 3.2},
    {"name": "Passport renewal", "n": 7, "few": True, "content": 0.9, "low": 0.5, "high": 1.0, "rating": 4.4},
]
MONEY = {"name": "Service Centre Kombinat", "n": 61, "share": 0.18, "low": 0.1, "high": 0.3, "drawn": 0.12}
SATISFACTION: dict[str, object] = {
    "headline": "68% of the people served were content (65% to 71%), by 1,312 answers."
    " One of 5 offices lies lower than chance explains: Service Centre Kombinat.",
    "scope": "Republic of Velmora",
    "weeks": 4,
    "periods": [{"code": "1", "name": "the last seven days"}, {"code": "4", "name": "the last 4 weeks"}],
    "office": "",
    "service": "",
    "offices": [{"code": "WAT3", "name": "Water, District 3"}, {"code": "CIV1", "name": "Service Centre Kombinat"}],
    "services": [{"code": "passport", "name": "Passport renewal"}, {"code": "licence", "name": "Driving licence"}],
    "figures": [
        {
            "value": "68%",
            "text": "content: 4 or 5 of 5",
            "tone": "",
            "note": "95% interval 65% to 71%, n 1,312",
            "definition": "Share of those served who would rate the service 4 or 5.",
            "url": "",
        },
        {"value": "3.7", "text": "of 5", "tone": "", "note": "", "definition": "", "url": ""},
        {"value": "31%", "text": "answered", "tone": "", "note": "", "definition": "", "url": ""},
        {
            "value": "25 min",
            "text": "waited by half of them, or less",
            "tone": "",
            "note": "",
            "definition": "",
            "url": "",
        },
    ],
    "weighting": "Answers count by how many like them were asked and did not answer: without that the mean would be"
    " 3.91 instead of 3.72. The 1,312 answers are worth 1,140 of equal weight.",
    "tapped": "Besides, 240 faces were tapped at the exit, 3.9 of 5 in the mean.",
    "signs": "No office has a sign that its numbers or answers were made up.",
    "reasons": {"n": 80, "rows": [{"text": "The wait was long", "n": 44, "share": 0.55}]},
    "quotes": SAID,
    "by_service": LINES,
    "rows": OFFICES,
    "few": ["Municipality of Melit"],
    "funnel": FUNNEL,
    "operators": [],
    "money": {
        "month": date(2026, 10, 1),
        "months": [{"code": "2026-10", "month": date(2026, 10, 1)}, {"code": "2026-09", "month": date(2026, 9, 1)}],
        "least": 10,
        "whole": {**MONEY, "n": 940, "share": 0.06, "low": 0.05, "high": 0.08},
        "offices": [MONEY, {**MONEY, "name": "Water, District 3", "n": 12, "drawn": None}],
        "totals": [{**MONEY, "name": "Ministry of Water", "drawn": None}],
    },
    "least": 10,
}
ONE_OFFICE: dict[str, object] = {
    **SATISFACTION,
    "scope": "Service Centre Kombinat",
    "offices": [],
    "rows": [],
    "few": [],
    "funnel": None,
    "operators": [{**LINES[0], "name": "window 1"}, {**LINES[1], "name": "window 2"}],
    "money": None,
    "signs": "",
}
NOTHING: dict[str, object] = {
    **ONE_OFFICE,
    "headline": "Nobody was asked about these services in this time.",
    "services": [],
    "weighting": "",
    "tapped": "",
    "reasons": {"n": 0, "rows": []},
    "quotes": [],
    "by_service": [],
    "operators": [],
}

PAGES: dict[str, tuple[str, dict[str, object]]] = {
    "satisfaction": ("satisfaction", SATISFACTION),
    "satisfaction-office": ("satisfaction", ONE_OFFICE),
    "satisfaction-nothing": ("satisfaction", NOTHING),
    "satisfaction-no-money": (
        "satisfaction",
        {**SATISFACTION, "money": {**SATISFACTION["money"], "whole": None, "offices": [], "totals": []}},  # type: ignore[dict-item]
    ),
    "numbers": ("numbers", NUMBERS),
    "numbers-wrong": (
        "numbers",
        {
            **NUMBERS,
            "errors": {f"state-{SIGN['id']}": "Choose what you found.", f"words-{SIGN['id']}": "Say what you found."},
            "typed": {str(SIGN["id"]): {"state": "", "words": "Bad"}},
        },
    ),
    "numbers-judged": ("numbers", {**NUMBERS, "rows": [{**JUDGED, "may": False}], "open": 0}),
    "numbers-none": ("numbers", {**NUMBERS, "rows": [], "open": 0, "last": None}),
}
