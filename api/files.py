"""Files of a case as staff and citizens see them: shown where a browser draws them safely, else to be saved.

The address of a citizen's own file carries a key for that one file and that day, never the PIN.
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from api import throttle
from api.auth import Staffed
from api.forms import Filled
from api.pages import render, render_fragment
from cases import attachments, history
from cases.rights import works_on
from channels import media, pictures
from core.crypto import cipher, same
from core.database import database
from core.errors import NotAllowed, NotFound
from domain.attachment import Attachment, AttachmentState

router = APIRouter(include_in_schema=False)

THUMB = 480
"""Longest edge of a thumbnail in dots: 240 on a dense screen."""
HEADERS = {
    "Cache-Control": "private, no-store",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    # a browser that opens a picture by itself makes a page of its own around it, with a style of its own
    "Content-Security-Policy": (
        "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; sandbox"
    ),
}
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


@router.get("/staff/cases/{reference}/files/{file_id}")
def show_file(request: Request, staff: Staffed, reference: str, file_id: str) -> Response:
    """A file of a case the person may see; with `?thumb` a picture in small."""
    with database().read() as session:
        case = history.load(session, staff.viewer, reference)
        row = attachments.one_of_case(session, case, _id(file_id))
    return served(request, row)


@router.get("/staff/cases/{reference}/files/{file_id}/view")
def view_file(request: Request, staff: Staffed, reference: str, file_id: str, part: str = "") -> Response:
    """A file looked at by itself, with those before and after it; `part` is the same without the page around it."""
    with database().read() as session:
        case = history.load(session, staff.viewer, reference)
        chosen = attachments.one_of_case(session, case, _id(file_id))
        rows = [row for row in attachments.of_case(session, case) if row.state == AttachmentState.stored]
    at = next(number for number, row in enumerate(rows) if row.id == chosen.id)
    views = for_staff(rows, case.reference)
    context = {
        "reference": case.reference,
        "file": views[at] | {"type": chosen.content_type or "", "scanned": chosen.scan or ""},
        "number": at + 1,
        "total": len(views),
        "before": views[at - 1]["view"] if at else "",
        "after": views[at + 1]["view"] if at + 1 < len(views) else "",
    }
    if part:
        return render_fragment(request, "staff/file_part.html", context)
    return render(request, "staff/file_view.html", context)


@router.post("/staff/cases/{reference}/files/{file_id}/again")
def fetch_again(staff: Staffed, form: Filled, reference: str, file_id: str) -> Response:
    """Try once more to get a file from its provider."""
    with database().write() as session:
        case = history.load(session, staff.viewer, reference)
        if not works_on(case, staff.viewer):
            raise NotAllowed("You may read this case but not work on it.", mend="Ask the office that has it.")
        attachments.fetch_again(session, case, _id(file_id), datetime.now(UTC))
    return RedirectResponse(f"/staff/cases/{reference}?said=again", status_code=303)


@router.get("/track/{reference}/files/{file_id}")
def show_own_file(request: Request, reference: str, file_id: str, key: str = "") -> Response:
    """A citizen's own file, for whoever opened the tracking page with the PIN today."""
    address = throttle.address_of(request)
    throttle.check("track", address)
    if not same(key, key_of(_id(file_id))):
        throttle.spend("track", address)
        raise NotFound("This address is not good any more.", mend="Open the tracking page and enter the PIN again.")
    with database().read() as session:
        case = history.tracked(session, reference)
        row = attachments.one_of_case(session, case, _id(file_id))
    return served(request, row)


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise NotFound("There is no such file.", mend="Reload the page it was on.") from error


def key_of(file_id: UUID) -> str:
    """Opens one file on the day it was made."""
    return cipher().seal(f"file {file_id} {datetime.now(UTC).date().isoformat()}".encode())[:32]


def for_staff(rows: Iterable[Attachment], reference: str) -> list[dict[str, object]]:
    """Files as `ui.files` shows them, with the addresses of the desk."""
    addresses = ((row, f"/staff/cases/{reference}/files/{row.id}") for row in rows)
    return [shown(row, url) | {"view": f"{url}/view"} for row, url in addresses]


def for_citizen(rows: Iterable[Attachment], reference: str) -> list[dict[str, object]]:
    """Files as `ui.files` shows them to the citizen who sent them."""
    return [shown(row, f"/track/{reference}/files/{row.id}", f"key={key_of(row.id)}") for row in rows]


def shown(row: Attachment, url: str, query: str = "") -> dict[str, object]:
    """What `ui.files` needs to know of one file."""
    content_type = row.content_type or ""
    family = content_type.partition("/")[0]
    address = f"{url}?{query}" if query else url
    return {
        "id": str(row.id),
        "url": address,
        "thumb": f"{address}{'&' if query else '?'}thumb=1" if content_type in media.INLINE else "",
        "player": family if family in ("audio", "video") else "",
        "kind": row.kind,
        "name": row.name,
        "size": row.size or 0,
        "state": str(row.state),
        "why": row.why or "",
        "sent_at": row.created_at if row.inbound_id else None,
        "transcript": row.transcript or "",
        "entry": row.entry,
    }


def served(request: Request, row: Attachment) -> Response:
    """A stored file as an answer, with headers that let it do nothing."""
    data, content_type = attachments.content(row), row.content_type or "application/octet-stream"
    if "thumb" in request.query_params and content_type in media.INLINE:
        small = pictures.thumbnail(data, THUMB)
        if small is not None:
            return Response(small, media_type="image/jpeg", headers=HEADERS)
    family = content_type.partition("/")[0]
    show = content_type in media.INLINE or family in ("audio", "video")
    return answer(data, content_type, row.name or f"{row.kind}{media.EXTENSIONS.get(content_type, '')}", show, request)


def answer(data: bytes, content_type: str, name: str, show: bool, request: Request) -> Response:
    """The bytes, or the part of them that was asked for (players jump by asking for parts)."""
    plain = name.encode("ascii", "ignore").decode().replace('"', "").replace("\\", "") or "file"
    way = "inline" if show else "attachment"
    headers = HEADERS | {
        "Content-Disposition": f"{way}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}",
        "Accept-Ranges": "bytes",
    }
    wanted = _RANGE.fullmatch(request.headers.get("range", "").strip())
    if wanted is None or not (wanted[1] or wanted[2]):
        return Response(data, media_type=None, headers=headers | {"Content-Type": content_type})
    if wanted[1]:
        start, end = int(wanted[1]), min(int(wanted[2] or len(data)), len(data) - 1)
    else:
        start, end = max(len(data) - int(wanted[2]), 0), len(data) - 1
    if start >= len(data) or end < start:
        return Response(status_code=416, headers=headers | {"Content-Range": f"bytes */{len(data)}"})
    part = {"Content-Type": content_type, "Content-Range": f"bytes {start}-{end}/{len(data)}"}
    return Response(data[start : end + 1], 206, headers=headers | part)


def by_entry(views: Iterable[dict[str, object]]) -> dict[int, dict[str, object]]:
    """Files by the number of the timeline entry that tells of them; those without one are left out."""
    return {entry: view for view in views if isinstance(entry := view["entry"], int)}


def pending(rows: Iterable[Attachment]) -> list[Attachment]:
    """Those that stand on no timeline: on their way, refused, not got, or kept before their entry is written."""
    return [row for row in rows if row.state != AttachmentState.stored or row.entry is None]
