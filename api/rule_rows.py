"""Rules of the routing table as lists show them, and what a filter leaves of them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from api.finding import matches, office_meant, shown
from domain.catalogue import Catalogue
from domain.service import Jurisdiction
from routing.places import index_of
from routing.table import place_words, topic_words, valid

WHEN = ("", "now", "coming", "past", "all")
"""Days a list may be of; without one, now and what is to come."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a list is asked for: a service's code, an office, a place, and days."""

    service: str = ""
    office: str = ""
    place: str = ""
    when: str = ""


def title_of(known: Catalogue, rule: Jurisdiction) -> str:
    """A rule's topic and place, as a heading."""
    said = f"{topic_words(known, rule)} {place_words(known, rule)}"
    return said[:1].upper() + said[1:]


def row_of(known: Catalogue, rule: Jurisdiction, today: date) -> dict[str, object]:
    """A rule as pages show it."""
    office = known.offices.get(rule.office_id)
    return {
        "id": str(rule.id),
        "what": title_of(known, rule),
        "office": shown(office) if office else "",
        "office_code": office.code if office else "",
        "closed": office is None or not office.active,
        "begins": rule.valid_from if rule.valid_from.year > 1970 else None,
        "ends": rule.valid_to,
        "state": state_of(rule, today),
        "note": rule.note,
    }


def state_of(rule: Jurisdiction, today: date) -> str:
    """Whether a rule counts now, is coming, or is past; one that was ended before it began is past."""
    if valid(rule, today):
        return "now"
    return "coming" if rule.valid_from > today and rule.valid_from != rule.valid_to else "past"


def filtered(known: Catalogue, asked: Asked, today: date) -> list[Jurisdiction]:
    """The rules that fit, by topic, place and day."""
    fits = [_by_days(asked, today), _by_service(known, asked), _by_office(known, asked), _by_place(known, asked)]
    rules = [rule for rule in known.jurisdictions if all(fit(rule) for fit in fits)]
    return sorted(rules, key=lambda rule: (topic_words(known, rule), place_words(known, rule), rule.valid_from))


Fit = Callable[[Jurisdiction], bool]


def _by_days(asked: Asked, today: date) -> Fit:
    wanted = {"": ("now", "coming"), "all": ("now", "coming", "past")}.get(asked.when, (asked.when,))
    return lambda rule: state_of(rule, today) in wanted


def _by_service(known: Catalogue, asked: Asked) -> Fit:
    if not asked.service:
        return lambda _: True
    service = next((one for one in known.services.values() if one.code == asked.service), None)
    if service is None:
        return lambda _: False
    return lambda rule: rule.service_id == service.id or (rule.service_id is None and rule.group in ("", service.group))


def _by_office(known: Catalogue, asked: Asked) -> Fit:
    typed = asked.office.strip()
    if not typed:
        return lambda _: True
    coded = [office.id for office in known.offices.values() if office.code.upper() == typed.upper()]
    meant = office_meant(known, typed)
    ids = set(coded) or ({meant.id} if meant else set())
    ids = ids or {known.office_by_code[one["code"].upper()].id for one in matches(known, typed)}
    return lambda rule: rule.office_id in ids


def _by_place(known: Catalogue, asked: Asked) -> Fit:
    typed = asked.place.strip()
    if not typed:
        return lambda _: True
    index = index_of(known)
    key = index.key(typed)
    return lambda rule: key in map(index.key, rule.places) or typed.casefold() in place_words(known, rule).casefold()
