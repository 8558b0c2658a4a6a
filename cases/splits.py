"""One case that tells of two matters: the second gets a case, a number and a clock of its own.

Its silence starts when the citizen's message was received, not when somebody noticed. A part (`cases.parts`) is another
thing: work of another office for the same matter.
"""

from datetime import datetime

from sqlmodel import Session, col, select

from cases import links, opening, relays
from cases.acting import Form, begin, words_of
from cases.parts import is_part
from core.errors import BadInput, Conflict
from domain.case import Case
from domain.catalogue import catalogue
from domain.citizen import ContactPoint
from domain.states import CaseState, EntryKind
from domain.timeline import TimelineEntry, append
from domain.visibility import Viewer

HEARD = (EntryKind.received, EntryKind.citizen_wrote, EntryKind.transcribed)


def divide(
    session: Session,
    case_id: object,
    who: Viewer,
    entry: int,
    text: str,
    now: datetime,
    form: Form,
    *,
    service: str | None = None,
) -> Case:
    """Open a case for what `text` says, words of the citizen's message that is entry `entry`. Gives the new case.

    `service` is what the officer says it is about; without one it is routed like any message. Its citizen is told of
    the second number, where they are told of anything.
    """
    words = words_of(text, "The other matter")
    case = begin(session, case_id, who, form)  # type: ignore[arg-type]
    relays.check_alone(session, case)
    if is_part(case) or case.state == CaseState.closed:
        raise Conflict("Only an open matter of a citizen is split.", mend="Reload it to see what happened.")
    said = session.exec(
        select(TimelineEntry).where(
            col(TimelineEntry.case_id) == case.id,
            col(TimelineEntry.number) == entry,
            col(TimelineEntry.kind).in_(HEARD),
        )
    ).first()
    if said is None:
        raise BadInput("Choose the message.", fields={"split_text": "Choose the message that tells of two matters."})
    if service and service not in catalogue(session).service_by_code:
        raise BadInput("Choose a service.", fields={"split_text": "Choose a service, or leave it open."})
    received_at = case.received_at if said.kind == EntryKind.transcribed else said.at
    fresh = opening.open_case(
        session,
        opening.Opening(
            channel=case.channel,
            text=words,
            language=case.language,
            received_at=received_at,
            kind=case.kind,
            contact=session.get(ContactPoint, case.contact_point_id) if case.contact_point_id else None,
            service=service or None,
            place=case.place,
            confidential=case.confidential,
            template="divided",
        ),
        now,
    )
    apart = fresh.integrity and not case.integrity
    told: dict[str, object] = {"text": words, "by": who.name, "of": entry, "token": form.token}
    # what went to integrity is named nowhere where others read it
    named = {} if apart else {"reference": fresh.reference}
    append(session, case, EntryKind.divided, now, actor=str(who.staff_id), public=True, body=told | named)
    body: dict[str, object] = {"from": case.reference, "by": who.name}
    append(session, fresh, EntryKind.divided, now, actor=str(who.staff_id), body=body)
    if not apart:
        links.join(session, case, fresh, "Told in one message", who, now)
    return fresh
