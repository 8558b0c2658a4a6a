"""Staff's page of files: what is set up as CSV, out and in again, with a look line by line before anything is done."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from starlette.datastructures import FormData, UploadFile

from api.auth import SignedIn, Staffed
from api.forms import read_form, text_of
from api.pages import render
from api.recounts import shown_preview
from cases import administration
from cases.sheets import kinds, tables
from cases.sheets.kinds import SHEETS, Kind
from cases.sheets.report import Effect, Report
from cases.staff_reach import Reach, reach_of
from core.crypto import same
from core.database import database
from core.errors import BadInput, NotAllowed, NotFound
from core.settings import settings
from core.texts import clean
from domain.catalogue import catalogue
from domain.states import Role

router = APIRouter(include_in_schema=False)

TITLES = {
    Kind.offices: "Offices",
    Kind.services: "Services",
    Kind.jurisdictions: "Rules",
    Kind.areas: "Areas",
    Kind.staff: "Staff",
    Kind.absences: "Days away",
    Kind.calendars: "Calendars",
    Kind.policies: "Policies",
    Kind.wordings: "Wordings",
    Kind.templates: "Saved replies",
}
HINTS = {
    Kind.staff: "Roles are written role@OFFICE and separated by semicolons: officer@WAT1;head@WAT2. They become "
    "exactly those of the line. One with a last day is written head@WAT2 until 2026-12-08.",
    Kind.calendars: "A line without from and day begins a calendar. A line with from is another week from that day on; "
    "one with day is a day that is otherwise: hours, closed, or usual for as in the week. A week that counted is never "
    "rewritten.",
    Kind.policies: "A line is a version, from a day on. Another day makes another version, and the one before ends "
    "there. A ladder is written 50% officer; 100% head by email+sms; 72h elapsed leadership citizen.",
    Kind.wordings: "Words that differ become drafts; somebody else publishes each on its page. Until then citizens "
    "read the words in use. The state is not read.",
    Kind.templates: "Words that differ become drafts; somebody else publishes each on its page. A reply is known by "
    "its office, service and title, and by a number where several are called the same. The state is not read.",
}
SHOWN = 500
"""Lines shown of a file; all of them count."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A posted file: chosen now, or looked at before and carried along as text."""

    kind: str
    name: str
    raw: bytes
    go: str
    seen: str


async def uploaded(request: Request) -> FormData:
    """The posted form with its file."""
    return await read_form(request, files=1)


async def checked(staff: Staffed, form: Annotated[FormData, Depends(uploaded)]) -> Upload:
    """Dependency: what somebody signed in has posted from our own page. Raises NotAllowed, BadInput."""
    if not same(text_of(form, "csrf"), staff.csrf):
        raise NotAllowed("This form is from another session.", mend="Go back, reload the page, and send it again.")
    file, limit = form.get("file"), settings().body_limit_bytes
    if isinstance(file, UploadFile) and file.filename:
        raw, name = await file.read(limit + 1), clean(file.filename, 100)
    else:
        raw, name = text_of(form, "text", limit + 1).encode(), text_of(form, "name", 100) or "the file"
    if len(raw) > limit:
        raise BadInput(f"{name} has more than {limit:,} bytes.", mend="Import it with `ombud import`.")
    return Upload(text_of(form, "kind", 20), name, raw, text_of(form, "go", 10), text_of(form, "seen", 40))


@router.get("/staff/import")
def show_import(request: Request, staff: Staffed, kind: str = "") -> Response:
    """What there is as a file, and a form to bring one in."""
    return _page(request, staff, kind)


@router.post("/staff/import")
def bring_in(request: Request, staff: Staffed, upload: Annotated[Upload, Depends(checked)]) -> Response:
    """Look at what a file would do, or do it: then only if it is still what was looked at."""
    now = datetime.now(UTC)
    _reach(staff)
    try:
        kind = kinds.kind_of(upload.kind)
        look = upload.go != "do"
        report = tables.import_file(
            kind, upload.name, upload.raw, now, dry_run=look, who=staff.viewer, seen=None if look else upload.seen
        )
    except BadInput as error:
        return _page(request, staff, upload.kind, refused=error, name=upload.name)
    if report.dry_run and not look:
        text = "Something was changed meanwhile, so the file would do something else now. Look once more."
        request.state.flash = {"text": text, "tone": "late", "undo": ""}
    return _page(request, staff, kind, report=report, name=upload.name, text=upload.raw.decode("utf-8-sig"))


@router.get("/staff/export/{kind}")
def export(staff: Staffed, kind: str) -> Response:
    """A file of what there is, as it is imported again."""
    reach = _reach(staff)
    try:
        wanted = kinds.kind_of(kind)
    except BadInput as error:
        raise NotFound(error.message, mend=error.mend) from error
    text = tables.export_text(wanted, reach)
    areas = wanted is Kind.areas
    today = administration.today(datetime.now(UTC))
    name = f"ombud-{wanted}-{today.isoformat()}.{'geojson' if areas else 'csv'}"
    return Response(
        text,
        media_type="application/geo+json" if areas else "text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"},
    )


def _reach(staff: SignedIn) -> Reach:
    if not staff.viewer.has(Role.admin):
        raise NotAllowed("Files are for administrators.", mend="Ask yours for what you need.")
    with database().read() as session:
        return reach_of(catalogue(session), staff.viewer)


def _page(
    request: Request,
    staff: SignedIn,
    kind: str,
    *,
    report: Report | None = None,
    refused: BadInput | None = None,
    name: str = "",
    text: str = "",
) -> Response:
    reach = _reach(staff)
    offered = [one for one in TITLES if tables.may(one, reach)]
    chosen = Kind(kind) if kind in [*map(str, offered)] else offered[0] if offered else Kind.staff
    sheet = SHEETS[chosen]
    languages = [f"{sheet.by_language}{settings().languages[0]}"] if sheet.by_language else []
    context = {
        "kinds": [{"code": str(one), "title": TITLES[one]} for one in offered],
        "kind": str(chosen),
        "title": TITLES[chosen],
        "columns": [*sheet.columns, *languages],
        "needed": sheet.needed,
        "report": _shown(report) if report is not None else None,
        "refused": {"message": refused.message, "mend": refused.mend, "lines": refused.fields} if refused else None,
        "name": name,
        "text": text if report is not None and report.dry_run else "",
        "unit": sheet.unit,
        "hint": HINTS.get(chosen, ""),
    }
    return render(request, "staff/import.html", context, status=refused.status if refused else 200)


def _shown(report: Report) -> dict[str, object]:
    telling = [effect for effect in report.effects if effect.what != "same"]
    return {
        "dry": report.dry_run,
        "added": report.count("added"),
        "changed": report.count("changed"),
        "same": report.count("same"),
        "moved": report.moved,
        "links": report.links,
        "lines": [_line(effect) for effect in telling[:SHOWN]],
        "more": max(0, len(telling) - SHOWN),
        "stamp": report.stamp,
        "recount": shown_preview(report.preview) if report.preview is not None else None,
    }


def _line(effect: Effect) -> dict[str, object]:
    return {
        "number": effect.number,
        "title": effect.title,
        "what": effect.what,
        "differences": [
            {"what": column, "before": before, "after": after} for column, before, after in effect.differences
        ],
    }
