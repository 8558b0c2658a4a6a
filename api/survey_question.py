"""One question of a survey in the browser: its words by language side by side, its choices, and when it is put."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from api import survey_preview
from api.auth import SignedIn, Staffed
from api.pages import render
from api.survey_list import Form, flash, now
from api.words import options_of
from cases import survey_editing
from cases.survey_editing import Draft
from cases.wording_editing import usual_names
from core.database import database
from core.errors import NotFound, OmbudError
from core.i18n import SOURCE_LANGUAGE, direction, language_name
from core.settings import settings
from core.texts import clean, latin_digits
from domain.catalogue import catalogue
from domain.states import SurveyKind
from surveys import asking, definitions
from surveys.differences import KINDS
from surveys.faults import LONGEST_WORDS, MOST_OPTIONS
from surveys.flow import Condition, Kind, Option, Question, read
from surveys.reach import answers_of

router = APIRouter(include_in_schema=False)


@router.get("/staff/surveys/{code}/questions/{question}")
def show_question(request: Request, staff: Staffed, code: str, question: str) -> Response:
    """One question of the newest version."""
    return _page(request, staff, code, question)


@router.post("/staff/surveys/{code}/questions/{question}")
def change(request: Request, staff: Staffed, form: Form, code: str, question: str) -> Response:
    """Look at a question as typed, or keep it in the draft."""
    if form.get("go") != "save":
        return _page(request, staff, code, question, typed=form)
    try:
        with database().write() as session:
            newest = survey_editing.versions(session, code)[0]
            questions = list(read(newest.questions))
            at = _place(questions, question)
            questions[at] = typed_question(questions[at], questions[:at], form)
            draft = Draft(newest.title or code, newest.note, questions)
            survey_editing.change(session, staff.viewer, code, form.get("seen", ""), draft, now())
    except NotFound:
        raise
    except OmbudError as error:
        return _page(request, staff, code, question, typed=form, problem=error)
    return RedirectResponse(f"/staff/surveys/{code}?said=saved", 303)


def _place(questions: Sequence[Question], code: str) -> int:
    found = next((place for place, one in enumerate(questions) if one.code == code), None)
    if found is None:
        raise NotFound("This survey has no such question.", mend="Choose one from its page.")
    return found


def typed_question(before: Question, earlier: Sequence[Question], form: Mapping[str, str]) -> Question:
    """A question as its form has it. Words in languages that are not offered any more are kept."""
    kind = Kind(form["kind"]) if form.get("kind") in list(Kind) else before.kind
    return replace(
        before,
        kind=kind,
        words=_words(before.words, form, "words"),
        options=_options(before, form) if kind is Kind.choice else (),
        when=tuple(rule for asked in earlier for rule in _conditions(asked, form)),
    )


def _words(before: Mapping[str, str], form: Mapping[str, str], name: str) -> dict[str, str]:
    languages = settings().languages
    kept = {language: text for language, text in before.items() if language not in languages}
    typed = {language: clean(form.get(f"{name}-{language}", ""), 2 * LONGEST_WORDS) for language in languages}
    return kept | {language: text for language, text in typed.items() if text}


def _options(before: Question, form: Mapping[str, str]) -> tuple[Option, ...]:
    """The choices that have a code, in the order of their rows; a row that lost its code is gone."""
    known = {option.code: option for option in before.options}
    found = []
    for row in range(1, MOST_OPTIONS + 1):
        if code := clean(form.get(f"option-{row}", ""), 40):
            kept = known[code].words if code in known else {}
            found.append(Option(code, _words(kept, form, f"option-{row}")))
    return tuple(found)


def _conditions(asked: Question, form: Mapping[str, str]) -> list[Condition]:
    """The condition on an earlier question, or none."""
    name = f"when-{asked.code}"
    if asked.kind in (Kind.choice, Kind.yes_no):
        codes = [one["code"] for one in options_of(asked, SOURCE_LANGUAGE)]
        ticked = frozenset(one for one in codes if form.get(f"{name}-{one}"))
        return [Condition(asked.code, ticked)] if ticked else []
    low, high = (_number(form.get(f"{name}-{end}", "")) for end in ("low", "high"))
    return [] if low is None and high is None else [Condition(asked.code, low=low, high=high)]


def _number(text: str) -> int | None:
    digits = latin_digits(text).strip()
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 7 else None


def _page(
    request: Request,
    staff: SignedIn,
    code: str,
    wanted: str,
    *,
    typed: Mapping[str, str] | None = None,
    problem: OmbudError | None = None,
) -> Response:
    survey_editing.may_read(staff.viewer)
    with database().read() as session:
        known = catalogue(session)
        newest = survey_editing.versions(session, code)[0]
        kind, questions = SurveyKind(newest.kind), list(read(newest.questions))
        at = _place(questions, wanted)
        if typed is not None:
            questions[at] = typed_question(questions[at], questions[:at], typed)
        question = questions[at]
        found = survey_editing.check_questions(questions, kind)
        names = {language: usual_names(known, language) for language in settings().languages}
        context = {
            "code": code,
            "title": newest.title or code,
            "question": question.code,
            "place": at + 1,
            "kind": question.kind.value,
            "kinds": [{"label": "", "options": [{"code": str(one), "name": text} for one, text in KINDS.items()]}],
            "seen": typed.get("seen", "") if typed is not None else survey_editing.stamp(newest),
            "may_write": survey_editing.writes(known, staff.viewer),
            "words": [_language(question, kind, language, *names[language]) for language in settings().languages],
            "options": _rows(question) if question.kind is Kind.choice else [],
            "earlier": [_earlier(asked, question) for asked in questions[:at] if asked.kind is not Kind.text],
            "findings": [one for one in found if one.question == question.code],
            "looked": typed is not None and problem is None,
            "errors": {},
        }
    if problem is not None:
        flash(request, "", problem)
    return render(request, "staff/survey_question.html", context, status=problem.status if problem else 200)


def _language(question: Question, kind: SurveyKind, language: str, office: str, service: str) -> dict[str, object]:
    """The words in one language, the shipped ones beside them, and how the question is sent."""
    shown = survey_preview.chosen(kind, language, "", office, service)
    return {
        "code": language,
        "name": language_name(language),
        "dir": direction(language),
        "text": question.words.get(language, ""),
        "shipped": definitions.shipped_question(question.code, language) if not question.words else "",
        "bubble": survey_preview.bubble(question, shown),
    }


def _rows(question: Question) -> list[dict[str, object]]:
    """The choices and empty rows for more."""
    empty = Option("", {})
    rows = [*question.options[:MOST_OPTIONS], *[empty] * (MOST_OPTIONS - len(question.options))]
    return [
        {
            "number": number,
            "code": option.code,
            "words": {
                language: {
                    "text": option.words.get(language, ""),
                    "shipped": definitions.shipped_option(option.code, language) if not option.words else "",
                }
                for language in settings().languages
            },
        }
        for number, option in enumerate(rows, 1)
    ]


def _earlier(asked: Question, question: Question) -> dict[str, object]:
    """An earlier question, and what its answer must be for this one to be put."""
    rules = [rule for rule in question.when if rule.question == asked.code]
    wanted = answers_of(asked)
    for rule in rules:
        wanted = wanted.met_by(rule)
    named = sorted(int(one) for one in wanted.among or () if one.isdigit())
    low, high = (named[0], named[-1]) if named else (wanted.low, wanted.high)
    language = settings().languages[0]
    return {
        "code": asked.code,
        "kind": asked.kind.value,
        "words": asking.words_of(asked, language),
        "options": [
            {**one, "ticked": bool(rules) and one["code"] in (wanted.among or ())}
            for one in options_of(asked, language)
        ]
        if asked.kind in (Kind.choice, Kind.yes_no)
        else [],
        "low": low if rules and low is not None else "",
        "high": high if rules and high is not None else "",
    }
