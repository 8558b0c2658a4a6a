"""Once a matter is about people or money: what follows, who takes it over, who gives it back, what phones show."""

from datetime import timedelta

import pytest
from sqlmodel import col, select

from cases import firewall, history, lifecycle, opening
from cases.acting import Form
from channels.values import Channel
from core.errors import NotAllowed, NotFound
from domain.case import Case
from domain.states import CaseState, EntryKind
from domain.timeline import TimelineEntry, faults
from domain.training import TrainingRun
from domain.visibility import SYSTEM_KEY, visible
from tests.cases.conftest import Town

pytestmark = pytest.mark.parametrize("installation", ["sqlite"], indirect=True)

WATER = "WAT1 no water in Rruga e Pishave since yesterday"
BRIBE = "the man from your office wanted a bribe of 500 for the repair"
BLIND = ("officer1", "head1", "head_water", "reviewer", "minister", "auditor", "triage", "clerk")


def seen_by(town: Town, case: Case, *names: str) -> set[str]:
    with town.database.read() as session:
        query = select(Case.id).where(col(Case.id) == case.id)
        return {name for name in names if session.exec(query.where(visible(town.known.viewer(session, name)))).first()}


def entries(town: Town, case: Case) -> list[TimelineEntry]:
    with town.database.read() as session:
        found = list(history.timeline(session, case))
        assert not list(faults(session.get_one(Case, case.id), found))
        return found


def test_words_that_accuse_are_never_put_on_the_case_of_the_office(town: Town) -> None:
    town.arrives(WATER)
    town.arrives(BRIBE)
    first, apart = town.cases()
    assert (apart.integrity, apart.about_office_id) == (True, town.known.office["WAT1"])
    assert apart.text == BRIBE
    assert "bribe" not in " ".join(str(entry.body) for entry in entries(town, first))
    assert not first.integrity
    assert seen_by(town, apart, *BLIND, "integrity") == {"integrity"}
    assert seen_by(town, first, "officer1") == {"officer1"}


def test_a_further_ordinary_word_stays_where_it_belongs(town: Town) -> None:
    town.arrives(WATER)
    town.arrives("it is still dry in the whole street")
    assert len(town.cases()) == 1


CHOSEN = ["INTEGRITY the queue at WAT1 was long", "Korrupsion: pritje te WAT1", "коррупция WAT1 долго"]


@pytest.mark.parametrize(("text", "alone"), [*((text, True) for text in CHOSEN), ("WAT1 pritje", False)])
def test_a_word_at_the_beginning_chooses_the_integrity_office(town: Town, text: str, alone: bool) -> None:
    town.arrives(text)
    assert town.case().integrity is alone


@pytest.mark.parametrize("language", ["en", "sq", "bn", "ru"])
def test_no_message_says_that_somebody_was_accused(town: Town, language: str) -> None:
    """A phone is shared, and is looked at by whoever holds it."""
    town.arrives(
        {
            "en": "WAT1 the clerk wanted a bribe",
            "sq": "WAT1 nëpunësi kërkoi ryshfet",
            "bn": "WAT1 অফিসার ঘুষ চায়",
            "ru": "WAT1 чиновник просит взятку",
        }[language]
    )
    case = town.case()
    assert case.integrity
    town.arrives(f"STATUS {case.reference}")
    with town.database.write() as session:
        who = town.known.viewer(session, "integrity")
        lifecycle.ask(session, case.id, who, "When was it?", town.now, Form(99, "x1"))
    town.work()
    told = " ".join(town.texts())
    assert case.reference in told
    for word in (
        "INTEG",
        "ntegrit",
        "orrupt",
        "orrups",
        "bribe",
        "ryshfet",
        "сотрудник",
        "оррупц",
        "взятк",
        "ঘুষ",
        "সততা",
        "WAT1",
    ):
        assert word not in told


def test_an_officer_hands_over_what_is_about_conduct_and_loses_sight_of_it(town: Town) -> None:
    town.arrives(WATER)
    case = town.case()
    with town.database.write() as session:
        who = town.known.viewer(session, "officer1")
        firewall.restrict(session, case.id, who, "They name a colleague", town.now, town.form())
    town.work()
    taken = town.case()
    assert (taken.integrity, taken.office_id) == (True, town.known.office["INTEG"])
    assert taken.about_office_id == town.known.office["WAT1"]
    assert taken.assignee_id == town.known.staff["integrity"]
    assert seen_by(town, taken, *BLIND, "integrity") == {"integrity"}
    last = [entry for entry in entries(town, taken) if entry.kind == EntryKind.restricted]
    assert [(entry.body["seen_by"], entry.public) for entry in last] == [("WAT1", False)]
    told = town.texts()[-1]
    assert opening.pin_of(taken.id) in told
    assert "INTEG" not in told
    with town.database.write() as session, pytest.raises(NotFound):
        firewall.restrict(session, case.id, town.known.viewer(session, "officer1"), "x", town.now, town.form())


def test_the_digits_the_office_saw_open_nothing_any_more(town: Town) -> None:
    town.arrives(WATER)
    case = town.case()
    with town.database.write() as session:
        held = session.get_one(Case, case.id)
        assert history.unlocks(session, held, "2233")
        assert firewall.restrict_for_citizen(session, held, town.now)
        assert not history.unlocks(session, held, "2233")
        assert history.unlocks(session, held, opening.pin_of(held.id))
        assert not firewall.restrict_for_citizen(session, held, town.now)


@pytest.mark.parametrize("state", [CaseState.triage, CaseState.waiting, CaseState.answered, CaseState.closed])
def test_a_citizen_takes_it_away_in_every_state(town: Town, state: CaseState) -> None:
    town.arrives("asdf qwer" if state is CaseState.triage else WATER)
    with town.database.write() as session:
        held = session.exec(select(Case)).one()
        held.state = state
        firewall.restrict_for_citizen(session, held, town.now)
    taken = town.case()
    assert (taken.state, taken.integrity, taken.office_id) == (CaseState.open, True, town.known.office["INTEG"])
    assert seen_by(town, taken, *BLIND, "integrity") == {"integrity"}
    assert entries(town, taken)


RELEASED = [
    # what was caught, where it goes
    ("WAT1 no water, and the neighbour says corruption is to blame", "WAT1"),
    ("corruption of the file you sent, I cannot open it", "TRIAGE"),
]


@pytest.mark.parametrize(("text", "to"), RELEASED)
def test_what_was_wrongly_caught_goes_where_it_would_have_gone_at_once(town: Town, text: str, to: str) -> None:
    town.arrives(text)
    case = town.case()
    assert case.integrity
    with town.database.write() as session:
        firewall.release(session, case.id, town.viewer("integrity"), "Nobody is accused.", town.now, town.form())
    back = town.case()
    assert (back.integrity, back.about_office_id, back.about_staff_id) == (False, None, None)
    assert back.office_id == town.known.office[to]
    assert back.state == (CaseState.triage if to == "TRIAGE" else CaseState.open)
    with town.database.read() as session:
        assert firewall.cleared(session) == [text]  # the recogniser learns from it
        assert session.exec(select(TrainingRun)).one().why == "integrity released a case"
        month = town.now - timedelta(days=7)
        assert firewall.tally(session, town.known.viewer(session, "integrity"), month) == (1, 1)
        assert firewall.tally(session, town.known.viewer(session, "minister"), month) is None
    said = [entry for entry in entries(town, back) if entry.kind == EntryKind.released]
    assert [entry.body["reason"] for entry in said] == ["Nobody is accused."]


def test_integrity_says_whom_it_is_about(town: Town) -> None:
    town.arrives("INTEGRITY somebody there treated me badly")
    case = town.case()
    assert case.about_office_id is None
    with town.database.write() as session:
        who, known = town.known.viewer(session, "integrity"), town.known
        firewall.say_about(session, case.id, who, known.office["CIV1"], known.staff["clerk"], town.now, town.form())
        with pytest.raises(NotAllowed):
            firewall.say_about(session, case.id, who, known.office["INTEG"], None, town.now, Form(99, "n1"))
        with pytest.raises(NotAllowed):
            firewall.say_about(session, case.id, who, None, known.staff["integrity"], town.now, Form(99, "n2"))
    now = town.case()
    assert (now.about_office_id, now.about_staff_id) == (known.office["CIV1"], known.staff["clerk"])


def test_no_key_sees_it(town: Town) -> None:
    town.arrives("WAT1 the clerk wanted a bribe")
    with town.database.read() as session:
        assert session.exec(select(Case).where(visible(SYSTEM_KEY))).first() is None
    assert Channel(town.case().channel) is Channel.sms
