"""What an arm of a trial varies, and which arm somebody is in: values and pure rules.

The arm follows from the trial's seed and the order of entry alone, so anyone who has both can draw it again. Arms are
dealt in permuted blocks, apart for each kind of people, so that none is ever far ahead.
"""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from channels.values import Channel
from domain.trial import Moment, Trial

PER_BLOCK = 2
"""How often each arm comes in a block."""


@dataclass(frozen=True, slots=True)
class Arm:
    """One arm. What is None or empty is as always.

    `words` is the message by language, `hour` the hour of the day it goes out at where the citizen is, `delay` how many
    hours later than it would, `channel` what it goes by, `sender` the address of ours it leaves from.
    """

    name: str
    words: Mapping[str, str] = field(default_factory=dict)
    hour: int | None = None
    delay: int = 0
    channel: Channel | None = None
    sender: str | None = None

    def starts(self, since: datetime, zone: ZoneInfo) -> datetime:
        """When the message may leave that would have left at `since`; never before."""
        asked = since + timedelta(hours=self.delay)
        local = asked.astimezone(zone)
        if self.hour is None or local.hour == self.hour:
            return asked
        day = local.date() + timedelta(days=1 if local.hour > self.hour else 0)
        return datetime.combine(day, time(self.hour), zone).astimezone(since.tzinfo)


@dataclass(frozen=True, slots=True)
class Subject:
    """Somebody who is about to get a message: `id` is their invitation, or the question about their closed case;
    `tier` that of the office."""

    id: UUID
    citizen_id: UUID
    service_id: UUID | None
    office_id: UUID
    tier: str
    language: str
    channel: Channel

    @property
    def stratum(self) -> str:
        """The kind of people that are dealt among each other: the office's tier and the language."""
        return f"{self.tier}/{self.language}"


@dataclass(frozen=True, slots=True)
class Population:
    """Whom a trial is about; None is everybody."""

    services: frozenset[UUID] | None = None
    offices: frozenset[UUID] | None = None
    languages: frozenset[str] | None = None
    channels: frozenset[str] | None = None

    def has(self, one: Subject) -> bool:
        """Whether somebody belongs to it."""
        return (
            (self.services is None or one.service_id in self.services)
            and (self.offices is None or one.office_id in self.offices)
            and (self.languages is None or one.language in self.languages)
            and (self.channels is None or str(one.channel) in self.channels)
        )

    def meets(self, other: "Population") -> bool:
        """Whether anybody may belong to both."""
        pairs = (
            (self.services, other.services),
            (self.offices, other.offices),
            (self.languages, other.languages),
            (self.channels, other.channels),
        )
        return all(one is None or two is None or not one.isdisjoint(two) for one, two in pairs)


def arms_of(trial: Trial) -> tuple[Arm, ...]:
    """The arms as the row keeps them, the control first."""
    return read(trial.arms)


def read(stored: Sequence[Mapping[str, Any]]) -> tuple[Arm, ...]:
    """Arms as a row keeps them."""
    return tuple(
        Arm(
            str(one["name"]),
            dict(one.get("words") or {}),
            one.get("hour"),
            int(one.get("delay") or 0),
            Channel(one["channel"]) if one.get("channel") else None,
            one.get("sender") or None,
        )
        for one in stored
    )


def store(arms: Sequence[Arm]) -> list[dict[str, object]]:
    """Arms as a row keeps them; `read` gives the same back."""
    return [
        {
            "name": arm.name,
            "words": dict(arm.words),
            "hour": arm.hour,
            "delay": arm.delay,
            "channel": str(arm.channel) if arm.channel else None,
            "sender": arm.sender,
        }
        for arm in arms
    ]


def deal(seed: str, stratum: str, position: int, arms: int) -> int:
    """The arm of the `position`-th (from 0) of a kind of people: a place in a block that the seed has shuffled."""
    size = arms * PER_BLOCK
    return _block(seed, stratum, position // size, arms)[position % size]


@lru_cache(maxsize=4096)
def _block(seed: str, stratum: str, number: int, arms: int) -> tuple[int, ...]:
    """Each arm `PER_BLOCK` times, in the order of a keyed hash: every order is as likely as another."""
    places = [(arm, copy) for arm in range(arms) for copy in range(PER_BLOCK)]

    def lot(place: tuple[int, int]) -> bytes:
        text = f"{stratum}|{number}|{place[0]}|{place[1]}"
        return hmac.digest(seed.encode(), text.encode(), hashlib.sha256)

    return tuple(arm for arm, _ in sorted(places, key=lot))


def pledge(seed: str) -> str:
    """What is told of a seed while a trial runs: nobody can foretell an arm from it, and everybody check the seed."""
    return hashlib.sha256(seed.encode()).hexdigest()


__all__ = ["Arm", "Moment", "Population", "Subject", "arms_of", "deal", "pledge", "read", "store"]
