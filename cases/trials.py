"""A candidate in the shadow: what it would have said of new cases, and whether that makes it worth using.

Both models, the candidate and the one in use, are asked about cases that came after the training, so neither has seen
them. What staff made of a case is the truth: the service they said, or the one under which an office answered it.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import delete, insert, update
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from cases import teaching
from cases.training import LEASE, close, last_day, on_trial, promote
from core import claims, doorbell
from core.database import after_commit, database
from core.errors import Conflict, OmbudError
from core.ids import new_id
from core.logs import logger
from core.settings import settings
from domain.access import TrainingLabel
from domain.case import Case
from domain.catalogue import catalogue
from domain.opinion import Opinion
from domain.timeline import TimelineEntry
from domain.training import RunResult, RunState, TrainingRun
from domain.visibility import Viewer
from nlp.classifier import promoted
from nlp.training import apart, evidence
from nlp.training import promote as shelf
from nlp.training.verdict import Pair, Standing, judge

BATCH = 500
LOOK = timedelta(minutes=10)
"""New cases are gathered for so long before the candidate is asked: starting its process costs two seconds."""
SHORTEST = timedelta(days=1)
"""A trial lasts a day at least: a morning is not like a night."""
WANTED = 50
"""Cases whose truth is known that end a trial before its last day."""
KEPT = timedelta(days=90)
"""Opinions of finished trials are kept for looking back, this long."""

Ask = Callable[[Sequence[str], Sequence[str], Sequence[str]], dict[str, list[apart.Opinion]]]
"""(model names, texts, languages) → what each model says; see `nlp.training.apart.opinions`."""

log = logger("cases.trials")


class Fresh(NamedTuple):
    """A case nobody asked the candidate about yet."""

    id: UUID
    text: str
    language: str


def ask_apart(names: Sequence[str], texts: Sequence[str], languages: Sequence[str]) -> dict[str, list[apart.Opinion]]:
    """Ask stored models in a process of their own."""
    return apart.opinions(settings().models_dir, names, texts, languages)


def look_due(now: datetime, ask: Ask = ask_apart) -> int:
    """Claim the trial that is due, ask about new cases, and end it where enough is known; returns cases asked about."""
    with database().write() as session:
        ids = claims.claim(session, TrainingRun, now, state=RunState.trial, limit=1, lease=LEASE)
    return sum(_look(run_id, now, ask) for run_id in ids)


def _look(run_id: UUID, now: datetime, ask: Ask) -> int:
    models_dir = settings().models_dir
    with database().read() as session:
        run = session.get_one(TrainingRun, run_id)
        newest = on_trial(session)
        names = promoted(models_dir)
        fresh = _fresh(session, run)
    candidate, in_use = run.model or "", names[0] if names else ""
    if candidate == in_use:
        _end(run_id, now, RunResult.promoted, ["Somebody put it into use by hand."])
        return 0
    if newest is not None and newest.id != run_id:
        _end(run_id, now, RunResult.superseded, [f"A newer candidate took its place: {newest.model}."])
        return 0
    try:
        shelf.card(models_dir, candidate)
        said = ask([candidate, in_use], [one.text for one in fresh], [one.language for one in fresh]) if fresh else {}
    except OmbudError as error:
        _end(run_id, now, RunResult.refused, [f"It cannot be read any more: {error.message}"])
        return 0
    except apart.Interrupted as error:
        log.warning("trial_interrupted", run=str(run_id), why=str(error))
        with database().write() as session:
            _due(session.get_one(TrainingRun, run_id, with_for_update=True), now + LOOK)
        return 0
    with database().write() as session:
        # one look at a time, and none at a trial that ended meanwhile
        row = session.get_one(TrainingRun, run_id, with_for_update=True)
        if row.state != RunState.trial:
            return 0
        _note(session, fresh, said, now)
        _weigh(session, row, in_use, now, more=len(fresh) == BATCH)
    return len(fresh)


def _fresh(session: Session, run: TrainingRun) -> list[Fresh]:
    """Cases since the training that the candidate was not asked about, oldest first; none about conduct or in words
    of ours."""
    asked = select(Opinion.case_id).where(col(Opinion.model) == run.model, col(Opinion.case_id) == col(Case.id))
    rows = session.exec(
        select(Case.id, Case.text, Case.language)
        .join(TimelineEntry, (col(TimelineEntry.case_id) == col(Case.id)) & (col(TimelineEntry.number) == 1))
        .where(col(Case.opened_at) > run.trained_at, ~asked.exists(), *teaching.theirs())
        .order_by(col(Case.opened_at))
        .limit(BATCH)
    )
    return [Fresh(*row) for row in rows]


def _note(session: Session, fresh: Iterable[Fresh], said: dict[str, list[apart.Opinion]], now: datetime) -> None:
    """All opinions of a batch in one statement."""
    rows = [
        {
            "id": new_id(),
            "case_id": case.id,
            "model": model,
            "label": one.label,
            "probability": one.probability,
            "confident": one.confident,
            "at": now,
        }
        for model, opinions in said.items()
        for case, one in zip(fresh, opinions, strict=True)
    ]
    if rows:
        known = select(Opinion.case_id, Opinion.model).where(col(Opinion.case_id).in_([case.id for case in fresh]))
        there = {(case_id, model) for case_id, model in session.exec(known)}
        rows = [row for row in rows if (row["case_id"], row["model"]) not in there]
    if rows:
        session.execute(insert(Opinion), rows)


def _weigh(session: Session, run: TrainingRun, in_use: str, now: datetime, *, more: bool) -> None:
    """Go on, or end the trial: what it was held back from and what it said of new cases are judged together, once.

    Looked at more often, chance alone would end half of all trials.
    """
    shadow = shadow_pairs(session, settings().models_dir, run.model or "", in_use)
    verdict, live = judge([*evidence.between(settings().models_dir, run.model or "", in_use), *shadow]), judge(shadow)
    run.figures = {**run.figures, "before": in_use, "together": verdict.as_json(), "shadow": live.as_json()}
    started = run.trained_at or run.asked_at
    words = [f"{len(shadow)} new cases whose service is known were looked at beside it.", *verdict.words]
    if more or not (now >= last_day(run) or (now - started >= SHORTEST and len(shadow) >= WANTED)):
        run.outcome = ["It runs in the shadow of the model in use.", *words]
        _due(run, now if more else now + LOOK)
    elif live.standing is Standing.worse and verdict.standing is not Standing.worse:
        _over(session, run, now, RunResult.refused, [words[0], *(f"On new cases alone: {one}" for one in live.words)])
    elif verdict.standing is Standing.worse:
        _over(session, run, now, RunResult.refused, words)
    elif verdict.standing is Standing.unclear:
        _over(session, run, now, RunResult.refused, [*words, "So it cannot be shown that it is not worse."])
    else:
        promote(run, now, words)
        _over(session, run, now, RunResult.promoted, words)


def shadow_pairs(session: Session, models_dir: Path, candidate: str, in_use: str) -> list[Pair]:
    """Cases on which both models gave an opinion and whose service is known by now, of services that both know."""
    both = evidence.common_labels(models_dir, candidate, in_use)
    codes = {service.id: code for code, service in catalogue(session).service_by_code.items() if code in both}
    mine, theirs = aliased(Opinion), aliased(Opinion)
    rows = session.exec(
        select(mine, theirs, Case)
        .join(theirs, (col(theirs.case_id) == col(mine.case_id)) & (col(theirs.model) == in_use))
        .join(Case, col(Case.id) == col(mine.case_id))
        .where(col(mine.model) == candidate, col(Case.integrity).is_(False))
    ).all()
    said = _said(session, candidate)
    found = []
    for after, before, case in rows:
        service_id = said.get(case.id) or _answered_as(case)
        truth = codes.get(service_id) if service_id is not None else None
        if truth is not None:
            right_before, right_after = before.label == truth, after.label == truth
            harm = (before.confident and not right_before, after.confident and not right_after)
            found.append(Pair(case.language, right_before, right_after, *harm))
    return found


def _said(session: Session, candidate: str) -> dict[UUID, UUID]:
    """What staff said last of the cases a candidate was asked about."""
    labels = session.exec(
        select(TrainingLabel)
        .join(Opinion, (col(Opinion.case_id) == col(TrainingLabel.case_id)) & (col(Opinion.model) == candidate))
        .where(col(TrainingLabel.withdrawn_at).is_(None))
        .order_by(col(TrainingLabel.at), col(TrainingLabel.id))
    )
    return {label.case_id: label.service_id for label in labels}


def _answered_as(case: Case) -> UUID | None:
    """The service under which the first office answered, in words of its own, without sending the case on."""
    answered = case.first_response_at is not None and not case.first_response_templated
    return case.service_id if answered and not case.hops and case.pending_office_id is None else None


def _due(run: TrainingRun, at: datetime) -> None:
    run.due_at, run.leased_until, run.attempts = at, None, 0


def _end(run_id: UUID, now: datetime, result: RunResult, words: Sequence[str]) -> None:
    with database().write() as session:
        run = session.get_one(TrainingRun, run_id, with_for_update=True)
        if run.state == RunState.trial:
            _over(session, run, now, result, words)


def _over(session: Session, run: TrainingRun, now: datetime, result: RunResult, words: Sequence[str]) -> None:
    """The end of a trial: what waited for it may begin, and old opinions go."""
    close(run, now, result, words)
    session.exec(
        update(TrainingRun)
        .where(col(TrainingRun.state) == RunState.waiting, col(TrainingRun.leased_until).is_(None))
        .values(due_at=now)
    )
    session.exec(delete(Opinion).where(col(Opinion.at) < now - KEPT))
    after_commit(session, lambda: doorbell.ring(doorbell.TRAINING))
    log.info("trial_over", model=run.model, result=result)


def use(session: Session, name: str, who: Viewer, now: datetime, *, anyway: bool = False) -> TrainingRun:
    """Put a stored model into use by hand; a run tells of it. Raises Conflict where it is shown to be worse."""
    models_dir = settings().models_dir
    names = promoted(models_dir)
    if names and names[0] == name:
        raise Conflict("That model is in use already.", mend="Reload the page.")
    shelf.check_not_worse(models_dir, name, anyway=anyway)
    run = on_trial(session, lock=True)
    if run is None or run.model != name:
        run = TrainingRun(asked_at=now, why="Put into use by hand", staff_id=who.staff_id, model=name)
    promote(run, now, [f"{who.name} put it into use{' though it is worse' if anyway else ''}."])
    session.add(run)
    return run


def stop(session: Session, who: Viewer, now: datetime) -> TrainingRun:
    """End the trial by hand, without using the candidate. Raises Conflict where none is on trial."""
    run = on_trial(session, lock=True)
    if run is None:
        raise Conflict("No model is on trial.", mend="Reload the page.")
    _over(session, run, now, RunResult.refused, [f"{who.name} ended the trial.", *run.outcome[1:]])
    return run


def roll_back(session: Session, who: Viewer, now: datetime) -> TrainingRun:
    """Put the model before the current one back into use; a run tells of it. Raises BadInput where there is none."""
    before = promoted(settings().models_dir)
    names = shelf.rollback(settings().models_dir)
    run = TrainingRun(asked_at=now, why="Back to the model before", staff_id=who.staff_id, model=names[0])
    close(run, now, RunResult.rolled_back, [f"{who.name} took {before[0]} out of use; {names[0]} is in use again."])
    session.add(run)
    return run
