"""Mails, from raw bytes to what they do: threads, orders, machines, bounces, files. On both kinds of database."""

from io import BytesIO

import pytest
from PIL import Image
from sqlmodel import col, select

import surveys.sweep
from cases import attachments, lifecycle, mail
from cases.inbox import receive
from channels.mailbox import Fetched
from channels.values import Channel, Inbound
from core import files
from domain.attachment import Attachment
from domain.case import Case
from domain.citizen import ContactPoint
from domain.states import ClockKind, ClockState, OutboxState, Purpose
from domain.survey import Answer, Survey
from notifications import letters
from notifications.outbox import may_send
from simulators.postoffice import report
from surveys.checking import TransactionIn
from surveys.transactions import accept
from tests.builders import government
from tests.cases.post import ANA, PostTown
from tests.conftest import Installation


def _pixel() -> bytes:
    buffer = BytesIO()
    Image.new("RGB", (8, 8), "teal").save(buffer, "PNG")
    return buffer.getvalue()


PIXEL = _pixel()


@pytest.fixture
def post(installation: Installation) -> PostTown:
    with installation.database.write() as session:
        known = government(session)
    return PostTown(installation.database, known)


def test_a_mail_becomes_a_case_and_its_thread_stays_one(post: PostTown) -> None:
    row = post.writes("No water in Lumas since Monday")
    case = post.case()
    assert (case.channel, case.text, row.outcome) == (Channel.email, "Water\n\nNo water in Lumas since Monday", "case")
    (acknowledged,) = post.sent
    assert case.reference in acknowledged.text
    assert "PIN" in acknowledged.text
    assert acknowledged.subject == f"Re: Water [{case.reference}]"
    assert (acknowledged.to, acknowledged.reply_to, acknowledged.automatic) == (ANA, "<m1@mail.example>", True)
    again = post.writes("Still none\n\nOn Mon, 2 Mar 2026, V <v@x.example> wrote:\n> We have it", answers=acknowledged)
    assert (again.outcome, again.case_id) == ("continued", case.id)
    assert [e.body["text"] for e in post.entries() if e.kind == "citizen_wrote"] == ["Still none"]
    assert len(post.sent) == 1
    answered = post.answer()
    assert (answered.reply_to, answered.automatic) == ("<m2@mail.example>", False)
    assert post.clock(ClockKind.first_response).state == ClockState.met  # taken by the server is delivered


def test_reading_a_mail_again_changes_nothing(post: PostTown) -> None:
    post.writes("No water in Lumas", files_={"tap.png": PIXEL})
    before = (len(post.rows()), len(post.sent), len(list(files.folder().rglob("*"))))
    post.gets(b"Received: from another.example\r\n" + post.raws[0])
    assert (len(post.rows()), len(post.sent), len(list(files.folder().rglob("*")))) == before
    post.case()


def test_nothing_half_done_stays_when_storing_fails(post: PostTown, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("core.files.write", breaks)
    with pytest.raises(OSError, match="disk full"):
        post.writes("No water in Lumas", files_={"tap.png": PIXEL})
    assert post.rows() == []
    monkeypatch.undo()
    post.gets(post.raws[0])
    with post.database.read() as session:
        (kept,) = attachments.of_case(session, post.case())
    assert attachments.content(kept).startswith(b"\x89PNG")
    assert kept.name == "tap.png"


def test_a_forged_or_forwarded_answer_joins_nobody_elses_case(post: PostTown) -> None:
    post.writes("No water in Lumas")
    first = post.case()
    post.writes("I am his wife, and I see none either", sender="eva@mail.example", answers=post.sent[0])
    second = post.cases()[-1]
    assert second.id != first.id
    assert post.rows()[-1].outcome == "case"
    notes = [str(e.body["text"]) for e in post.entries() if e.case_id == second.id and e.kind == "noted"]
    assert notes == [f"This mail answers one about {first.reference}, the case of another person."]
    assert not [e for e in post.entries() if e.case_id == first.id and e.kind == "citizen_wrote"]
    assert post.sent[-1].to == "eva@mail.example"
    assert first.reference not in post.sent[-1].text


def test_a_reference_finds_the_case_where_no_header_does(post: PostTown) -> None:
    post.writes("No water in Lumas")
    reference = post.case().reference
    post.later(hours=30)
    for subject, text in (
        (f"About {reference}", "None yet"),
        ("Hello", f"It is {reference}: none"),
        ("Hello", f"Nothing so far\n\n-----Original Message-----\nRef {reference}"),
    ):
        assert post.writes(text, subject=subject).outcome == "continued"
    post.case()


def test_another_matter_is_another_case(post: PostTown) -> None:
    post.writes("No water in Lumas")
    post.writes("The passport office in Drenova is rude", subject="Another thing")
    assert len(post.cases()) == 2
    assert [message.reply_to for message in post.sent] == ["<m1@mail.example>", "<m2@mail.example>"]


MACHINES = {
    "out of office": {"Auto-Submitted": "auto-replied"},
    "vacation": {"X-Autoreply": "yes"},
    "list": {"List-Id": "<news.example>"},
    "bulk": {"Precedence": "bulk"},
}


def test_a_machine_opens_nothing_ends_nothing_and_gets_no_answer(post: PostTown) -> None:
    post.writes("No water in Lumas")
    post.answer()
    entries, sent = len(post.entries()), len(post.sent)
    for headers in MACHINES.values():
        row = post.writes("I am away until Monday", answers=post.sent[-1], headers=headers)
        assert row.case_id == post.case().id
        post.writes("I am away until Monday", headers=headers, files_={"logo.png": PIXEL})
    post.writes("I am away until Monday", subject="Automatic reply: x")
    assert (len(post.entries()), len(post.sent)) == (entries, sent)
    with post.database.read() as session:
        assert session.exec(select(Attachment)).all() == []


def test_two_answering_machines_do_not_talk_for_ever(post: PostTown) -> None:
    """One without any header, that answers each of our mails with a new one."""
    post.writes("Thank you for writing to Shop. We answer soon.", subject="Your mail", sender="shop@mail.example")
    for _ in range(20):
        sent = len(post.sent)
        post.later(seconds=20)
        post.writes("Thank you for writing to Shop. We answer soon.", subject="Your mail", sender="shop@mail.example")
        assert len(post.sent) == sent
    post.case()


def test_our_own_mail_that_comes_back_is_not_answered(post: PostTown) -> None:
    row = post.writes("We have your message", sender="voice@velmora.example")
    assert (row.outcome, post.cases(), post.sent) == ("ours", [], [])


def test_a_bounce_resumes_the_silence_and_closes_the_address(post: PostTown) -> None:
    post.writes("No water in Lumas")
    post.later(hours=2)
    answered = post.answer()
    assert post.clock(ClockKind.first_response).state == ClockState.met
    returned = f"Message-ID: <{answered.id}@velmora.example>\r\n\r\n".encode()
    post.gets(report(ANA, "voice@velmora.example", returned, 550, "5.1.1 User unknown"))
    assert post.clock(ClockKind.first_response).state == ClockState.running
    assert post.case().state == "open"
    assert post.case().first_response_at is None
    message = next(one for one in post.outbox() if one.id == answered.id)
    assert (message.state, message.failure) == (OutboxState.failed, "invalid_address")
    assert post.contact().unreachable_at is not None
    post.gets(report(ANA, "voice@velmora.example", returned, 550, "5.1.1 User unknown"))
    assert len([e for e in post.entries() if e.kind == "answer_failed"]) == 1


def test_a_delay_and_a_strangers_bounce_change_nothing(post: PostTown) -> None:
    post.writes("No water in Lumas")
    answered = post.answer()
    returned = f"Message-ID: <{answered.id}@velmora.example>\r\n\r\n".encode()
    post.gets(report(ANA, "voice@velmora.example", returned, 450, "4.2.2 Mailbox full"))
    forged = b"Message-ID: <01a21454-7e75-75e1-ab7a-000000000000@velmora.example>\r\n\r\n"
    post.gets(report(ANA, "voice@velmora.example", forged, 550, "5.1.1 User unknown"))
    post.gets(report(ANA, "voice@velmora.example", b"Subject: x\r\n\r\n", 550, "5.1.1 User unknown"))
    assert post.clock(ClockKind.first_response).state == ClockState.met
    assert post.contact().unreachable_at is None


def test_a_full_mailbox_fails_the_message_and_not_the_address(post: PostTown) -> None:
    post.writes("No water in Lumas")
    answered = post.answer()
    returned = f"X-Ombud-Message: {answered.id}\r\n\r\n".encode()
    post.gets(report(ANA, "voice@velmora.example", returned, 552, "5.2.2 Over quota"))
    assert post.clock(ClockKind.first_response).state == ClockState.running
    assert post.contact().unreachable_at is None


ORDERS = [
    ("STOP", "x", "opted_out"),
    ("Stop.\n\nAna Kola\n+355 69 1", "x", "opted_out"),
    ("Ndalo", "x", "opted_out"),
    ("стоп", "x", "opted_out"),
    ("", "Re: STOP", "opted_out"),
    ("STOP\n\nOn Mon, 2 Mar 2026, V <v@x.example> wrote:\n> How was it?", "Re: x", "opted_out"),
    ("Stop the noise at night. It is every night.", "Noise", "case"),
    ("STATUS", "x", "status"),
    ("help", "x", "help"),
    ("", "", "unreadable"),
]


def test_orders(post: PostTown) -> None:
    for number, (text, subject, outcome) in enumerate(ORDERS):
        sender = f"citizen{number}@mail.example"
        assert (text, post.writes(text, subject=subject, sender=sender).outcome) == (text, outcome)
        assert (post.contact(sender).opted_out_at is not None) == (outcome == "opted_out")


def test_after_stop_not_even_an_answer_is_sent(post: PostTown) -> None:
    post.writes("No water in Lumas")
    post.writes("STOP", answers=post.sent[-1])
    left = len(post.sent)
    with post.database.write() as session:
        lifecycle.reply(session, post.case().id, post.viewer("triage"), "It runs.", post.now, post.form())
    post.work()
    assert len(post.sent) == left
    assert post.clock(ClockKind.first_response).state == ClockState.running
    assert post.writes("START").outcome == "resumed"


def test_files_that_cannot_be_kept_are_told(post: PostTown) -> None:
    post.writes("See here", files_={"tap.png": PIXEL, "winmail.dat": b"x" * 50, "run.exe": b"MZ" + b"\0" * 200})
    told = next(one.text for one in post.sent if "winmail" in one.text)  # sent beside the other, in either order
    assert "winmail.dat: This is Outlook's own format." in told
    assert "run.exe: This file is a program" in told
    assert "tap.png" not in told
    (note,) = [str(e.body["text"]) for e in post.entries() if e.kind == "noted"]
    assert "winmail.dat" in note


def test_what_is_personal_does_not_stand_readable(post: PostTown) -> None:
    post.writes("No water\n\n-----Original Message-----\nmy secret", subject="Ana Kola, Rruga 5")
    with post.database.read() as session:
        found = session.connection().exec_driver_sql("SELECT details, sender, text FROM inbound_message").all()
    stored = str(found)
    for word in ("Kola", "Rruga", "ana@", "secret", "No water"):
        assert word not in stored


def test_nobody_to_answer_is_still_a_case(post: PostTown) -> None:
    raw = b"From: noreply@forms.example\r\nSubject: Report from the site\r\n\r\nNo water in Lumas\r\n"
    assert post.gets(raw).outcome == "case"
    assert (post.case().contact_point_id, post.sent) == (None, [])


def test_a_survey_goes_by_mail_and_its_answer_counts(post: PostTown) -> None:
    done = TransactionIn("T-1", "CIV1", "passport", post.now, None, "en", email="Ana@Mail.example")
    with post.database.write() as session:
        session.add(Survey(code="general", questions=[{"code": "rating", "kind": "rating"}]))
        session.flush()
        (found,) = accept(session, "registry", [done], post.now)
    assert found.survey == "scheduled"
    post.later(hours=2)
    surveys.sweep.sweep(post.now)
    post.work()
    (asked,) = post.sent
    assert asked.to == ANA
    assert "/s/" in asked.text
    assert asked.unsubscribe_url
    assert "/unsubscribe/" in asked.unsubscribe_url
    assert (asked.subject, asked.automatic) == ("How was it?", True)
    assert (
        post.writes("4 good\n\nOn Tue, V <v@x.example> wrote:\n> 1 very bad", answers=asked).outcome == "survey_answer"
    )
    with post.database.read() as session:
        (rating,) = session.exec(select(Answer).where(col(Answer.question) == "rating")).all()
    assert rating.value == 4
    assert post.cases() == []


def test_a_survey_goes_on_by_mail_and_an_older_mail_of_it_can_still_be_answered(post: PostTown) -> None:
    done = TransactionIn("T-1", "CIV1", "passport", post.now, None, "en", email=ANA)
    with post.database.write() as session:
        accept(session, "registry", [done], post.now)
    post.later(hours=2)
    surveys.sweep.sweep(post.now)
    post.work()
    first = post.sent[-1]
    post.later(minutes=5)
    post.writes("4", answers=first)
    money = post.sent[-1]
    assert money.text.startswith("Did anyone ask for extra money?")
    post.later(minutes=5)
    post.writes("5", answers=first)
    post.later(minutes=5)
    assert post.writes("No, nobody", answers=money).outcome == "survey_answer"
    with post.database.read() as session:
        found = {row.question: row.value for row in session.exec(select(Answer))}
    assert found == {"rating": 5, "money": 0}
    assert post.sent[-1].text.startswith("Thank you.")
    assert len(post.sent) == 3


def test_ending_surveys_by_the_link_keeps_answers(post: PostTown) -> None:
    post.writes("No water in Lumas")
    contact = post.contact()
    token = letters.unsubscribe_url(contact.id).rpartition("/")[2]
    assert ANA not in token
    for wrong in ("", "x", token[:-2], token[:-1] + ("A" if token[-1] != "A" else "B"), "\u00e9" * 9):
        with post.database.write() as session:
            found = mail.end_surveys(session, wrong, post.now)
        assert found is None or wrong != token, wrong
    with post.database.write() as session:
        assert mail.end_surveys(session, token, post.now) is not None
    assert not may_send(post.contact(), Purpose.survey)
    assert may_send(post.contact(), Purpose.answer)


def test_a_thread_goes_on_after_another_channel(post: PostTown) -> None:
    """A case that came by SMS and whose person is joined with a mailbox goes on by mail."""
    receive([Inbound(Channel.sms, "acc", "SM1", "+355691112233", "", "No water in Lumas")], post.now)
    post.work()
    case = post.case()
    post.later(days=2)
    post.writes("I also have mail", subject="Hello")
    with post.database.write() as session:
        contact = session.get_one(ContactPoint, post.contact().id)
        contact.citizen_id = session.get_one(Case, case.id).citizen_id  # type: ignore[assignment]
        session.add(contact)
    row = post.writes("Still none", subject=f"About {case.reference}")
    assert (row.outcome, row.case_id) == ("continued", case.id)


def test_a_mail_that_is_too_large_is_a_case_all_the_same(post: PostTown) -> None:
    raw = (
        b"From: ana@mail.example\r\nSubject: Film\r\nContent-Type: text/plain\r\n\r\nSee the pump in Lumas\r\n"
        + b"x" * 500
    )
    mail.keep(Fetched(raw[:110], 90_000_000), post.now)
    post.work()
    assert "See the pump" in post.case().text
    assert any("too large" in text for text in post.texts(ANA))
