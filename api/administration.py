"""Staff's pages for those who set Ombud up: what there is, what is amiss, and who changed what."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlmodel import col, func, select

from api.auth import Staffed
from api.pages import render
from cases import administration, calendars
from core.database import database
from core.errors import BadInput
from core.i18n import language_name
from core.settings import settings
from domain.access import ApiKey, CatalogueChange
from domain.catalogue import catalogue
from domain.staff import Staff
from reports import amiss

router = APIRouter(include_in_schema=False)

KINDS = {
    "office": "Offices",
    "service": "Services",
    "rule": "Rules",
    "area": "Areas",
    "calendar": "Calendars",
    "policy": "Policies",
    "asking": "Who is asked",
    "budget": "Budgets of surveys",
    "staff": "Staff",
    "wording": "Wordings",
    "key": "Keys",
    "link": "Links to figures",
    "survey": "Surveys",
    "trial": "Trials",
    "officers": "Figures of officers taken out",
}
PAGE = 50
SAID = {
    "saved": "Saved. It counts from the next message on.",
    "office-added": "Added. Give it staff and, if messages should come here, a rule.",
    "office-closed": "Closed. Nothing new goes there, and what it still had is with the office above it.",
    "office-open": "Open again.",
    "service-added": "Added. Its words are learnt within a minute; a rule says which office answers.",
    "service-saved": "Saved. New words are learnt within a minute.",
    "service-retired": "Retired. Nothing new is understood as it; its cases stay where they are.",
    "service-back": "In use again. Its words are learnt within a minute.",
    "rule-added": "Added.",
    "calendar-added": "Added. Offices that are to work by it choose it on their page.",
    "calendar-saved": "Saved. Open cases are counted anew within a minute; below you see how far that is.",
    "policy-added": "Added. It counts for clocks that begin from its first day on.",
    "policy-saved": "Saved as a new version. The one before ends where it begins.",
    "policy-ended": "The policy ends on that day.",
    "plan-saved": "Kept. It counts from the next transaction on; who was drawn already stays drawn.",
    "plan-ended": "Its own plan has ended: it is asked about as all others.",
    "budget-saved": "Kept. It counts at once.",
    "rule-ended": "The rule ends on that day.",
    "person-added": "Added. A link to choose a password is on its way to them by e-mail.",
    "person-saved": "Saved.",
    "person-left": "Signed out for good. Their open cases go to others.",
    "person-back": "Back, with the roles they had. Send them a link to choose a password.",
    "role-given": "Given. It counts from their next click on.",
    "role-last": "Set. When that day is over at the office the role counts no more, and open cases go to others.",
    "role-taken": "Taken. It counts from their next click on, and cases they may not have any more go to others.",
    "link-sent": "A link to choose a password is on its way to them by e-mail.",
    "sessions-ended": "Every browser of theirs is signed out.",
    "factor-off": "Their second factor is off. They set up another telephone when they sign in.",
    "trial-registered": "Registered. Nothing of it changes any more; it begins once somebody else has read it.",
    "trial-begins": "It begins on its day by itself, or from the next message on.",
    "trial-ended": "Ended. From the next message on citizens get the usual one.",
    "trial-promoted": "It is the default for these people from the next message on.",
    "trial-back": "Taken back. From the next message on citizens get what they got before.",
    "link-ended": "Ended. It shows nothing any more.",
    "key-revoked": "Ended. Whoever sends it is refused from now on.",
}


@router.get("/staff/admin")
def show_overview(request: Request, staff: Staffed) -> Response:
    """What routing stands on, and what of it needs mending."""
    administration.check_reader(staff.viewer)
    today = datetime.now(UTC).astimezone(settings().zone).date()
    with database().read() as session:
        known = catalogue(session)
        newest, number = administration.changes(session, limit=5)
        context = {
            "offices": sum(office.active for office in known.offices.values()),
            "services": sum(service.active for service in known.services.values()),
            "rules": sum(
                rule.valid_from <= today and (rule.valid_to is None or today < rule.valid_to)
                for rule in known.jurisdictions
            ),
            "areas": len(known.areas),
            "calendars": len(known.calendars),
            "policies": sum(
                row.valid_from <= today and (row.valid_to is None or today < row.valid_to) for row in known.policies
            ),
            "people": session.exec(select(func.count()).select_from(Staff).where(col(Staff.active).is_(True))).one(),
            "keys": session.exec(
                select(func.count()).select_from(ApiKey).where(col(ApiKey.revoked_at).is_(None))
            ).one(),
            "warnings": amiss.warnings(session, today),
            "changes": change_lines(newest),
            "changed": number,
        }
    return render(request, "staff/administration.html", context)


@router.get("/staff/changes")
def show_changes(request: Request, staff: Staffed, kind: str = "", person: str = "", page: str = "") -> Response:
    """Who changed what, newest first."""
    administration.check_reader(staff.viewer)
    kind, person = kind if kind in KINDS else "", person[:200]
    number = int(page) if page.isascii() and page.isdigit() and len(page) < 6 else 0
    with database().read() as session:
        found, total = administration.changes(session, kind=kind, person=person, limit=PAGE, skip=number * PAGE)
    query = f"kind={kind}&person={person}"
    context = {
        "changes": change_lines(found),
        "kinds": KINDS,
        "kind": kind,
        "person": person,
        "total": total,
        "newer": f"/staff/changes?{query}&page={number - 1}" if number else "",
        "older": f"/staff/changes?{query}&page={number + 1}" if (number + 1) * PAGE < total else "",
    }
    return render(request, "staff/changes.html", context)


def change_lines(changes: Sequence[CatalogueChange]) -> list[dict[str, object]]:
    """Changes as pages show them."""
    return [
        {
            "kind": KINDS.get(change.kind, change.kind),
            "title": change.title,
            "by": change.by,
            "at": change.at,
            "what": "added" if change.before is None else "changed",
            "differences": [
                {"what": what, "before": before, "after": after}
                for what, before, after in administration.differences(*_as_read(change))
                if change.before is not None or after
            ],
        }
        for change in changes
    ]


def _as_read(change: CatalogueChange) -> tuple[Mapping[str, object] | None, Mapping[str, object] | None]:
    """Both states in people's words: a calendar is written down so that it can be made again from it."""
    if change.kind != "calendar":
        return change.before, change.after
    return (
        calendars.told(change.before) if change.before is not None else None,
        calendars.told(change.after) if change.after is not None else None,
    )


def flash_said(request: Request, said: str) -> None:
    """Show what the form before came to."""
    if said in SAID:
        request.state.flash = {"text": SAID[said], "tone": "well", "undo": ""}


def languages_offered() -> list[dict[str, str]]:
    """The deployment's languages, in which names are asked for."""
    return [{"code": language, "name": language_name(language)} for language in settings().languages]


def names_of(form: Mapping[str, str]) -> dict[str, str]:
    """The names in a form, by language."""
    return {language: form.get(f"name-{language}", "") for language in settings().languages}


def read_id(form: Mapping[str, str]) -> UUID:
    """The id a form for something new was given, under which it is kept once. Raises BadInput."""
    try:
        return UUID(form.get("id", ""))
    except ValueError as error:
        raise BadInput("This form is not complete.", mend="Go back, reload the page, and fill it in again.") from error
