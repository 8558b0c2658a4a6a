"""What arrives is stored once and durably before anybody is told it was received.

This is the one hot path: plain Core inserts, and many waiting requests committed together (`Gatherer`).
"""

import asyncio
import json
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from queue import SimpleQueue
from typing import Any

from sqlalchemy import Connection, Dialect, Table
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.sqlite import Insert
from sqlalchemy.exc import OperationalError

from channels.values import Channel, ContactChange, Inbound, Receipt
from core import doorbell
from core.crypto import blind_index, encrypt
from core.database import database
from core.ids import new_id
from core.logs import redact_text
from core.texts import clean
from core.types import Encrypted
from domain.inbox import InboundMessage, InboxKind
from domain.states import InboxState

Arrival = Inbound | Receipt | ContactChange
SEALED = frozenset({"name", "subject", "whole"})
"""Details that are encrypted on their own: a name, a mail's subject, and its words before quotes were cut."""
PERSONAL = SEALED | {"contact", "shared_contact"}
"""Details that never stand readable in the database; the contact is the encrypted sender, and a card of somebody
else's number is not kept at all."""
TEXT_LIMIT = 20_000
"""Characters kept of one message; no channel we speak carries more in one."""
GROUP = 64
"""Most requests whose rows go into one commit."""
_TABLE: Table = InboundMessage.__table__  # type: ignore[attr-defined]
_UNIQUE = ("channel", "account", "provider_id")
_COLUMNS = (
    *("id", "kind", "channel", "account", "provider_id", "sender", "sender_index", "recipient", "text", "details"),
    *("sent_at", "received_at", "state", "due_at", "attempts", "message_key", "group_key"),
)
_ENCRYPTED = tuple(name for name in _COLUMNS if isinstance(_TABLE.c[name].type, Encrypted))


def contact_kind(channel: Channel) -> str:
    """Namespace of the blind index: an SMS and a WhatsApp number are two contact points of one kind of address."""
    return str(channel)


def row_of(arrival: Arrival, now: datetime) -> dict[str, Any]:
    """The inbox row of what arrived."""
    common: dict[str, Any] = {
        "id": new_id(),
        "channel": arrival.channel,
        "account": clean(arrival.account, 200),
        "provider_id": clean(arrival.provider_id, 200),
        "sender": "",
        "sender_index": "",
        "recipient": "",
        "text": "",
        "details": {},
        "sent_at": None,
        "received_at": now,
        "state": InboxState.received,
        "due_at": now,
        "attempts": 0,
        "message_key": None,
        "group_key": None,
    }
    if isinstance(arrival, Receipt):
        return common | {
            "kind": InboxKind.receipt,
            "provider_id": f"{common['provider_id']}/{arrival.status}",
            "sent_at": arrival.at,
            "details": {
                "provider_id": arrival.provider_id,
                "status": arrival.status,
                "failure": arrival.failure,
                "detail": redact_text(clean(arrival.detail, 500)),  # providers repeat the address
                "message_id": str(arrival.message_id) if arrival.message_id else None,
            },
        }
    address = {
        "sender": arrival.sender,
        "sender_index": blind_index(contact_kind(arrival.channel), arrival.sender) if arrival.sender else "",
    }
    if isinstance(arrival, ContactChange):
        return common | address | {"kind": InboxKind.contact, "details": {"blocked": arrival.blocked}}
    details = {key: value for key, value in arrival.details.items() if key not in PERSONAL}
    details |= {name: encrypt(str(value)) for name in SEALED if (value := arrival.details.get(name))}
    if arrival.channel == Channel.telegram and (own := arrival.details.get("contact")):  # not the sender, as elsewhere
        details["contact"] = encrypt(str(own))
    for name in ("language", "reply_to", "button"):
        if (value := getattr(arrival, name)) is not None:
            details[name] = value
    if arrival.attachments:
        details["attachments"] = [
            {"kind": a.kind, "url": a.url, "content_type": a.content_type, "size": a.size} for a in arrival.attachments
        ]
    return (
        common
        | address
        | {
            "kind": InboxKind.message,
            "recipient": clean(arrival.recipient, 200),
            "text": clean(arrival.text, TEXT_LIMIT),
            "message_key": clean(arrival.message_key, 300) if arrival.message_key else None,
            "group_key": clean(arrival.group_key, 300) if arrival.group_key else None,
            "details": _storable(details),
            "sent_at": arrival.sent_at,
        }
    )


def _storable(value: Any) -> Any:
    """JSON without what PostgreSQL cannot hold."""
    if isinstance(value, str):
        return clean(value, TEXT_LIMIT)
    if isinstance(value, dict):
        return {clean(str(key), 200): _storable(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_storable(inner) for inner in value]
    return value


def store(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows that are not there yet; a repeat is a no-op. The caller commits."""
    if not rows:
        return
    if connection.dialect.name == "sqlite":
        connection.execute(_sqlite_insert(), list(rows))
        return
    sealed = [row | {name: encrypt(row[name]) for name in _ENCRYPTED} for row in rows]
    connection.exec_driver_sql(_postgresql_insert(connection.dialect), (json.dumps(sealed, default=str),))


@lru_cache(maxsize=1)
def _sqlite_insert() -> Insert:
    return sqlite.insert(_TABLE).on_conflict_do_nothing(index_elements=_UNIQUE)


@lru_cache(maxsize=1)
def _postgresql_insert(dialect: Dialect) -> str:
    """All rows as one JSON parameter: one statement and one round trip, whatever their number."""
    names = ", ".join(_COLUMNS)
    shape = ", ".join(f"{name} {_TABLE.c[name].type.compile(dialect)}" for name in _COLUMNS)
    return (
        f"INSERT INTO {_TABLE.name} ({names}) SELECT {names} FROM json_to_recordset(%s::json) AS row({shape}) "  # noqa: S608
        f"ON CONFLICT ({', '.join(_UNIQUE)}) DO NOTHING"
    )


def receive(arrivals: Sequence[Arrival], now: datetime) -> list[dict[str, Any]]:
    """Store what arrived, commit, then ring. Returns the rows as offered (a repeat keeps the id stored first)."""
    rows = [row_of(arrival, now) for arrival in arrivals]
    with database().connection() as connection:
        store(connection, rows)
    if rows:
        doorbell.ring(doorbell.INBOX)
    return rows


@dataclass(frozen=True, slots=True)
class _Waiting:
    """Rows to store, and who waits for it: a thread (its future has no loop) or a coroutine."""

    rows: list[dict[str, Any]]
    future: "Future[None] | asyncio.Future[None]"
    loop: asyncio.AbstractEventLoop | None = None


class Gatherer:
    """Commits the rows of many waiting requests together; each is answered only after its own commit.

    One thread writes. While one commit is on its way to the disk the next requests gather, so a slow disk makes the
    groups larger instead of the queue longer. If a group fails, each request is tried alone, so that one bad row
    harms nobody else's.
    """

    def __init__(self, on_stored: Callable[[], None] = lambda: doorbell.ring(doorbell.INBOX)) -> None:
        self._waiting: SimpleQueue[_Waiting | None] = SimpleQueue()
        self._on_stored = on_stored
        self._connection: Connection | None = None
        self._thread = threading.Thread(target=self._work, name="inbox-gatherer", daemon=True)
        self._thread.start()

    def submit(self, arrivals: Sequence[Arrival], now: datetime) -> Future[None]:
        """Rows to store; the future ends when they are durable, or with the error that kept them from it."""
        future: Future[None] = Future()
        self._waiting.put(_Waiting([row_of(arrival, now) for arrival in arrivals], future))
        return future

    async def keep(self, arrivals: Sequence[Arrival], now: datetime) -> None:
        """Come back when the rows are durable; raises the error that kept them from it."""
        if not arrivals:
            return
        loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = loop.create_future()
        self._waiting.put(_Waiting([row_of(arrival, now) for arrival in arrivals], future, loop))
        await future

    def close(self) -> None:
        """Store what still waits, then stop."""
        self._waiting.put(None)
        self._thread.join(timeout=30)

    def _work(self) -> None:
        ended = False
        while not ended:
            first = self._waiting.get()
            group = []
            while first is not None:
                group.append(first)
                if len(group) >= GROUP or self._waiting.empty():
                    break
                first = self._waiting.get()
            ended = first is None
            if group:
                self._write(group)
        self._let_go()

    def _write(self, group: list[_Waiting]) -> None:
        try:
            self._store([row for one in group for row in one.rows])
        except Exception as error:  # noqa: BLE001  (whatever the driver raises is handed to the request that caused it)
            self._let_go()
            if len(group) == 1:
                _settle(group, error)
            else:
                for one in group:
                    self._write([one])
            return
        _settle(group, None)
        self._on_stored()

    def _store(self, rows: list[dict[str, Any]]) -> None:
        """On PostgreSQL with a kept connection where each statement is a transaction: one round trip a group."""
        if database().is_sqlite:
            with database().connection() as connection:
                store(connection, rows)
            return
        kept = self._connection is not None
        try:
            store(self._connected(), rows)
        except OperationalError:
            self._let_go()
            if not kept:
                raise
            store(self._connected(), rows)  # the server may have been restarted meanwhile; a repeat harms nothing

    def _connected(self) -> Connection:
        if self._connection is None:
            self._connection = database().engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        return self._connection

    def _let_go(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _settle(group: list[_Waiting], error: Exception | None) -> None:
    """Tell those who wait; each event loop is woken once for all of its own."""
    loops: dict[asyncio.AbstractEventLoop | None, list[_Waiting]] = {}
    for one in group:
        loops.setdefault(one.loop, []).append(one)
    for loop, waiting in loops.items():
        if loop is None:
            _end(waiting, error)
        elif not loop.is_closed():
            loop.call_soon_threadsafe(_end, waiting, error)


def _end(waiting: list[_Waiting], error: Exception | None) -> None:
    for one in waiting:
        if one.future.done():  # whoever asked has gone
            continue
        if error is None:
            one.future.set_result(None)
        else:
            one.future.set_exception(error)
