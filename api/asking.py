"""Staff's pages of asking: the plan of each service in words and what it comes to, and what it may cost."""

from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from api.administration import change_lines, flash_said
from api.auth import SignedIn, Staffed
from api.finding import matches, office_meant, suggestions
from api.forms import Filled
from api.pages import render
from cases import administration, asking_plans
from cases.asking_plans import Given
from core.database import database
from core.errors import BadInput, Conflict, OmbudError
from core.settings import settings
from domain.asking import AskingPlan
from domain.catalogue import Catalogue, catalogue, name_of
from surveys import budget, counts, plans
from surveys.plans import Plans
from surveys.sampling import Aim, Expected, Known, expected

router = APIRouter(include_in_schema=False)

SHOWN = 8
"""Offices of a plan that are spelt out, those with most transactions first."""
HERE = "/staff/asking"


@router.get(HERE)
def show(request: Request, staff: Staffed, said: str = "") -> Response:
    """Every plan in words with its month so far, and the budgets with what is spent and foreseen."""
    flash_said(request, said)
    return _list(request, staff)


@router.post(HERE)
def change_budget(request: Request, staff: Staffed, form: Filled) -> Response:
    """What the surveys of everybody, or of an office and all below it, may cost in a month."""
    now, code = datetime.now(UTC), form.get("office-pick", "") or form.get("office", "").strip()
    try:
        with database().write() as session:
            known = catalogue(session)
            if code and (office := office_meant(known, code)) is not None:
                code = office.code
            asking_plans.set_budget(session, staff.viewer, code, form.get("amount", ""), form.get("seen", ""), now)
    except (BadInput, Conflict) as error:
        return _list(request, staff, problem=error, form=form)
    return RedirectResponse(f"{HERE}?said=budget-saved", 303)


@router.get(f"{HERE}/plan")
def show_plan(request: Request, staff: Staffed, service: str = "") -> Response:
    """The plan of one service, or of all that have none of their own, and what it comes to at each office."""
    return _plan(request, staff, service)


@router.post(f"{HERE}/plan")
def change_plan(request: Request, staff: Staffed, form: Filled) -> Response:
    """Another version of a plan, its end, or a look at what it would come to."""
    given, code, go, now = _given(form), form.get("service", ""), form.get("go", ""), datetime.now(UTC)
    try:
        if go not in ("save", "end"):
            return _plan(request, staff, code, given=given)
        with database().write() as session:
            if go == "end":
                asking_plans.end(session, staff.viewer, code, form.get("seen", ""), now)
            else:
                asking_plans.save(session, staff.viewer, code, given, form.get("seen", ""), now)
    except (BadInput, Conflict) as error:
        return _plan(request, staff, code, given=given, problem=error)
    return RedirectResponse(f"{HERE}?said={'plan-ended' if go == 'end' else 'plan-saved'}", 303)


def _given(form: Mapping[str, str]) -> Given:
    return Given(
        form.get("way", "share"),
        form.get("share", "")[:20],
        form.get("target", "")[:20],
        form.get("delay", "")[:20],
        form.get("rest", "")[:20],
        form.get("reminder", "")[:20],
        form.get("notice", "")[:20],
        asking_plans.ways_of(form),
    )


def _list(
    request: Request, staff: SignedIn, problem: OmbudError | None = None, form: Mapping[str, str] | None = None
) -> Response:
    administration.check_reader(staff.viewer)
    now, form = datetime.now(UTC), form or {}
    with database().read() as session:
        known, made = catalogue(session), plans.current(session)
        facts = counts.known(session, now)
        newest = plans.rows(session)
        own = {service_id for service_id, row in newest.items() if not row.ended}
        rows = [_row(known, made, facts, None, own)]
        services = sorted(known.services.values(), key=lambda one: name_of(one, "en"))
        rows += [_row(known, made, facts, one.id, own) for one in services if one.id in own]
        errors = dict(problem.fields) if isinstance(problem, BadInput) else {}
        context = {
            "rows": rows,
            "without": [
                {"code": one.code, "name": name_of(one, "en")} for one in services if one.active and one.id not in own
            ],
            "budgets": budget_rows(session, known, made, facts, now),
            "priced": settings().sms_price > 0,
            "currency": settings().sms_currency,
            "editable": administration.wide(known, staff.viewer),
            "given": {"office": form.get("office", "")[:200], "amount": form.get("amount", "")[:20]},
            "offices": suggestions(known),
            "matches": matches(known, form.get("office", "")) if "office" in errors else [],
            "errors": errors,
        }
    if problem is not None and not errors:
        request.state.flash = {"text": str(problem), "tone": "late", "undo": ""}
    return render(request, "staff/asking.html", context, status=problem.status if problem else 200)


def _row(
    known: Catalogue, made: Plans, facts: Mapping[counts.Pair, Known], service_id: UUID | None, own: set[UUID | None]
) -> dict[str, object]:
    """A plan with its month so far; the one for all others stands for every service that has none of its own."""
    plan = made.of(service_id)
    mine = [one for (_, of), one in facts.items() if (of == service_id if service_id else of not in own)]
    return {
        "code": known.services[service_id].code if service_id else "",
        "title": asking_plans.title_of(known, service_id),
        "plan": plan_words(plan),
        "sent": sum(one.sent_now for one in mine),
        "answered": sum(one.answered_now for one in mine),
        "monthly": sum(one.monthly or 0 for one in mine),
    }


def plan_words(plan: plans.Plan) -> dict[str, object]:
    """A plan for its page: numbers, from which its template makes sentences."""
    return {
        "share": plan.aim.share,
        "target": plan.aim.target,
        "delay": int(plan.delay.total_seconds()),
        "rest": plan.rest.days,
        "reminder": plan.reminder.days,
        "notice": int(plan.notice.total_seconds() // 3600),
        "channels": [str(one) for one in plan.channels],
    }


def budget_rows(
    session: Session, known: Catalogue, made: Plans, facts: Mapping[counts.Pair, Known], now: datetime
) -> list[dict[str, object]]:
    """The whole deployment and every office with a budget: spent, foreseen, and what that means for the chances."""
    ledger = budget.ledger(session, made, facts, now)
    limited = budget.rows(session)
    everybody = next((row for row in limited if row.office_id is None), None)
    found: list[dict[str, object]] = []
    for row in [everybody, *(one for one in limited if one.office_id is not None)]:
        office = known.offices.get(row.office_id) if row is not None and row.office_id else None
        month = ledger.of(budget.covers(known, office.id if office else None), row.amount if row else None)
        found.append(
            {
                "code": office.code if office else "",
                "title": name_of(office, "en") if office else "",
                "amount": row.amount if row else None,
                "spent": month.money(month.spent),
                "segments": month.spent,
                "foreseen": month.money(month.foreseen),
                "unlimited": month.money(month.unlimited),
                "factor": month.factor,
                "full": month.full,
                "gone": month.share_gone,
                "used": min(1.0, month.spent / month.limit) if month.limit else None,
                "seen": administration.stamp(asking_plans.budget_values(row)),
            }
        )
    return found


def _plan(
    request: Request, staff: SignedIn, code: str, *, given: Given | None = None, problem: OmbudError | None = None
) -> Response:
    administration.check_reader(staff.viewer)
    now = datetime.now(UTC)
    errors = dict(problem.fields) if isinstance(problem, BadInput) else {}
    with database().read() as session:
        known = catalogue(session)
        service_id, row, own = asking_plans.in_force(session, known, code[:100])
        shown = given or asking_plans.typed(row)
        looked: AskingPlan = row
        if given is not None and problem is None:
            try:
                looked = asking_plans.draft(given, service_id, staff.viewer.name, now)
            except BadInput as error:
                problem, errors = error, dict(error.fields)
        aim = plans.plan_of(looked).aim
        made, facts = plans.current(session), counts.known(session, now)
        own_plans = set(made.by_service)
        mine = {
            pair: one
            for pair, one in facts.items()
            if (pair[1] == service_id if service_id else pair[1] not in own_plans)
        }
        thinned = budget.factors(session, made, facts, now)
        context = {
            "code": code[:100],
            "title": asking_plans.title_of(known, service_id),
            "own": own,
            "given": shown,
            "looking": given is not None and not errors,
            "plan": plan_words(plans.plan_of(looked)),
            "offices": _offices(known, mine, aim, thinned),
            "total": _added(
                [expected(aim, one, budget.factor_at(known, thinned, at)) for (at, _), one in mine.items()]
            ),
            "sent": sum(one.sent for one in mine.values()),
            "answered": sum(one.answered for one in mine.values()),
            "ways": [str(one) for one in asking_plans.channels()],
            "seen": administration.stamp(asking_plans.values_of(row)),
            "editable": administration.wide(known, staff.viewer),
            "changes": change_lines(administration.changes(session, row_id=row.id, limit=5)[0]) if row.version else [],
            "errors": errors,
        }
    if problem is not None and not errors:
        request.state.flash = {"text": str(problem), "tone": "late", "undo": ""}
    return render(request, "staff/asking_plan.html", context, status=problem.status if problem else 200)


def _offices(
    known: Catalogue, facts: Mapping[counts.Pair, Known], aim: Aim, thinned: Mapping[UUID | None, float]
) -> list[dict[str, object]]:
    """The offices with most transactions, and what the plan comes to there."""
    most = sorted(facts.items(), key=lambda item: (-(item[1].monthly or 0.0), str(item[0])))[:SHOWN]
    return [
        {
            "office": known.name(office_id),
            "service": name_of(known.services[service_id], "en") if service_id in known.services else "",
            **_rounded(expected(aim, one, budget.factor_at(known, thinned, office_id))),
        }
        for (office_id, service_id), one in most
        if one.monthly
    ]


def _rounded(month: Expected) -> dict[str, object]:
    return {
        "transactions": round(month.transactions),
        "asked": round(month.asked),
        "answers": round(month.answers),
        "chance": month.chance,
    }


def _added(months: list[Expected]) -> dict[str, object]:
    total = Expected(
        sum(one.transactions for one in months),
        sum(one.asked for one in months),
        sum(one.answers for one in months),
        0.0,
    )
    return _rounded(total)
