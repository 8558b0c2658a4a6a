"""The kinds of files there are: the columns of each, what tells its lines apart, and what it is put with.

A further kind is one more `Sheet`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from sqlmodel import Session

from cases.sheets import (
    absence_rows,
    area_rows,
    calendar_rows,
    office_rows,
    policy_rows,
    rule_rows,
    service_rows,
    staff_rows,
    template_rows,
    wording_rows,
)
from cases.sheets.job import Job
from cases.staff_reach import Reach
from core.errors import BadInput

Row = dict[str, str]
"""A line as it is exported; `id` besides, which is not."""
Key = tuple[str, ...]


class Kind(StrEnum):
    """What can be imported and exported."""

    offices = "offices"
    services = "services"
    areas = "areas"
    jurisdictions = "jurisdictions"
    staff = "staff"
    absences = "absences"
    calendars = "calendars"
    policies = "policies"
    wordings = "wordings"
    templates = "templates"


@dataclass(frozen=True, slots=True)
class Sheet:
    """One kind of file: its columns, those that must be there, those that tell lines apart, and what it is put with.

    `audited` is the kind of its changes, "" for what writes them down itself or is no part of the set-up. With `reach`,
    administrators of an office work with the lines within their reach; without, the file is for those of the whole
    government. `by_language` begins the columns of which there is one for each language.
    """

    columns: tuple[str, ...]
    needed: tuple[str, ...]
    key: Key
    put: Callable[[Job], None]
    rows: Callable[[Session, Reach | None], list[Row]]
    audited: str = ""
    reach: bool = False
    older: tuple[str, ...] = ()
    unit: str = "line"
    by_language: str = "name_"


def _all(rows: Callable[[Session], list[Row]]) -> Callable[[Session, Reach | None], list[Row]]:
    return lambda session, reach: rows(session)


SHEETS: dict[Kind, Sheet] = {
    Kind.offices: Sheet(
        ("code", "tier", "parent", "function", "calendar", "active", "places"),
        ("code", "tier"),
        ("code",),
        office_rows.put,
        _all(office_rows.rows),
        "office",
    ),
    Kind.services: Sheet(
        ("code", "group", "active", "keywords", "examples", "shared", "reminders", "next_steps"),
        ("code",),
        ("code",),
        service_rows.put,
        _all(service_rows.rows),
        "service",
    ),
    Kind.areas: Sheet(
        ("code", "active", "geometry"),
        ("code",),
        ("code",),
        area_rows.put,
        _all(area_rows.rows),
        "area",
        unit="feature",
    ),
    Kind.jurisdictions: Sheet(
        rule_rows.COLUMNS,
        ("office",),
        rule_rows.KEY,
        rule_rows.put,
        _all(rule_rows.rows),
        "rule",
        older=(rule_rows.OLD_PLACE,),
    ),
    Kind.staff: Sheet(
        ("email", "name", "roles", "language", "active"),
        ("email", "name", "roles"),
        ("email",),
        staff_rows.put,
        staff_rows.rows,
        "staff",
        reach=True,
        by_language="",
    ),
    Kind.absences: Sheet(
        ("email", "first_day", "last_day", "stand_in", "reason"),
        ("email", "first_day", "last_day"),
        ("email", "first_day"),
        absence_rows.put,
        absence_rows.rows,
        reach=True,
        by_language="",
    ),
    Kind.calendars: Sheet(
        calendar_rows.COLUMNS,
        ("calendar",),
        calendar_rows.KEY,
        calendar_rows.put,
        calendar_rows.rows,
        reach=True,
        by_language="",
    ),
    Kind.policies: Sheet(
        policy_rows.COLUMNS,
        ("from",),
        policy_rows.KEY,
        policy_rows.put,
        policy_rows.rows,
        reach=True,
        by_language="",
    ),
    Kind.wordings: Sheet(
        wording_rows.COLUMNS,
        (*wording_rows.KEY, "words"),
        wording_rows.KEY,
        wording_rows.put,
        wording_rows.rows,
        reach=True,
        by_language="",
    ),
    Kind.templates: Sheet(
        template_rows.COLUMNS,
        ("office", "title"),
        template_rows.KEY,
        template_rows.put,
        template_rows.rows,
        reach=True,
        by_language=template_rows.WORDS,
    ),
}


def kind_of(word: str) -> Kind:
    """The kind a word names. Raises BadInput."""
    try:
        return Kind(word)
    except ValueError as error:
        raise BadInput(f"{word!r} is nothing to import or export.", mend=f"Use one of {', '.join(Kind)}.") from error
