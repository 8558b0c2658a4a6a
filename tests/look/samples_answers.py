"""Sample context of answering: the box with its warnings, and the parts that are fetched on their own."""

from tests.look import samples
from tests.look.samples import REFERENCE, ago
from tests.look.samples_desk import ANSWER, DESK, LOOK, OFFICES, line

VERDICT = (
    "This reads like your answer to M2HD-88TA: 96 of 100 the same. It will not end the silence. Say what is done about "
    "this matter, or send it as it is."
)
WARNED = {**ANSWER, "since": None, "look": {**LOOK, "verdict": VERDICT}}
NEWS = [line("answered", ago(minutes=3), by="Besnik Leka", text="answered", said="Ekipi vjen sot në orën 17.")]
REPLIES = {
    "may_write": True,
    "replies": [
        {
            "id": "r1", "title": "Team on its way", "office": "Water, District 3", "service": "Water supply",
            "languages": ["en", "sq"], "state": "in use", "tone": "well", "live": True, "sent": 214, "edited": 131,
        },
        {
            "id": "r2", "title": "Which papers for a passport", "office": "Republic of Velmora", "service": "",
            "languages": ["bn", "en", "ru", "sq"], "state": "waits to be published", "tone": "soon", "live": False,
            "sent": 0, "edited": 0,
        },
    ],
}  # fmt: skip
BODIES = [
    {
        "language": "en", "name": "English", "dir": "ltr", "text": "{office} has a team on the way to {place}.",
        "look": "Water, District 3 has a team on the way to Kelda.", "segments": 1,
    },
    {"language": "sq", "name": "Shqip", "dir": "ltr", "text": "", "look": "", "segments": 0},
]  # fmt: skip
REPLY: dict[str, object] = {
    "id": "r1", "title": "Team on its way", "office": "Water, District 3", "service": "Water supply",
    "chosen": {"office": "", "service": ""}, "offices": OFFICES, "services": OFFICES, "bodies": BODIES,
    "variables": [{"name": "{reference}", "what": "the case's reference"}, {"name": "{place}", "what": "the place"}],
    "seen": 2, "state": ("waits to be published", "soon"), "may_write": True, "may_publish": True, "waits": True,
    "may_withdraw": True,
    "versions": [
        {
            "number": 2, "title": "Team on its way", "state": ("waits to be published", "soon"), "by": "Arta Hoxha",
            "at": ago(hours=2), "published_by": "", "bodies": [("en", "{office} has a team on the way to {place}.")],
        },
        {
            "number": 1, "title": "Team", "state": ("in use", "well"), "by": "Arta Hoxha", "at": ago(hours=90),
            "published_by": "Besnik Leka", "bodies": [("en", "A team is on the way.")],
        },
    ],
    "people": [{"name": "Arta Hoxha", "sent": 120, "edited": 88}], "errors": {},
}  # fmt: skip
NEW = {
    **REPLY, "id": "", "title": "", "state": ("", ""), "versions": [], "people": [], "waits": False,
    "may_publish": False, "may_withdraw": False, "seen": 0,
    "errors": {"title": "Give it a short name that you will find it by.", "office": "Choose the office it is for."},
}  # fmt: skip
WORTH = {"code": "WAT3", "name": "Water, District 3", "all": 214, "empty": 9, "saved": 31, "copies": 22, "share": 0.29}
FIGURES = {
    "weeks": 4,
    "periods": (4, 13, 52),
    "rows": [
        WORTH,
        {
            **WORTH,
            "code": "WAT7",
            "name": "Water, District 7",
            "all": 90,
            "empty": 0,
            "saved": 2,
            "copies": 0,
            "share": 0.02,
        },
    ],
    "chosen": WORTH,
    "people": [{**WORTH, "code": "", "name": "Arta Hoxha", "all": 120}],
    "cases": [{"reference": REFERENCE, "title": "S'kemi ujë", "why": "a saved reply as it stands"}],
}
_AT = "/staff/cases/K7QF-3M9X/files/f1"
PICTURE: dict[str, object] = {
    "reference": REFERENCE,
    "file": {**samples.file("photo", "IMG_2041.jpg"), "view": f"{_AT}/view", "type": "image/jpeg", "scanned": ""},
    "number": 2,
    "total": 3,
    "before": f"{_AT}/view",
    "after": f"{_AT}/view",
}
PAPER = {
    **samples.file("document", "Bill 2026.pdf"),
    "view": f"{_AT}/view",
    "type": "application/pdf",
    "scanned": "clean",
}
PAGES: dict[str, tuple[str, dict[str, object]]] = {
    "desk-warned": ("desk", {**DESK, "answer": WARNED, "errors": {"answer": VERDICT}}),
    "desk-meanwhile": ("desk", {**DESK, "news": NEWS}),
    "answer-look": ("answer_look", {"look": WARNED["look"], "warned": False}),
    "case-here": ("case_here", {"here": ["Besnik Leka is reading", "Arta Hoxha is writing an answer"]}),
    "answers": ("answers", FIGURES),
    "answers-none": ("answers", {**FIGURES, "rows": [], "chosen": None, "people": [], "cases": []}),
    "file": ("file_view", PICTURE),
    "file-document": ("file_view", {**PICTURE, "file": PAPER, "number": 3, "after": ""}),
    "file-part": ("file_part", PICTURE),
    "replies": ("saved_replies", REPLIES),
    "replies-none": ("saved_replies", {"replies": [], "may_write": False}),
    "reply": ("saved_reply", REPLY),
    "reply-new": ("saved_reply", NEW),
    "case-live": ("case_live", {**DESK, "fresh": True}),
}
FRAGMENTS = ("file-part", "answer-look", "case-here", "case-live")
