"""A training from being asked for to a model in use, on trial or refused; killed, doubled and repeated."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session, col, select

from cases import teaching, training
from core.errors import BadInput
from core.settings import settings
from domain.training import RunResult, RunState, TrainingRun
from nlp.classifier import promoted
from nlp.training import apart, promote
from nlp.training.prepare import Example
from tests.builders import NOW, Government, government
from tests.cases.lives import LABELS, Trainer, shelve
from tests.cases.test_teaching import labelled
from tests.conftest import Installation


@pytest.fixture
def known(installation: Installation) -> Government:
    with installation.database.write() as session:
        return government(session)


@pytest.fixture
def models(known: Government) -> Path:
    folder = settings().models_dir
    folder.mkdir(parents=True)
    return folder


def ask(installation: Installation, why: str = "A test wants it") -> None:
    with installation.database.write() as session:
        teaching.ask(session, why, NOW)


def runs(installation: Installation) -> list[TrainingRun]:
    with installation.database.read() as session:
        return list(session.exec(select(TrainingRun).order_by(col(TrainingRun.id))))


def in_use(models: Path, **quality: Any) -> str:
    name = shelve(models, "old", **quality)
    promote.promote(models, name)
    return name


@pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("before", "quality", "state", "result", "words"),
    [
        (None, {}, RunState.done, RunResult.promoted, "no model before"),
        ({}, {}, RunState.trial, None, "in the shadow"),
        ({}, {"right": 120}, RunState.done, RunResult.refused, "worse"),
        # a new service, a service that is gone: at once, unless it is worse at what both know
        ({}, {"labels": (*LABELS, "parks")}, RunState.done, RunResult.promoted, "new: parks"),
        ({}, {"labels": ("water",)}, RunState.done, RunResult.promoted, "gone: passport"),
        ({}, {"labels": (*LABELS, "parks"), "right": 120}, RunState.done, RunResult.refused, "worse"),
        # one language pays for all others
        ({"right": 150, "n_sq": 60}, {"right": 200, "n_sq": 60}, RunState.trial, None, "not worse"),
        ({"of": 20, "right": 18}, {"of": 20, "right": 18}, RunState.trial, None, "too few"),
    ],
)
def test_what_becomes_of_a_candidate(
    installation: Installation,
    models: Path,
    before: dict[str, Any] | None,
    quality: dict[str, Any],
    state: RunState,
    result: RunResult | None,
    words: str,
) -> None:
    old = in_use(models, **before) if before is not None else None
    ask(installation)
    trainer = Trainer(**quality)
    assert training.train_due(NOW, trainer) == 1
    assert training.train_due(NOW, trainer) == 0
    (run,) = runs(installation)
    assert (run.state, run.result) == (state, result)
    assert words in " ".join(run.outcome)
    assert run.model in promote.stored(models)
    assert promoted(models)[0] == (run.model if result is RunResult.promoted else old)
    assert {example.label for example in trainer.given[0].examples} == set(LABELS)


def test_two_workers_train_once(installation: Installation, models: Path) -> None:
    ask(installation)
    trainer = Trainer()
    others: list[int] = []
    trainer.before = lambda: others.append(training.train_due(NOW, trainer))  # while the first is at it
    assert training.train_due(NOW, trainer) == 1
    assert others == [0]
    assert len(trainer.given) == 1


def test_a_worker_that_died_leaves_a_run_that_is_taken_up(installation: Installation, models: Path) -> None:
    ask(installation)

    class Killed(BaseException):
        """As by kill -9: nothing of ours runs afterwards."""

    def die() -> None:
        raise Killed

    dying = Trainer()
    dying.before = die
    with pytest.raises(Killed):
        training.train_due(NOW, dying)
    assert promoted(models) == []
    assert training.train_due(NOW + training.LEASE / 2, Trainer()) == 0
    assert training.train_due(NOW + training.LEASE, Trainer()) == 1
    (run,) = runs(installation)
    assert (run.result, run.attempts) == (RunResult.promoted, 2)


def test_whoever_lost_the_lease_changes_nothing(installation: Installation, models: Path) -> None:
    ask(installation)
    slow, quick = Trainer(), Trainer()
    slow.before = lambda: training.train_due(NOW + training.LEASE, quick)
    training.train_due(NOW, slow)
    (run,) = runs(installation)
    assert len(promote.stored(models)) == 2
    assert promoted(models) == [run.model]


@pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("error", "tries", "state", "words"),
    [
        (BadInput("only the label 'water'.", mend="Add another."), 1, RunState.failed, "only the label"),
        (apart.Interrupted("The training process ended with -9."), 3, RunState.failed, "3 times"),
        (RuntimeError("disk full"), 1, RunState.failed, "disk full"),
        (apart.Stopped("ours"), 5, RunState.waiting, ""),
    ],
    ids=["unusable", "killed", "broken", "stopped"],
)
def test_a_training_that_fails_says_so(
    installation: Installation,
    models: Path,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    tries: int,
    state: RunState,
    words: str,
) -> None:
    if isinstance(error, RuntimeError):  # its traceback is long in the writing
        monkeypatch.setattr(training, "TRIES", 1)
    ask(installation)
    trainer = Trainer()

    def fail() -> None:
        raise error

    trainer.before = fail
    now = NOW
    for _ in range(8):
        training.train_due(now, trainer)
        now += timedelta(days=1)
        if len(trainer.given) == tries:
            break
    (run,) = runs(installation)
    assert run.state == state
    assert words in " ".join(run.outcome)
    assert promote.stored(models) == []
    if state is RunState.failed:
        assert training.train_due(now, trainer) == 0


@pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
def test_nothing_new_is_not_learnt_again(installation: Installation, known: Government, models: Path) -> None:
    trainer = Trainer()
    for _ in range(2):
        ask(installation)
        training.train_due(NOW, trainer)
    first, second = runs(installation)
    assert (first.result, second.result) == (RunResult.promoted, RunResult.nothing_new)
    assert len(trainer.given) == 1
    with installation.database.write() as session:  # who asks by hand gets it all the same
        teaching.ask(session, "Asked for by hand", NOW, known.staff["triage"])
    training.train_due(NOW, trainer)
    assert len(trainer.given) == 2


@pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
def test_corrections_do_not_cut_a_trial_short_but_a_new_service_does(
    installation: Installation, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_use(models)
    ask(installation)
    training.train_due(NOW, Trainer())
    words = ["one more"]
    real = teaching.examples

    def more(session: Session, now: datetime) -> tuple[Example, ...]:
        return (*real(session, NOW), *(Example(word, word.split()[-1], "en", None, "fit", 0) for word in words))

    monkeypatch.setattr(teaching, "examples", more)
    words[:] = ["no drop of water"]
    ask(installation)
    late = Trainer()
    training.train_due(NOW, late)
    assert late.given == []
    waiting = runs(installation)[-1]
    assert (waiting.state, waiting.due_at) == (RunState.waiting, NOW + training.LONGEST)
    assert "waits until the trial" in waiting.outcome[0]
    words[:] = ["a broken swing in parks"]
    ask(installation)
    newer = Trainer(labels=(*LABELS, "parks"))
    training.train_due(NOW, newer)
    tried, run = runs(installation)
    assert (tried.result, run.result) == (RunResult.superseded, RunResult.promoted)


@pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
def test_a_promotion_meanwhile_is_what_the_candidate_is_set_against(installation: Installation, models: Path) -> None:
    in_use(models, right=180)
    ask(installation)
    trainer = Trainer(right=180)
    trainer.before = lambda: promote.promote(models, shelve(models, "better", right=200))
    training.train_due(NOW, trainer)
    (run,) = runs(installation)
    assert run.figures["before"] == "better"
    assert run.result == RunResult.refused
    assert promoted(models)[0] == "better"


@pytest.mark.parametrize(
    ("asked", "said", "wanted"),
    [
        (timedelta(days=7), timedelta(days=1), True),
        (timedelta(days=7), timedelta(days=8), False),  # learnt already
        (timedelta(days=6), timedelta(days=1), False),
        (timedelta(days=7), None, False),
        (None, timedelta(days=1), True),  # the model came with the installation, three weeks ago
    ],
)
def test_each_week_what_staff_said_is_learnt(
    installation: Installation,
    known: Government,
    models: Path,
    asked: timedelta | None,
    said: timedelta | None,
    wanted: bool,
) -> None:
    with installation.database.write() as session:
        if said is not None:
            labelled(session, known, "dry taps", "water", NOW - said)
        if asked is not None:
            run = TrainingRun(asked_at=NOW - asked, why="", trained_at=NOW - asked, state=RunState.done)
            session.add(run)
        # a return by hand is no training
        session.add(TrainingRun(asked_at=NOW, why="", state=RunState.done, result=RunResult.rolled_back))
    assert training.ask_weekly(NOW, NOW - timedelta(days=21)) is wanted
    assert training.ask_weekly(NOW, NOW - timedelta(days=21)) is False  # it was asked for
    assert len([run for run in runs(installation) if run.state == RunState.waiting]) == wanted


@pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
def test_without_a_model_one_is_made_and_failure_is_no_loop(installation: Installation, models: Path) -> None:
    assert training.ask_weekly(NOW, None) is True
    trainer = Trainer()

    def fail() -> None:
        raise BadInput("nothing to learn from")

    trainer.before = fail
    training.train_due(NOW, trainer)
    assert training.ask_weekly(NOW + timedelta(minutes=1), None) is False
    assert training.ask_weekly(NOW + training.PATIENCE, None) is True


@pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
def test_an_empty_installation_is_not_taught(installation: Installation) -> None:
    assert training.ask_weekly(NOW, None) is False


def test_models_nobody_asks_for_are_removed(tmp_path: Path) -> None:
    used = [shelve(tmp_path, f"2026{number:02}-used") for number in range(1, 14)]
    for name in used:
        promote.promote(tmp_path, name)
    tried = [shelve(tmp_path, f"2027{number:02}-tried") for number in range(1, 7)]
    half = tmp_path / ".new-abc"
    half.mkdir()
    made = datetime.fromtimestamp(half.stat().st_mtime, UTC)
    gone = promote.prune(tmp_path, made, keep=[tried[0]])
    assert promote.stored(tmp_path) == [*used[3:], tried[0], *tried[3:]]
    assert set(gone) == {*used[:3], *tried[1:3]}
    assert half.exists()  # it may be being written
    promote.prune(tmp_path, made + timedelta(days=2))
    assert not half.exists()
    assert promoted(tmp_path)[0] == used[-1]
