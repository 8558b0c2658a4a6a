"""Routing with what it needs gathered: the catalogue, and what the current model makes of the text."""

from datetime import datetime

from sqlmodel import Session

from core.i18n import format_share
from core.settings import settings
from domain.catalogue import Catalogue, catalogue, name_of
from nlp import classifier
from nlp.classifier import Prediction
from routing.rules import Decision, Request, choose


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
    held: str = "",
    prediction: Prediction | None = None,
) -> Decision:
    """The accountable office for a message, and why. Costs no query beyond the catalogue's.

    `service` and `office_code` are codes that the citizen, a poster or a kiosk gave. A `prediction` made already (in a
    batch) is used as it is. Without a trained model what nothing else decides goes to triage, and the reason says so.
    Raises Misconfigured when no office may take it.
    """
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
    )
    return choose(request, catalogue(session), now.astimezone(settings().zone).date())


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


def explain(known: Catalogue, decision: Decision) -> list[str]:
    """A decision line by line, for a person: the office, why, what was understood, what else it may be."""
    office = known.offices[decision.office_id]
    lines = [f"{name_of(office, 'en')} ({office.code})", decision.reason]
    if decision.place:
        lines.append(f"Place: {decision.place}")
    if decision.service_id is not None:
        service = known.services[decision.service_id]
        lines.append(f"Service: {name_of(service, 'en')} ({service.code})")
    if decision.about_office_id is not None:
        lines.append(f"Shut out: {', '.join(above.code for above in known.chain(decision.about_office_id))}")
    if decision.confidence is not None:
        lines.append(f"Confidence {format_share(decision.confidence, 'en')}, model {decision.model}")
    lines += [
        f"Perhaps {name_of(known.services[candidate.service_id], 'en')}, {format_share(candidate.probability, 'en')}:"
        f" {known.name(candidate.office_id)} ({candidate.office})"
        for candidate in decision.suggestions
    ]
    return lines


def _understand(text: str, language: str, picked: str | None) -> tuple[Prediction | None, str]:
    model = classifier.current(settings().models_dir)
    if model is None:
        return None, "No model is trained yet"
    prediction = model.classify(text, language, picked)
    return (prediction, "") if prediction.labels else (None, "The text has no words that could be understood")
