"""From a due survey to its answer, on both databases: sent once, read once, corrected with history."""

import threading
from datetime import timedelta

import pytest
from sqlmodel import Session, col, select

from channels.values import Channel
from core.errors import BadInput, Conflict, NotFound
from core.ids import new_id
from domain.case import Case
from domain.citizen import ContactPoint
from domain.inbox import InboundMessage
from domain.office import Office
from domain.outbox import OutboundMessage
from domain.states import InvitationState, SurveyKind, SurveyState
from domain.survey import Answer, Invitation, Survey
from surveys import exit as exit_survey
from surveys import ledger, results, web
from surveys.answers import Taken
from surveys.checking import TransactionIn
from surveys.conversation import take
from surveys.definitions import EXIT_QUESTIONS, at_the_door
from surveys.flow import Kind, Question, store
from surveys.sweep import sweep
from surveys.transactions import accept
from tests.builders import NOW, Government, government, plain_case
from tests.conftest import Installation

DUE = NOW + timedelta(hours=1)
PHONE = "+355691000001"


@pytest.fixture
def known(installation: Installation) -> Government:
    with installation.database.write() as session:
        made = government(session)
    with installation.database.write() as session:
        accept(session, "registry", [TransactionIn("T-1", "CIV1", "passport", NOW, PHONE, "en")], NOW)
    return made


def reply(installation: Installation, text: str, hours: float = 2) -> Taken | None:
    with installation.database.write() as session:
        contact = session.exec(select(ContactPoint)).first()
        assert contact is not None
        return take(session, contact, text, NOW + timedelta(hours=hours))


def invitation(session: Session) -> Invitation:
    return session.exec(select(Invitation)).one()


def sent(installation: Installation) -> list[str]:
    with installation.database.read() as session:
        rows = session.exec(select(OutboundMessage).order_by(col(OutboundMessage.created_at)))
        return [f"{row.purpose}: {row.body}" for row in rows]


def answers(installation: Installation) -> dict[str, Answer]:
    with installation.database.read() as session:
        return {row.question: row for row in session.exec(select(Answer))}


def test_a_due_survey_is_sent_once(installation: Installation, known: Government) -> None:
    assert sweep(NOW, 10) == 0, "not due yet"
    threads = [threading.Thread(target=sweep, args=(DUE, 10)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    [message] = sent(installation)
    assert message.startswith("survey: Passports, Office CIV1")
    assert sweep(DUE + timedelta(hours=3), 10) == 0
    with installation.database.read() as session:
        assert invitation(session).state == InvitationState.sent
        assert session.exec(select(ContactPoint)).one().last_survey_at == DUE


@pytest.mark.parametrize("what", ["opted_out", "unreachable", "asked_lately", "open_case", "too_late"])
def test_what_changed_since_it_was_planned_counts(installation: Installation, known: Government, what: str) -> None:
    now = DUE
    with installation.database.write() as session:
        contact = session.exec(select(ContactPoint)).one()
        if what == "opted_out":
            contact.opted_out_at = NOW
        elif what == "unreachable":
            contact.unreachable_at = NOW
        elif what == "asked_lately":
            contact.last_survey_at = NOW - timedelta(days=10)
        elif what == "open_case":
            session.add(plain_case(known, "CIV1", contact_point_id=contact.id, service_id=known.service["passport"]))
        else:
            now = NOW + timedelta(days=8)
    assert sweep(now, 10) == 1
    assert sent(installation) == []
    with installation.database.read() as session:
        assert invitation(session).why == what
        assert invitation(session).due_at is None


def test_a_sweep_at_night_waits_for_the_day(installation: Installation, known: Government) -> None:
    night = NOW + timedelta(hours=13)
    assert sweep(night, 10) == 1
    assert sent(installation) == []
    with installation.database.read() as session:
        due = invitation(session).due_at
    assert due == NOW.replace(day=3, hour=8)
    assert sweep(due, 10) == 1
    assert len(sent(installation)) == 1


def test_an_answer_is_kept_and_thanked_once(installation: Installation, known: Government) -> None:
    assert reply(installation, "5") is None, "nothing was asked yet"
    sweep(DUE, 10)
    taken = reply(installation, "5 very good")
    assert taken is not None
    assert (taken.rating, taken.opens_case, taken.office, taken.service) == (5, False, "CIV1", "passport")
    again = reply(installation, "5 very good", 3)
    assert again is not None
    assert again.repeat
    for text in ("no one", "no one", "5"):
        assert reply(installation, text, 4) is not None
    assert [line[:24] for line in sent(installation)] == [
        "survey: Passports, Offic",
        "survey: Did anyone ask f",
        "survey_thanks: Thank you",
    ]
    assert answers(installation)["rating"].text == "5 very good"


def test_a_correction_replaces_and_is_kept(installation: Installation, known: Government) -> None:
    sweep(DUE, 10)
    reply(installation, "5")
    reply(installation, "sorry i meant 4", 3)
    kept = answers(installation)["rating"]
    assert kept.value == 4
    assert [(old["value"], old["text"]) for old in kept.history] == [(5, "5")]
    assert len(answers(installation)) == 1


def test_words_about_a_low_rating_open_a_case(installation: Installation, known: Government) -> None:
    sweep(DUE, 10)
    first = reply(installation, "1")
    assert first is not None
    assert not first.opens_case
    assert "What went wrong" in sent(installation)[-1]
    words = reply(installation, "The clerk shouted at me and sent me away", 2.1)
    assert words is not None
    assert words.opens_case
    assert (words.rating, words.words) == (1, "The clerk shouted at me and sent me away")
    assert "extra money" in sent(installation)[-1], "the rest is asked all the same"
    thanks = reply(installation, "thanks", 2.15)
    assert thanks is not None
    assert thanks.repeat, "a courtesy is no complaint"
    assert reply(installation, "There is no water in my street", 2.2) is None, "the words were said; this is new"
    assert len(sent(installation)) == 3


def test_money_opens_a_case_whatever_the_rating_and_only_once(installation: Installation, known: Government) -> None:
    sweep(DUE, 10)
    taken = reply(installation, "4 but they asked for money")
    assert taken is not None
    assert (taken.rating, taken.money, taken.opens_case) == (4, True, True)
    assert answers(installation)["money"].value == 1
    with installation.database.write() as session:
        opened = plain_case(known, "INTEG", invitation_id=taken.invitation_id)
        session.add(opened)
        session.flush()
        case_id = opened.id
    again = reply(installation, "1 they asked for money again", 3)
    assert again is not None
    assert (again.opens_case, again.case_id) == (False, case_id)


def test_what_is_no_answer_is_left_to_others(installation: Installation, known: Government) -> None:
    sweep(DUE, 10)
    assert reply(installation, "3 days no water in Lumas") is None
    assert reply(installation, "When is the office open?") is None
    assert answers(installation) == {}
    assert reply(installation, "5 lamps are out", hours=24 * 15) is None, "two weeks later only a bare answer is one"
    assert reply(installation, "5", hours=24 * 61) is None, "two months later it answers nothing"
    sweep(DUE + timedelta(days=15), 10)
    with installation.database.read() as session:
        assert (invitation(session).state, invitation(session).why) == (InvitationState.expired, "no_answer")


def test_a_late_answer_still_counts(installation: Installation, known: Government) -> None:
    sweep(DUE, 10)
    sweep(DUE + timedelta(days=15), 10)
    late = reply(installation, "4", hours=24 * 20)
    assert late is not None
    assert late.rating == 4
    with installation.database.read() as session:
        assert invitation(session).state == InvitationState.answered


def test_the_link_answers_as_often_as_one_likes(installation: Installation, known: Government) -> None:
    sweep(DUE, 10)
    with installation.database.read() as session:
        token = invitation(session).token
        opened = web.look(session, token, DUE)
        assert (opened.office, opened.service, opened.rating, opened.over) == ("Office CIV1", "Passports", 0, False)
        with pytest.raises(NotFound):
            web.look(session, "nobody-has-this", DUE)
    for question, given in (("rating", "5"), ("rating", "2"), ("words", "Slow"), ("money", "0")):
        for _ in range(2):
            with installation.database.write() as session:
                taken = web.answer(session, token, question, given, DUE)
        assert (taken.opens_case, taken.repeat) == (False, True), "the press before asked for the case already"
    with installation.database.read() as session:
        assert web.look(session, token, DUE).given == {"rating": 2, "words": "Slow", "money": 0}
    with installation.database.write() as session, pytest.raises(BadInput):
        web.answer(session, token, "rating", "6", DUE)
    with installation.database.write() as session, pytest.raises(Conflict):
        web.answer(session, token, "rating", "5", DUE + timedelta(days=20))
    assert answers(installation)["rating"].value == 2


def press(known: Government, **details: object) -> InboundMessage:
    return InboundMessage(
        id=new_id(), channel=Channel.kiosk, account="CIV1", provider_id="press-1", received_at=NOW, details=details
    )


def test_an_exit_survey_counts_once(installation: Installation, known: Government) -> None:
    for _ in range(3):
        with installation.database.write() as session:
            office = session.get_one(Office, known.office["CIV1"])
            taken = exit_survey.record(session, office, press(known, rating=4, reason="fast", service="passport"), NOW)
    assert (taken.rating, taken.repeat, taken.opens_case) == (4, True, False)
    assert {question: (row.value, row.text) for question, row in answers(installation).items()} == {
        "rating": (4, None),
        "reason": (None, "fast"),
    }
    with installation.database.write() as session:
        row = press(known, rating=2, answers={"reason": "wait", "money": "1", "dragons": "x"})
        row.provider_id = "press-3"
        own = (*EXIT_QUESTIONS, Question("money", Kind.yes_no))
        session.add(Survey(code="exit", kind=SurveyKind.exit, questions=store(own), state=SurveyState.retired))
        session.flush()
        office = session.get_one(Office, known.office["CIV1"])
        assert exit_survey.record(session, office, row, NOW).money, "a tablet may still ask what was retired"
        assert at_the_door(session) == EXIT_QUESTIONS
        tapped = ledger.said(session, "exit:press-3")
    assert {question: (row.value, row.text) for question, row in tapped.items()} == {
        "rating": (2, None),
        "reason": (None, "wait"),
        "money": (1, None),
    }
    with installation.database.write() as session, pytest.raises(BadInput):
        exit_survey.record(session, session.get_one(Office, known.office["CIV1"]), press(known, rating="great"), NOW)
    with installation.database.write() as session:
        row = press(known, rating=1)
        row.provider_id, row.text = "press-2", "They asked for money"
        assert exit_survey.record(session, session.get_one(Office, known.office["CIV1"]), row, NOW).opens_case
        assert session.exec(select(Case)).all() == [], "a survey never opens a case itself"


def test_results_count_only_ratings(installation: Installation, known: Government) -> None:
    with installation.database.write() as session:
        for number, (rating, office) in enumerate([(5, "CIV1"), (4, "CIV1"), (1, "WAT1"), (3, "CIV1")]):
            row = press(known, rating=rating, reason="x", service="passport" if office == "CIV1" else "")
            row.provider_id = f"press-{number}"
            exit_survey.record(session, session.get_one(Office, known.office[office]), row, NOW)
    with installation.database.read() as session:
        since, until = NOW - timedelta(days=1), NOW + timedelta(days=1)
        worst, best = results.by_office(session, since, until)
        assert (worst.id, worst.rating.n, worst.rating.mean) == (known.office["WAT1"], 1, 1.0)
        assert (best.rating.n, best.rating.mean, best.rating.counts) == (3, 4.0, (0, 0, 1, 1, 1))
        low, high = worst.rating.interval or (0, 0)
        assert low == 1
        assert high > 3, "one answer says little"
        assert {group.id for group in results.by_service(session, since, until)} == {None, known.service["passport"]}
        assert results.overall(session, since, until).n == 4
        assert results.overall(session, since, until, [known.office["WAT1"]]).n == 1
        assert results.by_office(session, until, until + timedelta(days=1)) == []
