"""Staff's pages of transactions: files brought in by hand, how far each is, and what is wrong with its lines."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, BinaryIO
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response, StreamingResponse
from sqlmodel import Session, col, select
from starlette.datastructures import FormData, UploadFile

from api.auth import SignedIn, Staffed
from api.forms import read_form, text_of
from api.pages import render
from core.crypto import same
from core.database import database
from core.errors import BadInput, NotAllowed, NotFound
from core.texts import clean
from domain.catalogue import Catalogue, catalogue
from domain.ledger import RUNNING, PartKind, TransactionUpload, UploadState
from domain.states import Role
from domain.visibility import Viewer
from surveys import reminders, uploads
from surveys.upload_lines import COLUMNS, NEEDED

router = APIRouter(include_in_schema=False)

SHOWN = 20
"""Files in the list."""
ERRORS_SHOWN = 100
REFRESH = 3
"""Seconds until a page shows how far a file is by now."""
BRINGS = (Role.admin, Role.head)


@dataclass(frozen=True, slots=True)
class Posted:
    """A file with how it is to be taken. `file` is None where none was chosen."""

    file: BinaryIO | None
    name: str
    source: str
    dry_run: bool
    take_good: bool


async def posted(request: Request) -> FormData:
    """The posted form with its file."""
    return await read_form(request, files=1)


def checked(staff: Staffed, form: Annotated[FormData, Depends(posted)]) -> Posted:
    """Dependency: what somebody signed in has posted from our own page. Raises NotAllowed."""
    if not same(text_of(form, "csrf"), staff.csrf):
        raise NotAllowed("This form is from another session.", mend="Go back, reload the page, and send it again.")
    file = form.get("file")
    chosen = isinstance(file, UploadFile) and bool(file.filename)
    return Posted(
        file.file if isinstance(file, UploadFile) and chosen else None,
        clean(file.filename or "", 200) if isinstance(file, UploadFile) else "",
        clean(text_of(form, "source", 80)),
        text_of(form, "how", 10) == "look",
        text_of(form, "how", 10) == "good",
    )


def reach_of(known: Catalogue, who: Viewer) -> frozenset[UUID] | None:
    """The offices somebody may report services of: those they head or administer and all below; None for every one.

    Raises NotAllowed for who neither heads nor administers one.
    """
    if not who.has(*BRINGS):
        raise NotAllowed("Files of transactions are for heads of offices and administrators.", mend="Ask yours.")
    found = frozenset[UUID]().union(*(known.subtree(office) for role, office in who.roles if role in BRINGS))
    return None if found >= known.offices.keys() else found


@router.get("/staff/transactions")
def show_transactions(request: Request, staff: Staffed) -> Response:
    """A form to bring a file in, and the last files."""
    return _page(request, staff)


@router.post("/staff/transactions")
def bring(request: Request, staff: Staffed, given: Annotated[Posted, Depends(checked)]) -> Response:
    """Write the file down for the worker, and show how far it is."""
    try:
        with database().write() as session:
            offices = reach_of(catalogue(session), staff.viewer)
            if given.file is None:
                raise BadInput("No file was chosen.", fields={"file": "Choose a file."})
            upload = uploads.bring(
                session,
                given.file,
                given.name,
                datetime.now(UTC),
                origin="browser",
                by=staff.name,
                source=given.source,
                staff_id=UUID(staff.id),
                offices=offices,
                dry_run=given.dry_run,
                take_good=given.take_good,
            )
            upload_id, known_before = upload.id, upload.state not in RUNNING
    except BadInput as error:
        return _page(request, staff, given=given, errors=error.fields or {"file": error.message})
    return RedirectResponse(f"/staff/transactions/{upload_id}{'?said=same' if known_before else ''}", 303)


@router.get("/staff/transactions/{upload_id}")
def show_file(request: Request, staff: Staffed, upload_id: str, said: str = "") -> Response:
    """One file: how far it is, or what came of it."""
    with database().read() as session:
        upload = _mine(session, staff, upload_id)
        mendable = upload.bad > 0 and uploads.mendable(session, upload.id)
    running = upload.state in RUNNING
    context = {
        "file": _line(upload),
        "running": running,
        "errors": upload.errors[:ERRORS_SHOWN],
        "more": max(0, upload.bad - ERRORS_SHOWN),
        "mendable": mendable and not running,
        "same": said == "same",
    }
    answer = render(request, "staff/transaction_file.html", context)
    if running:
        answer.headers["Refresh"] = str(REFRESH)
    return answer


@router.get("/staff/transactions/{upload_id}/lines.csv")
def lines_to_mend(staff: Staffed, upload_id: str) -> Response:
    """The lines of a file that could not be used, with what is wrong in front, to be mended and brought again."""
    with database().read() as session:
        upload = _mine(session, staff, upload_id)
        if upload.state in RUNNING or not uploads.mendable(session, upload.id):
            raise NotFound("These lines are not kept any more.", mend="Bring the file again.")

    def text() -> Iterator[bytes]:
        yield "\ufeff".encode()  # so that spreadsheets know what letters they are
        yield from uploads.pieces(database(), upload.id, PartKind.bad)

    headers = {"Content-Disposition": 'attachment; filename="lines-to-mend.csv"', "Cache-Control": "no-store"}
    return StreamingResponse(text(), media_type="text/csv; charset=utf-8", headers=headers)


def _mine(session: Session, staff: SignedIn, upload_id: str) -> TransactionUpload:
    """A file somebody brought themselves; who reports for every office sees all. Raises NotFound, NotAllowed."""
    offices = reach_of(catalogue(session), staff.viewer)
    try:
        upload = session.get(TransactionUpload, UUID(upload_id))
    except ValueError:
        upload = None
    if upload is None or (offices is not None and upload.staff_id != UUID(staff.id)):
        raise NotFound("There is no such file.", mend="Choose one from the list.")
    return upload


def _page(
    request: Request, staff: SignedIn, *, given: Posted | None = None, errors: Mapping[str, str] | None = None
) -> Response:
    with database().read() as session:
        known = catalogue(session)
        offices = reach_of(known, staff.viewer)
        query = (
            select(TransactionUpload).order_by(col(TransactionUpload.at).desc(), col(TransactionUpload.id)).limit(SHOWN)
        )
        if offices is not None:
            query = query.where(TransactionUpload.staff_id == UUID(staff.id))
        files = session.exec(query).all()
        sources: list[str] = []
        if offices is None:
            sources = sorted(session.exec(select(TransactionUpload.source).distinct().limit(50)))
        weeks = reminders.due_by_week(session, offices, datetime.now(UTC))
        context = {
            "files": [_line(one) for one in files],
            "sources": sources,
            "source": given.source if given else "",
            "how": "look" if given and given.dry_run else "good" if given and given.take_good else "whole",
            "columns": [{"name": name, "needed": name in NEEDED, "others": others} for name, others in COLUMNS.items()],
            "wide": offices is None,
            "weeks": [{"from": day, "count": count} for day, count in weeks],
            "coming": sum(count for _, count in weeks),
            "errors": dict(errors or {}),
        }
    return render(request, "staff/transactions.html", context, status=422 if errors else 200)


def _line(upload: TransactionUpload) -> dict[str, object]:
    reached = upload.lines + upload.taken
    wanted = upload.expected * (1 if upload.dry_run else 2)
    return {
        "id": str(upload.id),
        "name": upload.name,
        "source": upload.source,
        "state": str(upload.state),
        "by": upload.by,
        "origin": upload.origin,
        "at": upload.at,
        "finished_at": upload.finished_at,
        "share": min(1.0, reached / max(wanted, 1)) if upload.state in RUNNING else 1.0,
        "read_as": upload.read_as,
        "problem": upload.problem,
        "again": upload.last_error or "",
        "dry_run": upload.dry_run,
        **{name: getattr(upload, name) for name in ("lines", "good", "bad", "taken", "created", "differing")},
        "refused": upload.state == UploadState.refused,
    }
