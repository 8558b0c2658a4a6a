"""How we reach a citizen, from the tracking page: another way joined by two codes, and which way comes first.

Whoever is here typed four digits, which open one case and no more. So a new way is joined only with a code from each
side: one that went to the contact the case came by, and one that went to the new one.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from api import throttle
from api.citizen import opens, proof_of
from api.forms import Posted
from api.pages import choose_language, render
from api.report_sent import hint
from api.words import N_
from cases import history, people
from cases.linking import target_of
from cases.people import Asked, Tried
from core.database import database
from core.errors import BadInput, NotFound
from core.i18n import translator
from domain.case import Case
from domain.citizen import Citizen, ContactPoint
from domain.states import Purpose
from domain.visibility import names_citizen

router = APIRouter(include_in_schema=False)

ADDRESS = N_("Enter a mobile number, such as 069 123 4567, or an e-mail address.")
ALREADY = N_("This one is yours already.")
MANY = N_("That was asked too often. Please try again tomorrow.")
WRONG = N_("These are not the two codes. Look once more at both messages.")
OVER = N_("These codes are not good any more. Please ask for new ones.")
JOINED = N_("Done. We know now that both are you.")
KEPT = N_("Kept. We write to you that way from now on.")


@router.get("/track/{reference}/contacts")
def back(reference: str) -> Response:
    """A reload has no digits with it: back to where they are typed."""
    return RedirectResponse(f"/track/{reference}", status_code=303)


@router.post("/track/{reference}/contacts")
def show(request: Request, reference: str, form: Posted) -> Response:
    """How we reach this citizen."""
    return _page(request, reference, form)


@router.post("/track/{reference}/contacts/code")
def send_codes(request: Request, reference: str, form: Posted) -> Response:
    """Send a code to each side."""
    now = datetime.now(UTC)
    throttle.spend("report", throttle.address_of(request))
    wrong, sent_to = "", ""
    with database().write() as session:
        _, own = _mine(session, reference, form)
        try:
            target = target_of(session, form.get("address", "").strip(), now)
        except BadInput:
            target = None
        session.flush()
        if target is None:
            wrong = ADDRESS
        elif target.citizen_id == own.citizen_id:
            wrong = ALREADY
        else:
            asked = people.ask_proof(session, own, own, now)
            if asked is Asked.sent:
                asked = people.ask_proof(session, own, target, now)
            wrong = MANY if asked is Asked.many else ""
            sent_to = str(target.id)
    return _page(request, reference, form, errors={"address": wrong} if wrong else {}, sent_to=sent_to)


@router.post("/track/{reference}/contacts/join")
def join(request: Request, reference: str, form: Posted) -> Response:
    """Two codes were typed: join the two, if both are right."""
    now = datetime.now(UTC)
    with database().write() as session:
        _, own = _mine(session, reference, form)
        target = session.get(ContactPoint, _uuid(form.get("to", "")), with_for_update=True)
        if target is None:
            tried = Tried.over
        else:
            tried = people.prove_both(session, own, target, form.get("own_code", ""), form.get("new_code", ""), now)
        if tried is Tried.right and target is not None:
            people.join(session, own, target, "codes to both, on the tracking page", now)
    if tried is Tried.right:
        return _page(request, reference, form, said=JOINED)
    if tried is Tried.wrong:
        return _page(request, reference, form, errors={"own_code": WRONG}, sent_to=form.get("to", ""))
    return _page(request, reference, form, errors={"address": OVER})


@router.post("/track/{reference}/contacts/prefer")
def prefer(request: Request, reference: str, form: Posted) -> Response:
    """Which way first, and whether another may be tried."""
    with database().write() as session:
        _, own = _mine(session, reference, form)
        chosen = _uuid(form.get("first", ""))
        for one in (own, *people.others(session, own)):
            if one.id == chosen:
                people.prefer(session, one)
        people.allow_fallback(session, own, bool(form.get("fallback")))
    return _page(request, reference, form, said=KEPT)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _mine(session: Session, reference: str, form: Mapping[str, str]) -> tuple[Case, ContactPoint]:
    """The case, and the contact point it came by (locked), for whoever opened its answers.

    Raises NotFound for who did not, for an anonymous case and for one told in confidence.
    """
    case = history.tracked(session, reference)
    if not opens(case, form.get("unlock", "")) or case.contact_point_id is None or not names_citizen(case):
        raise NotFound("Open the answers first.", mend="Go back, and type your PIN or the last digits of your phone.")
    return case, session.get_one(ContactPoint, case.contact_point_id, with_for_update=True)


def _page(
    request: Request,
    reference: str,
    form: Mapping[str, str],
    *,
    errors: Mapping[str, str] | None = None,
    sent_to: str = "",
    said: str = "",
) -> Response:
    lang, _ = choose_language(request)
    words = translator(lang).gettext
    with database().read() as session:
        case, own = _mine(session, reference, form)
        citizen = session.get_one(Citizen, own.citizen_id)
        first = people.address_of(session, case, Purpose.answer)
        ways = [own, *people.others(session, own)]
        target = session.get(ContactPoint, _uuid(sent_to)) if sent_to and not (errors or {}).get("address") else None
        context: dict[str, object] = {
            "reference": case.reference,
            "unlock": proof_of(case),
            "ways": [_way(one, first=first is not None and one.id == first.id) for one in ways],
            "fallback": citizen.fallback,
            "may_join": people.reachable(own),
            "own": _way(own),
            "sent_to": _way(target) if target is not None else None,
            "address": form.get("address", ""),
        }
    wrong = {name: words(text) for name, text in (errors or {}).items()}
    context |= {"errors": wrong, "said": words(said) if said else ""}
    return render(request, "citizen/contacts.html", context, status=422 if wrong else 200)


def _way(contact: ContactPoint, *, first: bool = False) -> dict[str, object]:
    return {"id": str(contact.id), "channel": str(contact.channel), "hint": hint(contact), "first": first}
