"""Sample context of the counter's pages: writing in for somebody, slips, the complaint book, posters."""

from datetime import date

from markupsafe import Markup

from api.book import COLUMNS, Line
from cases.book import Entry
from channels.assisted import Told
from reports.slips import qr
from tests.look.samples import PLACES, REFERENCE, SERVICES, TEXT, ago

SOURCE: dict[str, object] = {
    "code": "walk_in",
    "name": "walk-in",
    "ask": "Somebody stands at the counter.",
    "visit": False,
    "url": "/staff/intake/walk_in",
}
LETTER = {**SOURCE, "code": "letter", "name": "letter", "ask": "A letter lies before you."}
VISIT = {**SOURCE, "code": "mystery_shopper", "name": "mystery shopper", "visit": True}
KNOWN: dict[str, object] = {
    "same": [
        {
            "reference": REFERENCE, "title": TEXT, "state": "open", "office": "Water, District 3", "at": ago(days=3),
            "silent_seconds": 3 * 86400,
        }
    ],
    "alike": [
        {
            "reference": "M2HD-88TA", "title": "No water since Monday", "state": "answered", "office": "Water",
            "at": ago(days=9), "silent_seconds": None,
        }
    ],
    "adds_to": REFERENCE,
}  # fmt: skip
FORM: dict[str, object] = {
    **KNOWN,
    "source": SOURCE,
    "sources": [SOURCE, LETTER, VISIT],
    "kinds": [{"code": "complaint", "name": "Complaint"}],
    "services": SERVICES,
    "places": PLACES,
    "offices": PLACES,
    "values": dict.fromkeys(Told.model_fields, "") | {"text": TEXT, "language": "en"},
    "errors": {},
    "files": [{"name": "scan.jpg", "kind": "photo"}],
    "token": "0192a3",
    "today": "2026-11-25",
}
KEPT: dict[str, object] = {
    "reference": REFERENCE,
    "title": TEXT,
    "source": SOURCE,
    "source_name": "walk-in",
    "visit": False,
    "told": True,
    "to": "…567",
    "by": "sms",
    "office": "Water, District 3",
    "triage": False,
    "at": ago(minutes=1),
    "received_at": ago(minutes=1),
    "seen": True,
}
SQUARE = qr(f"https://voice.example/track/{REFERENCE}")
SLIP: dict[str, object] = {
    "lang": "bn",
    "dir": "ltr",
    "government": "Republic of Velmora",
    "number_label": "আপনার নম্বর",
    "reference": REFERENCE,
    "pin_label": "উত্তর পড়ার পিন",
    "pin": "4821",
    "facts": [["কার কাছে আছে", "টরভিন পানি সরবরাহ দপ্তর"]],
    "follow": "এখন কোথায় আছে দেখতে",
    "scan": "ফোন দিয়ে চারকোনা ছবিটি স্ক্যান করুন, অথবা voice.example/track খুলুন",
    "text": "অথবা এটি SMS করুন +355 69 000 0000 নম্বরে:",
    "sms": f"STATUS {REFERENCE}",
    "keep": "এই কাগজটি রেখে দিন।",
    "address": f"https://voice.example/track/{REFERENCE}",
    "svg": SQUARE,
    "qr": Markup(SQUARE),
}
DAY = date(2026, 11, 20)
VALUES = dict.fromkeys(COLUMNS, "")
COUNTER: dict[str, tuple[str, dict[str, object]]] = {
    "intake-start": ("intake_start", {"sources": [SOURCE, LETTER, VISIT], "last": [KEPT, {**KEPT, "told": False}]}),
    "intake": ("intake", FORM),
    "intake-letter": ("intake", {**FORM, "source": LETTER, "same": [], "alike": []}),
    "intake-visit": (
        "intake",
        {**FORM, "source": VISIT, "errors": {"text": "Write what was found.", "waited": "Enter whole minutes."}},
    ),
    "intake-known": ("intake_known", KNOWN),
    "intake-kept-slip": ("intake_kept", {**KEPT, "told": False, "to": "", "by": "", "office": ""}),
    "book": (
        "book",
        {
            "offices": PLACES,
            "values": {"office": "d3", "page": ""},
            "errors": {"page": "Enter the number of the page, such as 12."},
            "books": [
                {
                    "office": "Service Centre Kombinat",
                    "code": "CIV1",
                    "pages": 14,
                    "this_week": 3,
                    "last": "15",
                    "missing": ["7"],
                    "unkeyed": "16",
                    "unkeyed_since": ago(days=2),
                }
            ],
        },
    ),
    "book-page": (
        "book_page",
        {
            "office": {"code": "CIV1", "name": "Service Centre Kombinat"},
            "page": "12",
            "told": "M2HD-88TA",
            "keyed": [
                Line(0, VALUES | {"text": "No chairs"}, {}, Entry(REFERENCE, DAY, "No chairs", "…567", "", True)),
                Line(1, VALUES | {"text": "Closed"}, {}, Entry(REFERENCE, DAY, "Closed", "", "Yes", True)),
                Line(2, VALUES, {}, Entry("M2HD-88TA", DAY, "", "", "", False)),
            ],
            "rows": [
                Line(3, VALUES | {"text": "No chair"}, {"text": "Looks like another entry"}, alike=True),
                Line(4, VALUES, {}),
            ],
            "errors": {"text-3": "Looks like another entry"},
            "language": "",
            "photos": [{"url": "/staff/book/photo/1"}],
            "slips": "/staff/book/slips?office=CIV1&page=12",
            "next": "/staff/book/page?office=CIV1&page=13",
        },
    ),
    "posters": (
        "posters",
        {
            "offices": [{"code": "CIV1", "name": "Torvin Centre", "mine": True, "url": "/staff/posters/CIV1.pdf"}],
            "paper": "a4",
            "offered": [{"code": "bn", "name": "বাংলা", "chosen": True}],
            "lacking": "Telegram did not tell the bot's name.",
        },
    ),
    "slips": (
        "slips",
        {"slips": [SLIP, {**SLIP, "text": "", "sms": ""}], "pdf": "/staff/book/slips.pdf?page=1", "back": "/staff"},
    ),
}
