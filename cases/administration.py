"""Changing what routing stands on: who may, what somebody else changed meanwhile, and the record of every change.

Administrators change one after the other: each change locks the catalogue's revision, so that what is checked is what
is there. A form carries a stamp of what its reader saw; one that was sent twice changes nothing the second time.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import TypeAlias, TypeVar
from uuid import UUID

from sqlmodel import Session, col, func, select

from core.errors import BadInput, Conflict, NotAllowed
from core.ids import new_id
from core.settings import settings
from core.texts import clean, shorten
from domain.access import CatalogueChange, CatalogueRevision
from domain.base import Row
from domain.catalogue import Catalogue, catalogue, forget, touch
from domain.office import Office
from domain.states import OfficeFunction, Role
from domain.visibility import Viewer

R = TypeVar("R", bound=Row)
Values: TypeAlias = dict[str, object]
"""A row as people read it: codes in place of ids."""

READERS = frozenset({Role.admin, Role.auditor, Role.leadership})
"""Who may look at what routing stands on, and at who changed it."""
LONGEST_NAME = 120
LONGEST_LIST = 500
LONGEST_SHOWN = 400


def check_reader(who: Viewer) -> None:
    """Raises NotAllowed for whoever may not look at these pages."""
    if not who.has(*READERS):
        raise NotAllowed(
            "Offices, services and rules are for administrators.", mend="Ask yours if something should be changed."
        )


def wide(known: Catalogue, who: Viewer) -> bool:
    """Whether somebody administers the whole government: at its top, or where it is led from."""
    return any(role is Role.admin and at_the_top(known.offices.get(office)) for role, office in who.roles)


def at_the_top(office: Office | None) -> bool:
    """Whether an office administers, or leads, the whole government."""
    return office is not None and (office.parent_id is None or office.function == OfficeFunction.leadership)


def offices_of(known: Catalogue, who: Viewer) -> frozenset[UUID]:
    """The offices somebody administers: their own and all below, or every one there is."""
    if wide(known, who):
        return frozenset(known.offices)
    return frozenset[UUID]().union(*(known.subtree(office) for role, office in who.roles if role is Role.admin))


def begin(session: Session, who: Viewer) -> Catalogue:
    """The catalogue as it stands now, and nobody else's to change until this transaction ends. Raises NotAllowed."""
    if not who.has(Role.admin):
        raise NotAllowed("Only administrators change this.", mend="Tell yours what should be changed.")
    return lock(session)


def lock(session: Session) -> Catalogue:
    """The same for who needs no leave, such as the command line."""
    session.exec(select(CatalogueRevision).with_for_update()).first()
    forget()
    return catalogue(session)


def today(now: datetime) -> date:
    """The day at the government."""
    return now.astimezone(settings().zone).date()


def check_wide(known: Catalogue, who: Viewer, what: str) -> None:
    """Raises NotAllowed unless somebody administers the whole government."""
    if not wide(known, who):
        raise NotAllowed(
            f"{what} are shared by the whole government, so its administrators change them.",
            mend="Ask an administrator at the top office.",
        )


def copied(row: R) -> R:
    """A copy of a snapshot's row to draft on, which no session knows."""
    return type(row)(**row.model_dump())


def stamp(values: Mapping[str, object]) -> str:
    """What a form carries to tell which state of a row its reader saw."""
    return hashlib.sha256(json.dumps(values, sort_keys=True, default=str).encode()).hexdigest()[:24]


def agreed(session: Session, row_id: UUID, seen: str, before: Values, after: Values) -> bool:
    """Whether there is anything to do; what was sent twice is done already.

    Raises:
        Conflict: somebody changed the row after the form was opened; says what.
    """
    if before == after:
        return False
    if seen != stamp(before):
        raise Conflict(
            f"{_meanwhile(session, row_id, seen, before)} Nothing of yours was saved.",
            mend="Your entries are kept below: compare, then save again.",
        )
    return True


def _meanwhile(session: Session, row_id: UUID, seen: str, now_there: Values) -> str:
    changes = session.exec(
        select(CatalogueChange).where(col(CatalogueChange.row_id) == row_id).order_by(col(CatalogueChange.at).desc())
    ).all()
    began = next((change for change in changes if change.before is not None and stamp(change.before) == seen), None)
    if began is None or began.before is None:
        return "Somebody changed this after you opened it."
    told = "; ".join(f"{what} from “{old}” to “{new}”" for what, old, new in differences(began.before, now_there))
    return f"After you opened this, {changes[0].by} changed {told}."


def differences(before: Mapping[str, object] | None, after: Mapping[str, object] | None) -> list[tuple[str, str, str]]:
    """What differs between two states of a row: the field, and both values in words."""
    before, after = before or {}, after or {}
    return [
        (name.replace("_", " "), in_words(before.get(name)), in_words(after.get(name)))
        for name in dict.fromkeys((*before, *after))
        if before.get(name) != after.get(name)
    ]


def in_words(value: object) -> str:
    """A value of a row as text."""
    if isinstance(value, Mapping):
        if "coordinates" in value:
            return _drawn(value)
        return "; ".join(f"{key}: {one}" for key, one in value.items())
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else shorten(str(value), LONGEST_SHOWN)


def _drawn(geometry: Mapping[str, object]) -> str:
    text = json.dumps(geometry["coordinates"])
    mark = hashlib.sha256(text.encode()).hexdigest()[:6]
    return f"{geometry.get('type', '')} of {text.count('], [') + 1} corners, drawing {mark}"


def record(
    session: Session,
    who: Viewer,
    kind: str,
    row_id: UUID,
    title: str,
    before: Values | None,
    after: Values | None,
    now: datetime,
) -> None:
    """Write a change down, and have every process load the catalogue anew."""
    change = CatalogueChange(
        id=new_id(),
        kind=kind,
        row_id=row_id,
        title=title,
        staff_id=who.staff_id,
        by=who.name,
        at=now,
        before=before,
        after=after,
    )
    session.add(change)
    touch(session)


def changes(
    session: Session, *, kind: str = "", row_id: UUID | None = None, person: str = "", limit: int = 50, skip: int = 0
) -> tuple[list[CatalogueChange], int]:
    """Changes, newest first, and how many there are in all."""
    query = select(CatalogueChange)
    if kind:
        query = query.where(col(CatalogueChange.kind) == kind)
    if row_id is not None:
        query = query.where(col(CatalogueChange.row_id) == row_id)
    if person:
        query = query.where(col(CatalogueChange.by) == person)
    number = session.exec(select(func.count()).select_from(query.subquery())).one()
    newest = query.order_by(col(CatalogueChange.at).desc(), col(CatalogueChange.id).desc())
    return list(session.exec(newest.offset(skip).limit(limit)).all()), number


# -- what people type ------------------------------------------------------------------------------------------------


def names_from(
    given: Mapping[str, str], faults: dict[str, str], kept: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Names by language; the deployment's first one is needed. Names in languages not offered any more are kept."""
    languages = settings().languages
    names = {language: text for language, text in (kept or {}).items() if language not in languages}
    for language in languages:
        name = " ".join(clean(given.get(language, "")).split())
        if len(name) > LONGEST_NAME:
            faults[f"name-{language}"] = f"This name has {len(name)} letters; {LONGEST_NAME} fit."
        if name:
            names[language] = name
    if languages[0] not in names:
        faults.setdefault(f"name-{languages[0]}", "Give it a name.")
    return names


def lines_from(
    text: str, field: str, faults: dict[str, str], *, longest: int = LONGEST_NAME, most: int = LONGEST_LIST
) -> list[str]:
    """What was typed one a line, each once, in its order."""
    lines = list(dict.fromkeys(" ".join(line.split()) for line in clean(text).split("\n")))
    lines = [line for line in lines if line]
    if len(lines) > most:
        faults[field] = f"These are {len(lines)} lines; {most} fit."
    elif too_long := [line for line in lines if len(line) > longest]:
        faults[field] = f"“{too_long[0][:40]}…” has {len(too_long[0])} letters; a line has at most {longest}."
    return lines


def code_from(text: str, longest: int, field: str, faults: dict[str, str]) -> str:
    """A code: letters, digits and hyphens."""
    code = clean(text)
    if not code:
        faults[field] = "Give it a short code, such as WAT3."
    elif len(code) > longest or not all(letter.isalnum() or letter == "-" for letter in code):
        faults[field] = f"A code has letters, digits and hyphens only, at most {longest}."
    elif code.lower() == "new":
        faults[field] = "This word stands for the page of a new one; choose another."
    return code


def check(faults: Mapping[str, str]) -> None:
    """Raises BadInput where anything is wrong with a form."""
    if faults:
        raise BadInput("Something needs another look; nothing was saved.", fields=faults)
