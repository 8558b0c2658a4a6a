"""`ombud import` and `ombud export`: offices, services, jurisdictions and staff as CSV, areas as GeoJSON.

An import adds and changes; it takes nothing away (set `active` to no, or give a line a `valid_to`). It is one
transaction, and what it changed is counted by comparing the export before and after.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from uuid import UUID

from sqlmodel import Session, col, select

from cases import teaching
from cases.closing import office_closed
from cli import area_rows, csvs, people, rule_rows
from cli.csvs import Complaints, Line, Unusable
from core.database import database
from core.errors import BadInput
from core.ids import new_id
from domain.catalogue import touch
from domain.office import Office
from domain.policy import Calendar
from domain.service import Service
from domain.states import OfficeFunction, Tier

_BETWEEN = " | "
"""Between the example sentences of a service, which may have semicolons."""


class Kind(StrEnum):
    """What can be imported and exported."""

    offices = "offices"
    services = "services"
    areas = "areas"
    jurisdictions = "jurisdictions"
    staff = "staff"


COLUMNS: dict[Kind, tuple[str, ...]] = {
    Kind.offices: ("code", "tier", "parent", "function", "calendar", "active", "places"),
    Kind.services: ("code", "group", "active", "keywords", "examples", "shared"),
    Kind.areas: ("code", "active", "geometry"),
    Kind.jurisdictions: rule_rows.COLUMNS,
    Kind.staff: ("email", "name", "roles", "language", "active"),
}
NEEDED: dict[Kind, tuple[str, ...]] = {
    Kind.offices: ("code", "tier"),
    Kind.services: ("code",),
    Kind.areas: ("code",),
    Kind.jurisdictions: ("office",),
    Kind.staff: ("email", "name", "roles"),
}
KEYS: dict[Kind, tuple[str, ...]] = {
    Kind.offices: ("code",),
    Kind.services: ("code",),
    Kind.areas: ("code",),
    Kind.jurisdictions: rule_rows.KEY,
    Kind.staff: ("email",),
}


@dataclass(frozen=True, slots=True)
class Report:
    """What an import changed; `passwords` are those of new staff, shown this once; `moved` are cases of offices that
    were closed, which went to the office above.
    """

    kind: Kind
    added: int
    changed: int
    same: int
    dry_run: bool
    passwords: dict[str, str] = field(default_factory=dict)
    moved: int = 0

    def as_json(self) -> dict[str, object]:
        """For --json."""
        return {
            "kind": self.kind,
            "added": self.added,
            "changed": self.changed,
            "same": self.same,
            "dry_run": self.dry_run,
            "passwords": self.passwords,
            "moved": self.moved,
        }


def kind_of(word: str) -> Kind:
    """The kind a word names. Raises BadInput."""
    try:
        return Kind(word)
    except ValueError as error:
        raise BadInput(f"{word!r} is nothing to import or export.", mend=f"Use one of {', '.join(Kind)}.") from error


def export_text(kind: Kind) -> str:
    """A table as CSV text; areas as GeoJSON."""
    with database().read() as session:
        rows = _rows(session, kind)
    if kind is Kind.areas:
        return area_rows.text_of(rows)
    languages = sorted({column for row in rows for column in row if column.startswith("name_")})
    return csvs.write(rows, (*COLUMNS[kind], *languages))


def import_file(kind: Kind, file: Path, now: datetime, *, dry_run: bool = False) -> Report:
    """Apply a file in one transaction, or nothing of it.

    Raises:
        BadInput: naming every line that cannot be used.
    """
    lines, complaints = _read(kind, file)
    _check_doubles(kind, lines, complaints)
    passwords: dict[str, str] = {}
    closed: list[UUID] = []
    moved = 0
    with database().write() as session:
        before = _by_key(kind, _rows(session, kind))
        match kind:
            case Kind.offices:
                closed = _offices(session, lines, complaints)
            case Kind.services:
                _services(session, lines, complaints)
            case Kind.areas:
                area_rows.put(session, lines, complaints)
            case Kind.jurisdictions:
                rule_rows.put(session, lines, complaints)
            case Kind.staff:
                passwords = people.put(session, lines, complaints, make_passwords=not dry_run)
        complaints.check()
        session.flush()
        after = _by_key(kind, _rows(session, kind))
        if dry_run:
            session.rollback()
        elif before != after:
            touch(session)
            if kind is Kind.services:
                teaching.ask(session, "The catalogue of services was imported", now)
            session.flush()
            moved = sum(office_closed(session, office_id, now) for office_id in closed)
    added = sum(key not in before for key in after)
    changed = sum(key in before and before[key] != row for key, row in after.items())
    return Report(kind, added, changed, len(lines) - added - changed, dry_run, passwords, moved)


def _read(kind: Kind, file: Path) -> tuple[list[Line], Complaints]:
    if kind is Kind.areas:
        return area_rows.read(file), Complaints(file.name, unit="feature")
    columns = COLUMNS[kind]
    if kind is Kind.jurisdictions:
        columns = (*columns, rule_rows.OLD_PLACE)
    return csvs.read(file, NEEDED[kind], columns), Complaints(file.name)


def _by_key(kind: Kind, rows: list[dict[str, str]]) -> dict[tuple[str, ...], dict[str, str]]:
    return {tuple(row[column] for column in KEYS[kind]): row for row in rows}


def _check_doubles(kind: Kind, lines: list[Line], complaints: Complaints) -> None:
    seen: dict[tuple[str, ...], int] = {}
    for line in lines:
        key = tuple(_cell(line, column).casefold() for column in KEYS[kind])
        if key in seen:
            said = " and ".join(column for column in KEYS[kind] if _cell(line, column))
            complaints.add(line, f"it says the same {said} as {complaints.unit} {seen[key]}")
        seen.setdefault(key, line.number)


def _cell(line: Line, column: str) -> str:
    """What stands in a column, also under its older name."""
    raw = line.cells.get(column) or (line.cells.get(rule_rows.OLD_PLACE) if column == "places" else "") or ""
    return raw.strip()


def _rows(session: Session, kind: Kind) -> list[dict[str, str]]:
    match kind:
        case Kind.offices:
            return _office_rows(session)
        case Kind.services:
            return _service_rows(session)
        case Kind.areas:
            return area_rows.rows(session)
        case Kind.jurisdictions:
            return rule_rows.rows(session)
        case Kind.staff:
            return people.rows(session)


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _names(names: dict[str, str]) -> dict[str, str]:
    return {f"name_{language}": name for language, name in sorted(names.items())}


def _office_rows(session: Session) -> list[dict[str, str]]:
    offices = session.exec(select(Office).order_by(col(Office.code))).all()
    codes = {office.id: office.code for office in offices}
    calendars = {calendar.id: calendar.name for calendar in session.exec(select(Calendar))}
    return [
        {
            "code": office.code,
            "tier": office.tier,
            "parent": codes[office.parent_id] if office.parent_id else "",
            "function": office.function,
            "calendar": calendars[office.calendar_id] if office.calendar_id else "",
            "active": _yes(office.active),
            "places": ";".join(office.places),
            **_names(office.names),
        }
        for office in offices
    ]


def _service_rows(session: Session) -> list[dict[str, str]]:
    return [
        {
            "code": service.code,
            "group": service.group,
            "active": _yes(service.active),
            "keywords": ";".join(service.keywords),
            "examples": _BETWEEN.join(service.examples),
            "shared": "" if service.shared is None else _yes(service.shared),
            **_names(service.names),
        }
        for service in session.exec(select(Service).order_by(col(Service.code)))
    ]


def _offices(session: Session, lines: list[Line], complaints: Complaints) -> list[UUID]:
    """Put them; which of them were open and are closed now."""
    known = {office.code: office for office in session.exec(select(Office))}
    calendars = {calendar.name: calendar for calendar in session.exec(select(Calendar))}

    open_before = {office.id for office in known.values() if office.active}

    def use(line: Line) -> None:
        code = line.needed("code", 32)
        if not all(c.isalnum() or c == "-" for c in code):
            raise Unusable(f"the code {code!r} may have letters, digits and hyphens only")
        tier, names = line.choice("tier", Tier), line.names()
        function = line.choice("function", OfficeFunction, OfficeFunction.service)
        calendar, active = line.text("calendar"), line.yes("active")
        if calendar and calendar not in calendars:
            raise Unusable(f"there is no calendar {calendar!r}")
        office = known.get(code)
        if office is None:
            office = known[code] = Office(id=new_id(), code=code, names=names, tier=tier)
            session.add(office)
        office.names, office.tier, office.function, office.active = names, tier, function, active
        office.calendar_id = calendars[calendar].id if calendar else None
        office.places = line.parts("places")

    complaints.each(lines, use)
    session.flush()  # so that a parent further down the file is there
    by_id = {office.id: office for office in known.values()}

    def hang(line: Line) -> None:
        parent, office = line.text("parent"), known.get(line.text("code", 32))
        if office is None:
            return
        if parent and parent not in known:
            raise Unusable(f"its parent {parent!r} is neither in this file nor an office already")
        office.parent_id = known[parent].id if parent else None

    complaints.each(lines, hang)

    def climb(line: Line) -> None:
        office, seen = known.get(line.text("code", 32)), set()
        while office is not None and office.parent_id is not None:
            if office.id in seen:
                raise Unusable("it is above itself in the tree")
            seen.add(office.id)
            office = by_id.get(office.parent_id)

    complaints.each(lines, climb)
    return [office.id for office in known.values() if office.id in open_before and not office.active]


def _services(session: Session, lines: list[Line], complaints: Complaints) -> None:
    known = {service.code: service for service in session.exec(select(Service))}

    def use(line: Line) -> None:
        code, names = line.needed("code", 64), line.names()
        service = known.get(code)
        if service is None:
            service = known[code] = Service(id=new_id(), code=code, names=names)
            session.add(service)
        service.names, service.group, service.active = names, line.text("group"), line.yes("active")
        service.keywords = line.parts("keywords")
        if "examples" in line.cells:  # a file from before examples leaves them as they are
            service.examples = line.parts("examples", _BETWEEN.strip())
        if "shared" in line.cells:
            service.shared = line.yes("shared") if line.text("shared") else None

    complaints.each(lines, use)
