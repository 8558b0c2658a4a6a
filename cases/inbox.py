"""What arrives is stored once and durably before anybody is told it was received.

This is the one hot path: plain Core inserts, and many waiting requests committed together (`Gatherer`).
"""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from datetime import datetime
from functools import lru_cache
from queue import SimpleQueue
from typing import Any

from sqlalchemy import Connection, Insert
from sqlalchemy.dialects import postgresql, sqlite

from channels.values import Channel, ContactChange, Inbound, Receipt
from core import doorbell
from core.crypto import blind_index, encrypt
from core.database import database
from core.ids import new_id
from core.texts import clean
from domain.inbox import InboundMessage, InboxKind
from domain.states import InboxState

Arrival = Inbound | Receipt | ContactChange
PERSONAL = frozenset({"contact", "name"})
"""Details that never stand readable in the database: the contact is the encrypted sender, the name is encrypted."""
TEXT_LIMIT = 20_000
"""Characters kept of one message; no channel we speak carries more in one."""
GROUP = 64
"""Most requests whose rows go into one commit."""


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
                "detail": clean(arrival.detail, 500),
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
    if name := arrival.details.get("name"):
        details["name"] = encrypt(str(name))
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


@lru_cache(maxsize=2)
def _insert(dialect: str) -> Insert:
    make = sqlite.insert if dialect == "sqlite" else postgresql.insert
    return make(InboundMessage.__table__).on_conflict_do_nothing(  # type: ignore[attr-defined]
        index_elements=["channel", "account", "provider_id"]
    )


def store(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows that are not there yet; a repeat is a no-op. The caller commits."""
    if rows:
        connection.execute(_insert(connection.dialect.name), list(rows))


def receive(arrivals: Sequence[Arrival], now: datetime) -> list[dict[str, Any]]:
    """Store what arrived, commit, then ring. Returns the rows as offered (a repeat keeps the id stored first)."""
    rows = [row_of(arrival, now) for arrival in arrivals]
    with database().connection() as connection:
        store(connection, rows)
    if rows:
        doorbell.ring(doorbell.INBOX)
    return rows


class Gatherer:
    """Commits the rows of many waiting requests together; each is answered only after its own commit.

    One thread writes. While one commit is on its way to the disk the next requests gather, so a slow disk makes the
    groups larger instead of the queue longer. If a group fails, each request is tried alone, so that one bad row
    harms nobody else's.
    """

    def __init__(self, on_stored: Callable[[], None] = lambda: doorbell.ring(doorbell.INBOX)) -> None:
        self._waiting: SimpleQueue[tuple[list[dict[str, Any]], Future[None]] | None] = SimpleQueue()
        self._on_stored = on_stored
        self._thread = threading.Thread(target=self._work, name="inbox-gatherer", daemon=True)
        self._thread.start()

    def submit(self, arrivals: Sequence[Arrival], now: datetime) -> Future[None]:
        """Rows to store; the future ends when they are durable, or with the error that kept them from it."""
        future: Future[None] = Future()
        self._waiting.put(([row_of(arrival, now) for arrival in arrivals], future))
        return future

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

    def _write(self, group: list[tuple[list[dict[str, Any]], Future[None]]]) -> None:
        try:
            with database().connection() as connection:
                store(connection, [row for rows, _ in group for row in rows])
        except Exception as error:  # noqa: BLE001  (whatever the driver raises is handed to the request that caused it)
            if len(group) == 1:
                group[0][1].set_exception(error)
            else:
                for one in group:
                    self._write([one])
            return
        for _, future in group:
            future.set_result(None)
        self._on_stored()
