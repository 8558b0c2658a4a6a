"""What a case is marked as: why it cannot wait, and what else it is than a matter to answer.

The words of the first message decide at its opening; whoever reads it may think otherwise, with a reason.
"""

from datetime import datetime
from uuid import UUID

from sqlmodel import Session

import escalation.service
from cases.acting import Form, begin, words_of
from core.errors import BadInput
from domain.case import Case
from domain.states import EntryKind, Nature, Urgency
from domain.timeline import append
from domain.visibility import Viewer
from nlp.nature import nature
from nlp.urgency import Urgent, urgency

_GRAVITY = list(Urgency)


def nature_of(text: str) -> Nature | None:
    """What a first message is besides a matter to answer."""
    found = nature(text)
    return Nature(found) if found else None


def mark_words(session: Session, case: Case, text: str, now: datetime) -> bool:
    """Mark a case (locked or fresh) whose words say that it cannot wait; whether it is urgent now for another reason.

    Only upwards: what was found grave stays so. Clocks that run are not touched: the caller restates, or starts them.
    """
    found = urgency(text)
    if found is None:
        return False
    why = Urgency(found.why)
    if case.urgency is not None and _GRAVITY.index(Urgency(case.urgency)) <= _GRAVITY.index(why):
        return False
    _mark(session, case, why, now, actor="system", body=_said(found))
    return True


def mark_urgent(
    session: Session, case_id: UUID, who: Viewer, urgent: bool, reason: str, now: datetime, form: Form
) -> Case:
    """Staff say that a case cannot wait, or can after all; its clocks get their targets by that from now on."""
    why = words_of(reason, "The reason", limit=500)
    case = begin(session, case_id, who, form)
    if urgent == (case.urgency is not None):
        raise BadInput("It is marked so already." if urgent else "It is not marked as urgent.")
    _mark(
        session,
        case,
        Urgency.staff if urgent else None,
        now,
        actor=str(who.staff_id),
        body={"reason": why, "by": who.name, "token": form.token},
    )
    escalation.service.restate(session, case, now)
    return case


def _said(found: Urgent) -> dict[str, object]:
    return {"words": list(found.words)}


def _mark(
    session: Session, case: Case, why: Urgency | None, now: datetime, *, actor: str, body: dict[str, object]
) -> None:
    case.urgency = why
    append(
        session,
        case,
        EntryKind.marked_urgent,
        now,
        actor=actor,
        body={"urgency": str(why) if why is not None else None, **body},
    )
