"""Sample context of the desk."""

from datetime import datetime, timedelta

from tests.look import samples, samples_life
from tests.look.samples import NOW, REFERENCE, ago
from tests.look.samples_finding import QUEUE_COLUMN

OFFICES = [
    {
        "label": "Districts",
        "options": [
            {"code": "water-d3", "name": "Water, District 3"},
            {"code": "water-d7", "name": "Water, District 7"},
        ],
    }
]
PEOPLE = [
    {"id": "p1", "name": "Arta Hoxha", "load": 12, "away": None},
    {"id": "p2", "name": "Besnik Leka", "load": 3, "away": (NOW + timedelta(days=6)).date()},
]


def row(reference: str, title: str, **values: object) -> dict[str, object]:
    return {
        "reference": reference,
        "title": title,
        "state": "open",
        "urgency": "",
        "nature": "",
        "channel": "sms",
        "language": "en",
        "left_seconds": 7200,
        "tone": "soon",
        "share": 0.75,
        "silent_seconds": 79800,
        "office": "",
        "assignee": "Arta Hoxha",
        "crowd": 0,
        "pieces": [],
        **values,
    }


QUEUE = [
    row(
        "M2HD-88TA",
        "Bill for an empty flat, third time",
        channel="telegram",
        left_seconds=-14400,
        tone="late",
        share=1.0,
        silent_seconds=259200,
        assignee="",
    ),
    row(REFERENCE, "S'kemi ujë në Rrugën e Kavajës që të hënën", language="sq", tone="late", share=0.92),
    row(
        "P9WX-41KC",
        "Manhole without a cover near School 12, children walk past it",
        channel="web",
        urgency="child",
        left_seconds=18000,
        share=0.7,
        silent_seconds=18000,
    ),
    row(
        "T3VN-62QE",
        "Мастер не пришёл второй раз",
        language="ru",
        left_seconds=90000,
        tone="calm",
        share=0.22,
        silent_seconds=7200,
    ),
    row("B6RY-90ZD", "Which meter number?", channel="kiosk", state="waiting", left_seconds=None, silent_seconds=None),
]
STAFF_CASE = {
    "reference": REFERENCE,
    "title": "S'kemi ujë në Rrugën e Kavajës që të hënën",
    "state": "open",
    "urgency": "supply",
    "nature": "",
    "kind": "complaint",
    "channel": "sms",
    "answer_by": "sms",
    "language": "sq",
    "service": "Water supply",
    "office": "Water, District 3",
    "place": "District 3",
    "routing_reason": "The words are about water supply (97% sure), and Rruga e Kavajës lies in District 3.",
    "routing_confidence": 0.97,
    "text": "S'kemi ujë",
    "opened_at": ago(hours=22),
    "silent_seconds": 79800,
    "answered_at": None,
    "left_seconds": 7200,
    "due_at": NOW + timedelta(hours=2),
    "tone": "late",
    "next_rung": {"who": "your head", "at": NOW + timedelta(hours=2)},
    "assignee": "Arta Hoxha",
    "mine": True,
    "confidential": False,
    "location": "41.328,19.818",
    "held": False,
    "contact": "phone ending 567",
    "reachable": True,
    "acceptance": False,
    "offered": "",
    "call_back": False,
    "also": [],
    "may_split": False,
    "earlier": [
        {"reference": "D4KM-77RS", "title": "Low pressure on the fourth floor", "state": "closed", "rating": 2}
    ],
}


def line(kind: str, at: datetime, **values: object) -> dict[str, object]:
    """A line of the story as api/story.py tells it."""
    usual: dict[str, object] = {
        "until": None,
        "by": "",
        "text": "",
        "said": "",
        "files": [],
        "ours": True,
        "note": False,
        "late": False,
        "steps": [],
        "translation": "",
    }
    return {"kind": kind, "at": at, **usual, **values}


HISTORY = [
    line(
        "received",
        ago(hours=22),
        by="Citizen",
        text="received",
        said="S'kemi ujë në Rrugën e Kavajës që të hënën. Kabina e "
        "pompës është e mbyllur dhe askush nuk përgjigjet në telefon.",
        files=[
            samples.file("photo", "IMG_2041.jpg", view="/staff/cases/K7QF-3M9X/files/f1/view"),
            samples.file("photo"),
            samples.file("voice", id="r1", transcript="The pump house is shut."),
            samples.file("audio", id="r2"),
            samples.file("video", "clip.mp4"),
            samples.file("document", "Bill 2026.pdf"),
        ],
        ours=False,
        translation="We have had no water in Rruga e Kavajës since Monday. The pump house is shut and nobody answers.",
    ),
    line(
        "routed",
        ago(hours=22),
        text="Sent to Water, District 3, the citizen has the reference",
        steps=[
            {"at": ago(hours=22), "text": "sent to Water, District 3"},
            {"at": ago(hours=22), "text": "the citizen was sent the reference"},
        ],
    ),
    line("noted", ago(hours=3), by="Besnik Leka", text="note", said="The pump team was told at 10.", note=True),
    line(
        "escalated",
        ago(hours=10),
        until=ago(hours=1),
        text="No answer yet: the officer and the supervisor were told",
        late=True,
        steps=[
            {"at": ago(hours=10), "text": "the officer was told"},
            {"at": ago(hours=1), "text": "the supervisor was told"},
        ],
    ),
]
CROWD = {
    "proposed": 0,
    "since": None,
    "why": "",
    "members": 0,
    "answered": 0,
    "owed": 0,
    "again": 0,
    "lead": "",
    "lead_members": 0,
    "like": "",
    "may": True,
}
PROPOSED = {
    **CROWD,
    "proposed": 12,
    "since": ago(hours=2),
    "why": "same service, same street (kavajes), 2 hours apart, 84% the same words",
    "members": 27,
    "answered": 20,
    "owed": 5,
    "again": 2,
}
SAME = {
    "reference": REFERENCE,
    "text": "S'kemi ujë në Rrugën e Kavajës që të hënën. Kabina e pompës është e mbyllur.",
    "language": "sq",
    "channel": "sms",
    "state": "open",
    "opened_at": ago(hours=22),
    "silent_seconds": 79800,
    "answered_at": None,
    "why": "",
    "again": False,
}
SURGE = {
    "id": "s1",
    "office": "Water, District 3",
    "service": "No water or low pressure",
    "observed": 37,
    "expected": 2.6,
    "seconds": 7200,
    "since": ago(hours=2),
    "over": None,
    "words": ["burst pipe", "rruga kavajes", "everywhere"],
    "number": 41,
    "lead": REFERENCE,
    "alike": 29,
    "newest": [{"reference": REFERENCE, "text": "S'kemi ujë", "language": "sq", "at": ago(hours=1)}],
}
CROWD_PAGE = {
    "case": {**SAME, "title": "S'kemi ujë", "place": "District 3"},
    "members": [
        {**SAME, "reference": "M2HD-88TA", "silent_seconds": None, "answered_at": ago(hours=1), "again": True},
        {**SAME, "reference": "P9WX-41KC", "text": "Нет воды на улице Кавая со вчерашнего дня", "language": "ru"},
    ],
    "proposed": [
        {
            **SAME,
            "reference": "T3VN-62QE",
            "channel": "telegram",
            "text": "ska uje rruga e kavajes qe dje",
            "why": "same service, same street (kavajes), 2 hours apart, 84% the same words",
        }
    ],
    "proposed_total": 90,
    "lead": "",
    "answered": 1,
    "owed": 5,
    "may": True,
    "version": 7,
    "errors": {},
    "typed": {"number": ""},
}
LOOK = {
    "before": "",
    "words": "Ekipi ynë është te pompa. Uji kthehet sot deri në orën 18.",
    "after": "\nRef K7QF-3M9X",
    "language": "sq",
    "dir": "ltr",
    "verdict": "",
    "digest": "d1",
}
ANSWER = {
    "text": LOOK["words"],
    "reply": "",
    "since": ago(minutes=12),
    "language": "sq",
    "dir": "ltr",
    "weight": {"after": "\nRef K7QF-3M9X", "told": "1 SMS · 142 letters left", "price": 0.0, "currency": "EUR"},
    "look": LOOK,
    "replies": [
        {"id": "s1", "title": "Team on its way", "text": "Ekipi ynë është në rrugë.", "language": "sq", "other": ""},
        {"id": "s2", "title": "Bill", "text": "We look at the bill today.", "language": "en", "other": "English"},
    ],
    "here": ["Besnik Leka is writing an answer"],
    "undo_seconds": 6.0,
}
DESK = {
    "explicit": True,
    "leads": True,
    **QUEUE_COLUMN,
    "queue": QUEUE,
    "opened": REFERENCE,
    "queue_total": 12,
    "case": STAFF_CASE,
    "crowd": CROWD,
    "surges": [],
    "recordings": [],
    "timeline": HISTORY,
    "pending_files": [*samples.PENDING, samples.file("photo", state="failed", why="We could not get this file.")],
    "version": 6,
    "may": {"answer", "note", "part", "transfer", "close", "assign", "take", "urgent"},
    "offices": OFFICES,
    "people": PEOPLE,
    "outcomes": ["upheld", "answered", "duplicate"],
    "answer": ANSWER,
    "translate": True,
    "news": [],
    "fresh": False,
    "form": {
        **dict.fromkeys(("note", "reason", "transcript", "task", "part_office", "words", "outcome", "anyway"), ""),
        "why": "",
        "duplicate_of": "",
    },
    "errors": {},
    "together": {"part": False, "lead": None, "parts": []},
    "life": samples_life.LIFE,
}
LEADS = {
    "part": False,
    "lead": None,
    "parts": [
        {
            "reference": "P4RT-77RS",
            "office": "Roads, District 3",
            "offered": False,
            "state": "answered",
            "task": "Close the hole the pipe left in Rruga e Kavajës.",
            "answer": "Filled on Tuesday, the asphalt follows on Friday.",
            "due_at": NOW + timedelta(days=2),
        },
        {
            "reference": "P4RT-12LP",
            "office": "Electricity, Region North",
            "offered": True,
            "state": "open",
            "task": "Power to the pump house.",
            "answer": "",
            "due_at": NOW + timedelta(days=9),
        },
    ],
}
PART = {
    "part": True,
    "lead": {
        "reference": "K7QF-3M9V",
        "office": "Water, District 3",
        "closed": False,
        "language": "sq",
        "words": [{"at": ago(hours=22), "text": "S'kemi ujë, dhe rruga është hapur."}],
    },
    "parts": [],
}
RECORDINGS = [
    {
        "id": "r1",
        "number": 1,
        "text": "Nuk kemi ujë që të hënën, as në katin e parë.",
        "by": "Arta Hoxha",
        "at": ago(minutes=20),
    },
    {"id": "r2", "number": 2, "text": "", "by": "", "at": None},
]
TALKED = line("answered", ago(minutes=5), by="Arta Hoxha", text="answered", said="Ekipi ynë është te pompa.")
