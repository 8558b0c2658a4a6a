"""Offices: added, changed, closed and opened again. None is ever taken away, for its cases and figures stay."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from uuid import UUID

from sqlmodel import Session

from cases import administration, closing
from cases.administration import Values
from core.errors import BadInput, Conflict, NotAllowed, NotFound
from domain.catalogue import Catalogue, name_of
from domain.office import Office
from domain.states import OfficeFunction, Tier
from domain.visibility import Viewer
from escalation import recount
from escalation.recount import Scope

LONGEST_CODE = 32
EVER = datetime(1970, 1, 1, tzinfo=UTC)
"""An office's place in the tree has no date."""
LEFT_ALONE = frozenset({OfficeFunction.triage, OfficeFunction.integrity, OfficeFunction.leadership})
"""Functions the government cannot be without."""
_CALLED = {
    OfficeFunction.triage: "triage desk",
    OfficeFunction.integrity: "integrity office",
    OfficeFunction.leadership: "leadership office",
}


@dataclass(frozen=True, slots=True)
class Given:
    """An office as typed into its form: `parent` is a code, `calendar` a name, `places` one a line."""

    code: str = ""
    names: Mapping[str, str] = field(default_factory=dict)
    tier: str = ""
    function: str = OfficeFunction.service
    parent: str = ""
    calendar: str = ""
    places: str = ""


def values_of(known: Catalogue, office: Office) -> Values:
    """An office as people read it."""
    parent = known.offices.get(office.parent_id) if office.parent_id else None
    calendar = known.calendars.get(office.calendar_id) if office.calendar_id else None
    return {
        "code": office.code,
        "names": dict(office.names),
        "tier": str(office.tier),
        "function": str(office.function),
        "above": parent.code if parent else "",
        "calendar": calendar.name if calendar else "",
        "places": list(office.places),
        "open": office.active,
    }


def add(session: Session, who: Viewer, office_id: UUID, given: Given, now: datetime) -> Office:
    """A new office under the id its form was given, so that a form sent twice adds one.

    Raises BadInput, NotAllowed.
    """
    known = administration.begin(session, who)
    if (there := session.get(Office, office_id)) is not None:
        return there
    faults: dict[str, str] = {}
    code = administration.code_from(given.code, LONGEST_CODE, "code", faults)
    if taken := next((one for one in known.offices.values() if one.code.upper() == code.upper()), None):
        faults["code"] = f"{name_of(taken, 'en')} has this code already."
    office = Office(id=office_id, code=code, names={}, tier=Tier.district)
    _fill(known, who, office, given, faults)
    administration.check(faults)
    _check_tree(known, office)
    session.add(office)
    session.flush()
    title = f"{name_of(office, 'en')} ({office.code})"
    administration.record(session, who, "office", office.id, title, None, values_of(known, office), now)
    return office


def change(session: Session, who: Viewer, code: str, given: Given, seen: str, now: datetime) -> Office:
    """Another name, place in the tree, function, calendar or places; the code stays, for it stands on posters.

    Raises BadInput, Conflict, NotAllowed, NotFound.
    """
    known = administration.begin(session, who)
    office = _load(session, known, who, code)
    before = values_of(known, office)
    faults: dict[str, str] = {}
    wanted = administration.copied(known.offices[office.id])
    _fill(known, who, wanted, given, faults)
    administration.check(faults)
    _check_tree(known, wanted)
    return _put(session, known, who, office, wanted, before, seen, now)


def close(session: Session, who: Viewer, code: str, seen: str, now: datetime) -> Office:
    """Close an office from now on; what it still has goes to the nearest open one above it.

    Raises Conflict while offices stand below it, or where nobody else may take what it keeps for integrity.
    """
    known = administration.begin(session, who)
    office = _load(session, known, who, code)
    wanted = administration.copied(known.offices[office.id])
    wanted.active = False
    if office.active:
        below = [child for child in known.children.get(office.id, ()) if child.active]
        if below:
            listed = ", ".join(child.code for child in below[:5])
            raise Conflict(
                f"{len(below)} open {'office stands' if len(below) == 1 else 'offices stand'} below it ({listed}).",
                mend="Hang them under another office first, or close them.",
            )
        _check_tree(known, wanted)
    closed = _put(session, known, who, office, wanted, values_of(known, office), seen, now)
    closing.office_closed(session, office.id, now)
    return closed


def reopen(session: Session, who: Viewer, code: str, seen: str, now: datetime) -> Office:
    """Open a closed office again. Raises Conflict where the office above it is closed."""
    known = administration.begin(session, who)
    office = _load(session, known, who, code)
    above = known.offices.get(office.parent_id) if office.parent_id else None
    if above is not None and not above.active:
        raise Conflict(f"{name_of(above, 'en')} above it is closed.", mend="Open that one first, or hang it elsewhere.")
    wanted = administration.copied(known.offices[office.id])
    wanted.active = True
    _check_tree(known, wanted)
    return _put(session, known, who, office, wanted, values_of(known, office), seen, now)


def faults_of(known: Catalogue) -> dict[str, str]:
    """What a tree of offices cannot be: short sentences by a key that tells them apart. Pure; {} for a sound tree."""
    found: dict[str, str] = {}
    active = [office for office in known.offices.values() if office.active]
    for function, called in _CALLED.items():
        if not any(office.function == function for office in active):
            found[str(function)] = f"This is the last open {called}, and there has to be one."
    desks = [office for office in active if office.function == OfficeFunction.integrity]
    for desk in desks:
        for above in known.chain(desk.id):
            if above.id != desk.id and above.function != OfficeFunction.leadership and above.parent_id is not None:
                found[f"under {desk.id}"] = (
                    f"{name_of(desk, 'en')} would answer to {name_of(above, 'en')}, into which it may have to look. "
                    "An integrity office hangs under the leadership."
                )
    for office in active:
        chain = {above.id for above in known.chain(office.id)}
        outside = desks if office.function != OfficeFunction.integrity else active
        if desks and all(one.id in chain for one in outside):
            found[f"about {office.id}"] = (
                f"Nobody outside {name_of(office, 'en')} and the offices above it would be left to look into a "
                "complaint about it. An integrity office stands beside the others, not above them."
            )
    return found


def _check_tree(known: Catalogue, wanted: Office) -> None:
    """Refuse what makes the tree unsound; what was so before may be mended step by step."""
    before = faults_of(known)
    after = faults_of(replace(known, offices={**known.offices, wanted.id: wanted}))
    new = [fault for key, fault in after.items() if key not in before]
    if new:
        raise BadInput(new[0], fields={"function" if not wanted.active else "parent": new[0]})


def _fill(known: Catalogue, who: Viewer, office: Office, given: Given, faults: dict[str, str]) -> None:
    mine, whole = administration.offices_of(known, who), administration.wide(known, who)
    office.names = administration.names_from(given.names, faults, office.names)
    office.places = administration.lines_from(given.places, "places", faults)
    if given.tier in [*map(str, Tier)]:
        office.tier = Tier(given.tier)
    else:
        faults["tier"] = "Choose what kind of office it is."
    if given.function not in [*map(str, OfficeFunction)]:
        faults["function"] = "Choose what it is for."
    elif given.function != office.function and not whole:
        faults["function"] = "Only administrators of the whole government change what an office is for."
    else:
        office.function = OfficeFunction(given.function)
    calendar = next((one for one in known.calendars.values() if one.name == given.calendar), None)
    if given.calendar and calendar is None:
        faults["calendar"] = "There is no such calendar."
    office.calendar_id = calendar.id if calendar else None
    parent = known.office_by_code.get(given.parent.strip().upper())
    if given.parent.strip() and parent is None:
        faults["parent"] = f"There is no open office with the code {given.parent.strip()[:LONGEST_CODE]}."
    elif parent is not None and parent.id in known.subtree(office.id):
        faults["parent"] = f"{name_of(parent, 'en')} stands below it; an office cannot stand above itself."
    elif (
        (parent.id if parent else None) != office.parent_id and not whole and (parent is None or parent.id not in mine)
    ):
        faults["parent"] = "Choose an office you administer, or ask an administrator of the whole government."
    elif parent is None and office.parent_id is None and office.id not in known.offices and not whole:
        faults["parent"] = "Choose the office it stands under."
    else:
        office.parent_id = parent.id if parent else None


def _load(session: Session, known: Catalogue, who: Viewer, code: str) -> Office:
    office_id = next((one.id for one in known.offices.values() if one.code.upper() == code.upper()), None)
    office = session.get(Office, office_id, with_for_update=True) if office_id else None
    if office is None:
        raise NotFound("There is no such office.", mend="Choose one from the list.")
    if office.id not in administration.offices_of(known, who):
        raise NotAllowed("You administer other offices.", mend="Ask an administrator of the office above it.")
    return office


def _put(
    session: Session,
    known: Catalogue,
    who: Viewer,
    office: Office,
    wanted: Office,
    before: Values,
    seen: str,
    now: datetime,
) -> Office:
    after = values_of(known, wanted)
    if not administration.agreed(session, office.id, seen, before, after):
        return office
    for name in ("names", "tier", "function", "parent_id", "calendar_id", "places", "active"):
        setattr(office, name, getattr(wanted, name))
    title = f"{name_of(wanted, 'en')} ({wanted.code})"
    administration.record(session, who, "office", office.id, title, before, after, now)
    count_anew(session, who, known, replace(known, offices={**known.offices, wanted.id: wanted}), title, now)
    return office


def count_anew(session: Session, who: Viewer, before: Catalogue, after: Catalogue, title: str, now: datetime) -> None:
    """Have the cases of offices counted anew that work by another calendar now, or answer to another office."""
    known = before.offices.keys() & after.offices.keys()
    others = frozenset(one for one in known if _calendar_id(before, one) != _calendar_id(after, one))
    hung = frozenset(one for one in known - others if _above(before, one) != _above(after, one))
    for offices, since, told in (
        (others, EVER, f"{title}: another calendar counts."),
        (hung, None, f"{title}: it answers to another office."),
    ):
        row_id = next(iter(sorted(offices)), None)
        if row_id is not None:
            recount.ask(session, who, "office", row_id, title, [told], Scope(offices, since), now)


def _calendar_id(known: Catalogue, office_id: UUID) -> UUID | None:
    row = known.calendar(office_id)
    return row.id if row is not None else None


def _above(known: Catalogue, office_id: UUID) -> list[UUID]:
    return [office.id for office in known.chain(office_id)]
