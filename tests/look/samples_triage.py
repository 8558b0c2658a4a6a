"""Sample context of the triage desk."""

from cases.sorting import Backlog, Progress
from tests.look import samples
from tests.look.samples import REFERENCE, ago
from tests.look.samples_desk import OFFICES

BROKEN = "they took my papers in office 12 and now nobody knows where, three offices already"
SORTING: dict[str, object] = {
    "reference": "H8QW-12LP",
    "parts": [
        ("they took my ", False),
        ("papers in office 12", True),
        (" and now nobody knows where, three offices already", False),
    ],
    "text": BROKEN,
    "channel": "telegram",
    "language": "en",
    "place": "Torvin",
    "place_wrong": False,
    "place_typed": "",
    "silent_seconds": 14400,
    "urgent": "",
    "nature": "",
    "held": False,
    "reason": "The text was not understood well enough (perhaps Birth certificate, 41% sure); a person decides.",
    "files": [samples.file("photo", "IMG_2041.jpg")],
    "earlier": [
        {
            "reference": REFERENCE,
            "title": "The office was closed on Monday",
            "service": "Birth certificate",
            "office": "Civil registry, Centre 12",
            "state": "closed",
        },
    ],
    "suggestions": [
        {
            "key": 1,
            "service": "birth",
            "name": "Birth certificate",
            "office": "civil-12",
            "office_name": "Civil registry, Centre 12",
            "probability": 0.52,
            "sure": "likely",
            "words": ["papers", "office 12"],
            "like": 2,
        },
        {
            "key": 2,
            "service": "land",
            "name": "Land title",
            "office": "cad-n",
            "office_name": "Cadastre, Region North",
            "probability": 0.3,
            "sure": "perhaps",
            "words": ["papers"],
            "like": 0,
        },
        {
            "key": 3,
            "service": "passport",
            "name": "Passport renewal",
            "office": "civil-12",
            "office_name": "Civil registry, Centre 12",
            "probability": 0.06,
            "sure": "a guess",
            "words": [],
            "like": 0,
        },
    ],
    "sought": "",
    "results": [],
}
TRIAGE: dict[str, object] = {
    "item": SORTING,
    "offices": OFFICES,
    "errors": {},
    "apart": False,
    "progress": Progress(done=12, busy=75.0, last_office="Water, District 7"),
    "waits": Backlog(34, 2, 3, ago(days=3)),
    "left": 34,
    "oldest_seconds": 259200,
    "undo": "P9WX-41KC",
    "note": "",
    "tone": "well",
}
SOUGHT: dict[str, object] = {
    **SORTING,
    "reference": "Z2XC-55VB",
    "text": "হ্যালো, তিন দিন ধরে পানি নেই, কেউ কি আছেন?",
    "parts": [("হ্যালো, তিন দিন ধরে ", False), ("পানি নেই", True), (", কেউ কি আছেন?", False)],
    "channel": "sms",
    "language": "bn",
    "place": "",
    "place_wrong": True,
    "place_typed": "Tromvin",
    "urgent": "supply",
    "nature": "thanks",
    "held": True,
    "files": [],
    "earlier": [],
    "suggestions": [],
    "sought": "water torvn",
    "results": [
        {
            "key": 4,
            "service": "water",
            "name": "Water supply",
            "office": "wat-1",
            "office_name": "Water Works of Torvin",
            "place": "Torvin",
        },
        {"key": 5, "service": "", "name": "", "office": "wat-2", "office_name": "Coast Water Works", "place": ""},
    ],
}
WAITING: dict[str, object] = {
    "rows": [
        {
            "reference": "H8QW-12LP",
            "text": BROKEN,
            "language": "en",
            "channel": "telegram",
            "place": "Torvin",
            "urgent": "life",
            "silent_seconds": 259200,
            "read_now": True,
            "perhaps": "Birth certificate",
        },
        {
            "reference": "T3VN-62QE",
            "text": "لا يوجد ماء منذ ثلاثة أيام",
            "language": "ar",
            "channel": "whatsapp",
            "place": "",
            "urgent": "",
            "silent_seconds": 3600,
            "read_now": False,
            "perhaps": "",
        },
    ],
    "waits": Backlog(34, 2, 3, ago(days=3)),
    "oldest_seconds": 259200,
    "sorts": True,
}
RULES: dict[str, object] = {
    "days": 30,
    "rows": [
        {
            "times": 12,
            "service": "Street lights",
            "place": "Kelda",
            "sent_to": "Roads of Kelda",
            "sent_to_code": "ROD2",
            "table_says": "Roads of Torvin",
            "table_says_code": "ROD1",
            "last_at": ago(hours=3),
        },
        {
            "times": 1,
            "service": "Land title",
            "place": "",
            "sent_to": "Cadastre, Region North",
            "sent_to_code": "CAD",
            "table_says": "",
            "table_says_code": "",
            "last_at": ago(days=3),
        },
    ],
}

PAGES: dict[str, tuple[str, dict[str, object]]] = {
    "triage": ("triage", TRIAGE),
    "triage-sought": ("triage", {**TRIAGE, "item": SOUGHT, "apart": True, "errors": {"office": "Choose the office."}}),
    "triage-empty": (
        "triage",
        {**TRIAGE, "item": None, "left": 0, "undo": "", "note": "Somebody placed it meanwhile."},
    ),
    "triage-next": ("triage_next", {**TRIAGE, "items": [SORTING]}),
    "triage-message": ("triage_message", TRIAGE),
    "triage-waiting": ("triage_waiting", WAITING),
    "triage-waiting-none": (
        "triage_waiting",
        {**WAITING, "rows": [], "waits": Backlog(0, 0, 0, None), "oldest_seconds": None, "sorts": False},
    ),
    "triage-rules": ("triage_rules", RULES),
    "triage-rules-none": ("triage_rules", {**RULES, "rows": []}),
}
