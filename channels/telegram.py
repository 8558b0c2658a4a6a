"""Telegram: webhooks or long polling in, messages out. python-telegram-bot is loaded at the first call to Telegram."""

import hmac
import json
import os
import threading
from collections.abc import Callable, Coroutine, Mapping, Sequence
from concurrent.futures import CancelledError, Future
from concurrent.futures import TimeoutError as NotYet
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from channels.background import Loop
from channels.errors import Failure, SendFailed
from channels.media import TOO_LARGE
from channels.telegram_menu import Menu
from channels.telegram_updates import ALLOWED, message_key, read_update
from channels.telegram_wire import as_failure, asks_location, introduced, keyboard, number_of
from channels.values import ContactChange, DeliveryStatus, Inbound, Outgoing, Sent, WebhookRequest
from core.errors import BadInput, Forged, TooLarge
from core.logs import logger

if TYPE_CHECKING:
    from telegram import Bot

T = TypeVar("T")
POLL_SECONDS = 25
LONGEST_WAIT = 60.0  # seconds between two tries of a poll that fails
REAL = "https://api.telegram.org"
log = logger("channels")


def parse(request: WebhookRequest, *, secret: str, token: str) -> list[Inbound | ContactChange]:
    """Read `POST /webhooks/telegram`; an update that is no citizen's doing gives an empty list.

    Raises:
        Forged: the header X-Telegram-Bot-Api-Secret-Token is missing or wrong, or no secret is set.
        BadInput: the body is not an update.
    """
    given = request.headers.get("x-telegram-bot-api-secret-token", "")
    if not secret:
        raise Forged(
            "No webhook secret is set, so no webhook can be trusted.", mend="Set OMBUD_TELEGRAM_WEBHOOK_SECRET."
        )
    if not hmac.compare_digest(given.encode("utf-8", "replace"), secret.encode()):
        raise Forged("The webhook's secret does not match.", mend="Only Telegram may call this address.")
    try:
        update = json.loads(request.body.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise BadInput("The webhook is not JSON in UTF-8.", mend="Send Telegram's update as it came.") from error
    return read_update(update, bot_id(token))


def bot_id(token: str) -> str:
    """The account a token belongs to: the number before its colon."""
    return token.partition(":")[0]


def webhook_answer(values: Sequence[object]) -> dict[str, str] | None:
    """The JSON to answer a webhook with, so that the button just pressed stops spinning without another request."""
    for value in values:
        if isinstance(value, Inbound) and (query := value.details.get("callback_query")):
            return {"method": "answerCallbackQuery", "callback_query_id": str(query)}
    return None


class Telegram:
    """The bot: one event loop and one `telegram.Bot` per process, made at first use; safe between threads and forks.

    `timeout` is in seconds, for connecting and again for the answer; `api_url` replaces https://api.telegram.org.
    """

    def __init__(self, token: str, *, api_url: str | None = None, timeout: float = 10.0) -> None:
        self.token = token
        self.account = bot_id(token)
        self.api_url = (api_url or REAL).rstrip("/")
        self.timeout = timeout
        self._lock = threading.Lock()
        self._process = 0
        self._loop: Loop | None = None
        self._bot: Bot | None = None

    def send(self, outgoing: Outgoing) -> Sent:
        """Send one message with its buttons to a chat. Telegram has no receipts, so accepted means delivered.

        Raises SendFailed.
        """
        try:
            chat = int(outgoing.to)
        except ValueError as error:
            raise SendFailed(Failure.invalid_address, "A Telegram chat is a whole number") from error

        if outgoing.in_place and self._rewritten(outgoing, chat):
            return Sent(str(outgoing.replaces), self.account, DeliveryStatus.delivered)

        async def call(bot: "Bot") -> Any:
            from telegram import LinkPreviewOptions

            # no preview: Telegram's servers have no business opening a citizen's tracking page
            return await bot.send_message(
                chat,
                outgoing.text,
                reply_markup=keyboard(outgoing.buttons),
                link_preview_options=LinkPreviewOptions(is_disabled=True),
            )

        made = self._asked(call)
        if outgoing.replaces:
            self._take_buttons(outgoing.replaces)
        key = message_key(made.chat_id, made.message_id)
        return Sent(provider_id=str(key), account=self.account, status=DeliveryStatus.delivered)

    def _rewritten(self, outgoing: Outgoing, chat: int) -> bool:
        """Put the text where an earlier message of ours stands; False where a new one must be sent. Raises SendFailed.

        Rewriting twice shows once, so a broken line is no reason to leave it to a person.
        """
        message = number_of(outgoing.replaces, chat)
        if message is None or asks_location(outgoing.buttons):
            return False

        async def call(bot: "Bot") -> bool:
            from telegram import InlineKeyboardMarkup
            from telegram.error import BadRequest

            made = keyboard(outgoing.buttons)
            inline = made if isinstance(made, InlineKeyboardMarkup) else None
            try:
                await bot.edit_message_text(outgoing.text, chat, message, reply_markup=inline)
            except BadRequest as error:
                return "not modified" in str(error)
            return True

        try:
            return self._asked(call)
        except SendFailed as error:
            if error.failure is Failure.outcome_unknown:
                raise SendFailed(Failure.provider_down, error.detail) from error
            raise

    def _take_buttons(self, ours: str) -> None:
        """Take the buttons off a message of ours. Only looks: what fails is left, and a press on it is answered."""
        chat, _, _ = ours.partition(":")
        message = number_of(ours, int(chat)) if chat.lstrip("-").isdigit() else None
        if message is None:
            return
        try:
            self._asked(lambda bot: bot.edit_message_reply_markup(int(chat), message, reply_markup=None))
        except SendFailed as error:
            log.info("telegram_buttons_stay", failure=error.failure)

    def download(self, file_id: str, limit: int) -> bytes:
        """A file a citizen sent, of at most `limit` bytes; Telegram itself gives bots no more than 20 MB.

        Raises SendFailed, and TooLarge.
        """

        async def call(bot: "Bot") -> bytes:
            file = await bot.get_file(file_id)
            if (file.file_size or 0) > limit:
                raise TooLarge(TOO_LARGE, fields={"file": TOO_LARGE})
            return bytes(await file.download_as_bytearray())

        try:
            return self._asked(call)
        except SendFailed as error:
            if "too big" in error.detail.lower():
                raise TooLarge(TOO_LARGE, fields={"file": TOO_LARGE}) from error
            raise

    def answer_button(self, callback_query: str, text: str = "") -> None:
        """Stop the spinner on a pressed button. One that is too old to answer is left alone. Raises SendFailed."""
        try:
            self._asked(lambda bot: bot.answer_callback_query(callback_query, text=text or None))
        except SendFailed as error:
            if error.failure is not Failure.content_refused:
                raise

    def start_webhook(self, public_url: str, secret: str) -> None:
        """Tell Telegram to deliver to `public_url`/webhooks/telegram from now on. Raises SendFailed."""
        url = public_url.rstrip("/") + "/webhooks/telegram"
        self._asked(lambda bot: bot.set_webhook(url, secret_token=secret, allowed_updates=list(ALLOWED)))

    def stop_webhook(self) -> None:
        """Tell Telegram to keep messages for polling. Nothing that waits is dropped. Raises SendFailed."""
        self._asked(lambda bot: bot.delete_webhook(drop_pending_updates=False))

    def set_menu(self, menu: Mapping[str, Menu]) -> None:
        """Say what the bot is for and which commands it has, by language ("" for all others). Raises SendFailed."""
        for language, words in menu.items():
            self._asked(lambda bot, words=words, language=language: introduced(bot, words, language))  # type: ignore[misc]

    def username(self) -> str:
        """The bot's name, as in t.me/<name>. Also the way to try the token. Raises SendFailed."""
        return str(self._asked(lambda bot: bot.get_me()).username)

    def poll(self, on_updates: Callable[[list[Inbound | ContactChange]], None], stop: threading.Event) -> None:
        """Fetch updates until `stop` is set, for installations without a public address.

        `on_updates` must have stored what it is given when it returns: only then does the next request confirm it to
        Telegram. If it raises, or the line breaks, the same updates come again after a pause. Call it on a thread of
        its own; two pollers of one bot disturb each other.
        """
        offset: int | None = None
        webhook_gone, pause = False, 0.5
        while not stop.is_set():
            try:
                if not webhook_gone:
                    self.stop_webhook()
                    webhook_gone = True
                updates = self._fetch(offset, stop)
                values = [value for update in updates for value in self._read(update.to_dict())]
                if values:
                    on_updates(values)
            except SendFailed as error:
                log.warning("telegram_poll_failed", failure=error.failure, detail=error.detail, pause=pause)
                webhook_gone = False
                stop.wait(error.retry_after or pause)
                pause = min(pause * 2, LONGEST_WAIT)
                continue
            except Exception:  # storing failed: these updates are not confirmed and come again
                log.exception("telegram_updates_not_stored", pause=pause)
                stop.wait(pause)
                pause = min(pause * 2, LONGEST_WAIT)
                continue
            pause = 0.5
            if updates:
                offset = updates[-1].update_id + 1
                self._answer_buttons(values)

    def close(self) -> None:
        """Close connections, loop and thread; the next call opens new ones."""
        with self._lock:
            loop, bot, self._loop, self._bot = self._loop, self._bot, None, None
            ours = self._process == os.getpid()
        if loop is not None and bot is not None and ours:
            loop.start(_shut(bot)).result(timeout=5)
            loop.close()

    def _read(self, update: object) -> list[Inbound | ContactChange]:
        try:
            return read_update(update, self.account)
        except BadInput as error:  # one strange update must not hold up all that follow
            log.warning("telegram_update_unreadable", reason=error.message)
            return []

    def _answer_buttons(self, values: Sequence[Inbound | ContactChange]) -> None:
        for value in values:
            if isinstance(value, Inbound) and (query := value.details.get("callback_query")):
                try:
                    self.answer_button(str(query))
                except SendFailed as error:  # only the spinner; Telegram stops it by itself after a while
                    log.info("telegram_button_not_answered", failure=error.failure)

    def _fetch(self, offset: int | None, stop: threading.Event) -> Sequence[Any]:
        """Updates of one long poll; empty when `stop` was set meanwhile. Raises SendFailed."""
        loop, bot = self._connected()
        future = loop.start(bot.get_updates(offset=offset, timeout=POLL_SECONDS, allowed_updates=list(ALLOWED)))
        while not stop.is_set():
            try:
                return _named(future, wait=0.1)
            except NotYet:
                continue
        future.cancel()
        return []

    def _asked(self, call: "Callable[[Bot], Coroutine[Any, Any, T]]") -> T:
        if not self.token:
            raise SendFailed(Failure.not_configured, "OMBUD_TELEGRAM_TOKEN is needed")
        loop, bot = self._connected()
        future = loop.start(call(bot))
        try:
            return _named(future, wait=self.timeout * 3)
        except NotYet as error:
            future.cancel()
            raise SendFailed(Failure.outcome_unknown, "No answer from Telegram in time") from error

    def _connected(self) -> "tuple[Loop, Bot]":
        with self._lock:
            if self._loop is None or self._bot is None or self._process != os.getpid():
                self._process = os.getpid()
                self._loop = Loop("telegram")
                self._bot = self._make_bot()
            return self._loop, self._bot

    def _make_bot(self) -> "Bot":
        from telegram import Bot
        from telegram.request import HTTPXRequest

        local = urlsplit(self.api_url).hostname in ("127.0.0.1", "::1", "localhost")
        options: dict[str, Any] = {
            "connect_timeout": self.timeout,
            "read_timeout": self.timeout,
            "write_timeout": self.timeout,
            "pool_timeout": self.timeout,
            "httpx_kwargs": {"trust_env": False} if local else {},  # no proxy on the way to ourselves
        }
        return Bot(
            self.token,
            base_url=f"{self.api_url}/bot",
            base_file_url=f"{self.api_url}/file/bot",
            request=HTTPXRequest(connection_pool_size=16, **options),
            get_updates_request=HTTPXRequest(connection_pool_size=1, **options),
        )


async def _shut(bot: "Bot") -> None:
    for request in bot._request:  # Bot.shutdown does nothing for a bot that was never initialised over the network
        await request.shutdown()


def _named(future: "Future[T]", *, wait: float) -> T:
    """The result within `wait` seconds, Telegram's errors as SendFailed; TimeoutError if it is not there yet."""
    from telegram.error import TelegramError

    try:
        return future.result(timeout=wait)
    except TelegramError as error:
        raise as_failure(error) from error
    except CancelledError as error:  # closed while it was under way
        raise SendFailed(Failure.outcome_unknown, "Closed while waiting for Telegram") from error
