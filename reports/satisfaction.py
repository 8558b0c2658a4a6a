"""What was said about services: answers with their weights, who answered, and why. Reads answers, never cases.

Only answers to a survey are weighed: who was asked is known. Faces tapped at an exit stand for themselves.
"""

import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar, cast
from uuid import UUID

from sqlalchemy import and_, case, exists, func
from sqlalchemy import select as sa_select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from core.sets import one_of
from domain.catalogue import Catalogue
from domain.citizen import ContactPoint
from domain.flag import FlagState, SurveyFlag
from domain.outbox import OutboundMessage
from domain.states import OutboxState, Purpose
from domain.survey import Answer, Invitation, Survey, Transaction
from domain.visibility import Viewer, signs
from reports.weighting import AGES, Response, Tally
from surveys.flow import RATING
from surveys.money import tells_of_money
from surveys.results import Rating

T = TypeVar("T")
MANY = 50_000
KEEP = timedelta(minutes=10)
"""Where so `MANY` were asked that counting takes its time, they are not counted again for so long."""
WHY = ("reason", "liked")
"""Questions why: of those who were not content, and of those who were."""
MONEY_REASON = "money"

_ANSWER: Any = aliased(Answer)
_kept: dict[tuple[object, ...], tuple[datetime, object]] = {}
_lock = threading.Lock()


def tallies(session: Session, question: str, since: datetime, until: datetime, *, anew: bool = False) -> list[Tally]:
    """All who were asked in a period, counted by what they said to a question; of the whole government. `anew`: never
    as they were counted some minutes ago."""
    columns = _tally_columns(session)
    query = _asked(columns, question, since, until).group_by(*columns)

    def count() -> list[Tally]:
        return [_tally(row) for row in session.execute(query)]

    if anew:
        return count()
    return _once(session, ("tallies", question), since, until, count, lambda found: sum(one.count for one in found))


def told(session: Session, question: str, since: datetime, until: datetime) -> list[Tally]:
    """The same of those alone who answered the question."""
    columns = _tally_columns(session)
    query = _asked(columns, question, since, until).where(_ANSWER.question == question).group_by(*columns)
    return [_tally(row) for row in session.execute(query)]


def _once(
    session: Session,
    what: tuple[str, ...],
    since: datetime,
    until: datetime,
    count: Callable[[], T],
    people: Callable[[T], int],
) -> T:
    """What `count` gives; where it is about many `people` it is kept for some minutes."""
    key = (str(session.get_bind().engine.url), (until - since).total_seconds(), *what)
    with _lock:
        kept = _kept.get(key)
    if kept is not None and timedelta(0) <= until - kept[0] < KEEP:
        return cast(T, kept[1])
    found = count()
    if people(found) >= MANY:
        with _lock:
            for old in [one for one, (at, _) in _kept.items() if until - at >= KEEP]:
                del _kept[old]
            _kept[key] = (until, found)
    return found


def by_operator(
    session: Session, question: str, since: datetime, until: datetime, office_id: UUID
) -> dict[str, list[Tally]]:
    """The same of one office, apart for each operator that its system names."""
    columns = (*_tally_columns(session), col(Transaction.operator))
    query = _asked(columns, question, since, until).where(
        col(Transaction.office_id) == office_id, col(Transaction.operator).is_not(None)
    )
    found: dict[str, list[Tally]] = defaultdict(list)
    for *row, operator, number in session.execute(query.group_by(*columns)):
        found[operator].append(_tally((*row, number)))
    return dict(found)


def _asked(columns: Any, question: str, since: datetime, until: datetime) -> Any:
    return (
        sa_select(*columns, func.count())
        .select_from(Invitation)
        .join(Transaction, col(Transaction.id) == col(Invitation.transaction_id))
        .join(ContactPoint, col(ContactPoint.id) == col(Invitation.contact_point_id))
        .join(_ANSWER, and_(_ANSWER.invitation_id == Invitation.id, _ANSWER.question == question), isouter=True)
        .where(col(Invitation.sent_at) >= since, col(Invitation.sent_at) < until)
    )


def _tally_columns(session: Session) -> tuple[Any, ...]:
    if session.get_bind().dialect.name == "sqlite":
        hours = (func.julianday(Invitation.sent_at) - func.julianday(Transaction.completed_at)) * 24
    else:
        hours = func.extract("epoch", col(Invitation.sent_at) - col(Transaction.completed_at)) / 3600
    age = case(*((hours < edge, place) for place, edge in enumerate(AGES)), else_=len(AGES))
    probability = func.coalesce(col(Invitation.probability), 1.0)
    return (
        col(Transaction.office_id), col(Transaction.service_id), col(ContactPoint.channel), age, probability,
        _ANSWER.value,
    )  # fmt: skip


def _tally(row: Any) -> Tally:
    office, service, channel, age, probability, value, number = row
    return Tally(office, service, str(channel), age, float(probability), value, number)


def responses(session: Session, since: datetime, until: datetime, service: UUID | None) -> dict[UUID, Response]:
    """Who was asked in a period, by office: how many answered, and how many surveys reached nobody. `service` None is
    about all of them."""
    what = ("responses", str(service))

    def count() -> dict[UUID, Response]:
        return _responses(session, since, until, service)

    return _once(session, what, since, until, count, lambda found: sum(one.asked for one in found.values()))


def _responses(session: Session, since: datetime, until: datetime, service: UUID | None) -> dict[UUID, Response]:
    sent = and_(col(Invitation.sent_at) >= since, col(Invitation.sent_at) < until)
    if service is not None:
        sent = and_(sent, col(Transaction.service_id) == service)
    asked = session.execute(
        select(col(Transaction.office_id), func.count(), func.count(col(Invitation.answered_at)))
        .select_from(Invitation)
        .join(Transaction, col(Transaction.id) == col(Invitation.transaction_id))
        .where(sent)
        .group_by(col(Transaction.office_id))
    )
    # from the few that failed, not from all that were sent
    other = aliased(OutboundMessage)
    went = exists().where(
        col(other.invitation_id) == col(Invitation.id),
        col(other.purpose) == Purpose.survey,
        col(other.state) != OutboxState.failed,
    )
    failed = session.execute(
        select(col(Transaction.office_id), func.count(func.distinct(Invitation.id)))
        .select_from(OutboundMessage)
        .join(Invitation, col(Invitation.id) == col(OutboundMessage.invitation_id))
        .join(Transaction, col(Transaction.id) == col(Invitation.transaction_id))
        .where(
            col(OutboundMessage.state) == OutboxState.failed,
            col(OutboundMessage.purpose) == Purpose.survey,
            col(Invitation.answered_at).is_(None),
            sent,
            ~went,
        )
        .group_by(col(Transaction.office_id))
    )
    lost = {office: number for office, number in failed}  # noqa: C416  (rows are no pairs to mypy)
    return {office: Response(number, answered, lost.get(office, 0)) for office, number, answered in asked}


def together(found: Collection[Response]) -> Response:
    """Several offices as one."""
    return Response(
        sum(one.asked for one in found), sum(one.answered for one in found), sum(one.undeliverable for one in found)
    )


@dataclass(frozen=True, slots=True)
class Reasons:
    """Why people were content or not: how often each was given by the `n` who gave one, most frequent first."""

    n: int
    given: tuple[tuple[str, int], ...]


def reasons(
    session: Session, since: datetime, until: datetime, offices: Collection[UUID] | None, service: UUID | None
) -> Reasons:
    """Reasons by code. One that tells of money is left out, and so is who gave no other: else what is missing from the
    whole would tell how many they were."""
    query = select(Answer.text, func.count()).where(
        col(Answer.question).in_(WHY),
        col(Answer.text).is_not(None),
        col(Answer.answered_at) >= since,
        col(Answer.answered_at) < until,
    )
    if offices is not None:
        query = query.where(one_of(Answer.office_id, offices))
    if service is not None:
        query = query.where(col(Answer.service_id) == service)
    silent = money_reasons(session)
    people, given = 0, Counter[str]()
    for text, number in session.exec(query.group_by(col(Answer.text))):
        codes = {code.strip() for code in (text or "").split(",")} - silent - {""}
        people += number if codes else 0
        for code in codes:
            given[code] += number
    return Reasons(people, tuple(sorted(given.items(), key=lambda one: (-one[1], one[0]))))


def money_reasons(session: Session) -> frozenset[str]:
    """Codes of the reasons that tell of money, in any survey there ever was."""
    found = {MONEY_REASON}
    for code, words in options(session).items():
        if any(tells_of_money(text) for text in words.values()):
            found.add(code)
    return frozenset(found)


def options(session: Session) -> dict[str, dict[str, str]]:
    """Words by language of every choice that surveys offer for a reason, by its code."""
    found: dict[str, dict[str, str]] = {}
    for questions in session.exec(select(Survey.questions).order_by(col(Survey.version))):
        for question in questions:
            given = question.get("options") if question.get("code") in WHY else None
            for option in given if isinstance(given, list) else []:
                found.setdefault(str(option["code"]), {}).update(option.get("words") or {})
    return found


def tapped(
    session: Session, since: datetime, until: datetime, offices: Collection[UUID] | None, service: UUID | None
) -> Rating:
    """Faces tapped at exits and on posters' pages."""
    query = select(Answer.value, func.count()).where(
        col(Answer.question) == RATING,
        col(Answer.invitation_id).is_(None),
        col(Answer.value).between(1, 5),
        col(Answer.answered_at) >= since,
        col(Answer.answered_at) < until,
    )
    if offices is not None:
        query = query.where(one_of(Answer.office_id, offices))
    if service is not None:
        query = query.where(col(Answer.service_id) == service)
    counts = [0] * 5
    for value, number in session.exec(query.group_by(col(Answer.value))):
        counts[(value or 1) - 1] = number
    return Rating((counts[0], counts[1], counts[2], counts[3], counts[4]))


def flagged(session: Session, known: Catalogue, who: Viewer, since: datetime) -> tuple[int, int]:
    """Offices with a sign of cheating since a day that this viewer may see: not judged yet, and found as it seems."""
    rows = session.exec(
        select(SurveyFlag.office_id, SurveyFlag.state)
        .where(signs(known, who), col(SurveyFlag.period) >= (since - timedelta(days=6)).date())
        .distinct()
    ).all()
    confirmed = {office for office, state in rows if state == FlagState.confirmed}
    waiting = {office for office, state in rows if state == FlagState.open} - confirmed
    return len(waiting), len(confirmed)
