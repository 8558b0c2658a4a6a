"""Calls to be made back: who waits for one, each try, and when somebody really spoke with the citizen.

Only a talk counts: it is a human answer on a channel the citizen reads, delivered as it is given. "No answer" ends no
silence, however often it is tried.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from cases import lifecycle
from cases.acting import Form, Repeated, lock, words_of
from cases.rights import works_on
from core.errors import Conflict, NotAllowed, NotFound
from core.texts import clean
from domain.assisted import CallBack, CallBackState
from domain.case import Case
from domain.citizen import ContactPoint
from domain.states import OPEN_STATES, EntryKind
from domain.timeline import TimelineEntry, append
from domain.visibility import Viewer, names_citizen, visible

LISTED = 100


@dataclass(frozen=True, slots=True)
class Waiting:
    """A citizen who waits for a call."""

    call: CallBack
    case: Case
    contact: ContactPoint


def promise(session: Session, case: Case, contact: ContactPoint, asked_at: datetime) -> CallBack:
    """The citizen of a case is to be called back; a promise made already stands as it is."""
    session.flush()
    found = session.exec(select(CallBack).where(col(CallBack.case_id) == case.id)).first()
    if found is None:
        found = CallBack(case_id=case.id, contact_point_id=contact.id, office_id=case.office_id, asked_at=asked_at)
        session.add(found)
    return found


def open_for(session: Session, contact: ContactPoint) -> Case | None:
    """The case, locked, for which this citizen already waits to be called; the newest of several."""
    return session.exec(
        select(Case)
        .join(CallBack, col(CallBack.case_id) == col(Case.id))
        .where(
            col(CallBack.contact_point_id) == contact.id,
            col(CallBack.state) == CallBackState.open,
            col(Case.state).in_(OPEN_STATES),
            col(Case.first_response_at).is_(None),
        )
        .order_by(col(CallBack.asked_at).desc())
        .with_for_update(of=Case)
    ).first()


def waiting(session: Session, who: Viewer) -> Sequence[Waiting]:
    """Who waits for a call, longest first, among the cases this person may see.

    One whose citizen got an answer another way waits no more; should that answer fail, they are listed again.
    """
    rows = session.exec(
        select(CallBack, Case, ContactPoint)
        .join(Case, col(Case.id) == col(CallBack.case_id))
        .join(ContactPoint, col(ContactPoint.id) == col(CallBack.contact_point_id))
        .where(
            col(CallBack.state) == CallBackState.open,
            col(Case.state).in_(OPEN_STATES),
            col(Case.first_response_at).is_(None),
            visible(who),
        )
        .order_by(col(CallBack.asked_at), col(CallBack.id))
        .limit(LISTED)
    ).all()
    return [Waiting(call, case, contact) for call, case, contact in rows]


def of_case(session: Session, case: Case) -> CallBack | None:
    """The promise to call the citizen of a case back."""
    return session.exec(select(CallBack).where(col(CallBack.case_id) == case.id)).first()


def reveal(session: Session, case_id: UUID, who: Viewer, now: datetime, form: Form) -> str:
    """The number to call. Whoever looks at it stands on the timeline; looking twice at one page is looking once.

    Raises NotAllowed for a citizen who asked that the office does not learn who they are.
    """
    case = lock(session, case_id, who)
    if not works_on(case, who):
        raise NotAllowed("You may read this case but not call its citizen.", mend="Ask the office that has it.")
    if not names_citizen(case):
        raise NotAllowed("This citizen asked that staff do not learn who they are.", mend="Answer in writing instead.")
    contact = session.get(ContactPoint, _promised(session, case).contact_point_id)
    if contact is None:
        raise NotFound("There is no number to call.")
    if not _said(session, case, form):
        words = "Looked at the citizen's number to call them."
        append(
            session,
            case,
            EntryKind.noted,
            now,
            actor=str(who.staff_id),
            body={"text": words, "by": who.name, "contact": str(contact.id), "token": form.token},
        )
    return contact.address


def no_answer(session: Session, case_id: UUID, who: Viewer, note: str, now: datetime, form: Form) -> Case:
    """Nobody picked up: the try is kept, the citizen stays on the list, and the silence goes on."""
    case = lock(session, case_id, who)
    if not works_on(case, who):
        raise NotAllowed("You may read this case but not work on it.", mend="Ask the office that has it.")
    if _said(session, case, form):
        raise Repeated
    call = _open(_promised(session, case))
    words = clean(note, 1000)
    call.tries = [*call.tries, {"at": now.isoformat(), "by": str(who.staff_id), "note": words}]
    append(
        session,
        case,
        EntryKind.called_back,
        now,
        actor=str(who.staff_id),
        body={"spoke": False, "text": words or "No answer.", "by": who.name, "token": form.token},
    )
    return case


def spoke(session: Session, case_id: UUID, who: Viewer, text: str, now: datetime, form: Form) -> Case:
    """Somebody spoke with the citizen and writes down what was said: the silence ends, truthfully.

    Only where a call was promised: whom nobody can call, nobody spoke with. Raises NotFound, Conflict.
    """
    words = words_of(text, "What was said")
    case = lifecycle.called_back(session, case_id, who, words, now, form)
    if not names_citizen(case):
        raise NotAllowed("This citizen asked that staff do not learn who they are.", mend="Answer in writing instead.")
    call = _open(_promised(session, case))
    call.state, call.done_at, call.staff_id = CallBackState.done, now, who.staff_id
    call.tries = [*call.tries, {"at": now.isoformat(), "by": str(who.staff_id), "note": ""}]
    return case


def _promised(session: Session, case: Case) -> CallBack:
    call = of_case(session, case)
    if call is None:
        raise NotFound("Nobody is to be called back about this case.", mend="Answer it in writing.")
    return call


def _open(call: CallBack) -> CallBack:
    if call.state != CallBackState.open:
        raise Conflict("Somebody has called this citizen already.", mend="Reload the list.")
    return call


def _said(session: Session, case: Case, form: Form) -> bool:
    later = select(TimelineEntry).where(col(TimelineEntry.case_id) == case.id, col(TimelineEntry.number) > form.seen)
    return any(entry.body.get("token") == form.token for entry in session.exec(later))
