"""Pictures, recordings and documents of a case: uploads before a form is sent, and what providers keep for us.

The bytes lie in `core.files` before the row that speaks of them is committed, and a row is deleted before its bytes. So
a process that dies in between leaves a file nobody knows, which `tidy` removes, and never a row without its file.
"""

import hashlib
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import and_
from sqlmodel import Session, col, select

from channels import media, virus
from channels.media import TOO_MANY, Media
from channels.values import Channel
from core import doorbell, files
from core.database import after_commit
from core.errors import BadInput, Conflict, NotFound
from core.ids import new_id
from core.logs import logger
from core.settings import settings
from domain.attachment import Attachment, AttachmentState
from domain.case import Case
from domain.inbox import InboundMessage
from domain.states import EntryKind
from domain.timeline import TimelineEntry, append

_FITS = {("voice", "audio"), ("sticker", "photo"), ("audio", "video")}
"""What a provider or caller says a file is, where our own look at it does not contradict."""

log = logger("cases.attachments")


# -- uploads of a form that is not sent yet -------------------------------------------------------------------------


def keep_upload(
    session: Session,
    *,
    data: bytes,
    name: str,
    upload_key: str,
    channel: Channel,
    now: datetime,
    kind: str | None = None,
) -> Attachment:
    """Keep one uploaded file under the form's `upload_key`, until `adopt`. The same file twice is kept once.

    Call it first in its session: what takes long (drawing the picture anew, the virus scanner) is done before anything
    is asked of the database, so nobody waits for a lock meanwhile. Where the scanner is away the file is `waiting`, and
    shown to nobody before it was looked at.

    Raises:
        BadInput: it cannot be kept; the message, and the field `file`, is a sentence for the citizen.
    """
    kept = media.examine(data, name)
    try:
        scan = virus.check(kept.data, settings().clamav_url)
        state, due = AttachmentState.stored, None
    except virus.ScannerAway as error:
        log.warning("scanner_away", detail=str(error))
        scan, state, due = "", AttachmentState.waiting, now + timedelta(seconds=5)
    row = Attachment(
        id=new_id(),
        kind=kind_of(kind, kept),
        channel=channel,
        state=state,
        due_at=due,
        scan=scan,
        upload_key=upload_key,
        created_at=now,
    )
    describe(row, kept)
    before = uploads(session, upload_key)
    for one in before:
        if one.sha256 == row.sha256:
            return one
    if channel is Channel.web and len(before) >= settings().attachment_count:
        raise BadInput(TOO_MANY, fields={"file": TOO_MANY})
    files.write(row.id, kept.data)
    session.add(row)
    session.flush()
    return row


def uploads(session: Session, upload_key: str) -> list[Attachment]:
    """What was uploaded for a form so far, in the order it came."""
    if not upload_key:
        return []
    return list(
        session.exec(select(Attachment).where(col(Attachment.upload_key) == upload_key).order_by(col(Attachment.id)))
    )


def drop_upload(session: Session, upload_key: str, attachment_id: UUID) -> None:
    """Take one upload off its form again; one that is gone already is no matter."""
    row = session.get(Attachment, attachment_id)
    if row is not None and upload_key and row.upload_key == upload_key:
        session.delete(row)
        after_commit(session, lambda: files.remove(attachment_id))


def adopt(session: Session, case: Case, upload_key: str, now: datetime) -> list[Attachment]:
    """The form was sent: its uploads belong to the case from now on. The caller holds the case and commits."""
    rows = uploads(session, upload_key)
    for row in rows:
        row.case_id, row.upload_key = case.id, None
        if row.state == AttachmentState.stored:
            told(session, case, row, now)
    if any(row.state == AttachmentState.waiting for row in rows):
        after_commit(session, lambda: doorbell.ring(doorbell.MEDIA))
    return rows


# -- what providers keep for us -------------------------------------------------------------------------------------


def expect(session: Session, row: InboundMessage, case: Case, now: datetime) -> list[Attachment]:
    """What came with an inbox row belongs to the case: it is fetched from its provider soon. Once for each row.

    Uploads that the row names (`upload_key` among its details) are adopted. The caller holds the case and commits.
    """
    key = str(row.details.get("upload_key") or "")
    adopted = adopt(session, case, key, now) if key else []
    given = row.details.get("attachments")
    if not isinstance(given, list) or not given:
        return adopted
    before = session.exec(
        select(Attachment).where(col(Attachment.inbound_id) == row.id).order_by(col(Attachment.id))
    ).all()
    if before:
        return [*adopted, *before]
    made = [_expected(row, case, one, now) for one in given if isinstance(one, dict) and one.get("url")]
    session.add_all(made)
    session.flush()
    after_commit(session, lambda: doorbell.ring(doorbell.MEDIA))
    return [*adopted, *made]


def _expected(row: InboundMessage, case: Case, one: dict[str, object], now: datetime) -> Attachment:
    size = one.get("size")
    return Attachment(
        id=new_id(),
        kind=str(one.get("kind") or "document"),
        channel=row.channel,
        source=str(one["url"]),
        name=str(one.get("name") or ""),
        content_type=str(one["content_type"]) if one.get("content_type") else None,
        size=size if isinstance(size, int) else None,
        inbound_id=row.id,
        case_id=case.id,
        due_at=now,
        created_at=now,
    )


def _described(row: Attachment) -> dict[str, object]:
    return {
        "attachment": str(row.id),
        "kind": row.kind,
        "content_type": row.content_type,
        "size": row.size,
        "sha256": row.sha256,
    }


def told(session: Session, case: Case, row: Attachment, now: datetime) -> None:
    """Write on the timeline that the file is there, sealed with its hash."""
    entry = append(session, case, EntryKind.attached, now, actor="citizen", public=True, body=_described(row))
    row.entry = entry.number


def describe(row: Attachment, kept: Media) -> None:
    """Write on the row what is kept."""
    row.content_type, row.size, row.name = kept.content_type, len(kept.data), kept.name
    row.sha256 = hashlib.sha256(kept.data).hexdigest()


def kind_of(said: str | None, kept: Media) -> str:
    """What a file is called: as it was said to be, where its content does not contradict."""
    return said if said is not None and (said, kept.kind) in _FITS else kept.kind


# -- reading --------------------------------------------------------------------------------------------------------


def of_case(session: Session, case: Case) -> Sequence[Attachment]:
    """All files of a case, also those that wait or were refused, in the order they came."""
    return session.exec(select(Attachment).where(col(Attachment.case_id) == case.id).order_by(col(Attachment.id))).all()


def one_of_case(session: Session, case: Case, attachment_id: UUID) -> Attachment:
    """One file of a case. Raises NotFound for what is not its, or is not there (yet)."""
    row = session.get(Attachment, attachment_id)
    if row is None or row.case_id != case.id or row.state != AttachmentState.stored:
        raise NotFound("There is no such file with this case.", mend="Reload the case; it may not be here yet.")
    return row


def content(attachment: Attachment) -> bytes:
    """The bytes of a stored file.

    Raises:
        NotFound: it is not stored, or its file is gone from the disk.
        Tampered: it was changed on the disk.
    """
    if attachment.state != AttachmentState.stored:
        raise NotFound("This file is not here.", mend="It may still be on its way; look again in a minute.")
    try:
        return files.read(attachment.id)
    except FileNotFoundError as error:
        log.exception("file_missing", file=str(attachment.id))
        raise NotFound("This file is missing on the disk.", mend="Ask an administrator to restore it.") from error


def faults(session: Session, batch: int = 500) -> Iterator[str]:
    """Every stored file that is missing, or is not the one its case's timeline was sealed with, in words."""
    last: UUID | None = None
    while True:
        query = (
            select(Attachment, TimelineEntry, Case.reference)
            .join(Case, col(Case.id) == col(Attachment.case_id))
            .outerjoin(
                TimelineEntry,
                and_(
                    col(TimelineEntry.case_id) == col(Attachment.case_id),
                    col(TimelineEntry.number) == col(Attachment.entry),
                ),
            )
            .where(col(Attachment.state) == AttachmentState.stored)
            .order_by(col(Attachment.id))
            .limit(batch)
        )
        found = session.exec(query.where(col(Attachment.id) > last) if last else query).all()
        if not found:
            return
        for row, entry, reference in found:
            if not files.path_of(row.id).is_file():
                yield f"{reference}: the file {row.id} is missing in {files.folder()}"
            sealed = entry.body if entry is not None else {}
            if (sealed.get("attachment"), sealed.get("sha256")) != (str(row.id), row.sha256):
                yield f"{reference}: the file {row.id} is not the one its timeline tells of"
        last = found[-1][0].id
        session.expunge_all()


def fetch_again(session: Session, case: Case, attachment_id: UUID, now: datetime) -> Attachment:
    """Staff ask for one more try at a file that could not be got. Raises NotFound, Conflict."""
    row = session.get(Attachment, attachment_id, with_for_update=True)
    if row is None or row.case_id != case.id:
        raise NotFound("There is no such file with this case.", mend="Reload the case.")
    if row.state != AttachmentState.failed:
        raise Conflict("This file is not one that failed.", mend="Reload the case to see it.")
    row.state, row.why, row.due_at, row.attempts = AttachmentState.waiting, None, now, 0
    after_commit(session, lambda: doorbell.ring(doorbell.MEDIA))
    return row
