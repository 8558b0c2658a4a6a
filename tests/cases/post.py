"""The town with a mailbox, for tests of e-mail."""

from dataclasses import dataclass, field
from email.message import EmailMessage

from sqlmodel import col, select

from cases import lifecycle, mail
from channels.mailbox import Fetched
from channels.values import Channel, DeliveryStatus, Outgoing, Sent
from core.crypto import blind_index
from domain.citizen import ContactPoint
from domain.inbox import InboundMessage
from domain.timeline import TimelineEntry
from tests.cases.conftest import Town

ANA = "ana@mail.example"


@dataclass
class PostTown(Town):
    """The town, with e-mail: what leaves is known by its row's id, as `channels.email` says it."""

    serial: int = 0
    raws: list[bytes] = field(default_factory=list)

    def writes(
        self,
        text: str,
        *,
        subject: str = "Water",
        sender: str = ANA,
        answers: Outgoing | None = None,
        headers: dict[str, str] | None = None,
        files_: dict[str, bytes] | None = None,
    ) -> InboundMessage:
        """A mail is read from the mailbox and everything due is done; gives its row."""
        self.serial += 1
        letter = EmailMessage()
        letter["From"], letter["To"], letter["Subject"] = f"Ana <{sender}>", "voice@velmora.example", subject
        letter["Message-ID"] = f"<m{self.serial}@mail.example>"
        if answers is not None:
            letter["In-Reply-To"] = letter["References"] = f"<{answers.id}@velmora.example>"
        for name, value in (headers or {}).items():
            letter[name] = value
        letter.set_content(text)
        for name, data in (files_ or {}).items():
            letter.add_attachment(data, maintype="application", subtype="octet-stream", filename=name)
        return self.gets(letter.as_bytes())

    def gets(self, raw: bytes) -> InboundMessage:
        """Raw bytes are read from the mailbox; gives the newest row."""
        self.raws.append(raw)
        mail.keep(Fetched(raw, len(raw)), self.now)
        self.work()
        return self.rows()[-1]

    def rows(self) -> list[InboundMessage]:
        with self.database.read() as session:
            return list(session.exec(select(InboundMessage).order_by(col(InboundMessage.id))))

    def contact(self, address: str = ANA) -> ContactPoint:
        with self.database.read() as session:
            index = blind_index("email", address)
            return session.exec(select(ContactPoint).where(col(ContactPoint.address_index) == index)).one()

    def entries(self) -> list[TimelineEntry]:
        with self.database.read() as session:
            return list(session.exec(select(TimelineEntry).order_by(col(TimelineEntry.number))))

    def answer(self, text: str = "It runs again from six.") -> Outgoing:
        """Triage, where mails land without a classifier, answers the only case."""
        with self.database.write() as session:
            lifecycle.reply(session, self.case().id, self.viewer("triage"), text, self.now, self.form())
        self.work()
        return self.sent[-1]

    def _send(self, outgoing: Outgoing, channel: Channel) -> Sent:
        self.sent.append(outgoing)
        return Sent(str(outgoing.id), "voice@velmora.example", DeliveryStatus.accepted)
