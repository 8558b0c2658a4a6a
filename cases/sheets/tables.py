"""What is set up, as files: CSV, and GeoJSON for areas; for the command line and the browser alike.

An import adds and changes; it takes nothing away (set `active` to no, or give a line a `valid_to`). It is one
transaction. What each line would do is found by comparing the export before and after, so a look before and the import
itself cannot differ.
"""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from cases import administration
from cases.office_tree import count_anew
from cases.sheets import area_rows, csvs, rule_rows
from cases.sheets.csvs import Complaints, Line
from cases.sheets.job import Job
from cases.sheets.kinds import SHEETS, Key, Kind, Row, Sheet
from cases.sheets.report import Effect, Report
from cases.staff_reach import Reach, begin
from core.database import database
from core.errors import NotAllowed
from domain.access import CatalogueChange
from domain.catalogue import catalogue, touch
from domain.staff import email_index
from domain.visibility import SYSTEM_KEY, Viewer
from escalation import recount
from escalation.recount import Preview

COMMAND_LINE = replace(SYSTEM_KEY, name="command line")


def may(kind: Kind, reach: Reach) -> bool:
    """Whether an administrator works with such files."""
    return reach.wide or (SHEETS[kind].reach and bool(reach.offices))


def export_text(kind: Kind, reach: Reach | None = None) -> str:
    """A table as CSV text; areas as GeoJSON. With `reach`, what an administrator works with. Raises NotAllowed."""
    _check(kind, reach)
    with database().read() as session:
        rows = SHEETS[kind].rows(session, reach)
    if kind is Kind.areas:
        return area_rows.text_of(rows)
    begins = SHEETS[kind].by_language
    languages = sorted({column for row in rows for column in row if begins and column.startswith(begins)})
    return csvs.write(rows, (*SHEETS[kind].columns, *languages))


def import_file(
    kind: Kind,
    name: str,
    raw: bytes,
    now: datetime,
    *,
    dry_run: bool = False,
    who: Viewer | None = None,
    seen: str | None = None,
) -> Report:
    """Apply a file in one transaction, or nothing of it.

    `who` is the administrator, None for the command line; `seen` the stamp of the effects they looked at: where they
    would be others by now, nothing is changed.

    Raises:
        BadInput: naming every line that cannot be used.
        NotAllowed: such files are not theirs.
    """
    sheet = SHEETS[kind]
    if kind is Kind.areas:
        lines = area_rows.read(name, raw)
    else:
        lines = csvs.read(name, raw, sheet.needed, _columns(sheet), sheet.by_language)
    complaints = Complaints(name, unit=sheet.unit)
    _check_doubles(sheet, lines, complaints)
    with database().write() as session:
        reach = begin(session, who, now) if who is not None else None
        _check(kind, reach)
        if who is None:
            administration.lock(session)
        job = Job(session, lines, complaints, now, who or COMMAND_LINE, reach, dry_run)
        was = catalogue(session)
        before = _by_key(sheet, sheet.rows(session, None))
        sheet.put(job)
        complaints.check()
        session.flush()
        after = _by_key(sheet, sheet.rows(session, None))
        loosely = {_loose(key): row for key, row in after.items()}
        effects = tuple(_effect(sheet, line, before, after, loosely) for line in lines)
        only_look = dry_run or (seen is not None and seen != Report(kind, effects, dry_run).stamp)
        if only_look:
            session.rollback()
        moved = 0
        if before != after and not only_look:
            touch(session)
            session.flush()
            if kind is Kind.offices:
                by = who or replace(SYSTEM_KEY, name=name)
                count_anew(session, by, was, catalogue(session), "Offices were imported", now)
            moved = sum(work() for work in job.afterwards)
            _record(session, sheet, who, before, after, now)
    if only_look:
        return Report(kind, effects, True, preview=_preview(job))
    return Report(kind, effects, False, job.passwords, moved, job.links)


def _preview(job: Job) -> Preview | None:
    """What the file would come to for open clocks, counted by the very code that would then count."""
    if job.planned is None or job.scope is None:
        return None
    with database().read() as session:
        return recount.preview(session, job.by, job.planned, job.scope, job.now)


def _check(kind: Kind, reach: Reach | None) -> None:
    if reach is not None and not may(kind, reach):
        raise NotAllowed(
            "These files are for administrators of the whole government.", mend="Ask one at the top office."
        )


def _columns(sheet: Sheet) -> Key:
    return (*sheet.columns, *sheet.older)


def _key(sheet: Sheet, row: Row) -> Key:
    return tuple(row[column] for column in sheet.key)


def _by_key(sheet: Sheet, rows: list[Row]) -> dict[Key, Row]:
    return {_key(sheet, row): row for row in rows}


def _effect(sheet: Sheet, line: Line, before: dict[Key, Row], after: dict[Key, Row], loosely: dict[Key, Row]) -> Effect:
    """What came of a line; the row it became is found by its key, however its cells were written."""
    cells = tuple(_cell(line, column) for column in sheet.key)
    row = after.get(cells) or loosely.get(_loose(cells))
    if row is None:
        gone = before.get(cells)  # such as a day that is as its week says again
        told = tuple(
            (name, _short(cell), "") for name, cell in (gone or {}).items() if cell and name not in ("id", *sheet.key)
        )
        return Effect(line.number, _title(cells), "changed" if gone else "same", told)
    old = before.get(_key(sheet, row))
    title = _title(_key(sheet, row))
    if old is None:
        return Effect(line.number, title, "added")
    changed = tuple(
        (column, _short(old.get(column, "")), _short(row.get(column, "")))
        for column in dict.fromkeys((*row, *old))
        if column != "id" and row.get(column, "") != old.get(column, "")
    )
    return Effect(line.number, title, "changed" if changed else "same", changed)


def _title(key: Key) -> str:
    return " ".join(part for part in key if part)


def _short(text: str) -> str:
    return text if len(text) <= 200 else f"{text[:197]}…"


def _loose(key: Key) -> Key:
    return tuple("".join(part.split()).casefold() for part in key)


def _check_doubles(sheet: Sheet, lines: list[Line], complaints: Complaints) -> None:
    seen: dict[Key, int] = {}
    for line in lines:
        key = tuple(_cell(line, column).casefold() for column in sheet.key)
        if key in seen:
            said = " and ".join(column for column in sheet.key if _cell(line, column))
            complaints.add(line, f"it says the same {said} as {complaints.unit} {seen[key]}")
        seen.setdefault(key, line.number)


def _cell(line: Line, column: str) -> str:
    """What stands in a column, also under its older name."""
    raw = line.cells.get(column) or (line.cells.get(rule_rows.OLD_PLACE) if column == "places" else "") or ""
    return raw.strip()


def _record(
    session: Session, sheet: Sheet, who: Viewer | None, before: dict[Key, Row], after: dict[Key, Row], now: datetime
) -> None:
    """Write every changed row down, with who imported it."""
    if not sheet.audited:
        return
    veil = _veiled if sheet.audited == "staff" else _plain
    for key, row in after.items():
        if row != (old := before.get(key)):
            session.add(
                CatalogueChange(
                    kind=sheet.audited,
                    row_id=UUID(row["id"]),
                    title=row.get("name") or row.get("name_en") or " ".join(part for part in key if part),
                    staff_id=who.staff_id if who is not None else None,
                    by=who.name if who is not None else "command line",
                    at=now,
                    before=veil(old) if old is not None else None,
                    after=veil(row),
                )
            )


def _plain(row: Row) -> administration.Values:
    return {name: _short(value) for name, value in row.items() if name != "id"}


def _veiled(row: Row) -> administration.Values:
    """Without the address, in which a record of changes has no business."""
    email = row["email"]
    return _plain(row) | {
        "email": f"{email[:1]}…@{email.rpartition('@')[2]} ({email_index(email)[:4]})",
        "roles": row["roles"].split(";"),
        "active": row["active"] == "yes",
    }
