"""A folder that agencies drop files into, as by SFTP: taken when they are complete, then filed away.

`FOLDER/today.csv` is of the source "files", `FOLDER/civil registry/today.csv` of "civil registry". A file is complete
once it has rested for some seconds; one that ends in .part, .tmp or .filepart, or begins with a point, is still on its
way. What was taken goes to `done/` beside it, what was not to `refused/` with what is wrong. Every step may be cut off
and is done again: the same bytes are one file, and moving comes last.
"""

import fcntl
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from sqlmodel import Session, col, select

from core.database import database
from core.errors import OmbudError
from core.logs import logger
from core.settings import settings
from domain.ledger import RUNNING, PartKind, TransactionUpload, UploadState
from surveys import uploads

REST = 5.0
"""Seconds a file must not have changed for."""
ON_ITS_WAY = (".part", ".tmp", ".filepart", ".partial", ".crdownload")
ORIGIN = "folder"
DONE, REFUSED = "done", "refused"

log = logger("surveys.folder")


def watch(now: datetime) -> int:
    """Bring in what is complete and file away what is finished; returns how many files were moved or brought."""
    folder = settings().transactions_dir
    if folder is None or not folder.is_dir():
        return 0
    with _alone(folder) as alone:
        if not alone:
            return 0
        moved = 0
        for path, source in list(_complete(folder, now)):
            try:
                moved += _look_at(path, source, now)
            except OSError as error:  # one that cannot be read or moved must not hold up the others
                log.warning("not_filed", file=path.name, error=str(error))
        return moved


@contextmanager
def _alone(folder: Path) -> Iterator[bool]:
    """Whether no other process looks at the folder."""
    with (folder / ".ombud.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
            return
        yield True


def _complete(folder: Path, now: datetime) -> Iterator[tuple[Path, str]]:
    inside = [path for path in sorted(folder.iterdir()) if path.is_dir() and path.name not in (DONE, REFUSED)]
    places = [(folder, uploads.SOURCE), *((path, path.name) for path in inside if not path.name.startswith("."))]
    for place, source in places:
        for path in sorted(place.iterdir()):
            hidden = path.name.startswith(".") or path.suffix.lower() in ON_ITS_WAY
            if hidden or path.is_symlink() or not path.is_file():
                continue
            if now.timestamp() - path.stat().st_mtime >= REST:
                yield path, source


def _look_at(path: Path, source: str, now: datetime) -> int:
    """Take one file a step further; 1 if there was one to take."""
    try:
        with database().write() as session:
            upload = _known(session, path, source)
            if upload is None:
                with path.open("rb") as file:
                    upload = uploads.bring(session, file, path.name, now, origin=ORIGIN, by=ORIGIN, source=source)
                if upload.state != UploadState.done:
                    return 1
            if upload.state in RUNNING:
                return 0
    except OmbudError as error:  # an empty or too large file
        _write_errors(path, [f"problem\n{error}\n".encode()])
        _move(path, REFUSED, now)
        return 1
    if upload.state == UploadState.done:
        _move(path, DONE, now)
    else:
        _write_errors(path, _errors(upload))
        _move(path, REFUSED, now)
    with database().write() as session:
        session.get_one(TransactionUpload, upload.id).filed_at = now
    log.info("filed", file=path.name, state=str(upload.state), lines=upload.lines, bad=upload.bad)
    return 1


def _known(session: Session, path: Path, source: str) -> TransactionUpload | None:
    """What is known of a file that lies there: it was brought and not yet filed away."""
    about = path.stat()
    digest = _digest(path, about.st_mtime_ns, about.st_size)
    return session.exec(
        select(TransactionUpload)
        .where(
            TransactionUpload.source == source,
            TransactionUpload.sha256 == digest,
            TransactionUpload.origin == ORIGIN,
            col(TransactionUpload.filed_at).is_(None),
        )
        .order_by(col(TransactionUpload.at).desc())
        .limit(1)
    ).first()


@lru_cache(maxsize=100)
def _digest(path: Path, changed: int, size: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _errors(upload: TransactionUpload) -> Iterator[bytes]:
    if upload.problem:
        yield f'problem\n"{upload.problem.replace(chr(34), chr(34) * 2)}"\n'.encode()
    else:
        yield from uploads.pieces(database(), upload.id, PartKind.bad)


def _write_errors(path: Path, pieces: "Iterator[bytes] | list[bytes]") -> None:
    target = path.parent / REFUSED
    target.mkdir(exist_ok=True)
    beside = target / f".{path.name}.errors"
    with beside.open("wb") as file:
        for piece in pieces:
            file.write(piece)
    beside.replace(target / f"{path.name}.errors.csv")


def _move(path: Path, into: str, now: datetime) -> None:
    target = path.parent / into
    target.mkdir(exist_ok=True)
    name = target / path.name
    if name.exists():
        name = target / f"{path.stem}.{now:%Y%m%d%H%M%S}{path.suffix}"
    path.replace(name)
