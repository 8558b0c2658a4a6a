"""Staff's pages of staff: who there is, and the form that adds or changes one, their roles and their account."""

from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session, col, select

from api.account import session_rows
from api.administration import change_lines, flash_said, read_id
from api.auth import SignedIn, Staffed
from api.finding import find_offices, matches, office_meant, shown, suggestions
from api.forms import Filled
from api.pages import render
from cases import administration, sign_in, staff_accounts, staff_links, staff_list, staffing
from cases.staff_list import EVERYBODY, Asked, Found
from cases.staff_reach import BEYOND, Reach, counts, held, last_day, reach_of, roles_of, values_of
from cases.staffing import Given
from core.database import database
from core.errors import BadInput, Conflict, NotAllowed, NotFound, OmbudError
from core.ids import new_id
from domain.catalogue import Catalogue, catalogue
from domain.staff import NO_PASSWORD, MailState, Staff, StaffLink, StaffRole
from domain.states import Role
from domain.visibility import Viewer

router = APIRouter(include_in_schema=False)

PAGE = 50
SHOWS = {"": "Who work here", "waiting": "Who have no password yet", "left": "Who have left", "all": "Everybody"}


@router.get("/staff/people")
def show_people(
    request: Request,
    staff: Staffed,
    q: str = "",
    office: str = "",
    role: str = "",
    show: str = "",
    page: str = "",
    said: str = "",
) -> Response:
    """Who there is, by name; searched by name, address, office and role."""
    administration.check_reader(staff.viewer)
    flash_said(request, said)
    number = int(page) if page.isascii() and page.isdigit() and len(page) < 6 else 0
    show, role = show if show in SHOWS else "", role if role in [*map(str, Role)] else ""
    with database().read() as session:
        known = catalogue(session)
        reach = reach_of(known, staff.viewer)
        meant = (office_meant(known, office) or next(iter(find_offices(known, office, 1)), None)) if office else None
        asked = Asked(q.strip()[:200], meant.id if meant else None, role, show)
        found, total = staff_list.find(
            session, staff.viewer, reach, asked, datetime.now(UTC), limit=PAGE, skip=number * PAGE
        )
        context = {
            "people": [_row(known, reach, one) for one in found],
            "total": total,
            "q": q[:200],
            "office": shown(meant) if meant else office[:200],
            "role": role,
            "show": show,
            "shows": SHOWS,
            "roles": [str(one) for one in Role],
            "offices": suggestions(known, None if _sees_all(staff.viewer, reach) else reach.offices),
            "may_add": bool(reach.offices),
        }
    query = urlencode({"q": q[:200], "office": office[:200], "role": role, "show": show})
    context |= {
        "newer": f"/staff/people?{query}&page={number - 1}" if number else "",
        "older": f"/staff/people?{query}&page={number + 1}" if (number + 1) * PAGE < total else "",
    }
    return render(request, "staff/people.html", context)


def _sees_all(who: Viewer, reach: Reach) -> bool:
    return reach.wide or who.has(*EVERYBODY)


def _row(known: Catalogue, reach: Reach, found: Found) -> dict[str, object]:
    person = found.person
    return {
        "id": str(person.id),
        "name": person.name,
        # an address is for who may change it
        "email": person.email if reach.manages(found.held) else "",
        "roles": [{"role": str(role), "office": known.name(office)} for role, office in found.held],
        "active": person.active,
        "waiting": person.password_hash == NO_PASSWORD,
        "factor": person.factor_since is not None,
        "seen": found.seen_at,
    }


@router.get("/staff/people/new")
def show_new(request: Request, staff: Staffed, office: str = "") -> Response:
    """An empty form."""
    return _page(request, staff, None, given=Given(office=office[:200]))


@router.post("/staff/people/new")
def add(request: Request, staff: Staffed, form: Filled) -> Response:
    """Somebody new, with a first role, and the link by which they choose a password."""
    given, now = _given(form), datetime.now(UTC)
    mail = staff_links.can_mail() and form.get("go") != "show"
    try:
        with database().write() as session:
            given = _meant(catalogue(session), staff.viewer, given, form)
            person_id = read_id(form)
            there = session.get(Staff, person_id) is not None
            person = staffing.add(session, staff.viewer, person_id, given, now)
            token = ""
            if not there:
                _, token = staff_links.make(session, person, now, by=staff.viewer.staff_id, mail=mail)
    except BadInput as error:
        return _page(request, staff, None, given=given, problem=error, form=form)
    if token and not mail:
        return _page(request, staff, str(person_id), link=staff_links.address_of(token))
    return RedirectResponse(f"/staff/people/{person_id}?said=person-added", 303)


@router.get("/staff/people/{person_id}")
def show_person(request: Request, staff: Staffed, person_id: str, said: str = "") -> Response:
    """One person: what they are called, what they may do since when, what they sign in with, and who changed what."""
    flash_said(request, said)
    return _page(request, staff, person_id)


@router.post("/staff/people/{person_id}")
def change(request: Request, staff: Staffed, form: Filled, person_id: str) -> Response:
    """What the pressed button says: save, give, take, last, link, show, end, forget, leave, back."""
    wanted, go, now = _uuid(person_id), form.get("go", ""), datetime.now(UTC)
    given = _given(form)
    said, link = "person-saved", ""
    try:
        with database().write() as session:
            if go == "give":
                given = _meant(catalogue(session), staff.viewer, given, form)
                staffing.give(session, staff.viewer, wanted, given, now)
                said = "role-given"
            elif go.startswith("take "):
                staffing.take(session, staff.viewer, wanted, _uuid(go.removeprefix("take ")), now)
                said = "role-taken"
            elif go.startswith("last "):
                role_id = _uuid(go.removeprefix("last "))
                staffing.restrict(session, staff.viewer, wanted, role_id, form.get("until", ""), now)
                said = "role-last"
            elif go in ("link", "show"):
                mail = go == "link" and staff_links.can_mail()
                token = staff_accounts.send_link(session, staff.viewer, wanted, now, mail=mail)
                link, said = staff_links.address_of(token) if token else "", "link-sent"
            elif go == "end":
                staff_accounts.end_all(session, staff.viewer, wanted, now)
                said = "sessions-ended"
            elif go == "forget":
                staff_accounts.forget_factor(session, staff.viewer, wanted, now)
                said = "factor-off"
            elif go == "leave":
                staff_accounts.sign_out(session, staff.viewer, wanted, now)
                said = "person-left"
            elif go == "back":
                staff_accounts.bring_back(session, staff.viewer, wanted, now)
                said = "person-back"
            else:
                staffing.change(session, staff.viewer, wanted, given, form.get("seen", ""), now)
    except (BadInput, Conflict) as error:
        typed = given if go in ("give", "save") else None
        return _page(request, staff, person_id, given=typed, problem=error, form=form, giving=go == "give")
    if link:  # shown in this answer alone: it stands in no address and is never shown again
        return _page(request, staff, person_id, link=link)
    return RedirectResponse(f"/staff/people/{wanted}?said={said}", 303)


def _given(form: Mapping[str, str]) -> Given:
    return Given(
        name=form.get("name", ""),
        email=form.get("email", ""),
        language=form.get("language", ""),
        role=form.get("role", ""),
        office=form.get("office-pick", "") or form.get("office", ""),
        until=form.get("until", ""),
    )


def _meant(known: Catalogue, who: Viewer, given: Given, form: Mapping[str, str]) -> Given:
    """With the code of the office that was typed as a name. Raises BadInput where it is not plain which."""
    office = office_meant(known, given.office)
    if office is None and given.office.strip():
        several = bool(matches(known, given.office, administration.offices_of(known, who)))
        why = "Several offices may be meant: choose one." if several else "No open office is called so."
        raise BadInput("Which office is not clear.", fields={"office": why})
    return Given(given.name, given.email, given.language, given.role, office.code if office else "", given.until)


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NotFound("There is nobody like that.", mend="Choose somebody from the list.") from None


def _page(
    request: Request,
    staff: SignedIn,
    person_id: str | None,
    *,
    given: Given | None = None,
    problem: OmbudError | None = None,
    form: Mapping[str, str] | None = None,
    giving: bool = False,
    link: str = "",
) -> Response:
    administration.check_reader(staff.viewer)
    now = datetime.now(UTC)
    with database().read() as session:
        known = catalogue(session)
        reach = reach_of(known, staff.viewer)
        person = _seen(session, staff.viewer, reach, _uuid(person_id)) if person_id is not None else None
        if person is None and not reach.offices:
            raise NotAllowed("Only administrators add staff.", mend="Tell yours who is missing.")
        roles = roles_of(session, person.id) if person else []
        manages = person is None or reach.manages(held(roles))
        own = Given(person.name, person.email if manages else "", person.language) if person else Given()
        values = given if given is not None else own
        if giving:
            values = Given(own.name, own.email, own.language, values.role, values.office, values.until)
        context = {
            "id": str(person.id) if person else (form or {}).get("id", "") or str(new_id()),
            "title": person.name if person else "",
            "given": values,
            "seen": administration.stamp(values_of(known, person, roles)) if person else "",
            "facts": _facts(session, known, reach, person, roles, now) if person else None,
            "manages": manages,
            "may_give": bool(reach.offices),
            "roles": [str(role) for role in Role if reach.wide or role not in BEYOND],
            "offices": suggestions(known, reach.offices or None),
            "picks": matches(known, values.office, reach.offices) if "office" in _fields(problem) else [],
            "mails": staff_links.can_mail(),
            "link": link,
            "changes": change_lines(administration.changes(session, row_id=person.id, limit=8)[0]) if person else [],
            "errors": _fields(problem),
        }
    if problem is not None and not context["errors"]:
        request.state.flash = {"text": str(problem), "tone": "late", "undo": ""}
    return render(request, "staff/person.html", context, status=problem.status if problem else 200)


def _fields(problem: OmbudError | None) -> dict[str, str]:
    return dict(problem.fields) if isinstance(problem, BadInput) else {}


def _seen(session: Session, who: Viewer, reach: Reach, person_id: UUID) -> Staff:
    person = session.get(Staff, person_id)
    if person is None or not (
        _sees_all(who, reach) or any(role.office_id in reach.offices for role in roles_of(session, person_id))
    ):
        raise NotFound("There is nobody like that.", mend="Choose somebody from the list.")
    return person


def _facts(
    session: Session, known: Catalogue, reach: Reach, person: Staff, roles: list[StaffRole], now: datetime
) -> dict[str, object]:
    givers = [role.given_by for role in roles if role.given_by]
    names = dict(session.exec(select(Staff.id, Staff.name).where(col(Staff.id).in_(givers))).all())
    link = session.exec(
        select(StaffLink)
        .where(col(StaffLink.staff_id) == person.id, col(StaffLink.used_at).is_(None), col(StaffLink.expires_at) > now)
        .order_by(col(StaffLink.created_at).desc())
    ).first()
    return {
        "active": person.active,
        "me": person.id == reach.me,
        "waiting": person.password_hash == NO_PASSWORD,
        "factor": person.factor_since,
        "locked": person.locked_until if person.locked_until and person.locked_until > now else None,
        "roles": [
            {
                "id": str(role.id),
                "role": str(role.role),
                "office": known.name(role.office_id),
                "since": role.given_at,
                "by": names.get(role.given_by, "") if role.given_by else "",
                "until": last.isoformat() if (last := last_day(known, role)) else "",
                "over": not counts(role, now),
                "may_take": reach.touches(Role(role.role), role.office_id),
            }
            for role in roles
        ],
        "sessions": session_rows(sign_in.sessions_of(session, person.id, now)),
        "link": {"until": link.expires_at, "mail": str(link.state), "failed": link.state == MailState.failed}
        if link
        else None,
    }
