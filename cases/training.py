"""The life of a model: a training that was asked for is run, its candidate is tried in the shadow, then used or not.

The row is the job: it waits, is on trial, is done. A worker that dies in the middle leaves a lease that runs out, and
at most a stored model that nobody uses.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import ColumnElement, or_
from sqlmodel import Session, col, func, select

from cases import firewall, teaching
from core import claims
from core.database import database
from core.errors import BadInput
from core.logs import logger
from core.settings import settings
from domain.access import TrainingLabel
from domain.catalogue import catalogue
from domain.training import RunResult, RunState, TrainingRun
from nlp import accusation
from nlp.classifier import promoted
from nlp.training import apart, evidence
from nlp.training import promote as shelf
from nlp.training.prepare import Dataset
from nlp.training.verdict import Standing, judge

LEASE = timedelta(minutes=10)
"""Longer than a training may take (`apart.SECONDS`)."""
TRIES = 3
EVERY = timedelta(days=7)
"""What staff said since is learnt at least this often."""
LONGEST = timedelta(days=6)
"""A trial ends after this at the latest, before the next weekly training."""
PATIENCE = timedelta(days=1)
"""Where there is no model and none could be made, it is tried again after this."""
SEED = 0

log = logger("cases.training")


class Train(Protocol):
    """Trains and stores a candidate; see `nlp.training.apart.train`."""

    def __call__(
        self, dataset: Dataset, models_dir: Path, *, seed: int, now: datetime, languages: Sequence[str]
    ) -> dict[str, Any]: ...


def train_due(now: datetime, train: Train = apart.train) -> int:
    """Claim one training that waits, run it and decide what becomes of its model; returns how many were claimed.

    No session is open meanwhile, and nothing of this process waits: the work is done by a child.
    """
    with database().write() as session:
        ids = claims.claim(session, TrainingRun, now, state=RunState.waiting, limit=1, lease=LEASE)
    for run_id in ids:
        _train_one(run_id, now, train)
    return len(ids)


def _train_one(run_id: UUID, now: datetime, train: Train) -> None:
    models_dir = settings().models_dir
    with database().read() as session:
        attempt = session.get_one(TrainingRun, run_id).attempts
        data = teaching.dataset(session, now)
        tried = on_trial(session)
        last = _last_data(session)
        asked_by_hand = session.get_one(TrainingRun, run_id).staff_id is not None
        cleared = firewall.cleared(session)
    teach_accusations(models_dir, cleared)
    labels = {example.label for example in data.examples}
    if promoted(models_dir) and last == data.sha256 and not asked_by_hand:
        _finish(run_id, attempt, now, RunResult.nothing_new, ["Nothing has changed since the last training."])
        return
    if tried is not None and tried.model and labels == labels_of(models_dir, tried.model):
        _wait_for_trial(run_id, attempt, tried)
        return
    try:
        made = train(data, models_dir, seed=SEED, now=now, languages=settings().languages)
    except BadInput as error:
        _fail(run_id, attempt, now, f"{error.message} {error.mend}".strip())
    except apart.Stopped:
        _let_go(run_id, attempt, now)
    except apart.Interrupted as error:
        _again(run_id, attempt, now, str(error))
    except Exception as error:
        log.exception("training_failed", run=str(run_id))
        _again(run_id, attempt, now, f"{type(error).__name__}: {error}")
    else:
        _decide(run_id, attempt, data, made, now)


def teach_accusations(models_dir: Path, cleared: Sequence[str]) -> None:
    """What integrity released is ordinary, and the recogniser learns it; where nothing was, the shipped weights do."""
    known = models_dir / accusation.TAUGHT
    if not cleared:
        known.unlink(missing_ok=True)
        return
    try:
        card = apart.teach_accusations(models_dir, [(text, accusation.ORDINARY) for text in cleared])
    except (apart.Interrupted, BadInput) as error:
        log.warning("recogniser_not_taught", error=type(error).__name__)  # the weights before go on
    else:
        log.info("recogniser_taught", texts=card["texts"], recall=card["recall"])


def _decide(run_id: UUID, attempt: int, data: Dataset, made: Mapping[str, Any], now: datetime) -> None:
    """At once into use where there is nothing to compare with or where services changed; else on trial, or refused."""
    models_dir, name = settings().models_dir, str(made["name"])
    # as it is now: while the child worked, somebody may have put another model into use
    in_use = next(iter(promoted(models_dir)), "")
    verdict = judge(evidence.between(models_dir, name, in_use) if in_use else ())
    with database().write() as session:
        run = _mine(session, run_id, attempt)
        if run is None:
            return
        run.model, run.trained_at = name, now
        run.figures = {"data": data.sha256, "before": in_use or None, "held": verdict.as_json()}
        older = on_trial(session, lock=True)
        if older is not None:
            close(older, now, RunResult.superseded, [f"A newer candidate took its place: {name}."])
        changed = _changes(labels_of(models_dir, name), labels_of(models_dir, in_use))
        if made["before"] is None or not in_use:
            promote(run, now, ["There was no model before that could be used."])
        elif verdict.standing is Standing.worse:
            close(run, now, RunResult.refused, verdict.words)
        elif changed:
            promote(run, now, [changed, *verdict.words])
        else:
            run.state, run.due_at, run.leased_until, run.attempts = RunState.trial, now, None, 0
            run.outcome = ["It runs in the shadow of the model in use.", *verdict.words]
        keep = [name] if run.state == RunState.trial else []
    shelf.prune(models_dir, now, keep)
    log.info("trained", model=name, standing=verdict.standing, result=run.result)


def _changes(mine: frozenset[str], theirs: frozenset[str]) -> str:
    new, gone = ", ".join(sorted(mine - theirs)), ", ".join(sorted(theirs - mine))
    told = f"It knows what is new: {new}." if new else ""
    return f"{told} It has forgotten what is gone: {gone}.".strip() if gone else told


def on_trial(session: Session, *, lock: bool = False) -> TrainingRun | None:
    """The training whose candidate runs in the shadow; `lock` for whoever ends it."""
    wanted = select(TrainingRun).where(col(TrainingRun.state) == RunState.trial)
    wanted = wanted.order_by(col(TrainingRun.trained_at).desc()).limit(1)
    return session.exec(wanted.with_for_update() if lock else wanted).first()


def labels_of(models_dir: Path, name: str) -> frozenset[str]:
    """Labels that a stored model knows; none of one that is gone."""
    return evidence.common_labels(models_dir, name) if name else frozenset()


def _last_data(session: Session) -> str | None:
    """Hash of what the last training learnt from."""
    last = session.exec(
        select(TrainingRun)
        .where(col(TrainingRun.trained_at).is_not(None), col(TrainingRun.model).is_not(None))
        .order_by(col(TrainingRun.trained_at).desc())
        .limit(1)
    ).first()
    found = last.figures.get("data") if last else None
    return str(found) if found else None


def _mine(session: Session, run_id: UUID, attempt: int) -> TrainingRun | None:
    """The row, locked; None where its lease ran out and another worker has it, or it is over."""
    run = session.get(TrainingRun, run_id, with_for_update=True)
    return run if run is not None and run.attempts == attempt and run.state == RunState.waiting else None


def close(run: TrainingRun, now: datetime, result: RunResult, words: Sequence[str]) -> None:
    """The end of a training or trial, with the reasons in sentences."""
    run.state, run.result, run.outcome, run.finished_at = RunState.done, result, [*words], now
    run.due_at = run.leased_until = None


def promote(run: TrainingRun, now: datetime, words: Sequence[str]) -> None:
    """The pointer moves before the row is committed: a crash between leaves a model in use and a run that is repeated,
    never a run that tells of a model nobody uses."""
    shelf.promote(settings().models_dir, run.model or "")
    close(run, now, RunResult.promoted, words)


def note(
    session: Session, model: str, why: str, now: datetime, result: RunResult, words: Sequence[str], *, data: str = ""
) -> TrainingRun:
    """Tell of what was done by hand, at the command line or on a page; `data` is the hash of what was learnt there."""
    run = TrainingRun(asked_at=now, why=why, model=model, figures={"data": data} if data else {})
    run.trained_at = now if data else None
    close(run, now, result, words)
    session.add(run)
    return run


def _finish(run_id: UUID, attempt: int, now: datetime, result: RunResult, words: Sequence[str]) -> None:
    with database().write() as session:
        run = _mine(session, run_id, attempt)
        if run is not None:
            close(run, now, result, words)


def _wait_for_trial(run_id: UUID, attempt: int, tried: TrainingRun) -> None:
    """A trial is let come to its end, else many corrections would keep every candidate from ever being used."""
    with database().write() as session:
        run = _mine(session, run_id, attempt)
        if run is not None:
            run.due_at, run.leased_until, run.attempts = last_day(tried), None, 0
            run.outcome = [f"It waits until the trial of {tried.model} has ended."]


def _fail(run_id: UUID, attempt: int, now: datetime, why: str) -> None:
    with database().write() as session:
        run = _mine(session, run_id, attempt)
        if run is not None:
            run.state, run.last_error, run.outcome, run.finished_at = RunState.failed, why, [why], now
            run.due_at = run.leased_until = None
    log.warning("training_failed", run=str(run_id), why=why)


def _again(run_id: UUID, attempt: int, now: datetime, why: str) -> None:
    if attempt >= TRIES:
        _fail(run_id, attempt, now, f"It broke off {attempt} times. {why}")
        return
    with database().write() as session:
        run = _mine(session, run_id, attempt)
        if run is not None:
            run.due_at, run.leased_until, run.last_error = claims.retry_at(now, attempt), None, why


def _let_go(run_id: UUID, attempt: int, now: datetime) -> None:
    """As if it had not been begun: whoever works next takes it up."""
    with database().write() as session:
        run = _mine(session, run_id, attempt)
        if run is not None:
            run.due_at, run.leased_until, run.attempts = now, None, attempt - 1


def last_day(run: TrainingRun) -> datetime:
    """When a trial ends at the latest."""
    return (run.trained_at or run.asked_at) + LONGEST


def ask_weekly(now: datetime, trained_at: datetime | None) -> bool:
    """Ask for a training where a week has passed and staff said something since, or where no model can be used.

    `trained_at` is when the model in use was trained, None where there is none.
    """
    with database().read() as session:
        last = session.exec(
            select(TrainingRun.asked_at).where(_is_training()).order_by(col(TrainingRun.asked_at).desc()).limit(1)
        ).first()
        why = _why(session, trained_at, last, now)
    if why:
        with database().write() as session:
            teaching.ask(session, why, now)
    return bool(why)


def _why(session: Session, trained_at: datetime | None, last: datetime | None, now: datetime) -> str:
    if trained_at is None:
        few = len(catalogue(session).service_by_code) < 2
        return "" if few or (last is not None and now - last < PATIENCE) else "There is no model yet"
    since = last or trained_at
    if now - since < EVERY:
        return ""
    news = (col(TrainingLabel.at) > since) | (col(TrainingLabel.withdrawn_at) > since)
    said = session.exec(select(func.count()).select_from(TrainingLabel).where(news)).one()
    return f"A week has passed, and staff said {said} times what a message is about" if said else ""


def _is_training() -> ColumnElement[bool]:
    """What is no promotion or return by hand."""
    return or_(
        col(TrainingRun.trained_at).is_not(None),
        col(TrainingRun.state).in_([RunState.waiting, RunState.failed]),
        col(TrainingRun.result) == RunResult.nothing_new,
    )
