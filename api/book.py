"""The paper complaint book: which page, its entries in a grid, photos of it, slips for those without a number."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from api import choices, files
from api.auth import SignedIn, Staffed
from api.counter import checked_upload, may_write_in, pdf_answer, slip_page, today
from api.forms import Filled
from api.pages import render
from api.report_files import Form, form_with_files
from cases import assisted, attachments, book
from channels.values import Channel
from core.database import database
from core.errors import BadInput, NotAllowed, NotFound
from core.ids import new_id
from core.settings import settings
from domain.assisted import BookPage
from domain.attachment import Attachment
from domain.catalogue import Catalogue, catalogue
from domain.office import Office
from domain.visibility import Viewer
from reports import posters, slips

router = APIRouter(include_in_schema=False)

PLAIN_ROWS: Final = 10
"""Empty rows without scripts; with them a new one comes by itself."""
MOST: Final = 60
"""Rows of one page that are read."""
COLUMNS: Final = ("said_on", "text", "name", "contact", "answered")
HIDDEN: Final = ("case", "another")


async def uploaded(request: Request) -> Form:
    """A page of the book with its photo; more fields than other forms have."""
    return await form_with_files(request, most_fields=MOST * 8)


def checked(staff: Staffed, form: Annotated[Form, Depends(uploaded)]) -> Form:
    """Dependency: the form of somebody signed in, sent from our own page. Raises NotAllowed."""
    return checked_upload(staff, form)


Uploaded = Annotated[Form, Depends(checked)]


@router.get("/staff/book")
def show_book(request: Request, staff: Staffed, office: str = "", page: str = "") -> Response:
    """Which office's book, which page; and how far each book is."""
    may_write_in(staff)
    return _start(request, staff, {"office": office[:32], "page": page[:20]})


@router.post("/staff/book")
def open_page(request: Request, staff: Staffed, form: Filled) -> Response:
    """Go to a page by its number."""
    may_write_in(staff)
    try:
        office, number = _chosen(staff.viewer, form.get("office", ""), form.get("page", ""))
    except BadInput as error:
        return _start(request, staff, form, error.fields)
    return RedirectResponse(_address(office, number), status_code=303)


@router.get("/staff/book/page")
def show_page(request: Request, staff: Staffed, office: str = "", page: str = "", kept: str = "") -> Response:
    """One page: what is keyed already, and rows for more."""
    may_write_in(staff)
    found, number = _chosen(staff.viewer, office, page)
    if kept:
        request.state.flash = {"text": f"Kept: {kept[:200]}.", "tone": "well", "undo": ""}
    return _page(request, staff, found, number)


@router.post("/staff/book/page")
def save_page(request: Request, staff: Staffed, form: Uploaded) -> Response:
    """Keep the rows and the photo; a mistake in one row costs the others nothing."""
    may_write_in(staff)
    office, number = _chosen(staff.viewer, form.fields.get("office", ""), form.fields.get("page", ""))
    rows = _rows(form.fields)
    done = book.save(staff.viewer, office, number, rows, today())
    photo = _keep_photos(staff.viewer, office, number, form, today().now)
    if done.wrong or photo:
        typed = [(rows[place], errors) for place, errors in done.wrong.items()]
        wrong = [one for one in typed if not one[0].get("case")]
        mended = {one[0]["case"]: one for one in typed if one[0].get("case")}
        return _page(request, staff, office, number, wrong, mended, photo, _told(done), form.fields.get("language", ""))
    return RedirectResponse(f"{_address(office, number)}&{urlencode({'kept': _told(done) or 'nothing new'})}", 303)


@router.get("/staff/book/photo/{file_id}")
def show_photo(request: Request, staff: Staffed, file_id: str) -> Response:
    """The picture of a page, for those whose book it is."""
    may_write_in(staff)
    with database().read() as session:
        row = session.get(Attachment, _uuid(file_id))
        page = session.get(BookPage, row.book_page_id) if row is not None and row.book_page_id else None
        known = catalogue(session)
        office = known.offices.get(page.office_id) if page else None
    if row is None or office is None:
        raise NotFound("There is no such picture.", mend="Open the page of the book again.")
    book.may_key(known, staff.viewer, office)
    return files.served(request, row)


@router.get("/staff/book/slips")
def show_slips(request: Request, staff: Staffed, office: str = "", page: str = "") -> Response:
    """Slips of a page for those who get no message, to print together."""
    found, number, made = _slips(staff, office, page)
    address = urlencode({"office": found.code, "page": number})
    return slip_page(request, made, f"/staff/book/slips.pdf?{address}", _address(found, number))


@router.get("/staff/book/slips.pdf")
def get_slips(staff: Staffed, office: str = "", page: str = "", paper: str = "a6") -> Response:
    """The same as a PDF."""
    found, number, made = _slips(staff, office, page)
    name = f"slips-{found.code}-{number.replace('/', '-')}.pdf"
    return pdf_answer(slips.paper(made, paper if paper in slips.PAPERS else "a6"), name)


def _slips(staff: SignedIn, code: str, page: str) -> tuple[Office, str, list[dict[str, object]]]:
    may_write_in(staff)
    office, number = _chosen(staff.viewer, code, page)
    with database().read() as session:
        row = book.page_of(session, office.id, number)
        kept = assisted.kept_of_page(session, staff.viewer, row.id, today().now) if row else []
        made = [slips.slip(session, one, today().now) for one in kept if not one.told]
    if not made:
        raise NotFound(
            "There is no slip of yours to print for this page.",
            mend="Whoever keyed an entry in can print its slip for a day; who left a number gets a message.",
        )
    return office, number, made


def _told(done: book.Saved) -> str:
    """What was kept, in a line."""
    parts = [", ".join(done.kept.values())] if done.kept else []
    if done.corrected:
        parts.append(f"corrected {', '.join(done.corrected)}")
    if done.repeated:
        parts.append(f"keyed already {', '.join(done.repeated.values())}")
    return "; ".join(parts)


def _address(office: Office, number: str) -> str:
    return f"/staff/book/page?{urlencode({'office': office.code, 'page': number})}"


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise NotFound("There is no such picture.", mend="Open the page of the book again.") from error


def _chosen(who: Viewer, code: str, page: str) -> tuple[Office, str]:
    with database().read() as session:
        known = catalogue(session)
    office = known.office_by_code.get(code.strip().upper())
    wrong: dict[str, str] = {}
    if office is None:
        wrong["office"] = "Choose whose book it is."
    try:
        number = book.read_number(page)
    except BadInput as error:
        wrong |= error.fields
    if office is None or wrong:
        raise BadInput("Say which page.", mend="; ".join(wrong.values()), fields=wrong)
    book.may_key(known, who, office)
    return office, number


def _rows(fields: Mapping[str, str]) -> dict[int, dict[str, str]]:
    """Rows of the form by their place, those with nothing in them left out; the page's language goes with each."""
    found: dict[int, dict[str, str]] = {}
    for place in range(MOST):
        row = {name: fields[f"{name}-{place}"] for name in (*COLUMNS, *HIDDEN) if fields.get(f"{name}-{place}")}
        if any(row.get(name, "").strip() for name in ("text", "name", "contact", "case")):
            found[place] = {**row, "language": fields.get("language", "")}
    return found


def _keep_photos(who: Viewer, office: Office, number: str, form: Form, now: datetime) -> dict[str, str]:
    wrong: dict[str, str] = {}
    for one in form.files:
        try:
            if len(one.data) > settings().attachment_limit_bytes:
                raise BadInput("This picture is too large. Take it with fewer pixels.")
            with database().write() as session:
                kept = attachments.keep_upload(
                    session, data=one.data, name=one.name, upload_key=str(new_id()), channel=Channel.assisted, now=now
                )
                book.keep_photo(session, book.begin_page(session, who, office, number, now), kept)
        except BadInput as error:
            wrong["file"] = error.fields.get("file") or error.message
    return wrong


def _offices(who: Viewer) -> list[dict[str, object]]:
    """Offices whose book the viewer may key in, their own first."""
    with database().read() as session:
        known = catalogue(session)
    theirs = [o for o in posters.with_poster(list(known.offices.values())) if _may(known, who, o)]
    groups = choices.offices(known, "en")
    codes = {office.code for office in theirs}
    shown = [{**group, "options": [o for o in group["options"] if o["code"] in codes]} for group in groups]  # type: ignore[attr-defined]
    return [group for group in shown if group["options"]]


def _may(known: Catalogue, who: Viewer, office: Office) -> bool:
    try:
        book.may_key(known, who, office)
    except NotAllowed:
        return False
    return True


def _start(
    request: Request, staff: SignedIn, given: Mapping[str, str], errors: Mapping[str, str] | None = None
) -> Response:
    who = staff.viewer
    with database().read() as session:
        known = catalogue(session)
        reach = None if book.keys_all(known, who) else list(who.offices or ())
        books = [one for one in book.progress(session, reach, today().now) if one.office_id in known.offices]
        own = sorted(known.offices[home].code for home in who.home if home in known.offices)
    context = {
        "offices": _offices(who),
        "values": {"office": given.get("office", "") or (own[0] if own else ""), "page": given.get("page", "")},
        "errors": dict(errors or {}),
        "books": [
            {
                "office": known.name(one.office_id),
                "code": known.offices[one.office_id].code,
                "pages": one.pages,
                "this_week": one.this_week,
                "last": one.last,
                "missing": list(one.missing),
                "unkeyed": one.unkeyed,
                "unkeyed_since": one.unkeyed_since,
            }
            for one in books
        ],
    }
    return render(request, "staff/book.html", context, status=422 if errors else 200)


Wrong = tuple[Mapping[str, str], Mapping[str, str]]


def _page(
    request: Request,
    staff: SignedIn,
    office: Office,
    number: str,
    wrong: Sequence[Wrong] = (),
    mended: Mapping[str, Wrong] | None = None,
    errors: Mapping[str, str] | None = None,
    told: str = "",
    language: str = "",
) -> Response:
    with database().read() as session:
        page = book.page_of(session, office.id, number)
        there = book.entries(session, staff.viewer, page) if page else []
        taken = book.photos(session, page) if page else []
        pictures = [files.shown(one, f"/staff/book/photo/{one.id}") for one in taken]
        slips_left = _without_message(session, staff.viewer, page)
    keyed = [_keyed(place, entry, (mended or {}).get(entry.reference, ({}, {}))) for place, entry in enumerate(there)]
    fresh = [_line(len(keyed) + place, row, mistakes) for place, (row, mistakes) in enumerate(wrong)]
    room = min(PLAIN_ROWS, max(0, MOST - len(keyed) - len(fresh)))
    fresh += [_line(len(keyed) + len(fresh) + place, {}, {}) for place in range(room)]
    named = {f"{name}-{line.place}": said for line in (*keyed, *fresh) for name, said in line.errors.items()}
    named |= errors or {}
    context = {
        "office": {"code": office.code, "name": office.names.get("en") or office.code},
        "page": number,
        "keyed": keyed,
        "rows": fresh,
        "errors": named,
        "told": told,
        "language": language,
        "photos": pictures,
        "slips": f"/staff/book/slips?{urlencode({'office': office.code, 'page': number})}" if slips_left else "",
        "next": _address(office, str(int(number) + 1)) if number.isascii() and number.isdigit() else "",
    }
    return render(request, "staff/book_page.html", context, status=422 if named else 200)


def _without_message(session: Session, who: Viewer, page: BookPage | None) -> bool:
    kept = assisted.kept_of_page(session, who, page.id, today().now) if page else []
    return any(not one.told for one in kept)


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the grid: what stands in it, what is wrong with it, and the entry it was keyed in as.

    `alike`: it looks like another of the page, and may be ticked to be one of its own.
    """

    place: int
    values: Mapping[str, str]
    errors: Mapping[str, str]
    entry: book.Entry | None = None
    alike: bool = False


def _line(place: int, values: Mapping[str, str], errors: Mapping[str, str]) -> Line:
    alike = any("another entry" in said for said in errors.values())
    return Line(place, {name: values.get(name, "") for name in COLUMNS}, errors, alike=alike)


def _keyed(place: int, entry: book.Entry, typed: Wrong) -> Line:
    values, errors = typed
    shown = {"text": entry.text, "answered": entry.answered, **values}
    return Line(place, {name: shown.get(name, "") for name in COLUMNS}, errors, entry)
