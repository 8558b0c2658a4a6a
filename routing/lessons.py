"""What staff taught since the model was trained, in each process: looked for every few seconds, never per message."""

import threading
import time
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlmodel import Session, col, func, select

from core.settings import settings
from domain.access import TrainingLabel
from domain.case import Case
from domain.catalogue import catalogue
from nlp import classifier
from nlp.classifier import Classifier

if TYPE_CHECKING:
    from nlp.lessons import Memory

FRESH = 5.0
"""Seconds after which a process looks whether there are new lessons."""

Stamp = tuple[str, int, datetime | None, int]


@dataclass(frozen=True, slots=True)
class _Kept:
    memory: "Memory"
    stamp: Stamp
    looked_at: float


_lock = threading.Lock()
_kept: dict[str, _Kept] = {}


def memory(session: Session) -> "Memory | None":
    """The lessons since the current model was trained, with that model; None without a model. Costs no query while
    fresh, one where nothing is new."""
    model = classifier.current(settings().models_dir)
    if model is None:
        return None
    key = str(session.get_bind().engine.url)
    kept = _kept.get(key)
    if kept is not None and kept.memory.model is model and time.monotonic() - kept.looked_at < FRESH:
        return kept.memory
    with _lock:  # one thread prepares them, the others wait for a fraction of a second
        kept = _kept.get(key)
        if kept is None or kept.memory.model is not model or time.monotonic() - kept.looked_at >= FRESH:
            _kept[key] = kept = _look(session, model, kept)
    return kept.memory


def forget() -> None:
    """Look anew at the next message: after a placing its own process learns at once."""
    with _lock:
        for key, kept in list(_kept.items()):
            _kept[key] = _Kept(kept.memory, kept.stamp, -FRESH)


def _look(session: Session, model: Classifier, before: _Kept | None) -> _Kept:
    from nlp.lessons import LIMIT, Lesson, Memory  # numpy comes with the model, not with every process

    since = datetime.fromisoformat(str(model.card["trained_at"]))
    labels, newest, withdrawn = session.exec(
        select(func.count(), func.max(col(TrainingLabel.at)), func.count(col(TrainingLabel.withdrawn_at))).where(
            col(TrainingLabel.at) > since
        )
    ).one()
    stamp = (model.name, labels, newest, withdrawn)
    if before is not None and before.memory.model is model and before.stamp == stamp:
        return _Kept(before.memory, stamp, time.monotonic())
    known = catalogue(session)
    found = session.exec(
        select(TrainingLabel.case_id, TrainingLabel.service_id, Case.text)
        .join(Case, col(Case.id) == col(TrainingLabel.case_id))
        .where(
            col(TrainingLabel.at) > since,
            col(TrainingLabel.withdrawn_at).is_(None),
            col(Case.integrity).is_(False),
        )
        .order_by(col(TrainingLabel.at).desc(), col(TrainingLabel.id).desc())
        .limit(LIMIT)
    ).all()
    lessons = [
        Lesson(str(case_id), text, service.code)
        for case_id, service_id, text in reversed(found)
        if (service := known.services.get(service_id)) is not None and service.active
    ]
    return _Kept(Memory(model, lessons, before.memory if before else None), stamp, time.monotonic())
