"""Questions as they are sent: in every language, one SMS each where it allows that, with buttons that come back."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import Session, col, select

from channels.values import Channel
from core.i18n import LANGUAGES
from domain.citizen import ContactPoint
from domain.outbox import OutboundMessage
from domain.survey import Invitation, Survey
from notifications.segments import for_sms, segments
from surveys import asking
from surveys.checking import TransactionIn
from surveys.flow import Kind, Option, Question, store
from surveys.transactions import accept
from tests.builders import NOW, Government, government
from tests.conftest import Installation

CODES = ("wait", "staff", "papers", "closed", "other")
REASON = Question("reason", Kind.choice, options=tuple(Option(code, {}) for code in CODES))
MONEY = Question("money", Kind.yes_no)
WORDS = Question("words", Kind.text)
OWN = Question("colour", Kind.choice, {"en": "Which colour?"}, (Option("r", {"en": "Red", "ru": "Красный"}),))
SHIPPED = (
    Question("rating", Kind.rating),
    REASON,
    MONEY,
    Question("minutes", Kind.number),
    Question("visits", Kind.number),
    WORDS,
)


def said(question: Question, language: str, channel: Channel = Channel.sms, link: str = "") -> str:
    return asking.message(question, language, channel, service="Passports", office="Office CIV1", link=link)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("question", SHIPPED[1:], ids=lambda question: question.code)
def test_a_shipped_question_is_one_sms_in_every_language(question: Question, language: str) -> None:
    body = said(question, language)
    assert segments(for_sms(body)) == 1, body
    assert asking.words_of(question, language) in body
    assert asking.words_of(question, language) != question.code
    if language != "en":
        assert body != said(question, "en")


@pytest.mark.parametrize(
    ("question", "channel", "body"),
    [
        (MONEY, Channel.sms, "Did anyone ask for extra money? Reply YES or NO."),
        (MONEY, Channel.telegram, "Did anyone ask for extra money?"),
        (OWN, Channel.whatsapp, "Which colour?\n1 Red"),
        (OWN, Channel.telegram, "Which colour?"),
        (WORDS, Channel.telegram, "What else should the office know? Reply in your own words, or NO."),
        (
            Question("rating", Kind.rating, {"en": "Happy?"}),
            Channel.sms,
            "Passports, Office CIV1: Happy? Reply with one number.\n"
            "1 Very bad\n2 Bad\n3 So-so\n4 Good\n5 Very good\nSTOP ends our messages.",
        ),
        (SHIPPED[0], Channel.telegram, "Passports, Office CIV1: how was it?\nSTOP ends our messages."),
    ],
)
def test_what_is_sent(question: Question, channel: Channel, body: str) -> None:
    assert said(question, "en", channel) == body


def test_a_mail_has_the_link_and_other_languages_fall_back() -> None:
    assert said(MONEY, "en", Channel.email, "https://x.example/s/t").endswith("\nhttps://x.example/s/t")
    rating = said(SHIPPED[0], "en", Channel.email, "https://x.example/s/t").splitlines()
    assert rating[-6].endswith(" https://x.example/s/t")
    assert (rating[-5], rating[-1]) == ("Very good: https://x.example/s/t/5", "Very bad: https://x.example/s/t/1")
    assert "/5" not in said(SHIPPED[0], "en", Channel.whatsapp, "https://x.example/s/t")
    assert asking.choices_of(OWN, "ru") == ["Красный"]
    assert asking.choices_of(OWN, "sq") == ["Red"]
    assert asking.words_of(OWN, "bn") == "Which colour?"


@given(st.uuids(), st.from_regex(r"[a-z_]{1,25}", fullmatch=True), st.integers(0, 9))
def test_a_button_comes_back_as_what_it_was(invitation: UUID, code: str, place: int) -> None:
    data = asking.data_of(invitation, code, place)
    assert len(data.encode()) <= asking.BUTTON_BYTES
    assert asking.pressed(data) == (invitation, code, place)


@pytest.mark.parametrize(
    "data", ["", "sv", "q:abc.1:2", "sv:short:rating:1", "sv:!!!!!!!!!!!!!!!!!!!!!!:rating:x", "solved:1"]
)
def test_other_buttons_are_none_of_ours(data: str) -> None:
    assert asking.pressed(data) is None


def test_buttons_stand_one_a_row_and_only_where_they_fit() -> None:
    rows = asking.buttons_of(SHIPPED[0], UUID(int=7), "en")
    assert [button.text for (button,) in rows] == ["1 Very bad", "2 Bad", "3 So-so", "4 Good", "5 Very good"]
    assert [button.text for (button,) in asking.buttons_of(MONEY, UUID(int=7), "sq")] == ["Po", "Jo"]
    assert asking.buttons_of(Question("x" * 60, Kind.yes_no), UUID(int=7), "en") == ()


@pytest.fixture
def invited(installation: Installation) -> Government:
    """Somebody served, reached by SMS, to be asked with the shipped questions."""
    with installation.database.write() as session:
        known = government(session)
        session.add(Survey(code="all", questions=store(SHIPPED)))
    with installation.database.write() as session:
        accept(session, "registry", [TransactionIn("T-1", "CIV1", "passport", NOW, "+355691000001", "en")], NOW)
    return known


def test_a_question_is_put_once_and_noted(installation: Installation, invited: Government) -> None:
    def put(session: Session, question: Question) -> OutboundMessage | None:
        invitation = session.exec(select(Invitation)).one()
        return asking.put(session, invitation, asking.questions_of(session, invitation)[SHIPPED.index(question)], NOW)

    for question in (SHIPPED[0], REASON, REASON):
        with installation.database.write() as session:
            assert put(session, question) is not None
    with installation.database.read() as session:
        invitation = session.exec(select(Invitation)).one()
        sent = session.exec(select(OutboundMessage).order_by(col(OutboundMessage.id))).all()
        assert [one["question"] for one in invitation.asked] == ["rating", "reason"]
        assert [one["message"] for one in invitation.asked] == [str(row.id) for row in sent]
        assert invitation.asking == "reason"
        assert sent[0].body.startswith("Passports, Office CIV1: how was it?")
        assert sent[1].body == "What went wrong?\n1 The wait\n2 The staff\n3 The papers\n4 It was closed\n5 Other"
    with installation.database.write() as session:
        session.exec(select(ContactPoint)).one().opted_out_at = NOW
        session.flush()
        assert put(session, MONEY) is None
        assert session.exec(select(Invitation)).one().asking == "reason", "nothing was asked"
