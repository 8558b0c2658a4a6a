"""Actions of the reviews: one's own, and each with what happened to it and whether it helped."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from api import cause_part, effect_view
from api.auth import SignedIn, Staffed
from api.causes import uuid_of
from api.forms import Filled
from api.pages import choose_language, render
from core.database import database
from core.errors import BadInput, Conflict, NotAllowed, NotFound, OmbudError
from core.i18n import format_datetime, translator
from core.settings import settings
from domain.case import Case
from domain.catalogue import catalogue
from domain.review import Action, ActionAct, ActionEntry
from domain.staff import Staff
from reviews import actions, causes, chairs, effects, owners
from reviews.actions import Promise

router = APIRouter(include_in_schema=False)

SAID = {
    "done": "Done. The next meeting reads what came of it.",
    "drop": "Given up. The next meeting reads why.",
    "back": "It is to do again.",
    "move": "Moved. That it was is counted.",
    "hand": "Handed over.",
    "cause": "Kept.",
}
UNDO = ("done", "drop")
"""What the notice that follows can take back."""
STEPS = {
    "owner": "its owner",
    "head": "the head of the office",
    "parent_office": "the office above",
    "leadership": "the leadership",
    "nobody": "nobody",
}
FIELDS = ("done_note", "why", "due_on", "owner", "cause")


@router.get("/staff/actions")
def show_mine(request: Request, staff: Staffed, said: str = "", about: str = "") -> Response:
    """What somebody said they would do."""
    _flash(request, said, about)
    return _list(request, staff)


@router.get("/staff/actions/{action_id}")
def show_action(request: Request, staff: Staffed, action_id: str, of: str = "", said: str = "") -> Response:
    """One action: what happened to it, and whether complaints fell afterwards. `of` is what is counted."""
    _flash(request, said, action_id)
    return _page(request, staff, action_id, of=of)


Act = Callable[[Session, SignedIn, UUID, dict[str, str], datetime], object]


def _move(session: Session, staff: SignedIn, about: UUID, form: dict[str, str], now: datetime) -> object:
    return actions.move(session, staff.viewer, about, _date(form.get("due_on", "")), form.get("why", ""), now)


def _hand(session: Session, staff: SignedIn, about: UUID, form: dict[str, str], now: datetime) -> object:
    return actions.hand_over(session, staff.viewer, about, uuid_of(form.get("owner", "")), form.get("why", ""), now)


def _cause(session: Session, staff: SignedIn, about: UUID, form: dict[str, str], now: datetime) -> object:
    return actions.give_cause(session, staff.viewer, about, cause_part.typed(session, staff, form, now))


DO: dict[str, Act] = {
    "done": lambda session, staff, about, form, now: actions.finish(
        session, staff.viewer, about, form.get("done_note", ""), now
    ),
    "drop": lambda session, staff, about, form, now: actions.drop(
        session, staff.viewer, about, form.get("why", ""), now
    ),
    "back": lambda session, staff, about, form, now: actions.take_back(session, staff.viewer, about, now),
    "move": _move,
    "hand": _hand,
    "cause": _cause,
}


@router.post("/staff/actions/{action_id}/{act}")
def post_act(request: Request, staff: Staffed, form: Filled, action_id: str, act: str) -> Response:
    """Say what becomes of an action. `from_list` goes back to one's own actions."""
    about, do = uuid_of(action_id), DO.get(act)
    if about is None or do is None:
        raise NotFound("There is no such action.", mend="Look in the list of the meeting, or in your own.")
    try:
        with database().write() as session:
            do(session, staff, about, form, datetime.now(UTC))
    except (BadInput, Conflict, NotAllowed) as error:
        return _page(request, staff, action_id, problem=error, typed=form, act=act)
    if form.get("from_list"):
        return RedirectResponse(f"/staff/actions?{urlencode({'said': act, 'about': about})}", status_code=303)
    return RedirectResponse(f"/staff/actions/{about}?{urlencode({'said': act})}", status_code=303)


def _flash(request: Request, said: str, about: str) -> None:
    if said in SAID:
        undo = f"/staff/actions/{about}/back" if said in UNDO and uuid_of(about) else ""
        request.state.flash = {"text": SAID[said], "tone": "well", "undo": undo}


def _list(request: Request, staff: SignedIn) -> Response:
    now, lang = datetime.now(UTC), translator(choose_language(request, staff)[0]).language
    today = now.astimezone(settings().zone).date()
    with database().read() as session:
        found = actions.mine(session, staff.viewer, now)
        known = catalogue(session)
        lines = [_line(one, today) | {"office": known.name(one.action.office_id, lang)} for one in found]
    to_do = [one for one in lines if one["state"] == "to_do"]
    context = {
        "to_do": to_do,
        "settled": [one for one in lines if one["state"] != "to_do"],
        "late": sum(bool(one["late"]) for one in to_do),
    }
    return render(request, "staff/actions.html", context)


def _line(one: Promise, today: date) -> dict[str, object]:
    action = one.action
    return {
        "id": str(action.id),
        "what": action.what,
        "owner": one.owner,
        "due_on": action.due_on,
        "late": one.late(today),
        "week": one.week,
        "reference": one.reference,
        "state": "done" if action.done_at else "dropped" if action.dropped_at else "to_do",
        "settled_at": action.settled_at,
        "note": action.done_note or "",
        "moves": action.moves,
        "weeks": one.weeks,
        "next": STEPS.get(one.next_step, "") if action.settled_at is None else "",
        "next_at": one.next_at,
        "climbed": [step(name) for name in one.climbed],
        "may_move": action.due_on >= today,
    }


def step(name: str) -> str:
    """A step of the ladder in words; that of an office above comes with its code."""
    tell, _, code = name.partition(":")
    return STEPS.get(tell, tell) + (f" ({code})" if code else "")


def _page(
    request: Request,
    staff: SignedIn,
    action_id: str,
    *,
    of: str = "",
    problem: OmbudError | None = None,
    typed: dict[str, str] | None = None,
    act: str = "",
) -> Response:
    about, now, who = uuid_of(action_id), datetime.now(UTC), staff.viewer
    words = translator(choose_language(request, staff)[0])
    if about is None:
        raise NotFound("There is no such action.", mend="Look in the list of the meeting, or in your own.")
    errors = dict(problem.fields) if isinstance(problem, BadInput) else {}
    if problem is not None and not errors:
        request.state.flash = {"text": str(problem), "tone": "late", "undo": ""}
    today = now.astimezone(settings().zone).date()
    with database().read() as session:
        action = actions.action(session, who, about)
        (promise,) = actions.promises(session, who, [action])
        known, every = catalogue(session), causes.causes(session, who)
        asked = next((one for one in effects.About if one == of), None)
        question = effects.of_action(session, action, asked, every)
        cause = every.name(action.cause_id, words.language) if action.cause_id else ""
        found = effects.effect(session, who, question, now, action.id)
        chairs_it = chairs.chairs(session, who, action.office_id)
        settles = actions.settles(session, who, action)
        line = _line(promise, today)
        context = {
            "action": line | {"may_move": settles and (chairs_it or bool(line["may_move"]))},
            "office": known.name(action.office_id, words.language),
            "review": f"/staff/reviews/{known.offices[action.office_id].code}/{promise.week.isoformat()}"
            if chairs.attends(session, who, action.office_id)
            else "",
            "raised_to": known.name(action.raised_to_id, words.language) if action.raised_to_id else "",
            "cause": {"id": str(every.standing(action.cause_id)), "name": cause} if action.cause_id and cause else None,
            "may_settle": settles,
            "may_hand": chairs_it,
            "people": _people(session, action, now) if chairs_it else [],
            "entries": [_entry(entry, by, words.language) for entry, by in actions.history(session, who, action)],
            "effect": effect_view.view(found, known, cause, words),
            "of": str(question.about),
            "ways": [
                str(one)
                for one in effects.ways(session.get(Case, action.case_id) if action.case_id else None, action.cause_id)
            ],
            "offered": cause_part.offered(session, who, words.language) if settles else [],
            "typed": {name: (typed or {}).get(name, "") for name in FIELDS},
            "errors": errors,
            "act": act if problem is not None else "",
            "ask": cause_part.asks(errors),
        }
    return render(request, "staff/action.html", context, status=problem.status if problem else 200)


def _people(session: Session, action: Action, now: datetime) -> list[dict[str, str]]:
    people: list[Staff] = owners.people(session, action.office_id, now)
    return [{"id": str(one.id), "name": one.name} for one in people if one.id != action.owner_id]


def _entry(entry: ActionEntry, by: str, lang: str) -> dict[str, object]:
    return {"at": entry.at, "by": by, "text": _told(entry, lang), "note": entry.note if by else ""}


def _told(entry: ActionEntry, lang: str) -> str:
    match ActionAct(entry.act):
        case ActionAct.done:
            return "done"
        case ActionAct.dropped:
            return "given up"
        case ActionAct.taken_back:
            return "to do again"
        case ActionAct.moved:
            before, after = (_day(one, lang) for one in (entry.before, entry.after))
            return f"moved from {before} to {after}"
        case ActionAct.handed_over:
            return f"handed over from {entry.before} to {entry.after}"
        case ActionAct.climbed:
            skipped = f"; passed over: {entry.before}" if entry.before else ""
            told = f": {entry.note}" if entry.note else ""
            return f"past its day, {step(entry.after)} told{told}{skipped}"


def _day(text: str, lang: str) -> str:
    day = _date(text)
    return format_datetime(day, lang, settings().zone, "date") if day else text


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        return None
