# ruff: noqa: E501  (samples)
"""Sample context of the surveys' pages: the list, one with a draft, one question, a try-out."""

from surveys.faults import Finding
from tests.look.samples_desk import OFFICES

LANGUAGES = [("en", "English"), ("sq", "Shqip"), ("bn", "বাংলা"), ("ru", "Русский")]
PREVIEW: dict[str, object] = {
    "languages": LANGUAGES,
    "channels": [
        ("sms", "SMS"),
        ("whatsapp", "WhatsApp"),
        ("telegram", "Telegram"),
        ("email", "E-mail"),
        ("web", "Web"),
    ],
    "language": "bn",
    "channel": "sms",
    "dir": "ltr",
}
REASONS = [{"code": "wait", "text": "অপেক্ষা"}, {"code": "staff", "text": "ব্যবহার"}, {"code": "papers", "text": "কাগজ"}]
RATE: dict[str, object] = {
    "code": "rating", "kind": "rating", "options": [], "buttons": [], "segments": 3, "price": "0.24 EUR", "page": False,
    "text": "পাসপোর্ট নবায়ন, সেবা কেন্দ্র: সেবা কেমন ছিল? 1 থেকে 5 একটি সংখ্যা লিখুন।",
}  # fmt: skip
ASK = {
    **RATE,
    "code": "reason",
    "kind": "choice",
    "options": REASONS,
    "text": "কী সমস্যা হয়েছিল?",
    "segments": 1,
    "price": "0.08 EUR",
}
PAGE = {**ASK, "page": True, "segments": 0, "price": ""}
TELEGRAM = {**ASK, "buttons": ["অপেক্ষা", "ব্যবহার", "কাগজ"], "segments": 0, "price": ""}
STUCK = Finding(
    "Question 3 can never be reached: the answer to question 1 would have to be 1 to 3 and also 4 to 5.", "minutes"
)
HEAVY = Finding(
    "Question 1 takes 3 SMS in Bengali, 0.24 EUR for each citizen. Fewer words cost less.", "rating", "bn", False
)
CARD: dict[str, object] = {
    "code": "rating", "place": 1, "kind": "rating from 1 to 5", "words": "How was it?", "language": "en", "own": False,
    "when": "", "options": [], "first": True, "last": False, "findings": [HEAVY],
}  # fmt: skip
QUESTIONS = [
    CARD,
    {**CARD, "code": "reason", "place": 2, "kind": "one of several choices", "words": "What went wrong?", "first": False,
     "own": True, "when": "if rating is 1 to 3", "options": ["The wait", "The staff", "The papers"], "findings": []},
    {**CARD, "code": "minutes", "place": 3, "kind": "a number", "words": "How many minutes did you wait?", "first": False,
     "last": True, "when": "if reason is “wait” and if rating is 4 to 5", "findings": [STUCK]},
]  # fmt: skip
VERSION: dict[str, object] = {
    "number": 1, "state": ("in use", "well"), "note": "", "by": "", "published_by": "", "at": None, "invited": 1204,
    "questions": ["1. rating: rating from 1 to 5", "2. words: own words"], "changed": [],
}  # fmt: skip
SURVEY: dict[str, object] = {
    "code": "service", "title": "After a service", "note": "Asks for the minutes.", "asked": "after a service",
    "service": "", "seen": "0a1b", "version": 2, "live": 1, "state": ("draft", "soon"), "draft": True, "may_write": True,
    "may_publish": False, "may_retire": True, "waits": "This draft cannot be published before what is marked is mended.",
    "questions": QUESTIONS, "whole": [Finding("Nobody is asked whether extra money was wanted.", wrong=False)], "wrong": 1,
    "kinds": OFFICES, "bubbles": [RATE, ASK, PAGE, TELEGRAM], "consent": ASK, "preview": PREVIEW,
    "costs": [
        {"language": "en", "name": "English", "segments": 3, "most": 3, "way": 3, "price": "0.24 EUR", "first": 1},
        {"language": "bn", "name": "বাংলা", "segments": 6, "most": 3, "way": 3, "price": "0.48 EUR", "first": 3},
    ],
    "most": 4, "changed": ["“minutes” is new, as question 3: a number."],
    "versions": [
        {**VERSION, "number": 2, "state": ("draft", "soon"), "by": "Arta Hoxha", "note": "Asks for the minutes.",
         "changed": ["“minutes” is new, as question 3: a number."], "invited": 0},
        VERSION,
    ],
    "typed": {"question": "", "kind": ""}, "errors": {},
}  # fmt: skip
LINE: dict[str, object] = {
    "code": "service", "title": "After a service", "asked": "after a service", "service": "", "questions": 6, "version": 1,
    "draft": 2, "state": ("in use", "well"), "invited": 1204,
}  # fmt: skip
LIST: dict[str, object] = {
    "may_write": True, "kinds": OFFICES, "services": OFFICES,
    "typed": {"code": "", "title": "", "kind": "", "service": ""}, "errors": {},
    "surveys": [
        LINE,
        {**LINE, "code": "exit", "title": "At the door", "asked": "at the door", "draft": 0, "invited": 0},
        {**LINE, "code": "passports", "title": "Passports", "service": "Passport renewal", "version": 0, "draft": 1,
         "state": ("draft", "soon"), "invited": 0},
    ],
}  # fmt: skip
QUESTION: dict[str, object] = {
    "code": "service", "title": "After a service", "question": "reason", "kind": "choice", "seen": "0a1b", "place": 2,
    "kinds": OFFICES, "may_write": True, "looked": False, "findings": [STUCK], "errors": {},
    "words": [
        {"code": code, "name": name, "dir": "ltr", "text": "", "shipped": "What went wrong?", "bubble": ASK}
        for code, name in LANGUAGES
    ],
    "options": [
        {"number": number, "code": "wait" if number == 1 else "",
         "words": {code: {"text": "", "shipped": "The wait" if number == 1 else ""} for code, _ in LANGUAGES}}
        for number in range(1, 10)
    ],
    "earlier": [
        {"code": "rating", "kind": "rating", "words": "How was it?", "options": [], "low": 1, "high": 3},
        {"code": "money", "kind": "yes_no", "words": "Did anyone ask for extra money?", "low": "", "high": "",
         "options": [{"code": "1", "text": "Yes", "ticked": True}, {"code": "0", "text": "No", "ticked": False}]},
    ],
}  # fmt: skip
TRY: dict[str, object] = {
    "code": "service", "title": "After a service", "version": 2, "given": "rating:2", "back": "", "preview": PREVIEW,
    "way": [{"asked": RATE, "answer": "খারাপ"}, {"asked": ASK, "answer": ""}], "asked": ASK, "passed": [],
}  # fmt: skip
PAGES: dict[str, tuple[str, dict[str, object]]] = {
    "surveys": ("surveys", LIST),
    "surveys-wrong": ("surveys", {**LIST, "errors": {"code": "There is a survey with this code."}}),
    "survey": ("survey", SURVEY),
    "survey-publish": (
        "survey",
        {**SURVEY, "may_publish": True, "wrong": 0, "whole": [], "waits": "This draft waits to be published."},
    ),
    "survey-read": (
        "survey",
        {**SURVEY, "may_write": False, "may_retire": False, "waits": "", "changed": [], "costs": [], "note": ""},
    ),
    "survey-question": ("survey_question", QUESTION),
    "survey-question-number": (
        "survey_question",
        {**QUESTION, "options": [], "earlier": [], "findings": [], "may_write": False},
    ),
    "survey-try": ("survey_try", TRY),
    "survey-try-number": ("survey_try", {**TRY, "asked": {**PAGE, "kind": "number", "options": [], "code": "minutes"}}),
    "survey-try-end": ("survey_try", {**TRY, "asked": None, "passed": ["minutes"]}),
}
