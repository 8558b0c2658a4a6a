"""Call-backs on what is said to be solved: drawn by `afterwards.draw`, made by somebody outside the closing office.

What such a call finds out is kept beside what the citizen said, so that both can be compared (`reports.solved`). Who
says on the phone that it is not solved says no like anybody: the case opens, or goes to the office above.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, or_, select

from cases import solved
from cases.acting import Form, begin, words_of
from cases.rights import WORKING
from core.errors import Conflict, NotFound
from core.texts import clean
from domain.case import Case
from domain.citizen import ContactPoint
from domain.closing import CheckResult, SolvedCheck, SolvedQuestion
from domain.states import CaseState, EntryKind, Role
from domain.timeline import append
from domain.visibility import Viewer, names_citizen, visible

CALLERS = WORKING | {Role.reviewer, Role.leadership}
"""Roles that make such calls: those who answer citizens, and those who look at how others do."""
TRIES = 3
"""Calls that nobody picks up, after which nobody is called any more."""
LISTED = 100


@dataclass(frozen=True, slots=True)
class ToCall:
    """A citizen to be called, about which closing."""

    check: SolvedCheck
    question: SolvedQuestion
    case: Case
    contact: ContactPoint


def waiting(session: Session, who: Viewer) -> Sequence[ToCall]:
    """Calls this person may make, longest due first: of cases they see, closed by an office they are not of."""
    if not who.has(*CALLERS):
        return []
    theirs = col(SolvedQuestion.office_id).not_in(who.home)
    not_me = or_(col(SolvedQuestion.closed_by).is_(None), col(SolvedQuestion.closed_by) != who.staff_id)
    rows = session.exec(
        select(SolvedCheck, SolvedQuestion, Case, ContactPoint)
        .join(SolvedQuestion, col(SolvedQuestion.id) == col(SolvedCheck.question_id))
        .join(Case, col(Case.id) == col(SolvedCheck.case_id))
        .join(ContactPoint, col(ContactPoint.id) == col(SolvedQuestion.contact_point_id))
        .where(
            col(SolvedCheck.result).is_(None),
            col(Case.state) == CaseState.closed,
            col(Case.confidential).is_(False),
            theirs,
            not_me,
            visible(who),
        )
        .order_by(col(SolvedCheck.drawn_at), col(SolvedCheck.id))
        .limit(LISTED)
    ).all()
    return [ToCall(*row) for row in rows]


def reveal(session: Session, check_id: UUID, who: Viewer, now: datetime, form: Form) -> str:
    """The number to call; that it was looked at stands on the timeline."""
    call, case = _begin(session, check_id, who, form)
    contact = session.get_one(ContactPoint, call.question.contact_point_id)
    body: dict[str, object] = {
        "text": "Looked at the citizen's number to ask whether it is solved.",
        "by": who.name,
        "contact": str(contact.id),
        "token": form.token,
    }
    append(session, case, EntryKind.noted, now, actor=str(who.staff_id), body=body)
    return contact.address


def record(
    session: Session, check_id: UUID, who: Viewer, result: CheckResult, text: str, now: datetime, form: Form
) -> Case:
    """Write down what a call found out. After `TRIES` calls that nobody picked up nobody is called any more.

    Raises BadInput for a citizen who says it is not solved without a word of why.
    """
    note = clean(text, 1000)
    call, case = _begin(session, check_id, who, form)
    if result is CheckResult.not_solved:
        note = words_of(text, "What is still wrong", limit=1000)
    check = call.check
    check.tries = [*check.tries, {"at": now.isoformat(), "by": str(who.staff_id), "note": note}]
    body: dict[str, object] = {"result": result, "text": note, "by": who.name, "token": form.token}
    public = result is not CheckResult.not_reached
    append(session, case, EntryKind.checked, now, actor=str(who.staff_id), public=public, body=body)
    if result is not CheckResult.not_reached or len(check.tries) >= TRIES:
        check.result, check.done_at, check.staff_id = result, now, who.staff_id
    if result is CheckResult.not_solved:
        solved.say_no(session, case, note, now, how="call")
    return case


@dataclass(frozen=True, slots=True)
class _Call:
    check: SolvedCheck
    question: SolvedQuestion


def _begin(session: Session, check_id: UUID, who: Viewer, form: Form) -> tuple[_Call, Case]:
    """The call and its case, locked, for whoever may make it. Raises NotFound, NotAllowed, Conflict, Repeated."""
    seen = session.get(SolvedCheck, check_id)
    if seen is None:
        raise NotFound("There is no such call.", mend="Reload the list.")
    question = session.get_one(SolvedQuestion, seen.question_id)

    def may(case: Case, viewer: Viewer) -> bool:
        apart = question.office_id not in viewer.home and question.closed_by != viewer.staff_id
        return apart and viewer.has(*CALLERS) and names_citizen(case)

    case = begin(session, seen.case_id, who, form, may=may)
    check = session.get_one(SolvedCheck, check_id, with_for_update=True, populate_existing=True)
    if check.result is not None or not solved.still_closed(session, case, question):
        raise Conflict("This call is not to be made any more.", mend="Reload the list.")
    return _Call(check, question), case
