"""`ombud export KIND` of what happened (cases, timelines, ratings, transactions, actions): a file at once, written down
like any other export."""

import getpass
import os
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import domain.tables  # noqa: F401  (so that the metadata is whole)
from cli.output import err
from core.database import database
from core.errors import BadInput
from core.ids import new_id
from core.settings import settings
from domain.export import Export, ExportFormat, ExportKind, ExportState
from domain.visibility import SYSTEM_KEY, reach_of
from reports.exports.asking import Sight
from reports.exports.choice import Choice, Last
from reports.exports.making import write_rows

KINDS = tuple(ExportKind)


def write(kind: str, file: Path | None, format_name: str | None, q: str, last: str | None, plain: bool) -> None:
    """Write a file as whoever holds the machine sees it: all but what is kept for integrity or about somebody.

    Raises BadInput for a filter or a format that is none.
    """
    wanted = _format(file, format_name)
    choice = Choice(q, _last(last))
    seen = Sight(replace(SYSTEM_KEY, name="command line"), plain, settings().languages[0])
    now, count = datetime.now(UTC), 0

    def told(rows: int) -> None:
        nonlocal count
        count += rows

    if file is None:
        write_rows(ExportKind(kind), wanted, choice, seen, sys.stdout.buffer, now, told)
    else:
        beside = file.with_name(f".{file.name}.{os.urandom(4).hex()}")
        try:
            with _opened(beside) as target:
                write_rows(ExportKind(kind), wanted, choice, seen, target, now, told)
            beside.replace(file)
        finally:
            beside.unlink(missing_ok=True)
    with database().write() as session:
        session.add(
            Export(
                id=new_id(),
                kind=ExportKind(kind),
                format=wanted,
                chosen=choice.as_json(),
                by=f"{getpass.getuser()} (command line)",
                plain=plain,
                reach=reach_of(seen.who),
                state=ExportState.expired,  # its file is wherever it was written to
                at=now,
                finished_at=datetime.now(UTC),
                rows=count,
            )
        )
    if file is not None:
        err.print(f"{count:,} rows were written to {file}.", markup=False)


def _opened(file: Path) -> IO[bytes]:
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise BadInput(f"{file.parent} cannot be written to: {error.strerror}.", mend="Check the path.") from error
    return os.fdopen(handle, "wb")


def _format(file: Path | None, given: str | None) -> ExportFormat:
    name = given or (file.suffix.removeprefix(".").lower() if file is not None else "") or "csv"
    if name not in set(ExportFormat):
        raise BadInput(f"{name!r} is no format.", mend=f"Use one of {', '.join(ExportFormat)}.")
    return ExportFormat(name)


def _last(given: str | None) -> Last | None:
    if given is None:
        return None
    if given not in set(Last):
        raise BadInput(f"{given!r} is no period.", mend=f"Use one of {', '.join(Last)}.")
    return Last(given)
