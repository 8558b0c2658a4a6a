"""What the pages of a meeting share: which meeting a request is about, and whether it is this person's to see."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from urllib.parse import urlencode
from uuid import UUID

from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from api.auth import SignedIn
from core.database import database
from core.errors import BadInput, NotFound
from domain.catalogue import catalogue
from domain.office import Office
from domain.visibility import Viewer
from reviews import meeting
from reviews.telling import address

Reads = Callable[[Session, Viewer, UUID, date], bool]


def place(staff: SignedIn, office_code: str, week: str, reads: Reads) -> tuple[Office, date, datetime]:
    """The office, the Monday and the moment of a request. Raises NotFound for what is no meeting of this person."""
    now, monday = datetime.now(UTC), read_date(week)
    with database().read() as session:
        office = catalogue(session).office_by_code.get(office_code.strip().upper())
        if office is None or monday is None or not reads(session, staff.viewer, office.id, monday):
            raise NotFound("There is no such review.", mend="Look in the list of reviews.")
    try:
        meeting.check_week(monday, now)
    except BadInput as error:
        raise NotFound(error.message, mend=error.mend) from error
    return office, monday, now


def read_date(text: str) -> date | None:
    """A day as a form or an address writes it; None for anything else."""
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        return None


def read_id(text: str) -> UUID | None:
    """An id as a form writes it; None for anything else."""
    try:
        return UUID(text)
    except ValueError:
        return None


def read_number(text: str) -> int | None:
    """A whole number as people type it; None for anything else."""
    text = text.strip()
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 6 else None


def back(office: Office, week: date, page: str, **query: str) -> Response:
    """To a page of the meeting."""
    asked = f"?{urlencode(query)}" if query else ""
    return RedirectResponse(f"{address(office.code, week)}{page}{asked}", status_code=303)


def pdf_answer(data: bytes, name: str) -> Response:
    """A paper as an answer that nobody between keeps."""
    return Response(
        data,
        media_type="application/pdf",
        headers={"Content-Disposition": f'inline; filename="{name}"', "Cache-Control": "private, no-store"},
    )
