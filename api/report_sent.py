"""A report that is complete: stored, made a case at once, and its receipt."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime

import segno
from fastapi import Request
from fastapi.responses import Response
from markupsafe import Markup
from sqlmodel import Session, col, func, select

from api import report_guard
from api.pages import render
from api.report_flow import Draft
from cases import history, intake, proofs
from cases.opening import pin_of
from channels.forms import N_
from channels.values import JSON, Channel
from core.crypto import mask
from core.database import database
from core.i18n import translator
from core.settings import settings
from domain.attachment import Attachment
from domain.case import Case
from domain.catalogue import catalogue
from domain.citizen import ContactPoint
from domain.states import CaseState, ClockKind

WHERE = N_("Where: %(place)s")


def send(request: Request, draft: Draft, lang: str) -> Response | None:
    """Store the report and answer with its receipt. Sent twice it is one case; with other words it is another.

    None where it is stored, but not yet a case: the worker goes on with it.
    """
    message = draft.message(lang)
    now = datetime.now(UTC)
    text = message.text
    if draft.values["spot"]:
        text += "\n\n" + translator(lang).gettext(WHERE) % {"place": draft.values["spot"]}
    # clicked twice it is one message; changed on the way back from the receipt it is another
    said = hashlib.sha256(f"{message.sender}\0{text}".encode()).hexdigest()[:16]
    more: dict[str, JSON] = {"upload_key": draft.form_id}
    if held := report_guard.held(draft.values, draft.started, draft.form_id, now):
        more["held"] = held
    if draft.values["same"] == "yes":
        more["same_as_others"] = True
    row = intake.receive_and_process(
        replace(
            message,
            text=text,
            provider_id=f"{message.provider_id}/{said}",
            details={**message.details, **more},
        ),
        now,
    )
    with database().read() as session:
        case = session.get(Case, row.case_id) if row.case_id else None
        if case is None:
            return None
        context = receipt(session, case, lang)
    return render(request, "citizen/receipt.html", context)


def receipt(session: Session, case: Case, lang: str) -> dict[str, object]:
    """What the receipt shows; its template says what each means."""
    url = f"{settings().site_url}/track/{case.reference}"
    contact = session.get(ContactPoint, case.contact_point_id) if case.contact_point_id else None
    files = session.exec(select(func.count()).where(col(Attachment.case_id) == case.id)).one()
    return {
        "reference": case.reference,
        "pin": pin_of(case.id),
        "proof": proofs.code_of(case),
        "office": ""
        if case.state == CaseState.triage or case.integrity
        else catalogue(session).name(case.office_id, lang),
        "confidential": case.integrity,
        "name_hidden": case.confidential,
        "opened_at": case.opened_at,
        "due_at": _first_due(session, case) or case.opened_at,
        "by": str(contact.channel) if contact else "",
        "to": hint(contact) if contact else "",
        "files": files,
        "qr": Markup(segno.make(url, error="m").svg_inline(scale=4, border=2, svgclass="qr", lineclass=None)),  # noqa: S704
        "track_url": url,
    }


def hint(contact: ContactPoint) -> str:
    """Enough of an address for its owner to know it: the first letter and domain of an e-mail, the end of a number."""
    if contact.channel == Channel.email:
        local, _, domain = contact.address.rpartition("@")
        return f"{local[:1]}…@{domain}"
    return mask(contact.address)


def _first_due(session: Session, case: Case) -> datetime | None:
    due = [clock.deadline_at for clock in history.clocks(session, case) if clock.kind == ClockKind.first_response]
    return due[0] if due else None
