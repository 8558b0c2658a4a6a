"""What the classifier is taught from in this installation, and asking that it be taught anew.

Learnt from: the catalogue's names, keywords and example sentences; the messages Ombud ships with, of services that
exist here; and what staff said that cases are really about. The raw words stay inside.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, func, select

from core import doorbell
from core.database import after_commit
from core.settings import settings
from core.texts import clean
from domain.access import TrainingLabel
from domain.case import Case
from domain.catalogue import catalogue
from domain.service import Service
from domain.states import AUDIT_SOURCES
from domain.timeline import TimelineEntry
from domain.training import RunState, TrainingRun
from nlp.training.prepare import Dataset, Example, gathered, starter

HALF_LIFE = timedelta(days=365)
"""Age at which what staff said counts half. A year: seasons come back, while offices, fees and rules change from budget
to budget."""
OLDEST = HALF_LIFE * 5
"""What was said longer ago counts less than a thirtieth, and is left out."""
ENOUGH_NEW = 50
"""Labels since the last training was asked for, after which the next one is."""
MOST_LABELS = 20_000
"""Newest labels learnt from; training takes a few milliseconds for each, and older ones weigh little anyway."""


def ask(session: Session, why: str, now: datetime, by: UUID | None = None) -> TrainingRun:
    """Ask for a new training; the caller commits, and a worker takes it up within moments.

    While one waits that nobody has begun, it is that one: all that changed before it begins is learnt together.
    """
    # locked, so that no worker gathers what to learn before our change is committed
    waiting = session.exec(
        select(TrainingRun)
        .where(
            col(TrainingRun.state) == RunState.waiting,
            col(TrainingRun.leased_until).is_(None) | (col(TrainingRun.leased_until) <= now),
        )
        .order_by(col(TrainingRun.asked_at))
        .limit(1)
        .with_for_update(skip_locked=True)
    ).first()
    if waiting is None:
        waiting = TrainingRun(asked_at=now, why=why, staff_id=by, due_at=now)
        session.add(waiting)
    else:
        waiting.due_at = now
        if why not in waiting.why.split("; "):
            waiting.why = f"{waiting.why}; {why}"
        waiting.staff_id = waiting.staff_id or by
    after_commit(session, lambda: doorbell.ring(doorbell.TRAINING))
    return waiting


def ask_after_enough(session: Session, now: datetime, by: UUID | None = None) -> TrainingRun | None:
    """Ask for a training once `ENOUGH_NEW` labels came since the last was asked for; None before. One statement."""
    asked = select(func.max(TrainingRun.asked_at)).scalar_subquery()
    fresh = session.exec(
        select(func.count())
        .select_from(TrainingLabel)
        .where(col(TrainingLabel.withdrawn_at).is_(None), (col(TrainingLabel.at) > asked) | asked.is_(None))
    ).one()
    return ask(session, f"{ENOUGH_NEW} messages were corrected", now, by) if fresh >= ENOUGH_NEW else None


def dataset(session: Session, now: datetime) -> Dataset:
    """`examples` under a name, with a hash that changes when any of them is added, changed or taken away."""
    return gathered("this installation", examples(session, now))


def examples(session: Session, now: datetime) -> tuple[Example, ...]:
    """All there is to learn from at a moment; each text once for a label, what staff said first."""
    active = catalogue(session).service_by_code
    found: dict[tuple[str, str], Example] = {}
    for example in (*corrections(session, active, now), *_shipped(active), *_catalogue(active.values())):
        found.setdefault((example.text.casefold(), example.label), example)
    return tuple(found.values())


def weight(said: datetime, now: datetime) -> float:
    """How much counts what was said then: halved with each `HALF_LIFE` that has passed."""
    return float(0.5 ** (max(now - said, timedelta(0)) / HALF_LIFE))


def theirs() -> tuple[ColumnElement[bool], ...]:
    """SQL predicates over `Case` and its first `TimelineEntry`: whose words may be learnt from and tried on.

    Words about somebody's conduct teach nothing, as others could read them out of the model. A visit of ours is in our
    words, and so is what stands for a recording.
    """
    return (
        col(Case.integrity).is_(False),
        col(Case.about_office_id).is_(None),
        col(Case.about_staff_id).is_(None),
        col(Case.source).not_in(AUDIT_SOURCES),
        col(TimelineEntry.body)["wordless"].as_boolean().is_not(True),
    )


def _catalogue(services: Iterable[Service]) -> Iterator[Example]:
    for service in services:
        named = [(name, language) for language, name in service.names.items()]
        for text, language in [*named, *((keyword, None) for keyword in service.keywords)]:
            if clean(text):
                yield Example(clean(text), service.code, language, None, "phrase", 0)
        for text in service.examples:
            if clean(text):
                yield Example(clean(text), service.code, None, None, "fit", 0)


def _shipped(active: dict[str, Service]) -> Iterator[Example]:
    spoken = settings().languages
    return (example for example in starter().examples if example.label in active and (example.lang or "en") in spoken)


def corrections(session: Session, active: dict[str, Service], now: datetime) -> Iterator[Example]:
    """What staff said, newest first: the last word on each case, in the citizen's own words."""
    codes = {service.id: service.code for service in active.values()}
    rows = session.exec(
        select(TrainingLabel, Case.text, Case.language)
        .join(Case, col(Case.id) == col(TrainingLabel.case_id))
        .join(TimelineEntry, (col(TimelineEntry.case_id) == col(Case.id)) & (col(TimelineEntry.number) == 1))
        .where(
            col(TrainingLabel.withdrawn_at).is_(None),
            col(TrainingLabel.at) > now - OLDEST,
            *theirs(),
        )
        .order_by(col(TrainingLabel.at).desc(), col(TrainingLabel.id).desc())
        .limit(MOST_LABELS)
    )
    spoken_of: set[UUID] = set()
    for label, text, language in rows:
        if label.case_id in spoken_of:
            continue
        spoken_of.add(label.case_id)
        if label.service_id in codes and clean(text):
            yield Example(clean(text), codes[label.service_id], language, None, "fit", 0, weight(label.at, now))
