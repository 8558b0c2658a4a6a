"""`/api/v1/cases`: cases in and out of other systems."""

import base64
import binascii
import hashlib
import json
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlmodel import Session, col, select

from api.keys import Holder
from api.problems import documented, problem
from api.rest_shared import Now, Reader, Writer, offices_of
from cases import history, intake, parts
from cases.filters import Filter
from cases.persons import Redactor
from channels.phones import read_phone
from channels.values import JSON, Channel, Inbound
from core.crypto import cipher, same
from core.database import database
from core.errors import BadInput, Conflict
from core.ids import new_id
from core.settings import settings
from core.texts import clean
from domain.access import Scope
from domain.case import Case
from domain.catalogue import Catalogue, catalogue, name_of
from domain.clock import Clock
from domain.states import CaseKind, CaseState, ClockKind, IntakeSource
from escalation.terms import calendar_of
from surveys.checking import unknown_code

router = APIRouter()


class Order(StrEnum):
    """Order of a list."""

    newest = "newest"
    oldest = "oldest"
    due = "due"


class Named(BaseModel):
    """An office or service."""

    code: str
    name: str


class RoutingOut(BaseModel):
    """Why a case went where it is."""

    reason: str
    confidence: float | None
    model: str | None


class SilenceOut(BaseModel):
    """How long the citizen waited, or still waits (`running`), for a human answer that reached them."""

    seconds: int
    working_seconds: int
    running: bool


class CaseOut(BaseModel):
    """A case. `text` is what the citizen wrote, redacted below scope admin. With `lead` it is another office's part of
    that case: its text is what that office is to do, and its silence is nought, as the citizen waits for the lead."""

    reference: str
    kind: CaseKind
    state: CaseState
    text: str
    channel: Channel
    language: str
    office: Named
    service: Named | None
    routing: RoutingOut
    opened_at: datetime
    first_response_at: datetime | None
    silence: SilenceOut
    updated_at: datetime
    lead: str | None = Field(None, description="Reference of the case this is a part of; count that one alone.")
    imported: bool | None = Field(
        None, description="True for a case of an earlier system, brought over with its times."
    )


class CasePage(BaseModel):
    """One page of a list; `next` is the cursor of the page after, null on the last."""

    items: list[CaseOut]
    next: str | None


class CaseIn(BaseModel):
    """What a citizen raised at another system."""

    model_config = ConfigDict(extra="forbid")

    text: str = Field(min_length=1, max_length=5000, pattern=r"\S", description="What the citizen wrote.")
    kind: CaseKind = CaseKind.complaint
    external_id: str | None = Field(
        None,
        min_length=1,
        max_length=180,
        pattern=r"\S",
        description="Your system's own id; posted again, it counts once.",
    )
    office: str | None = Field(None, max_length=32, description="Code of the office it is about, if the citizen said.")
    service: str | None = Field(None, max_length=64, description="Code of the service it is about.")
    place: str | None = Field(None, max_length=200)
    language: str | None = Field(None, max_length=35)
    phone: str | None = Field(None, max_length=40, description="Where the answer goes by SMS; left out: anonymous.")
    name: str | None = Field(None, max_length=200)
    about_staff: bool = Field(False, description="It is about the conduct of staff: the integrity office gets it.")


@router.post(
    "/cases",
    status_code=201,
    response_model=CaseOut,
    summary="Open a case",
    responses={
        200: {"model": CaseOut, "description": "It was posted before; this is its case"},
        **documented(400, 401, 403, 409, 413, 422, 503),
    },
)
def post_case(
    body: CaseIn,
    holder: Writer,
    now: Now,
    idempotency_key: Annotated[str | None, Header(min_length=1, max_length=180, pattern=r"^[\x21-\x7e]+$")] = None,
) -> Response:
    """Goes the way of every message: stored first, then routed and put on the clock, before this answers. Give an
    `external_id` or an `Idempotency-Key`, and repeat the request whenever you are unsure whether it arrived."""
    fingerprint = hashlib.sha256(body.model_dump_json().encode()).hexdigest()
    with database().read() as session:
        details = _details(catalogue(session), body)
    given = f"id:{clean(body.external_id)}" if body.external_id else f"key:{idempotency_key}" if idempotency_key else ""
    arrival = Inbound(
        channel=Channel.api,
        account=f"api:{holder.name}",
        provider_id=given or f"new:{new_id()}",
        sender=str(details.get("contact", "")),
        recipient="",
        text=body.text,
        language=body.language,
        details={**details, "fingerprint": fingerprint},
    )
    row = intake.receive_and_process(arrival, now)
    if row.details.get("fingerprint") != fingerprint:
        raise Conflict(
            "This id or Idempotency-Key was used before, with another text or other data.",
            mend="Use a new one for each case; nothing of this request was stored.",
        )
    if row.case_id is None:
        return problem(
            503,
            "Not ready yet",
            "The case is stored and will be opened; its reference is not known yet.",
            mend="Send the same request again in some seconds, with the same id or Idempotency-Key.",
            headers={"Retry-After": "5"},
        )
    with database().read() as session:
        case = session.get_one(Case, row.case_id)
        out = _present(session, [case], holder, now)[0]
    fresh = row.received_at == now
    headers = {"Location": f"/api/v1/cases/{out.reference}"}
    return Response(
        out.model_dump_json(exclude_unset=True), 201 if fresh else 200, headers, media_type="application/json"
    )


def _details(known: Catalogue, body: CaseIn) -> dict[str, JSON]:
    """The details of the inbox row. Raises BadInput naming every field that cannot be used."""
    wrong: dict[str, str] = {}
    details: dict[str, JSON] = {"kind": str(body.kind), "about_staff": body.about_staff}
    if not clean(body.text):
        wrong["text"] = "It holds nothing that can be read."
    if body.office is not None:
        if office := known.office_by_code.get(body.office.strip().upper()):
            details["office"] = office.code
        else:
            wrong["office"] = unknown_code("office", body.office, known.office_by_code)
    if body.service is not None:
        if body.service.strip() in known.service_by_code:
            details["service"] = body.service.strip()
        else:
            wrong["service"] = unknown_code("service", body.service, known.service_by_code)
    if body.language is not None and body.language not in settings().languages:
        wrong["language"] = f"It is none of {', '.join(settings().languages)}; leave it out when you do not know."
    if body.phone is not None and body.phone.strip():
        phone = read_phone(body.phone, settings().region)
        if phone.number is None:
            wrong["phone"] = f"{phone.why} Write it as +355691234567, or leave it out."
        else:
            details["contact"] = (
                phone.number
            )  # becomes the sender, which is encrypted; it is not kept among the details
    details["anonymous"] = "contact" not in details
    if body.place:
        details["place"] = clean(body.place)
    if body.name:
        details["name"] = clean(body.name)
    if wrong:
        raise BadInput(
            "The case cannot be taken as it is.", mend="Mend what errors names; nothing was stored.", fields=wrong
        )
    return details


@router.get(
    "/cases/{reference}",
    response_model=CaseOut,
    response_model_exclude_unset=True,
    summary="One case",
    responses=documented(401, 403, 404, 422, 503),
)
def get_case(reference: Annotated[str, Path(max_length=40)], holder: Reader, now: Now) -> CaseOut:
    """A case by its reference, as the citizen knows it; small slips of writing are forgiven."""
    with database().read() as session:
        return _present(session, [history.load(session, holder.viewer, reference)], holder, now)[0]


@router.get(
    "/cases",
    response_model=CasePage,
    response_model_exclude_unset=True,
    summary="List cases",
    responses=documented(401, 403, 422, 503),
)
def list_cases(
    holder: Reader,
    now: Now,
    state: Annotated[list[CaseState] | None, Query(description="Repeat it for several.")] = None,
    office: Annotated[str | None, Query(max_length=32, description="Code of the accountable office.")] = None,
    below: Annotated[bool, Query(description="Offices below that one too.")] = False,
    channel: Annotated[Channel | None, Query()] = None,
    kind: Annotated[CaseKind | None, Query()] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(max_length=400, description="`next` of the page before.")] = None,
    order: Annotated[Order, Query(description="due: the deadline that comes first; those without one come last.")] = (
        Order.newest
    ),
) -> CasePage:
    """Pages hold still while cases come in: the cursor remembers the last line, not a count."""
    after = read_cursor(cursor, order) if cursor is not None else None
    with database().read() as session:
        chosen = Filter(
            states=frozenset(state) if state else None,
            office_ids=offices_of(catalogue(session), office, below=below),
            channel=channel,
            kind=kind,
        )
        lines = history.find(session, holder.viewer, chosen, order=order, limit=limit + 1, after=after)
        shown = lines[:limit]
        following = None
        if len(lines) > limit:
            last = shown[-1]
            following = write_cursor(order, last.due_at if order is Order.due else last.opened_at, last.id)
        return CasePage(items=_present(session, shown, holder, now), next=following)


def write_cursor(order: Order, key: datetime | None, last: UUID) -> str:
    """A cursor: where the page ended, sealed, so that a broken or invented one is told from a good one."""
    said = json.dumps([str(order), key.isoformat() if key else None, str(last)], separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(said).rstrip(b"=").decode() + "." + _mark(said)


def read_cursor(cursor: str, order: Order) -> tuple[datetime | None, UUID]:
    """Where the page before ended. Raises BadInput for a broken cursor, or one of another order."""
    text, _, mark = cursor.partition(".")
    wrong = BadInput(
        "The cursor is broken or belongs to another list.",
        mend="Use `next` of the page before, unchanged and with the same order; or leave it out to begin.",
        fields={"cursor": "not a cursor of this list"},
    )
    try:
        said = base64.urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    except (ValueError, binascii.Error):
        raise wrong from None
    if not same(mark, _mark(said)):
        raise wrong
    made_for, key, last = json.loads(said)
    if made_for != order:
        raise wrong
    return (datetime.fromisoformat(key) if key else None), UUID(last)


def _mark(said: bytes) -> str:
    return cipher().seal(b"cursor " + said)[:20]


def _present(session: Session, cases: Sequence[Case], holder: Holder, now: datetime) -> list[CaseOut]:
    """Cases as the outer contract has them."""
    known = catalogue(session)
    worked = _worked(session, [case.id for case in cases if case.first_response_at is not None])
    plain = holder.may(Scope.admin)
    wanted = [case.lead_id for case in cases if parts.is_part(case)]
    found = session.exec(select(Case.id, Case.reference).where(col(Case.id).in_(wanted))).all() if wanted else []
    leads = dict(found)
    without = None if plain else Redactor(session)
    if without is not None:
        without.learn(case.citizen_id for case in cases)
    return [
        _one(
            known,
            case,
            now,
            text=case.text if without is None else without.case(case),
            worked=worked.get(case.id),
            lead=leads.get(case.lead_id) if parts.is_part(case) and case.lead_id else None,
        )
        for case in cases
    ]


def _worked(session: Session, ids: Sequence[UUID]) -> dict[UUID, int]:
    """Working seconds of the silences that ended, by case, as their clocks counted them through every transfer."""
    found = session.exec(
        select(Clock.case_id, Clock.working_seconds)
        .where(col(Clock.case_id).in_(ids), col(Clock.kind) == ClockKind.first_response)
        .order_by(col(Clock.started_at))
    )
    return {case_id: seconds for case_id, seconds in found if seconds is not None}


def _one(known: Catalogue, case: Case, now: datetime, *, text: str, worked: int | None, lead: str | None) -> CaseOut:
    language = settings().languages[0]
    silent = history.silent_until(case, now)
    until = case.received_at if lead else max(case.first_response_at or silent or now, case.received_at)
    if worked is None:
        worked = calendar_of(known, case.office_id).between(case.received_at, until)
    service = known.services.get(case.service_id) if case.service_id else None
    return CaseOut(
        reference=case.reference,
        kind=CaseKind(case.kind),
        state=CaseState(case.state),
        text=text,
        channel=Channel(case.channel),
        language=case.language,
        office=Named(code=known.offices[case.office_id].code, name=known.name(case.office_id, language)),
        service=Named(code=service.code, name=name_of(service, language)) if service else None,
        routing=RoutingOut(reason=case.routing_reason, confidence=case.routing_confidence, model=case.routing_model),
        opened_at=case.opened_at,
        first_response_at=case.first_response_at,
        silence=SilenceOut(
            seconds=int((until - case.received_at).total_seconds()),
            working_seconds=worked,
            running=silent == now and lead is None,
        ),
        updated_at=case.updated_at,
        # other cases have neither at all, so that the agreed shape of a case stays as it was
        **({"lead": lead} if lead is not None else {}),
        **({"imported": True} if case.source == IntakeSource.imported else {}),
    )
