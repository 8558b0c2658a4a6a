"""Realistic context for citizens' pages, one name per state of a page; staff's are beside it."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from markupsafe import Markup
from segno import make_qr

from tests.look import samples_life, samples_open, samples_report, samples_timing

NOW = datetime(2026, 11, 24, 13, 20, tzinfo=UTC)
REFERENCE = "K7QF-3M9V"
OFFICE = {"code": "sc-kombinat", "name": "Service Centre Kombinat"}
TEXT = samples_report.TEXT


@dataclass(frozen=True, slots=True)
class Person:
    """A signed-in officer of the samples."""

    name: str = "Arta Hoxha"
    office_name: str = "Water, District 3"
    roles: frozenset[str] = frozenset({"officer", "triage", "head"})
    language: str = "en"
    unread: int = 3


def ago(**kwargs: float) -> datetime:
    return NOW - timedelta(**kwargs)


SERVICES = [
    {
        "label": "Water and sewage",
        "options": [{"code": "water", "name": "Water supply"}, {"code": "sewage", "name": "Sewage"}],
    },
    {
        "label": "Papers",
        "options": [{"code": "passport", "name": "Passport renewal"}, {"code": "birth", "name": "Birth certificate"}],
    },
]
PLACES = [
    {"label": "Region Centre", "options": [{"code": "d3", "name": "District 3"}, {"code": "d7", "name": "District 7"}]}
]
REASONS = [
    {"code": "wait", "text": "I waited too long"},
    {"code": "rude", "text": "Staff were unfriendly"},
    {"code": "again", "text": "I have to come again"},
    {"code": "paid", "text": "I was asked for extra money"},
]
CASE = {
    "reference": REFERENCE,
    "state": "open",
    "office": "Water, District 3",
    "also": [],
    "confidential": False,
    "opened_at": ago(hours=22, minutes=10),
    "silent_seconds": 79800,
    "silent_since": ago(hours=22, minutes=10),
    "due_at": NOW + timedelta(hours=2),
    "late": False,
    "answered_at": None,
    "outcome": None,
    "with": "",
    "others": None,
}


def file(kind: str, name: str = "", **values: object) -> dict[str, object]:
    """One file as `ui.files` takes it."""
    usual: dict[str, object] = {
        "id": "0192a3",
        "url": "/static/mark.svg",
        "thumb": "/static/mark.svg" if kind == "photo" else "",
        "player": {"audio": "audio", "voice": "audio", "video": "video"}.get(kind, ""),
        "kind": kind,
        "name": name,
        "size": 1_234_567,
        "state": "stored",
        "why": "",
        "sent_at": None,
        "transcript": "",
    }
    return usual | values


PENDING = [
    file("photo", state="waiting"),
    file("document", "holiday.exe", state="refused", why="This file is empty. Please choose it again."),
]
PUBLIC_TIMELINE = [
    {"at": ago(hours=20), "kind": "assigned", "by": "Water, District 3", "said": "", "files": [], "ours": False},
    {"at": ago(hours=22), "kind": "acknowledged", "by": "", "said": "", "files": [], "ours": False},
    {"at": ago(hours=22), "kind": "routed", "by": "Water, District 3", "said": "", "files": [], "ours": False},
    {"at": ago(hours=22, minutes=10), "kind": "received", "by": "", "said": "", "files": [], "ours": False},
]
TALK = [
    {
        "at": ago(hours=1),
        "kind": "answered",
        "by": "Water, District 3",
        "said": "Our team is at the pump. Water is back by 18:00.\nWe are sorry for the wait.",
        "files": [],
        "ours": True,
    },
    {
        "at": ago(hours=9),
        "kind": "attached",
        "by": "",
        "said": "",
        "files": [file("photo", "IMG_2041.jpg")],
        "ours": False,
    },
    {"at": ago(hours=5), "kind": "escalated", "by": "", "said": "", "files": [], "ours": False},
    *PUBLIC_TIMELINE[:-1],
    {"at": ago(hours=22, minutes=10), "kind": "received", "by": "", "said": TEXT, "files": [], "ours": False},
]
TRACKED = {
    "case": CASE,
    "after": samples_life.AFTER,
    "timeline": PUBLIC_TIMELINE,
    "pending_files": [],
    "unlock": "",
    "errors": {},
    "sent": False,
    "text": "",
    "room": 5,
    "megabytes": 10,
    "contacts": False,
    "proof": "",
}
CONTACTS: dict[str, object] = {
    "reference": REFERENCE,
    "unlock": "proof",
    "ways": [{"id": "c1", "channel": "sms", "hint": "…567", "first": True}],
    "fallback": False,
    "may_join": True,
    "own": {"id": "c1", "channel": "sms", "hint": "…567", "first": True},
    "sent_to": None,
    "address": "",
    "errors": {},
    "said": "",
}
PROOF = "3-9f86-d081-884c-7d65"
HELD = {
    "reference": REFERENCE,
    "written_at": NOW,
    "holds": True,
    "anchored_on": NOW,
    "digest": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
}
QR = Markup(
    make_qr("https://ombud.example/track/K7QF-3M9V").svg_inline(scale=4, svgclass=None, lineclass=None, omitsize=True)
)
ASKED = [
    {"code": "reason", "kind": "choice", "words": "What went wrong?", "options": REASONS,
     "when": [{"question": "rating", "values": [], "low": 1, "high": 3}]},
    {"code": "money", "kind": "yes_no", "words": "Did anyone ask for extra money?",
     "options": [{"code": "1", "text": "Yes"}, {"code": "0", "text": "No"}], "when": []},
]  # fmt: skip
EXIT = {
    "home": "/citizen/exit",
    "idle": 25,
    "key": {"id": "0123456789abcdef", "public": "BA"},
    "version": "0a1b2c3d",
    "asked": ASKED,
    "questions": ASKED,
    "step": "rate",
    "office": OFFICE,
    "visit": "v1",
    "rating": 0,
    "errors": {},
    "values": {"reason": "", "money": "", "words": "", "phone": ""},
}
RATE = {"code": "rating", "kind": "rating", "words": "How was it?", "options": [], "answer": ""}
SURVEY = {
    "step": "ask",
    "token": "tQ8",
    "service": "Passport renewal",
    "office": "Civil registry, Centre 12",
    "completed_on": date(2026, 11, 23),
    "rating": 0,
    "question": RATE,
    "number": 1,
    "most": 5,
    "before": "",
    "passed": "",
    "said": [],
    "errors": {},
    "reference": "",
}
LATER = {**SURVEY, "rating": 2, "number": 2, "before": "rating"}
SAID = [
    {"code": "rating", "asked": "How was it?", "answer": "Bad"},
    {"code": "words", "asked": "What else should the office know?", "answer": "I waited four hours at window three."},
]

CITIZEN: dict[str, tuple[str, dict[str, object]]] = {
    "start": (
        "start",
        {
            "answer_days": 3,
            "contacts": [
                {"channel": "sms", "name": "+355 69 000 0000", "url": "sms:+355690000000"},
                {"channel": "telegram", "name": "@velmora_bot", "url": "https://t.me/velmora_bot"},
                {"channel": "voice", "name": "129, Monday to Friday", "url": ""},
            ],
        },
    ),
    **samples_report.PAGES,
    **samples_open.CITIZEN,
    "receipt": (
        "receipt",
        {
            "reference": REFERENCE,
            "pin": "4821",
            "proof": PROOF,
            "office": "Water, District 3",
            "confidential": False,
            "opened_at": NOW,
            "due_at": NOW + timedelta(days=3),
            "by": "sms",
            "to": "…567",
            "name_hidden": True,
            "files": 2,
            "qr": QR,
            "track_url": "https://ombud.example/track/K7QF-3M9V",
        },
    ),
    "receipt-anonymous": (
        "receipt",
        {
            "reference": REFERENCE,
            "pin": "4821",
            "proof": PROOF,
            "office": "",
            "confidential": True,
            "opened_at": NOW,
            "due_at": NOW + timedelta(days=3),
            "by": "",
            "to": "",
            "name_hidden": False,
            "files": 0,
            "qr": "",
            "track_url": "https://ombud.example/track/K7QF-3M9V",
        },
    ),
    "track": ("track", {"reference": "", "errors": {}}),
    "track-wrong": (
        "track",
        {"reference": "K7QF-3M9Z", "errors": {"reference": "There is no such number. Look at each letter again."}},
    ),
    "tracked": ("tracked", TRACKED),
    "tracked-open": ("tracked", {**TRACKED, "unlock": "proof", "contacts": True, "proof": PROOF}),
    "contacts": ("contacts", {**CONTACTS, "address": "12", "errors": {"address": "Enter a mobile number."}}),
    "contacts-codes": (
        "contacts",
        {
            **CONTACTS,
            "sent_to": {"id": "c2", "channel": "email", "hint": "…mple", "first": False},
            "errors": {"own_code": "These are not the two codes. Look once more at both messages."},
        },
    ),
    "contacts-two": (
        "contacts",
        {
            **CONTACTS,
            "ways": [
                {"id": "c1", "channel": "sms", "hint": "…567", "first": False},
                {"id": "c2", "channel": "telegram", "hint": "…101", "first": True},
            ],
            "fallback": True,
            "said": "Kept. We write to you that way from now on.",
        },
    ),
    "tracked-many": ("tracked", {**TRACKED, "case": {**CASE, "others": 39}}),
    "tracked-late": (
        "tracked",
        {
            **TRACKED,
            "case": {**CASE, "late": True, "silent_seconds": 345600},
            "errors": {"code": "That is not the right PIN. Four tries are left."},
        },
    ),
    "tracked-answered": (
        "tracked",
        {
            **TRACKED,
            "case": {
                **CASE,
                "state": "answered",
                "silent_seconds": None,
                "silent_since": None,
                "answered_at": ago(hours=1),
            },
            "timeline": TALK,
            "pending_files": PENDING,
            "unlock": "x1",
            "sent": True,
        },
    ),
    "tracked-closed": (
        "tracked",
        {
            **TRACKED,
            "case": {
                **CASE,
                "state": "closed",
                "confidential": True,
                "silent_seconds": None,
                "outcome": "upheld",
                "answered_at": ago(hours=1),
                "due_at": None,
            },
        },
    ),
    **samples_life.citizen(TRACKED),
    "tracked-waiting": ("tracked", {**TRACKED, "case": {**CASE, "state": "waiting"}}),
    "exit": ("exit", EXIT),
    "exit-why": ("exit", {**EXIT, "step": "why", "rating": 2}),
    "exit-why-wrong": ("exit", {**EXIT, "step": "why", "rating": 5, "errors": {"phone": "This number is too short."}}),
    "exit-thanks": ("exit_thanks", {"office": OFFICE, "reference": "", "seconds": 8}),
    "exit-thanks-case": ("exit_thanks", {"office": OFFICE, "reference": REFERENCE, "seconds": 0}),
    "survey": ("survey", SURVEY),
    **{f"unsubscribe-{step}": ("unsubscribe", {"step": step, "token": "AZvN"}) for step in ("ask", "done", "gone")},
    "survey-choice": ("survey", {**LATER, "question": {**ASKED[0], "answer": "wait"}}),
    "survey-yes-no": ("survey", {**LATER, "question": {**ASKED[1], "answer": ""}, "passed": "reason"}),
    "survey-number": (
        "survey",
        {
            **LATER,
            "question": {**RATE, "code": "minutes", "kind": "number", "words": "How many minutes did you wait?"},
            "errors": {"minutes": "Write a number, such as 20, or go on without."},
        },
    ),
    "survey-words": ("survey", {**LATER, "question": {**RATE, "code": "words", "kind": "text", "words": "What else?"}}),
    "survey-chosen": ("survey", {**SURVEY, "step": "confirm", "rating": 4}),
    "survey-thanks": (
        "survey",
        {**LATER, "step": "thanks", "question": None, "said": SAID, "reference": REFERENCE},
    ),
    "survey-thanks-plain": ("survey", {**SURVEY, "step": "thanks", "question": None, "rating": 5}),
    "survey-gone": ("survey", {"step": "gone", "errors": {}}),
    "error-404": ("error", {"status": 404, "message": "", "mend": ""}),
    "error-500": ("error", {"status": 500, "message": "", "mend": ""}),
    "error-429": (
        "error",
        {"status": 429, "message": "Too many numbers were tried from this network.", "mend": "Wait ten minutes."},
    ),
}

CITIZEN |= {
    "check": ("check", {"reference": "", "proof": "", "errors": {}, "found": None}),
    "check-wrong": (
        "check",
        {"reference": REFERENCE, "proof": "3-9f86", "errors": {"proof": "Check each letter."}, "found": None},
    ),
    "check-holds": ("check", {"reference": REFERENCE, "proof": PROOF, "errors": {}, "found": HELD}),
    "check-today": (
        "check",
        {"reference": REFERENCE, "proof": PROOF, "errors": {}, "found": {**HELD, "anchored_on": None, "digest": ""}},
    ),
    "check-changed": (
        "check",
        {"reference": REFERENCE, "proof": PROOF, "errors": {}, "found": {**HELD, "holds": False}},
    ),
    "check-days": (
        "check_days",
        {"days": [{"at": NOW - timedelta(days=day), "digest": f"{day}9f86d081884c7d65" * 4} for day in range(1, 9)]},
    ),
    "check-no-day": ("check_days", {"days": []}),
}
CITIZEN |= samples_timing.pages()[0]
