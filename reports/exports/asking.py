"""Asking for exports, once or again and again; who asked, and what they may see now. The caller commits."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, false
from sqlmodel import Session, col, func, select

from core import doorbell
from core.database import after_commit
from core.errors import Conflict, NotFound, TooMany
from core.ids import new_id
from domain.access import ApiKey, Scope
from domain.catalogue import catalogue
from domain.export import (
    Every,
    Export,
    ExportFetch,
    ExportFormat,
    ExportKind,
    ExportPlan,
    ExportState,
    PlanState,
)
from domain.staff import Staff
from domain.states import Role
from domain.visibility import Viewer, reach_of, viewer, viewer_of_key
from reports.exports.choice import Choice, filter_of, following

MOST_WAITING = 5
"""Exports of one person or key that wait at once."""
MOST_PLANS = 20
"""Exports of one person or key that come again."""


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks for exports: a person, or a key. What they see is looked up when a file is made."""

    staff_id: UUID | None
    key_id: UUID | None
    name: str


@dataclass(frozen=True, slots=True)
class Sight:
    """What somebody may see now; `plain`: citizens' words as they are."""

    who: Viewer
    plain: bool
    language: str


def of_staff(who: Viewer) -> Asker:
    """A person."""
    return Asker(who.staff_id, None, who.name)


def sight(session: Session, asker: Asker | Export, now: datetime) -> Sight | None:
    """What the asker may see at this moment; None for who has left, or a key that counts no more."""
    if asker.staff_id is not None:
        person = session.get(Staff, asker.staff_id)
        if person is None or not person.active:
            return None
        who = viewer(session, person.id, person.name, now=now)
        return Sight(who, who.has(Role.admin), person.language) if who.roles else None
    key = session.get(ApiKey, asker.key_id) if asker.key_id is not None else None
    if key is None or key.revoked_at is not None or (key.expires_at is not None and key.expires_at <= now):
        return None
    return Sight(viewer_of_key(catalogue(session), key.office_id), key.scope == Scope.admin, "en")


def ask(
    session: Session, asker: Asker, kind: ExportKind, kind_of_file: ExportFormat, choice: Choice, now: datetime
) -> Export:
    """Have a file made. Raises BadInput for a filter that is not understood, TooMany where too many wait."""
    filter_of(choice, kind, catalogue(session), now)
    waiting = session.exec(
        select(func.count()).select_from(Export).where(owned(asker), col(Export.state) == ExportState.waiting)
    ).one()
    if waiting >= MOST_WAITING:
        raise TooMany(f"{waiting} exports of yours are still being made.", mend="Wait for them.", retry_after=60)
    made = export_of(asker, kind, kind_of_file, choice, now)
    session.add(made)
    after_commit(session, lambda: doorbell.ring(doorbell.EXPORTS))
    return made


def export_of(
    asker: Asker, kind: ExportKind, kind_of_file: ExportFormat, choice: Choice, now: datetime, plan: UUID | None = None
) -> Export:
    """An export that waits to be made."""
    return Export(
        id=new_id(),
        kind=kind,
        format=kind_of_file,
        chosen=choice.as_json(),
        plan_id=plan,
        staff_id=asker.staff_id,
        key_id=asker.key_id,
        by=asker.name,
        at=now,
        due_at=now,
    )


def plan(
    session: Session,
    asker: Asker,
    kind: ExportKind,
    kind_of_file: ExportFormat,
    choice: Choice,
    every: Every,
    now: datetime,
    *,
    tell: bool = True,
) -> ExportPlan:
    """Have a file made again and again. Raises BadInput, Conflict where somebody has too many."""
    filter_of(choice, kind, catalogue(session), now)
    standing = session.exec(
        select(func.count()).select_from(ExportPlan).where(_plans(asker), col(ExportPlan.state) == PlanState.active)
    ).one()
    if standing >= MOST_PLANS:
        raise Conflict(f"{standing} exports of yours come again already.", mend="Stop one of them first.")
    made = ExportPlan(
        id=new_id(),
        kind=kind,
        format=kind_of_file,
        chosen=choice.as_json(),
        staff_id=asker.staff_id,
        key_id=asker.key_id,
        by=asker.name,
        every=every,
        tell=tell and asker.staff_id is not None,
        at=now,
        due_at=following(every, now),
    )
    session.add(made)
    return made


def stop(session: Session, asker: Asker, plan_id: UUID, now: datetime) -> ExportPlan:
    """Let a planned export come no more. Raises NotFound."""
    found = session.exec(select(ExportPlan).where(ExportPlan.id == plan_id, _plans(asker)).with_for_update()).first()
    if found is None:
        raise NotFound("There is no such planned export of yours.", mend="Choose one from the list.")
    if found.state != PlanState.stopped:
        found.state, found.stopped_at, found.due_at = PlanState.stopped, now, None
    return found


def owned(asker: Asker) -> ColumnElement[bool]:
    """SQL predicate over `Export`: those of this person or key."""
    if asker.staff_id is not None:
        return col(Export.staff_id) == asker.staff_id
    return col(Export.key_id) == asker.key_id if asker.key_id is not None else false()


def _plans(asker: Asker) -> ColumnElement[bool]:
    if asker.staff_id is not None:
        return col(ExportPlan.staff_id) == asker.staff_id
    return col(ExportPlan.key_id) == asker.key_id if asker.key_id is not None else false()


def exports(session: Session, asker: Asker, limit: int = 50) -> list[Export]:
    """Their exports, newest first."""
    query = select(Export).where(owned(asker)).order_by(col(Export.at).desc(), col(Export.id).desc())
    return list(session.exec(query.limit(limit)))


def plans(session: Session, asker: Asker) -> list[ExportPlan]:
    """Their exports that come again, newest first."""
    query = select(ExportPlan).where(_plans(asker), col(ExportPlan.state) == PlanState.active)
    return list(session.exec(query.order_by(col(ExportPlan.at).desc())))


def one(session: Session, asker: Asker, export_id: UUID) -> Export:
    """One of their exports. Raises NotFound, also for another's."""
    found = session.exec(select(Export).where(Export.id == export_id, owned(asker))).first()
    if found is None:
        raise NotFound("There is no such export of yours.", mend="Choose one from the list.")
    return found


def fetch(session: Session, asker: Asker, export_id: UUID, now: datetime) -> Export:
    """One of their exports that is about to be fetched; that is written down.

    Raises:
        NotFound: it is not theirs, or its file is gone.
        Conflict: it is not ready, or they may see otherwise than when it was made.
    """
    found = one(session, asker, export_id)
    if found.state == ExportState.waiting:
        raise Conflict("This export is still being made.", mend="Come again in a minute.")
    if found.state != ExportState.done or (found.expires_at is not None and found.expires_at <= now):
        raise NotFound("The file of this export is gone.", mend="Ask for it again.")
    seen = sight(session, asker, now)
    if seen is None or reach_of(seen.who) != found.reach or (found.plain and not seen.plain):
        raise Conflict("What you may see has changed since this was made.", mend="Ask for it again.")
    session.add(
        ExportFetch(
            id=new_id(), export_id=found.id, staff_id=asker.staff_id, key_id=asker.key_id, by=asker.name, at=now
        )
    )
    return found


@dataclass(frozen=True, slots=True)
class Kept:
    """An export as whoever audits sees it, with who fetched it and when."""

    export: Export
    fetches: tuple[ExportFetch, ...]


def register(session: Session, limit: int = 100) -> list[Kept]:
    """Everybody's exports, newest first. For who audits."""
    rows = session.exec(select(Export).order_by(col(Export.at).desc(), col(Export.id).desc()).limit(limit)).all()
    fetched: dict[UUID, list[ExportFetch]] = {}
    asked = select(ExportFetch).where(col(ExportFetch.export_id).in_([row.id for row in rows]))
    for fetch_ in session.exec(asked.order_by(col(ExportFetch.at))):
        fetched.setdefault(fetch_.export_id, []).append(fetch_)
    return [Kept(row, tuple(fetched.get(row.id, ()))) for row in rows]


def may_audit(who: Viewer) -> bool:
    """Whether they see everybody's exports."""
    return who.has(Role.auditor)
