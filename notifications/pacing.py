"""When a message may leave: every sender at its own rate, every chat at its own, however many workers there are.

The first moment a sender has not promised yet stands in its row. Whoever is about to send a few messages takes the next
moments for all of them in one transaction, waits for each without holding a connection, and gives up one that it came
too late for. So no second holds more messages than the rate, whoever sends them: moments are a little further apart
than the rate asks (`SPARE`), which is what lateness and the network may take of them.

Within a process a gate before each sender (`Gate`) lets no message out that would be one too many in the last second.
A process that has a sender to itself needs no more than that, so there a moment is good for longer.
"""

import math
import threading
import time
from collections import deque
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

HORIZON = timedelta(seconds=2)
"""Nobody keeps a message claimed for longer than this; it waits in the queue instead."""

SPARE = 1.03
"""Moments are further apart than the rate asks, so that a second still holds no more when some are late."""

LATE = 0.02
"""Seconds after its moment that a message may still leave where several processes send; the rest of what `SPARE` leaves
is for the network."""

ALONE = 1.0
"""Seconds after its moment that a message may still leave where no other process sends; and how long nobody else must
have taken a moment for that."""

NARROW = 1.02
"""A gate counts over a second that is longer by this: for messages that come to the provider closer together."""

AHEAD = timedelta(seconds=0.4)
"""A moment is taken at most so long before it comes: what happens until then still counts."""

CHAT_GAP = {Channel.telegram: timedelta(seconds=1)}
"""Least time between two messages to one address (https://core.telegram.org/bots/faq#my-bot-is-hitting-limits)."""

CHAT_LATE = 0.1
"""Seconds after its moment that a message may still leave to such an address, where the next one counts from it."""

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


def interval(channel: Channel, per_second: float | None) -> timedelta:
    """Time between two messages of one sender."""
    return timedelta(seconds=SPARE / (per_second or default_rate(channel)))


@dataclass(frozen=True, slots=True)
class _Known:
    """The senders as they were a moment ago."""

    rows: tuple[Sender, ...]
    read_at: float


_lock = threading.Lock()
_kept: dict[str, _Known] = {}
_gates: dict[Way, "Gate"] = {}


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
        _gates.clear()


class Gate:
    """One sender as one process sees it: when its last messages left, and whether other processes send by it too."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._left: deque[float] = deque(maxlen=1)
        self._window = 0.0
        self._promised: datetime | None = None
        self._quiet_until: datetime | None = None
        self._others_at = -math.inf

    def pause(self, until: datetime) -> None:
        """The provider wants nothing from the sender until then."""
        self._quiet_until = max(self._quiet_until, until) if self._quiet_until else until

    def opens(self, now: datetime) -> datetime:
        """When the provider takes messages of the sender: now, or later."""
        return max(self._quiet_until, now) if self._quiet_until else now

    def look(self, promised: datetime | None, per_second: float, now: datetime) -> None:
        """What stands in the sender's locked row: a moment that is not what this process left there is another's."""
        most = max(int(per_second), 1)
        with self._lock:
            self._window = most / per_second * NARROW
            if self._left.maxlen != most:
                self._left = deque(self._left, maxlen=most)
        lately = promised is not None and promised > now - timedelta(seconds=ALONE)
        if lately and promised != self._promised:
            self._others_at = time.monotonic()

    def note(self, promised: datetime) -> None:
        """What this process leaves in the row."""
        self._promised = promised

    @property
    def patience(self) -> float:
        """Seconds after its moment that a message may still leave."""
        return ALONE if time.monotonic() - self._others_at > ALONE else LATE

    def enter(self) -> None:
        """Wait until one more message is not one too many, and count it."""
        with self._lock:
            if len(self._left) == self._left.maxlen:
                time.sleep(max(self._left[0] + self._window - time.monotonic(), 0.0))  # the sender's rate asks for it
            self._left.append(time.monotonic())


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
        self._sender = sender
        self._gap = interval(Channel(sender.channel), sender.per_second)
        self._now = now
        self._gate = gate((Channel(sender.channel), sender.address))
        self._gate.look(sender.next_at, sender.per_second or default_rate(Channel(sender.channel)), now)

    @property
    def next(self) -> datetime:
        """The moment the next one would get."""
        return max(self._sender.next_at or self._now, self._now)

    def take(self) -> datetime:
        """The next moment, which is then nobody else's."""
        taken = self.next
        self._sender.next_at = taken + self._gap
        self._gate.note(self._sender.next_at)
        return taken


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
