"""The meeting on the wall: one thing at a time in big type, and what is written down in it."""

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlmodel import Session

from api.auth import SignedIn, Staffed
from api.forms import Filled
from api.pages import render
from api.review_place import back, place, read_date, read_id
from api.review_wall_view import context_of
from cases import history
from core.database import database
from core.errors import BadInput, Conflict, NotAllowed, NotFound, OmbudError
from core.i18n import SOURCE_LANGUAGE
from reviews import actions, causes, chairs, holding, meeting, packs, reading

router = APIRouter(include_in_schema=False)

WALL = "/staff/reviews/{office_code}/{week}/wall"
SAID = {
    "begun": "The meeting has begun.",
    "here": "Kept.",
    "kept": "Kept, here and in the history of the case.",
    "added": "The action is kept.",
    "done": "Done.",
    "checked": "Kept.",
    "raised": "Handed up.",
    "raised-back": "It is not handed up.",
    "closed": "The meeting is over. Its minutes are out.",
}
REPEATED = range(2, meeting.WHYS + 1)

Write = Callable[[Session, UUID, datetime], None]


@router.get(WALL)
def show_wall(request: Request, staff: Staffed, office_code: str, week: str, at: str = "", said: str = "") -> Response:
    """One thing of the meeting, by its name in `at`."""
    if said in SAID:
        undo = ""
        if said == "raised":
            undo = f"{request.url.path}/cases/{at.removeprefix('case-')}/raise-undo"
        request.state.flash = {"text": SAID[said], "tone": "well", "undo": undo}
    return _page(request, staff, office_code, week, at)


@router.post(WALL + "/here")
def post_here(request: Request, staff: Staffed, form: Filled, office_code: str, week: str) -> Response:
    """Keep who is here; with it a meeting begins. `was` is who was marked when the list was shown."""

    def keep(session: Session, review_id: UUID, now: datetime) -> None:
        came = {one for name in form if name.startswith("here-") and (one := read_id(name.removeprefix("here-")))}
        was = {one for text in form.get("was", "").split(",") if (one := read_id(text))}
        other = read_id(form.get("other", ""))
        holding.note_attendance(session, staff.viewer, review_id, came | ({other} if other else set()), was, now)

    return _do(request, staff, form, office_code, week, "here", "here", keep)


@router.post(WALL + "/cases/{reference}")
def post_decision(
    request: Request, staff: Staffed, form: Filled, office_code: str, week: str, reference: str
) -> Response:
    """Keep why it happened and what was decided, with its cause and an action where these are given."""

    def keep(session: Session, review_id: UUID, now: datetime) -> None:
        case_id = history.load(session, staff.viewer, reference).id
        wrong: dict[str, str] = {}
        whys = [form.get("why", ""), *(form.get(f"why{number}", "") for number in REPEATED)]
        for step in (
            lambda: meeting.decide(session, staff.viewer, review_id, case_id, whys, form.get("decision", ""), now),
            lambda: _cause(session, staff, review_id, case_id, form, now),
            lambda: _action(session, staff, review_id, case_id, form, now),
        ):
            try:
                step()
            except BadInput as error:
                wrong |= error.fields
        if wrong:
            raise BadInput("Something is missing.", mend="Mend what is marked.", fields=wrong)

    return _do(request, staff, form, office_code, week, f"case-{reference}", "kept", keep)


@router.post(WALL + "/cases/{reference}/actions")
def post_action(
    request: Request, staff: Staffed, form: Filled, office_code: str, week: str, reference: str
) -> Response:
    """One more action about a case that is decided."""

    def keep(session: Session, review_id: UUID, now: datetime) -> None:
        case_id = history.load(session, staff.viewer, reference).id
        _action(session, staff, review_id, case_id, form, now, needed=True)

    return _do(request, staff, form, office_code, week, f"case-{reference}", "added", keep)


@router.post(WALL + "/cases/{reference}/raise")
def post_raise(request: Request, staff: Staffed, form: Filled, office_code: str, week: str, reference: str) -> Response:
    """Hand a case up to the meeting of the office above."""

    def keep(session: Session, review_id: UUID, now: datetime) -> None:
        case_id = history.load(session, staff.viewer, reference).id
        holding.raise_case(session, staff.viewer, review_id, case_id, form.get("raise_why", ""), now)

    return _do(request, staff, form, office_code, week, f"case-{reference}", "raised", keep)


@router.post(WALL + "/cases/{reference}/raise-undo")
def post_raise_undo(
    request: Request, staff: Staffed, form: Filled, office_code: str, week: str, reference: str
) -> Response:
    """Hand it up after all not."""

    def keep(session: Session, review_id: UUID, now: datetime) -> None:
        holding.take_back(session, staff.viewer, review_id, history.load(session, staff.viewer, reference).id, now)

    return _do(request, staff, form, office_code, week, f"case-{reference}", "raised-back", keep)


@router.post(WALL + "/checks/{reference}")
def post_check(request: Request, staff: Staffed, form: Filled, office_code: str, week: str, reference: str) -> Response:
    """Keep what was found in a closed case that was drawn."""

    def keep(session: Session, review_id: UUID, now: datetime) -> None:
        case_id = history.load(session, staff.viewer, reference).id
        sound = {"yes": True, "no": False}.get(form.get("sound", ""))
        holding.check(session, staff.viewer, review_id, case_id, sound, form.get("note", ""), now)

    return _do(request, staff, form, office_code, week, f"check-{reference}", "checked", keep)


@router.post(WALL + "/promises")
def post_promise(request: Request, staff: Staffed, form: Filled, office_code: str, week: str) -> Response:
    """An action about no single case."""

    def keep(session: Session, review_id: UUID, now: datetime) -> None:
        _action(session, staff, review_id, None, form, now, needed=True)

    return _do(request, staff, form, office_code, week, "end", "added", keep)


@router.post(WALL + "/promises/{action_id}")
def post_done(request: Request, staff: Staffed, form: Filled, office_code: str, week: str, action_id: UUID) -> Response:
    """Mark an action of an earlier meeting done."""

    def keep(session: Session, review_id: UUID, now: datetime) -> None:
        actions.finish(session, staff.viewer, action_id, form.get("done_note", ""), now)

    return _do(request, staff, form, office_code, week, "promises", "done", keep)


@router.post(WALL + "/close")
def post_close(request: Request, staff: Staffed, form: Filled, office_code: str, week: str) -> Response:
    """End the meeting: its minutes are out."""

    def keep(session: Session, review_id: UUID, now: datetime) -> None:
        meeting.close_review(session, staff.viewer, review_id, now)

    office, monday, now = place(staff, office_code, week, reading.reads_pack)
    try:
        _write(staff, office.id, monday, now, keep)
    except (BadInput, Conflict, NotAllowed) as error:
        return _page(request, staff, office_code, week, "end", problem=error, typed=form)
    return back(office, monday, "/minutes", said="closed")


def _cause(
    session: Session, staff: SignedIn, review_id: UUID, case_id: UUID, form: Mapping[str, str], now: datetime
) -> None:
    """The cause in the catalogue: the one of that name, or a new one."""
    if not form.get("cause", "").strip():
        return
    found = causes.named(session, staff.viewer, form["cause"], SOURCE_LANGUAGE, now, sure="sure" in form)
    causes.choose(session, staff.viewer, case_id, found, now, review_id=review_id)


def _action(
    session: Session,
    staff: SignedIn,
    review_id: UUID,
    case_id: UUID | None,
    form: Mapping[str, str],
    now: datetime,
    *,
    needed: bool = False,
) -> None:
    if not (needed or form.get("what", "").strip() or form.get("owner", "")):
        return
    owner, due = read_id(form.get("owner", "")), read_date(form.get("due_on", ""))
    meeting.add_action(session, staff.viewer, review_id, form.get("what", ""), owner, due, now, case_id=case_id)


def _write(staff: SignedIn, office_id: UUID, week: date, now: datetime, write: Write) -> None:
    with database().write() as session:
        chairs.check_chair(session, staff.viewer, office_id)
        packs.ensure(session, office_id, week, now)
        review = meeting.open_review(session, staff.viewer, office_id, week, now)
        write(session, review.id, now)


def _do(
    request: Request,
    staff: SignedIn,
    form: Mapping[str, str],
    office_code: str,
    week: str,
    at: str,
    said: str,
    write: Write,
) -> Response:
    """Open the meeting if nobody did, write, and show the same thing again; mistakes are told beside what was typed."""
    office, monday, now = place(staff, office_code, week, reading.reads_pack)
    try:
        _write(staff, office.id, monday, now, write)
    except (BadInput, Conflict, NotAllowed) as error:
        return _page(request, staff, office_code, week, at, problem=error, typed=form)
    return back(office, monday, "/wall", at=at, said=said)


def _page(
    request: Request,
    staff: SignedIn,
    office_code: str,
    week: str,
    at: str,
    *,
    problem: OmbudError | None = None,
    typed: Mapping[str, str] | None = None,
) -> Response:
    office, monday, now = place(staff, office_code, week, reading.reads_pack)
    errors = dict(problem.fields) if isinstance(problem, BadInput) else {}
    if problem is not None and not errors:
        request.state.flash = {"text": str(problem), "tone": "late", "undo": ""}
    with database().read() as session:
        body = reading.read_pack(session, staff.viewer, office.id, monday)
        if body is None:
            if not chairs.chairs(session, staff.viewer, office.id):
                raise NotFound("There is no pack for this review yet.", mend="It is made before the meeting.")
            return back(office, monday, "/pack")
        body = holding.agenda_now(session, body, now)
        context = context_of(session, staff.viewer, office, monday, body, at, now)
    context |= {"errors": errors, "typed": dict(typed or {}), "default_due": (now + timedelta(days=7)).date()}
    return render(request, "staff/review_wall.html", context, status=problem.status if problem else 200)
