"""Reading cases: lists under the visibility predicate, one case with its timeline, the citizen's view, the proof."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, func, nulls_last, or_
from sqlmodel import Session, col, select

from cases.filters import Filter, conditions
from cases.opening import pin_of
from core.crypto import same
from core.errors import NotFound
from core.ids import normalise_reference
from core.texts import latin_digits
from domain.case import Case
from domain.citizen import ContactPoint
from domain.clock import Clock
from domain.states import EntryKind, LeadLink, Outcome
from domain.timeline import TimelineEntry, faults
from domain.visibility import Viewer, names_citizen, visible

PAGE = 50


def find(
    session: Session,
    who: Viewer,
    chosen: Filter,
    *,
    order: str = "due",
    limit: int = PAGE,
    after: tuple[datetime | None, UUID] | None = None,
) -> Sequence[Case]:
    """A page of the cases a viewer may see.

    `order` is due (soonest deadline first, then those without), newest or oldest; `after` is the sort key and id of
    the last line of the page before.
    """
    query = select(Case).where(*conditions(session, who, chosen))
    if order == "due":
        due = col(Case.due_at)
        query = query.order_by(nulls_last(due.asc()), col(Case.id))
        if after is not None:
            moment, last = after
            later = and_(due.is_(None), col(Case.id) > last)
            query = query.where(
                later if moment is None else or_(due > moment, and_(due == moment, col(Case.id) > last), due.is_(None))
            )
    else:
        key = col(Case.opened_at)
        query = (
            query.order_by(key.desc(), col(Case.id).desc()) if order == "newest" else query.order_by(key, col(Case.id))
        )
        if after is not None:
            moment, last = after
            query = query.where(
                or_(key < moment, and_(key == moment, col(Case.id) < last))
                if order == "newest"
                else or_(key > moment, and_(key == moment, col(Case.id) > last))
            )
    return session.exec(query.limit(limit)).all()


def count(session: Session, who: Viewer, chosen: Filter, most: int | None = None) -> int:
    """How many cases the same list would have in all; with `most` it stops counting there."""
    if most is None:
        return session.exec(select(func.count()).select_from(Case).where(*conditions(session, who, chosen))).one()
    some = select(Case.id).where(*conditions(session, who, chosen)).limit(most).subquery()
    return session.exec(select(func.count()).select_from(some)).one()


def load(session: Session, who: Viewer, reference: str) -> Case:
    """One case by its reference. Raises NotFound also for what the viewer may not see."""
    wanted = normalise_reference(reference)
    case = session.exec(select(Case).where(col(Case.reference) == wanted, visible(who))).first() if wanted else None
    if case is None:
        raise NotFound(f"There is no case {reference} for you to see.", mend="Check the reference, letter by letter.")
    return case


def timeline(session: Session, case: Case) -> Sequence[TimelineEntry]:
    """All entries of a case, in order."""
    return session.exec(
        select(TimelineEntry).where(col(TimelineEntry.case_id) == case.id).order_by(col(TimelineEntry.number))
    ).all()


def silent_until(case: Case, now: datetime) -> datetime | None:
    """Until when the citizen waits for a first answer: now, or when they took the matter back; None once answered."""
    if case.first_response_at is not None:
        return None
    return case.closed_at if case.outcome == Outcome.withdrawn and case.closed_at is not None else now


def wordless(session: Session, case: Case) -> bool:
    """Whether the citizen gave no words of their own: a recording, a missed call, a picture alone."""
    first = session.exec(
        select(TimelineEntry).where(col(TimelineEntry.case_id) == case.id, col(TimelineEntry.number) == 1)
    ).first()
    return first is None or bool(first.body.get("wordless")) or not str(first.body.get("text") or "").strip()


def clocks(session: Session, case: Case) -> Sequence[Clock]:
    """All clocks of a case, oldest first."""
    return session.exec(
        select(Clock).where(col(Clock.case_id) == case.id).order_by(col(Clock.started_at), col(Clock.entry))
    ).all()


def earlier(session: Session, who: Viewer, case: Case, limit: int = 5) -> Sequence[Case]:
    """Other cases of the same citizen that this viewer may see, newest first; none that would tell who wrote in
    confidence, in either direction."""
    if case.citizen_id is None or not names_citizen(case):
        return []
    return session.exec(
        select(Case)
        .where(
            col(Case.citizen_id) == case.citizen_id,
            col(Case.id) != case.id,
            col(Case.confidential).is_(False),
            visible(who),
        )
        .order_by(col(Case.opened_at).desc())
        .limit(limit)
    ).all()


def tracked(session: Session, reference: str) -> Case:
    """The case a citizen asks after by its reference. Raises NotFound."""
    wanted = normalise_reference(reference)
    # a part of a case is between offices: no citizen has its reference
    known = select(Case).where(col(Case.reference) == wanted, col(Case.lead_link).is_distinct_from(LeadLink.part))
    case = session.exec(known).first() if wanted else None
    if case is None:
        raise NotFound(
            "We do not know this number.",
            mend="It has eight letters and digits, such as K7QF-3M9V. Check each one, or ask at any office.",
        )
    return case


def unlocks(session: Session, case: Case, pin: str) -> bool:
    """Whether `pin` opens the answers: the last four digits of the citizen's number, or the PIN of the receipt."""
    given = "".join(c for c in latin_digits(pin) if c.isdigit())
    if len(given) != 4:
        return False
    if same(given, pin_of(case.id)):
        return True
    # an office that had the case before saw the last digits
    if case.contact_point_id is None or _was_seen(session, case):
        return False
    contact = session.get_one(ContactPoint, case.contact_point_id)
    return contact.channel in ("sms", "whatsapp", "voice") and same(given, contact.address[-4:])


def _was_seen(session: Session, case: Case) -> bool:
    """Whether the case went to integrity only after another office had it."""
    taken = select(TimelineEntry.id).where(
        col(TimelineEntry.case_id) == case.id, col(TimelineEntry.kind) == EntryKind.restricted
    )
    return case.integrity and session.exec(taken.limit(1)).first() is not None


def verify(session: Session, batch: int = 500) -> Iterator[str]:
    """Every fault of every timeline, in words; nothing when all hold."""
    last: UUID | None = None
    while True:
        query = select(Case).order_by(col(Case.id)).limit(batch)
        cases = session.exec(query.where(col(Case.id) > last) if last else query).all()
        if not cases:
            break
        entries: dict[UUID, list[TimelineEntry]] = {case.id: [] for case in cases}
        for entry in session.exec(
            select(TimelineEntry)
            .where(col(TimelineEntry.case_id).in_(entries))
            .order_by(col(TimelineEntry.case_id), col(TimelineEntry.number))
        ):
            entries[entry.case_id].append(entry)
        for case in cases:
            yield from faults(case, entries[case.id])
        last = cases[-1].id
        session.expunge_all()
    strays = session.exec(
        select(TimelineEntry.case_id).where(col(TimelineEntry.case_id).not_in(select(Case.id))).distinct()
    ).all()
    for stray in strays:
        yield f"timeline entries without a case: {stray}"
