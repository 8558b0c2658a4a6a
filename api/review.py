"""Monday's review: the list of meetings, one meeting, and what is written down in it."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from api.auth import SignedIn, Staffed
from api.forms import Filled
from api.pages import choose_language, render
from api.words import N_
from cases import history
from core.database import database
from core.errors import BadInput, Conflict, NotAllowed, NotFound, OmbudError
from core.i18n import Translator, format_duration, format_number, translator
from core.settings import settings
from domain.catalogue import Catalogue, catalogue
from domain.office import Office
from domain.staff import Staff
from reviews import actions, chairs, meeting, owners
from reviews.agenda import ActionLine, Agenda, Item, Listed, agenda

router = APIRouter(include_in_schema=False)

FIELDS = ("why", "decision", "what", "owner", "due_on")
SAID = {
    "kept": N_("Kept, here and in the history of the case."),
    "added": N_("The action is kept. It comes back every Monday until it is done."),
    "done": N_("Done."),
    "closed": N_("The meeting is closed. Unfinished actions come back next Monday."),
}


@router.get("/staff/reviews")
def show_reviews(request: Request, staff: Staffed) -> Response:
    """Meetings of the last weeks, and those to hold."""
    language, _ = choose_language(request, staff)
    with database().read() as session:
        known = catalogue(session)
        lines = meeting.meetings(session, staff.viewer, datetime.now(UTC))
    rows = [
        {
            "url": _url(known.offices[line.office_id], line.week),
            "week": line.week,
            "office": known.name(line.office_id, language),
            "closed": line.review is not None and line.review.closed_at is not None,
            "cases": line.decided,
            "open_actions": line.open_actions,
        }
        for line in lines
    ]
    return render(request, "staff/review_list.html", {"reviews": rows, "newer": "", "older": ""})


@router.get("/staff/reviews/{office_code}/{week}")
def show_review(
    request: Request, staff: Staffed, office_code: str, week: str, said: str = "", decide: str = ""
) -> Response:
    """One meeting: what was promised, what came in, what is late, who waits longest, who was rated low.

    `decide` opens the form of one case, as "{section}-{reference}": one at a time, as a meeting goes.
    """
    if said in SAID:
        text = translator(choose_language(request, staff)[0]).gettext(SAID[said])
        request.state.flash = {"text": text, "tone": "well", "undo": ""}
    return _page(request, staff, office_code, week, opened=decide)


@router.post("/staff/reviews/{office_code}/{week}/cases/{reference}")
def post_decision(
    request: Request, staff: Staffed, form: Filled, office_code: str, week: str, reference: str
) -> Response:
    """Keep why a case happened and what was decided; with an action, if one was written."""

    def keep(session: Session, review_id: UUID, now: datetime) -> None:
        case_id = history.load(session, staff.viewer, reference).id
        wrong: dict[str, str] = {}
        try:
            meeting.decide(
                session, staff.viewer, review_id, case_id, form.get("why", ""), form.get("decision", ""), now
            )
        except BadInput as error:
            wrong |= error.fields
        if form.get("what", "").strip() or form.get("owner", ""):
            try:
                _add(session, staff, review_id, form, now, case_id)
            except BadInput as error:
                wrong |= error.fields
        if wrong:
            raise BadInput("Something is missing.", mend="Mend what is marked.", fields=wrong)

    return _do(request, staff, form, office_code, week, "kept", keep, about=reference)


@router.post("/staff/reviews/{office_code}/{week}/actions")
def post_action(request: Request, staff: Staffed, form: Filled, office_code: str, week: str) -> Response:
    """Add an action; about a case where `reference` names one."""

    def add(session: Session, review_id: UUID, now: datetime) -> None:
        reference = form.get("reference", "")
        case_id = history.load(session, staff.viewer, reference).id if reference else None
        _add(session, staff, review_id, form, now, case_id)

    return _do(request, staff, form, office_code, week, "added", add, about=form.get("reference", "") or "meeting")


@router.post("/staff/reviews/{office_code}/{week}/actions/{action_id}")
def post_done(request: Request, staff: Staffed, form: Filled, office_code: str, week: str, action_id: UUID) -> Response:
    """Mark an action done."""
    office, monday, now = _place(staff, office_code, week)
    try:
        with database().write() as session:
            actions.finish(session, staff.viewer, action_id, form.get("done_note", ""), now)
    except (BadInput, Conflict, NotAllowed) as error:
        return _page(request, staff, office_code, week, problem=error)
    return _back(office, monday, "done")


@router.post("/staff/reviews/{office_code}/{week}/close")
def post_close(request: Request, staff: Staffed, form: Filled, office_code: str, week: str) -> Response:
    """End the meeting; its page stays as it is now."""

    def close(session: Session, review_id: UUID, now: datetime) -> None:
        meeting.close_review(session, staff.viewer, review_id, now)

    return _do(request, staff, form, office_code, week, "closed", close)


Write = Callable[[Session, UUID, datetime], None]


def _do(
    request: Request,
    staff: SignedIn,
    form: Mapping[str, str],
    office_code: str,
    week: str,
    said: str,
    write: Write,
    about: str = "",
) -> Response:
    """Open the meeting if nobody did, write, and show it again; mistakes are told beside what was typed."""
    office, monday, now = _place(staff, office_code, week)
    try:
        with database().write() as session:
            review = meeting.open_review(session, staff.viewer, office.id, monday, now)
            write(session, review.id, now)
    except (BadInput, Conflict, NotAllowed) as error:
        return _page(request, staff, office_code, week, problem=error, typed=form, about=about)
    return _back(office, monday, said)


def _add(
    session: Session, staff: SignedIn, review_id: UUID, form: Mapping[str, str], now: datetime, case_id: UUID | None
) -> None:
    meeting.add_action(
        session,
        staff.viewer,
        review_id,
        form.get("what", ""),
        _uuid(form.get("owner", "")),
        _date(form.get("due_on", "")),
        now,
        case_id=case_id,
    )


def _page(
    request: Request,
    staff: SignedIn,
    office_code: str,
    week: str,
    *,
    problem: OmbudError | None = None,
    typed: Mapping[str, str] | None = None,
    about: str = "",
    opened: str = "",
) -> Response:
    language, _ = choose_language(request, staff)
    words = translator(language)
    office, monday, now = _place(staff, office_code, week)
    who = staff.viewer
    with database().read() as session:
        known = catalogue(session)
        found = agenda(session, who, office.id, monday, now)
        may = chairs.chairs(session, who, office.id)
        staffed = owners.people(session, office.id, now) if may else []
        chair = session.get(Staff, found.review.chair_id) if found.review and found.review.chair_id else None
    today = now.astimezone(settings().zone).date()
    closed = found.review is not None and found.review.closed_at is not None
    errors = dict(problem.fields) if isinstance(problem, BadInput) and about else {}
    if problem is not None and not errors:
        request.state.flash = {"text": str(problem), "tone": "late", "undo": ""}
    context = {
        "review": {
            "url": _url(office, monday),
            "week": monday,
            "office": known.name(office.id, language),
            "closed": closed,
            "may": may and not closed,
            "chair": chair.name if chair else "",
        },
        "headline": sentence(found, today, words),
        "counts": _counts(found, words),
        "carried": [
            {
                "id": str(line.id),
                "what": line.what,
                "owner": line.owner,
                "due_on": line.due_on,
                "late": line.late(today),
                "from_week": line.week,
                "reference": line.reference,
                "may": may or line.owner_id == who.staff_id,
            }
            for line in found.carried_over
        ],
        "sections": _sections(found, known, language, words),
        "actions": [_action(line) for line in found.actions],
        "people": [{"id": str(person.id), "name": person.name} for person in staffed],
        "default_due": today + timedelta(days=7),
        "typed": {name: (typed or {}).get(name, "") for name in FIELDS},
        "opened": _place_of(found, about) if problem is not None and about else opened,
        "errors": {name: words.gettext(text) for name, text in errors.items()},
    }
    return render(request, "staff/review.html", context, status=problem.status if problem else 200)


def _place_of(found: Agenda, about: str) -> str:
    """The form that came back: under the first heading its case stands, or the one about no case."""
    listed = {"new": found.new, "overdue": found.overdue, "silent": found.longest_silent, "low": found.low_rated}
    return next(
        (f"{key}-{about}" for key, part in listed.items() if any(i.reference == about for i in part.items)), about
    )


def _place(staff: SignedIn, office_code: str, week: str) -> tuple[Office, date, datetime]:
    """The office, the Monday and the moment of a request. Raises NotFound for what is no meeting of this person."""
    now = datetime.now(UTC)
    monday = _date(week)
    with database().read() as session:
        office = catalogue(session).office_by_code.get(office_code.strip().upper())
        if office is None or monday is None or not chairs.attends(session, staff.viewer, office.id):
            raise NotFound("There is no such review.", mend="Look in the list of reviews.")
    try:
        meeting.check_week(monday, now)
    except BadInput as error:
        raise NotFound(error.message, mend=error.mend) from error
    return office, monday, now


def sentence(found: Agenda, today: date, words: Translator) -> str:
    """The week of a meeting in one sentence."""
    _, lang = words.gettext, words.language
    late = sum(line.late(today) for line in found.carried_over)
    new = words.ngettext("%(count)s message came in", "%(count)s messages came in", found.new.count) % {
        "count": format_number(found.new.count, lang)
    }
    parts = [new if found.new.count else _("Nothing new came in")]
    if found.overdue.count:
        overdue = words.ngettext(
            "%(count)s case is past a deadline", "%(count)s cases are past a deadline", found.overdue.count
        )
        parts.append(overdue % {"count": format_number(found.overdue.count, lang)})
    if late:
        promises = words.ngettext("%(count)s promise of ours is late", "%(count)s promises of ours are late", late)
        parts.append(promises % {"count": format_number(late, lang)})
    return "; ".join(parts) + "."


def _counts(found: Agenda, words: Translator) -> list[dict[str, str]]:
    _, lang = words.gettext, words.language
    longest = max((item.silent_seconds or 0 for item in (*found.longest_silent.items, *found.decided)), default=0)
    return [
        {"value": format_number(found.new.count, lang), "text": _("new"), "tone": ""},
        _late(found.overdue, _("past a deadline"), lang),
        _late(found.longest_silent, _("without an answer"), lang),
        {
            "value": format_duration(longest, lang, short=True) if longest else "–",
            "text": _("longest silence"),
            "tone": "late" if found.overdue.count else "",
        },
        {"value": format_number(found.low_rated.count, lang), "text": _("rated 1 or 2"), "tone": ""},
    ]


def _late(listed: Listed, text: str, lang: str) -> dict[str, str]:
    return {"value": format_number(listed.count, lang), "text": text, "tone": "late" if listed.count else ""}


def _sections(found: Agenda, known: Catalogue, language: str, words: Translator) -> list[dict[str, object]]:
    _ = words.gettext
    decided = Listed(len(found.decided), found.decided)
    listed = (
        ("new", _("New last week"), _("None."), found.new),
        ("overdue", _("Past a deadline"), _("None."), found.overdue),
        ("silent", _("Waiting longest"), _("Nobody is waiting."), found.longest_silent),
        ("low", _("Rated low"), _("None."), found.low_rated),
        ("decided", _("Decided in this meeting"), _("Nothing so far."), decided),
    )
    return [
        {
            "key": key,
            "title": title,
            "empty": _("All of them are decided.") if section.count and not section.items else empty,
            "count": section.count,
            "cases": [_item(item, known, language, words) for item in section.items],
        }
        for key, title, empty, section in listed
    ]


def _item(item: Item, known: Catalogue, language: str, words: Translator) -> dict[str, object]:
    return {
        "reference": item.reference,
        "title": item.title or words.gettext("No words"),
        "language": item.language or language,
        "office": known.name(item.office_id, language),
        "opened_at": item.at,
        "silent_seconds": item.silent_seconds,
        "rating": item.rating,
        "kind": item.kind,
        "finding": {"why": item.why, "decision": item.decision} if item.why else None,
        "actions": [_action(line) for line in item.actions],
    }


def _action(line: ActionLine) -> dict[str, object]:
    return {"what": line.what, "owner": line.owner, "due_on": line.due_on, "done": line.done_at is not None}


def _url(office: Office, week: date) -> str:
    return f"/staff/reviews/{office.code}/{week.isoformat()}"


def _back(office: Office, week: date, said: str) -> Response:
    return RedirectResponse(f"{_url(office, week)}?{urlencode({'said': said})}", status_code=303)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        return None
