"""`ombud import transactions FILE`: a file of completed services, by the same way as from the browser."""

import getpass
import io
import sys
from datetime import UTC, datetime
from pathlib import Path

import domain.tables  # noqa: F401  (so that the metadata is whole)
from cli.output import err, out, print_json
from core.database import database
from core.errors import BadInput
from domain.ledger import RUNNING, PartKind, TransactionUpload, UploadState
from surveys import upload_work, uploads

LISTED = 50


def bring(file: Path, *, source: str, dry_run: bool, take_good: bool, as_json: bool) -> None:
    """Check a file and take it, here and now; exit 2 where it is not taken whole, the lines to mend beside it.

    Raises BadInput for a file that cannot be read.
    """
    now = datetime.now(UTC)
    try:
        given = io.BytesIO(sys.stdin.buffer.read()) if str(file) == "-" else file.open("rb")
    except OSError as error:
        raise BadInput(f"{file} cannot be read: {error.strerror}.", mend="Check the path.") from error
    with given, database().write() as session:
        upload = uploads.bring(
            session,
            given,
            "the input" if str(file) == "-" else file.name,
            now,
            origin="command",
            by=getpass.getuser(),
            source=source,
            dry_run=dry_run,
            take_good=take_good,
        )
        upload.leased_until = now + upload_work.LEASE if upload.state in RUNNING else None  # it is worked off here
        upload_id, before = upload.id, upload.state not in RUNNING
    if not before:
        upload_work.run(upload_id, lambda: datetime.now(UTC))
    with database().read() as session:
        upload = session.get_one(TransactionUpload, upload_id)
    if as_json:
        print_json(_told(upload, before))
    else:
        _say(upload, before, file)
    if upload.state == UploadState.refused:
        sys.exit(2)


def _told(upload: TransactionUpload, before: bool) -> dict[str, object]:
    counts = ("lines", "good", "bad", "taken", "created", "differing")
    return {
        "id": str(upload.id),
        "state": str(upload.state),
        "source": upload.source,
        "read_as": upload.read_as,
        "same_as_before": before,
        **{name: getattr(upload, name) for name in counts},
        "problem": upload.problem,
        "errors": upload.errors,
    }


def _say(upload: TransactionUpload, before: bool, given: Path) -> None:
    if before:
        out.print("This very file was taken before; there was nothing to do.")
        return
    if upload.problem:
        err.print(upload.problem, markup=False)
    for one in upload.errors[:LISTED]:
        where = f"line {one['line']}" + (f", {one['column']}" if one["column"] else "")
        err.print(f"{where}: {one['what']}", markup=False)
    if upload.bad > LISTED:
        err.print(f"… of {upload.bad:,} lines that cannot be used.")
    if upload.state == UploadState.refused:
        err.print("Nothing was stored.")
    elif upload.dry_run:
        out.print(f"{upload.good:,} lines can be used; nothing was stored.")
    else:
        known = upload.taken - upload.created
        out.print(f"{upload.created:,} transactions are new, {known:,} were known, {upload.bad:,} cannot be used.")
    if upload.bad:
        with database().read() as session:
            there = uploads.mendable(session, upload.id)
        if there:
            target = given.with_name(f"{given.stem if given.stem != '-' else 'input'}.errors.csv")
            with target.open("wb") as file:
                for piece in uploads.pieces(database(), upload.id, PartKind.bad):
                    file.write(piece)
            out.print(f"The lines to mend are in {target}.", soft_wrap=True, markup=False)
