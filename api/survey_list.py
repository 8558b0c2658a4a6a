"""The list of surveys in the browser, and what all pages of surveys share: their form, states and sentences."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import col, select
from starlette.datastructures import UploadFile

from api.auth import SignedIn, Staffed
from api.forms import read_form
from api.pages import render
from cases import survey_editing
from core.crypto import same
from core.database import database
from core.errors import BadInput, NotAllowed, OmbudError, TooLarge
from domain.catalogue import Catalogue, catalogue, name_of
from domain.states import SurveyKind, SurveyState
from domain.survey import Survey
from surveys import definitions, exchange
from surveys.definitions import SHIPPED

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
