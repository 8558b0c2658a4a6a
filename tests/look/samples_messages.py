"""The pages about messages: their words, and those that need a person."""

from tests.look.samples import NOW, REFERENCE, ago

PREVIEW = {
    "text": "We have your message K7QF-3M9V. Coast Water Works will answer by Thursday 26 November.",
    "plainer": True, "alphabet": "GSM-7", "size": 132, "segments": 1, "left": 28, "price": "0.08 EUR",
}  # fmt: skip
VERSION: dict[str, object] = {
    "number": 4, "body": "Morëm mesazhin {{ reference }}", "at": NOW, "by": "Rupert Saltmarsh", "published": False,
    "state": ("waits to be published", "soon"), "decided_by": "", "decided_at": None, "reason": "",
}  # fmt: skip
WORDING: dict[str, object] = {
    "name": "acknowledgement",
    "title": "We have your message",
    "language": "sq",
    "body": "Morëm mesazhin tuaj {{ reference }}. “{{ office }}” përgjigjet deri më {{ due|day }}.",
    "shipped": "Morëm mesazhin tuaj {{ reference }}.",
    "used": 2,
    "seen": 4,
    "waits": VERSION,
    "decides": True,
    "required": ["office", "reference"],
    "optional": ["due", "pin", "site", "triage"],
    "previews": [PREVIEW, {**PREVIEW, "segments": 3, "alphabet": "UCS-2"}],
    "letters": [
        {"letter": "ë", "name": "latin small letter e with diaeresis", "count": 3, "plain": "e", "typing": False},
        {"letter": "“", "name": "left double quotation mark", "count": 1, "plain": '"', "typing": True},
        {"letter": "\u00a0", "name": "no-break space", "count": 1, "plain": " ", "typing": True},
    ],
    "mendable": True,
    "versions": [
        VERSION,
        {**VERSION, "number": 3, "state": ("returned", "late"), "published": False, "reason": "Say when they hear."},
        {**VERSION, "number": 2, "state": ("in use", "well"), "published": True},
        {**VERSION, "number": 1, "at": ago(days=3), "state": ("replaced", ""), "published": False},
    ],
    "editable": True,
    "priced": True,
    "errors": {},
}
CELL = {
    "language": "en",
    "own": False,
    "waits": False,
    "alphabet": "GSM-7",
    "size": 90,
    "segments": 1,
    "left": 70,
    "price": "0.08 EUR",
}
WORDINGS: dict[str, object] = {
    "rows": [
        {
            "name": name,
            "title": title,
            "cells": [
                CELL,
                {**CELL, "language": "sq", "own": True, "waits": True},
                {**CELL, "language": "bn", "segments": 3, "alphabet": "UCS-2"},
                {**CELL, "language": "ru", "segments": 2, "alphabet": "UCS-2", "price": ""},
            ],
        }
        for name, title in (("acknowledgement", "We have your message"), ("answer", "An office answers"))
    ],
    "priced": False,
}
ONE = {
    "id": "01a", "channel": "telegram", "purpose": "answer", "hint": "…567", "reference": REFERENCE,
    "text": "The pump is mended.", "at": NOW, "reason": "The network could not reach the phone; try another way.",
    "detail": "Twilio 30003",
}  # fmt: skip
SENDER = {
    "channel": "sms", "address": "+355690000000", "office": "", "office_code": "", "default": True, "active": True,
    "rate": 10.0, "own_rate": None, "waiting": 0, "minutes": 0.0, "paused": None,
}  # fmt: skip
MESSAGES: dict[str, object] = {
    "admin": True,
    "days": 14,
    "unknown": [ONE, {**ONE, "id": "01b", "reference": "", "purpose": "survey"}],
    "stopped": [{**ONE, "channel": "sms"}],
    "failures": [{"reason": ONE["reason"], "count": 12, "messages": [ONE, ONE]}],
    "loops": [{"channel": "sms", "hint": "…567", "count": 31, "at": NOW}],
    "arrivals": [{"id": "01c", "channel": "sms", "kind": "message", "at": NOW, "why": "OmbudError: no such office"}],
    "senders": [
        SENDER,
        {**SENDER, "address": "+355690000001", "office": "Water Works", "default": False, "rate": 2.5, "own_rate": 2.5,
         "waiting": 4200, "minutes": 35.0},
        {**SENDER, "channel": "telegram", "address": "4242", "rate": 30.0, "paused": NOW},
        {**SENDER, "address": "+355690000002", "default": False, "active": False},
    ],
    "offices": [],
    "channels": ["sms", "whatsapp", "telegram", "email"],
    "typed": {"channel": "", "address": "", "office": "", "per_second": ""},
    "errors": {"why-01a": "Say how you know, or why."},
}  # fmt: skip
QUIET: dict[str, object] = {
    **MESSAGES, "admin": False, "unknown": [], "stopped": [], "failures": [], "loops": [], "arrivals": [], "errors": {},
}  # fmt: skip
PAGES: dict[str, tuple[str, dict[str, object]]] = {
    "wordings": ("wordings", WORDINGS),
    "wording": ("wording", WORDING),
    "wording-wrong": (
        "wording",
        {
            **WORDING,
            "previews": [],
            "waits": None,
            "decides": False,
            "errors": {"body": "There is no placeholder {{ ofice }} in this message."},
        },
    ),
    "wording-own": ("wording", {**WORDING, "decides": False}),
    "wording-unreasoned": ("wording", {**WORDING, "errors": {"reason": "Say what should read otherwise."}}),
    "wording-read": (
        "wording",
        {**WORDING, "editable": False, "letters": [], "used": 0, "versions": [], "waits": None, "decides": False},
    ),
    "messages": ("messages", MESSAGES),
    "messages-quiet": ("messages", QUIET),
}
