"""What the generator of the sample history knows: the catalogue, who works where, the citizens, the dice."""

import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any
from uuid import UUID

from channels.values import Channel
from cli.sample.rows import Rows
from core.crypto import blind_index, mask
from domain.catalogue import Catalogue
from domain.citizen import Citizen, ContactPoint
from domain.office import Office
from domain.staff import Staff, StaffRole
from domain.states import CaseKind, ClockKind, OfficeFunction, Role
from domain.visibility import viewer_of
from escalation.calendar import WorkingCalendar
from escalation.recipients import Person, Roster
from escalation.terms import CatalogueRules, calendar_of
from escalation.values import Terms

# +355 60 is assigned to nobody: whoever copies a number from the demo reaches no one
FICTIONAL_NUMBER = "+35560{:07d}"
FICTIONAL_CHAT = 7_000_000_000


class KeptRules(CatalogueRules):
    """Rules that remember what they said: a case is replayed many times while it is told."""

    @cached_property
    def _kept(self) -> dict[Any, Terms]:
        return {}

    def terms(
        self,
        clock: ClockKind,
        office: str,
        service: str | None,
        at: datetime,
        *,
        urgent: bool = False,
        known_by: datetime | None = None,
    ) -> Terms:
        """Terms of a clock that starts at an office."""
        kept, key = self._kept, (clock, office, service, at, urgent, known_by)
        if key not in kept:
            kept[key] = super().terms(clock, office, service, at, urgent=urgent, known_by=known_by)
        return kept[key]

    def triage(self) -> str | None:
        """Code of the triage desk."""
        return self._desk

    @cached_property
    def _desk(self) -> str | None:
        return super().triage()


@dataclass
class World:
    """Everything a story draws on. `dice` is seeded; `now` ends the history."""

    known: Catalogue
    dice: random.Random
    now: datetime
    rows: Rows
    people: dict[tuple[UUID, Role], list[Staff]] = field(default_factory=lambda: defaultdict(list))
    roster: Roster = field(default_factory=Roster)
    turn: dict[UUID, int] = field(default_factory=lambda: defaultdict(int))
    _contacts: dict[tuple[Channel, str], list[ContactPoint]] = field(default_factory=lambda: defaultdict(list))
    _rules: dict[CaseKind, "KeptRules"] = field(default_factory=dict)
    _calendars: dict[UUID, WorkingCalendar] = field(default_factory=dict)
    _numbers: int = 0

    def employ(self, staff: Sequence[Staff], roles: Sequence[StaffRole]) -> None:
        """Learn who works where."""
        by_id = {person.id: person for person in staff}
        held: dict[UUID, set[tuple[Role, UUID]]] = defaultdict(set)
        for role in roles:
            self.people[role.office_id, role.role].append(by_id[role.staff_id])
            held[role.staff_id].add((role.role, role.office_id))
        for person in staff:
            who = viewer_of(self.known, person.id, person.name, frozenset(held[person.id]))
            self.roster.add(Person(person.id, person.language, who))

    def rules(self, kind: CaseKind) -> "KeptRules":
        """Policies and calendars as a replay asks for them."""
        if kind not in self._rules:
            self._rules[kind] = KeptRules(self.known, kind)
        return self._rules[kind]

    def calendar(self, office_id: UUID) -> WorkingCalendar:
        """Working hours of an office."""
        if office_id not in self._calendars:
            self._calendars[office_id] = calendar_of(self.known, office_id)
        return self._calendars[office_id]

    def officer(self, office: Office) -> Staff | None:
        """Whose turn it is in an office; nobody's at the triage desk."""
        if office.function == OfficeFunction.triage:
            return None
        role = Role.integrity if office.function == OfficeFunction.integrity else Role.officer
        candidates = self.people[office.id, role]
        if not candidates:
            return None
        self.turn[office.id] += 1
        return candidates[self.turn[office.id] % len(candidates)]

    def triage(self) -> tuple[Office, Staff]:
        """The triage desk and somebody at it."""
        desk = self.known.with_function(OfficeFunction.triage)
        if desk is None:
            raise ValueError("the sample government has a triage desk")
        return desk, self.dice.choice(self.people[desk.id, Role.triage])

    def contact(self, channel: Channel, language: str, at: datetime) -> ContactPoint:
        """A citizen on a channel: one time in seven somebody who wrote before, else a new one."""
        known = self._contacts[channel, language]
        if known and self.dice.random() < 0.15:
            return self.dice.choice(known)
        made = self.new_contact(channel, language, at)
        known.append(made)
        return made

    def new_contact(self, channel: Channel, language: str, at: datetime) -> ContactPoint:
        """A citizen nobody has met."""
        self._numbers += 1
        match channel:
            case Channel.telegram:
                address = str(FICTIONAL_CHAT + self._numbers)
            case Channel.email:
                address = f"citizen{self._numbers}@mail.example"
            case _:
                address = FICTIONAL_NUMBER.format(self._numbers * 7919 % 10_000_000)
        citizen = self.rows.add(Citizen, language=language, created_at=at)
        contact: ContactPoint = self.rows.add(
            ContactPoint,
            citizen_id=citizen.id,
            channel=channel,
            address=address,
            address_index=blind_index(str(channel), address),
            hint=mask(address),
            language=language,
            created_at=at,
        )
        return contact

    def chance(self, share: float) -> bool:
        """True in that share of throws."""
        return self.dice.random() < share

    def after_work(self, office_id: UUID, since: datetime, hours: float) -> datetime:
        """The moment an office gets round to something that takes it so many working hours from `since`."""
        moment = self.calendar(office_id).add(since, max(60, round(hours * 3600)))
        return moment + timedelta(seconds=self.dice.randint(0, 50))
