"""Services: added, changed, retired and taken up again. What they are called is what the classifier learns."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from uuid import UUID

from sqlmodel import Session

from cases import administration, teaching
from cases.administration import Values
from core.errors import NotFound
from core.settings import settings
from core.texts import clean
from domain.catalogue import Catalogue, name_of
from domain.service import Service
from domain.visibility import Viewer
from nlp.training.prepare import starter
from routing.names import words_of
from surveys.reminders import FURTHEST, MOST_STEPS, WORDS

LONGEST_CODE = 64
LONGEST_KEYWORD = 80
LONGEST_EXAMPLE = 400
ENOUGH_EXAMPLES = 3
"""Sentences to begin with."""
ORDINARY = 3
"""A word in shipped messages about so many services is said whatever one writes about."""


@dataclass(frozen=True, slots=True)
class Given:
    """A service as typed: `keywords` and `examples` one a line, `shared` of `SHARED`, `reminders` days
    before what it issues expires, `next_steps` by language.

    Without a code one is made of the name.
    """

    code: str = ""
    names: Mapping[str, str] = field(default_factory=dict)
    group: str = ""
    keywords: str = ""
    examples: str = ""
    shared: str = ""
    reminders: str = ""
    next_steps: Mapping[str, str] = field(default_factory=dict)


SHARED = {"": None, "yes": True, "no": False}
"""Whether one matter of it is many people's at once, as typed; nothing: as its group says."""


def values_of(service: Service) -> Values:
    """A service as people read it."""
    return {
        "code": service.code,
        "names": dict(service.names),
        "group": service.group,
        "keywords": list(service.keywords),
        "examples": list(service.examples),
        "shared": service.shared,
        "reminders": sorted(service.reminders, reverse=True),
        "next_steps": dict(service.next_steps),
        "in_use": service.active,
    }


def draft(known: Catalogue, service_id: UUID, given: Given) -> Service:
    """The service a form describes, checked and not saved. Raises BadInput."""
    faults: dict[str, str] = {}
    service = Service(id=service_id, code="", names={})
    _fill(known, service, given, faults)
    code = given.code.strip() or code_of(service.names.get(settings().languages[0], ""), known)
    service.code = administration.code_from(code, LONGEST_CODE, "code", faults)
    if taken := next((one for one in known.services.values() if one.code.lower() == service.code.lower()), None):
        faults["code"] = f"{name_of(taken, 'en')} has this code already."
    administration.check(faults)
    return service


def add(session: Session, who: Viewer, service_id: UUID, given: Given, now: datetime) -> Service:
    """A new service under the id its form was given, so that a form sent twice adds one.

    Raises BadInput, NotAllowed.
    """
    known = administration.begin(session, who)
    administration.check_wide(known, who, "Services")
    if (there := session.get(Service, service_id)) is not None:
        return there
    service = draft(known, service_id, given)
    session.add(service)
    session.flush()
    title = f"{name_of(service, 'en')} ({service.code})"
    administration.record(session, who, "service", service.id, title, None, values_of(service), now)
    teaching.ask(session, f"{title} is new", now, who.staff_id)
    return service


def change(session: Session, who: Viewer, code: str, given: Given, seen: str, now: datetime) -> Service:
    """Other names, group, keywords or examples; the code stays, for models and figures know the service by it.

    Raises BadInput, Conflict, NotAllowed, NotFound.
    """
    known = administration.begin(session, who)
    service = _load(session, known, who, code)
    faults: dict[str, str] = {}
    wanted = administration.copied(known.services[service.id])
    _fill(known, wanted, given, faults)
    administration.check(faults)
    return _put(session, who, service, wanted, seen, now)


def switch(session: Session, who: Viewer, code: str, active: bool, seen: str, now: datetime) -> Service:
    """Retire a service, or take it up again. Its cases stay where they are. Raises Conflict, NotAllowed, NotFound."""
    known = administration.begin(session, who)
    service = _load(session, known, who, code)
    wanted = administration.copied(known.services[service.id])
    wanted.active = active
    return _put(session, who, service, wanted, seen, now)


def code_of(name: str, known: Catalogue) -> str:
    """A code made of a name, that no service has: "Stray animals" is stray-animals; of other scripts a number."""
    plain = unicodedata.normalize("NFD", name.lower()).encode("ascii", "ignore").decode()
    made = "-".join("".join(c if c.isalnum() else " " for c in plain).split())[: LONGEST_CODE - 4].strip("-")
    made = made or f"service-{len(known.services) + 1}"
    taken = {service.code.lower() for service in known.services.values()}
    return next(code for code in (made, *(f"{made}-{n}" for n in range(2, len(taken) + 3))) if code not in taken)


@lru_cache(maxsize=1)
def ordinary_words() -> frozenset[str]:
    """Words said whatever one writes about, by the messages Ombud ships."""
    said: dict[str, set[str]] = {}
    for example in starter().examples:
        for word in words_of(example.text):
            said.setdefault(word, set()).add(example.label)
    return frozenset(word for word, labels in said.items() if len(labels) >= ORDINARY)


def _fill(known: Catalogue, service: Service, given: Given, faults: dict[str, str]) -> None:
    service.names = administration.names_from(given.names, faults, service.names)
    service.group = " ".join(given.group.split())[: administration.LONGEST_NAME]
    service.keywords = administration.lines_from(given.keywords, "keywords", faults, longest=LONGEST_KEYWORD)
    service.examples = administration.lines_from(given.examples, "examples", faults, longest=LONGEST_EXAMPLE)
    service.reminders = days_from(given.reminders, faults)
    service.next_steps = {language: clean(words) for language, words in given.next_steps.items() if words.strip()}
    for language, words in service.next_steps.items():
        if len(words) > WORDS:
            faults[f"next-{language}"] = f"At most {WORDS} letters: it shares a message with what expires when."
    if given.shared not in SHARED:
        faults["shared"] = "Choose one of the three."
    service.shared = SHARED.get(given.shared)
    for language, name in service.names.items():
        same = (one for one in known.services.values() if one.active and one.id != service.id)
        if twin := next((one for one in same if one.names.get(language, "").casefold() == name.casefold()), None):
            faults.setdefault(f"name-{language}", f"The service {twin.code} has this name already.")


def _load(session: Session, known: Catalogue, who: Viewer, code: str) -> Service:
    administration.check_wide(known, who, "Services")
    service_id = next((one.id for one in known.services.values() if one.code == code), None)
    service = session.get(Service, service_id, with_for_update=True) if service_id else None
    if service is None:
        raise NotFound("There is no such service.", mend="Choose one from the list.")
    return service


def _put(session: Session, who: Viewer, service: Service, wanted: Service, seen: str, now: datetime) -> Service:
    before, after = values_of(service), values_of(wanted)
    if not administration.agreed(session, service.id, seen, before, after):
        return service
    for name in ("names", "group", "keywords", "examples", "shared", "reminders", "next_steps", "active"):
        setattr(service, name, getattr(wanted, name))
    title = f"{name_of(wanted, 'en')} ({wanted.code})"
    administration.record(session, who, "service", service.id, title, before, after, now)
    if any(before[name] != after[name] for name in ("names", "keywords", "examples", "in_use")):
        teaching.ask(session, f"{title} was changed", now, who.staff_id)
    return service


def days_from(text: str, faults: dict[str, str]) -> list[int]:
    """The days in "60, 14", furthest first."""
    parts = [part for part in text.replace(";", ",").replace(" ", ",").split(",") if part]
    if not all(part.isdecimal() and 0 < int(part) <= FURTHEST for part in parts) or len(parts) > MOST_STEPS:
        faults["reminders"] = f"Write up to {MOST_STEPS} numbers of days from 1 to {FURTHEST}, such as 60, 14."
        return []
    return sorted({int(part) for part in parts}, reverse=True)
