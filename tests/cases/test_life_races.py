"""Two at once on PostgreSQL: nothing is lost, nothing is doubled, and who comes second sees what happened."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlmodel import Session, col, select

from cases import handover, lifecycle, solved
from cases.acting import Form
from core.errors import Conflict, OmbudError
from domain.case import Case
from domain.closing import Appeal, SolvedQuestion, SolvedState
from domain.outbox import OutboundMessage
from domain.states import CaseState, EntryKind, Outcome, Purpose
from tests.cases.chat import timeline
from tests.cases.conftest import Town
from tests.cases.test_intake import WATER

pytestmark = pytest.mark.parametrize("installation", ["postgresql"], indirect=True)
Act = Callable[[Session], object]


def at_once(town: Town, *acts: Act) -> list[OmbudError | None]:
    """Do all of it in the same moment, each in a transaction of its own; gives what each ended with."""
    ready = threading.Barrier(len(acts))
    ended: list[OmbudError | None] = [None] * len(acts)
    broken: list[BaseException] = []

    def run(place: int, act: Act) -> None:
        try:
            ready.wait(10)
            with town.database.write() as session:
                act(session)
        except OmbudError as error:
            ended[place] = error
        except BaseException as error:  # noqa: BLE001  (a thread's failure is the test's)
            broken.append(error)

    threads = [threading.Thread(target=run, args=(place, act)) for place, act in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert broken == []
    return ended


def kinds(town: Town) -> list[EntryKind]:
    return [EntryKind(entry.kind) for entry in timeline(town, town.case())]


def close(town: Town) -> None:
    with town.database.write() as session:
        who = town.viewer("officer1")
        lifecycle.close(session, town.case().id, who, Outcome.upheld, "It is mended.", town.now, town.form())


def test_two_officers_answer_at_once(town: Town) -> None:
    town.arrives(WATER)
    case, first, second = town.case(), town.viewer("officer1"), town.viewer("head1")
    one, two = town.form(token="one"), town.form(token="two")
    ended = at_once(
        town,
        lambda s: lifecycle.reply(s, case.id, first, "We come today.", town.now, one),
        lambda s: lifecycle.reply(s, case.id, second, "Nobody comes before Monday.", town.now, two),
    )
    (lost,) = [error for error in ended if error is not None]
    assert isinstance(lost, Conflict)
    assert "answered" in str(lost)
    assert "Nothing of yours was sent" in str(lost)
    assert kinds(town).count(EntryKind.answered) == 1
    with town.database.read() as session:
        sent = session.exec(select(OutboundMessage).where(col(OutboundMessage.purpose) == Purpose.answer)).all()
    assert len(sent) == 1


@pytest.mark.parametrize("turn", range(3))
def test_a_closing_against_a_new_message(town: Town, turn: int) -> None:
    town.arrives(WATER)
    case, who, form = town.case(), town.viewer("officer1"), town.form()
    later = town.now + timedelta(seconds=1)
    ended = at_once(
        town,
        lambda s: lifecycle.close(s, case.id, who, Outcome.upheld, "It is mended.", later, form),
        lambda s: lifecycle.citizen_wrote(s, solved.locked(s, case.id), "The street is under water now", later),
    )
    assert ended[1] is None
    assert town.case().state == CaseState.open, "whoever came first, the message is not closed away"
    assert kinds(town).count(EntryKind.citizen_wrote) == 1
    if ended[0] is None:  # closed first: then the message opened it again
        assert kinds(town)[-2:] != []
        assert EntryKind.reopened in kinds(town)
    else:
        assert "citizen wrote" in str(ended[0])
        assert EntryKind.closed not in kinds(town)


@pytest.mark.parametrize("turn", range(3))
def test_a_transfer_against_an_answer(town: Town, turn: int) -> None:
    town.arrives(WATER)
    case, one, two = town.case(), town.viewer("officer1"), town.viewer("head1")
    first, second, office = town.form(token="one"), town.form(token="two"), town.known.office["WAT2"]
    ended = at_once(
        town,
        lambda s: handover.transfer(s, case.id, one, office, "Their pipe", town.now, first),
        lambda s: lifecycle.reply(s, case.id, two, "We come today.", town.now, second),
    )
    assert sum(error is None for error in ended) == 1
    (lost,) = [error for error in ended if error is not None]
    assert ("answered" in str(lost)) != ("transferred" in str(lost))
    done = kinds(town)
    assert done.count(EntryKind.answered) + done.count(EntryKind.transferred) == 1
    assert town.case().office_id == town.known.office["WAT1"]


@pytest.mark.parametrize("turn", range(3))
def test_a_yes_against_a_no_and_a_no_against_a_no(town: Town, turn: int) -> None:
    town.arrives(WATER)
    close(town)
    case, later = town.case(), town.now + timedelta(hours=1)
    said: list[solved.After] = []

    def answers(is_solved: bool) -> Act:
        return lambda s: said.append(
            solved.answer(s, solved.locked(s, case.id), is_solved, "", later, how="web" if is_solved else "sms")
        )

    assert at_once(town, answers(True), answers(False), answers(False)) == [None, None, None]
    assert town.case().state == CaseState.open
    assert kinds(town).count(EntryKind.reopened) == 1, "two noes at once are one no, and never an appeal"
    assert said.count(solved.After.no) == 1
    with town.database.read() as session:
        assert session.exec(select(Appeal)).all() == []
        assert session.exec(select(SolvedQuestion.state)).all() == [SolvedState.no]


def test_two_workers_ask_once(town: Town) -> None:
    town.arrives(WATER)
    close(town)
    town.later(hours=25)
    done = threading.Barrier(2)

    def work() -> None:
        done.wait(10)
        solved.sweep(town.now)

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    with town.database.read() as session:
        asked = select(OutboundMessage).where(col(OutboundMessage.purpose) == Purpose.solved)
        assert len(session.exec(asked).all()) == 1
        assert session.get_one(Case, town.case().id).state == CaseState.closed


def test_a_form_sent_twice_at_once_is_one_closing(town: Town) -> None:
    town.arrives(WATER)
    case, who, form = town.case(), town.viewer("officer1"), Form(town.case().timeline_length, "once")
    from cases.acting import Repeated

    def closes(session: Session) -> None:
        try:
            lifecycle.close(session, case.id, who, Outcome.upheld, "It is mended.", town.now, form)
        except Repeated:
            session.rollback()

    assert at_once(town, closes, closes) == [None, None]
    assert kinds(town).count(EntryKind.closed) == 1
    with town.database.read() as session:
        assert len(session.exec(select(SolvedQuestion)).all()) == 1
