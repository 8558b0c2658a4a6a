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

MOST_RANKED = 20_000
"""Offices × services × clocks whose policies are kept in order; then they are put in order again."""


@dataclass(frozen=True)
class CatalogueRules:
    """Policies and calendars of a catalogue, as a replay asks for them: by code."""

    known: Catalogue
    case_kind: CaseKind
    _ranked: dict[Any, list[Policy]] = field(default_factory=dict, repr=False, compare=False)
    _shapes: dict[Any, policies.Shape] = field(default_factory=dict, repr=False, compare=False)
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
        chosen = policies.first_valid(self.ranked(clock, office, service), policies.local_day(at, calendar), known_by)
        key = (id(chosen), clock, urgent)
        shape = self._shapes.get(key)
        if shape is None:
            shape = self._shapes[key] = policies.shape(chosen, clock, urgent=urgent)
        return Terms(
            shape.plan(at, calendar),
            policy_id(chosen),
            chosen.name,
            chosen.counts_templated,
            chosen.pause_days,
            chosen.entered_at,
        )

    def calendar(self, office: str) -> WorkingCalendar:
        """The calendar an office works by."""
        found = self._calendars.get(office)
        if found is None:
            found = self._calendars[office] = calendar_of(self.known, self._office(office))
        return found

    def ranked(self, clock: ClockKind, office: str, service: str | None) -> list[Policy]:
        """The policies that may apply to a clock at an office, best first, whatever the day."""
        key = (clock, office, service)
        found = self._ranked.get(key)
        if found is None:
            if len(self._ranked) >= MOST_RANKED:
                self._ranked.clear()
            known_service = self.known.service_by_any_code.get(service) if service else None
            found = self._ranked[key] = policies.ranked(
                self.known.policies,
                self.known,
                self._office(office),
                known_service.id if known_service else None,
                self.case_kind,
                clock,
            )
        return found

    def policy(self, clock: ClockKind, office_id: UUID, service_id: UUID | None, at: datetime) -> Policy:
        """The policy of a clock that starts at a moment."""
        service = self.known.services.get(service_id) if service_id else None
        office = self.known.offices[office_id].code
        best_first = self.ranked(clock, office, service.code if service else None)
        return policies.first_valid(best_first, policies.local_day(at, self.calendar(office)))

    def triage(self) -> str | None:
        """The office of the triage desk."""
        desk = self.known.with_function(OfficeFunction.triage)
        return desk.code if desk else None

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
