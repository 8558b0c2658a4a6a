"""What a citizen's phone shows: one conversation, by SMS or in Telegram, as plain values."""

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from simulators.carrier import Carrier, Text
from simulators.chats import ChatMessage, Chats
from simulators.files import FILES as CARRIED
from simulators.people import Person

SHOWN = 200
FILES = "/simulator/phone/files"


@dataclass(frozen=True, slots=True)
class Choice:
    """A button under a message."""

    text: str
    data: str
    pressed: bool


@dataclass(frozen=True, slots=True)
class Shown:
    """A file in a message; `kind`: picture, sound, film or paper."""

    kind: str
    url: str
    name: str


@dataclass(frozen=True, slots=True)
class Bubble:
    """One message on the phone. `mine` is the citizen's own; `state`: sending, sent, delivered, read or failed.

    `changes` is the text that the citizen may still change."""

    id: str
    mine: bool
    text: str
    at: datetime
    state: str
    note: str = ""
    buttons: tuple[tuple[Choice, ...], ...] = ()
    files: tuple[Shown, ...] = ()
    changes: str = ""
    edited: bool = False

    def as_json(self) -> dict[str, object]:
        """For scripts."""
        return {**asdict(self), "at": self.at.isoformat()}

    def clock(self, zone: ZoneInfo) -> str:
        """The time of day where the phone is."""
        return self.at.astimezone(zone).strftime("%H:%M")


def sms_thread(carrier: Carrier, number: str) -> list[Bubble]:
    """The texts between a number (`whatsapp:` before it for that app) and the government, oldest first."""
    with carrier.exchange.lock:
        texts = [text for text in carrier.texts.values() if number in (text.to, text.from_)]
    return [_texted(text) for text in sorted(texts, key=lambda text: text.order)[-SHOWN:]]


def telegram_thread(chats: Chats, person: Person) -> list[Bubble]:
    """A person's chat with the bot, oldest first."""
    chat = chats.chat_of(person)
    with chats.exchange.lock:
        messages = [message for message in chat.messages if not message.deleted]
    return [_chatted(message, webhook=bool(chats.webhook.url)) for message in messages[-SHOWN:]]


def _texted(text: Text) -> Bubble:
    if text.inbound:
        state, note = _taken(text.answered)
        shown = tuple(Shown(one.shown_as, f"{FILES}/sms/{one.sid}", one.picked.name) for one in text.media)
        return Bubble(text.sid, True, text.body, text.created, state, note, files=shown)
    states = {"queued": "sending", "sent": "sent", "delivered": "delivered", "read": "read", "undelivered": "failed"}
    note = f"Not delivered: error {text.error_code}" if text.error_code else ""
    return Bubble(text.sid, False, text.body, text.created, states[text.status], note)


def _chatted(message: ChatMessage, *, webhook: bool) -> Bubble:
    at = datetime.fromtimestamp(message.date, UTC)
    key = str(message.message_id)
    if not message.by_bot:
        state, note = _taken(message.answered) if webhook else ("sent", "")
        changes = "" if _carried(message) or message.text.startswith("/") else message.text
        words, edited = message.text or _placed(message), bool(message.edited)
        return Bubble(key, True, words, at, state, note, files=_carried(message), changes=changes, edited=edited)
    rows = (message.markup or {}).get("inline_keyboard", [])
    buttons = tuple(tuple(_choice(button, message.pressed) for button in row) for row in rows)
    return Bubble(key, False, message.text, at, "delivered", "", buttons)


def _placed(message: ChatMessage) -> str:
    place = message.content.get("location")
    if isinstance(place, dict):
        return f"Place: {place['latitude']:.4f}, {place['longitude']:.4f}"
    card = message.content.get("contact")
    return f"Number: +{card['phone_number']}" if isinstance(card, dict) else ""


def _carried(message: ChatMessage) -> tuple[Shown, ...]:
    """What a message in Telegram carries besides words; of a photo its largest size."""
    for kind in CARRIED:
        given = message.content.get(kind)
        file = given[-1] if isinstance(given, list) and given else given
        if isinstance(file, dict) and file.get("file_id"):
            shown = {"photo": "picture", "voice": "sound", "audio": "sound", "video": "film"}.get(kind, "paper")
            return (Shown(shown, f"{FILES}/telegram/{file['file_id']}", str(file.get("file_name") or kind)),)
    return ()


def _choice(button: dict[str, str], pressed: str) -> Choice:
    data = button.get("callback_data", "")
    return Choice(button["text"], data, bool(data) and data == pressed)


def _taken(answered: int | None) -> tuple[str, str]:
    if answered is None:
        return "sending", ""
    return ("delivered", "") if 200 <= answered < 300 else ("failed", f"Not taken: the webhook answered {answered}")
