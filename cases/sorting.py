"""Whose turn a message at the triage desk is: urgent first, then the longest silent, and never two people at once."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, func, or_, update
from sqlmodel import Session, col, select

from domain.case import Case
from domain.staff import StaffSession
from domain.states import CaseState, Nature, Urgency
from domain.visibility import Viewer, visible
from routing.rules import Method

LEASE = timedelta(minutes=4)
"""How long a message is one person's alone; each further one they take renews what they have."""
AHEAD = 4
"""Messages taken at once: the one being read and the next three."""
SKIPPED = 200
"""Messages that a session remembers to have skipped; the oldest are forgotten first."""
A_BREAK = timedelta(minutes=5)
"""A pause longer than this does not count into how many a minute were sorted."""

_APART = and_(
    col(Case.urgency).is_(None),
    or_(
        col(Case.routing_method) == Method.held,
        func.coalesce(col(Case.nature), "").in_([Nature.not_a_case, Nature.abuse]),
    ),
)
"""What is looked at on its own: perhaps a program's, or no matter to answer; never what is urgent."""


@dataclass(frozen=True, slots=True)
class Progress:
    """What one person did at the triage desk in this session. `busy` are the seconds spent at it, without breaks."""

    done: int = 0
    busy: float = 0.0
    last_at: datetime | None = None
    last: UUID | None = None
    last_reference: str = ""
    last_office: str = ""
    skipped: tuple[UUID, ...] = field(default_factory=tuple)

    @property
    def per_minute(self) -> float | None:
        """Messages a minute; None before there are two."""
        return (self.done - 1) * 60 / self.busy if self.done > 1 and self.busy else None

    def after(self, now: datetime, placed: Case | None = None, office: str = "") -> "Progress":
        """One message further; the one that was placed with that office is what can be taken back."""
        gone = now - self.last_at if self.last_at else timedelta(0)
        return replace(
            self,
            done=self.done + 1,
            busy=self.busy + (gone.total_seconds() if gone <= A_BREAK else 0.0),
            last_at=now,
            last=placed.id if placed else None,
            last_reference=placed.reference if placed else "",
            last_office=office,
        )

    def without(self, case_id: UUID) -> "Progress":
        """The last one was taken back; it is not at the end either."""
        skipped = tuple(one for one in self.skipped if one != case_id)
        return replace(self, done=max(self.done - 1, 0), last=None, last_reference="", last_office="", skipped=skipped)

    def skipping(self, case_id: UUID) -> "Progress":
        """That one goes to the end."""
        others = tuple(one for one in self.skipped if one != case_id)
        return replace(self, skipped=(*others, case_id)[-SKIPPED:])


def progress_of(stored: Mapping[str, object]) -> Progress:
    """What a session's row remembers."""
    skipped, last, last_at = stored.get("skipped"), stored.get("last"), stored.get("last_at")
    return Progress(
        done=int(str(stored.get("done", 0))),
        busy=float(str(stored.get("busy", 0.0))),
        last_at=datetime.fromisoformat(str(last_at)) if last_at else None,
        last=UUID(str(last)) if last else None,
        last_reference=str(stored.get("last_reference", "")),
        last_office=str(stored.get("last_office", "")),
        skipped=tuple(UUID(str(one)) for one in skipped) if isinstance(skipped, list) else (),
    )


def remember(session: Session, session_id: UUID, progress: Progress) -> None:
    """Keep it with the signed-in session. One statement."""
    stored = {
        "done": progress.done,
        "busy": round(progress.busy, 1),
        "last_at": progress.last_at.isoformat() if progress.last_at else None,
        "last": str(progress.last) if progress.last else None,
        "last_reference": progress.last_reference,
        "last_office": progress.last_office,
        "skipped": [str(one) for one in progress.skipped],
    }
    session.execute(
        update(StaffSession)
        .where(col(StaffSession.id) == session_id)
        .values(sorting=stored)
        .execution_options(synchronize_session=False)
    )


def take(
    session: Session,
    who: Viewer,
    now: datetime,
    *,
    first: str = "",
    skipped: Collection[UUID] = (),
    apart: bool = False,
    limit: int = AHEAD,
) -> list[Case]:
    """The next messages for this person, which nobody else gets until `LEASE` is over. One statement.

    `first` is the reference of one they want before all others; those `skipped` come last. `apart` takes what is looked
    at on its own instead.
    """
    order = _order(first, skipped)
    wanted = (
        select(Case.id)
        .where(_waiting(who, apart), _free(who, now))
        .order_by(*order)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    found = session.scalars(
        update(Case)
        .where(col(Case.id).in_(wanted.scalar_subquery()))
        .values(triage_by=who.staff_id, triage_until=now + LEASE)
        .returning(Case)
        .execution_options(synchronize_session=False, populate_existing=True)
    ).all()
    return _sorted(found, first, skipped)


def let_go(session: Session, who: Viewer, case_id: UUID) -> None:
    """Give a message back that a person holds: somebody else may read it now. One statement."""
    session.execute(
        update(Case)
        .where(col(Case.id) == case_id, col(Case.triage_by) == who.staff_id)
        .values(triage_by=None, triage_until=None)
        .execution_options(synchronize_session=False)
    )


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits at the triage desk; `oldest` is since when the longest silent one has been."""

    waiting: int
    urgent: int
    apart: int
    oldest: datetime | None


def backlog(session: Session, who: Viewer) -> Backlog:
    """How much waits, of what this person may see. One statement."""
    plain = ~_APART
    waiting, urgent, apart, oldest = session.exec(
        select(
            func.count(case((plain, 1))),
            func.count(case((and_(plain, col(Case.urgency).is_not(None)), 1))),
            func.count(case((_APART, 1))),
            func.min(case((plain, col(Case.received_at)))),
        ).where(col(Case.state) == CaseState.triage, visible(who))
    ).one()
    return Backlog(waiting, urgent, apart, oldest)


def listed(session: Session, who: Viewer, limit: int = 50) -> Sequence[Case]:
    """What waits, in the order it will be read, whoever has it before them."""
    query = select(Case).where(_waiting(who, apart=False)).order_by(*_order("", ())).limit(limit)
    return session.exec(query).all()


def _waiting(who: Viewer, apart: bool) -> ColumnElement[bool]:
    return and_(col(Case.state) == CaseState.triage, visible(who), _APART if apart else ~_APART)


def _free(who: Viewer, now: datetime) -> ColumnElement[bool]:
    """Nobody else's just now."""
    return or_(col(Case.triage_until).is_(None), col(Case.triage_until) <= now, col(Case.triage_by) == who.staff_id)


_RANK = {urgency: rank for rank, urgency in enumerate(Urgency)}


def _order(first: str, skipped: Collection[UUID]) -> list[ColumnElement[Any]]:
    rank = case(_RANK, value=col(Case.urgency), else_=len(_RANK))
    last = case((col(Case.id).in_(skipped), 1), else_=0) if skipped else None
    wanted = case((col(Case.reference) == first, 0), else_=1) if first else None
    keys: list[Any] = [wanted, last, rank, col(Case.received_at), col(Case.id)]
    return [key for key in keys if key is not None]


def _sorted(found: Sequence[Case], first: str, skipped: Collection[UUID]) -> list[Case]:
    """In the order they were wanted: an update gives them back in any."""

    def place(one: Case) -> tuple[bool, bool, int, datetime, UUID]:
        rank = _RANK[Urgency(one.urgency)] if one.urgency else len(_RANK)
        return one.reference != first, one.id in skipped, rank, one.received_at, one.id

    return sorted(found, key=place)
