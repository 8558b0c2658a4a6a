"""Did the complaints fall afterwards? Weekly counts around an action or a decision, and what became of them.

Counted is what may be counted before the public (`countable`), here and elsewhere alike: so everybody who may read the
action reads the same figure, and none of it tells of a case that is shut to somebody.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_
from sqlmodel import Session, col, select

from cases.surges import hour_of, moment_of
from core.sets import one_of
from core.settings import settings
from domain.case import Case
from domain.catalogue import Catalogue, catalogue
from domain.cause import CaseCause
from domain.review import Action, Finding, Review
from domain.states import AUDIT_SOURCES, CaseKind
from domain.survey import Transaction
from domain.visibility import Viewer, countable, visible
from escalation.terms import calendar_of
from reports.interrupted import AFTER, Change, Refused, Series, estimate
from reports.weeks import monday_of, start_of
from reviews.causes import Causes

WEEK = timedelta(weeks=1)
LEAD = 4
"""Weeks before the decision that are left out: a meeting acts on what is worst, and that passes by itself."""
LONGEST_BEFORE, LONGEST_AFTER = 104, 52
"""Weeks looked at on either side, at most."""
FEWEST_SERVICES = 20.0
"""Services given a week, on average, from which on complaints are counted out of them; and in no week none."""

NO_CAUSE: frozenset[UUID] = frozenset()


class About(StrEnum):
    """Which complaints are counted: those about the service of the case, those that have the cause, or all."""

    service = "service"
    cause = "cause"
    all = "all"


class Unasked(StrEnum):
    """Why it is too early to ask."""

    not_done = "not_done"
    dropped = "dropped"


@dataclass(frozen=True, slots=True)
class Question:
    """What was done, where, and which complaints it was to make fewer. Days are of the government's zone; `done_on`
    None: not yet. `causes` are the cause with those below it. `decision`: what was decided is asked about, no
    action."""

    office_id: UUID
    decided_on: date
    done_on: date | None
    about: About
    service_id: UUID | None = None
    causes: frozenset[UUID] = NO_CAUSE
    dropped: bool = False
    decision: bool = False


@dataclass(frozen=True, slots=True)
class Effect:
    """The weeks (Mondays) with their complaints here and elsewhere, and what is told of them.

    `tellable_on` is the first day on which it can be told, where weeks are missing. `beside` counts other actions of
    the same review's office, about the same, that were done in these weeks.
    """

    question: Question
    weeks: tuple[date, ...]
    series: Series | None
    found: Change | Refused | Unasked
    tellable_on: date | None = None
    beside: int = 0


def of_action(session: Session, action: Action, about: About | None, known: Causes) -> Question:
    """The question an action raises: about its case's service, else its cause, else all; or about what is asked for."""
    case = session.get(Case, action.case_id) if action.case_id is not None else None
    chosen = _chosen(about, case, action.cause_id)
    return Question(
        office_id=action.office_id if case is None else _place(catalogue(session), action.office_id, case.office_id),
        decided_on=_day(action.created_at),
        done_on=_day(action.done_at) if action.done_at is not None else None,
        about=chosen,
        service_id=case.service_id if case is not None and chosen is About.service else None,
        causes=_causes(known, action.cause_id) if chosen is About.cause else NO_CAUSE,
        dropped=action.dropped_at is not None,
    )


def of_finding(session: Session, finding: Finding, about: About | None, known: Causes) -> Question:
    """The question a decision raises that took effect at once: about its case's service, else its cause, else all, at
    the case's office; or about what is asked for."""
    case, review = session.get_one(Case, finding.case_id), session.get_one(Review, finding.review_id)
    day, chosen = _day(finding.at), _chosen(about, case, finding.cause_id)
    return Question(
        office_id=_place(catalogue(session), review.office_id, case.office_id),
        decided_on=day,
        done_on=day,
        about=chosen,
        service_id=case.service_id if chosen is About.service else None,
        causes=_causes(known, finding.cause_id) if chosen is About.cause else NO_CAUSE,
        decision=True,
    )


def ways(case: Case | None, cause_id: UUID | None) -> list[About]:
    """What can be counted for what was done about a case, or against a cause."""
    found = [About.service] if case is not None and case.service_id is not None else []
    return [*found, *([About.cause] if cause_id is not None else []), About.all]


def tellable_on(at: datetime) -> date:
    """The first day on which anything can be told of what was done, or decided, at a moment."""
    return _ready(_monday(_day(at)) + WEEK)


def _ready(after: date) -> date:
    """From when on there are enough weeks after, the first of which begins on `after`."""
    return after + AFTER * WEEK


def _chosen(about: About | None, case: Case | None, cause_id: UUID | None) -> About:
    offered = ways(case, cause_id)
    if about is None:
        return offered[0]
    return about if about in offered else About.all


def _causes(known: Causes, cause_id: UUID | None) -> frozenset[UUID]:
    return known.below(known.standing(cause_id)) if cause_id is not None else NO_CAUSE


def effect(session: Session, who: Viewer, question: Question, now: datetime, action_id: UUID | None = None) -> Effect:
    """What became of the complaints; `action_id` is the action that is asked about, not to be named beside itself."""
    if question.done_on is None:
        return Effect(question, (), None, Unasked.dropped if question.dropped else Unasked.not_done)
    zone = settings().zone
    last = monday_of(now, zone) - WEEK
    decided, after = _monday(question.decided_on), _monday(question.done_on) + WEEK
    ready = _ready(after)
    first = _first(session, question.office_id)
    if first is None or first >= decided - LEAD * WEEK or after > last:
        why = Refused.short_before if after <= last else Refused.short_after
        return Effect(question, (), None, why, ready if after > last else None)
    first = max(first, decided - (LONGEST_BEFORE + LEAD) * WEEK)
    last = min(last, after + (LONGEST_AFTER - 1) * WEEK)
    weeks = [first + number * WEEK for number in range((last - first).days // 7 + 1)]
    series = _series(session, question, weeks, weeks.index(decided - LEAD * WEEK), weeks.index(after))
    return Effect(
        question,
        tuple(weeks),
        series,
        estimate(series, lead=LEAD),
        ready if len(weeks) - series.after < AFTER else None,
        _beside(session, who, question, (weeks[series.before], weeks[-1] + WEEK), action_id),
    )


def _series(session: Session, question: Question, weeks: Sequence[date], before: int, after: int) -> Series:
    known = catalogue(session)
    here = known.subtree(question.office_id)
    counts, other = _complaints(session, question, weeks, here)
    series = Series(counts=counts, before=before, after=after, shut=_shut(known, question.office_id, weeks))
    if sum(other):
        series = replace(series, other=other)
    if question.service_id is not None:
        given, elsewhere = _services(session, question.service_id, weeks, here)
        if given is not None:
            series = replace(series, exposure=given, other_exposure=elsewhere)
    return series


def _complaints(
    session: Session, question: Question, weeks: Sequence[date], here: frozenset[UUID] | set[UUID]
) -> tuple[list[int], list[int]]:
    """Complaints by week at these offices and at all others, received while the weeks lasted."""
    about: ColumnElement[bool] = and_(
        countable(),
        col(Case.kind) == CaseKind.complaint,
        col(Case.source).not_in(AUDIT_SOURCES),
        col(Case.received_at) >= start_of(weeks[0], settings().zone),
        col(Case.received_at) < start_of(weeks[-1] + WEEK, settings().zone),
    )
    hour = hour_of(session, Case.received_at)
    query = select(col(Case.office_id), hour, func.count()).group_by(col(Case.office_id), hour)
    if question.about is About.service:
        about = and_(about, col(Case.service_id) == question.service_id)
    if question.about is About.cause:
        query = query.join(CaseCause, col(CaseCause.case_id) == col(Case.id))
        about = and_(about, col(CaseCause.cause_id).in_(question.causes))
    return _split(session.execute(query.where(about)).all(), weeks, here)


def _services(
    session: Session, service_id: UUID, weeks: Sequence[date], here: frozenset[UUID] | set[UUID]
) -> tuple[list[int] | None, list[int] | None]:
    """Services given by week, here and elsewhere; None where they are too few, or not reported in every week."""
    hour = hour_of(session, Transaction.completed_at)
    rows = session.execute(
        select(col(Transaction.office_id), hour, func.count())
        .where(
            col(Transaction.service_id) == service_id,
            col(Transaction.completed_at) >= start_of(weeks[0], settings().zone),
            col(Transaction.completed_at) < start_of(weeks[-1] + WEEK, settings().zone),
        )
        .group_by(col(Transaction.office_id), hour)
    ).all()
    given, elsewhere = _split(rows, weeks, here)

    def enough(counts: list[int]) -> list[int] | None:
        return counts if min(counts) > 0 and sum(counts) / len(counts) >= FEWEST_SERVICES else None

    return enough(given), enough(elsewhere)


def _split(
    rows: Sequence[tuple[UUID, str | datetime, int]], weeks: Sequence[date], here: frozenset[UUID] | set[UUID]
) -> tuple[list[int], list[int]]:
    place = {monday: number for number, monday in enumerate(weeks)}
    zone = settings().zone
    found, other = [0] * len(weeks), [0] * len(weeks)
    for office_id, hour, count in rows:
        number = place.get(monday_of(moment_of(hour), zone))
        if number is not None:
            (found if office_id in here else other)[number] += count
    return found, other


def _shut(known: Catalogue, office_id: UUID, weeks: Sequence[date]) -> list[float] | None:
    """The share of each week's opening days on which the office was shut, as on holidays."""
    if known.calendar(office_id) is None:
        return None
    calendar = calendar_of(known, office_id)
    shares = []
    for monday in weeks:
        days = [monday + timedelta(days=number) for number in range(7)]
        usual = [day for day in days if calendar.week(day).days[day.weekday()]]
        shares.append(sum(not calendar.spans(day) for day in usual) / len(usual) if usual else 0.0)
    return shares


def _first(session: Session, office_id: UUID) -> date | None:
    """The first whole week in which the office, or one below it, had any case."""
    here = catalogue(session).subtree(office_id)
    earliest = session.exec(
        select(func.min(col(Case.received_at))).where(col(Case.office_id).in_(here), countable())
    ).one()
    return monday_of(earliest, settings().zone) + WEEK if earliest is not None else None


def _beside(
    session: Session, who: Viewer, question: Question, between: tuple[date, date], action_id: UUID | None
) -> int:
    zone = settings().zone
    same: ColumnElement[bool] = col(Action.cause_id).in_(question.causes)
    if question.about is About.service:
        same = col(Case.service_id) == question.service_id
    return session.exec(
        select(func.count())
        .select_from(Action)
        .join(Case, col(Case.id) == col(Action.case_id), isouter=True)
        .where(
            col(Action.office_id).in_([one.id for one in catalogue(session).chain(question.office_id)]),
            col(Action.done_at) >= start_of(between[0], zone),
            col(Action.done_at) < start_of(between[1], zone),
            col(Action.id) != action_id if action_id is not None else True,
            same if question.about is not About.all else True,
            or_(
                col(Action.case_id).is_(None),
                and_(visible(who), one_of(Case.office_id, catalogue(session).subtree(question.office_id))),
            ),
        )
    ).one()


def _place(known: Catalogue, review_office: UUID, case_office: UUID) -> UUID:
    """Where an action is to work: at the office of its case, while that is one of the review's; else all of them."""
    return case_office if case_office in known.subtree(review_office) else review_office


def _day(at: datetime) -> date:
    return at.astimezone(settings().zone).date()


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())
