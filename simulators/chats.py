"""The chats behind the simulated Telegram Bot API: people, messages, updates, and the webhook they are delivered to."""

import itertools
import json
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from simulators.exchange import Exchange
from simulators.faults import FaultKind
from simulators.files import FILES, Files
from simulators.limits import Limits
from simulators.people import Person

MESSAGES_KEPT = 2_000  # per chat
WEBHOOK_TRIES = 8


class BotError(Exception):
    """What the Bot API answers instead of a result."""

    def __init__(self, status: int, words: str, *, retry_after: int | None = None) -> None:
        super().__init__(words)
        self.status, self.words, self.retry_after = status, words, retry_after


@dataclass(slots=True)
class ChatMessage:
    """One message in a chat with the bot. `content` is what it carries besides text, as Telegram's fields."""

    message_id: int
    by_bot: bool
    text: str
    date: int
    markup: dict[str, Any] | None = None
    pressed: str = ""
    deleted: bool = False
    answered: int | None = None  # HTTP status the webhook with a citizen's message got
    content: Mapping[str, Any] = field(default_factory=dict)
    edited: int = 0


@dataclass(slots=True)
class Chat:
    """One person's chat with the bot."""

    person: Person
    started: bool = False
    blocked: bool = False
    keys: dict[str, Any] | None = None  # the reply keyboard the bot put in place of the citizen's own
    messages: deque[ChatMessage] = field(default_factory=lambda: deque(maxlen=MESSAGES_KEPT))

    @property
    def as_json(self) -> dict[str, Any]:
        return {"id": self.person.telegram_id, "type": "private", "first_name": self.person.first_name}

    @property
    def user(self) -> dict[str, Any]:
        last = {"last_name": self.person.name.partition(" ")[2]} if " " in self.person.name else {}
        return {
            "id": self.person.telegram_id,
            "is_bot": False,
            "first_name": self.person.first_name,
            **last,
            "language_code": self.person.language,
        }


@dataclass(slots=True)
class Webhook:
    """Where updates are pushed to; an empty address means they wait to be fetched."""

    url: str = ""
    secret: str = ""
    allowed: tuple[str, ...] = ()
    last_error: str = ""
    last_error_date: int = 0


class Chats:
    """The state of one simulated bot. `answered` holds the callback queries the bot answered, with its words."""

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange
        config = exchange.config
        self.chats: dict[int, Chat] = {}
        self.updates: deque[dict[str, Any]] = deque(maxlen=10_000)
        self.answered: dict[str, str] = {}
        self.files = Files()
        self.limits = Limits(config.telegram_per_second, config.telegram_chat_burst)
        self.webhook = Webhook(
            f"{config.public_url}/webhooks/telegram" if config.telegram_webhook else "", config.telegram_secret
        )
        self._update_ids = itertools.count(int(time.time()))
        self._message_ids = itertools.count(1)
        self._query_ids = itertools.count(4_000_000_001)

    # -- what a citizen does --

    def write(self, person: Person, text: str, extra: Mapping[str, Any] | None = None) -> ChatMessage:
        """A citizen writes to the bot (which starts the chat); `extra` is merged into Telegram's message."""
        chat = self.chat_of(person)
        chat.started = True
        message = self._keep(chat, False, text, content=extra or {})
        if chat.keys is not None and chat.keys.get("one_time_keyboard"):
            chat.keys = None
        self.push({"message": self.as_json(chat, message)}, person, message)
        return message

    def edit(self, person: Person, message_id: int, text: str) -> bool:
        """A citizen changes a message of theirs; False if there is no such message."""
        chat = self.chat_of(person)
        message = self.find(chat, message_id)
        if message is None or message.by_bot:
            return False
        message.text, message.edited = text, int(time.time())
        self.push({"edited_message": self.as_json(chat, message)}, person, message)
        return True

    def press(self, person: Person, message_id: int, data: str) -> str:
        """A citizen presses a button under a message. The callback query's id; empty if there is no such button."""
        chat = self.chat_of(person)
        message = self.find(chat, message_id)
        if message is None or data not in _choices(message.markup):
            return ""
        message.pressed, query = data, str(next(self._query_ids))
        origin = self.as_json(chat, message)
        pressed = {"id": query, "from": chat.user, "message": origin, "chat_instance": query, "data": data}
        self.push({"callback_query": pressed}, person)
        return query

    def block(self, person: Person, blocked: bool) -> None:
        """A citizen blocks or unblocks the bot."""
        chat = self.chat_of(person)
        if chat.blocked == blocked:
            return
        chat.blocked, chat.started = blocked, True
        before, after = ("member", "kicked") if blocked else ("kicked", "member")
        bot = self.bot

        def membership(status: str) -> dict[str, Any]:
            return {"user": bot, "status": status, **({"until_date": 0} if status == "kicked" else {})}

        change = {
            "chat": chat.as_json,
            "from": chat.user,
            "date": int(time.time()),
            "old_chat_member": membership(before),
            "new_chat_member": membership(after),
        }
        self.push({"my_chat_member": change}, person)

    def push(self, content: Mapping[str, Any], person: Person | None = None, about: ChatMessage | None = None) -> int:
        """Give an update its id, and deliver it or keep it. The update's id."""
        update = {"update_id": next(self._update_ids), **content}
        address = str(person.telegram_id) if person else ""
        twice = self.exchange.faults.take("telegram", address, FaultKind.delivered_twice)
        if self.webhook.url:
            for _ in range(2 if twice else 1):
                self.exchange.courier.after(0, lambda: self._deliver(update, about=about))
        else:
            with self.exchange.lock:
                self.updates.append(update)
        self.exchange.changed()
        return int(update["update_id"])

    def release(self) -> None:
        """Deliver what waited, after a webhook was set."""
        with self.exchange.lock:
            waiting = list(self.updates)
            self.updates.clear()
        for update in waiting:
            self.exchange.courier.after(0, lambda update=update: self._deliver(update))  # type: ignore[misc]

    # -- what the bot does --

    def say(self, chat_id: object, text: str, markup: dict[str, Any] | None) -> dict[str, Any]:
        """The bot sends a message. Raises BotError."""
        chat = self.reachable(chat_id)
        if not text.strip():
            raise BotError(400, "Bad Request: message text is empty")
        if len(text.encode("utf-16-le")) // 2 > 4096:
            raise BotError(400, "Bad Request: message is too long")
        if any(len(data.encode()) > 64 for data in _choices(markup)):
            raise BotError(400, "Bad Request: BUTTON_DATA_INVALID")
        if wait := self.limits.refuses(str(chat_id)):
            raise BotError(429, f"Too Many Requests: retry after {wait}", retry_after=wait)
        if markup and (markup.get("keyboard") or markup.get("remove_keyboard")):
            chat.keys = markup if markup.get("keyboard") else None
        message = self._keep(chat, True, text, markup if markup and markup.get("inline_keyboard") else None)
        return self.as_json(chat, message)

    def reachable(self, chat_id: object) -> Chat:
        """The chat, if the bot may write there. Raises BotError."""
        chat = self.chats.get(int(str(chat_id))) if str(chat_id).lstrip("-").isdigit() else None
        if chat is None or not chat.started:
            raise BotError(400, "Bad Request: chat not found")
        if chat.blocked:
            raise BotError(403, "Forbidden: bot was blocked by the user")
        return chat

    def find(self, chat: Chat, message_id: int) -> ChatMessage | None:
        """A message of a chat that was not deleted."""
        return next((m for m in chat.messages if m.message_id == message_id and not m.deleted), None)

    def chat_of(self, person: Person) -> Chat:
        """A person's chat, made when first asked for."""
        with self.exchange.lock:
            return self.chats.setdefault(person.telegram_id, Chat(person))

    @property
    def bot(self) -> dict[str, Any]:
        return {
            "id": self.exchange.config.bot_id,
            "is_bot": True,
            "first_name": self.exchange.config.government,
            "username": "ombud_simulated_bot",
        }

    def as_json(self, chat: Chat, message: ChatMessage) -> dict[str, Any]:
        """A message as the Bot API shows it. Words beside a file are its caption."""
        files = any(kind in message.content for kind in FILES)
        said = {"caption" if files else "text": message.text} if message.text else {}
        command = message.text.split(" ", maxsplit=1)[0] if message.text.startswith("/") and not files else ""
        marked = {"entities": [{"type": "bot_command", "offset": 0, "length": len(command)}]} if command else {}
        return {
            "message_id": message.message_id,
            "from": self.bot if message.by_bot else chat.user,
            "chat": chat.as_json,
            "date": message.date,
            **said,
            **({"reply_markup": message.markup} if message.markup else {}),
            **marked,
            **({"edit_date": message.edited} if message.edited else {}),
            **message.content,
        }

    def _keep(
        self,
        chat: Chat,
        by_bot: bool,
        text: str,
        markup: dict[str, Any] | None = None,
        content: Mapping[str, Any] | None = None,
    ) -> ChatMessage:
        message = ChatMessage(next(self._message_ids), by_bot, text, int(time.time()), markup, content=content or {})
        with self.exchange.lock:
            chat.messages.append(message)
        self.exchange.changed()
        return message

    def _deliver(self, update: dict[str, Any], tried: int = 0, about: ChatMessage | None = None) -> None:
        hook, body = self.webhook, json.dumps(update, ensure_ascii=False).encode()
        if not hook.url:  # deleted meanwhile: it waits to be fetched
            with self.exchange.lock:
                self.updates.append(update)
            self.exchange.changed()
            return
        headers, trust = {"Content-Type": "application/json"}, "no secret set"
        if hook.secret:
            headers["X-Telegram-Bot-Api-Secret-Token"], trust = hook.secret, "with the webhook's secret"
            if self.exchange.faults.take("telegram", "", FaultKind.forged):
                headers["X-Telegram-Bot-Api-Secret-Token"], trust = "somebody-elses", "with a wrong secret"
        response = self.exchange.post("telegram", hook.url, body, headers, trust)
        if about is not None and response is not None:
            about.answered = response.status_code
            self.exchange.changed()
        if response is not None and response.is_success:
            self._obey(response.content)
            return
        words = f"Wrong response from the webhook: {response.status_code}" if response is not None else "No connection"
        hook.last_error, hook.last_error_date = words, int(time.time())
        if tried + 1 < WEBHOOK_TRIES and not self.exchange.closed:
            self.exchange.courier.after(min(0.5 * 2**tried, 30), lambda: self._deliver(update, tried + 1, about))

    def _obey(self, answer: bytes) -> None:
        """A bot may answer a webhook with one method; only the answer to a button is used that way here."""
        try:
            fields = json.loads(answer)
        except ValueError:
            return
        if isinstance(fields, dict) and fields.get("method") == "answerCallbackQuery":
            self.answered[str(fields.get("callback_query_id"))] = str(fields.get("text") or "")
            self.exchange.changed()


def _choices(markup: Mapping[str, Any] | None) -> list[str]:
    rows = (markup or {}).get("inline_keyboard") or []
    return [str(button.get("callback_data", "")) for row in rows for button in row]
