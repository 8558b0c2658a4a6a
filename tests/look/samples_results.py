"""Samples of the pages of honest figures: what was said about services, and signs of cheating."""

from datetime import date

from tests.look.samples import ago

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

PAGES: dict[str, tuple[str, dict[str, object]]] = {
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
