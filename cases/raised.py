"""Telling the citizen that their matter has gone further up, where the policy says so.

Once for each case and level, and once for a citizen whose cases are joined; by day; with no office named where the case
is about somebody's conduct.
"""

from datetime import datetime

from sqlmodel import Session

from cases.acting import tell
from cases.afterwards import daytime
from cases.people import address_of
from domain.case import Case
from domain.catalogue import catalogue
from domain.states import CaseState, LeadLink, Purpose
from escalation.raising import Raised

LEVELS = {
    "supervisor": "head",
    "head": "head",
    "integrity": "head",
    "parent_office": "above",
    "leadership": "leadership",
}
"""Steps of a ladder by what a citizen calls them."""


def tell_citizen(session: Session, raised: Raised, now: datetime) -> None:
    """Queue the message for a rung that climbed; nothing where it told nobody above those who work on the case."""
    level, code = level_of(raised.step)
    case = session.get(Case, raised.case_id, populate_existing=True)
    if case is None or not level:
        return
    group = case
    if case.lead_id is not None:
        group = session.get(Case, case.lead_id) or case
        if case.lead_link == LeadLink.part:
            case = group  # the citizen knows the whole, and not its parts
    if case.state == CaseState.closed:
        return
    contact = address_of(session, case, Purpose.raised)
    if contact is None:
        return
    known = catalogue(session)
    secret = case.integrity or case.about_office_id is not None or case.about_staff_id is not None
    office = known.office_by_any_code.get(code) if code else known.offices.get(case.office_id)
    tell(
        session,
        case,
        Purpose.raised,
        "raised",
        f"raised:{group.id}:{case.citizen_id or case.id}:{level if secret else raised.step}",
        now,
        daytime(contact, now),
        level="" if secret else level,
        office=known.name(office.id, case.language) if office is not None and not secret else "",
    )


def level_of(step: str) -> tuple[str, str]:
    """The level that a citizen is told of, and the code of its office if it is another; "" for those who work on it."""
    name, _, code = step.partition(":")
    return LEVELS.get(name, ""), code
