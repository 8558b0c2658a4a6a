"""Targets and calendars out of the catalogue, as a replay asks for them."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from uuid import UUID

from core.errors import Misconfigured
from domain.catalogue import Catalogue
from domain.policy import Policy
from domain.states import CaseKind, ClockKind, OfficeFunction
from escalation import policy as policies
from escalation.calendar import WorkingCalendar
from escalation.values import Terms


@dataclass(frozen=True)
class CatalogueRules:
    """Policies and calendars of a catalogue, as a replay asks for them: by code."""

    known: Catalogue
    case_kind: CaseKind

    def terms(self, clock: ClockKind, office: str, service: str | None, at: datetime, *, urgent: bool = False) -> Terms:
        """Terms of a clock of this kind of case at an office."""
        known_service = self._services.get(service) if service else None
        chosen = self.policy(clock, self._office(office), known_service, at)
        return Terms(
            policies.plan(chosen, clock, at, self.calendar(office), urgent=urgent),
            policy_id(chosen),
            chosen.name,
            chosen.counts_templated,
            chosen.pause_days,
        )

    def calendar(self, office: str) -> WorkingCalendar:
        """The calendar an office works by."""
        return calendar_of(self.known, self._office(office))

    def policy(self, clock: ClockKind, office_id: UUID, service_id: UUID | None, at: datetime) -> Policy:
        """The policy of a clock that starts at a moment."""
        day = policies.local_day(at, calendar_of(self.known, office_id))
        return policies.choose(self.known.policies, self.known, office_id, service_id, self.case_kind, day, clock)

    def triage(self) -> str | None:
        """The office of the triage desk."""
        desk = self.known.with_function(OfficeFunction.triage)
        return desk.code if desk else None

    @cached_property
    def _offices(self) -> dict[str, UUID]:
        return {office.code: office.id for office in self.known.offices.values()}

    @cached_property
    def _services(self) -> dict[str, UUID]:
        return {service.code: service.id for service in self.known.services.values()}

    def _office(self, code: str) -> UUID:
        if code not in self._offices:
            raise Misconfigured(
                f"The timeline names the office {code!r}, which is not in the catalogue.",
                mend="Offices are closed with active = false; bring the row back.",
            )
        return self._offices[code]


def calendar_of(known: Catalogue, office_id: UUID) -> WorkingCalendar:
    """The working calendar of an office, or of the nearest one above it that has one."""
    row = known.calendar(office_id)
    if row is None:
        raise Misconfigured("There is no calendar, so no deadline can be counted.", mend="Add one with `ombud init`.")
    return WorkingCalendar.of(row)


def policy_id(chosen: Policy) -> UUID | None:
    """The id to store; the built-in policy is no row."""
    return None if chosen is policies.BUILT_IN else chosen.id
