"""When a message may leave: every sender at its own rate, every chat at its own, however many workers there are.

The first moment a sender has not promised yet stands in its row. Whoever is about to send a few messages takes the next
moments for all of them in one transaction, waits for each without holding a connection, and gives up one that it came
too late for.

Where one process sends, its gate (`notifications.gate`) holds the rate exactly, and a moment is good for a while: what
a busy machine makes late is sent late. That while (`TAIL`) lies between its last moment and the first that anybody else
may have, so whoever joins comes after what was late. Where several send, moments are further apart than the rate asks
(`SHARED`), which is what lateness and the network may take of them, are good for a blink (`LATE`), and an answer that
shows a message to have come later than that costs a moment.
"""

import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, String, cast, func, not_, or_
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, and_, col, select

from channels.values import Channel
from core.ids import new_id
from core.settings import settings
from domain.catalogue import catalogue
from domain.outbox import OutboundMessage
from domain.sender import Sender
from notifications.gate import Gate

HORIZON = timedelta(seconds=2)
"""Nobody keeps a message claimed for longer than this; it waits in the queue instead."""

SPARE = 1.02
"""Moments of a process that sends alone are further apart than the rate asks: room for its gate."""

SHARED = 1.04
"""The same where several processes send, so that a second still holds no more when some are late."""

LATE = timedelta(seconds=0.015)
"""How late a message may still leave where several processes send; the rest of `SHARED` is for the network."""

NEAR = timedelta(seconds=0.035)
"""How late a message may come to the provider there before it costs a moment."""

TAIL = timedelta(seconds=0.25)
"""The same where one process sends, and how long anybody else waits after its last moment."""

WIDE = 500.0
"""Messages a second from which on no process sends so many that one alone could pass the rate: there moments are shared
as they come, and are good for `LONG`."""

LONG = timedelta(seconds=1)

AHEAD = timedelta(seconds=0.4)
"""A moment is taken at most so long before it comes: what happens until then still counts."""

CHAT_GAP = {Channel.telegram: timedelta(seconds=1)}
"""Least time between two messages to one address (https://core.telegram.org/bots/faq#my-bot-is-hitting-limits)."""

CHAT_LATE = timedelta(seconds=0.1)
"""How late a message may still leave to such an address, where the next one counts from it."""

FRESH = 2.0
"""Seconds a process believes what it read of the senders."""

Way = tuple[Channel, str]
"""A channel and the address it sends from."""


def default_address(channel: Channel) -> str:
    """The sender the settings name for a channel; empty where nothing can be sent."""
    current = settings()
    match channel:
        case Channel.sms:
            return current.twilio_from
        case Channel.whatsapp:
            return current.twilio_whatsapp_from or current.twilio_from
        case Channel.telegram:
            return current.telegram_token.partition(":")[0]
        case Channel.email:
            return current.mail_address
        case _:
            return ""


def default_rate(channel: Channel) -> float:
    """Messages a second of a sender that has no rate of its own."""
    current = settings()
    if channel is Channel.telegram:
        return current.telegram_per_second
    return current.mail_per_second if channel is Channel.email else current.twilio_per_second


@dataclass(frozen=True, slots=True)
class _Known:
    """The senders as they were a moment ago."""

    rows: tuple[Sender, ...]
    read_at: float


_lock = threading.Lock()
_kept: dict[str, _Known] = {}
_gates: dict[Way, Gate] = {}


def senders_of(session: Session) -> tuple[Sender, ...]:
    """All senders, by address; costs no query while they are fresh. Their `next_at` is old news."""
    key = str(session.get_bind().engine.url)
    kept = _kept.get(key)
    if kept is None or time.monotonic() - kept.read_at >= FRESH:
        rows = tuple(session.exec(select(Sender).order_by(col(Sender.address))))
        for row in rows:
            session.expunge(row)
        kept = _Known(rows, time.monotonic())
        with _lock:
            _kept[key] = kept
    return kept.rows


def forget() -> None:
    """Read the senders anew at the next look; whoever changes one calls this."""
    with _lock:
        _kept.clear()


def begin_anew() -> None:
    """As a process that has sent nothing yet: for another database."""
    forget()
    with _lock:
        _gates.clear()


def gate(way: Way) -> Gate:
    """This process's gate before a sender."""
    with _lock:
        return _gates.setdefault(way, Gate())


def room() -> int:
    """How many messages can leave within `HORIZON`, of all channels together: more need not be claimed at once."""
    rates = [default_rate(channel) for channel in (Channel.sms, Channel.telegram, Channel.email)]
    with _lock:
        rates += [row.per_second for kept in _kept.values() for row in kept.rows if row.per_second]
    return max(int(sum(rates) * HORIZON.total_seconds()), 20)


def address_for(session: Session, channel: Channel, office_id: UUID | None, wanted: str | None = None) -> str | None:
    """The address a message leaves from: `wanted` where it is a sender of ours, as the number the citizen wrote to;
    else the sender of the office or of the nearest above it; else the default. None where nothing can be sent."""
    usable = [row for row in senders_of(session) if row.channel == channel and row.active]
    default = default_address(channel)
    if wanted and (wanted == default or any(row.address == wanted for row in usable)):
        return wanted
    if office_id is not None and any(row.office_id for row in usable):
        by_office = {row.office_id: row.address for row in usable}
        for office in catalogue(session).chain(office_id):
            if office.id in by_office:
                return by_office[office.id]
    return default or next((row.address for row in usable if row.office_id is None), None)


def has_room(session: Session, now: datetime) -> ColumnElement[bool] | None:
    """Which messages' senders can send within `HORIZON`; None when all can."""
    full = session.exec(select(Sender.channel, Sender.address).where(col(Sender.next_at) > now + HORIZON)).all()
    if not full:
        return None
    ways = [and_(col(OutboundMessage.channel) == channel, _sender() == address) for channel, address in full]
    return not_(or_(*ways))


def _sender() -> ColumnElement[str]:
    return cast(func.coalesce(OutboundMessage.sender, ""), String)


def take_moments(session: Session, wanted: Iterable[Way], now: datetime) -> dict[Way, "Moments"]:
    """Lock the senders of some messages, in one order everywhere, to take moments of theirs. The caller commits."""
    ways = sorted(set(wanted))
    if not ways:
        return {}
    found = _locked(session, ways)
    if missing := [way for way in ways if way not in found]:
        _make(session, missing)
        found = _locked(session, ways)
    return {way: Moments(found[way], now) for way in ways}


def pause(session: Session, until: Mapping[Way, datetime]) -> None:
    """The provider wants nothing from these senders until then. Locked in the order of `take_moments`, all at once."""
    for way, row in _locked(session, until).items():
        row.next_at = max(row.next_at, until[way]) if row.next_at else until[way]


class Moments:
    """The moments of one locked sender, handed out one after the other."""

    def __init__(self, sender: Sender, now: datetime) -> None:
        channel = Channel(sender.channel)
        rate = sender.per_second or default_rate(channel)
        self._sender, self._gate = sender, gate((channel, sender.address))
        shared = self._gate.look(sender.next_at, rate, now)
        self._gap = timedelta(seconds=(SHARED if shared else SPARE) / rate)
        self._tail = timedelta(0) if shared or rate > WIDE else TAIL
        self._next = max(self._gate.next or now, now)
        self.patience = LONG if rate > WIDE else LATE if shared else TAIL
        """How late a message may leave that takes one of them."""
        if channel in CHAT_GAP:
            self.patience = min(self.patience, CHAT_LATE)
        if (owed := self._gate.owed()) and shared:
            self._move(self._next + owed * self._gap)

    @property
    def next(self) -> datetime:
        """The moment the next one would get."""
        return self._next

    def take(self) -> datetime:
        """The next moment, which is then nobody else's."""
        taken = self._next
        self._move(taken + self._gap)
        return taken

    def _move(self, next_at: datetime) -> None:
        self._next = next_at
        self._sender.next_at = promised = next_at + self._tail
        self._gate.note(next_at, promised)


def _locked(session: Session, ways: Iterable[Way]) -> dict[Way, Sender]:
    chosen = [and_(col(Sender.channel) == channel, col(Sender.address) == address) for channel, address in ways]
    if not chosen:
        return {}
    rows = session.exec(
        select(Sender)
        .where(or_(*chosen))
        .order_by(col(Sender.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    return {(Channel(row.channel), row.address): row for row in rows}


def _make(session: Session, ways: Iterable[Way]) -> None:
    """Rows for senders that only the settings know; somebody else may be making them too."""
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    rows = [{"id": new_id(), "channel": channel, "address": address, "active": True} for channel, address in ways]
    session.execute(dialect.insert(Sender).values(rows).on_conflict_do_nothing(index_elements=["channel", "address"]))
