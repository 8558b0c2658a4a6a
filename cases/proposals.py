"""Which cases look like which: a row is due for every new case, compared once with the others of its office.

What is certainly the same joins by itself; what is likely is proposed to the officer, who joins or refuses it.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import or_
from sqlmodel import Session, col, func, select, update

from cases import crowds
from cases.acting import Form, begin
from cases.crowds import MOST, NAMED, fits, fitting, is_member
from core.claims import claim, retry_at
from core.database import database
from core.ids import new_id
from core.logs import logger
from core.sets import one_of
from domain.case import Case
from domain.catalogue import Catalogue, catalogue
from domain.crowd import Likeness, Surge
from domain.service import SHARED_GROUPS, Service
from domain.states import OPEN_STATES, EntryKind, LeadLink, LikenessState
from domain.timeline import append
from domain.visibility import Viewer, visible
from nlp import likeness as likenesses

PATIENCE = timedelta(seconds=60)
"""A new case is compared this long after it opened: by then its citizen may have said which service and where."""
BATCH = 50
NEIGHBOURS = 300
"""Cases of one office, the newest first, that a new one is compared with."""

log = logger("cases.proposals")


def expect(session: Session, case: Case, now: datetime) -> None:
    """A fresh case is to be compared with those of its office, in a minute. No statement of its own."""
    if fits(case):
        session.add(
            Likeness(
                id=new_id(), case_id=case.id, state=LikenessState.waiting, due_at=now + PATIENCE, attempts=0, alike=0.0
            )
        )


def compare_again(session: Session, case: Case, now: datetime) -> None:
    """More is known of a case, or another office has it: it is compared anew, unless it is in a crowd."""
    if is_member(case) or not fits(case):
        return
    values = {"state": LikenessState.waiting, "due_at": now + PATIENCE, "like_id": None, "leased_until": None}
    done = session.exec(update(Likeness).where(col(Likeness.case_id) == case.id).values(**values))
    if not done.rowcount:
        expect(session, case, now)


def proposed(session: Session, who: Viewer, lead: Case) -> list[tuple[Case, Likeness]]:
    """Cases that look like this one and nobody has joined or refused yet, among those the person may see."""
    query = (
        select(Case, Likeness)
        .join(Likeness, col(Likeness.case_id) == col(Case.id))
        .where(
            col(Likeness.like_id) == lead.id,
            col(Likeness.state) == LikenessState.proposed,
            col(Case.office_id) == lead.office_id,
            col(Case.state).in_(OPEN_STATES),
            col(Case.lead_id).is_(None),
            fitting(),
            visible(who),
        )
        .order_by(col(Case.received_at), col(Case.id))
        .limit(MOST)
    )
    return [(case, likeness) for case, likeness in session.exec(query)] if fits(lead) else []


def refuse(session: Session, lead_id: UUID, who: Viewer, case_ids: Collection[UUID], now: datetime, form: Form) -> None:
    """Somebody read them: they are not the same as this one, and are not proposed again."""
    lead = begin(session, lead_id, who, form)
    found = [(case, one) for case, one in proposed(session, who, lead) if case.id in case_ids]
    for _, likeness in found:
        likeness.state = LikenessState.refused
    if found:
        told: dict[str, object] = {
            "by": who.name,
            "text": "Not the same matter: " + _listed([case for case, _ in found]),
        }
        append(session, lead, EntryKind.noted, now, actor=str(who.staff_id), body=told | {"token": form.token})


def _listed(cases: Sequence[Case]) -> str:
    told = ", ".join(case.reference for case in cases[:NAMED])
    return f"{told} and {len(cases) - NAMED} more" if len(cases) > NAMED else told


# -- comparing -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Candidate:
    """A case as it is compared. `lead_id` leads it, or would if somebody said so (`proposed`)."""

    id: UUID
    office_id: UUID
    opened: tuple[datetime, UUID]
    report: likenesses.Report
    lead_id: UUID | None
    proposed: bool


@dataclass(frozen=True, slots=True)
class Found:
    """That a case is like another, which `lead_id` leads; `sure` that it may join by itself."""

    lead_id: UUID
    likeness: likenesses.Likeness
    sure: bool


def compare_due(now: datetime, limit: int = BATCH) -> int:
    """Compare up to `limit` cases whose turn it is with their neighbours; returns how many. A few statements a batch.

    What is written is only the row of the case itself, so that nobody waits; what joins by itself does so in a
    transaction of its own.
    """
    with database().write() as session:
        ids = claim(session, Likeness, now, state=LikenessState.waiting, limit=limit)
    if not ids:
        return 0
    sure: list[tuple[UUID, Found]] = []
    try:
        with database().write() as session:
            rows = session.exec(
                select(Likeness)
                .where(col(Likeness.id).in_(ids), col(Likeness.state) == LikenessState.waiting)
                .order_by(col(Likeness.id))
                .with_for_update()
            ).all()
            found = look(session, [row.case_id for row in rows], now)
            for row in rows:
                _settle(row, one := found.get(row.case_id))
                if one is not None and one.sure:
                    sure.append((row.case_id, one))
    except Exception as error:  # noqa: BLE001  (a batch that cannot be compared must not be lost, nor tried at once)
        log.error("not_compared", cases=len(ids), error=type(error).__name__, detail=str(error)[:300])  # noqa: TRY400
        _put_off(ids, f"{type(error).__name__}: {error}", now)
        return len(ids)
    for case_id, one in sure:
        with database().write() as session:
            held = {case.id: case for case in crowds.hold(session, [one.lead_id, case_id])}
            if len(held) == 2:
                crowds.join_alone(session, held[one.lead_id], held[case_id], one.likeness.why, now)
    return len(ids)


def _settle(row: Likeness, found: Found | None) -> None:
    row.due_at = row.leased_until = row.last_error = None
    row.state = LikenessState.alone if found is None else LikenessState.proposed
    row.like_id = found.lead_id if found else None
    row.alike = round(found.likeness.words, 3) if found else 0.0
    row.why = found.likeness.why if found else ""


def _put_off(ids: Iterable[UUID], why: str, now: datetime) -> None:
    with database().write() as session:
        for row in session.exec(select(Likeness).where(col(Likeness.id).in_(ids)).with_for_update()):
            row.last_error, row.due_at, row.leased_until = why[:500], retry_at(now, row.attempts), None


def look(session: Session, case_ids: Collection[UUID], now: datetime) -> dict[UUID, Found]:
    """What each of these cases is like among the older ones of its office; nothing for one that is like none."""
    known = catalogue(session)
    fresh = [_candidate(row, known) for row in session.execute(_columns().where(col(Case.id).in_(case_ids)))]
    offices = {one.office_id for one in fresh}
    if not fresh:
        return {}
    since = min(one.report.at for one in fresh) - likenesses.WINDOW
    ranked = (
        select(
            col(Case.id),
            func.row_number()
            .over(partition_by=col(Case.office_id), order_by=(col(Case.opened_at).desc(), col(Case.id).desc()))
            .label("place"),
        )
        .where(
            one_of(Case.office_id, offices),
            col(Case.state).in_(OPEN_STATES),
            col(Case.opened_at) >= since,
            or_(col(Case.lead_id).is_(None), col(Case.lead_link) == LeadLink.same),
            fitting(),
        )
        .subquery()
    )
    wanted = select(ranked.c.id).where(ranked.c.place <= NEIGHBOURS)
    there = [_candidate(row, known) for row in session.execute(_columns().where(col(Case.id).in_(wanted)))]
    surging = _surging(session, offices, known)
    found: dict[UUID, Found] = {}
    for one in sorted(fresh, key=lambda one: one.opened):
        if (best := _best(one, there, found, surging(one))) is not None:
            found[one.id] = best
    return found


def _best(one: Candidate, there: Sequence[Candidate], found: dict[UUID, Found], surging: bool) -> Found | None:
    """The surest likeness to an older case, of equals the most alike; its lead is the lead of that case.

    Nothing joins by itself what is only proposed to belong to another.
    """
    best: tuple[bool, float, Candidate, likenesses.Likeness] | None = None
    for other in there:
        if other.office_id != one.office_id or other.opened >= one.opened:
            continue
        if (like := likenesses.compare(one.report, other.report, surging=surging)) is not None:
            rank = (like.verdict is likenesses.Verdict.certain, like.words)
            if best is None or rank > best[:2]:
                best = (*rank, other, like)
    if best is None:
        return None
    certain, _, other, like = best
    earlier = found.get(other.id)  # compared in this very batch
    lead_id = earlier.lead_id if earlier else other.lead_id or other.id
    open_question = (earlier is not None and not earlier.sure) or other.proposed
    return Found(lead_id, like, certain and not open_question)


def _columns() -> Any:
    return (
        sa.select(
            col(Case.id),
            col(Case.office_id),
            col(Case.opened_at),
            col(Case.received_at),
            func.substr(Case.text, 1, likenesses.READ).label("text"),
            col(Case.service_id),
            col(Case.place),
            col(Case.location),
            func.coalesce(Case.citizen_id, Case.contact_point_id).label("citizen"),
            col(Case.lead_id),
            col(Case.lead_link),
            col(Likeness.like_id),
            col(Likeness.state).label("likeness"),
        )
        .join(Likeness, col(Likeness.case_id) == col(Case.id), isouter=True)
        .where(fitting(), or_(col(Case.lead_id).is_(None), col(Case.lead_link) == LeadLink.same))
    )


def _candidate(row: Any, known: Catalogue) -> Candidate:
    service = known.services.get(row.service_id) if row.service_id else None
    spot = row.location
    member = row.lead_id is not None
    proposal = not member and row.likeness == LikenessState.proposed
    return Candidate(
        row.id,
        row.office_id,
        (row.opened_at, row.id),
        likenesses.Report(
            row.text,
            row.received_at,
            service=service.code if service else None,
            place=row.place,
            spot=(spot["latitude"], spot["longitude"]) if spot else None,
            citizen=str(row.citizen) if row.citizen else None,
            shared=is_shared(service),
        ),
        row.lead_id if member else row.like_id if proposal else None,
        proposal,
    )


def is_shared(service: Service | None) -> bool:
    """Whether one matter of a service is many people's at once."""
    if service is None:
        return False
    return service.group in SHARED_GROUPS if service.shared is None else service.shared


def _surging(session: Session, offices: Collection[UUID], known: Catalogue) -> Callable[[Candidate], bool]:
    """Says of a case whether far more than usual comes in about its service, or at its office, just now."""
    above = {office_id: {office.id for office in known.chain(office_id)} for office_id in offices}
    every = {one for chain in above.values() for one in chain}
    rows = session.exec(
        select(Surge.office_id, Surge.service_id).where(col(Surge.over_at).is_(None), one_of(Surge.office_id, every))
    ).all()

    def surging(one: Candidate) -> bool:
        service = known.service_by_code.get(one.report.service or "")
        return any(
            office in above[one.office_id] and service is not None and about in (None, service.id)
            for office, about in rows
        )

    return surging
