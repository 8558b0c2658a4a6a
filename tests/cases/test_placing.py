"""The triage desk: whose turn a message is, placing it, taking that back, integrity, natures, and the table's word."""

import threading
from collections.abc import Mapping
from datetime import timedelta

import pytest
from sqlmodel import select, update

from cases import differences, handover, history, lifecycle, placing, sorting, teaching
from cases.placing import Choice
from core.errors import BadInput, Conflict, NotFound, OmbudError
from domain.access import TrainingLabel
from domain.case import Case
from domain.crowd import Relay
from domain.staff import Staff, StaffRole
from domain.states import CaseKind, CaseState, EntryKind, LeadLink, Nature, OutboxState, Role, Urgency
from domain.timeline import append
from domain.training import TrainingRun
from tests.builders import NOW, plain_case
from tests.cases.conftest import CITIZEN, Town

UNCLEAR = "they took it away and nobody says why"


@pytest.fixture
def waiting(town: Town) -> Town:
    """One message at the triage desk."""
    town.arrives(UNCLEAR)
    assert town.case().state == CaseState.triage
    return town


def place(town: Town, choice: Choice, who: str = "triage") -> Case:
    with town.database.write() as session:
        return placing.place(session, town.case().id, town.viewer(who), choice, town.now).case


def undo(town: Town, who: str = "triage") -> Case:
    with town.database.write() as session:
        return placing.undo(session, town.case().id, town.viewer(who), town.now)


@pytest.mark.parametrize(
    ("choice", "office", "labels"),
    [
        (Choice("water", place="lumas"), "WAT1", 1),  # the routing table says which
        (Choice("water"), "WATER", 1),
        (Choice("water", "wat2", "Lumas"), "WAT2", 1),  # a person knows better
        (Choice(office="CIV1"), "CIV1", 0),  # whose it is, not what about: nothing to learn
    ],
)
def test_placing(waiting: Town, choice: Choice, office: str, labels: int) -> None:
    place(waiting, choice)
    case = waiting.case()
    assert (case.state, case.office_id) == (CaseState.open, waiting.known.office[office])
    assert case.place == ("Lumas" if choice.place else None)
    assert case.assignee_id is not None or office == "WATER"
    with waiting.database.read() as session:
        told = session.exec(select(TrainingLabel)).all()
        assert [(one.source, one.at) for one in told] == [("triage", waiting.now)] * labels
        assert list(history.verify(session)) == []


@pytest.mark.parametrize("choice", [Choice(), Choice("nonsense"), Choice(office="TRIAGE"), Choice(office="INTEG")])
def test_what_names_nobody_who_answers_is_refused(waiting: Town, choice: Choice) -> None:
    with pytest.raises(BadInput):
        place(waiting, choice)
    assert waiting.case().state == CaseState.triage


def test_the_citizen_is_told_once_it_cannot_be_taken_back(waiting: Town) -> None:
    place(waiting, Choice("water", place="Lumas"))
    waiting.later(seconds=30)
    waiting.work()
    assert len(waiting.texts(CITIZEN)) == 1, "the acknowledgement alone"
    waiting.later(seconds=60)
    waiting.work()
    assert "Office WAT1" in waiting.texts(CITIZEN)[-1]


def test_undo_is_as_if_nothing_had_been_said(waiting: Town) -> None:
    before = waiting.case()
    place(waiting, Choice("passport", place="Drenova"))
    waiting.later(seconds=50)
    undo(waiting)
    case = waiting.case()
    kept = ("state", "office_id", "service_id", "place", "routing_method", "routing_reason", "assignee_id", "kind")
    assert [getattr(case, name) for name in kept] == [getattr(before, name) for name in kept]
    place(waiting, Choice("passport"))  # the same office, of which nobody was told
    waiting.later(minutes=3)
    waiting.work()
    assert waiting.texts(CITIZEN)[1:] == [waiting.sent[-1].text]
    assert "Office CIV1" in waiting.sent[-1].text
    assert [one.state for one in waiting.outbox() if one.purpose == "transfer"].count(OutboxState.cancelled) == 1
    with waiting.database.read() as session:
        labels = session.exec(select(TrainingLabel).order_by(TrainingLabel.at)).all()  # type: ignore[arg-type]
        assert [one.withdrawn_at is not None for one in labels] == [True, False]
        assert list(history.verify(session)) == []


def too_late(town: Town) -> None:
    town.later(seconds=61)


def somebody_works_on_it(town: Town) -> None:
    with town.database.write() as session:
        lifecycle.note(session, town.case().id, town.viewer("officer1"), "Seen", town.now, town.form())


def offered_on(town: Town) -> None:
    with town.database.write() as session:
        handover.transfer(
            session, town.case().id, town.viewer("officer1"), town.known.office["WAT2"], "x", town.now, town.form()
        )


def told_already(town: Town) -> None:
    town.now += timedelta(seconds=80)
    town.work()
    town.now -= timedelta(seconds=40)  # a process whose clock is behind


@pytest.mark.parametrize("happens", [too_late, somebody_works_on_it, offered_on, told_already])
def test_undo_ends_with_the_minute_or_when_somebody_acts(waiting: Town, happens: object) -> None:
    place(waiting, Choice("water", place="Lumas"))
    happens(waiting)  # type: ignore[operator]
    with pytest.raises(Conflict):
        undo(waiting)
    assert waiting.case().office_id == waiting.known.office["WAT1"]


def test_only_whoever_placed_it_takes_it_back(waiting: Town) -> None:
    place(waiting, Choice("water", place="Lumas"))
    with pytest.raises(Conflict):
        undo(waiting, "officer1")
    with pytest.raises(Conflict):
        undo(waiting, "minister")


def test_of_two_who_place_it_at_once_one_does(waiting: Town) -> None:
    case_id, who, now = waiting.case().id, waiting.viewer("triage"), waiting.now
    together, came = threading.Barrier(2), []

    def act(choice: Choice) -> None:
        together.wait()
        try:
            with waiting.database.write() as session:
                placing.place(session, case_id, who, choice, now)
            came.append("placed")
        except OmbudError as error:
            came.append(type(error).__name__)

    threads = [threading.Thread(target=act, args=(choice,)) for choice in (Choice("water"), Choice("passport"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert came.count("placed") == 1
    assert set(came) - {"placed"} <= {"NotFound", "Conflict"}
    with waiting.database.read() as session:
        assert len(session.exec(select(TrainingLabel)).all()) == 1


def colleague(town: Town) -> None:
    """A second person at the triage desk."""
    with town.database.write() as session:
        person = Staff(name="second", email="second@gov.example", email_index="second", password_hash="!")
        session.add(person)
        session.flush()
        session.add(StaffRole(staff_id=person.id, office_id=town.known.office["TRIAGE"], role=Role.triage))
        town.known.staff["second"] = person.id


def pile(town: Town, *rows: Mapping[str, object]) -> list[str]:
    """Messages at the triage desk, each a minute older than the one before; their references."""
    made = []
    with town.database.write() as session:
        for age, values in enumerate(rows):
            case = plain_case(
                town.known, "TRIAGE", state=CaseState.triage, received_at=NOW - timedelta(minutes=age), **values
            )
            append(session, case, EntryKind.received, case.received_at, actor="citizen", body={"text": case.text})
            made.append(case)
            session.add(case)
    return [case.reference for case in made]


def take(town: Town, who: str = "triage", **how: object) -> list[str]:
    with town.database.write() as session:
        found = sorting.take(session, town.viewer(who), town.now, **how)  # type: ignore[arg-type]
        return [case.reference for case in found]


def test_urgent_first_then_the_longest_silent_and_some_apart(town: Town) -> None:
    young, urgent, grave, old, held, abuse, thanks = pile(
        town,
        {},
        {"urgency": Urgency.supply},
        {"urgency": Urgency.life},
        {},
        {"routing_method": "held"},
        {"nature": Nature.abuse},
        {"nature": Nature.thanks},
    )
    assert take(town, limit=9) == [grave, urgent, thanks, old, young]
    assert take(town, limit=9, apart=True) == [abuse, held]
    assert take(town, limit=1, first=young) == [young]
    with town.database.read() as session:
        skipped = {case.id for case in town.cases() if case.reference in (grave, thanks)}
        waits = sorting.backlog(session, town.viewer("triage"))
        assert sorting.listed(session, town.viewer("triage"))[0].reference == grave
    assert take(town, limit=9, skipped=skipped) == [urgent, old, young, grave, thanks]
    assert (waits.waiting, waits.urgent, waits.apart, waits.oldest) == (5, 2, 2, NOW - timedelta(minutes=6))


def test_two_people_never_read_the_same(town: Town) -> None:
    colleague(town)
    all_of_them = pile(town, *[{} for _ in range(5)])
    mine, theirs = take(town), take(town, "second")
    assert len(mine) == 4
    assert sorted(mine + theirs) == sorted(all_of_them)
    assert take(town) == mine, "what is mine stays mine"
    town.later(minutes=5)
    assert take(town, "second", limit=9) == all_of_them[::-1], "whoever left holds nothing back"
    with town.database.write() as session:
        sorting.let_go(session, town.viewer("second"), town.cases()[0].id)
    assert take(town, limit=9) == [town.cases()[0].reference]


def test_nobody_at_triage_is_given_what_is_about_them(town: Town) -> None:
    pile(town, {"about_office_id": town.known.office["TRIAGE"]}, {"integrity": True})
    assert take(town) == []
    assert take(town, "officer1") == []


def test_integrity_is_told_to_nobody_else(waiting: Town) -> None:
    with waiting.database.write() as session:
        placing.to_integrity(session, waiting.case().id, waiting.viewer("triage"), "wat1", waiting.now)
    case = waiting.case()
    assert (case.integrity, case.office_id) == (True, waiting.known.office["INTEG"])
    assert case.about_office_id == waiting.known.office["WAT1"]
    waiting.later(minutes=5)
    waiting.work()
    _, apart = waiting.texts()
    assert not any(word in apart.lower() for word in ("integrity", "corrupt", "complain", "office int"))
    with waiting.database.read() as session:
        assert session.exec(select(TrainingLabel)).all() == []
        assert [one.public for one in history.timeline(session, case) if one.kind == EntryKind.routed][-1] is False
    with pytest.raises(NotFound):
        undo(waiting)


@pytest.mark.parametrize("nature", list(Nature))
def test_a_nature_closes_nothing(waiting: Town, nature: Nature) -> None:
    for said in (nature, nature, None, nature):
        with waiting.database.write() as session:
            placing.mark(session, waiting.case().id, waiting.viewer("triage"), said, waiting.now)
    case = waiting.case()
    assert (case.state, case.nature) == (CaseState.triage, nature)
    assert waiting.clock("first_response").state == "running"  # type: ignore[arg-type]
    place(waiting, Choice("water", place="Lumas"))
    case = waiting.case()
    assert (case.kind == CaseKind.compliment) == (nature is Nature.thanks)
    with waiting.database.read() as session:
        labels = session.exec(select(TrainingLabel)).all()
        assert bool(labels) == (nature is Nature.abuse), "thanks and greetings are about nothing to learn"
        marks = [one.body["nature"] for one in history.timeline(session, case) if one.kind == EntryKind.marked]
        assert marks == [nature, None, nature]


def test_where_triage_and_the_table_differ_is_counted(town: Town) -> None:
    choices = [
        ("water", "WAT2", "Lumas"),
        ("water", "WAT2", "Lumas"),
        ("water", "WAT1", "Lumas"),
        ("passport", "WAT1", ""),
    ]
    pile(town, *[{"text": f"No {number}"} for number in range(len(choices) + 1)])
    cases = town.cases()
    with town.database.write() as session:
        for case, choice in zip(cases, choices, strict=False):
            placing.place(session, case.id, town.viewer("triage"), Choice(*choice), town.now)
        placing.place(session, cases[-1].id, town.viewer("triage"), Choice("water", "WAT2", "Lumas"), town.now)
    with town.database.write() as session:
        placing.undo(session, cases[-1].id, town.viewer("triage"), town.now)
        session.execute(update(Case).where(Case.id == cases[3].id).values(confidential=True))  # type: ignore[arg-type]
    with town.database.read() as session:
        who = town.viewer("auditor")
        found = differences.differences(session, who, NOW - timedelta(days=1), town.now)
        told = [(one.service, one.place, one.sent_to, one.table_says, one.times) for one in found]
        assert told == [("water", "Lumas", "WAT2", "WAT1", 2), ("passport", "", "WAT1", "CIV1", 1)]
        assert differences.differences(session, town.viewer("clerk"), NOW - timedelta(days=1), town.now) == found[:1]
        assert differences.differences(session, who, town.now + timedelta(seconds=1), town.now) == []


def test_a_crowd_follows_once_the_placing_stands(town: Town) -> None:
    lead, member = pile(town, {"text": "No 1"}, {"text": "No 2"})
    ids = {case.reference: case.id for case in town.cases()}
    with town.database.write() as session:
        joined = session.get_one(Case, ids[member])
        joined.lead_id, joined.lead_link = ids[lead], LeadLink.same
    with town.database.write() as session:
        placing.place(session, ids[lead], town.viewer("triage"), Choice("water"), town.now)
    with town.database.read() as session:
        assert [row.due_at for row in session.exec(select(Relay)).all()] == [town.now + placing.TOLD_AFTER]


def test_a_training_is_asked_for_once_after_enough_labels(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(teaching, "ENOUGH_NEW", 2)
    pile(town, *[{"text": f"No {number}"} for number in range(6)])
    asked = []
    for number, case in enumerate(town.cases()):
        town.later(seconds=10)
        with town.database.write() as session:
            choice = Choice(office="CIV1") if number == 1 else Choice("water")  # an office alone teaches nothing
            placing.place(session, case.id, town.viewer("triage"), choice, town.now)
        with town.database.read() as session:
            asked.append([run.asked_at for run in session.exec(select(TrainingRun)).all()])
    assert [len(runs) for runs in asked] == [0, 0, 1, 1, 1, 1]
