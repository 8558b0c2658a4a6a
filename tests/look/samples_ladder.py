"""How staff are reached."""

from tests.look.samples import ago

REACH: dict[str, object] = {
    "email": "arta@velmora.example",
    "given": {"pace": "hourly", "quiet": "office", "from": "20", "until": "7", "phone": ""},
    "phone": "",
    "awaits": False,
    "telegram": None,
    "link": "",
    "minutes": 30,
    "ready": ["email", "sms", "telegram"],
    "lately": [
        {"at": ago(hours=1), "channel": "email", "count": 7, "state": "sent", "why": "", "well": True},
        {
            "at": ago(days=1),
            "channel": "sms",
            "count": 1,
            "state": "unknown",
            "why": "It was cut off while it left, and the channel cannot say whether it did.",
            "well": False,
        },
    ],
    "errors": {},
}
FORECAST: dict[str, object] = {
    "before": ago(days=-2),
    "day": "2026-11-26",
    "total": 12,
    "due": 40,
    "silent": 1,
    "weeks": 4,
    "fewest": 10,
    "rows": [
        {
            "office": "Water, District 3",
            "due": 30,
            "late": 4,
            "answers": 61,
            "pace": 0.41,
            "breach": 12,
            "cases": [{"reference": "K7QF-3M9X", "at": ago(days=-1)}],
        },
        {"office": "Roads", "due": 10, "late": 0, "answers": 3, "pace": None, "breach": 0, "cases": []},
    ],
}
LADDER: dict[str, tuple[str, dict[str, object]]] = {
    "reach": ("reach", REACH),
    "reach-code": (
        "reach",
        {
            **REACH,
            "phone": "+355 69 123 4567",
            "awaits": True,
            "link": "https://t.me/ombud_bot?start=staff-0123456789abcdef",
            "errors": {"code": "This code opens nothing. Send another one.", "from": "Choose two full hours."},
        },
    ),
    "reach-all": ("reach", {**REACH, "phone": "+355 69 123 4567", "telegram": ago(days=3), "lately": []}),
    "forecast": ("forecast", FORECAST),
    "forecast-none": ("forecast", {**FORECAST, "total": 0, "due": 0, "silent": 0, "rows": []}),
    "reach-none": ("reach", {**REACH, "ready": ["email"], "lately": []}),
}
