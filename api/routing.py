"""Where would it go, and why did it go there: any text tried out, and any case one may see."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from fastapi import APIRouter, Request
from fastapi.responses import Response

import routing.service
from api import choices
from api.auth import Staffed
from api.forms import Filled
from api.pages import render
from cases import history, origins
from core.database import database
from core.errors import BadInput
from core.settings import settings
from core.texts import clean
from domain.catalogue import Catalogue, catalogue, name_of
from domain.states import Role
from domain.visibility import Viewer
from nlp import classifier
from nlp import language as languages
from routing.areas import read_spot
from routing.rules import Candidate, Decision, Step, explain

router = APIRouter(include_in_schema=False)

FIELDS = ("text", "place", "service", "office", "language", "at")
WORDS = 3
"""Words shown of those that weighed."""


@router.get("/staff/routing")
def show_routing(request: Request, staff: Staffed) -> Response:
    """A box for any text."""
    return _page(request, staff.viewer, {})


@router.post("/staff/routing")
def try_text(request: Request, staff: Staffed, form: Filled) -> Response:
    """Where a text would go. Nothing of it is stored, and it is in no address and no log."""
    return _page(request, staff.viewer, form)


def _page(request: Request, who: Viewer, form: Mapping[str, str]) -> Response:
    typed = {name: clean(form.get(name, ""), 4000) for name in FIELDS}
    errors: dict[str, str] = {}
    location = None
    if typed["at"]:
        try:
            latitude, longitude = read_spot(typed["at"])
            location = {"latitude": latitude, "longitude": longitude}
        except BadInput as error:
            errors["at"] = str(error)
    if form and not typed["text"]:
        errors["text"] = "Write what a citizen might write."
    spoken = settings().languages
    with database().read() as session:
        known = catalogue(session)
        answer = None
        if form and not errors:
            language = typed["language"] if typed["language"] in spoken else languages.detect(typed["text"], spoken)
            gathered = routing.service.gather(
                session,
                text=typed["text"],
                language=language or spoken[0],
                service=typed["service"] or None,
                place=typed["place"] or None,
                office_code=typed["office"] or None,
                location=location,
                now=datetime.now(UTC),
            )
            answer = answer_of(known, who, *explain(*gathered), text=typed["text"], picked=typed["service"] or None)
        context = {
            "typed": typed,
            "errors": errors,
            "answer": answer,
            "services": choices.services(known, "en"),
            "languages": list(spoken),
        }
    return render(request, "staff/routing.html", context, status=422 if errors else 200)


@router.get("/staff/cases/{reference}/routing")
def show_reasons(request: Request, staff: Staffed, reference: str) -> Response:
    """Why a case is where it is: every hop with its reason, and where it would go today."""
    now = datetime.now(UTC)
    with database().read() as session:
        known = catalogue(session)
        case = history.load(session, staff.viewer, reference)
        found = origins.today(session, case, now, staff.viewer)
        context = {
            "reference": case.reference,
            "office": known.name(case.office_id),
            "hops": [
                {
                    "kind": str(hop.kind),
                    "at": hop.at,
                    "office": hop.office,
                    "reason": hop.reason,
                    "by": hop.by,
                    "confidence": hop.confidence,
                    "model": hop.model,
                    "rule": hop.rule,
                    "rule_url": _rule_url(staff.viewer, hop.rule_id),
                    "given": _given(known, hop.given),
                    "kept_back": hop.kept_back,
                }
                for hop in origins.hops(session, case, staff.viewer)
            ],
            "today": answer_of(known, staff.viewer, *found, text=case.text) if found else None,
        }
    return render(request, "staff/case_routing.html", context)


def answer_of(
    known: Catalogue, who: Viewer, decision: Decision, steps: Sequence[Step], *, text: str, picked: str | None = None
) -> dict[str, object]:
    """A decision as the pages show it."""
    rule = routing.service.rule_of(known, decision.rule_id)
    shut_out = routing.service.shut_out(known, decision)
    return {
        "office": known.name(decision.office_id),
        "code": known.offices[decision.office_id].code,
        "reason": decision.reason,
        "triage": decision.triage,
        "place": decision.place or "",
        "steps": [{"what": step.what, "said": step.said, "decided": step.decided} for step in steps],
        "candidates": [_candidate(known, one, text, picked) for one in decision.suggestions],
        "model": decision.model or "",
        "rule": routing.service.told(known, decision).get("rule_said", ""),
        "rule_url": _rule_url(who, rule.id if rule else None),
        "shut_out": [f"{name_of(office, 'en')} ({office.code})" for office in shut_out],
    }


def _candidate(known: Catalogue, one: Candidate, text: str, picked: str | None) -> dict[str, object]:
    model = classifier.current(settings().models_dir)
    weighed = model.reasons(text, one.service, picked) if model is not None else ()
    return {
        "service": name_of(known.services[one.service_id], "en"),
        "office": f"{known.name(one.office_id)} ({one.office})",
        "probability": one.probability,
        "words": [reason.words for reason in weighed[:WORDS]],
    }


def _rule_url(who: Viewer, rule_id: object) -> str:
    return f"/staff/rules/{rule_id}" if rule_id is not None and who.has(Role.admin) else ""


def _given(known: Catalogue, given: Mapping[str, object]) -> list[str]:
    """What came with the words, in a few of ours."""
    said = {
        "service": f"service {choices.service_name(known, str(given.get('service')))}",
        "place": f"place {given.get('place')}",
        "office": f"code of {choices.office_name(known, str(given.get('office')))}",
        "last_place": f"wrote from {given.get('last_place')} before",
        "about_staff": "about staff or their conduct",
        "spot": "a spot on the map",
    }
    return [words for name, words in said.items() if given.get(name)]
