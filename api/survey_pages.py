"""Surveys in the browser: what is asked of whom, and its versions; publishing with four eyes, files to take away."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session, col, select
from starlette.datastructures import UploadFile

from api import survey_preview
from api.auth import SignedIn, Staffed
from api.forms import read_form
from api.pages import render
from cases import survey_editing
from cases.survey_editing import Draft
from cases.wording_editing import usual_names
from core.crypto import same
from core.database import database
from core.errors import BadInput, NotAllowed, NotFound, OmbudError, TooLarge
from core.i18n import english_name
from core.settings import settings
from domain.catalogue import Catalogue, catalogue, name_of
from domain.staff import Staff
from domain.states import SurveyKind, SurveyState
from domain.survey import Survey
from surveys import asking, definitions, exchange
from surveys.definitions import SHIPPED
from surveys.differences import KINDS, conditions, differences
from surveys.faults import CODE, Finding
from surveys.flow import Kind, Question, following, read

router = APIRouter(include_in_schema=False)

SAID = {
    "created": "A draft is there, with the questions that come with Ombud. Change what should be asked otherwise.",
    "saved": "Kept as a draft. Nobody is asked with it until somebody else publishes it.",
    "published": "Published. Who is served from now on is asked this; who was invited before is asked as before.",
    "retired": "Retired. Nobody new is asked with it; what was sent is still answered.",
    "discarded": "The draft is gone. What is in use stays.",
    "imported": "Read in as a draft. Look at what is different, then have somebody publish it.",
}
STATES = {
    SurveyState.draft: ("draft", "soon"),
    SurveyState.published: ("in use", "well"),
    SurveyState.replaced: ("replaced", ""),
    SurveyState.retired: ("retired", ""),
}
ASKED = {SurveyKind.service: "after a service", SurveyKind.exit: "at the door"}
FIELDS = 600
"""Fields of the largest form: nine choices in a dozen languages, with conditions on a dozen questions."""


async def survey_form(request: Request, staff: Staffed) -> dict[str, str]:
    """Dependency: the posted form from our own page, with the text of a file that came along as `file`."""
    form = await read_form(request, files=1, fields=FIELDS)
    fields = {name: value for name, value in form.multi_items() if isinstance(value, str)}
    if not same(fields.get("csrf", ""), staff.csrf):
        raise NotAllowed("This form is from another session.", mend="Go back, reload the page, and send it again.")
    file = form.get("file")
    if isinstance(file, UploadFile):
        if (file.size or 0) > exchange.LARGEST:
            raise TooLarge("This file is too big for a survey.", mend="Export a survey to see how long one is.")
        fields["file"] = (await file.read()).decode("utf-8-sig", "replace")
    return fields


Form = Annotated[dict[str, str], Depends(survey_form)]


def now() -> datetime:
    """The moment of a request."""
    return datetime.now(UTC)


def flash(request: Request, said: str, problem: OmbudError | None = None) -> None:
    """Say at the top what was done, or why not."""
    if problem is not None:
        request.state.flash = {"text": str(problem), "tone": "late", "undo": ""}
    elif said in SAID:
        request.state.flash = {"text": SAID[said], "tone": "well", "undo": ""}


@router.get("/staff/surveys")
def show_surveys(request: Request, staff: Staffed, said: str = "") -> Response:
    """Every survey: of whom it is asked, and which version."""
    flash(request, said)
    return _list(request, staff)


@router.post("/staff/surveys")
def add(request: Request, staff: Staffed, form: Form) -> Response:
    """Begin a survey of one's own."""
    try:
        with database().write() as session:
            service = catalogue(session).service_by_code.get(form.get("service", ""))
            made = survey_editing.create(
                session,
                staff.viewer,
                form.get("code", "").strip(),
                form.get("title", ""),
                SurveyKind.exit if form.get("kind") == SurveyKind.exit else SurveyKind.service,
                service.id if service else None,
                now(),
            )
            code = made.code
    except OmbudError as error:
        return _list(request, staff, typed=form, problem=error)
    return RedirectResponse(f"/staff/surveys/{code}?said=created", 303)


def _list(
    request: Request,
    staff: SignedIn,
    *,
    typed: Mapping[str, str] | None = None,
    problem: OmbudError | None = None,
) -> Response:
    survey_editing.may_read(staff.viewer)
    with database().read() as session:
        bare = [kind for kind in SHIPPED if not session.exec(select(Survey.id).where(col(Survey.kind) == kind)).first()]
    if bare:  # the very first look: what came with Ombud is there to be changed
        with database().write() as session:
            for kind in bare:
                definitions.install(session, kind)
    with database().read() as session:
        known = catalogue(session)
        rows = session.exec(select(Survey).order_by(col(Survey.code), col(Survey.version).desc())).all()
        invited = survey_editing.invited(session, [row.id for row in rows])
        by_code: dict[str, list[Survey]] = {}
        for row in rows:
            by_code.setdefault(row.code, []).append(row)
        context = {
            "surveys": [_line(known, kept, invited) for kept in by_code.values()],
            "may_write": survey_editing.writes(known, staff.viewer),
            "kinds": [{"label": "", "options": [{"code": str(k), "name": text} for k, text in ASKED.items()]}],
            "services": [{"label": "", "options": services_of(known)}],
            "typed": {name: (typed or {}).get(name, "") for name in ("code", "title", "kind", "service")},
            "errors": dict(problem.fields) if isinstance(problem, BadInput) else {},
        }
    if problem is not None and not context["errors"]:
        flash(request, "", problem)
    return render(request, "staff/surveys.html", context, status=problem.status if problem else 200)


def _line(known: Catalogue, kept: Sequence[Survey], invited: Mapping[UUID, int]) -> dict[str, object]:
    newest = kept[0]
    live = next((one for one in kept if one.state == SurveyState.published), None)
    return {
        "code": newest.code,
        "title": (live or newest).title or newest.code,
        "asked": ASKED[SurveyKind(newest.kind)],
        "service": service_name(known, newest.service_id),
        "questions": len((live or newest).questions),
        "version": live.version if live else 0,
        "draft": newest.version if newest.state == SurveyState.draft else 0,
        "state": STATES[SurveyState(live.state if live else newest.state)],
        "invited": sum(invited.get(one.id, 0) for one in kept),
    }


def service_name(known: Catalogue, service_id: UUID | None) -> str:
    """A service's name; empty for every service."""
    service = known.services.get(service_id) if service_id else None
    return name_of(service, "en") if service else ""


def services_of(known: Catalogue) -> list[dict[str, str]]:
    """All services, to choose one."""
    found = ({"code": code, "name": name_of(one, "en")} for code, one in known.service_by_code.items() if one.active)
    return sorted(found, key=lambda one: one["name"].casefold())


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


@router.get("/staff/surveys/{code}/try")
def try_out(
    request: Request,
    staff: Staffed,
    code: str,
    given: str = "",
    answer: str = "",
    language: str = "",
    channel: str = "",
) -> Response:
    """Walk through the newest version as a citizen would. Nothing is stored or sent."""
    survey_editing.may_read(staff.viewer)
    with database().read() as session:
        known = catalogue(session)
        newest = survey_editing.versions(session, code)[0]
        kind, questions = SurveyKind(newest.kind), read(newest.questions)
        first = language if language in settings().languages else settings().languages[0]
        shown = survey_preview.chosen(kind, language, channel, *usual_names(known, first))
        answers = survey_preview.read_way(questions, given)
        asked = following(questions, answers)
        if asked is not None and answer:
            answers = survey_preview.read_way(questions, f"{given},{asked.code}:{answer.replace(',', ' ')}")
            asked = following(questions, answers)
        title, version = newest.title or code, newest.version
    steps = survey_preview.way(questions, answers, shown)
    context = {
        "code": code,
        "title": title,
        "version": version,
        "way": steps,
        "asked": survey_preview.bubble(asked, shown) if asked else None,
        "given": survey_preview.way_text(answers),
        "back": survey_preview.way_text(dict(list(answers.items())[:-1])),
        "preview": survey_preview.choices(kind, shown),
        "passed": [one.code for one in questions if one.code not in answers and asked is None],
    }
    return render(request, "staff/survey_try.html", context)


@router.get("/staff/surveys/{code}/export")
def export(request: Request, staff: Staffed, code: str, form: str = "json") -> Response:
    """The newest version as a file: JSON to read in elsewhere, CSV for a translator."""
    survey_editing.may_read(staff.viewer)
    with database().read() as session:
        row = survey_editing.versions(session, code)[0]
        questions, title, note = read(row.questions), row.title, row.note
        version, kind = row.version, str(row.kind)
    languages = settings().languages
    if form == "csv":
        text = exchange.to_csv(questions, languages, {one: english_name(one) for one in languages})
        media, raw = "text/csv; charset=utf-8", text.encode("utf-8-sig")  # spreadsheets know UTF-8 by its mark
    else:
        media, raw = "application/json", exchange.to_json(code, version, kind, title, note, questions).encode()
    name = f"survey-{code}-{version}.{'csv' if form == 'csv' else 'json'}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(raw, media_type=media, headers=headers)
