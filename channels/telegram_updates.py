"""Telegram's updates as values. Plain JSON in, no library: quick, and fields Telegram adds tomorrow break nothing.

Ids: `provider_id` is the update's id; a message is known as `<chat>:<message>` (`message_key`, `reply_to`, `Sent`),
since Telegram numbers messages per chat. `sender` is the chat, which is where an answer goes. In a group that is the
group: of what is said there nothing is read, not even who said it, only `{"group": true}` and the language.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from math import isfinite

from channels.values import JSON, Attachment, Channel, ContactChange, Inbound
from core.errors import BadInput
from core.texts import clean

Fields = Mapping[str, object]
MAX_TEXT = 20_000
# kinds of update asked for; everything else Telegram keeps to itself
ALLOWED = ("message", "edited_message", "callback_query", "my_chat_member")
_FILES = {
    "voice": "voice",
    "audio": "audio",
    "video": "video",
    "video_note": "video",
    "animation": "video",
    "document": "document",
}
_UNSUPPORTED = ("sticker", "poll", "dice", "game", "story", "paid_media", "checklist", "invoice", "giveaway")
_SAID = ("text", "caption", "photo", "location", "contact")
_GONE = ("left", "kicked")


def read_update(update: object, account: str) -> list[Inbound | ContactChange]:
    """One update's values; empty for what is no citizen's doing. `account` is the bot's id. Raises BadInput."""
    fields = _fields(update)
    update_id = fields.get("update_id")
    if not isinstance(update_id, int) or isinstance(update_id, bool) or abs(update_id) > 2**63:
        raise BadInput("The update has no update_id.", mend="Send Telegram's update as it came, with its whole number.")
    for kind in ("message", "edited_message"):
        if message := _fields(fields.get(kind)):
            return _message(message, str(update_id), account, edited=kind == "edited_message")
    if pressed := _fields(fields.get("callback_query")):
        return _pressed(pressed, str(update_id), account)
    if change := _fields(fields.get("my_chat_member")):
        return _membership(change, str(update_id), account)
    return []


def _message(message: Fields, provider_id: str, account: str, *, edited: bool) -> list[Inbound | ContactChange]:
    person, chat = _fields(message.get("from")), _fields(message.get("chat"))
    chat_id, own_id = _id(chat.get("id")), message_key(chat.get("id"), message.get("message_id"))
    if not chat_id or person.get("is_bot") is True or chat.get("type") == "channel":
        return []
    language = _language(person.get("language_code"))
    if chat.get("type") in ("group", "supergroup"):
        service = not any(message.get(kind) for kind in (*_SAID, *_FILES, *_UNSUPPORTED))
        return [] if edited or service else [_in_group(chat_id, provider_id, account, language)]
    details: dict[str, JSON] = {}
    text = _text(message.get("text")) or _text(message.get("caption"))
    attachments = _attachments(message)
    if edited and not text:  # a live location moves every few seconds; an old one says nothing new
        return []
    if location := _location(message.get("location")):
        details["location"] = location
    if venue := _fields(message.get("venue")):
        details["place"] = ", ".join(filter(None, (_text(venue.get("title")), _text(venue.get("address")))))[:500]
    details |= _contact(_fields(message.get("contact")), person)
    if not (text or attachments or details):
        other = next((kind for kind in _UNSUPPORTED if message.get(kind)), None)
        if other is None:  # a service message: somebody joined, a title changed
            return []
        details["unsupported"] = other
        text = _text(_fields(message.get("sticker")).get("emoji"))
    text, start = _command(text)
    if start is not None:
        given = start_values(start)
        language = given.pop("language", None) or language
        details |= {"start": start, **given}
    if name := _name(person):
        details["name"] = name
    if edited:
        details["edited"] = True
    return [
        Inbound(
            channel=Channel.telegram,
            account=account,
            provider_id=provider_id,
            sender=chat_id,
            recipient=account,
            text=text,
            sent_at=_time(message.get("edit_date") if edited else message.get("date")),
            language=language,
            reply_to=message_key(chat.get("id"), _fields(message.get("reply_to_message")).get("message_id")),
            message_key=own_id,
            group_key=_text(message.get("media_group_id"))[:100] or None,
            attachments=attachments,
            details=details,
        )
    ]


def _pressed(query: Fields, provider_id: str, account: str) -> list[Inbound | ContactChange]:
    person, message = _fields(query.get("from")), _fields(query.get("message"))
    chat = _fields(message.get("chat"))
    sender, data = _id(chat.get("id")) or _id(person.get("id")), _text(query.get("data"))
    if not sender or not data or person.get("is_bot") is True:
        return []
    if chat.get("type") in ("group", "supergroup"):
        return [_in_group(sender, provider_id, account, _language(person.get("language_code")))]
    details: dict[str, JSON] = {"callback_query": _text(query.get("id"))[:100]}
    if name := _name(person):
        details["name"] = name
    return [
        Inbound(
            channel=Channel.telegram,
            account=account,
            provider_id=provider_id,
            sender=sender,
            recipient=account,
            text=_label(message, data) or data,
            language=_language(person.get("language_code")),
            reply_to=message_key(chat.get("id"), message.get("message_id")),
            button=data[:200],
            details=details,
        )
    ]


def _in_group(chat: str, provider_id: str, account: str, language: str | None) -> Inbound:
    return Inbound(
        Channel.telegram, account, provider_id, chat, account, "", language=language, details={"group": True}
    )


def _membership(change: Fields, provider_id: str, account: str) -> list[Inbound | ContactChange]:
    chat, new = _fields(change.get("chat")), _fields(change.get("new_chat_member"))
    sender, status = _id(chat.get("id")), new.get("status")
    if not sender or chat.get("type") != "private" or not isinstance(status, str):
        return []
    return [ContactChange(Channel.telegram, account, provider_id, sender, blocked=status in _GONE)]


def message_key(chat: object, message: object) -> str | None:
    """A message's name across chats, as `Sent.provider_id` has it too."""
    return f"{_id(chat)}:{_id(message)}" if _id(chat) and _id(message) else None


def start_values(payload: str) -> dict[str, str]:
    """What a link `t.me/<bot>?start=office-TIR01--service-passport--language-sq` says; unknown keys are dropped.

    An office's code alone says nothing here: whether there is such an office, only the catalogue knows.
    """
    pairs = (part.partition("-") for part in payload.split("--"))
    return {key: value for key, dash, value in pairs if value and key in ("office", "service", "language")}


def _command(text: str) -> tuple[str, str | None]:
    """The text with `/command@bot` cut to `/command`, and the payload if it is /start."""
    if not text.startswith("/"):
        return text, None
    head, _, rest = text.partition(" ")
    head = head.partition("@")[0]
    return f"{head} {rest}".strip(), rest.strip()[:64] if head == "/start" else None


def _attachments(message: Fields) -> tuple[Attachment, ...]:
    found: list[Attachment] = []
    sizes = message.get("photo")
    if isinstance(sizes, list):
        photos = [photo for size in sizes if (photo := _file("photo", _fields(size), "image/jpeg"))]
        found += [max(photos, key=lambda photo: photo.size or 0)] if photos else []
    for name, kind in _FILES.items():
        if name == "document" and message.get("animation"):
            continue  # Telegram repeats an animation as a document
        if file := _file(kind, _fields(message.get(name)), None):
            found.append(file)
    return tuple(found)


def _file(kind: str, file: Fields, content_type: str | None) -> Attachment | None:
    file_id, size = _text(file.get("file_id"))[:300], file.get("file_size")
    if not file_id:
        return None
    known = _text(file.get("mime_type"))[:100] or content_type
    return Attachment(kind, f"telegram:{file_id}", known, size if type(size) is int and 0 <= size < 2**53 else None)


def _contact(contact: Fields, person: Fields) -> dict[str, JSON]:
    """A shared contact: the citizen's own number, or somebody else's card."""
    digits = "".join(letter for letter in _text(contact.get("phone_number")) if letter in "0123456789")[:15]
    if not digits:
        return {}
    own = contact.get("user_id") is not None and contact.get("user_id") == person.get("id")
    return {"contact" if own else "shared_contact": f"+{digits}"}


def _location(location: object) -> JSON:
    fields = _fields(location)
    latitude, longitude = fields.get("latitude"), fields.get("longitude")
    if not (_is_number(latitude, 90) and _is_number(longitude, 180)):
        return None
    return {"latitude": float(str(latitude)), "longitude": float(str(longitude))}


def _is_number(value: object, bound: int) -> bool:
    return type(value) in (int, float) and isfinite(value) and abs(value) <= bound  # type: ignore[arg-type]


def _label(message: Fields, data: str) -> str:
    rows = _fields(message.get("reply_markup")).get("inline_keyboard")
    for row in rows if isinstance(rows, list) else []:
        for button in row if isinstance(row, list) else []:
            if _fields(button).get("callback_data") == data:
                return _text(_fields(button).get("text"))
    return ""


def _name(person: Fields) -> str:
    return " ".join(filter(None, (_text(person.get("first_name")), _text(person.get("last_name")))))[:200]


def _language(code: object) -> str | None:
    primary = _text(code).partition("-")[0].lower()
    return primary if 2 <= len(primary) <= 3 and primary.isascii() and primary.isalpha() else None


def _time(seconds: object) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if type(seconds) is int and 0 < seconds < 2**32 else None


def _id(value: object) -> str:
    """Telegram's ids are whole numbers of at most 52 bits; zero stands for none."""
    return str(value) if type(value) is int and value and abs(value) < 2**63 else ""


def _text(value: object) -> str:
    return clean(value, MAX_TEXT) if isinstance(value, str) else ""


def _fields(value: object) -> Fields:
    return value if isinstance(value, dict) else {}
