"""Cases that have to do with each other: the same citizen's, the same cause. Nothing is answered together for that.

A link is a row beside the cases, and each side names the other only to whom may see both (`domain.visibility`).
"""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlmodel import Session, col, or_, select

from cases import crowds
from cases.acting import Form, begin
from cases.merges import other_case
from core.errors import BadInput, Conflict
from core.ids import new_id
from domain.case import Case
from domain.closing import CaseLink
from domain.states import EntryKind
from domain.timeline import append
from domain.visibility import Viewer, visible


class Why(StrEnum):
    """What two linked cases have in common."""

    citizen = "The same citizen's"
    cause = "The same cause"


def link(session: Session, case_id: UUID, who: Viewer, other: str, why: str, now: datetime, form: Form) -> Case:
    """Link a case with the one that `other` names. Raises BadInput, Conflict."""
    if why not in {one.name for one in Why}:
        raise BadInput("Say what they have in common.", fields={"link_to": "Say what they have in common."})
    wanted = other_case(session, who, other, "link_to")
    crowds.hold(session, [case_id, wanted.id])
    case = begin(session, case_id, who, form)
    if wanted.id == case.id:
        raise BadInput("That is this case.", fields={"link_to": "That is this case."})
    if not join(session, case, wanted, Why[why], who, now):
        raise Conflict("These two are linked already.", mend="Reload the case.")
    body: dict[str, object] = {"why": Why[why], "by": who.name}
    append(session, case, EntryKind.linked, now, actor=str(who.staff_id), body=body | {"token": form.token})
    append(session, wanted, EntryKind.linked, now, actor=str(who.staff_id), body=body)
    return case


def join(session: Session, case: Case, other: Case, why: str, who: Viewer, now: datetime) -> bool:
    """Write the link of two cases; whether there was none yet."""
    first, second = sorted((case.id, other.id))
    there = select(CaseLink).where(col(CaseLink.case_id) == first, col(CaseLink.other_id) == second)
    if session.exec(there).first() is not None:
        return False
    session.flush()
    session.add(CaseLink(id=new_id(), case_id=first, other_id=second, why=why, at=now, staff_id=who.staff_id))
    return True


def unlink(session: Session, case_id: UUID, who: Viewer, other: str, now: datetime, form: Form) -> Case:
    """They have nothing to do with each other after all."""
    wanted = other_case(session, who, other, "link_to")
    case = begin(session, case_id, who, form)
    first, second = sorted((case.id, wanted.id))
    row = session.exec(
        select(CaseLink).where(col(CaseLink.case_id) == first, col(CaseLink.other_id) == second).with_for_update()
    ).first()
    if row is None:
        raise Conflict("These two are not linked.", mend="Reload the case.")
    session.delete(row)
    body: dict[str, object] = {"undone": True, "why": row.why, "by": who.name, "token": form.token}
    append(session, case, EntryKind.linked, now, actor=str(who.staff_id), body=body)
    return case


def of_case(session: Session, who: Viewer, case: Case) -> list[tuple[Case, str]]:
    """Cases linked with this one, among those the person may see, and what they have in common."""
    rows = session.exec(
        select(Case, CaseLink.why)
        .join(
            CaseLink,
            or_(
                (col(CaseLink.case_id) == case.id) & (col(CaseLink.other_id) == col(Case.id)),
                (col(CaseLink.other_id) == case.id) & (col(CaseLink.case_id) == col(Case.id)),
            ),
        )
        .where(visible(who))
        .order_by(col(Case.opened_at).desc())
    ).all()
    return [(other, why) for other, why in rows]
