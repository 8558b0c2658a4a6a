"""Real SMTP and IMAP on the wire, against our mail server: every failure by its name, nothing lost, nothing twice."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from typing import Any

import pytest

from channels.email import Email, compose, server_of
from channels.email_codes import Stage, bounce_failure, failure_of
from channels.email_parse import parse_mail
from channels.errors import Failure, SendFailed
from channels.mailbox import Fetched, Mailbox
from channels.values import Outgoing
from core.errors import Misconfigured
from core.ids import new_id
from simulators.exchange import Config, Exchange
from simulators.faults import Fault, FaultKind
from simulators.mailserver import MailServer
from simulators.people import PEOPLE
from simulators.postoffice import PostOffice
from tests.simulators.world import until

US = "voice@gov.example"
ANA = PEOPLE[0]


@dataclass
class Mails:
    """A mail server on free ports."""

    post: PostOffice
    server: MailServer
    read: list[Fetched] = field(default_factory=list)

    @property
    def config(self) -> Config:
        return self.post.exchange.config

    def smtp(self, **how: Any) -> Email:
        host, port = self.config.smtp or ("", 0)
        return Email(f"smtp://u:pw@{host}:{port}", US, name="Republic", timeout=5, **how)

    def imap(self, rest: str = "/INBOX", password: str = "pw", **how: Any) -> Mailbox:
        host, port = self.config.imap or ("", 0)
        return Mailbox(f"imap://u:{password}@{host}:{port}{rest}", timeout=5, **how)

    def fault(self, kind: FaultKind, **how: Any) -> None:
        self.post.exchange.faults.order(Fault("email", kind, **how))

    def got(self) -> list[bytes]:
        return [slip.raw for slip in self.post.slips_of(ANA.email) if not slip.mine]

    def keep(self, fetched: Fetched) -> None:
        self.read.append(fetched)


@pytest.fixture
def mails() -> Iterator[Mails]:
    where = ("127.0.0.1", 0)
    config = Config(
        "a", "b", "+3", "1:x", "http://x", "http://x", mail_address=US, mail_password="pw", smtp=where, imap=where
    )
    exchange = Exchange(config)
    post = PostOffice(exchange)
    made = Mails(post, MailServer(post))
    assert made.server.start()
    yield made
    made.server.close()
    exchange.close()


def outgoing(text: str = "Hello", **how: Any) -> Outgoing:
    return Outgoing(id=new_id(), to=ANA.email, text=text, **how)


def test_a_mail_arrives_as_it_was_written(mails: Mails) -> None:
    text = "Përshëndetje\n.a line with a dot\n" + "পানি নেই " * 300
    message = outgoing(text, subject="Нет воды [K7QF-3M9V]", reply_to="<a@b>", automatic=True)
    sent = mails.smtp().send(message)
    assert sent.provider_id == str(message.id)
    (raw,) = mails.got()
    mail = message_from_bytes(raw, policy=policy.default)
    assert mail["Subject"] == "Нет воды [K7QF-3M9V]"
    assert mail["From"] == f"Republic <{US}>"
    assert mail["Message-ID"] == f"<{message.id}@gov.example>"
    assert mail["In-Reply-To"] == "<a@b>"
    assert mail["References"] == f"<a@b> <{message.id}@gov.example>"
    assert mail["Auto-Submitted"] == "auto-replied"
    assert mail["List-Unsubscribe"] is None
    content = mail.get_content().replace("\r\n", "\n")
    assert content == f"{text}\n\n-- \nRepublic\n"
    assert all(len(line) < 998 for line in raw.split(b"\r\n"))


def test_a_survey_can_be_ended_by_one_click(mails: Mails) -> None:
    mails.smtp().send(outgoing(unsubscribe_url="https://gov.example/unsubscribe/abc", automatic=True))
    mail = message_from_bytes(mails.got()[0])
    assert mail["List-Unsubscribe"] == "<https://gov.example/unsubscribe/abc>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert (mail["Precedence"], mail["Auto-Submitted"]) == ("bulk", "auto-generated")


@pytest.mark.parametrize(
    "evil", ["x\r\nBcc: eve@evil.example", "x\n\nbody", "x\rBcc: e@evil.example", "x\x00y\u2028Bcc: e@x.example"]
)
def test_no_header_can_be_smuggled_in(mails: Mails, evil: str) -> None:
    how = {"subject": evil, "reply_to": f"<a@b> {evil}", "sender": evil}
    mails.smtp().send(outgoing("x", **how))
    mail = message_from_bytes(mails.got()[0])
    assert mail["Bcc"] is None
    assert mail["From"] == f"Republic <{US}>"
    assert mails.post.slips_of("eve@evil.example") == []


@pytest.mark.parametrize("to", ["nobody", "a@b.example, c@d.example", "a@b.example\r\nRCPT TO:<eve@evil.example>", ""])
def test_what_is_no_address_is_not_tried(mails: Mails, to: str) -> None:
    with pytest.raises(SendFailed) as refused:
        mails.smtp().send(replace(outgoing(), to=to))
    assert refused.value.failure is Failure.invalid_address


WIRE: list[tuple[dict[str, Any], Failure]] = [
    ({"kind": FaultKind.refused}, Failure.invalid_address),
    ({"kind": FaultKind.refused, "status": 551, "words": "5.1.6 User has moved"}, Failure.invalid_address),
    ({"kind": FaultKind.refused, "status": 552, "words": "5.2.2 Mailbox full"}, Failure.unreachable),
    ({"kind": FaultKind.refused, "status": 550, "words": "5.7.1 Relaying denied"}, Failure.credentials),
    ({"kind": FaultKind.refused, "status": 450, "words": "4.2.0 Greylisted"}, Failure.provider_down),
    ({"kind": FaultKind.refused, "status": 452, "words": "4.5.3 Too many recipients"}, Failure.rate_limited),
    ({"kind": FaultKind.refused, "code": 1, "status": 554, "words": "5.7.1 Looks like spam"}, Failure.content_refused),
    ({"kind": FaultKind.refused, "code": 1, "status": 552, "words": "5.3.4 Too big"}, Failure.too_long),
    ({"kind": FaultKind.refused, "code": 2, "status": 553, "words": "5.1.8 Bad sender"}, Failure.not_configured),
    ({"kind": FaultKind.refused, "code": 3, "status": 421}, Failure.provider_down),
    ({"kind": FaultKind.rate_limited, "words": "4.7.28 Too many messages, slow down"}, Failure.rate_limited),
    ({"kind": FaultKind.server_error}, Failure.provider_down),
    ({"kind": FaultKind.unauthorized}, Failure.credentials),
    ({"kind": FaultKind.silent}, Failure.provider_down),
    ({"kind": FaultKind.accepted_then_silent}, Failure.outcome_unknown),
]


def test_every_failure_on_the_wire_has_its_name(mails: Mails) -> None:
    for fault, failure in WIRE:
        taken = len(mails.got())
        mails.fault(**fault)
        with pytest.raises(SendFailed) as failed:
            mails.smtp().send(outgoing())
        assert (fault, failed.value.failure) == (fault, failure)
        # tried again only where nothing was taken
        assert len(mails.got()) - taken == (failure is Failure.outcome_unknown)
    assert mails.post.exchange.faults.waiting() == []


def test_nobody_listens() -> None:
    with pytest.raises(SendFailed) as failed:
        Email("smtp://127.0.0.1:9", US, timeout=2).send(outgoing())
    assert failed.value.failure is Failure.provider_down
    with pytest.raises(SendFailed) as unread:
        Mailbox("imap://u:pw@127.0.0.1:9/INBOX", timeout=2).look()
    assert unread.value.failure is Failure.provider_down


@pytest.mark.parametrize(
    ("code", "words", "stage", "failure"),
    [
        (550, "No such user here", Stage.recipient, Failure.invalid_address),
        (550, "Message rejected as spam by policy", Stage.recipient, Failure.content_refused),
        (550, "Mailbox quota exceeded", Stage.recipient, Failure.unreachable),
        (553, "5.7.1 sender not owned by user, not allowed to send", Stage.sender, Failure.credentials),
        (530, "5.7.0 Authentication required", Stage.sender, Failure.credentials),
        (535, "5.7.8 bad credentials", Stage.sign_in, Failure.credentials),
        (454, "4.7.0 temporary", Stage.sign_in, Failure.provider_down),
        (554, "5.7.26 unauthenticated: DMARC", Stage.content, Failure.not_configured),
        (550, "5.4.1 Recipient address rejected: Access denied", Stage.recipient, Failure.invalid_address),
        (432, "4.3.2 Concurrent connections limit exceeded", Stage.sign_in, Failure.provider_down),
        (432, "4.3.2 Concurrent connections limit exceeded", Stage.content, Failure.rate_limited),
        (501, "Bad address syntax", Stage.recipient, Failure.invalid_address),
        (554, "No SMTP service here", Stage.greeting, Failure.provider_down),
        (571, "something nobody knows", Stage.content, Failure.content_refused),
    ],
)
def test_answers_of_servers(code: int, words: str, stage: Stage, failure: Failure) -> None:
    assert failure_of(code, words, stage) is failure


def test_a_bounce_is_never_tried_again() -> None:
    for status in ("5.1.1", "5.7.1", "4.4.7", "", "5.0.0", "9.9.9"):
        for words in ("", "smtp; 550 relay denied", "smtp; 421 rate limit", "smtp; 535 auth"):
            assert not bounce_failure(status, words).retry


def test_a_sent_mail_is_looked_up_where_there_is_a_folder(mails: Mails) -> None:
    message = outgoing()
    with_folder = mails.smtp(find=mails.imap("/INBOX?sent=Sent").has_sent)
    mails.post.folders["Sent"] = []
    assert with_folder.find_sent(message) is None
    mail = compose(message, mail_from=US, name="x", now=datetime(2026, 3, 2, tzinfo=UTC))
    mails.post.put(mail.as_bytes(), "Sent")
    found = with_folder.find_sent(message)
    assert found is not None
    assert found.provider_id == str(message.id)
    assert mails.smtp().find_sent(message) is None


# -- the mailbox -----------------------------------------------------------------------------------------------------


def watching(mails: Mails, box: Mailbox, seconds: float = 30) -> tuple[threading.Thread, threading.Event]:
    stop = threading.Event()
    thread = threading.Thread(target=box.watch, args=(mails.keep, stop, seconds), daemon=True)
    thread.start()
    return thread, stop


def test_new_mail_is_read_as_it_comes(mails: Mails) -> None:
    mails.post.write(ANA, "One", "first")
    thread, stop = watching(mails, mails.imap())
    until(lambda: len(mails.read) == 1)
    mails.post.write(ANA, "Two", "second")
    until(lambda: len(mails.read) == 2)
    assert [parse_mail(one.raw, address=US).value.details["subject"] for one in mails.read] == ["One", "Two"]  # type: ignore[union-attr]
    stop.set()
    thread.join(5)
    assert not thread.is_alive()
    assert mails.imap().look() == 0


def test_a_line_that_breaks_before_the_mark_repeats_the_mail(mails: Mails) -> None:
    """The crash between storing and marking: the same bytes come again, and storing them is a no-op (cases.mail)."""
    mails.post.write(ANA, "One", "first")
    mails.fault(FaultKind.silent, address="imap")
    with pytest.raises(SendFailed) as broken:
        mails.imap().read(mails.keep)
    assert broken.value.failure is Failure.provider_down
    assert mails.imap().read(mails.keep) == 1
    ids = {parse_mail(one.raw, address=US).value.provider_id for one in mails.read}
    assert (len(mails.read), len(ids)) == (2, 1)


def test_a_restored_mailbox_brings_the_same_mails(mails: Mails) -> None:
    for number in range(3):
        mails.post.write(ANA, f"Mail {number}", "words")
    mails.imap().read(mails.keep)
    mails.post.renumber()
    assert mails.imap().read(mails.keep) == 3
    assert len({parse_mail(one.raw, address=US).value.provider_id for one in mails.read}) == 3


def test_one_mail_that_cannot_be_stored_keeps_none_from_it(mails: Mails) -> None:
    for number in range(4):
        mails.post.write(ANA, f"Mail {number}", "words")

    def keep(fetched: Fetched) -> None:
        if b"Mail 1" in fetched.raw:
            raise ValueError("cannot be stored")
        mails.keep(fetched)

    assert mails.imap().read(keep) == 3
    assert mails.imap().look() == 1


def test_what_is_stored_can_be_moved_away(mails: Mails) -> None:
    mails.post.folders["Done"] = []
    mails.post.write(ANA, "One", "first")
    for letter in mails.post.folders["INBOX"]:
        letter.flags.add("\\Seen")  # somebody opened it in a mail program
    assert mails.imap("/INBOX?processed=Done").read(mails.keep) == 1
    assert [len(mails.post.folders[name]) for name in ("INBOX", "Done")] == [0, 1]


def test_of_a_huge_mail_the_beginning_is_read(mails: Mails) -> None:
    mails.post.write(ANA, "Film", "See this\n" + "x" * 900_000)
    mails.imap(limit=500_000).read(mails.keep)
    (fetched,) = mails.read
    assert fetched.size > 900_000
    assert len(fetched.raw) == 300_000
    assert "See this" in parse_mail(fetched.raw, address=US, size=fetched.size).value.text  # type: ignore[union-attr]


def test_what_is_wrong_with_a_mailbox_is_named(mails: Mails) -> None:
    for box, failure in (
        (mails.imap(password="wrong"), Failure.credentials),
        (mails.imap("/Nowhere"), Failure.not_configured),
    ):
        with pytest.raises(SendFailed) as refused:
            box.look()
        assert refused.value.failure is failure
    for url in ("", "mail.example", "imaps://", "pop3://x", "smtp://host:port"):
        with pytest.raises(Misconfigured, match=r"."):
            Mailbox(url)
    assert server_of("imaps://a%40b.example:p%2Fw@h.example/My%20Box").user == "a@b.example"
    assert server_of("imaps://a%40b.example:p%2Fw@h.example/My%20Box").folder == "My Box"


def test_no_password_leaves_without_encryption() -> None:
    """A server in the network that offers no STARTTLS gets no password."""
    assert not server_of("smtp://u:p@mail.example").local
    assert server_of("smtp://u:p@127.0.0.25:8000").local
    with pytest.raises(SendFailed) as refused:
        Email("smtp://u:p@mail.example", US)._sign_in(_Plain())  # type: ignore[arg-type]
    assert refused.value.failure is Failure.credentials


class _Plain:
    """A connection that offers nothing."""

    def ehlo_or_helo_if_needed(self) -> None:
        """Says hello."""

    def has_extn(self, name: str) -> bool:
        return False

    def login(self, *_: str) -> None:
        raise AssertionError("the password left")
