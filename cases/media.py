"""Getting the files that wait: from their provider, past the scanner, into the store. And tidying the store.

The row is the job: it stands as `waiting` until its bytes are kept, or until it is certain that they cannot be.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session, col, select

from cases import attachments
from channels import media, virus
from channels.errors import Failure, SendFailed
from channels.fetching import Fetched
from channels.media import NOT_THERE, Media
from channels.values import Channel
from core import claims, files
from core.database import after_commit, database
from core.errors import BadInput
from core.logs import logger
from core.settings import settings
from domain.attachment import Attachment, AttachmentState
from domain.case import Case

Fetch = Callable[[str, Channel], Fetched]
"""Gets a file from the provider that keeps it. Raises SendFailed or BadInput."""

BATCH = 4
TRIES = 20
"""Tries to get one file, over some three days; a scanner that is away is waited for without end."""
TRIES_MISSING = 6
"""Tries where the provider says it has no such file: it may be minutes late, but not days."""
UNSENT = timedelta(days=1)
"""Uploads of a form that was not sent are forgotten after this."""
UNCLAIMED = timedelta(days=30)
"""The same for what came by e-mail and the like, whose message may still be waiting to be handled."""
STRAY = timedelta(days=1)
"""A file that no row speaks of is left alone for so long: its row may be about to be committed."""
_FORMS = (Channel.web, Channel.assisted, Channel.kiosk)

log = logger("cases.media")


def fetch_due(now: datetime, fetch: Fetch, limit: int = BATCH) -> int:
    """Claim files that wait, get them and have them looked at; returns how many were claimed.

    No database session is open while a provider or the scanner is asked. Done twice (a lease that ran out) it writes
    the same file again and notes it once.
    """
    with database().write() as session:
        lease = timedelta(seconds=settings().lease_seconds)
        ids = claims.claim(session, Attachment, now, state=AttachmentState.waiting, limit=limit, lease=lease)
    for attachment_id in ids:
        _fetch_one(attachment_id, now, fetch)
    return len(ids)


def _fetch_one(attachment_id: UUID, now: datetime, fetch: Fetch) -> None:
    with database().read() as session:
        row = session.get(Attachment, attachment_id)
    if row is None or row.state != AttachmentState.waiting:
        return
    try:
        kept = _stored_already(row) if row.sha256 else None
        if kept is None:
            got = fetch(row.source, Channel(row.channel))
            kept = media.examine(got.data, row.name or got.name, got.content_type or row.content_type)
            files.write(row.id, kept.data)
        scan = virus.check(kept.data, settings().clamav_url)
    except virus.ScannerAway as error:
        _again(attachment_id, now, str(error), kept=kept)
    except BadInput as error:
        _end(attachment_id, AttachmentState.refused, error.message, now)
    except SendFailed as error:
        tries = TRIES_MISSING if error.failure is Failure.unreachable else TRIES
        if row.attempts < tries and (error.failure.retry or error.failure is Failure.unreachable):
            _again(attachment_id, now, str(error), asked=error.retry_after)
        else:
            _end(attachment_id, AttachmentState.failed, NOT_THERE, now, error=str(error))
    except Exception as error:
        log.exception("file_not_kept", file=str(attachment_id))
        if row.attempts < TRIES:
            _again(attachment_id, now, f"{type(error).__name__}: {error}")
        else:
            _end(attachment_id, AttachmentState.failed, NOT_THERE, now, error=f"{type(error).__name__}: {error}")
    else:
        _keep(attachment_id, kept, scan, now)


def _stored_already(row: Attachment) -> Media | None:
    """The bytes of a file that waits for the scanner alone; None when they must be fetched (again)."""
    try:
        data = files.read(row.id)
    except FileNotFoundError:
        if not row.source:
            raise
        return None
    return Media(row.content_type or "", row.kind, data, None, None, row.name)


def _keep(attachment_id: UUID, kept: Media, scan: str, now: datetime) -> None:
    with database().write() as session:
        row, case = _held(session, attachment_id)
        if row is None:
            files.remove(attachment_id)
            return
        if row.state != AttachmentState.waiting:
            return
        row.kind = attachments.kind_of(row.kind, kept)
        attachments.describe(row, kept)
        row.state, row.scan, row.due_at, row.leased_until = AttachmentState.stored, scan, None, None
        row.last_error = row.why = None
        if case is not None:
            attachments.told(session, case, row, now)


def _again(
    attachment_id: UUID, now: datetime, why: str, *, asked: float | None = None, kept: Media | None = None
) -> None:
    with database().write() as session:
        row, _ = _held(session, attachment_id)
        if row is None or row.state != AttachmentState.waiting:
            return
        if kept is not None:
            row.kind = attachments.kind_of(row.kind, kept)
            attachments.describe(row, kept)
        row.last_error, row.leased_until = why[:500], None
        row.due_at = claims.retry_at(now, row.attempts, asked)


def _end(attachment_id: UUID, state: AttachmentState, why: str, now: datetime, *, error: str | None = None) -> None:
    """Refused or failed for good; the desk says why. What lies on the disk of it is removed."""
    with database().write() as session:
        row, case = _held(session, attachment_id)
        if row is None or row.state != AttachmentState.waiting:
            return
        row.state, row.why, row.due_at, row.leased_until, row.sha256 = state, why, None, None, None
        row.last_error = error[:500] if error else None
        if case is not None:
            case.updated_at = max(case.updated_at, now)
        after_commit(session, lambda: files.remove(attachment_id))


def _held(session: Session, attachment_id: UUID) -> tuple[Attachment | None, Case | None]:
    """The row and its case, locked in the order everybody locks them: the case first."""
    case_id = session.exec(select(Attachment.case_id).where(col(Attachment.id) == attachment_id)).first()
    case = session.get(Case, case_id, with_for_update=True) if case_id else None
    row = session.get(Attachment, attachment_id, with_for_update=True)
    if row is not None and row.case_id != case_id:  # adopted in between
        case = session.get(Case, row.case_id, with_for_update=True) if row.case_id else None
    return row, case


def tidy(now: datetime, batch: int = 200) -> int:
    """Forget uploads of forms that were never sent, and files that no row speaks of; returns how many went."""
    return _forget_unsent(now, batch) + _forget_strays(now)


def _forget_unsent(now: datetime, batch: int) -> int:
    with database().write() as session:
        found = session.exec(
            select(Attachment.id, Attachment.channel, Attachment.created_at)
            .where(
                col(Attachment.case_id).is_(None),
                col(Attachment.book_page_id).is_(None),
                col(Attachment.upload_key).is_not(None),
                col(Attachment.created_at) < now - UNSENT,
            )
            .limit(batch)
        ).all()
        old = [one for one, channel, at in found if channel in _FORMS or at < now - UNCLAIMED]
        for row in session.exec(select(Attachment).where(col(Attachment.id).in_(old)).with_for_update()):
            if row.case_id is None and row.book_page_id is None:
                session.delete(row)
                after_commit(session, _removal(row.id))
    return len(old)


def _removal(attachment_id: UUID) -> Callable[[], None]:
    return lambda: files.remove(attachment_id)


def _forget_strays(now: datetime) -> int:
    went = 0
    group: list[UUID] = []
    for file_id, written in files.kept():
        if written < now - STRAY:
            group.append(file_id)
        if len(group) == 500:
            went, group = went + _without_row(group), []
    for path in files.half_written(now - STRAY):
        path.unlink(missing_ok=True)
        went += 1
    return went + _without_row(group)


def _without_row(group: Sequence[UUID]) -> int:
    if not group:
        return 0
    with database().read() as session:
        known = set(session.exec(select(Attachment.id).where(col(Attachment.id).in_(group))))
    strays = [file_id for file_id in group if file_id not in known]
    for file_id in strays:
        files.remove(file_id)
    return len(strays)
