"""How our values and failures look to python-telegram-bot, and its errors to us. The library is loaded at first use."""

from typing import TYPE_CHECKING

from channels.errors import Failure, SendFailed
from channels.telegram_menu import Menu
from channels.values import Button

if TYPE_CHECKING:
    from telegram import Bot, InlineKeyboardMarkup, KeyboardButton, ReplyKeyboardMarkup, ReplyKeyboardRemove

Rows = tuple[tuple[Button, ...], ...]


def keyboard(rows: Rows) -> "InlineKeyboardMarkup | ReplyKeyboardMarkup | ReplyKeyboardRemove":
    """Buttons under the message, or keys in place of the citizen's own; without any, keys that are there go away."""
    from telegram import (
        InlineKeyboardButton,
        InlineKeyboardMarkup,
        ReplyKeyboardMarkup,
        ReplyKeyboardRemove,
    )

    if not rows:
        return ReplyKeyboardRemove()
    if asks_location(rows):
        keys = [[_key(button) for button in row] for row in rows]
        return ReplyKeyboardMarkup(keys, resize_keyboard=True, one_time_keyboard=True)
    return InlineKeyboardMarkup([[InlineKeyboardButton(b.text, callback_data=b.data) for b in row] for row in rows])


def _key(button: Button) -> "KeyboardButton":
    from telegram import KeyboardButton

    # Telegram counts the two as two kinds of key, and a key is of one kind: what is not asked is left out
    if button.asks == "contact":
        return KeyboardButton(button.text, request_contact=True)
    return KeyboardButton(button.text, request_location=button.asks == "location")


def asks_location(rows: Rows) -> bool:
    """Whether one of the buttons asks for the citizen's location."""
    return any(button.asks for row in rows for button in row)


def number_of(key: str | None, chat: int) -> int | None:
    """The number of a message of ours, known as `<chat>:<message>`, in that chat."""
    where, _, number = (key or "").partition(":")
    return int(number) if where == str(chat) and number.isascii() and number.isdigit() else None


async def introduced(bot: "Bot", menu: Menu, language: str) -> None:
    """Give the bot its commands and descriptions in one language."""
    from telegram import BotCommandScopeAllPrivateChats

    scope = BotCommandScopeAllPrivateChats()
    await bot.set_my_commands(menu.commands, scope=scope, language_code=language or None)
    await bot.set_my_short_description(menu.about, language_code=language or None)
    await bot.set_my_description(menu.description, language_code=language or None)


def as_failure(error: Exception) -> SendFailed:
    """The library's error in the closed vocabulary."""
    import httpx
    from telegram import error as telegram

    words, cause = str(error), error.__cause__
    low = words.lower()
    if isinstance(error, telegram.RetryAfter):
        seconds = error._retry_after.total_seconds()
        return SendFailed(Failure.rate_limited, words, retry_after=seconds)
    if isinstance(error, telegram.Forbidden):
        gone = "deactivated" in low
        return SendFailed(Failure.invalid_address if gone else Failure.blocked, words)
    if isinstance(error, telegram.InvalidToken | telegram.Conflict):
        return SendFailed(Failure.credentials, words)
    if isinstance(error, telegram.ChatMigrated):
        return SendFailed(Failure.invalid_address, words)
    if isinstance(error, telegram.BadRequest):
        if "not found" in low or "peer_id_invalid" in low:
            return SendFailed(Failure.invalid_address, words)
        return SendFailed(Failure.too_long if "too long" in low else Failure.content_refused, words)
    if isinstance(cause, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout | httpx.ProxyError):
        return SendFailed(Failure.provider_down, words)  # it never left
    if cause is None and isinstance(error, telegram.NetworkError) and "gateway" not in low:
        return SendFailed(Failure.provider_down, words)  # Telegram itself answered with a 5xx
    return SendFailed(Failure.outcome_unknown, words)
