"""Sample context of the leadership's page and of Monday's review."""

# ruff: noqa: E501  (tables of sample rows)

from datetime import date

from tests.look.samples import REFERENCE, ago
from tests.look.samples_desk import PEOPLE


def office(name: str, silent: int, due: int, drawn: float, low: float, high: float, tone: str) -> dict[str, object]:
    return {
        "office": name, "url": "/leadership?office=WAT", "silent": silent, "late": silent // 3, "cases": "/staff?q=figure:silent",
        "oldest": "41 days" if silent else "–", "due": due, "failed": drawn + 0.03 if due else None,
        "drawn": drawn if due else None, "low": low, "high": high, "n": due, "median": "31 h" if due else "–", "tone": tone,
    }  # fmt: skip


def week(text: str, values: list[float | None], band: tuple[float, float] | None) -> dict[str, object]:
    return {
        "values": values, "band": band, "usual": "usual: 22 h to 30 h" if band else "", "first": "7 Sept 2026", "last": "16 Nov 2026", "now": text, "outside": True,
        "label": f"By week; {text} in the last one. That is outside its usual band.",
        "rows": [{"monday": date(2026, 11, 16), "n": 84, "value": text, "small": False}, {"monday": date(2026, 11, 9), "n": 9, "value": "–", "small": True}],
    }  # fmt: skip


def cell(n: int, late: float | None, tone: str = "") -> dict[str, object]:
    mark, says = {"late": ("▲", "later than elsewhere"), "well": ("▼", "sooner than elsewhere"), "": ("", "")}[tone]
    text = f"{1 - late:.0%}" if late is not None else ""
    return {
        "n": n, "text": text, "level": min(4, int((late or 0) * 5)), "tone": tone, "mark": mark, "says": says,
        "url": "/leadership?office=WAT&service=water" if n else "",
    }  # fmt: skip


FIGURE: dict[str, object] = {
    "name": "silence_median", "title": "Median silence", "value": "31 h", "note": "95% interval 29 h to 33 h, n 4,812", "tone": "",
    "url": "/staff?q=figure:received", "n": 4812, "n_is": "cases received", "of_these": "", "error": "within 1%",
    "definition": "Half of all citizens who wrote in this time got a human answer within it.", "formula": "Smallest t with S(t) ≤ 0.5",
    "source": "Cases and their answers", "as_of": ago(minutes=1), "since": ago(days=30), "until": ago(minutes=1), "small": False,
}  # fmt: skip
SHELL: dict[str, object] = {
    "surges": [],
    "scope": "Republic of Velmora",
    "office": "PMO",
    "period": "this week and the 4 before",
    "weeks": 4,
    "first": "",
    "last": "",
    "as_of": ago(minutes=1),
    "periods": [
        {"text": "this week and the one before", "weeks": 1, "current": False},
        {"text": "this week and the 4 before", "weeks": 4, "current": True},
    ],
    "trail": [],
    "tops": [],
    "service": "",
    "mailed": False,
    "lends": True,
}
FIGURES: list[dict[str, object]] = [
    FIGURE,
    {**FIGURE, "title": "One in ten waits longer", "value": "9.4 days"},
    {**FIGURE, "title": "Answered within target", "value": "71%", "note": "95% interval 69% to 73%, n 3,950"},
    {**FIGURE, "title": "Silent now", "value": "1,206", "note": "212 past their target", "tone": "late"},
    {**FIGURE, "title": "Longest silence", "value": "41 days", "tone": "late", "url": "/staff/cases/K7QF-3M9V"},
]
LEADERSHIP: dict[str, object] = {
    **SHELL,
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
    "than before. Two district water offices make up most of it.",
    "changed": [
        {
            "text": "Half of those who wrote last week waited 39 h or more; 22 h to 29 h is usual.",
            "url": "#weeks",
            "tone": "late",
        },
        {"text": "Water: 184 people wrote last week; 60 to 96 are usual.", "url": "/leadership?office=WAT", "tone": ""},
    ],
    "figures": FIGURES,
    "rated": {
        "value": "3.6",
        "text": "of 5 after a service",
        "note": "22% answered",
        "url": "/staff/satisfaction",
        "tone": "",
        "definition": "",
    },
    "coming": {"number": 37, "text": "Without answers, 37 citizens more are past their target by Wed 12:00."},
    "ranked": [
        office("Water, District 3", 311, 640, 0.52, 0.48, 0.56, "late"),
        office("Water, District 7", 187, 402, 0.41, 0.36, 0.46, "late"),
        office("Cadastre, Region North", 64, 141, 0.31, 0.24, 0.38, "soon"),
        office("Civil registry, Centre 12", 9, 22, 0.12, 0.08, 0.19, "well"),
        office("Health, District 1", 2, 0, 0, 0, 0, ""),
    ],
    "order": "late",
    "share": 0.29,
    "heat": {
        "services": ["Water supply", "Passport renewal"],
        "rows": [
            {
                "office": "Water",
                "url": "/leadership?office=WAT",
                "cells": [cell(640, 0.5, "late"), cell(640, 0.5, "late"), cell(0, None)],
            },
            {
                "office": "Civil registry",
                "url": "/leadership?office=CIV",
                "cells": [cell(210, 0.1, "well"), cell(4, None), cell(206, 0.1)],
            },
        ],
    },
    "services": [
        {
            "service": "Water supply",
            "code": "water",
            "url": "/leadership?service=water",
            "n": 640,
            "silent": 311,
            "late": 103,
            "median": "over 28 days",
            "in_time": "50%",
        },
        {
            "service": "Passport renewal",
            "url": "/leadership?service=passport",
            "n": 95,
            "silent": 3,
            "late": 0,
            "median": "8 h",
            "in_time": "–",
        },
    ],
    "medians": week("39 h", [24, 26, 23, 25, 27, 25, 24, 26, 25, 28, 30, 39], (22, 29)),
    "in_time": week("61%", [0.8, 0.78, 0.81, None, 0.79, 0.8, 0.78, 0.8, 0.81, 0.8, 0.76, 0.61], (0.74, 0.85)),
    "ratings": [
        {"service": "Water supply", "n": 310, "mean": 2.6, "low": 2.4, "high": 2.8, "tone": "late"},
        {"service": "Passport renewal", "n": 95, "mean": 4.1, "low": 3.9, "high": 4.3, "tone": "well"},
    ],
    "error": 0.012,
    "definitions": [
        {"term": "Silence", "text": "Time from the citizen's message until a human answer reached the citizen."}
    ],
}
LEADERSHIP_SERVICE: dict[str, object] = {
    **SHELL,
    "service": "Water supply",
    "code": "water",
    "figures": FIGURES,
    "cases": "/staff?q=service:water",
    "error": 0.0,
    "rows": [
        {
            "office": "Water, District 3",
            "url": "/leadership?office=WAT3",
            "n": 640,
            "silent": 311,
            "late": 103,
            "median": "over 28 days",
            "in_time": "50%",
            "tone": "late",
            "says": "later than elsewhere",
        },
        {
            "office": "Water, District 7",
            "url": "/leadership?office=WAT7",
            "n": 9,
            "silent": 0,
            "late": 0,
            "median": "8 h",
            "in_time": "–",
            "tone": "",
            "says": "",
        },
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
