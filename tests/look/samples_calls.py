"""Sample context of call-backs."""

from tests.look.samples import REFERENCE, ago

CALLBACKS: dict[str, object] = {
    "checks": [],
    "errors": {"said-H8QW-12LP": "What was said is empty"},
    "typed": {},
    "items": [
        {
            "reference": REFERENCE,
            "title": "(mesazh me zë, 0:42)",
            "language": "sq",
            "office": "",
            "asked_at": ago(hours=22),
            "silent_seconds": 79800,
            "hint": "567",
            "number": "",
            "dial": "",
            "texts": True,
            "mine": True,
            "version": 6,
            "tries": [
                {"at": ago(hours=4), "by": "Besnik Leka", "note": "Rang for a minute."},
                {"at": ago(hours=1), "by": "Arta Hoxha", "note": ""},
            ],
        },
        {
            "reference": "H8QW-12LP",
            "title": "(пропущенный звонок, без сообщения)",
            "language": "ru",
            "office": "",
            "asked_at": ago(hours=3),
            "silent_seconds": 10800,
            "hint": "345",
            "number": "+355 4 223 4567",
            "dial": "+35542234567",
            "texts": False,
            "mine": True,
            "version": 4,
            "tries": [],
        },
        {
            "reference": "D4KM-77RS",
            "title": "No water in our street since Monday, and the child is ill.",
            "language": "en",
            "office": "Water, District 7",
            "asked_at": ago(minutes=30),
            "silent_seconds": 1800,
            "hint": "901",
            "number": "",
            "dial": "",
            "texts": True,
            "mine": False,
            "version": 5,
            "tries": [],
        },
    ],
}
