"""Sample context of the leadership's page and of Monday's review."""

from datetime import date

from tests.look.samples import REFERENCE, ago
from tests.look.samples_desk import PEOPLE


def office(
    name: str, silent: int, n: int, median: float | None, low: float, high: float, tone: str
) -> dict[str, object]:
    return {
        "office": name,
        "url": "/staff/search?q=office",
        "silent": silent,
        "late": silent // 3,
        "n": n,
        "median": median,
        "over": "31 h" if median else "over 28 days",
        "low": low,
        "high": high,
        "tone": tone,
        "spark": [20.0, 24.0, None, 31.0, 40.0, median],
    }


TREND: dict[str, object] = {
    "values": [24, 26, 23, 25, 27, 25, 24, 26, 25, 28, 30, 39],
    "band": (22, 29),
    "first": "week 36",
    "last": "week 47",
    "now": "39 h",
    "label": "Median silence by week, rising out of its usual band in week 47",
}
LEADERSHIP: dict[str, object] = {
    "surges": [],
    "visits": [
        {
            "office": "Service Centre Kombinat",
            "n": 4,
            "waited": 37.5,
            "politeness": 2.3,
            "asked": 1,
            "known": 3,
            "references": [REFERENCE],
        }
    ],
    "headline": "Half of all citizens now wait 31 hours for an answer, six more "
    "than last week. Two district water offices make up most of it.",
    "scope": "Republic of Velmora",
    "period": "the last 4 weeks",
    "periods": [
        {"text": "the last seven days", "weeks": 1, "current": False, "office": ""},
        {"text": "the last 4 weeks", "weeks": 4, "current": True, "office": ""},
    ],
    "trail": [],
    "more": 2,
    "figures": [
        {
            "value": "31 h",
            "text": "median silence, 6 h more",
            "tone": "",
            "note": "95% interval 29 to 33, n 4,812",
            "definition": "Half of all citizens got a human answer within this time; those still waiting are counted.",
            "url": "",
        },
        {
            "value": "9.4 days",
            "text": "one in ten waits longer",
            "tone": "",
            "note": "",
            "definition": "The 90th percentile.",
            "url": "",
        },
        {
            "value": "1,206",
            "text": "silent now, 212 past their target",
            "tone": "late",
            "note": "",
            "definition": "",
            "url": "/staff/search?q=silent",
        },
        {
            "value": "41 days",
            "text": "longest silence",
            "tone": "late",
            "note": "",
            "definition": "",
            "url": "/staff/cases/K7QF-3M9V",
        },
        {
            "value": "3.6",
            "text": "of 5 after a service",
            "tone": "",
            "note": "22% answered",
            "definition": "",
            "url": "",
        },
    ],
    "act": [
        office("Water, District 3", 311, 640, 96, 88, 107, "late"),
        office("Water, District 7", 187, 402, 71, 66, 80, "late"),
        office("Cadastre, Region North", 64, 141, 38, 30, 55, "soon"),
        office("Civil registry, Centre 12", 9, 22, 14, 8, 26, "well"),
        office("Health, District 1", 2, 3, None, 0, 0, ""),
    ],
    "scale": 110,
    "national": 31,
    "small_n": 30,
    "trend": TREND,
    "ratings": [
        {"service": "Water supply", "n": 310, "mean": 2.6, "low": 2.4, "high": 2.8, "tone": "late"},
        {"service": "Passport renewal", "n": 95, "mean": 4.1, "low": 3.9, "high": 4.3, "tone": "well"},
    ],
    "definitions": [
        {"term": "Silence", "text": "Time from the citizen's message until a human answer reached the citizen."}
    ],
}
ACTION = {
    "what": "Spare key of the pump house to the duty team",
    "owner": "Besnik Leka",
    "due_on": date(2026, 11, 27),
    "done": False,
}
ITEM = {
    "reference": REFERENCE,
    "title": "No water in Rruga e Kavajës since Monday",
    "language": "en",
    "office": "Water, District 3",
    "opened_at": ago(days=2),
    "silent_seconds": 79800,
    "rating": None,
    "kind": "complaint",
    "finding": None,
    "actions": [],
}
MEETING: dict[str, object] = {
    "url": "/staff/reviews/WAT-3/2026-11-16",
    "week": date(2026, 11, 16),
    "office": "Water, District 3",
    "closed": False,
    "may": True,
    "chair": "Dafina Kola",
}
REVIEW: dict[str, object] = {
    "review": MEETING,
    "headline": "14 complaints came in, five are overdue, and one pump house is behind nine of them.",
    "counts": [
        {"value": "14", "text": "new", "tone": ""},
        {"value": "5", "text": "overdue", "tone": "late"},
        {"value": "6 days", "text": "longest silence", "tone": "late"},
        {"value": "2.6", "text": "of 5, n 31", "tone": ""},
    ],
    "carried": [
        {
            "id": "a1",
            "what": "Answer the phone of the dispatch room until 20:00",
            "owner": "Arta Hoxha",
            "due_on": date(2026, 11, 13),
            "late": True,
            "from_week": date(2026, 11, 9),
            "reference": "D4KM-77RS",
            "may": True,
        }
    ],
    "sections": [
        {
            "key": "new",
            "title": "New last week",
            "empty": "None.",
            "count": 14,
            "cases": [
                ITEM,
                {
                    **ITEM,
                    "reference": "P9WX-41KC",
                    "title": "Мастер не пришёл",
                    "language": "ru",
                    "silent_seconds": None,
                    "finding": {"why": "No spare key.", "decision": "A key for the duty team."},
                    "actions": [ACTION],
                },
            ],
        },
        {"key": "overdue", "title": "Overdue", "empty": "None.", "count": 1, "cases": [ITEM]},
        {"key": "silent", "title": "Longest silent", "empty": "Nobody is waiting.", "count": 0, "cases": []},
        {
            "key": "low",
            "title": "Rated low",
            "empty": "None.",
            "count": 2,
            "cases": [
                {**ITEM, "rating": 1, "silent_seconds": None},
                {**ITEM, "rating": 2, "silent_seconds": None, "reference": "", "title": "Two hours in the cold"},
            ],
        },
    ],
    "people": PEOPLE,
    "default_due": date(2026, 11, 30),
    "actions": [ACTION],
    "errors": {},
    "opened": "",
    "typed": {"why": "", "decision": "", "what": "", "owner": "", "due_on": ""},
}
