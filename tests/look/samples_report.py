"""Realistic context for each page of a report, in each of its states."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from api.report_flow import SHOWN

NOW = datetime(2026, 11, 24, 13, 20, tzinfo=UTC)
TEXT = "There has been no water in Rruga e Kavajës since Monday. The pump house is locked and nobody answers the phone."
VALUES = {
    "text": TEXT,
    "about_staff": "",
    "website": "",
    "service": "water",
    "place": "Torvin",
    "office": "",
    "spot": "opposite the school",
    "latitude": "41.328",
    "longitude": "19.818",
    "answer": "phone",
    "phone": "069 123 4567",
    "email": "",
    "name": "",
    "confidential": "yes",
    "same": "",
}
EMPTY = dict.fromkeys(VALUES, "")
OFFERED = [
    {"value": "water", "name": "No water or low pressure", "hint": ""},
    {"value": "bill", "name": "Water bill and meter", "hint": ""},
]
PLACES = [
    {"value": "p:Torvin", "name": "Torvin", "hint": "Central Region Administration"},
    {"value": "o:WAT2", "name": "Torvin Water Works", "hint": "National Water Authority"},
]
GROUPS = [
    {"number": 1, "name": "Water and sewage", "choices": OFFERED},
    {"number": 2, "name": "Roads, lights and buses", "choices": OFFERED[:1]},
]
FILES = [
    {"id": "f1", "name": "the pump house.jpg", "kind": "photo", "size": 283_000, "waiting": False},
    {"id": "f2", "name": "", "kind": "audio", "size": 901, "waiting": True},
]
BASE: dict[str, Any] = {
    "step": "what",
    "values": EMPTY,
    "errors": {},
    "form_id": "0192a3",
    "started": "1764000000.abc",
    "returning": False,
    "question": 1,
    "questions": 5,
    "answer_days": 3,
    "service_name": "",
    "place_name": "",
    "office_name": "",
    "picked": None,
    "offered": [],
    "guessed": False,
    "typed": "",
    "nothing": "",
    "groups": [],
    "opened": None,
    "files": [],
    "room": 5,
    "megabytes": 10,
    "others": None,
    "ways_to_answer": ("phone", "email", "anonymous"),
    "ways": [
        {"channel": "sms", "name": "+355 69 000 0000", "url": "sms:+355690000000"},
        {"channel": "telegram", "name": "@velmora_bot", "url": "https://t.me/velmora_bot"},
    ],
    "tiles": None,
    "wait": 0,
    "stored": False,
    "now": NOW,
}
NAMES = {"service_name": "No water or low pressure", "place_name": "Torvin", "office_name": ""}


def page(step: str, **more: object) -> tuple[str, dict[str, object]]:
    """The report's template with one of its pages."""
    questions = ("what", "about", "where", "files", "how")
    number = questions.index(step) + 1 if step in questions else 0
    made: dict[str, Any] = {**BASE, "step": step, "question": number, **more}
    values: Mapping[str, str] = made["values"]
    made["carried"] = {name: value for name, value in values.items() if name not in SHOWN[step]}
    return "report", made


PAGES: dict[str, tuple[str, dict[str, object]]] = {
    "report-what": page("what"),
    "report-what-poster": page("what", office_name="Torvin Water Works"),
    "report-what-wrong": page("what", errors={"text": "Write what happened, in a few words at least."}),
    "report-about": page("about", values=VALUES, offered=OFFERED, guessed=True, groups=GROUPS),
    "report-about-nothing": page("about", values=VALUES, typed="xyzzy", nothing="We found nothing.", groups=GROUPS),
    "report-about-group": page("about", values=VALUES, offered=OFFERED, groups=GROUPS, opened=GROUPS[0]),
    "report-where": page("where", values=VALUES, picked=PLACES[0], offered=PLACES[1:], typed="torvn", groups=GROUPS),
    "report-where-map": page(
        "where",
        values=EMPTY,
        groups=GROUPS,
        tiles={"url": "/static/mark.svg?{z}/{x}/{y}", "attribution": "© Map makers", "start": "41.33,19.82,12"},
    ),
    "report-files": page("files", values=VALUES, files=FILES),
    "report-files-full": page("files", values=VALUES, files=[FILES[0]] * 5, room=5),
    "report-files-wrong": page("files", values=VALUES, errors={"file": "This file is a program."}),
    "report-similar": page("similar", others={"number": 7, "since": NOW, "answered": 3}, **NAMES),
    "report-how": page("how", values={**VALUES, "phone": ""}, ways_to_answer=("phone", "anonymous")),
    "report-how-wrong": page(
        "how",
        values={**VALUES, "phone": "12"},
        errors={"phone": "This number is too short. Write it as 069 123 4567.", "answer": "Choose how we answer."},
    ),
    "report-check": page("check", values={**VALUES, "about_staff": "yes"}, files=FILES, **NAMES),
    "report-check-stored": page("check", values=VALUES, stored=True, **NAMES),
    "report-check-wait": page("check", values={**VALUES, "answer": "anonymous"}, wait=340, **NAMES),
}
