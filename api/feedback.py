"""The page behind a survey's link: question by question, each answer counted at once, none of them needed."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from sqlmodel import Session
from starlette.datastructures import FormData

import surveys.web
from api import throttle
from api.forms import read_form, text_of
from api.pages import choose_language, render
from api.words import options_of
from cases import surveyed
from channels import kiosk
from core.database import database
from core.errors import BadInput, Conflict, NotFound
from core.i18n import direction, format_number, translator
from core.settings import settings
from surveys.asking import words_of
from surveys.consent import QUESTION
from surveys.flow import RATING, WORDS, Kind, Question
from surveys.web import Opened

router = APIRouter(include_in_schema=False)

Posted = Annotated[FormData, Depends(read_form)]


@router.get("/s/{token}")
def show_survey(request: Request, token: str, q: str = "", passed: str = "") -> Response:
    """The next question behind a link, or the one named. Looking counts nothing."""
    opened = _look(request, token, q, passed)
    if opened is None or opened.over:
        return _gone(request, opened)
    return _survey(request, opened)


@router.get("/s/{token}/{chosen}")
def show_chosen(request: Request, token: str, chosen: str) -> Response:
    """The first question with an answer chosen, as the links of a message have it.

    Previews and mail scanners open links too, so the answer counts when the page posts it: by itself where a person
    looks at it and scripts run (static/tap.js), else by one button.
    """
    opened = _look(request, token, RATING, "")
    if opened is None or opened.over:
        return _gone(request, opened)
    try:
        surveys.web.read_answer(opened.questions[0], chosen)
    except BadInput:
        return _survey(request, opened)
    return _survey(request, opened, step="confirm", chosen=chosen)


@router.post("/s/{token}")
def post_survey(request: Request, token: str, form: Posted) -> Response:
    """Take one answer, or pass the question over, and show the next."""
    throttle.check("survey", throttle.address_of(request))
    now = datetime.now(UTC)
    passed, code = _codes(text_of(form, "passed")), text_of(form, "question", 40) or RATING
    given = text_of(form, "answer", kiosk.MAX_WORDS) or text_of(form, RATING, 20)
    skipped = text_of(form, "go") == "skip"
    try:
        with database().write() as session:
            if skipped:
                passed = (*passed, code)
                taken = surveys.web.finish(session, token, now)
            else:
                passed = tuple(one for one in passed if one != code)
                taken = surveys.web.answer(session, token, code, given, now)
            opened = surveys.web.look(session, token, now, _language(request), passed=passed)
            # the words are asked for late: a case is opened with them, or when there are to be none
            told = opened.asked is None or code == WORDS
            reference = _case_of(session, taken, now, told=told) if taken else ""
            if reference and opened.asked is QUESTION:  # whoever complained in words is written to anyway
                opened = surveys.web.look(session, token, now, _language(request), passed=passed)
    except BadInput as error:
        again = _look(request, token, code, ",".join(passed))
        return _survey(request, again, errors=error.fields, typed=given) if again else _gone(request, None)
    except (NotFound, Conflict) as error:
        return _gone(request, None, status=error.status, strange=isinstance(error, NotFound))
    return _survey(request, opened, reference=reference)


def _look(request: Request, token: str, want: str, passed: str) -> Opened | None:
    throttle.check("survey", throttle.address_of(request))
    try:
        with database().read() as session:
            return surveys.web.look(
                session, token, datetime.now(UTC), _language(request), want=want, passed=_codes(passed)
            )
    except NotFound:
        return None


def _language(request: Request) -> str | None:
    """The language asked for; else the survey goes on in the one it was asked in."""
    lang, asked = choose_language(request)
    return lang if asked else None


def _codes(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(code for code in text[:400].split(",") if code))


def _case_of(session: Session, taken: surveys.web.Taken, now: datetime, *, told: bool) -> str:
    case = surveyed.follow_page(session, taken, now, told=told)
    return case.reference if case else ""


def _gone(request: Request, opened: Opened | None, *, status: int = 0, strange: bool | None = None) -> Response:
    """Too old, or no link of ours; addresses that try many of these are slowed down."""
    if strange if strange is not None else opened is None:
        throttle.spend("survey", throttle.address_of(request))
    return render(
        request, "citizen/survey.html", {"step": "gone", "errors": {}}, status=status or (410 if opened else 404)
    )


def _survey(
    request: Request,
    opened: Opened,
    *,
    step: str = "",
    chosen: str = "",
    reference: str = "",
    errors: Mapping[str, str] | None = None,
    typed: str = "",
) -> Response:
    lang = opened.language if opened.language in settings().languages else choose_language(request)[0]
    question = opened.asked
    speak = translator(lang).gettext
    context = {
        "lang": lang,
        "dir": direction(lang),
        "step": step or ("ask" if question else "thanks"),
        "token": opened.token,
        "service": opened.service,
        "office": opened.office,
        "completed_on": opened.completed_at.astimezone(settings().zone).date(),
        "question": _asked(question, opened, lang, typed) if question else None,
        "number": opened.number,
        "most": opened.most,
        "before": opened.before,
        "passed": ",".join(opened.passed),
        "rating": int(chosen) if chosen else opened.rating,
        "said": [
            {"code": one.code, "asked": words_of(one, lang), "answer": _in_words(one, opened, lang)}
            for one in opened.questions
            if opened.given.get(one.code) is not None
        ],
        "reference": reference,
        "errors": {name: speak(text) for name, text in (errors or {}).items()},
    }
    return render(request, "citizen/survey.html", context, status=422 if errors else 200)


def _asked(question: Question, opened: Opened, lang: str, typed: str) -> dict[str, object]:
    given = opened.given.get(question.code)
    return {
        "code": question.code,
        "kind": question.kind.value,
        "words": words_of(question, lang),
        "options": options_of(question, lang) if question.kind in (Kind.choice, Kind.yes_no) else [],
        "answer": typed if typed and question.kind in (Kind.number, Kind.text) else "" if given is None else str(given),
    }


def _in_words(question: Question, opened: Opened, lang: str) -> str:
    given = str(opened.given[question.code])
    if question.kind is Kind.number:
        return format_number(int(given), lang)
    return next((one["text"] for one in options_of(question, lang) if one["code"] == given), given)
