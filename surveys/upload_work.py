"""Working off a file of transactions: first every line is checked, then, if all can be used, every line is taken.

Checking changes nothing but the file's own figures. Taking goes on by thousands of lines, each with the place it
reached in one transaction, and nothing can stop it for good: a worker that is killed leaves off between two of them,
and the next goes on behind. So a file is taken whole or not at all, and no line twice.
"""

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice
from uuid import UUID

from sqlmodel import Session, select

from core import claims
from core.database import Database, database
from core.errors import Tampered
from core.logs import logger
from core.settings import settings
from domain.catalogue import catalogue
from domain.ledger import RUNNING, PartKind, TransactionUpload, UploadState
from surveys import transactions, uploads
from surveys.checking import Checker, Line, Wrong
from surveys.upload_lines import ENCODINGS, OURS, Heading, Read, Torn, encoding_of, lines_of, rows_of

STEP = 5_000
"""Lines between two looks at the database."""
LISTED = 1_000
"""So many errors are listed on the page; the file to be mended has all of them."""
LEASE = timedelta(minutes=2)

Clock = Callable[[], datetime]

log = logger("surveys.uploads")


def work_off(clock: Clock) -> int:
    """Work off one file that is due; returns how many there were."""
    home = database()
    ids: list[UUID] = []
    for state in RUNNING:
        with home.write() as session:
            ids = claims.claim(session, TransactionUpload, clock(), state=state, limit=1, lease=LEASE)
        if ids:
            break
    for upload_id in ids:
        try:
            run(upload_id, clock)
        except Exception as error:
            log.exception("upload_failed", upload=str(upload_id))
            _put_off(upload_id, error, clock())
    return len(ids)


def run(upload_id: UUID, clock: Clock) -> None:
    """Check a file and, if it may be, take it."""
    home = database()
    with home.read() as session:
        upload = session.get_one(TransactionUpload, upload_id)
    try:
        if upload.state != UploadState.taking:
            upload = _check(home, upload, clock)
        if upload.state == UploadState.taking:
            _take(home, upload, clock)
    except _Overtaken:
        log.info("upload_overtaken", upload=str(upload_id))
    except (Torn, Tampered) as error:
        with home.write() as session:
            upload = _held(session, upload_id)
            upload.problem = str(error)
            _finish(session, upload, UploadState.refused, clock())


class _Overtaken(Exception):
    """Another worker took the file up, since this one was slower than its lease: that one goes on."""


def _held(
    session: Session, upload_id: UUID, state: UploadState | None = None, reached: int | None = None
) -> TransactionUpload:
    """The file, nobody else's until the commit. Raises _Overtaken where it is not as this worker left it."""
    held = session.exec(select(TransactionUpload).where(TransactionUpload.id == upload_id).with_for_update()).one()
    if state is not None and (held.state != state or (held.taken if state == "taking" else held.lines) != reached):
        raise _Overtaken
    return held


def _open(home: Database, upload: TransactionUpload) -> tuple[str, Heading, Iterator[Read]]:
    encoding = encoding_of(uploads.pieces(home, upload.id, PartKind.given))
    lines = lines_of(uploads.pieces(home, upload.id, PartKind.given), encoding)
    return (ENCODINGS[encoding], *rows_of(lines, settings().zone))


def _checker(home: Database, upload: TransactionUpload, now: datetime, *, settled: bool = False) -> Checker:
    reach = None if upload.office_ids is None else frozenset(map(UUID, upload.office_ids))
    with home.read() as session:
        return Checker(catalogue(session), now, reach, settled=settled)


def _line(checker: Checker, row: Read) -> Line | list[Wrong]:
    return row.item if isinstance(row.item, list) else checker.line(row.item)


def _check(home: Database, upload: TransactionUpload, clock: Clock) -> TransactionUpload:
    """Look at every line; gives the file as it stands then. Raises Torn where it cannot be split into lines."""
    with home.write() as session:
        held = _held(session, upload.id)
        held.state, held.errors, held.lines, held.good, held.bad = UploadState.checking, [], 0, 0, 0
        uploads.forget(session, upload.id, PartKind.bad)
    read_as, heading, rows = _open(home, upload)
    checker, bad, looked_at = _checker(home, upload, clock()), _Bad(upload.id, heading), 0
    while some := list(islice(rows, STEP)):
        wrong = [(row, found) for row in some if isinstance(found := _line(checker, row), list)]
        with home.write() as session:
            held = _held(session, upload.id, UploadState.checking, looked_at)
            looked_at += len(some)
            held.read_as, held.leased_until = read_as, clock() + LEASE
            held.lines, held.bad = held.lines + len(some), held.bad + len(wrong)
            held.good = held.lines - held.bad
            if wrong and len(held.errors) < LISTED:
                told = [_told(heading, row, one) for row, found in wrong for one in found]
                held.errors = [*held.errors, *told][:LISTED]
            bad.add(session, wrong)
    with home.write() as session:
        held = _held(session, upload.id, UploadState.checking, looked_at)
        if held.bad:
            bad.write(session)
        if not held.lines:
            held.problem = "It has no lines below its heading."
        if not held.good or (held.bad and not held.take_good):
            _finish(session, held, UploadState.refused, clock())
        elif held.dry_run:
            _finish(session, held, UploadState.checked, clock())
        else:
            held.state = UploadState.taking
    return held


def _take(home: Database, upload: TransactionUpload, clock: Clock) -> None:
    """Store every line that can be used, going on behind those that are stored."""
    _, _, rows = _open(home, upload)
    # what was good when it was checked is taken, also where an office was closed in between
    checker = _checker(home, upload, clock(), settled=True)
    good = (line for row in rows if isinstance(line := _line(checker, row), Line))
    behind, taken = islice(good, upload.taken, None), upload.taken
    while some := list(islice(behind, STEP)):
        with home.write() as session:
            held = _held(session, upload.id, UploadState.taking, taken)
            taken += len(some)
            stored = transactions.store(session, upload.source, some, clock())
            held.taken, held.leased_until = held.taken + len(some), clock() + LEASE
            held.created += sum(isinstance(one, Line) for one in stored.values())
            held.differing += sum(stored[line.external_id].mark not in (None, line.mark) for line in some)
    with home.write() as session:
        held = _held(session, upload.id, UploadState.taking, taken)
        _finish(session, held, UploadState.partly if held.bad else UploadState.done, clock())


def _finish(session: Session, upload: TransactionUpload, state: UploadState, now: datetime) -> None:
    upload.state, upload.finished_at, upload.due_at, upload.leased_until = state, now, None, None
    uploads.forget(session, upload.id, PartKind.given)


def _told(heading: Heading, row: Read, wrong: Wrong) -> dict[str, object]:
    return {"line": row.number, "column": heading.called(wrong.field), "what": wrong.what}


class _Bad:
    """The lines that cannot be used, gathered into a file of the same columns with what is wrong in front."""

    def __init__(self, upload_id: UUID, heading: Heading) -> None:
        self._upload_id, self._heading, self._number = upload_id, heading, 0
        self._text = io.StringIO(newline="")
        self._writer = csv.writer(self._text, delimiter=heading.separator, lineterminator="\n")
        kept = [(place, name) for place, name in enumerate(heading.names) if name.casefold() not in OURS]
        self._places = [place for place, _ in kept]
        self._writer.writerow([*OURS, *(name for _, name in kept)])

    def add(self, session: Session, wrong: Sequence[tuple[Read, list[Wrong]]]) -> None:
        """More of them; written down once they are a piece."""
        for row, found in wrong:
            problem = " ".join(
                f"{self._heading.called(one.field)}: {one.what}" if one.field else one.what for one in found
            )
            whole = len(row.cells) == len(self._heading.names)
            cells = [row.cells[place] for place in self._places] if whole else row.cells
            self._writer.writerow([row.number, problem, *cells])
        if self._text.tell() > uploads.PIECE:
            self.write(session)

    def write(self, session: Session) -> None:
        """Write down what is gathered."""
        uploads.keep(session, self._upload_id, PartKind.bad, self._number, self._text.getvalue().encode())
        self._number += 1
        self._text.seek(0)
        self._text.truncate()


def _put_off(upload_id: UUID, error: Exception, now: datetime) -> None:
    with database().write() as session:
        upload = _held(session, upload_id)
        # of the error only its kind: its words may repeat somebody's number
        upload.leased_until, upload.last_error = None, type(error).__name__
        upload.due_at = claims.retry_at(now, upload.attempts)
