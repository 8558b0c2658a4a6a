"""One survey in the browser: its questions, their look and their price, its versions; published with four eyes."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session, col, select

from api import survey_preview
from api.auth import SignedIn, Staffed
from api.pages import render
from api.survey_list import ASKED, STATES, Form, flash, now, service_name
from cases import survey_editing
from cases.survey_editing import Draft
from cases.wording_editing import usual_names
from core.database import database
from core.errors import BadInput, NotFound, OmbudError
from core.settings import settings
from domain.catalogue import catalogue
from domain.staff import Staff
from domain.states import SurveyKind, SurveyState
from domain.survey import Survey
from surveys import asking, exchange
from surveys.consent import QUESTION
from surveys.definitions import SHIPPED
from surveys.differences import KINDS, conditions, differences
from surveys.faults import CODE, Finding
from surveys.flow import Kind, Question, read

router = APIRouter(include_in_schema=False)


@router.get("/staff/surveys/{code}")
def show_survey(
    request: Request, staff: Staffed, code: str, said: str = "", language: str = "", channel: str = ""
) -> Response:
    """One survey: its questions, how they look, what they cost, and its versions."""
    flash(request, said)
    return _page(request, staff, code, language=language, channel=channel)


@router.post("/staff/surveys/{code}")
def change(request: Request, staff: Staffed, form: Form, code: str) -> Response:
    """Add, move or take away a question, name the survey, read a file in; publish, retire or throw a draft away."""
    go, seen, moment, who = form.get("go", ""), form.get("seen", ""), now(), staff.viewer
    said = "saved"
    try:
        with database().write() as session:
            newest = survey_editing.versions(session, code)[0]
            if go == "publish":
                survey_editing.publish(session, who, code, seen, moment)
                said = "published"
            elif go == "retire":
                survey_editing.retire(session, who, code, seen, moment)
                said = "retired"
            elif go == "discard":
                left, said = survey_editing.discard(session, who, code, seen, moment), "discarded"
                code = code if left else ""
            else:
                survey_editing.change(session, who, code, seen, _changed(newest, form), moment)
                said = "imported" if go == "import" else "saved"
    except NotFound:
        raise
    except OmbudError as error:
        return _page(request, staff, code, typed=form, problem=error)
    added = form.get("question", "").strip()
    if go == "add":
        return RedirectResponse(f"/staff/surveys/{code}/questions/{added}", 303)
    return RedirectResponse(f"/staff/surveys{'/' + code if code else ''}?said={said}", 303)


def _changed(newest: Survey, form: Mapping[str, str]) -> Draft:
    """What a press of one of the page's buttons makes of a survey."""
    questions, wanted = list(read(newest.questions)), form.get("question", "").strip()
    draft = Draft(newest.title or newest.code, newest.note, questions)
    at = next((place for place, one in enumerate(questions) if one.code == wanted), None)
    match form.get("go", ""):
        case "name":
            return replace(draft, title=form.get("title", ""), note=form.get("note", ""))
        case "add":
            return replace(draft, questions=_added(questions, wanted, form.get("kind", "")))
        case "up" | "down" if at is not None:
            to = at - 1 if form.get("go") == "up" else at + 1
            if 0 <= to < len(questions):
                questions[at], questions[to] = questions[to], questions[at]
        case "remove" if at is not None:
            del questions[at]
        case "shipped":
            return replace(draft, questions=SHIPPED[SurveyKind(newest.kind)][2])
        case "import":
            file = exchange.from_json(form.get("file", ""))
            return Draft(file.title or draft.title, file.note, file.questions)
        case _:
            raise BadInput("Choose what should happen.", mend="Press one of the page's buttons.")
    return draft


def _added(questions: list[Question], code: str, kind: str) -> list[Question]:
    """A new question; before the own words, which come last."""
    faults: dict[str, str] = {}
    if not CODE.fullmatch(code):
        faults["question"] = "A code is small letters a to z, digits and _, a letter first, at most 30."
    elif any(one.code == code for one in questions):
        faults["question"] = "There is a question with this code already."
    if kind not in list(Kind):
        faults["kind"] = "Choose what is answered."
    if faults:
        raise BadInput("Something needs another look; nothing was saved.", fields=faults)
    last = bool(questions) and questions[-1].kind is Kind.text and kind != Kind.text
    place = len(questions) - (1 if last else 0)
    return [*questions[:place], Question(code, Kind(kind)), *questions[place:]]


def _page(
    request: Request,
    staff: SignedIn,
    code: str,
    *,
    language: str = "",
    channel: str = "",
    typed: Mapping[str, str] | None = None,
    problem: OmbudError | None = None,
) -> Response:
    survey_editing.may_read(staff.viewer)
    with database().read() as session:
        known = catalogue(session)
        kept = survey_editing.versions(session, code)
        newest, kind = kept[0], SurveyKind(kept[0].kind)
        live = next((one for one in kept if one.state == SurveyState.published), None)
        questions = read(newest.questions)
        names = {one: usual_names(known, one) for one in settings().languages}
        shown = survey_preview.chosen(kind, language, channel, *names.get(language, names[settings().languages[0]]))
        found = survey_editing.check(newest)
        costs = []
        if kind is SurveyKind.service and questions:
            costs = survey_preview.cost_lines(questions, names)
            found += survey_preview.heavy(questions, names)
        draft = newest.state == SurveyState.draft
        mine = str(staff.id) in newest.writers
        publisher = survey_editing.publishes(known, staff.viewer)
        context = {
            "code": code,
            "title": newest.title or code,
            "note": newest.note,
            "asked": ASKED[kind],
            "service": service_name(known, newest.service_id),
            "version": newest.version,
            "live": live.version if live else 0,
            "state": STATES[SurveyState(newest.state)],
            "seen": survey_editing.stamp(newest),
            "draft": draft,
            "may_write": survey_editing.writes(known, staff.viewer),
            "may_publish": draft and publisher and not mine and not any(one.wrong for one in found),
            "waits": _waits(draft, found, mine),
            "may_retire": publisher and live is not None,
            "questions": [_card(one, place, len(questions), found) for place, one in enumerate(questions, 1)],
            "whole": [one for one in found if not one.question],
            "wrong": sum(one.wrong for one in found),
            "kinds": [{"label": "", "options": [{"code": str(k), "name": text} for k, text in KINDS.items()]}],
            "bubbles": [survey_preview.bubble(one, shown) for one in questions],
            "consent": survey_preview.bubble(QUESTION, shown) if kind is SurveyKind.service else None,
            "preview": survey_preview.choices(kind, shown),
            "costs": costs,
            "most": settings().survey_messages,
            "changed": differences(read(live.questions), questions) if live and draft else [],
            "versions": _versions(session, kept),
            "typed": {"question": (typed or {}).get("question", ""), "kind": (typed or {}).get("kind", "")},
            "errors": dict(problem.fields) if isinstance(problem, BadInput) else {},
        }
    if problem is not None and not context["errors"]:
        flash(request, "", problem)
    return render(request, "staff/survey.html", context, status=problem.status if problem else 200)


def _waits(draft: bool, found: Sequence[Finding], mine: bool) -> str:
    """Why a draft is not published yet, for whoever looks at it."""
    if not draft:
        return ""
    if any(one.wrong for one in found):
        return "This draft cannot be published before what is marked below is mended."
    if mine:
        return "You wrote at this draft, so somebody else reads and publishes it."
    return "This draft waits to be published. Read it as a citizen would, and walk through it."


def _card(one: Question, place: int, total: int, found: Sequence[Finding]) -> dict[str, object]:
    language = settings().languages[0]
    return {
        "code": one.code,
        "place": place,
        "kind": KINDS[one.kind],
        "words": asking.words_of(one, language),
        "language": language,
        "own": bool(one.words),
        "when": conditions(one),
        "options": [asking.option_words(option, language) for option in one.options],
        "first": place == 1,
        "last": place == total,
        "findings": [finding for finding in found if finding.question == one.code],
    }


def _versions(session: Session, kept: Sequence[Survey]) -> list[dict[str, object]]:
    writers = {UUID(one) for row in kept for one in row.writers} | {
        row.published_by for row in kept if row.published_by
    }
    people = dict(session.exec(select(Staff.id, Staff.name).where(col(Staff.id).in_(writers))).all())
    invited = survey_editing.invited(session, [row.id for row in kept])
    older = {row.version: row for row in kept}
    return [
        {
            "number": row.version,
            "state": STATES[SurveyState(row.state)],
            "note": row.note,
            "by": ", ".join(people.get(UUID(one), "") for one in row.writers),
            "published_by": people.get(row.published_by, "") if row.published_by else "",
            "at": row.published_at or row.written_at,
            "questions": [
                f"{place}. {one.code}: {KINDS[one.kind]}" for place, one in enumerate(read(row.questions), 1)
            ],
            "changed": differences(read(older[row.version - 1].questions), read(row.questions))
            if row.version - 1 in older
            else [],
            "invited": invited.get(row.id, 0),
        }
        for row in kept
    ]
