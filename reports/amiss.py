"""What of the offices, services and rules needs mending, each with where to mend it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time

from sqlmodel import Session, col, select

from cases import office_tree
from core.settings import settings
from domain.catalogue import Catalogue, catalogue, name_of
from domain.service import Service
from domain.staff import Staff, StaffRole, in_force
from routing.keywords import shared_words
from routing.table import valid

SHOWN = 5


@dataclass(frozen=True, slots=True)
class Warning:
    """One thing that is amiss, in a sentence; `url` is the page to mend it on; `grave` where messages go astray."""

    text: str
    url: str
    grave: bool = False


def warnings(session: Session, day: date) -> list[Warning]:
    """All that is amiss on a day, the gravest first."""
    known = catalogue(session)
    found = [*_tree(known), *_rules(known, day), *_services(known, day), *_staff(session, known, day)]
    return sorted(found, key=lambda one: not one.grave)


def without_rule(known: Catalogue, day: date) -> list[Service]:
    """Services in use that no rule names, neither themselves nor their group."""
    rules = [rule for rule in known.jurisdictions if valid(rule, day)]
    if any(rule.service_id is None and not rule.group for rule in rules):
        return []
    services = {rule.service_id for rule in rules}
    groups = {rule.group for rule in rules if rule.service_id is None}
    return sorted(
        (s for s in known.service_by_code.values() if s.id not in services and not (s.group and s.group in groups)),
        key=lambda service: name_of(service, "en"),
    )


def _tree(known: Catalogue) -> Iterable[Warning]:
    for fault in office_tree.faults_of(known).values():
        yield Warning(fault, "/staff/offices", grave=True)


def _rules(known: Catalogue, day: date) -> Iterable[Warning]:
    closed = [
        rule
        for rule in known.jurisdictions
        if (rule.valid_to is None or rule.valid_to > day) and not known.offices[rule.office_id].active
    ]
    for office_id in dict.fromkeys(rule.office_id for rule in closed):
        number = sum(rule.office_id == office_id for rule in closed)
        lead = "1 rule leads" if number == 1 else f"{number} rules lead"
        office = known.offices[office_id]
        yield Warning(
            f"{lead} to {name_of(office, 'en')}, which is closed; the office above it answers.",
            f"/staff/rules?office={office.code}",
        )


def _services(known: Catalogue, day: date) -> Iterable[Warning]:
    services = list(known.service_by_code.values())
    if lost := without_rule(known, day):
        have = "1 service has" if len(lost) == 1 else f"{len(lost)} services have"
        yield Warning(
            f"{have} no rule, so messages about {'it' if len(lost) == 1 else 'them'} go to triage: {_listed(lost)}.",
            "/staff/services?show=norule",
            grave=True,
        )
    if bare := [service for service in services if not service.examples and not service.keywords]:
        have = "1 service has" if len(bare) == 1 else f"{len(bare)} services have"
        yield Warning(
            f"{have} neither keywords nor example sentences, so nothing can be understood as "
            f"{'it' if len(bare) == 1 else 'them'}: {_listed(bare)}.",
            "/staff/services?show=bare",
            grave=True,
        )
    shared = {words.casefold() for service in services for words in shared_words(service, known)}
    if shared:
        say = "1 keyword is" if len(shared) == 1 else f"{len(shared)} keywords are"
        some = ", ".join(f"“{words}”" for words in sorted(shared)[:SHOWN])
        yield Warning(
            f"{say} shared by several services, which tells none of them: {some}.", "/staff/services?show=shared"
        )


def _staff(session: Session, known: Catalogue, day: date) -> Iterable[Warning]:
    manned = set(
        session.exec(
            select(StaffRole.office_id)
            .join(Staff, col(Staff.id) == col(StaffRole.staff_id))
            .where(col(Staff.active).is_(True), in_force(datetime.combine(day, time(), settings().zone)))
            .distinct()
        )
    )
    wanted = {rule.office_id for rule in known.jurisdictions if valid(rule, day)}
    empty = [known.offices[one] for one in wanted - manned if known.offices[one].active]
    if empty:
        have = "1 office answers" if len(empty) == 1 else f"{len(empty)} offices answer"
        some = ", ".join(sorted(name_of(office, "en") for office in empty)[:SHOWN])
        yield Warning(f"{have} by a rule but nobody works there: {some}.", "/staff/offices", grave=True)


def _listed(services: list[Service]) -> str:
    names = [name_of(service, "en") for service in services]
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more
