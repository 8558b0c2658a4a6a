"""`/report`: what happened, one question a page. Plain forms; see `report_flow` for what travels in them."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import urlsplit

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from api import choices, report_files, report_guard, report_lookup, report_sent, throttle
from api.forms import Posted
from api.pages import CONTENT_SECURITY_POLICY, choose_language, render
from api.report_files import Uploaded
from api.report_flow import FIELDS, QUESTIONS, SHOWN, STEPS, Draft, picked_now, step_of, steps, ways_to_answer
from api.ways import ways
from cases import neighbours
from channels.forms import N_
from core.database import database
from core.errors import TooMany
from core.i18n import translator
from core.ids import new_id
from core.settings import settings
from core.texts import clean
from domain.catalogue import Catalogue, catalogue
from routing.places import index_of

router = APIRouter(include_in_schema=False)

KEPT = {"Cache-Control": "private, no-cache"}
"""The pages of a report may be kept by the browser that asked for them: with no-store its way back would be an error
page instead of what was typed. The receipt is not kept."""
TOO_MANY_UPLOADS = N_("Too many pictures came from your network. Try again in ten minutes, or go on without.")
NOTHING_FOUND = N_("We found nothing like that. Try another word, look through the list, or go on without.")


@router.get("/report")
def show_report(request: Request, office: str = "", service: str = "", place: str = "") -> Response:
    """First question of a report. A poster's code, or a link from elsewhere, may say office, service or place."""
    values = dict.fromkeys(FIELDS, "")
    values |= {"service": clean(service, 64), "place": clean(place, 200), "office": clean(office, 32)}
    return _page(request, _fresh(Draft(values=values)))


@router.get("/report/files")
def show_files() -> Response:
    """The pictures are a page in the middle; whoever comes here by an address starts at the beginning."""
    return RedirectResponse("/report", 303)


@router.post("/report")
def post_report(request: Request, form: Posted) -> Response:
    """One step further, one back, or sent."""
    return _take(request, Draft.of(form), form)


@router.post("/report/files")
def post_files(request: Request, form: Uploaded) -> Response:
    """The same with pictures: kept first, so that none is lost whatever else is wrong."""
    draft = Draft.of(form.fields)
    go = form.fields.get("go", "next")
    lang, _ = choose_language(request)
    kind, _, attachment_id = go.partition(":")
    if kind == "remove":
        report_files.remove(draft.form_id, attachment_id)
        return _page(request, _fresh(draft))
    errors: dict[str, str] = {}
    if form.files:
        try:
            throttle.spend("upload", throttle.address_of(request))
            errors = report_files.keep(draft.form_id, form.files, datetime.now(UTC))
        except TooMany:
            errors = {"file": TOO_MANY_UPLOADS}
    if errors or kind == "add":
        return _page(request, _fresh(draft), errors=_said(errors, lang))
    return _take(request, draft, form.fields)


def _take(request: Request, draft: Draft, form: Mapping[str, str]) -> Response:
    lang, _ = choose_language(request)
    draft = _fresh(draft)
    go = form.get("go", "next")
    typed = clean(form.get("q", ""), 120)
    if go == "nowhere":
        draft = replace(draft, values={**draft.values, "latitude": "", "longitude": ""})
        go = "stay"
    if go == "enter" and typed != form.get("looked", typed):
        go = "search"
    if go in ("stay", "search") or go.startswith("group:"):
        return _page(request, draft, typed=typed, go=go)
    if go == "back":
        return _page(request, replace(draft, step=_beside(draft, -1), returning=False))
    if go in STEPS:
        return _page(request, replace(draft, step=go, returning=draft.step == "check"))
    if go != "send" and _unlooked(draft, form, typed):
        return _page(request, draft, typed=typed, go="search")
    if draft.step == "similar" and go in ("same", "other"):
        draft = replace(draft, values={**draft.values, "same": "yes" if go == "same" else "no"})
    errors = _said(draft.mistakes(lang, "check" if go == "send" else draft.step), lang)
    if errors:
        return _page(request, draft.at(step_of(next(iter(errors)))), errors=errors)
    if go == "send":
        return _send(request, draft, lang)
    if draft.returning:
        wrong = draft.mistakes(lang, "check")
        return _page(request, replace(draft, step=step_of(next(iter(wrong))) if wrong else "check", returning=False))
    return _page(request, draft.at(_beside(draft, 1)))


def _said(errors: Mapping[str, str], lang: str) -> dict[str, str]:
    return {name: translator(lang).gettext(text) for name, text in errors.items()}


def _unlooked(draft: Draft, form: Mapping[str, str], typed: str) -> bool:
    """Whether something was typed into the search that was not looked for yet, and nothing was picked."""
    if draft.step not in ("about", "where") or not typed or typed == form.get("looked", ""):
        return False
    return not form.get("service" if draft.step == "about" else "where")


def _fresh(draft: Draft) -> Draft:
    """The draft with an id and a start; one that is missing or of another form begins anew."""
    form_id = draft.form_id or str(new_id())
    if report_guard.opened_at(draft.started, form_id) is not None or draft.step != "what":
        return replace(draft, form_id=form_id)
    return replace(draft, form_id=form_id, started=report_guard.start_of(form_id, datetime.now(UTC)))


def _beside(draft: Draft, by: int) -> str:
    """The step after (1) or before (-1) the one the draft is at."""
    order = steps(similar=draft.step == "similar" or _others(draft) is not None)
    here = order.index(draft.step) if draft.step in order else order.index("where")
    return order[min(max(here + by, 0), len(order) - 1)]


def _others(draft: Draft) -> neighbours.Neighbours | None:
    """What others told us about the same service in the same place."""
    if not draft.values["service"] or not draft.values["place"] or draft.values["about_staff"]:
        return None
    with database().read() as session:
        known = catalogue(session)
        service = known.service_by_code.get(draft.values["service"])
        place = index_of(known).place(draft.values["place"])
        if service is None or place is None:
            return None
        return neighbours.alike(session, service.id, place.name, datetime.now(UTC))


def _send(request: Request, draft: Draft, lang: str) -> Response:
    try:
        throttle.spend("report", throttle.address_of(request))
    except TooMany as error:
        return _page(request, draft.at("check"), wait=error.retry_after)
    return report_sent.send(request, draft, lang) or _page(request, draft.at("check"), stored=True)


def _page(
    request: Request,
    draft: Draft,
    *,
    errors: Mapping[str, str] | None = None,
    typed: str = "",
    go: str = "",
    wait: int = 0,
    stored: bool = False,
) -> Response:
    """The page of one step; `wait` is how many seconds a network that sent too much has to wait. `stored`: it was sent
    and is safe, but has no number yet."""
    lang, _ = choose_language(request)
    with database().read() as session:
        known = catalogue(session)
        context = _shared(draft, known, lang) | _of_step(session, known, draft, lang, typed, go)
    others = _others(draft) if draft.step == "similar" else None
    context |= {
        "errors": dict(errors or {}),
        "others": others,
        "wait": wait,
        "stored": stored,
        "now": datetime.now(UTC),
        "ways": ways(),
        "tiles": _tiles() if draft.step == "where" else None,
    }
    headers = dict(KEPT)
    if wait:
        headers["Retry-After"] = str(wait)
    if context["tiles"] is not None:
        headers["Content-Security-Policy"] = _with_tiles()
    return render(
        request,
        "citizen/report.html",
        context,
        status=422 if errors else 429 if wait else 202 if stored else 200,
        headers=headers,
    )


def _shared(draft: Draft, known: Catalogue, lang: str) -> dict[str, object]:
    values = dict(draft.values)
    office = known.office_by_code.get(values["office"].upper())
    place = report_lookup.label(values | {"office": ""}, known, lang) or values["place"]
    counted = [step for step in QUESTIONS if step in steps(similar=False)]
    return {
        "step": draft.step,
        "values": values,
        "carried": {name: values[name] for name in FIELDS if name not in SHOWN[draft.step]},
        "form_id": draft.form_id,
        "started": draft.started,
        "returning": draft.returning,
        "office_name": known.name(office.id, lang) if office else "",
        "place_name": place,
        "service_name": report_lookup.service_name(known, values["service"], lang),
        "question": counted.index(draft.step) + 1 if draft.step in counted else 0,
        "questions": len(counted),
        "answer_days": choices.answer_days(),
        "ways_to_answer": ways_to_answer(),
        "megabytes": settings().attachment_limit_bytes // 1_000_000,
    }


def _of_step(session: Session, known: Catalogue, draft: Draft, lang: str, typed: str, go: str) -> dict[str, object]:
    """What a step offers: to pick from, uploaded so far."""
    offered: list[report_lookup.Choice] = []
    groups: list[report_lookup.Group] = []
    picked: report_lookup.Choice | None = None
    values = draft.values
    match draft.step:
        case "about":
            groups = report_lookup.service_groups(known, lang)
            if values["service"] and (name := report_lookup.service_name(known, values["service"], lang)):
                picked = report_lookup.Choice(values["service"], name)
            offered = report_lookup.find_services(known, typed, lang) if typed else []
            if not typed and picked is None:
                offered = report_lookup.guess_services(known, values["text"], lang)
        case "where":
            groups = report_lookup.place_groups(known, lang)
            value = picked_now(values)
            if value:
                picked = report_lookup.place_of(known, value, lang)
                picked = picked or report_lookup.Choice(value, values["place"] or values["office"])
            offered = report_lookup.find_places(known, typed, lang) if typed else []
            if not typed and picked is None:
                found = report_lookup.place_of(known, f"p:{values['text']}", lang)
                offered = [found] if found else []
    opened = report_lookup.opened_group(groups, go)
    nothing = translator(lang).gettext(NOTHING_FOUND) if typed and not offered else ""
    if opened is not None:
        offered, typed, nothing = list(opened.choices), "", ""
    return {
        "offered": [choice for choice in offered if picked is None or choice.value != picked.value],
        "picked": picked,
        "groups": groups,
        "opened": opened,
        "typed": typed,
        "guessed": bool(offered) and not typed and opened is None,
        "nothing": nothing,
        "files": report_files.kept(session, draft.form_id) if draft.step in ("files", "check") else [],
        "room": report_files.room(),
    }


def _tiles() -> dict[str, object] | None:
    """What the map needs; None where none is set up."""
    current = settings()
    if not current.tile_url:
        return None
    return {"url": current.tile_url, "attribution": current.tile_attribution, "start": current.tile_start}


def _with_tiles() -> str:
    """The policy of a page with a map: pictures from the tile server too, and nothing else from anywhere."""
    parts = urlsplit(settings().tile_url)
    return CONTENT_SECURITY_POLICY.replace("img-src 'self'", f"img-src 'self' {parts.scheme}://{parts.netloc}")
