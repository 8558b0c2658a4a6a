"""What somebody was writing and has not sent: kept for each person and case, so that a closed laptop loses nothing."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, delete, select

from cases import saved_replies
from core.ids import new_id
from core.texts import clean
from domain.answer import AnswerDraft
from domain.case import Case
from domain.visibility import Viewer

LONGEST = 4000


def keep(session: Session, case: Case, who: Viewer, text: str, reply_id: UUID | None, now: datetime) -> None:
    """Keep a draft in place of the one before; an empty one is forgotten."""
    words = clean(text)[:LONGEST]
    if not words:
        forget(session, case, who)
        return
    values = {"text": words, "reply_id": saved_replies.known(session, reply_id), "at": now}
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    session.execute(
        dialect.insert(AnswerDraft)
        .values(id=new_id(), case_id=case.id, staff_id=who.staff_id, **values)
        .on_conflict_do_update(index_elements=["case_id", "staff_id"], set_=values)
    )


def forget(session: Session, case: Case, who: Viewer) -> None:
    """There is nothing to keep any more."""
    session.exec(delete(AnswerDraft).where(_mine(case, who)))


def of(session: Session, case: Case, who: Viewer) -> AnswerDraft | None:
    """The draft of this person, if there is one."""
    return session.exec(select(AnswerDraft).where(_mine(case, who))).first()


def _mine(case: Case, who: Viewer) -> ColumnElement[bool]:
    return (col(AnswerDraft.case_id) == case.id) & (col(AnswerDraft.staff_id) == who.staff_id)
