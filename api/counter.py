"""Writing in for somebody: a screen per way they came, what is known already, the slip they take home."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Final, get_args

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from markupsafe import Markup
from sqlmodel import Session

from api import choices, queue, report_files
from api.auth import SignedIn, Staffed
from api.forms import Filled
from api.pages import render, render_fragment
from api.words import KINDS, SOURCES
from cases import assisted, history, intake
from cases.filters import Filter
from channels import assisted as screens
from channels.values import Channel
from core.crypto import mask, same
from core.database import database
from core.errors import BadInput, NotAllowed, NotFound
from core.ids import new_id
from core.settings import settings
from core.texts import shorten
from domain.case import Case
from domain.catalogue import catalogue
from domain.states import AUDIT_SOURCES, IntakeSource
from domain.visibility import Viewer
from reports import slips

router = APIRouter(include_in_schema=False)

ORDER: Final = tuple(IntakeSource(source) for source in get_args(screens.Source))
FIELDS: Final = tuple(name for name in screens.Told.model_fields if name not in ("source", "token"))
TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{8,64}")
ASK: Final = {
    IntakeSource.hotline: "Somebody is on the phone.",
    IntakeSource.walk_in: "Somebody stands at the counter.",
    IntakeSource.open_day: "Somebody spoke up on an open-door day.",
    IntakeSource.letter: "A letter lies before you.",
    IntakeSource.video: "Somebody is on the screen.",
    IntakeSource.mystery_shopper: "A visitor nobody knew looked at an office.",
    IntakeSource.quality_audit: "An announced visitor looked at an office.",
}


def now() -> datetime:
    """This moment; the rules get it from here."""
    return datetime.now(UTC)


def today() -> screens.Today:
    """What dates and numbers are read against."""
    current = settings()
    return screens.Today(now(), current.zone, current.region)


def may_write_in(staff: SignedIn) -> None:
    """Raises NotAllowed for those whose work it is not."""
    if not staff.viewer.has(*assisted.WRITES_IN):
        raise NotAllowed("Writing in for citizens is for those who meet them.", mend="Ask an operator or officer.")


def checked_upload(staff: Staffed, form: report_files.Uploaded) -> report_files.Form:
    """Dependency: a form with files of somebody signed in, sent from our own page. Raises NotAllowed."""
    if not same(form.fields.get("csrf", ""), staff.csrf):
        raise NotAllowed("This form is from another session.", mend="Go back, reload the page, and send it again.")
    return form


CheckedUpload = Annotated[report_files.Form, Depends(checked_upload)]


@router.get("/staff/intake")
def show_sources(request: Request, staff: Staffed) -> Response:
    """How did they come? And what was written in last."""
    may_write_in(staff)
    with database().read() as session:
        last = [_line(session, staff.viewer, one) for one in assisted.kept_lately(session, staff.viewer, now())]
    context = {"sources": [_source(one) for one in ORDER], "last": last}
    return render(request, "staff/intake_start.html", context)


@router.post("/staff/intake/known")
def show_known(request: Request, staff: Staffed, form: Filled) -> Response:
    """What is known already of this number and these words, while they are being typed. Posted: no number in a URL."""
    may_write_in(staff)
    return render_fragment(request, "staff/intake_known.html", _known(staff.viewer, form))


@router.get("/staff/intake/{source}")
def show_form(request: Request, staff: Staffed, source: str) -> Response:
    """The screen of one way to come."""
    may_write_in(staff)
    return _form(request, staff, _read_source(source), {"language": settings().languages[0]}, str(new_id()))


@router.post("/staff/intake/{source}")
def keep(request: Request, staff: Staffed, uploaded: CheckedUpload, source: str) -> Response:
    """Keep it: two clicks are one case, and whoever keyed it stands on its timeline."""
    may_write_in(staff)
    form = uploaded.fields
    chosen, token = _read_source(source), form.get("token", "")
    unkept = report_files.keep(token, uploaded.files, now(), Channel.assisted) if TOKEN.fullmatch(token) else {}
    if form.get("go") == "look":
        return _form(request, staff, chosen, form, token)
    try:
        if unkept:
            raise BadInput("A file cannot be kept.", fields=unkept)
        message = screens.parse(form, source=chosen, today=today())
        adds_to = _adds_to(staff.viewer, form, message.sender)
    except BadInput as error:
        token = str(new_id()) if "token" in error.fields else token
        return _form(request, staff, chosen, form, token, error.fields)
    row = intake.receive_and_process(
        assisted.keyed_by(message, staff.viewer, upload_key=token, **({"adds_to": adds_to} if adds_to else {})), now()
    )
    with database().read() as session:
        case = session.get(Case, row.case_id) if row.case_id else None
        if case is None:  # stored, and the worker goes on with it
            raise BadInput(
                "It is kept, but its number is not ready yet.",
                mend="Send the form again in a minute to see the number; it will not count twice.",
            )
    if adds_to:
        return RedirectResponse(f"/staff/cases/{case.reference}?said=added", status_code=303)
    return RedirectResponse(f"/staff/intake/{case.reference}/kept", status_code=303)


@router.get("/staff/intake/{reference}/kept")
def show_kept(request: Request, staff: Staffed, reference: str) -> Response:
    """The number, how the citizen gets it, and the next one."""
    may_write_in(staff)
    with database().read() as session:
        kept = assisted.kept(session, staff.viewer, reference, now())
        context = {**_line(session, staff.viewer, kept), "source": _source(kept.case.source)}
    return render(request, "staff/intake_kept.html", context)


@router.get("/staff/intake/{reference}/slip")
def show_slip(request: Request, staff: Staffed, reference: str) -> Response:
    """The slip as a page to print."""
    with database().read() as session:
        made = slips.slip(session, _with_slip(session, staff.viewer, reference), now())
    return slip_page(request, [made], f"/staff/intake/{made['reference']}/slip.pdf", f"/staff/intake/{reference}/kept")


@router.get("/staff/intake/{reference}/slip.pdf")
def get_slip(staff: Staffed, reference: str, paper: str = "a6") -> Response:
    """The slip as a PDF, on A6 or for the roll of a receipt printer."""
    with database().read() as session:
        made = slips.slip(session, _with_slip(session, staff.viewer, reference), now())
    return pdf_answer(slips.paper([made], paper if paper in slips.PAPERS else "a6"), f"slip-{made['reference']}.pdf")


def slip_page(request: Request, made: list[dict[str, object]], pdf: str, back: str) -> Response:
    """Slips to print from the browser, one a page."""
    shown = [{**one, "qr": Markup(str(one["svg"]))} for one in made]  # noqa: S704  (our own drawing)
    return render(request, "staff/slips.html", {"slips": shown, "pdf": pdf, "back": back})


def pdf_answer(document: bytes, name: str) -> Response:
    """A PDF the browser shows, and keeps under a name that says what it is."""
    plain = name.encode("ascii", "ignore").decode()
    headers = {"Content-Disposition": f'inline; filename="{plain}"', "Cache-Control": "no-store"}
    return Response(document, media_type="application/pdf", headers=headers)


def _with_slip(session: Session, who: Viewer, reference: str) -> assisted.Kept:
    kept = assisted.kept(session, who, reference, now())
    if kept.case.source in AUDIT_SOURCES:
        raise NotFound("A visit has no slip: no citizen waits for an answer.", mend="Go back to the desk.")
    return kept


def _read_source(code: str) -> IntakeSource:
    found = next((source for source in ORDER if source == code), None)
    if found is None:
        raise NotFound("There is no such screen.", mend="Go back and choose how they came.")
    return found


def _source(code: IntakeSource) -> dict[str, object]:
    return {
        "code": str(code),
        "name": SOURCES[code],
        "ask": ASK.get(code, ""),
        "visit": code in AUDIT_SOURCES,
        "url": f"/staff/intake/{code}" if code in ORDER else "/staff/book",
    }


def _adds_to(who: Viewer, form: Mapping[str, str], sender: str) -> str:
    """Reference of the open case of the same citizen that this belongs to; empty for a case of its own."""
    wanted = form.get("adds_to", "")
    if not wanted or not sender:
        return ""
    with database().read() as session:
        found = [case.reference for case in assisted.of_contact(session, who, sender)]
    if wanted not in found:
        raise BadInput("That case is not open any more.", fields={"adds_to": "That case is not open any more."})
    return wanted


def _form(
    request: Request,
    staff: SignedIn,
    source: IntakeSource,
    given: Mapping[str, str],
    token: str,
    errors: Mapping[str, str] | None = None,
) -> Response:
    with database().read() as session:
        known = catalogue(session)
        offered = {
            "services": choices.services(known, "en"),
            "places": choices.places(known, "en"),
            "offices": choices.offices(known, "en"),
        }
    context = {
        **offered,
        **_known(staff.viewer, given),
        "source": _source(source),
        "sources": [_source(one) for one in ORDER],
        "kinds": [{"code": str(code), "name": name} for code, name in KINDS.items()],
        "values": {name: given.get(name, "") for name in FIELDS},
        "errors": dict(errors or {}),
        "token": token,
        "files": _files(token),
        "today": today().day.isoformat(),
    }
    return render(request, "staff/intake.html", context, status=422 if errors else 200)


def _files(token: str) -> list[report_files.Kept]:
    with database().read() as session:
        return report_files.kept(session, token)


def _known(who: Viewer, given: Mapping[str, str]) -> dict[str, object]:
    """Open cases of the same citizen, and recent ones in nearly the same words; both only as far as one may look."""
    address = screens.address_of(given.get("contact", ""), settings().region)
    text = given.get("text", "")[: screens.MAX_TEXT]
    with database().read() as session:
        theirs = assisted.of_contact(session, who, address) if address else []
        alike = [case for case in assisted.similar(session, who, text, now()) if case not in theirs]
        lines = [[_found(session, case) for case in cases] for cases in (theirs, alike)]
    return {"same": lines[0], "alike": lines[1], "adds_to": given.get("adds_to", "")}


def _found(session: Session, case: Case) -> dict[str, object]:
    return {
        "reference": case.reference,
        "title": shorten(case.text, 110),
        "state": str(case.state),
        "office": catalogue(session).name(case.office_id),
        "at": case.received_at,
        "silent_seconds": queue.silent_seconds(case, now()),
    }


def _line(session: Session, who: Viewer, kept: assisted.Kept) -> dict[str, object]:
    case = kept.case
    return {
        "reference": case.reference,
        "title": shorten(case.text, 90),
        "source_name": SOURCES[case.source],
        "visit": case.source in AUDIT_SOURCES,
        "told": kept.told,
        "to": mask(kept.contact.address) if kept.contact else "",
        "by": str(kept.contact.channel) if kept.contact else "",
        "office": "" if case.integrity else catalogue(session).name(case.office_id),
        "triage": case.state == "triage",
        "at": case.opened_at,
        "received_at": case.received_at,
        "seen": history.count(session, who, Filter(words=case.reference)) > 0,
    }
