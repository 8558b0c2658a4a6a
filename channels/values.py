"""What passes between the channels and the rest of the house: plain values, no database, no provider's types.

A channel turns what arrived into `Inbound`, `Receipt` or `ContactChange`, and takes `Outgoing` to send. Whoever stores
them converts. `provider_id` is unique within (channel, account): one row per provider message, ever.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal, TypeAlias
from uuid import UUID

from channels.errors import Failure

JSON: TypeAlias = str | int | float | bool | list["JSON"] | dict[str, "JSON"] | None


class Channel(StrEnum):
    """The ways a citizen reaches the government, and is reached."""

    sms = "sms"
    whatsapp = "whatsapp"
    telegram = "telegram"
    email = "email"
    web = "web"
    kiosk = "kiosk"
    voice = "voice"
    api = "api"
    assisted = "assisted"


class DeliveryStatus(StrEnum):
    """How far a message got, as the provider tells it."""

    accepted = "accepted"
    sent = "sent"
    delivered = "delivered"
    failed = "failed"

    def moved_to(self, reported: "DeliveryStatus") -> "DeliveryStatus":
        """The status after one more report, which may come late, twice or out of order.

        It never goes back. A failure reported after a delivery is ignored; a delivery reported after a failure wins,
        since carriers do deliver what they had given up.
        """
        return max(self, reported, key=_RANK.__getitem__)


_RANK = {DeliveryStatus.accepted: 0, DeliveryStatus.sent: 1, DeliveryStatus.failed: 2, DeliveryStatus.delivered: 3}


@dataclass(frozen=True, slots=True)
class WebhookRequest:
    """One HTTP request of a provider, as it came. `url` may be absolute or just path and query; its host is never
    believed. `headers` have lower-case names."""

    url: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Attachment:
    """A photo, voice, audio, video, document, sticker or contact card that came along (`kind` is one of these words).

    `url` is the provider's address, or `telegram:<file id>`, since Telegram's addresses would carry the bot's token.
    `size` is in bytes.
    """

    kind: str
    url: str
    content_type: str | None = None
    size: int | None = None


@dataclass(frozen=True, slots=True)
class Inbound:
    """One message from a citizen.

    `sender` is where an answer goes; it is empty when the citizen left no address, and then it identifies nobody.
    `language` is a hint by the channel or the citizen's own pick. `message_key` is what replies and edits call the
    message by, `group_key` joins the parts of one album. `details` is what the channel knows besides: office, service,
    place, location, rating, reason, kind, anonymous, about_staff, name, contact, start, group, edited, unsupported,
    subject, references, automatic.
    """

    channel: Channel
    account: str
    provider_id: str
    sender: str
    recipient: str
    text: str
    sent_at: datetime | None = None
    language: str | None = None
    reply_to: str | None = None
    button: str | None = None
    message_key: str | None = None
    group_key: str | None = None
    attachments: tuple[Attachment, ...] = ()
    details: Mapping[str, JSON] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a message that was sent. `message_id` is the outbox row, where the provider carried it back."""

    channel: Channel
    account: str
    provider_id: str
    status: DeliveryStatus
    failure: Failure | None = None
    detail: str = ""
    message_id: UUID | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ContactChange:
    """A citizen shut (`blocked`) or opened the channel itself, outside any message."""

    channel: Channel
    account: str
    provider_id: str
    sender: str
    blocked: bool


@dataclass(frozen=True, slots=True)
class Button:
    """A choice under a message. `data` comes back as `Inbound.button`; Telegram takes 64 bytes of it.

    One that `asks` for a location, or for the citizen's own number (contact), makes the choices of its message keys of
    the citizen's keyboard, gone after use: the others then come back as what is written on them.
    """

    text: str
    data: str
    asks: Literal["", "location", "contact"] = ""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message to a citizen. `id` is the outbox row; `buttons` are rows of choices (left out where a channel has
    none, so the text must say them too); `receipt_url` is where receipts go, with `?message=<id>`.

    `reply_to` is the citizen's message it answers, as the channel calls it. For e-mail: `subject`; `html`, the same
    said in HTML; `automatic` where no person wrote it; `unsubscribe_url` where one click must end the like of it.

    `replaces` is an earlier message of ours that this one follows: its buttons have had their use and go, or, where it
    may be rewritten `in_place`, this text stands there instead of it.
    """

    id: UUID
    to: str
    text: str
    sender: str | None = None
    buttons: tuple[tuple[Button, ...], ...] = ()
    receipt_url: str | None = None
    reply_to: str | None = None
    subject: str | None = None
    html: str | None = None
    automatic: bool = False
    unsubscribe_url: str | None = None
    replaces: str | None = None
    in_place: bool = False


@dataclass(frozen=True, slots=True)
class Sent:
    """The provider took the message and calls it `provider_id`."""

    provider_id: str
    account: str
    status: DeliveryStatus
