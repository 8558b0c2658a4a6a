"""Targets and calendars out of the catalogue, as a replay asks for them. What was worked out is kept with it."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from core.errors import Misconfigured
from domain.catalogue import Catalogue
from domain.policy import Policy
from domain.states import CaseKind, ClockKind, OfficeFunction
from escalation import policy as policies
from escalation.calendar import WorkingCalendar
from escalation.values import Terms

MOST_KEPT = 20_000
"""Offices × services × clocks whose policies are kept in order; then they are put in order again."""


@dataclass(slots=True)
class Standing:
    """A policy as it stands for one kind of clock, without the price of a row's attributes."""

    policy: Policy
    clock: ClockKind
    id: UUID | None = field(init=False)
    name: str = field(init=False)
    counts: bool = field(init=False)
    pause_days: int = field(init=False)
    entered_at: datetime | None = field(init=False)
    always: bool = field(init=False)
    shapes: dict[bool, policies.Shape] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        row = self.policy
        self.id, self.name, self.counts, self.pause_days = (
            policy_id(row),
            row.name,
            row.counts_templated,
            row.pause_days,
        )
        self.entered_at = row.entered_at
        self.always = row.valid_from.year <= 1970 and row.valid_to is None and row.entered_at is None

    def shape(self, urgent: bool) -> policies.Shape:
        """What it asks of the clock; read once."""
        found = self.shapes.get(urgent)
        if found is None:
            found = self.shapes[urgent] = policies.shape(self.policy, self.clock, urgent=urgent)
        return found


@dataclass(frozen=True)
class CatalogueRules:
    """Policies and calendars of a catalogue, as a replay asks for them: by code."""

    known: Catalogue
    case_kind: CaseKind
    _standing: dict[Any, list[Standing]] = field(default_factory=dict, repr=False, compare=False)
    _desks: dict[str, str | None] = field(default_factory=dict, repr=False, compare=False)
    _calendars: dict[str, WorkingCalendar] = field(default_factory=dict, repr=False, compare=False)

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
        """Terms of a clock of this kind of case at an office."""
        calendar = self.calendar(office)
        for one in self.standing(clock, office, service):
            if one.always or policies.valid(one.policy, policies.local_day(at, calendar), known_by):
                break
        return Terms(one.shape(urgent).plan(at, calendar), one.id, one.name, one.counts, one.pause_days, one.entered_at)

    def calendar(self, office: str) -> WorkingCalendar:
        """The calendar an office works by."""
        found = self._calendars.get(office)
        if found is None:
            found = self._calendars[office] = calendar_of(self.known, self._office(office))
        return found

    def standing(self, clock: ClockKind, office: str, service: str | None) -> list[Standing]:
        """The policies that may apply to a clock at an office, best first, whatever the day; the last one always is one
        that does."""
        key = (clock, office, service)
        found = self._standing.get(key)
        if found is None:
            if len(self._standing) >= MOST_KEPT:
                self._standing.clear()
            known_service = self.known.service_by_any_code.get(service) if service else None
            best_first = policies.ranked(
                self.known.policies,
                self.known,
                self._office(office),
                known_service.id if known_service else None,
                self.case_kind,
                clock,
            )
            found = self._standing[key] = [Standing(one, clock) for one in (*best_first, policies.BUILT_IN)]
        return found

    def triage(self) -> str | None:
        """The office of the triage desk."""
        if "triage" not in self._desks:
            desk = self.known.with_function(OfficeFunction.triage)
            self._desks["triage"] = desk.code if desk else None
        return self._desks["triage"]

    def _office(self, code: str) -> UUID:
        office = self.known.office_by_any_code.get(code)
        if office is None:
            raise Misconfigured(
                f"The timeline names the office {code!r}, which is not in the catalogue.",
                mend="Offices are closed with active = false; bring the row back.",
            )
        return office.id


def rules_of(known: Catalogue, case_kind: CaseKind) -> CatalogueRules:
    """The rules for a kind of case, one for as long as the catalogue holds."""
    key = ("clock rules", case_kind)
    found = known.worked_out.get(key)
    if not isinstance(found, CatalogueRules):
        found = known.worked_out[key] = CatalogueRules(known, case_kind)
    return found


def calendar_of(known: Catalogue, office_id: UUID) -> WorkingCalendar:
    """The working calendar of an office, or of the nearest one above it that has one."""
    key = ("calendar", office_id)
    found = known.worked_out.get(key)
    if isinstance(found, WorkingCalendar):
        return found
    row = known.calendar(office_id)
    if row is None:
        raise Misconfigured("There is no calendar, so no deadline can be counted.", mend="Add one with `ombud init`.")
    made = known.worked_out[key] = WorkingCalendar.of(row)
    return made


def policy_id(chosen: Policy) -> UUID | None:
    """The id to store; the built-in policy is no row."""
    return None if chosen is policies.BUILT_IN else chosen.id
