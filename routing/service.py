"""Routing with what it needs gathered: the catalogue, and what the current model makes of the text."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from sqlmodel import Session

from core.settings import settings
from domain.catalogue import Catalogue, catalogue, name_of
from domain.office import Office
from domain.service import Jurisdiction
from nlp import classifier, integrity
from nlp.accusation import Accusation
from nlp.classifier import Prediction, Taught
from routing import accused, lessons
from routing.answering import Answering, Where
from routing.areas import spot_of
from routing.places import index_of
from routing.rules import Decision, Method, Request, choose
from routing.table import rule_words, table_of


class Gathered(NamedTuple):
    """All that a decision needs: what is known of the message, the catalogue, the day at the government."""

    request: Request
    known: Catalogue
    day: date


def route(
    session: Session,
    *,
    text: str,
    now: datetime,
    language: str = "en",
    service: str | None = None,
    place: str | None = None,
    office_code: str | None = None,
    about_staff: bool = False,
    last_place: str | None = None,
    location: Mapping[str, float] | None = None,
    held: str = "",
    prediction: Prediction | None = None,
    cleared: bool = False,
) -> Decision:
    """The accountable office for a message, and why. Costs no query beyond the catalogue's and the lessons', which each
    look for news every few seconds, but for an accusation one that looks for the person it names.

    `service` and `office_code` are codes that the citizen, a poster or a kiosk gave; `location` has latitude and
    longitude in degrees. A `prediction` made already (in a batch) is used as it is. Without a trained model what
    nothing else decides goes to triage, and the reason says so. `cleared`: the integrity office found that it accuses
    nobody. Raises Misconfigured when no office may take it.
    """
    gathered = gather(
        session,
        text=text,
        now=now,
        language=language,
        service=service,
        place=place,
        office_code=office_code,
        about_staff=about_staff,
        last_place=last_place,
        location=location,
        held=held,
        prediction=prediction,
        cleared=cleared,
    )
    return choose(*gathered)


def gather(
    session: Session,
    *,
    text: str,
    now: datetime,
    language: str = "en",
    service: str | None = None,
    place: str | None = None,
    office_code: str | None = None,
    about_staff: bool = False,
    last_place: str | None = None,
    location: Mapping[str, float] | None = None,
    held: str = "",
    prediction: Prediction | None = None,
    cleared: bool = False,
) -> Gathered:
    """What `routing.rules.choose` and `explain` need, from the same as `route` is given."""
    prediction, without = (prediction, "") if prediction is not None else _understand(text, language, service)
    request = Request(
        text=text,
        service=service,
        place=place,
        office_code=office_code,
        about_staff=about_staff,
        language=language,
        prediction=prediction,
        no_prediction=without,
        last_place=last_place,
        held=held,
        at=spot_of(location),
        recognised=None if cleared else integrity.recognise(text, settings().models_dir),
        cleared=cleared,
        taught=_taught(session, text) if prediction is not None and service is None and not held else None,
    )
    known, day = catalogue(session), now.astimezone(settings().zone).date()
    return Gathered(_with_person(session, request, known, day), known, day)


def _with_person(session: Session, request: Request, known: Catalogue, day: date) -> Request:
    """With the member of staff an accusation names. Nobody looks into their own office, and whoever is named without
    an office is accused at their own."""
    if not (request.about_staff or request.recognised or (not request.cleared and integrity.accuses(request.text))):
        return request
    decision = choose(request, known, day)
    person = accused.named(session, known, request.text, decision.about_office_id)
    if person is None or decision.method is not Method.integrity:
        return request
    request = replace(request, named=person.name, named_id=person.staff_id)
    if decision.about_office_id is not None and decision.office_id not in person.offices:
        return request
    at = decision.office_id if decision.office_id in person.offices else min(person.offices)
    return replace(request, named_at=at)


def accusation(text: str) -> Accusation | None:
    """What a text accuses somebody of, by the rules or by what the recogniser has learnt."""
    return integrity.accuses(text) or integrity.recognise(text, settings().models_dir)


def suggestions_json(known: Catalogue, decision: Decision) -> list[dict[str, object]]:
    """What else it may have been about, as kept with the case: service and office by code and name, probability."""
    return [
        {
            "service": candidate.service,
            "service_name": name_of(known.services[candidate.service_id], "en"),
            "office": candidate.office,
            "office_name": known.name(candidate.office_id),
            "probability": round(candidate.probability, 4),
        }
        for candidate in decision.suggestions
    ]


def told(known: Catalogue, decision: Decision) -> dict[str, object]:
    """The rule that decided, for the timeline: its id, and its words as they stood then. Nothing where none did."""
    line = rule_of(known, decision.rule_id)
    return {"rule": str(line.id), "rule_said": rule_words(known, line)} if line is not None else {}


def shut_out(known: Catalogue, decision: Decision) -> list[Office]:
    """Offices that do not see the case, the accused one first."""
    return list(known.chain(decision.about_office_id)) if decision.about_office_id is not None else []


def rule_of(known: Catalogue, rule_id: UUID | None) -> Jurisdiction | None:
    """The line of the routing table with that id, while it is there."""
    return table_of(known).by_id.get(rule_id) if rule_id is not None else None


def place_named(known: Catalogue, text: str) -> str | None:
    """The name of the place that a text names; None for none."""
    found = index_of(known).place(text) if text.strip() else None
    return found.name if found else None


def answering(
    known: Catalogue, service: str, place: str | None, now: datetime, location: Mapping[str, float] | None = None
) -> Office | None:
    """The office that the routing table names for a service (by code) at a place, or where the citizen stood on the map
    (degrees); None where it names none."""
    asked = known.service_by_code.get(service)
    day = now.astimezone(settings().zone).date()
    found = Answering(known, day, Where(known, place=place, at=spot_of(location))).of(asked) if asked else None
    return found.office if found else None


def _taught(session: Session, text: str) -> Taught | None:
    memory = lessons.memory(session)
    return memory.taught(text) if memory is not None else None


def _understand(text: str, language: str, picked: str | None) -> tuple[Prediction | None, str]:
    model = classifier.current(settings().models_dir)
    if model is None:
        return None, "No model is trained yet"
    prediction = model.classify(text, language, picked)
    return (prediction, "") if prediction.labels else (None, "The text has no words that could be understood")
