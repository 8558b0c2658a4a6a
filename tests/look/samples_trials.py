"""Trials: the list, a finished one, one that runs, one that did harm, and the form."""

from datetime import date

from tests.look.samples import SERVICES, ago

LONG = "Passport renewal, Service Centre: how was it? Reply with one.\n1 very bad, 2 bad, 3 fair, 4 good, 5 very good."


def bubble(language: str, name: str, text: str) -> dict[str, object]:
    price = "0.04 EUR" if language == "en" else ""
    return {"language": language, "name": name, "text": text, "segments": 1 if price else 2, "price": price}


ARMS: list[dict[str, object]] = [
    {
        "name": "As now",
        "hour": None,
        "delay": 0,
        "channel": "",
        "sender": "",
        "worded": True,
        "bubbles": [bubble("en", "English", LONG), bubble("bn", "বাংলা", "পাসপোর্ট নবায়ন, সেবা কেন্দ্র: সেবা কেমন ছিল?")],
    },
    {
        "name": "Short, at six",
        "hour": 18,
        "delay": 24,
        "channel": "sms",
        "sender": "+15005550006",
        "worded": True,
        "bubbles": [
            bubble("en", "English", "Passport renewal, Service Centre: 1 (bad) to 5 (good)?"),
            bubble("bn", "বাংলা", "পাসপোর্ট নবায়ন, সেবা কেন্দ্র: ১ থেকে ৫?"),
        ],
    },
]
PLAIN: dict[str, object] = {**ARMS[0], "name": "Nothing else", "worded": False, "bubbles": []}
PEOPLE = "Identity card, Passport renewal; Service Centre Kombinat and all below; every language; SMS"


def flow(
    name: str, counts: tuple[int, int, int, int], out: int, value: str, control: bool = False
) -> dict[str, object]:
    names = ("assigned", "sent", "delivered", "answered")
    return {
        "name": name,
        "control": control,
        "value": value,
        "opted_out": out,
        "assigned": counts[0],
        "steps": [{"what": w, "count": n, "share": n / counts[0]} for w, n in zip(names, counts, strict=True)],
    }


RESULT: dict[str, object] = {
    "at": ago(days=2),
    "sentences": [
        "“Short, at six” brought 4.1 more answers per 100 asked (2.0 to 6.2).",
        "The planned number of 7,526 is reached.",
    ],
    "early": False,
    "level": 0.95,
    "flow": [
        flow("As now", (3763, 3702, 3610, 1121), 1, "29.8 of 100", True),
        flow("Short, at six", (3763, 3688, 3601, 1276), 12, "33.9 of 100"),
    ],
    "effects": [
        {
            "name": "Short, at six",
            "tone": "well",
            "effect": 4.1,
            "low": 2.0,
            "high": 6.2,
            "span": 7.0,
            "digits": 1,
            "at": [0.041 + 0.07, 0.02 + 0.07, 0.062 + 0.07, 0.14, 0.07],
            "p": 0.0001,
            "n": 7526,
        }
    ],
    "besides": [{"what": "mean rating, of those who rate", "lines": ["“Short, at six”: -0.03 (-0.12 to +0.06)."]}],
}
DONE: dict[str, object] = {
    "id": "0192",
    "title": "A shorter question, at six",
    "hypothesis": "Fewer words are read to the end, and at six people are on their way home with a telephone in hand.",
    "standing": "over",
    "stopped": "planned",
    "end_reason": "",
    "ended": ago(days=2),
    "ended_by": "",
    "people": PEOPLE,
    "moment": "the first question of a survey",
    "measured": "share of those asked who answer",
    "effect": "3 of 100",
    "power": 0.8,
    "alpha": 0.05,
    "looks": 1,
    "days": 7,
    "planned": 7526,
    "entered": 7526,
    "awaited": 0,
    "expected": None,
    "starts": ago(days=40),
    "registered": ago(days=41),
    "registered_by": "Arta Hoxha",
    "confirmed": ago(days=41),
    "confirmed_by": "Rupert Saltmarsh",
    "pledge": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "arms": ARMS,
    "renewing": False,
    "hidden": False,
    "result": RESULT,
    "earlier": [],
    "promoted": None,
    "promoted_name": "",
    "promoted_at": None,
    "may_promote": True,
    "may_run": True,
    "may_begin": True,
    "changes": [],
    "reason": "",
    "errors": {},
}
RUNNING: dict[str, object] = {
    **DONE,
    "standing": "running",
    "stopped": None,
    "ended": None,
    "entered": 2214,
    "awaited": 480,
    "looks": 3,
    "expected": date(2026, 12, 18),
    "arms": [*ARMS, PLAIN],
    "result": None,
    "may_promote": False,
}
HARM: dict[str, object] = {
    **DONE,
    "stopped": "harm",
    "result": {
        **RESULT,
        "early": True,
        "sentences": [
            "“Short, at six” made no difference that can be told from chance: 0.3 more answers per 100 asked, and "
            "anything from 1.5 fewer answers per 100 asked to 2.1 more answers per 100 asked fits what was seen.",
            "It did harm and was ended with 1,204 of 7,526 planned, so this is nothing to act on.",
        ],
    },
    "earlier": [{"at": ago(days=9), "sentences": ["This was look 1 of 3; the next comes with 5,018 citizens."]}],
    "may_promote": False,
}
GIVEN: dict[str, object] = {
    "title": "",
    "hypothesis": "",
    "moment": "survey",
    "outcome": "response",
    "secondary": ["rating"],
    "services": ["passport"],
    "offices": "",
    "languages": [],
    "channels": ["sms"],
    "base": "",
    "spread": "",
    "response": "",
    "effect": "3",
    "alpha": "5",
    "power": "80",
    "looks": "1",
    "days": "7",
    "starts": "",
}
TYPED = [
    {"name": "As now", "words": {}, "hour": "", "delay": "", "channel": "", "sender": ""},
    {"name": "Short", "words": {"en": "{{ office }}: 1 to 5?"}, "hour": "18", "delay": "", "channel": "", "sender": ""},
    {"name": "", "words": {}, "hour": "", "delay": "", "channel": "", "sender": ""},
    {"name": "", "words": {}, "hour": "", "delay": "", "channel": "", "sender": ""},
]
FORM: dict[str, object] = {
    "given": GIVEN,
    "arms": TYPED,
    "services": SERVICES,
    "offices": ["Water, District 3 (WAT3)"],
    "channels": ["sms", "whatsapp", "telegram", "email"],
    "senders": ["+15005550006"],
    "moments": {"survey": "the first question of a survey", "survey_reminder": "the reminder of a survey"},
    "outcomes": {"response": "share of those asked who answer", "rating": "mean rating, of those who rate"},
    "now_used": {"survey": {"en": LONG, "sq": LONG, "bn": LONG, "ru": LONG}},
    "day": [9, 19],
    "preview": None,
    "today": "2026-11-26",
    "errors": {},
}
PREVIEW: dict[str, object] = {
    "planned": 7526,
    "per_arm": 3763,
    "looks": 1,
    "days": 7,
    "base": "30.0 of 100",
    "people": PEOPLE,
    "ends": date(2027, 1, 20),
    "lately": {"asked": 5201, "response": 0.3, "rating": 3.6, "rated": 1560, "spread": 1.2, "per_day": 150.4},
    "arms": ARMS,
    "beside": "",
}
ROWS: list[dict[str, object]] = [
    {
        "id": "0192",
        "title": "A shorter question, at six",
        "standing": standing,
        "stopped": stopped,
        "people": PEOPLE,
        "entered": entered,
        "planned": 7526,
        "starts": ago(days=-3),
        "ended": ago(days=2),
        "found": found,
        "promoted": promoted,
    }
    for standing, stopped, entered, found, promoted in (
        ("unread", None, 0, "", ""),
        ("registered", None, 0, "", ""),
        ("running", None, 2214, "", ""),
        ("waiting", None, 7526, "", ""),
        (
            "over",
            "planned",
            7526,
            "“Short, at six” brought 4.1 more answers per 100 asked (2.0 to 6.2).",
            "Short, at six",
        ),
        ("over", "harm", 1204, "", ""),
        ("over", "by_hand", 310, "", ""),
    )
]
TRIALS: dict[str, tuple[str, dict[str, object]]] = {
    "trials": ("trials", {"rows": ROWS, "may_add": True}),
    "trials-none": ("trials", {"rows": [], "may_add": False}),
    "trial": ("trial", DONE),
    "trial-default": (
        "trial",
        {**DONE, "promoted": 1, "promoted_name": "Short, at six", "promoted_at": ago(days=1), "may_run": False},
    ),
    "trial-unread": (
        "trial",
        {**RUNNING, "standing": "unread", "entered": 0, "awaited": 0, "confirmed": None, "confirmed_by": ""},
    ),
    "trial-running": ("trial", RUNNING),
    "trial-harm": ("trial", HARM),
    "trial-hidden": ("trial", {**DONE, "hidden": True, "result": None, "may_run": False}),
    "trial-wrong": ("trial", {**RUNNING, "standing": "waiting", "errors": {"reason": "Write why it ends."}}),
    "trial-empty": (
        "trial",
        {**RUNNING, "standing": "over", "stopped": "by_hand", "entered": 0, "awaited": 0, "end_reason": "Nobody came."},
    ),
    "trial-new": ("trial_new", FORM),
    "trial-new-look": ("trial_new", {**FORM, "preview": {**PREVIEW, "beside": "Who reads it"}}),
    "trial-new-wrong": (
        "trial_new",
        {
            **FORM,
            "senders": [],
            "errors": {
                "title": "Give it a short name.",
                "effect": "Write a number from 0.1 to 99.",
                "arm-1-words-en": "There is no placeholder {{ it }} in this message.",
            },
        },
    ),
}
