"""What the classifier is taught from, and asking for a training."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from cases import teaching
from core.ids import new_id
from domain.access import TrainingLabel
from domain.case import Case
from domain.catalogue import touch
from domain.service import Service
from domain.states import EntryKind, IntakeSource
from domain.timeline import append
from domain.training import RunState, TrainingRun
from tests.builders import NOW, Government, government, plain_case
from tests.conftest import Installation


@pytest.fixture
def known(installation: Installation) -> Government:
    with installation.database.write() as session:
        return government(session)


def labelled(
    session: Session, known: Government, text: str, service: str, at: datetime, wordless: bool = False, **values: Any
) -> tuple[Case, TrainingLabel]:
    """A case that staff said something of."""
    case = plain_case(known, text=text, **values)
    body: dict[str, object] = {"text": text, "channel": "web", **({"wordless": True} if wordless else {})}
    append(session, case, EntryKind.received, NOW, actor="citizen", public=True, body=body)
    label = TrainingLabel(case_id=case.id, service_id=known.service[service], staff_id=known.staff["triage"], at=at)
    session.add(case)
    session.flush()
    session.add(label)
    session.flush()
    return case, label


def test_staff_s_last_word_counts_and_fades(installation: Installation, known: Government) -> None:
    with installation.database.write() as session:
        case, _ = labelled(session, known, "the old pump", "passport", NOW - timedelta(days=400))
        last = TrainingLabel(case_id=case.id, service_id=known.service["water"], at=NOW - timedelta(days=365))
        withdrawn = TrainingLabel(
            case_id=case.id, service_id=known.service["passport"], at=NOW - timedelta(days=3), withdrawn_at=NOW
        )
        session.add_all([last, withdrawn])
        labelled(session, known, "fresh", "water", NOW)
        labelled(session, known, "from another age", "water", NOW - timedelta(days=6 * 365))
    with installation.database.read() as session:
        told = {e.text: (e.label, e.weight) for e in teaching.examples(session, NOW)}
    label, weight = told["the old pump"]
    assert (label, round(weight, 6)) == ("water", 0.5)
    assert told["fresh"] == ("water", 1.0)
    assert "from another age" not in told


@pytest.mark.parametrize(
    "hidden",
    [
        {"integrity": True},
        {"about_staff_id": "head1"},
        {"about_office_id": "WAT1"},
        {"source": IntakeSource.mystery_shopper},
        {"wordless": True},
    ],
    ids=lambda hidden: next(iter(hidden)),
)
def test_conduct_visits_and_what_nobody_said_teach_nothing(
    installation: Installation, known: Government, hidden: dict[str, Any]
) -> None:
    ids = {**known.staff, **known.office}
    values: dict[str, Any] = {
        name: ids.get(value, value) if isinstance(value, str) else value for name, value in hidden.items()
    }
    with installation.database.write() as session:
        labelled(session, known, "secret words", "water", NOW, **values)
        labelled(session, known, "plain words", "water", NOW)
    with installation.database.read() as session:
        texts = {e.text for e in teaching.examples(session, NOW)}
    assert "plain words" in texts
    assert "secret words" not in texts


def test_the_catalogue_and_what_ombud_ships_teach_active_services_only(
    installation: Installation, known: Government
) -> None:
    with installation.database.write() as session:
        session.add(
            Service(
                id=new_id(),
                code="street-light",
                names={"en": "Street lights", "sq": "Ndriçimi"},
                keywords=["lamp"],
                examples=["The lamp at our corner is dark"],
            )
        )
        session.add(Service(id=new_id(), code="pothole", names={"en": "Potholes"}, active=False))
        touch(session)
        labelled(session, known, "a hole", "water", NOW)
    with installation.database.read() as session:
        found = teaching.examples(session, NOW)
        gone = session.exec(select(Service).where(Service.code == "pothole")).one()
        assert not gone.active
    shown = {(e.text, e.lang, e.split) for e in found if e.label == "street-light"}
    assert {
        ("Street lights", "en", "phrase"),
        ("Ndriçimi", "sq", "phrase"),
        ("lamp", None, "phrase"),
        ("The lamp at our corner is dark", None, "fit"),
    } <= shown
    assert len(shown) > 20  # and what Ombud ships of that service
    labels = {e.label for e in found}
    assert labels == {"water", "passport", "street-light"}
    assert len({(e.text.casefold(), e.label) for e in found}) == len(found)


def test_the_hash_tells_of_every_change(installation: Installation, known: Government) -> None:
    with installation.database.write() as session:
        _, label = labelled(session, known, "the old pump", "water", NOW)
    with installation.database.read() as session:
        before, later = teaching.dataset(session, NOW), teaching.dataset(session, NOW + timedelta(days=90))
    assert before.sha256 == later.sha256  # fading alone is no news
    with installation.database.write() as session:
        session.merge(label).withdrawn_at = NOW
    with installation.database.read() as session:
        assert teaching.dataset(session, NOW).sha256 != before.sha256


def test_asking_twice_is_one_training_until_it_has_begun(installation: Installation, known: Government) -> None:
    for why in ("A service is new: Parks", "A service is new: Parks", "Example sentences changed: Water"):
        with installation.database.write() as session:
            teaching.ask(session, why, NOW, known.staff["triage"])
    with installation.database.write() as session:
        run = session.exec(select(TrainingRun)).one()
        assert run.why == "A service is new: Parks; Example sentences changed: Water"
        assert (run.state, run.due_at, run.staff_id) == (RunState.waiting, NOW, known.staff["triage"])
        run.leased_until = NOW + timedelta(minutes=5)  # a worker has begun
    with installation.database.write() as session:
        teaching.ask(session, "Keywords changed: Water", NOW)
    with installation.database.read() as session:
        assert len(session.exec(select(TrainingRun)).all()) == 2
