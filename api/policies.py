"""Staff's pages of the policies: targets, pauses and ladders, from day to day; and which one holds for what."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from dataclasses import replace as changed
from datetime import UTC, date, datetime
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from api import choices
from api.administration import change_lines, flash_said, read_id
from api.auth import SignedIn, Staffed
from api.finding import matches, office_meant, suggestions
from api.forms import Filled
from api.pages import render
from api.policy_rows import ladders_of, row_of, state_of, which
from api.recounts import lines_of, shown_preview
from api.words import CLOCKS
from cases import administration, policies, policy_form
from cases.policy_form import MOST_STEPS, Given, Rung
from cases.step_form import WAYS
from core.database import database
from core.errors import BadInput, Conflict, NotAllowed, NotFound, OmbudError
from core.ids import new_id
from domain.catalogue import Catalogue, catalogue
from domain.policy import Policy
from domain.states import CaseKind, ClockKind, OfficeFunction
from escalation import policy as rules
from escalation import recount
from escalation.ladder import TELLS

router = APIRouter(include_in_schema=False)

EMPTY_STEPS = 2
"""Steps that a form has room for beyond those there are."""
WHEN = {"now": "counts now", "coming": "begins", "past": "counts no more"}


@router.get("/staff/policies")
def show_policies(request: Request, staff: Staffed, said: str = "", show: str = "") -> Response:
    """The policies that count now or will; on request those that counted once."""
    administration.check_reader(staff.viewer)
    flash_said(request, said)
    with database().read() as session:
        known = catalogue(session)
        today = administration.today(datetime.now(UTC))
        shown = [row for row in known.policies if row.valid_to != row.valid_from]
        rows = [row_of(known, row, today) for row in shown if show == "all" or state_of(row, today) != "past"]
        rows.sort(key=lambda row: (row["depth"], row["scope"], row["state"] != "now", str(row["begins"] or "")))
        context = {
            "rows": rows,
            "past": sum(state_of(row, today) == "past" for row in shown),
            "all": show == "all",
            "may_add": bool(administration.offices_of(known, staff.viewer)),
        }
    return render(request, "staff/policies.html", context)


@router.get("/staff/policies/new")
def show_new(request: Request, staff: Staffed, office: str = "", service: str = "", kind: str = "") -> Response:
    """A form with the targets that would hold otherwise."""
    with database().read() as session:
        known = catalogue(session)
        usual = policy_form.typed(known, _general(known))
    today = administration.today(datetime.now(UTC)).isoformat()
    given = changed(usual, name="", office=office[:200], service=service[:100], kind=kind[:40], begins=today)
    return _page(request, staff, None, given=given)


@router.post("/staff/policies/new")
def add(request: Request, staff: Staffed, form: Filled) -> Response:
    """A policy for what had none of its own, or a look at what it would come to."""
    given, now = _given(form), datetime.now(UTC)
    try:
        row_id = read_id(form)
        with database().write() as session:
            given = _meant(catalogue(session), given)
            if form.get("go") == "save":
                policies.add(session, staff.viewer, row_id, given, now)
        if form.get("go") != "save":
            return _page(request, staff, None, given=given, form=form, look=True)
    except BadInput as error:
        return _page(request, staff, None, given=given, problem=error, form=form)
    return RedirectResponse(f"/staff/policies/{row_id}?said=policy-added", 303)


@router.get("/staff/policies/which")
def show_which(
    request: Request, staff: Staffed, office: str = "", service: str = "", kind: str = "", day: str = ""
) -> Response:
    """Which policy holds for an office, a service, a kind of case and a day, clock by clock, and why."""
    now = datetime.now(UTC)
    errors: dict[str, str] = {}
    with database().read() as session:
        known = catalogue(session)
        meant = office_meant(known, office) if office.strip() else None
        if office.strip() and meant is None:
            errors["office"] = (
                "Several offices may be meant." if matches(known, office) else "No open office is so called."
            )
        chosen_kind = CaseKind(kind) if kind in [*map(str, CaseKind)] else CaseKind.complaint
        topic = known.service_by_code.get(service)
        try:
            on = date.fromisoformat(day) if day else administration.today(now)
        except ValueError:
            on, errors["day"] = administration.today(now), "Write the day as year-month-day."
        context = {
            "asked": {
                "office": office[:200],
                "service": service[:100],
                "kind": str(chosen_kind),
                "day": on.isoformat(),
            },
            "offices": suggestions(known),
            "services": choices.services(known, "en"),
            "kinds": [*map(str, CaseKind)],
            "matches": matches(known, office) if "office" in errors else [],
            "answers": which(known, meant.id, topic.id if topic else None, chosen_kind, on, now) if meant else [],
            "office": known.name(meant.id) if meant else "",
            "links": staff.viewer.has(*administration.READERS),
            "errors": errors,
        }
    return render(request, "staff/policy_which.html", context, status=422 if errors else 200)


@router.get("/staff/policies/{policy_id}")
def show_policy(request: Request, staff: Staffed, policy_id: str, said: str = "", use: str = "") -> Response:
    """One version of a policy, and the form for another from a day on; `use` fills in an earlier one's values."""
    flash_said(request, said)
    return _page(request, staff, policy_id, use=use)


@router.post("/staff/policies/{policy_id}")
def change(request: Request, staff: Staffed, form: Filled, policy_id: str) -> Response:
    """Another version from a day on, its end, or a look at what the change would come to."""
    given, go, now, said = _given(form), form.get("go", ""), datetime.now(UTC), "policy-saved"
    try:
        row_id = _uuid(policy_id)
        if go not in ("save", "end"):
            return _page(request, staff, policy_id, given=given, form=form, look=True)
        with database().write() as session:
            seen = form.get("seen", "")
            if go == "end":
                row, said = (
                    policies.end(session, staff.viewer, row_id, form.get("end_day", ""), seen, now),
                    "policy-ended",
                )
            else:
                row = policies.change(session, staff.viewer, row_id, read_id(form), given, seen, now)
            target = row.id
    except (BadInput, Conflict) as error:
        return _page(request, staff, policy_id, given=None if go == "end" else given, problem=error, form=form)
    return RedirectResponse(f"/staff/policies/{target}?said={said}", 303)


@dataclass(frozen=True, slots=True)
class _Seen:
    """A policy as its page begins with it."""

    row: Policy | None
    given: Given


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise NotFound("There is no such policy.", mend="Choose one from the list.") from error


def _given(form: Mapping[str, str]) -> Given:
    return Given(
        name=form.get("name", ""),
        office=form.get("office-pick", "") or form.get("office", ""),
        service=form.get("service", ""),
        kind=form.get("kind", ""),
        targets={str(clock): form.get(f"target-{clock}", "") for clock in ClockKind},
        urgent=form.get("urgent", ""),
        pause_days=form.get("pause_days", ""),
        counts_templated=form.get("counts_templated") == "yes",
        ladder=tuple(
            Rung(
                form.get(f"amount-{n}", ""),
                form.get(f"measure-{n}", ""),
                form.get(f"tell-{n}", ""),
                form.get(f"by-{n}"),
                form.get(f"citizen-{n}") == "yes",
            )
            for n in range(MOST_STEPS + EMPTY_STEPS)
            if f"amount-{n}" in form
        ),
        begins=form.get("begins", ""),
        note=form.get("note", ""),
    )


def _meant(known: Catalogue, given: Given) -> Given:
    """With the code of the office that was typed as a name. Raises BadInput where it is not plain which is meant."""
    if not given.office.strip():
        return given
    office = office_meant(known, given.office)
    if office is None:
        several = matches(known, given.office)
        what = "Several offices may be meant: choose one." if several else "No open office is so called."
        raise BadInput("Something needs another look; nothing was saved.", fields={"office": what})
    return changed(given, office=office.code)


def _page(
    request: Request,
    staff: SignedIn,
    policy_id: str | None,
    *,
    given: Given | None = None,
    problem: OmbudError | None = None,
    form: Mapping[str, str] | None = None,
    look: bool = False,
    use: str = "",
) -> Response:
    administration.check_reader(staff.viewer)
    form, now = form or {}, datetime.now(UTC)
    today = administration.today(now)
    errors = dict(problem.fields) if isinstance(problem, BadInput) else {}
    with database().read() as session:
        known = catalogue(session)
        mine = administration.offices_of(known, staff.viewer)
        row = policies.known_row(known, _uuid(policy_id)) if policy_id is not None else None
        if row is None and not mine:
            raise NotAllowed("Only administrators add policies.", mend="Tell yours what is missing.")
        shown = given or _shown(known, row, use, today)
        preview = None
        if look:
            try:
                preview = _preview(session, staff, known, row, shown, now)
            except BadInput as error:
                problem, errors = error, dict(error.fields)
        changes = administration.changes(session, row_id=row.id, limit=5)[0] if row else []
        context = {
            "id": str(row.id) if row else "",
            "new_id": form.get("id", "") or str(new_id()),
            "title": row.name if row else "",
            "row": row_of(known, row, today) if row else None,
            "given": asdict(shown),
            "steps": [
                *(asdict(rung) for rung in shown.ladder if rung.amount.strip()),
                *[asdict(Rung()) for _ in range(EMPTY_STEPS)],
            ][:MOST_STEPS],
            "clocks": [{"code": str(clock), "name": CLOCKS[clock]} for clock in ClockKind],
            "measures": {"share": "% of the target", "working": "working hours", "elapsed": "hours, day and night"},
            "tells": list(TELLS),
            "ways": WAYS,
            "seen": administration.stamp(policies.values_of(known, row)) if row else "",
            "editable": policies.may_change(known, staff.viewer, row) if row else True,
            "services": choices.services(known, "en"),
            "kinds": [*map(str, CaseKind)],
            "offices": suggestions(known, mine),
            "office_matches": matches(known, shown.office) if "office" in errors and shown.office else [],
            "ladders": ladders_of(known, _example(known, row, shown, preview, now), now),
            "preview": preview["recount"] if preview else None,
            "versions": [row_of(known, one, today) for one in policies.versions(known, row)] if row else [],
            "corrections": lines_of(session, row.id) if row else [],
            "changes": change_lines(changes),
            "today": today.isoformat(),
            "end_day": form.get("end_day", "") or today.isoformat(),
            "errors": errors,
        }
    if problem is not None and not errors:
        request.state.flash = {"text": str(problem), "tone": "late", "undo": ""}
    return render(request, "staff/policy.html", context, status=problem.status if problem else 200)


def _shown(known: Catalogue, row: Policy | None, use: str, today: date) -> Given:
    if row is None:
        return Given(begins=today.isoformat())
    earlier = next((one for one in policies.versions(known, row) if str(one.id) == use), row)
    begins = max(row.valid_from, today)
    return changed(policy_form.typed(known, earlier), begins=begins.isoformat())


def _general(known: Catalogue) -> Policy:
    """What holds where nothing closer does."""
    root = known.with_function(OfficeFunction.leadership) or next(iter(known.offices.values()))
    day = administration.today(datetime.now(UTC))
    return rules.choose(known.policies, known, root.id, None, CaseKind.complaint, day, ClockKind.first_response)


def _preview(
    session: Session, staff: SignedIn, known: Catalogue, row: Policy | None, given: Given, now: datetime
) -> dict[str, object]:
    """What saving would come to, counted by the very code that would then count."""
    new = policy_form.draft(known, given, new_id(), now, row)
    then = policies.after(known, new, row, now)
    found = recount.preview(session, staff.viewer, then, policies.scope_of(known, new), now)
    return {"recount": shown_preview(found), "row": new}


def _example(
    known: Catalogue, row: Policy | None, given: Given, preview: Mapping[str, object] | None, now: datetime
) -> Policy | None:
    """The policy whose ladder is drawn: the one that was typed if it can be read, else the one there is."""
    if preview is not None and isinstance(preview["row"], Policy):
        return preview["row"]
    if row is not None:
        return row
    try:
        return policy_form.draft(known, changed(given, name=given.name or "x"), new_id(), now)
    except BadInput:
        return None
