"""Citizens' pages: where they start, and where they see what became of it. Reporting: `api/report.py`."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from api import choices, files, report_files, throttle
from api.citizen_story import after, speaks_for, told
from api.forms import Posted
from api.pages import choose_language, render
from api.report_files import Form as Filled
from api.report_files import Uploaded
from api.report_sent import receipt
from api.ways import ways
from api.words import EVENTS, N_, STATES
from cases import arriving, attachments, crowds, delivery, firewall, history, lifecycle, parts, proofs, recall
from channels import web
from channels.values import Channel
from core.crypto import cipher, same
from core.database import database
from core.errors import NotFound
from core.i18n import translator
from core.ids import new_id, normalise_reference
from core.settings import settings
from core.texts import clean
from domain.case import Case
from domain.catalogue import Catalogue, catalogue
from domain.clock import Clock
from domain.states import CaseState, ClockKind, ClockState, EntryKind, OfficeFunction
from domain.timeline import TimelineEntry
from domain.visibility import names_citizen

router = APIRouter(include_in_schema=False)


@router.get("/")
def start(request: Request) -> Response:
    """Where every citizen begins."""
    context = {"contacts": ways(), "answer_days": choices.answer_days()}
    return render(request, "citizen/start.html", context)


@router.get("/track")
def show_track(request: Request, reference: str = "") -> Response:
    """Ask for the reference."""
    if wanted := normalise_reference(reference):
        return RedirectResponse(f"/track/{wanted}", status_code=303)
    return render(request, "citizen/track.html", {"reference": reference[:40], "errors": {}})


@router.post("/track")
def post_track(request: Request, form: Posted) -> Response:
    """Find a case by its reference, and with a code open its answers."""
    typed = form.get("reference", "")[:40]
    lang, _ = choose_language(request)
    address = throttle.address_of(request)
    throttle.check("track", address)
    with database().read() as session:
        try:
            case = history.tracked(session, typed)
        except NotFound:
            throttle.spend("track", address)
            said = translator(lang)
            errors = {"reference": said.gettext(_UNKNOWN)}
            return render(request, "citizen/track.html", {"reference": typed, "errors": errors}, status=404)
    if not form.get("code", "").strip():
        query = f"?lang={quote(request.query_params['lang'])}" if "lang" in request.query_params else ""
        return RedirectResponse(f"/track/{case.reference}{query}", status_code=303)
    return tracked(request, case.reference, code=form["code"])


@router.get("/track/{reference}")
def showtracked(request: Request, reference: str) -> Response:
    """Where one case stands, without a word of what was written."""
    return tracked(request, reference)


@router.post("/track/{reference}")
def unlocktracked(request: Request, reference: str, form: Posted) -> Response:
    """The same with the answers, for whoever has the PIN or the last digits of the number."""
    return tracked(request, reference, code=form.get("code", ""))


@router.post("/track/{reference}/apart")
def take_apart(request: Request, reference: str, form: Posted) -> Response:
    """The citizen wants only the integrity office to see their case, for whoever opened its answers."""
    unlock = form.get("unlock", "")
    throttle.spend("report", throttle.address_of(request))
    with database().write() as session:
        case = history.tracked(session, reference)
        if not opens(case, unlock):
            return tracked(request, reference, errors={"code": WRONG_CODE})
        case = session.get_one(Case, case.id, with_for_update=True)
        firewall.restrict_for_citizen(session, case, datetime.now(UTC))
    return tracked(request, reference, unlock=unlock)


@router.post("/track/{reference}/message")
def add_message(request: Request, reference: str, posted: Uploaded) -> Response:
    """A further message from the tracking page, or pictures, for whoever opened the answers."""
    form = posted.fields
    text = clean(form.get("text", ""), web.MAX_TEXT)
    now = datetime.now(UTC)
    unlock = form.get("unlock", "")
    if not text and not posted.files:
        return tracked(request, reference, unlock=unlock, errors={"text": N_("Write your message first.")})
    throttle.spend("report", throttle.address_of(request))
    with database().read() as session:
        case = history.tracked(session, reference)
        may = opens(case, unlock) or _code_right(session, case, form.get("message_code", ""))
    if not may:
        return tracked(request, reference, errors={"message_code": WRONG_CODE}, text=text)
    if arriving.belongs_apart(case, text):
        return _told_apart(request, case, text, posted, now)
    uploads = str(new_id())
    wrong = report_files.keep(uploads, posted.files, now)
    if wrong:
        return tracked(request, reference, unlock=proof_of(case), errors=wrong, text=text)
    with database().write() as session:
        case = session.get_one(Case, case.id, with_for_update=True)
        said = history.timeline(session, case)
        fresh = _fresh_uploads(session, case, uploads)
        if fresh if not text else not _repeats(said, text):
            lifecycle.citizen_wrote(session, case, text, now)
        attachments.adopt(session, case, uploads, now)
        proof = proof_of(case)
    return tracked(request, reference, unlock=proof, sent=True)


def _told_apart(request: Request, case: Case, text: str, posted: Filled, now: datetime) -> Response:
    """Words that accuse the office which has the case become one of their own, with a number and PIN of its own."""
    lang, _ = choose_language(request)
    with database().write() as session:
        case = session.get_one(Case, case.id)
        apart = arriving.words_apart(session, case, text, now, Channel.web)
        uploads = str(new_id())
        report_files.keep(uploads, posted.files, now)
        attachments.adopt(session, apart, uploads, now)
        context = receipt(session, apart, lang)
    return render(request, "citizen/receipt.html", context)


_UNKNOWN = N_(
    "We do not know this number. It has eight letters and digits, such as K7QF-3M9V. "
    "Check each one, or ask at any office."
)
WRONG_CODE = N_("These digits do not go with this number. Use the PIN of your receipt, or the last four of your phone.")


def proof_of(case: Case) -> str:
    """Shows that the code was right, for a day, so that it need not be typed again."""
    day = datetime.now(UTC).date().isoformat()
    return cipher().seal(f"unlock {case.id} {day}".encode())


def opens(case: Case, unlock: str) -> bool:
    """Whether `unlock` is today's proof that this case's answers were opened."""
    return same(unlock, proof_of(case))


def _code_right(session: Session, case: Case, code: str) -> bool:
    for rule in ("pin", "pin-week"):
        throttle.check(rule, case.reference)
    if history.unlocks(session, case, code):
        return True
    for rule in ("pin", "pin-week"):
        throttle.spend(rule, case.reference)
    return False


def tracked(
    request: Request,
    reference: str,
    *,
    code: str | None = None,
    unlock: str = "",
    errors: Mapping[str, str] | None = None,
    sent: bool = False,
    text: str = "",
) -> Response:
    """The tracking page of a case; its answers are open to whoever has the code, or `unlock` from having had it."""
    now = datetime.now(UTC)
    lang, _ = choose_language(request)
    address = throttle.address_of(request)
    throttle.check("track", address)
    wrong: dict[str, str] = {name: translator(lang).gettext(text) for name, text in (errors or {}).items()}
    with database().read() as session:
        try:
            case = history.tracked(session, reference)
        except NotFound:
            throttle.spend("track", address)
            raise
        is_open = bool(unlock) and opens(case, unlock)
        if code is not None:
            is_open = _code_right(session, case, code)
            if not is_open:
                wrong["code"] = translator(lang).gettext(WRONG_CODE)
    if is_open and code is not None:
        with database().write() as session:
            delivery.read_on_page(session, session.get_one(Case, case.id, with_for_update=True), now)
    with database().read() as session:
        case = session.get_one(Case, case.id)
        context = _view(session, case, lang, now, is_open=is_open)
        proof_now = proofs.code_of(case)
        context["contacts"] = is_open and case.contact_point_id is not None and names_citizen(case)
    context |= {"unlock": proof_of(case) if is_open else "", "errors": wrong, "sent": sent, "text": text}
    context["proof"] = proof_now if is_open else ""
    context |= {"room": settings().attachment_count, "megabytes": settings().attachment_limit_bytes // 1_000_000}
    return render(request, "citizen/tracked.html", context, status=422 if wrong else 200)


def _view(session: Session, case: Case, lang: str, now: datetime, *, is_open: bool) -> dict[str, object]:
    known = catalogue(session)
    whose = speaks_for(session, case)  # of a merged case its lead: that is what happens to it
    running = _running(history.clocks(session, whose))
    until = history.silent_until(case, now)
    silent = until is not None
    entries = history.timeline(session, case)
    if whose is not case:
        entries = told(entries, history.timeline(session, whose))
    public = [entry for entry in recall.told(entries, now) if entry.public]
    rows = attachments.of_case(session, case) if is_open else []
    own = files.by_entry(files.for_citizen(rows, case.reference))
    said = [_shown(entry, known, lang, own, is_open=is_open) for entry in reversed(public)]
    return {
        "case": {
            "reference": case.reference,
            "state": whose.state,
            "office": "" if whose.state == CaseState.triage or whose.integrity else known.name(whose.office_id, lang),
            "also": [] if case.integrity else [known.name(office, lang) for office in parts.helping(session, case)],
            "confidential": case.integrity,
            "opened_at": case.received_at,
            "silent_seconds": int((until - case.received_at).total_seconds()) if until else None,
            "silent_since": case.received_at if silent else None,
            "due_at": running.deadline_at if running else None,
            "late": bool(running and running.deadline_at < now),
            "answered_at": case.first_response_at,
            "outcome": whose.outcome,
            "with": whose.reference if whose is not case else "",
            "others": crowds.others(session, case),
        },
        "after": after(session, whose, lang, now),
        "timeline": said,
        "pending_files": files.for_citizen(files.pending(rows), case.reference),
    }


def _fresh_uploads(session: Session, case: Case, uploads: str) -> bool:
    """Take away what the case has already (a form sent twice); whether anything is left."""
    there = {one.sha256 for one in attachments.of_case(session, case)}
    given = attachments.uploads(session, uploads)
    for one in given:
        if one.sha256 in there:
            attachments.drop_upload(session, uploads, one.id)
    return any(one.sha256 not in there for one in given)


def _repeats(said: Sequence[TimelineEntry], text: str) -> bool:
    """Whether the citizen's last message is this one: a form sent twice. Pictures of it may follow it."""
    spoken = [entry for entry in said if entry.kind != EntryKind.attached]
    return bool(spoken) and spoken[-1].kind == EntryKind.citizen_wrote and spoken[-1].body.get("text") == text


def _running(clocks: Sequence[Clock]) -> Clock | None:
    answers = (ClockKind.first_response, ClockKind.reply_due)
    running = [c for c in clocks if c.state == ClockState.running and c.kind in answers]
    return min(running, key=lambda clock: clock.deadline_at) if running else None


def _shown(
    entry: TimelineEntry, known: Catalogue, lang: str, own: Mapping[int, dict[str, object]], *, is_open: bool
) -> dict[str, object]:
    office = known.name(entry.office_id, lang) if entry.actor != "citizen" else ""
    words = str(entry.body.get("text") or "") if is_open else ""
    if entry.kind == EntryKind.closed:  # its words are those of the answer beside it
        words = str(entry.body.get("reason") or "") if is_open else ""
    to = known.office_by_code.get(str(entry.body.get("office")))
    sorting = entry.kind == EntryKind.routed and to is not None and to.function == OfficeFunction.triage
    return {
        "at": entry.at,
        "text": translator(lang).gettext(STATES[CaseState.triage] if sorting else EVENTS[EntryKind(entry.kind)]),
        "kind": EntryKind(entry.kind),
        "by": office,
        "said": words,
        "files": [own[entry.number]] if entry.number in own else [],
        "ours": entry.actor != "citizen",
    }
