"""Staff's page of exports: what one may see as a file, once or again and again; and for who audits, everybody's."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response, StreamingResponse

from api.auth import SignedIn, Staffed
from api.forms import Filled
from api.pages import render
from core import streams
from core.database import database
from core.errors import BadInput, NotFound
from domain.export import Every, Export, ExportFormat, ExportKind, ExportPlan, ExportState
from reports.exports import asking
from reports.exports.asking import Asker, Kept, of_staff
from reports.exports.choice import Choice, Last
from reports.exports.formats import MEDIA
from reports.exports.tables import TABLES

router = APIRouter(include_in_schema=False)

REFRESH = 4
"""Seconds until a page with exports that wait shows how far they are."""
SAID = {
    "asked": "Asked for. It stands below once it is made.",
    "planned": "Planned. Each one stands below once it is made.",
    "stopped": "Stopped. What was made before can still be fetched.",
}
ONCE = "once"
WHEN = {
    ONCE: "Once, now",
    Every.day: "Each day",
    Every.week: "Each Monday",
    Every.month: "On the first of each month",
}
PERIODS = {"": "Any time", Last.day: "Yesterday", Last.week: "The last week that is over", Last.month: "The last month"}
FORMATS = {
    ExportFormat.csv: "CSV, for any program",
    ExportFormat.xlsx: "XLSX, for spreadsheets",
    ExportFormat.parquet: "Parquet, for analysis",
}


@router.get("/staff/exports")
def show_exports(request: Request, staff: Staffed, said: str = "", q: str = "") -> Response:
    """A form for another (`q` stands in it), one's own, those that come again, and for who audits everybody's."""
    if said in SAID:
        request.state.flash = {"text": SAID[said], "tone": "well", "undo": ""}
    return _page(request, staff, {"q": q[:300], "tell": "yes"} if q else None)


@router.post("/staff/exports")
def ask(request: Request, staff: Staffed, form: Filled) -> Response:
    """Have a file made, now or again and again; or let one come no more (go = `stop` and its id)."""
    now, asker, go = datetime.now(UTC), of_staff(staff.viewer), form.get("go", "")
    try:
        with database().write() as session:
            if go.startswith("stop "):
                asking.stop(session, asker, _id(go.removeprefix("stop ")), now)
                return RedirectResponse("/staff/exports?said=stopped", 303)
            kind, file, choice, when = _read(form)
            if when == ONCE:
                asking.ask(session, asker, kind, file, choice, now)
                return RedirectResponse("/staff/exports?said=asked", 303)
            tell = form.get("tell") == "yes"
            asking.plan(session, asker, kind, file, choice, Every(when), now, tell=tell)
            return RedirectResponse("/staff/exports?said=planned", 303)
    except BadInput as error:
        return _page(request, staff, form, error.fields or {"q": error.message})


@router.get("/staff/exports/{export_id}/file")
def fetch(staff: Staffed, export_id: str) -> Response:
    """The file of one's own export; that it was fetched is written down."""
    with database().write() as session:
        found = asking.fetch(session, of_staff(staff.viewer), _id(export_id), datetime.now(UTC))
    return file_of(found)


def file_of(export: Export) -> StreamingResponse:
    """An export's file as an answer, decrypted on the way."""
    pieces = streams.read(export.id)
    try:
        first = next(pieces)  # what is wrong with a file is found before the answer begins
    except FileNotFoundError as error:
        raise NotFound("The file of this export is gone.", mend="Ask for it again.") from error

    def body() -> Iterator[bytes]:
        yield first
        yield from pieces

    name = f"{export.kind}-{export.at:%Y-%m-%d-%H%M}.{export.format}"
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Content-Length": str(export.size),
        "Cache-Control": "no-store",
        "Digest": f"sha-256={export.sha256}",
    }
    return StreamingResponse(body(), media_type=MEDIA[ExportFormat(export.format)], headers=headers)


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise NotFound("There is no such export.", mend="Choose one from the list.") from error


def _read(form: Mapping[str, str]) -> tuple[ExportKind, ExportFormat, Choice, str]:
    faults: dict[str, str] = {}
    for name, known in (
        ("kind", ExportKind),
        ("format", ExportFormat),
        ("when", (ONCE, *Every)),
        ("last", ("", *Last)),
    ):
        if form.get(name, "") not in [str(one) for one in known]:
            faults[name] = "Choose one of these."
    if faults:
        raise BadInput("Something is missing.", fields=faults)
    last = Last(form["last"]) if form.get("last") else None
    choice = Choice(" ".join(form.get("q", "").split())[:300], last)
    return ExportKind(form["kind"]), ExportFormat(form["format"]), choice, form["when"]


def _page(
    request: Request,
    staff: SignedIn,
    form: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
) -> Response:
    asker, given = of_staff(staff.viewer), form or {}
    with database().read() as session:
        own, plans = asking.exports(session, asker), asking.plans(session, asker)
        audits = asking.may_audit(staff.viewer)
        kept = asking.register(session) if audits else []
    context = {
        "kinds": [
            {"code": str(kind), "title": table.title, "about": table.about, "columns": table.columns}
            for kind, table in TABLES.items()
        ],
        "formats": [{"code": str(code), "text": text} for code, text in FORMATS.items()],
        "times": [{"code": str(code), "text": text} for code, text in WHEN.items()],
        "periods": [{"code": str(code), "text": text} for code, text in PERIODS.items()],
        "given": {
            "kind": given.get("kind", str(ExportKind.cases)),
            "format": given.get("format", str(ExportFormat.csv)),
            "when": given.get("when", ONCE),
            "last": given.get("last", ""),
            "q": given.get("q", ""),
            "tell": not given or given.get("tell") == "yes",
        },
        "exports": [_line(one, datetime.now(UTC)) for one in own],
        "plans": [_plan(one) for one in plans],
        "audits": audits,
        "register": [_kept(one) for one in kept],
        "errors": dict(errors or {}),
    }
    answer = render(request, "staff/exports.html", context, status=422 if errors else 200)
    if not errors and any(one.state == ExportState.waiting for one in own):
        answer.headers["Refresh"] = str(REFRESH)
    return answer


def _line(one: Export, now: datetime) -> dict[str, object]:
    gone = one.state == ExportState.expired or (one.expires_at is not None and one.expires_at <= now)
    return {
        "id": str(one.id),
        "title": TABLES[ExportKind(one.kind)].title,
        "format": str(one.format).upper(),
        "chosen": _chosen(one),
        "state": "expired" if gone else str(one.state),
        "planned": one.plan_id is not None,
        "plain": one.plain,
        "at": one.at,
        "rows": one.rows,
        "size": one.size,
        "expires_at": one.expires_at,
        "problem": one.problem,
        "again": one.last_error or "",
    }


def _plan(one: ExportPlan) -> dict[str, object]:
    return {
        "id": str(one.id),
        "title": TABLES[ExportKind(one.kind)].title,
        "format": str(one.format).upper(),
        "chosen": _chosen(one),
        "every": WHEN[Every(one.every)],
        "next": one.due_at,
        "tell": one.tell,
    }


def _kept(kept: Kept) -> dict[str, object]:
    return _line(kept.export, kept.export.at) | {
        "by": kept.export.by,
        "way": "person" if kept.export.staff_id else "key" if kept.export.key_id else "command",
        "fetched": [{"by": one.by, "at": one.at} for one in kept.fetches],
    }


def _chosen(one: Export | ExportPlan) -> str:
    choice = Choice.of(one.chosen)
    return ", ".join(filter(None, (choice.q, PERIODS[choice.last].lower() if choice.last else "")))


def key_asker(key_id: UUID, name: str) -> Asker:
    """A key that asks."""
    return Asker(None, key_id, name)
