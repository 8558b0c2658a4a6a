"""Files of transactions: brought in as they are, worked off by the worker, taken whole or not at all.

The bytes lie in the database in encrypted pieces until the file is finished, so whichever machine works it off has
them, and a restored backup is whole.
"""

import hashlib
import zlib
from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from itertools import count
from typing import BinaryIO
from uuid import UUID

from sqlalchemy import delete
from sqlmodel import Session, col, func, select

from core import doorbell
from core.crypto import cipher
from core.database import Database, after_commit
from core.errors import BadInput, TooLarge
from core.ids import new_id
from core.texts import clean
from domain.ledger import RUNNING, PartKind, TransactionUpload, UploadPart, UploadState

PIECE = 1_000_000
"""Bytes of one piece."""
LARGEST = 500_000_000
"""Bytes of the largest file: several million lines."""
SOURCE = "files"
"""What the source is called where nobody names one."""
KEPT = timedelta(days=30)
"""So long the lines that could not be used are kept for whoever mends them."""
SAME = (*RUNNING, UploadState.done)


def bring(
    session: Session,
    file: BinaryIO,
    name: str,
    now: datetime,
    *,
    origin: str,
    by: str,
    source: str = "",
    staff_id: UUID | None = None,
    offices: Collection[UUID] | None = None,
    dry_run: bool = False,
    take_good: bool = False,
) -> TransactionUpload:
    """Write a file down for the worker; the same bytes of one source again give the file that is there already.

    `offices`: those it may report for, None for all. The caller commits; then the doorbell rings.

    Raises:
        BadInput: it is empty.
        TooLarge: it has more than `LARGEST` bytes.
    """
    digest, size, lines = hashlib.sha256(), 0, 0
    while piece := file.read(PIECE):
        digest.update(piece)
        size, lines = size + len(piece), lines + piece.count(b"\n")
        if size > LARGEST:
            raise TooLarge(f"{name} has more than {LARGEST:,} bytes.", mend="Bring it in several files.")
    if not size:
        raise BadInput(f"{name} is empty.", mend="Choose the file again.", fields={"file": "This file is empty."})
    source = clean(source, 80) or SOURCE
    if not dry_run and (there := same(session, source, digest.hexdigest())) is not None:
        return there
    upload = TransactionUpload(
        id=new_id(),
        source=source,
        name=clean(name, 200),
        sha256=digest.hexdigest(),
        size=size,
        origin=origin,
        by=clean(by, 200),
        staff_id=staff_id,
        office_ids=None if offices is None else sorted(map(str, offices)),
        dry_run=dry_run,
        take_good=take_good,
        expected=max(lines - 1, 1),
        due_at=now,
        at=now,
    )
    session.add(upload)
    session.flush()
    file.seek(0)
    number = 0
    while piece := file.read(PIECE):
        keep(session, upload.id, PartKind.given, number, piece)
        number += 1
    after_commit(session, lambda: doorbell.ring(doorbell.FILES))
    return upload


def same(session: Session, source: str, sha256: str) -> TransactionUpload | None:
    """The file of the same bytes and source that is being taken or was taken."""
    return session.exec(
        select(TransactionUpload)
        .where(
            TransactionUpload.source == source,
            TransactionUpload.sha256 == sha256,
            col(TransactionUpload.state).in_(SAME),
            col(TransactionUpload.dry_run).is_(False),
        )
        .limit(1)
    ).first()


def keep(session: Session, upload_id: UUID, kind: PartKind, number: int, data: bytes) -> None:
    """Write one piece of a file."""
    key_id, sealed = cipher().encrypt_bytes(zlib.compress(data, 1), _about(upload_id, kind, number))
    part = UploadPart(upload_id=upload_id, kind=kind, number=number, key_id=key_id, data=sealed)
    session.add(part)
    session.flush()
    session.expunge(part)  # else a file would lie whole in memory until the commit


def pieces(home: Database, upload_id: UUID, kind: PartKind) -> Iterator[bytes]:
    """The pieces of a file in order, one in memory at a time."""
    for number in count():
        with home.read() as session:
            found = session.execute(
                select(UploadPart.key_id, UploadPart.data).where(
                    UploadPart.upload_id == upload_id, UploadPart.kind == kind, UploadPart.number == number
                )
            ).one_or_none()
        if found is None:
            return
        yield zlib.decompress(cipher().decrypt_bytes(found[0], found[1], _about(upload_id, kind, number)))


def forget(session: Session, upload_id: UUID, kind: PartKind) -> None:
    """Take the pieces of a file away."""
    session.execute(delete(UploadPart).where(col(UploadPart.upload_id) == upload_id, col(UploadPart.kind) == kind))


def tidy(session: Session, now: datetime) -> None:
    """Take away lines that nobody mended in time."""
    old = select(TransactionUpload.id).where(
        col(TransactionUpload.finished_at) < now - KEPT, col(TransactionUpload.bad) > 0
    )
    session.execute(delete(UploadPart).where(col(UploadPart.upload_id).in_(old)))


def mendable(session: Session, upload_id: UUID) -> bool:
    """Whether the lines of a file that could not be used are still kept."""
    return bool(
        session.exec(
            select(func.count())
            .select_from(UploadPart)
            .where(UploadPart.upload_id == upload_id, UploadPart.kind == PartKind.bad)
        ).one()
    )


def _about(upload_id: UUID, kind: PartKind, number: int) -> bytes:
    return upload_id.bytes + f"{kind}{number}".encode()
