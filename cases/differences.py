"""Where people at the triage desk and the routing table differ: each a hint that a rule is wrong or missing."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, and_, col, or_, select

import routing.service
from domain.access import LabelSource, TrainingLabel
from domain.case import Case
from domain.catalogue import catalogue
from domain.states import EntryKind
from domain.timeline import TimelineEntry
from domain.visibility import Viewer, countable, visible


@dataclass(frozen=True, slots=True)
class Difference:
    """How often triage sent a service in a place to another office than the routing table names now."""

    service: str
    place: str
    sent_to: str
    table_says: str
    times: int
    last_at: datetime


def differences(session: Session, who: Viewer, since: datetime, now: datetime) -> list[Difference]:
    """They differ so often since a moment, most often first. Offices and services by code; empty is none."""
    known = catalogue(session)
    found = session.exec(
        select(TrainingLabel, TimelineEntry, Case.location)
        .join(Case, col(Case.id) == col(TrainingLabel.case_id))
        .join(
            TimelineEntry,
            and_(
                col(TimelineEntry.case_id) == col(TrainingLabel.case_id),
                col(TimelineEntry.at) == col(TrainingLabel.at),
                col(TimelineEntry.kind) == EntryKind.routed,
            ),
        )
        .where(
            col(TrainingLabel.at) >= since,
            col(TrainingLabel.source) == LabelSource.triage,
            col(TrainingLabel.withdrawn_at).is_(None),
            or_(visible(who), countable()),
        )
    ).all()
    times: Counter[tuple[str, str, str, str]] = Counter()
    last: dict[tuple[str, str, str, str], datetime] = {}
    for label, entry, location in found:
        service = known.services.get(label.service_id)
        office = known.offices.get(entry.office_id) if entry.office_id else None
        if service is None or office is None:
            continue
        where = str(entry.body.get("place") or "")
        answers = routing.service.answering(known, service.code, where or None, now, location)
        if answers is None or answers.id != office.id:
            key = service.code, where, office.code, answers.code if answers else ""
            times[key] += 1
            last[key] = max(label.at, last.get(key, label.at))
    return [Difference(*key, count, last[key]) for key, count in times.most_common()]
