"""Sample context of who is away and of hand-overs."""

from datetime import date, timedelta

FIRST = date(2026, 11, 1)
NAMES = ("Arta Hoxha", "Besnik Leka", "Çlirim Dervishi-Papakristo")
PEOPLE = [{"id": f"p{number}", "name": name} for number, name in enumerate(NAMES)]
ABSENCES: dict[str, object] = {
    "month": FIRST,
    "earlier": "2026-10",
    "later": "2026-12",
    "days": [
        {"day": day, "weekend": day.weekday() > 4, "today": day.day == 24}
        for day in (FIRST + timedelta(days=number) for number in range(30))
    ],
    "rows": [
        {"name": name, "office": "Water, District 3", "away": [number == 1 and 22 <= day < 27 for day in range(30)]}
        for number, name in enumerate(NAMES)
    ],
    "absences": [
        {
            "id": "a1",
            "name": NAMES[1],
            "first": date(2026, 11, 23),
            "last": date(2026, 11, 27),
            "stand_in": NAMES[0],
            "reason": "course",
            "may": True,
            "now": True,
        },
        {
            "id": "a2",
            "name": NAMES[2],
            "first": date(2026, 12, 21),
            "last": date(2027, 1, 8),
            "stand_in": "",
            "reason": "",
            "may": False,
            "now": False,
        },
    ],
    "people": PEOPLE,
    "stand_ins": PEOPLE,
    "typed": {"person": "p0", "first_day": "2026-12-07", "last_day": "2026-12-11", "stand_in": "p1", "reason": ""},
    "errors": {},
    "meaning": {"open": 12, "going": 3, "all": False, "to": NAMES[1]},
}


def line(code: str, office: str, *figures: int, median: float | None) -> dict[str, object]:
    """One office of the table."""
    names = "offered accepted bounced withdrawn received took refused unanswered late came_back".split()
    return {"code": code, "office": office, **dict(zip(names, figures, strict=True)), "median_seconds": median}


HANDOVERS: dict[str, object] = {
    "weeks": 13,
    "periods": (4, 13, 52),
    "rows": [
        line("water-d3", "Water, District 3", 41, 20, 19, 2, 8, 7, 1, 0, 3, 2, median=190000.0),
        line("roads-d3", "Roads, District 3", 3, 3, 0, 0, 22, 0, 18, 4, 0, 0, median=None),
    ],
    "chosen": line("water-d3", "Water, District 3", 41, 20, 19, 2, 8, 7, 1, 0, 3, 2, median=190000.0),
    "cases": [{"reference": "M2HD-88TA", "title": "The road is open since the pipe was mended."}],
    "more": 0,
    "hidden": 40,
}
