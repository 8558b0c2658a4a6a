"""Saved replies in the browser: the list, one with its versions, writing, publishing."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session, col, select

from api.auth import SignedIn, Staffed
from api.forms import Filled
from api.pages import render
from cases import reply_editing, saved_replies
from cases.reply_editing import Given, Use
from core.database import database
from core.errors import BadInput, NotAllowed, NotFound, OmbudError
from core.i18n import direction, format_datetime, language_name
from core.settings import settings
from domain.answer import SavedReply, SavedReplyVersion
from domain.catalogue import Catalogue, catalogue, name_of
from domain.staff import Staff
from domain.states import ReplyState
from notifications.segments import for_sms, weigh

router = APIRouter(include_in_schema=False)

SAID = {
    "draft": "Kept as a draft. Somebody else who leads the office publishes it.",
    "published": "Published. It is offered in the answer box from now on.",
    "withdrawn": "It is offered no more. Its versions are kept.",
}
STATES = {
    ReplyState.draft: ("waits to be published", "soon"),
    ReplyState.published: ("in use", "well"),
    ReplyState.replaced: ("replaced", ""),
    ReplyState.withdrawn: ("withdrawn", ""),
}


def _now() -> datetime:
    return datetime.now(UTC)


@router.get("/staff/replies")
def show_replies(request: Request, staff: Staffed, said: str = "") -> Response:
    """All replies of one's offices and those above."""
    _flash(request, said)
    with database().read() as session:
        known, who = catalogue(session), staff.viewer
        _may_read(known, staff)
        rows = session.exec(
            select(SavedReply, SavedReplyVersion)
            .join(SavedReplyVersion, col(SavedReplyVersion.reply_id) == col(SavedReply.id))
            .where(col(SavedReply.office_id).in_(reply_editing.reads(known, who)))
            .order_by(col(SavedReplyVersion.number).desc())
        ).all()
        shown: dict[UUID, dict[str, object]] = {}
        used = reply_editing.uses(session, who, [reply.id for reply, _ in rows])
        for reply, version in rows:
            line = shown.setdefault(reply.id, _line(known, reply, version, used.get(reply.id, Use())))
            if version.state == ReplyState.published:
                line |= {"title": version.title, "languages": sorted(version.bodies), "live": True}
        context = {
            "replies": sorted(shown.values(), key=lambda line: (str(line["office"]), str(line["title"]).casefold())),
            "may_write": bool(reply_editing.writes_for(known, who)),
        }
    return render(request, "staff/saved_replies.html", context)


def _line(known: Catalogue, reply: SavedReply, newest: SavedReplyVersion, use: Use) -> dict[str, object]:
    text, tone = STATES[ReplyState(newest.state)]
    return {
        "id": str(reply.id),
        "title": newest.title,
        "office": known.name(reply.office_id),
        "service": _service(known, reply.service_id),
        "languages": sorted(newest.bodies),
        "state": text,
        "tone": tone,
        "live": False,
        "sent": use.sent,
        "edited": use.edited,
    }


@router.get("/staff/replies/new")
def show_new(request: Request, staff: Staffed) -> Response:
    """An empty form."""
    return _page(request, staff, None)


@router.post("/staff/replies/new")
def add(request: Request, staff: Staffed, form: Filled) -> Response:
    """Keep a new reply as a draft, or look at it first."""
    return _write(request, staff, form, None)


@router.get("/staff/replies/{reply_id}")
def show_reply(request: Request, staff: Staffed, reply_id: str, said: str = "") -> Response:
    """One reply: its words, its versions, who sent it how often."""
    _flash(request, said)
    return _page(request, staff, _id(reply_id))


@router.post("/staff/replies/{reply_id}")
def change(request: Request, staff: Staffed, form: Filled, reply_id: str) -> Response:
    """Look, keep a new version, publish it or withdraw the reply."""
    wanted, go, seen = _id(reply_id), form.get("go", ""), _number(form.get("seen", ""))
    if go not in ("publish", "withdraw"):
        return _write(request, staff, form, wanted)
    try:
        with database().write() as session:
            if go == "publish":
                reply_editing.publish(session, staff.viewer, wanted, seen, _now())
            else:
                reply_editing.withdraw(session, staff.viewer, wanted, seen)
    except NotFound:
        raise
    except OmbudError as error:
        return _page(request, staff, wanted, problem=error)
    return RedirectResponse(f"/staff/replies/{wanted}?said={'published' if go == 'publish' else 'withdrawn'}", 303)


def _write(request: Request, staff: SignedIn, form: Mapping[str, str], reply_id: UUID | None) -> Response:
    try:
        with database().write() as session:
            known = catalogue(session)
            given = _given(known, form)
            if form.get("go") != "save":
                saved_replies.check(given.title, given.bodies)
                return _page(request, staff, reply_id, typed=form)
            seen = _number(form.get("seen", ""))
            reply = reply_editing.write(session, staff.viewer, reply_id, given, seen, _now())
            wanted = reply.id
    except NotFound:
        raise
    except OmbudError as error:
        return _page(request, staff, reply_id, typed=form, problem=error)
    return RedirectResponse(f"/staff/replies/{wanted}?said=draft", 303)


def _given(known: Catalogue, form: Mapping[str, str]) -> Given:
    office = known.office_by_code.get(form.get("office", "").upper())
    service = known.service_by_code.get(form.get("service", ""))
    bodies = {language: form.get(f"body-{language}", "") for language in settings().languages}
    return Given(form.get("title", ""), bodies, office.id if office else None, service.id if service else None)


def _page(
    request: Request,
    staff: SignedIn,
    reply_id: UUID | None,
    *,
    typed: Mapping[str, str] | None = None,
    problem: OmbudError | None = None,
) -> Response:
    with database().read() as session:
        known, who = catalogue(session), staff.viewer
        _may_read(known, staff)
        reply = reply_editing.load(session, who, reply_id) if reply_id else None
        kept: Sequence[SavedReplyVersion] = reply_editing.versions(session, reply) if reply else []
        writes = reply_editing.writes_for(known, who)
        leads = reply is not None and reply.office_id in reply_editing.publishes_for(known, who)
        newest = kept[0] if kept else None
        if reply is None and not writes:
            raise NotAllowed("You do not write saved replies.", mend="Ask somebody who answers citizens.")
        bodies = {
            language: typed.get(f"body-{language}", "")
            if typed is not None
            else (newest.bodies.get(language, "") if newest else "")
            for language in settings().languages
        }
        waits = newest is not None and newest.state == ReplyState.draft
        context = {
            "id": str(reply.id) if reply else "",
            "title": typed.get("title", "") if typed is not None else newest.title if newest else "",
            "office": known.name(reply.office_id) if reply else "",
            "service": _service(known, reply.service_id) if reply else "",
            "chosen": {"office": (typed or {}).get("office", ""), "service": (typed or {}).get("service", "")},
            "offices": [{"label": "", "options": _options(known, writes)}],
            "services": [{"label": "", "options": _services(known)}],
            "bodies": [_body(known, staff, language, text) for language, text in bodies.items()],
            "variables": [{"name": "{" + name + "}", "what": what} for name, what in saved_replies.VARIABLES.items()],
            "seen": newest.number if newest else 0,
            "state": STATES[ReplyState(newest.state)] if newest else ("", ""),
            "may_write": reply is None or reply.office_id in writes,
            "may_publish": waits
            and leads
            and newest is not None
            and (newest.written_by is None or newest.written_by != who.staff_id),
            "waits": waits,
            "may_withdraw": leads and any(one.state in (ReplyState.published, ReplyState.draft) for one in kept),
            "versions": _versions(session, kept),
            "people": _people(session, staff, reply) if leads and reply else [],
            "errors": dict(problem.fields) if isinstance(problem, BadInput) else {},
        }
    if problem is not None and not context["errors"]:
        request.state.flash = {"text": str(problem), "tone": "late", "undo": ""}
    return render(request, "staff/saved_reply.html", context, status=problem.status if problem else 200)


def _body(known: Catalogue, staff: SignedIn, language: str, text: str) -> dict[str, object]:
    """The words in one language, and how they may look on a phone."""
    office = next((known.name(one, language) for one in sorted(staff.viewer.home, key=str)), "")
    service = next((name_of(one, language) for one in known.services.values()), "")
    sample = {"reference": "K7QF-3M9X", "office": office, "service": service, "place": "…", "officer": staff.name}
    sample["date"] = format_datetime(_now(), language, settings().zone, "day")
    filled = for_sms(saved_replies.fill(text, sample)).strip()
    return {
        "language": language,
        "name": language_name(language),
        "dir": direction(language),
        "text": text,
        "look": filled,
        "segments": weigh(filled).segments if filled else 0,
    }


def _versions(session: Session, rows: Sequence[SavedReplyVersion]) -> list[dict[str, object]]:
    ids = {one.written_by for one in rows} | {one.published_by for one in rows}
    names = dict(session.exec(select(Staff.id, Staff.name).where(col(Staff.id).in_(ids))).all())
    return [
        {
            "number": one.number,
            "title": one.title,
            "state": STATES[ReplyState(one.state)],
            "by": names.get(one.written_by, "") if one.written_by else "command line",
            "at": one.written_at,
            "published_by": names.get(one.published_by, "") if one.published_by else "",
            "bodies": sorted(one.bodies.items()),
        }
        for one in rows
    ]


def _people(session: Session, staff: SignedIn, reply: SavedReply) -> list[dict[str, object]]:
    found = reply_editing.uses_by_person(session, staff.viewer, reply.id)
    names = dict(session.exec(select(Staff.id, Staff.name).where(col(Staff.id).in_([one for one, _ in found]))).all())
    return [{"name": names.get(one, ""), "sent": use.sent, "edited": use.edited} for one, use in found]


def _options(known: Catalogue, offices: frozenset[UUID]) -> list[dict[str, str]]:
    found = [known.offices[one] for one in offices if one in known.offices and known.offices[one].active]
    return sorted(
        ({"code": office.code, "name": name_of(office, "en")} for office in found), key=lambda one: one["name"]
    )


def _services(known: Catalogue) -> list[dict[str, str]]:
    found = ({"code": code, "name": name_of(service, "en")} for code, service in known.service_by_code.items())
    return sorted(found, key=lambda one: one["name"])


def _service(known: Catalogue, service_id: UUID | None) -> str:
    service = known.services.get(service_id) if service_id else None
    return name_of(service, "en") if service else ""


def _may_read(known: Catalogue, staff: SignedIn) -> None:
    if not reply_editing.reads(known, staff.viewer):
        raise NotAllowed("Saved replies are for those who answer citizens.", mend="Ask your administrator.")


def _flash(request: Request, said: str) -> None:
    if said in SAID:
        request.state.flash = {"text": SAID[said], "tone": "well", "undo": ""}


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise NotFound("There is no such saved reply.", mend="Choose one from the list.") from error


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0
