"""Hand-overs by office: what it sent away, what was bounced, how long it took to accept. Read only.

Counted from the timeline: each offer to another office, and how it ended. An office's own acts count in its figures
though the case is no longer its to see (`domain.visibility.counted_act`); what is listed by itself, the viewer may see.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from statistics import median
from typing import Any, cast
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, select

from domain.case import Case
from domain.catalogue import catalogue
from domain.clock import Clock
from domain.states import ClockKind, ClockState, EntryKind, LeadLink
from domain.timeline import TimelineEntry
from domain.visibility import Viewer, counted_act, visible

ENDS = (EntryKind.accepted, EntryKind.refused, EntryKind.withdrawn, EntryKind.lapsed)
KINDS = (EntryKind.transferred, *ENDS)
_OFFICE: ColumnElement[UUID] = cast(Any, TimelineEntry).office_id


@dataclass(frozen=True, slots=True)
class Offer:
    """One offer of a case by one office to another, and how it ended (None: not yet)."""

    case_id: UUID
    by: UUID
    to: UUID
    at: datetime
    end: EntryKind | None = None
    seconds: int | None = None
    late: bool = False
    came_back: bool = False


@dataclass(slots=True)
class HandOvers:
    """What an office did with cases it or others offered, in a period. Seconds are elapsed time.

    `offered`: offers it made, and of these `accepted`, `bounced` (refused or not answered), `withdrawn`. `received`:
    offers it got, and of these `took`, `refused`, `unanswered`, `late` (accepted after the target). `came_back`: cases
    it took that it had sent away before.
    """

    office_id: UUID
    offered: int = 0
    accepted: int = 0
    bounced: int = 0
    withdrawn: int = 0
    received: int = 0
    took: int = 0
    refused: int = 0
    unanswered: int = 0
    late: int = 0
    came_back: int = 0
    seconds: list[int] = field(default_factory=list)
    cases: dict[UUID, None] = field(default_factory=dict)

    @property
    def median_seconds(self) -> float | None:
        """Median time from an offer to its acceptance; None without one."""
        return median(self.seconds) if self.seconds else None


def by_office(
    session: Session, who: Viewer, office_ids: Collection[UUID] | None, *, since: datetime, until: datetime
) -> list[HandOvers]:
    """Offers made from `since` to before `until` by the offices they concern, most bounced and sent away first."""
    found: dict[UUID, HandOvers] = {}
    known = catalogue(session)
    mine: Collection[UUID] = known.offices if who.offices is None else who.offices
    for offer in offers(session, who, since=since, until=until):
        for office, count in ((offer.by, _gave), (offer.to, _got)):
            if office in mine and (office_ids is None or office in office_ids):
                line = found.setdefault(office, HandOvers(office))
                line.cases[offer.case_id] = None
                count(line, offer)
    return sorted(
        found.values(), key=lambda one: (-one.bounced - one.refused, -one.offered, known.offices[one.office_id].code)
    )


def _gave(line: HandOvers, offer: Offer) -> None:
    line.offered += 1
    line.accepted += offer.end == EntryKind.accepted
    line.bounced += offer.end in (EntryKind.refused, EntryKind.lapsed)
    line.withdrawn += offer.end == EntryKind.withdrawn


def _got(line: HandOvers, offer: Offer) -> None:
    line.received += 1
    line.took += offer.end == EntryKind.accepted
    line.refused += offer.end == EntryKind.refused
    line.unanswered += offer.end == EntryKind.lapsed
    line.late += offer.late
    line.came_back += offer.came_back
    if offer.end == EntryKind.accepted and offer.seconds is not None:
        line.seconds.append(offer.seconds)


def references(session: Session, who: Viewer, case_ids: Collection[UUID]) -> list[tuple[str, str]]:
    """Reference and words of those of these cases that the viewer may open, newest first."""
    if not case_ids:
        return []
    query = select(Case.reference, Case.text).where(col(Case.id).in_(case_ids), visible(who))
    return list(session.exec(query.order_by(col(Case.opened_at).desc())).all())


def offers(session: Session, who: Viewer, *, since: datetime, until: datetime) -> list[Offer]:
    """Offers made in a period, oldest first, whose making or ending counts for this viewer; parts are none."""
    codes = {office.code: office.id for office in catalogue(session).offices.values()}
    made = select(TimelineEntry.case_id).where(
        col(TimelineEntry.kind) == EntryKind.transferred, col(TimelineEntry.at) >= since, col(TimelineEntry.at) < until
    )
    concerned = (
        select(TimelineEntry.case_id)
        .join(Case, col(Case.id) == col(TimelineEntry.case_id))
        .where(
            col(TimelineEntry.case_id).in_(made),
            col(TimelineEntry.kind).in_(KINDS),
            col(Case.lead_link).is_distinct_from(LeadLink.part),
            counted_act(who, _OFFICE),
        )
    )
    entries: dict[UUID, list[TimelineEntry]] = {}
    query = select(TimelineEntry).where(
        col(TimelineEntry.case_id).in_(concerned), col(TimelineEntry.kind).in_(KINDS), col(TimelineEntry.at) < until
    )
    for entry in session.exec(query.order_by(col(TimelineEntry.case_id), col(TimelineEntry.number))):
        entries.setdefault(entry.case_id, []).append(entry)
    late = _late(session, entries)
    found = [one for case_id, of_case in entries.items() for one in _of_case(case_id, of_case, codes, late)]
    return sorted((one for one in found if one.at >= since), key=lambda one: (one.at, one.case_id))


def _of_case(
    case_id: UUID, entries: Sequence[TimelineEntry], codes: dict[str, UUID], late: set[tuple[UUID, datetime]]
) -> Iterator[Offer]:
    away: set[UUID] = set()
    for place, entry in enumerate(entries):
        by, to = codes.get(str(entry.body.get("from"))), codes.get(str(entry.body.get("to")))
        if entry.kind != EntryKind.transferred or by is None or to is None:
            continue
        end = next((one for one in entries[place + 1 : place + 2] if one.kind in ENDS), None)
        took = end is not None and end.kind == EntryKind.accepted
        yield Offer(
            case_id,
            by,
            to,
            entry.at,
            EntryKind(end.kind) if end else None,
            int((end.at - entry.at).total_seconds()) if end else None,
            end is not None and took and (case_id, end.at) in late,
            took and to in away,
        )
        if took:
            away.add(by)


def _late(session: Session, case_ids: Collection[UUID]) -> set[tuple[UUID, datetime]]:
    """Case and moment of each acceptance that came after the target, as its clock measured it."""
    rows = session.exec(
        select(Clock.case_id, Clock.ended_at).where(
            col(Clock.case_id).in_(case_ids),
            col(Clock.kind) == ClockKind.acceptance,
            col(Clock.state) == ClockState.missed,
        )
    )
    return {(case_id, ended_at) for case_id, ended_at in rows if ended_at is not None}
