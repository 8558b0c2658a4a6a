"""A candidate in the shadow: asked about new cases in batches, judged by what staff made of them, used or refused."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session, col, func, select

from cases import trials
from core.errors import BadInput, Conflict
from core.settings import settings
from domain.access import TrainingLabel
from domain.case import Case
from domain.opinion import Opinion
from domain.states import EntryKind, IntakeSource
from domain.timeline import append
from domain.training import RunResult, RunState, TrainingRun
from nlp.classifier import Current, promoted
from nlp.training import apart, promote
from tests.builders import NOW, Government, government, plain_case, told
from tests.cases.lives import Asked, shelve
from tests.conftest import Installation

STARTED = NOW - timedelta(days=2)


@pytest.fixture
def known(installation: Installation) -> Government:
    with installation.database.write() as session:
        return government(session)


@pytest.fixture
def models(known: Government) -> Path:
    folder = settings().models_dir
    folder.mkdir(parents=True)
    promote.promote(folder, shelve(folder, "old"))
    return folder


def put_on_trial(installation: Installation, models: Path, started: datetime = STARTED, **quality: Any) -> str:
    name = shelve(models, "candidate", **quality)
    with installation.database.write() as session:
        run = TrainingRun(
            asked_at=started, why="", state=RunState.trial, model=name, trained_at=started, due_at=started
        )
        session.add(run)
    return name


def cases(
    session: Session, known: Government, count: int, *, said: str = "", wordless: bool = False, **values: Any
) -> None:
    """New cases about water; `said` is the service that staff said afterwards."""
    body: dict[str, object] = {"text": "water", **({"wordless": True} if wordless else {})}
    made = []
    for number in range(count):
        case = plain_case(known, **{"text": f"dry tap {number}", "opened_at": NOW - timedelta(days=1), **values})
        append(session, case, EntryKind.received, NOW, actor="citizen", body=body)
        session.add(case)
        made.append(case)
    session.flush()
    if said:
        session.add_all([TrainingLabel(case_id=one.id, service_id=known.service[said], at=NOW) for one in made])


def trial(installation: Installation) -> TrainingRun:
    with installation.database.read() as session:
        return session.exec(select(TrainingRun).order_by(col(TrainingRun.id))).all()[-1]


WATER: Callable[[str], str] = lambda _: "water"  # noqa: E731
PASSPORT: Callable[[str], str] = lambda _: "passport"  # noqa: E731


def often(good: int, of: int = 10) -> Callable[[str], str]:
    return lambda text: "water" if int(text.split()[-1]) % of < good else "passport"


@pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("after", "before", "held", "result", "words"),
    [
        (WATER, WATER, {}, RunResult.promoted, "60 new cases"),
        (WATER, often(5), {}, RunResult.promoted, "not worse"),
        (often(5), WATER, {}, RunResult.refused, "worse"),
        # worse on what came in, however good on what was held back
        (often(6), WATER, {"right": 200}, RunResult.refused, "On new cases alone"),
        (WATER, WATER, {"right": 150}, RunResult.refused, "worse"),
        (WATER, WATER, {"right": 176}, RunResult.refused, "cannot be shown"),
    ],
    ids=["equal", "better", "worse", "worse in practice", "worse on the held-out", "unclear"],
)
def test_a_trial_ends_in_use_or_refused(
    installation: Installation,
    known: Government,
    models: Path,
    after: Callable[[str], str],
    before: Callable[[str], str],
    held: dict[str, Any],
    result: RunResult,
    words: str,
) -> None:
    name = put_on_trial(installation, models, **held)
    with installation.database.write() as session:
        cases(session, known, 60, said="water")
    current = Current(models)
    in_use = current._look()
    assert trials.look_due(NOW, Asked(candidate=after, old=before)) == 60
    run = trial(installation)
    assert (run.state, run.result) == (RunState.done, result)
    assert words in " ".join(run.outcome)
    assert promoted(models)[0] == (name if result is RunResult.promoted else "old")
    assert (current._look() != in_use) is (result is RunResult.promoted)  # other processes see it by the pointer


def test_opinions_are_written_in_one_statement_a_batch(
    installation: Installation, known: Government, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trials, "BATCH", 40)
    put_on_trial(installation, models, started=NOW - timedelta(hours=30))
    with installation.database.write() as session:
        cases(session, known, 70)
    asked = Asked(candidate=WATER, old=WATER)
    with told(installation.database.engine) as said:
        while trials.look_due(NOW, asked):
            pass
    written = [statement for statement in said if statement.startswith("INSERT INTO opinion")]
    assert asked.batches == [40, 30]
    assert len(written) == 2
    with installation.database.read() as session:
        assert session.exec(select(func.count()).select_from(Opinion)).one() == 140
    run = trial(installation)
    assert (run.state, run.due_at, run.attempts) == (RunState.trial, NOW + trials.LOOK, 0)


def test_conduct_visits_and_recordings_are_not_shown_to_it(
    installation: Installation, known: Government, models: Path
) -> None:
    put_on_trial(installation, models)
    with installation.database.write() as session:
        cases(session, known, 1, integrity=True)
        cases(session, known, 1, about_office_id=known.office["WAT1"])
        cases(session, known, 1, about_staff_id=known.staff["head1"])
        cases(session, known, 1, source=IntakeSource.quality_audit)
        cases(session, known, 1, wordless=True)
        cases(session, known, 1, opened_at=STARTED - timedelta(hours=1))  # it may have learnt from that one
        cases(session, known, 1, text="only this")
    seen: list[str] = []

    def note(text: str) -> str:
        seen.append(text)
        return "water"

    trials.look_due(NOW, Asked(candidate=note, old=WATER))
    assert seen == ["only this"]


@pytest.mark.parametrize(
    ("values", "pairs"),
    [
        ({}, 0),  # nobody has looked at it
        ({"first_response_at": NOW}, 1),
        ({"first_response_at": NOW, "first_response_templated": True}, 0),
        ({"first_response_at": NOW, "hops": 1}, 0),
        ({"first_response_at": NOW, "pending_office_id": "WAT2"}, 0),
        ({"first_response_at": NOW, "said": "passport"}, 1),
    ],
)
def test_what_staff_made_of_a_case_is_the_truth(
    installation: Installation, known: Government, models: Path, values: dict[str, Any], pairs: int
) -> None:
    values = {name: known.office.get(str(value), value) for name, value in values.items()}
    put_on_trial(installation, models, started=NOW - timedelta(hours=30))
    with installation.database.write() as session:
        cases(session, known, 1, service_id=known.service["water"], **values)
    trials.look_due(NOW, Asked(candidate=WATER, old=PASSPORT))
    with installation.database.read() as session:
        found = trials.shadow_pairs(session, models, "candidate", "old")
    assert len(found) == pairs
    if pairs:
        assert (found[0].right_after, found[0].right_before) == ((False, True) if "said" in values else (True, False))


def test_a_label_taken_back_is_no_truth(installation: Installation, known: Government, models: Path) -> None:
    put_on_trial(installation, models)
    with installation.database.write() as session:
        cases(session, known, 1, said="water")
        session.exec(select(TrainingLabel)).one().withdrawn_at = NOW
    trials.look_due(NOW, Asked(candidate=WATER, old=WATER))
    with installation.database.read() as session:
        assert trials.shadow_pairs(session, models, "candidate", "old") == []


@pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("age", "truths", "state"),
    [
        (timedelta(hours=20), 60, RunState.trial),  # not a whole day yet
        (timedelta(days=5), 20, RunState.trial),  # few cases, and time left
        (timedelta(days=6), 20, RunState.done),  # time is up: judged by what there is
        (timedelta(days=6), 0, RunState.done),
    ],
)
def test_how_long_a_trial_lasts(
    installation: Installation, known: Government, models: Path, age: timedelta, truths: int, state: RunState
) -> None:
    put_on_trial(installation, models, started=NOW - age)
    with installation.database.write() as session:
        cases(session, known, truths, said="water", opened_at=NOW - timedelta(minutes=5))
        session.add(TrainingRun(asked_at=NOW, why="waits", due_at=NOW + timedelta(days=3)))
    trials.look_due(NOW, Asked(candidate=WATER, old=WATER))
    with installation.database.read() as session:
        run, waiting = session.exec(select(TrainingRun).order_by(col(TrainingRun.id))).all()
    assert run.state == state
    assert (waiting.due_at == NOW) is (state is RunState.done)  # what waited for its end may begin


def test_two_workers_look_once(installation: Installation, known: Government, models: Path) -> None:
    put_on_trial(installation, models)
    with installation.database.write() as session:
        cases(session, known, 3)
    others: list[int] = []

    def meanwhile(text: str) -> str:
        others.append(trials.look_due(NOW, Asked(candidate=WATER, old=WATER)))
        return "water"

    assert trials.look_due(NOW, Asked(candidate=meanwhile, old=WATER)) == 3
    assert set(others) == {0}


@pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
@pytest.mark.parametrize("error", [apart.Interrupted("killed"), BadInput("torn")])
def test_what_breaks_a_look(installation: Installation, known: Government, models: Path, error: Exception) -> None:
    put_on_trial(installation, models)
    with installation.database.write() as session:
        cases(session, known, 1)

    def fail(text: str) -> str:
        raise error

    trials.look_due(NOW, Asked(candidate=fail, old=WATER))
    run = trial(installation)
    if isinstance(error, BadInput):
        assert run.result == RunResult.refused
        assert "torn" in run.outcome[0]
    else:
        assert (run.state, run.due_at) == (RunState.trial, NOW + trials.LOOK)
        assert trials.look_due(NOW + trials.LOOK, Asked(candidate=WATER, old=WATER)) == 1


def test_by_hand(installation: Installation, known: Government, models: Path) -> None:
    name = put_on_trial(installation, models, right=120)
    shelve(models, "best", right=200)
    with installation.database.read() as session:
        who = known.viewer(session, "triage")
    with pytest.raises(Conflict, match="worse than the model in use"), installation.database.write() as session:
        trials.use(session, name, who, NOW)
    assert promoted(models) == ["old"]
    with installation.database.write() as session:
        trials.use(session, name, who, NOW, anyway=True)
    run = trial(installation)
    assert (run.state, run.result, promoted(models)[0]) == (RunState.done, RunResult.promoted, name)
    assert "triage put it into use though it is worse." in run.outcome
    with pytest.raises(Conflict, match="in use already"), installation.database.write() as session:
        trials.use(session, name, who, NOW)
    with installation.database.write() as session:
        trials.roll_back(session, who, NOW)
    assert (trial(installation).result, promoted(models)[0]) == (RunResult.rolled_back, "old")
    with pytest.raises(BadInput), installation.database.write() as session:
        trials.roll_back(session, who, NOW)
    with installation.database.write() as session:
        trials.use(session, "best", who, NOW)
    assert promoted(models)[0] == "best"
    with pytest.raises(Conflict, match="on trial"), installation.database.write() as session:
        trials.stop(session, who, NOW)


@pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
def test_a_trial_ended_by_hand_is_over(installation: Installation, known: Government, models: Path) -> None:
    put_on_trial(installation, models)
    with installation.database.write() as session:
        who = known.viewer(session, "triage")
        trials.stop(session, who, NOW)
    assert trial(installation).result == RunResult.refused
    assert trials.look_due(NOW, Asked()) == 0


@pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
def test_a_candidate_put_into_use_elsewhere_ends_its_trial(
    installation: Installation, known: Government, models: Path
) -> None:
    name = put_on_trial(installation, models)
    promote.promote(models, name)  # at the command line, say
    trials.look_due(NOW, Asked())
    assert (trial(installation).result, trial(installation).outcome) == (
        RunResult.promoted,
        ["Somebody put it into use by hand."],
    )


def test_old_opinions_go(installation: Installation, known: Government, models: Path) -> None:
    put_on_trial(installation, models)
    with installation.database.write() as session:
        cases(session, known, 60, said="water")
        case = session.exec(select(Case)).first()
        assert case is not None
        old = NOW - trials.KEPT - timedelta(days=1)
        session.add(Opinion(case_id=case.id, model="long ago", label="water", probability=1, confident=True, at=old))
    trials.look_due(NOW, Asked(candidate=WATER, old=WATER))
    with installation.database.read() as session:
        assert set(session.exec(select(Opinion.model)).all()) == {"candidate", "old"}
