"""What the desk and the list of call-backs show of calls: recordings with what was heard, and who waits for a call."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from cases import attachments, callbacks
from cases.rights import works_on
from cases.transcripts import HEARD
from channels.phones import readable
from core.texts import shorten
from domain.attachment import AttachmentState
from domain.case import Case
from domain.catalogue import catalogue
from domain.staff import Staff
from domain.visibility import Viewer, names_citizen


def recordings(session: Session, case: Case) -> list[dict[str, object]]:
    """The recordings of a case that are here to be heard, oldest first, with what staff wrote down of each."""
    rows = attachments.of_case(session, case)
    heard = [one for one in rows if one.kind in HEARD and one.state == AttachmentState.stored]
    names = names_of(session, {one.transcript_by for one in heard if one.transcript_by})
    return [
        {
            "id": str(one.id),
            "number": number,
            "text": one.transcript or "",
            "by": names.get(one.transcript_by, "") if one.transcript_by else "",
            "at": one.transcript_at,
        }
        for number, one in enumerate(heard, start=1)
    ]


def waits_for_call(session: Session, case: Case) -> bool:
    """Whether the citizen of a case still waits to be called."""
    call = callbacks.of_case(session, case)
    return call is not None and call.state == "open" and case.first_response_at is None and case.closed_at is None


def waiting(session: Session, who: Viewer, now: datetime, shown: Mapping[UUID, str]) -> list[dict[str, object]]:
    """Lines of the list of call-backs; `shown` are the numbers this person has just looked at, by case."""
    known = catalogue(session)
    found = callbacks.waiting(session, who)
    callers = {UUID(str(entry["by"])) for one in found for entry in one.call.tries}
    names = names_of(session, callers)
    lines: list[dict[str, object]] = []
    for one in found:
        number = shown.get(one.case.id, "")
        lines.append(
            {
                "reference": one.case.reference,
                "title": shorten(one.case.text, 120),
                "language": one.case.language,
                "office": "" if one.case.office_id in who.home else known.name(one.case.office_id),
                "asked_at": one.call.asked_at,
                "silent_seconds": int((now - one.case.received_at).total_seconds()),
                "hint": one.contact.hint.lstrip("…") if names_citizen(one.case) else "",
                "number": readable(number) if number else "",
                "dial": number,
                "texts": one.contact.channel == "sms" and one.contact.opted_out_at is None,
                "mine": works_on(one.case, who) and names_citizen(one.case),
                "version": one.case.timeline_length,
                "tries": [
                    {
                        "at": datetime.fromisoformat(str(entry["at"])),
                        "by": names.get(UUID(str(entry["by"])), ""),
                        "note": str(entry["note"]),
                    }
                    for entry in one.call.tries
                ],
            }
        )
    return lines


def names_of(session: Session, ids: set[UUID]) -> dict[UUID, str]:
    """Names of staff."""
    return dict(session.exec(select(Staff.id, Staff.name).where(col(Staff.id).in_(ids))).all()) if ids else {}
