"""Telegram's Bot API, exact enough on the wire for the unmodified python-telegram-bot library."""

import json
import re
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from simulators.chats import BotError, Chats, Webhook
from simulators.faults import Fault, FaultKind
from simulators.files import LARGEST

Fields = Mapping[str, Any]
# A real long poll lasts as long as it is asked to. Here it ends early, so that a web server that polls itself can stop.
LONGEST_POLL = 2.0
_COMMAND = re.compile(r"[a-z0-9_]{1,32}")


def router(chats: Chats) -> APIRouter:
    """The API's routes, to be mounted where `telegram_api_url` points."""
    routes = APIRouter(include_in_schema=False)
    methods, polls = Methods(chats), _Polls(chats)

    @routes.api_route("/bot{token}/{method}", methods=["GET", "POST"])
    async def call(token: str, method: str, request: Request) -> JSONResponse:
        began, body = time.perf_counter(), await request.body()
        try:
            if token != chats.exchange.config.bot_token:
                raise BotError(401, "Unauthorized")
            fields = await _fields(request, body)
            if method.lower() == "getupdates":
                result: object = await polls.fetch(fields)
            else:
                result = await methods.run(method, fields)
            answer = JSONResponse({"ok": True, "result": result})
        except BotError as error:
            answer = _refusal(error)
        seconds = time.perf_counter() - began
        if method.lower() != "getupdates" or answer.status_code != 200:
            trust = "token did not match" if answer.status_code == 401 else "token matched"
            path = request.url.path
            chats.exchange.record("telegram", False, request.method, path, answer.status_code, seconds, trust, body)
        return answer

    @routes.get("/file/bot{token}/{path:path}")
    async def download(token: str, path: str) -> Response:
        file = chats.files.at(path) if token == chats.exchange.config.bot_token else None
        if file is None:
            return _refusal(BotError(404, "Not Found"))
        return Response(file.data, media_type="application/octet-stream")

    return routes


class Methods:
    """The methods a bot like ours calls, by name in lower case, as the real API takes them."""

    def __init__(self, chats: Chats) -> None:
        self.chats = chats
        self.commands: dict[tuple[str, str], list[Any]] = {}
        self.descriptions: dict[tuple[str, str], str] = {}
        self._known: dict[str, Callable[[Fields], object]] = {
            "getme": self.get_me,
            "sendmessage": self.send_message,
            "sendchataction": self.send_chat_action,
            "editmessagetext": self.edit_message,
            "editmessagereplymarkup": self.edit_markup,
            "deletemessage": self.delete_message,
            "answercallbackquery": self.answer_callback_query,
            "getchat": self.get_chat,
            "setwebhook": self.set_webhook,
            "deletewebhook": self.delete_webhook,
            "getwebhookinfo": self.get_webhook_info,
            "setmycommands": self.set_my_commands,
            "getmycommands": self.get_my_commands,
            "deletemycommands": lambda fields: self.set_my_commands({**fields, "commands": []}),
            "setmydescription": lambda fields: self.describe("description", fields, 512),
            "setmyshortdescription": lambda fields: self.describe("short_description", fields, 120),
            "getmydescription": lambda fields: self.described("description", fields),
            "getmyshortdescription": lambda fields: self.described("short_description", fields),
            "getfile": self.get_file,
        }

    async def run(self, name: str, fields: Fields) -> object:
        """One method's result. Raises BotError."""
        method, exchange = self._known.get(name.lower()), self.chats.exchange
        if method is None:
            raise BotError(404, "Not Found")
        address = str(fields.get("chat_id", ""))
        if not address:
            return method(fields)
        if fault := exchange.faults.take("telegram", address, *_AT_THE_DOOR):
            raise _ordered(fault)
        if fault := exchange.faults.take("telegram", address, FaultKind.silent):
            await exchange.stall(fault.seconds)
            raise BotError(504, "Gateway Timeout")
        result = method(fields)
        if fault := exchange.faults.take("telegram", address, FaultKind.accepted_then_silent):
            await exchange.stall(fault.seconds)
        return result

    def get_me(self, _: Fields) -> object:
        abilities = ("can_join_groups", "can_read_all_group_messages", "supports_inline_queries")
        return {**self.chats.bot, **dict.fromkeys(abilities, False)}

    def send_message(self, fields: Fields) -> object:
        return self.chats.say(fields.get("chat_id"), str(fields.get("text", "")), _markup(fields))

    def send_chat_action(self, fields: Fields) -> object:
        self.chats.reachable(fields.get("chat_id"))
        return True

    def get_chat(self, fields: Fields) -> object:
        known = {"accent_color_id": 0, "max_reaction_count": 11, "accepted_gift_types": _NO_GIFTS}
        return {**self.chats.reachable(fields.get("chat_id")).as_json, **known}

    def edit_message(self, fields: Fields) -> object:
        chat = self.chats.reachable(fields.get("chat_id"))
        message = self.chats.find(chat, _whole(fields.get("message_id")))
        if message is None or not message.by_bot:
            raise BotError(400, "Bad Request: message to edit not found")
        text, markup = str(fields.get("text", "")), _markup(fields)
        if markup is not None and not markup.get("inline_keyboard"):
            raise BotError(400, "Bad Request: inline keyboard expected")
        if not text.strip():
            raise BotError(400, "Bad Request: message text is empty")
        if (text, markup) == (message.text, message.markup):
            raise BotError(400, "Bad Request: message is not modified: specified new message content is the same")
        message.text, message.markup = text, markup
        self.chats.exchange.changed()
        return self.chats.as_json(chat, message)

    def edit_markup(self, fields: Fields) -> object:
        chat = self.chats.reachable(fields.get("chat_id"))
        message = self.chats.find(chat, _whole(fields.get("message_id")))
        return self.edit_message({**fields, "text": message.text if message else "-"})

    def delete_message(self, fields: Fields) -> object:
        chat = self.chats.reachable(fields.get("chat_id"))
        message = self.chats.find(chat, _whole(fields.get("message_id")))
        if message is None:
            raise BotError(400, "Bad Request: message to delete not found")
        message.deleted = True
        self.chats.exchange.changed()
        return True

    def answer_callback_query(self, fields: Fields) -> object:
        query = str(fields.get("callback_query_id", ""))
        if not query.isdigit() or query in self.chats.answered:
            raise BotError(400, "Bad Request: query is too old and response timeout expired or query ID is invalid")
        self.chats.answered[query] = str(fields.get("text") or "")
        self.chats.exchange.changed()
        return True

    def set_webhook(self, fields: Fields) -> object:
        url = str(fields.get("url", ""))
        if url and not url.startswith(("https://", "http://")):
            raise BotError(400, "Bad Request: bad webhook: invalid webhook URL specified")
        allowed = fields.get("allowed_updates") or ()
        self.chats.webhook = Webhook(url, str(fields.get("secret_token") or ""), tuple(allowed))
        if fields.get("drop_pending_updates") in (True, "true", "True"):
            self.chats.updates.clear()
        if url:
            self.chats.release()
        return True

    def delete_webhook(self, fields: Fields) -> object:
        return self.set_webhook({**fields, "url": ""})

    def get_webhook_info(self, _: Fields) -> object:
        hook = self.chats.webhook
        error = {"last_error_date": hook.last_error_date, "last_error_message": hook.last_error}
        return {
            "url": hook.url,
            "has_custom_certificate": False,
            "pending_update_count": len(self.chats.updates),
            **(error if hook.last_error else {}),
            **({"allowed_updates": list(hook.allowed)} if hook.allowed else {}),
        }

    def set_my_commands(self, fields: Fields) -> object:
        commands = list(fields.get("commands") or [])
        for command in commands:
            if (
                not _COMMAND.fullmatch(str(command.get("command")))
                or not 1 <= len(str(command.get("description"))) <= 256
            ):
                raise BotError(400, "Bad Request: BOT_COMMAND_INVALID")
        self.commands[_scope(fields), _language(fields)] = commands
        return True

    def get_my_commands(self, fields: Fields) -> object:
        return self.commands.get((_scope(fields), _language(fields)), [])

    def describe(self, what: str, fields: Fields, most: int) -> object:
        words = str(fields.get(what) or "")
        if len(words) > most:
            raise BotError(400, "Bad Request: DESCRIPTION_TOO_LONG")
        self.descriptions[what, _language(fields)] = words
        return True

    def described(self, what: str, fields: Fields) -> object:
        return {what: self.descriptions.get((what, _language(fields)), "")}

    def get_file(self, fields: Fields) -> object:
        file = self.chats.files.find(str(fields.get("file_id", "")))
        if file is None:
            raise BotError(400, "Bad Request: invalid file_id")
        if len(file.data) > LARGEST:
            raise BotError(400, "Bad Request: file is too big")
        known = {"file_id": file.file_id, "file_unique_id": file.file_id[4:], "file_size": len(file.data)}
        return {**known, "file_path": file.path}


class _Polls:
    """getUpdates: an offset confirms what is before it, and a newer poll ends an older one."""

    def __init__(self, chats: Chats) -> None:
        self.chats = chats
        self._newest = 0

    async def fetch(self, fields: Fields) -> list[dict[str, Any]]:
        exchange = self.chats.exchange
        if self.chats.webhook.url:
            words = "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
            raise BotError(409, f"Conflict: {words}")
        if fault := exchange.faults.take("telegram", "", *_AT_THE_DOOR):
            raise _ordered(fault)
        self._newest += 1
        mine = self._newest
        exchange.changed()  # an older poll looks up and sees that it is not the newest any more
        offset, limit = _whole(fields.get("offset")), _whole(fields.get("limit")) or 100
        with exchange.lock:
            kept = [u for u in self.chats.updates if u["update_id"] >= offset] if offset > 0 else None
            if kept is not None:
                self.chats.updates.clear()
                self.chats.updates.extend(kept)
        end = time.monotonic() + min(_whole(fields.get("timeout")), LONGEST_POLL)
        allowed = fields.get("allowed_updates")
        while True:
            known = exchange.version
            if mine != self._newest:
                words = "terminated by other getUpdates request; make sure that only one bot instance is running"
                raise BotError(409, f"Conflict: {words}")
            with exchange.lock:
                found = [u for u in self.chats.updates if not allowed or any(kind in u for kind in allowed)]
            left = end - time.monotonic()
            if found or left <= 0 or exchange.closed:
                return found[:limit] if offset >= 0 else found[offset:][:limit]
            await exchange.wait(known, left)


_AT_THE_DOOR = (
    FaultKind.refused,
    FaultKind.unauthorized,
    FaultKind.rate_limited,
    FaultKind.server_error,
    FaultKind.blocked,
    FaultKind.chat_not_found,
)
_NO_GIFTS = dict.fromkeys(
    ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels"), False
)


def _ordered(fault: Fault) -> BotError:
    match fault.kind:
        case FaultKind.rate_limited:
            seconds = max(1, round(fault.seconds))
            return BotError(429, f"Too Many Requests: retry after {seconds}", retry_after=seconds)
        case FaultKind.unauthorized:
            return BotError(401, "Unauthorized")
        case FaultKind.server_error:
            return BotError(fault.status or 500, fault.words or "Internal Server Error")
        case FaultKind.blocked:
            return BotError(403, "Forbidden: bot was blocked by the user")
        case FaultKind.chat_not_found:
            return BotError(400, "Bad Request: chat not found")
        case _:
            return BotError(fault.status or 400, fault.words or "Bad Request")


def _refusal(error: BotError) -> JSONResponse:
    content: dict[str, object] = {"ok": False, "error_code": error.status, "description": error.words}
    if error.retry_after is not None:
        content["parameters"] = {"retry_after": error.retry_after}
    return JSONResponse(content, error.status)


async def _fields(request: Request, body: bytes) -> dict[str, Any]:
    """The parameters: query, form or JSON. In forms the nested ones are JSON, as Telegram wants them."""
    fields: dict[str, Any] = dict(request.query_params)
    content_type = request.headers.get("content-type", "")
    if content_type.startswith("application/json"):
        try:
            given = json.loads(body or b"{}")
        except ValueError as error:
            raise BotError(400, "Bad Request: can't parse JSON object") from error
        fields |= given if isinstance(given, dict) else {}
    elif content_type.startswith("multipart/"):
        fields |= {name: value for name, value in (await request.form()).items() if isinstance(value, str)}
    else:
        fields |= dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
    for name in ("reply_markup", "allowed_updates", "commands", "scope"):
        if isinstance(fields.get(name), str):
            try:
                fields[name] = json.loads(fields[name])
            except ValueError as error:
                raise BotError(400, f"Bad Request: can't parse {name} JSON object") from error
    return fields


def _markup(fields: Fields) -> dict[str, Any] | None:
    """A keyboard under the message or in place of the citizen's own, or the taking away of one."""
    markup = fields.get("reply_markup")
    if not isinstance(markup, dict):
        return None
    return markup if any(markup.get(kind) for kind in ("inline_keyboard", "keyboard", "remove_keyboard")) else None


def _scope(fields: Fields) -> str:
    scope = fields.get("scope")
    return str(scope.get("type", "default")) if isinstance(scope, dict) else "default"


def _language(fields: Fields) -> str:
    code = str(fields.get("language_code") or "")
    if code and not (len(code) == 2 and code.isascii() and code.isalpha()):
        raise BotError(400, "Bad Request: LANG_CODE_INVALID")
    return code


def _whole(value: object) -> int:
    try:
        return int(float(str(value)))
    except (ValueError, OverflowError):
        return 0
