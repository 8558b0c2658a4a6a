"""A citizen in a chat or on a phone, for tests of conversations."""

from dataclasses import dataclass, field
from typing import Any

from sqlmodel import col, select

from cases.inbox import receive
from channels.values import Attachment, Channel, ContactChange, Inbound, Outgoing
from domain.case import Case
from domain.conversation import Conversation
from domain.inbox import InboundMessage
from domain.timeline import TimelineEntry
from tests.cases.conftest import CITIZEN, Town

PHOTO = Attachment("photo", "telegram:p1", "image/jpeg", 90_000)
VOICE = Attachment("voice", "telegram:v1", "audio/ogg", 9_000)


@dataclass
class Citizen:
    """Somebody who writes. `number` counts their messages, which are known as `<address>:<number>`."""

    town: Town
    channel: Channel = Channel.telegram
    address: str = "71"
    account: str = "4242"
    language: str | None = "en"
    number: int = 0
    details: dict[str, Any] = field(default_factory=dict)

    def says(self, text: str, *files: Attachment, **values: Any) -> str:
        """Write a message; gives what replies and edits call it by. Further values are its own, or its details."""
        self.number += 1
        key = str(values.pop("message_key", f"{self.address}:{self.number}"))
        known: dict[str, Any] = {
            name: values.pop(name) for name in ("reply_to", "button", "group_key") if name in values
        }
        details = {**self.details, **values}
        if text.startswith("/start"):
            details |= {"start": text.removeprefix("/start").strip()}
        update = values.pop("update", f"{self.address}-{self.town.now.timestamp()}-{self.number}")
        self.receive(update, text, key, files, known, details)
        self.settle()
        return key

    def settle(self) -> None:
        """All that is due is done; a chat gets one message a second."""
        for _ in range(2):
            self.town.work()
            self.town.later(seconds=2)

    def receive(
        self, update: str, text: str, key: str, files: tuple[Attachment, ...], known: dict[str, Any], details: Any
    ) -> None:
        message = Inbound(
            self.channel,
            self.account,
            update,
            self.address,
            self.account,
            text,
            language=self.language,
            attachments=files,
            message_key=key,
            details=details,
            **known,
        )
        receive([message], self.town.now)

    def presses(self, label: str, *, message: int = -1) -> None:
        """Press a button under the newest message that has some (or an earlier one)."""
        asked = [sent for sent in self.heard() if sent.buttons][message]
        data = next(b.data for row in asked.buttons for b in row if b.text.startswith(label))
        self.says(label, button=data, reply_to=f"OUT{self.town.sent.index(asked) + 1}", message_key="")

    def changes(self, key: str, text: str) -> None:
        """Edit a message."""
        self.says(text, message_key=key, edited=True)

    def blocks(self, blocked: bool) -> None:
        """Block the bot, or open it again."""
        self.number += 1
        change = ContactChange(self.channel, self.account, f"{self.address}-b{self.number}", self.address, blocked)
        receive([change], self.town.now)
        self.settle()

    def heard(self) -> list[Outgoing]:
        """What was sent to them."""
        return [sent for sent in self.town.sent if sent.to == self.address]

    @property
    def last(self) -> Outgoing:
        return self.heard()[-1]

    @property
    def labels(self) -> list[str]:
        """The buttons under the last message."""
        return [button.text for row in self.last.buttons for button in row]

    def talk(self) -> Conversation | None:
        """The open conversation."""
        with self.town.database.read() as session:
            return session.exec(select(Conversation)).first()

    def rows(self) -> list[InboundMessage]:
        with self.town.database.read() as session:
            query = select(InboundMessage).where(col(InboundMessage.kind) == "message")
            return list(session.exec(query.order_by(col(InboundMessage.received_at), col(InboundMessage.id))))


def texter(town: Town) -> Citizen:
    """Somebody with a plain phone."""
    return Citizen(town, Channel.sms, CITIZEN, "acc", None)


def timeline(town: Town, case: Case, kind: str = "") -> list[TimelineEntry]:
    """What happened to a case."""
    with town.database.read() as session:
        entries = session.exec(
            select(TimelineEntry).where(col(TimelineEntry.case_id) == case.id).order_by(col(TimelineEntry.number))
        ).all()
    return [entry for entry in entries if not kind or entry.kind == kind]
