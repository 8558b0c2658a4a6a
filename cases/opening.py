"""Opening a case: routed, timed and acknowledged in one transaction."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import inspect
from sqlmodel import Session

import escalation.service
import routing.assignment
import routing.service
from cases import marks, proposals
from cases.naming import called
from channels.values import Button, Channel
from core.crypto import cipher
from core.ids import new_id, new_reference
from core.settings import settings
from domain.case import Case
from domain.catalogue import catalogue
from domain.citizen import ContactPoint
from domain.clock import Clock
from domain.states import AUDIT_SOURCES, CaseKind, CaseState, ClockKind, EntryKind, IntakeSource, Nature, Purpose
from domain.timeline import append
from notifications import compose, outbox


@dataclass(frozen=True, slots=True)
class Keyed:
    """That staff put a case in for a citizen, who did, and how it came. `visit` is what a visitor of ours found."""

    source: IntakeSource
    by: UUID
    name: str
    book_page_id: UUID | None = None
    written_on: str = ""
    visit: Mapping[str, object] | None = None

    def told(self, received_at: datetime, now: datetime) -> dict[str, object]:
        """What the timeline keeps of it; `keyed_at` where it lay for a while."""
        said: dict[str, object] = {"source": self.source, "keyed_by": str(self.by), "by": self.name}
        if now - received_at >= KEPT_LYING:
            said["keyed_at"] = now.isoformat()
        if self.written_on:
            said["written_on"] = self.written_on
        return said | ({"visit": dict(self.visit)} if self.visit is not None else {})


KEPT_LYING = timedelta(hours=1)
"""What was keyed later than this after it was received says so."""


@dataclass(frozen=True, slots=True)
class Question:
    """One question to the citizen, to be put at the end of the message `message_id`."""

    message_id: UUID
    text: str
    buttons: tuple[tuple[Button, ...], ...] = ()


Ask = Callable[[Case], Question | None]
"""Gives the question that a case just routed still needs an answer to, if any."""


def no_question(case: Case) -> None:
    """An `Ask` for what is not a conversation."""


@dataclass(frozen=True, slots=True)
class Opening:
    """What is known when a case opens. `service` and `office_code` are what the citizen or the poster said.

    `held` says in words why a person should look at it before any office does: a program may have sent it. Then it
    waits at triage, and nothing is sent to the number it names until somebody writes to it.
    `wordless`: the text is ours, in place of words nobody has heard yet, so no rule reads it. `template` is the message
    that tells the citizen of the case. `at_once`: all of it goes to the database before the case is
    returned; a batch of new cases goes faster together, at the next look into the database or at the commit.
    """

    channel: Channel
    text: str
    language: str
    received_at: datetime
    kind: CaseKind = CaseKind.complaint
    contact: ContactPoint | None = None
    service: str | None = None
    place: str | None = None
    office_code: str | None = None
    about_staff: bool = False
    last_place: str | None = None
    attachments: tuple[Mapping[str, object], ...] = ()
    confidential: bool = False
    location: Mapping[str, float] | None = None
    held: str = ""
    same_as_others: bool = False
    invitation_id: UUID | None = None
    keyed: Keyed | None = None
    ask: Ask = no_question
    replaces: str | None = None
    wordless: bool = False
    template: str = "acknowledgement"
    at_once: bool = True


def pin_of(case_id: UUID) -> str:
    """The four digits that open the answers of a case on the tracking page; made from the id, so never stored."""
    digest = hashlib.sha256(cipher().seal(b"pin " + case_id.bytes).encode()).digest()
    return f"{int.from_bytes(digest[:4]) % 10_000:04d}"


def open_case(session: Session, opening: Opening, now: datetime) -> Case:
    """Route, own, time and acknowledge a new matter. The caller commits: all of it or nothing."""
    known = catalogue(session)
    decision = routing.service.route(
        session,
        text="" if opening.wordless else opening.text,
        language=opening.language,
        service=opening.service,
        place=opening.place,
        office_code=opening.office_code,
        about_staff=opening.about_staff,
        last_place=opening.last_place,
        location=opening.location,
        held=opening.held,
        now=now,
    )
    office = known.offices[decision.office_id]
    case = Case(
        id=new_id(),
        reference=new_reference(),
        kind=opening.kind,
        state=CaseState.triage if decision.triage else CaseState.open,
        channel=opening.channel,
        language=opening.language,
        text=opening.text,
        place=decision.place,
        confidential=opening.confidential,
        location=dict(opening.location) if opening.location else None,
        citizen_id=opening.contact.citizen_id if opening.contact else None,
        contact_point_id=opening.contact.id if opening.contact else None,
        office_id=office.id,
        service_id=decision.service_id,
        integrity=decision.integrity,
        about_office_id=decision.about_office_id,
        about_staff_id=decision.about_staff_id,
        routing_method=str(decision.method),
        routing_reason=decision.reason,
        routing_confidence=decision.confidence,
        routing_model=decision.model,
        routing_suggestions=routing.service.suggestions_json(known, decision),
        invitation_id=opening.invitation_id,
        source=opening.keyed.source if opening.keyed else IntakeSource.citizen,
        book_page_id=opening.keyed.book_page_id if opening.keyed else None,
        received_at=opening.received_at,
        opened_at=now,
        updated_at=now,
    )
    if not opening.wordless and opening.text.strip():
        case.nature = marks.nature_of(opening.text)
        if case.nature is Nature.thanks and case.kind == CaseKind.complaint:
            case.kind = CaseKind.compliment
    if opening.contact is not None and decision.place:
        opening.contact.last_place = decision.place
    if opening.contact is not None and inspect(opening.contact).pending:
        session.flush()  # the contact comes before its case
    if not decision.triage:
        case.assignee_id = routing.assignment.assign(
            session,
            office.id,
            now,
            not_staff=[case.about_staff_id] if case.about_staff_id else [],
            about_office_id=case.about_office_id,
            citizen_id=None if case.confidential else case.citizen_id,
        )
    received: dict[str, object] = {"text": opening.text, "channel": opening.channel}
    if opening.same_as_others:
        received["same_as_others"] = True
    if opening.wordless:
        received["wordless"] = True
    if opening.attachments:
        received["attachments"] = [dict(one) for one in opening.attachments]
    if opening.keyed is not None:
        received |= opening.keyed.told(opening.received_at, now)
    # a visit of ours is no citizen's message: its author is who made it, and no tracking page tells of it
    visit = opening.keyed is not None and opening.keyed.source in AUDIT_SOURCES
    actor = str(opening.keyed.by) if visit and opening.keyed else "citizen"
    append(session, case, EntryKind.received, opening.received_at, actor=actor, public=not visit, body=received)
    append(
        session,
        case,
        EntryKind.routed,
        now,
        public=not decision.integrity,
        body={
            "office": office.code,
            "service": known.services[decision.service_id].code if decision.service_id else None,
            "reason": decision.reason,
            "method": str(decision.method),
            "confidence": decision.confidence,
            "model": decision.model,
            **routing.service.told(known, decision),
            **_given(opening),
        },
    )
    if not opening.wordless:
        marks.mark_words(session, case, opening.text, now)
    session.add(case)
    proposals.expect(session, case, now)
    clock = escalation.service.start(session, case, ClockKind.first_response, now, since=opening.received_at)
    escalation.service.start(session, case, ClockKind.resolution, now, since=opening.received_at)
    if opening.contact is not None and not opening.held:
        acknowledge(
            session,
            case,
            opening.contact,
            clock,
            now,
            ask=opening.ask,
            replaces=opening.replaces,
            template=opening.template,
            fresh=True,
        )
    if opening.at_once:
        session.flush()
    return case


def _given(opening: Opening) -> dict[str, object]:
    """What the citizen or a poster said beside the words, as the timeline keeps it: why it went there stays clear."""
    given = {
        "service": opening.service,
        "place": opening.place,
        "office": opening.office_code,
        "last_place": opening.last_place,
        "about_staff": opening.about_staff,
        "spot": bool(opening.location),
    }
    said = {name: value for name, value in given.items() if value}
    return {"given": said} if said else {}


def acknowledge(
    session: Session,
    case: Case,
    contact: ContactPoint,
    clock: Clock,
    now: datetime,
    *,
    ask: Ask = no_question,
    replaces: str | None = None,
    template: str = "acknowledgement",
    fresh: bool = False,
) -> None:
    """Tell the citizen the reference, who has it and when an answer is due, and ask what is missing. Ends no silence.

    `replaces` is our message whose buttons led here; they go. `fresh`: the case opens in this transaction.
    """
    known = catalogue(session)
    language = contact.language or case.language
    if not outbox.may_send(contact, Purpose.acknowledgement):
        return
    question = ask(case)
    message_id = question.message_id if question else new_id()
    append(session, case, EntryKind.acknowledged, now, public=True, body={"message": str(message_id)})
    outbox.enqueue(
        session,
        purpose=Purpose.acknowledgement,
        contact=contact,
        language=language,
        body=with_question(
            compose.compose(
                template,
                language,
                reference=case.reference,
                office=called(known, case, language),
                triage=case.state == CaseState.triage,
                # keyed late, the answer may be overdue already: nobody promises a day that is gone
                due=local_day(clock.deadline_at) if clock.deadline_at > now else None,
                # a mail is not cut off by its length, and no number of theirs opens the answers
                pin=pin_of(case.id) if contact.channel == Channel.email else None,
                site=settings().site_url,
            ),
            question,
        ),
        buttons=question.buttons if question else (),
        replaces=replaces,
        dedupe_key=f"acknowledgement:{case.id}",
        now=now,
        case=case,
        message_id=message_id,
        fresh=fresh,
    )


def with_question(body: str, question: Question | None) -> str:
    """A message with a question after it."""
    return f"{body}\n\n{question.text}" if question else body


def local_day(moment: datetime) -> date:
    """The day of a moment in the government's time zone."""
    return moment.astimezone(settings().zone).date()
