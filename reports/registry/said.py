"""What citizens said, as the registry measures it: weighted answers, who answered, money, signs; and what asking costs.

None of it is a case, so no predicate narrows it: it is told of the offices that the viewer works at or answers for.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, case, func, select
from sqlmodel import col
from sqlmodel import select as rows_of

from cases.counted import Rows
from core.sets import one_of
from core.settings import settings
from domain.case import Case
from domain.citizen import ContactPoint
from domain.flag import FlagState, SurveyFlag
from domain.outbox import OutboundMessage
from domain.states import OutboxState, Purpose
from domain.survey import Invitation, Transaction
from domain.visibility import signs
from reports import money, satisfaction
from reports.registry.reading import Reading
from reports.registry.scope import Part
from reports.registry.values import Dimension, Hidden, Measured
from reports.standing import Said, said
from reports.weighting import Estimate, Scales, Tally, median_of, scales
from surveys.months import after
from surveys.shares import wilson

Z = 1.959964
M = TypeVar("M")
ARRIVED = (OutboxState.accepted, OutboxState.sent, OutboxState.delivered)


def ratings(read: Reading) -> Mapping[str, Said]:
    """What was said of each part, weighted for who answers."""
    return read.once("ratings", lambda: _of_tallies(read, None, said))


def medians(read: Reading, question: str) -> Mapping[str, Estimate]:
    """Weighted medians of a question that asks for a number. It is put to some of those who rate, so an answer weighs
    what its rating does."""
    return read.once(
        ("median", question),
        lambda: _of_tallies(read, question, lambda ours, weights: median_of(weights.weigh(ours))),
    )


def _of_tallies(
    read: Reading, question: str | None, measured: Callable[[list[Tally], Scales], M | None]
) -> dict[str, M]:
    """What is measured of each part: from its own tallies of a question (None: the rating), with weights that are made
    from the ratings of the whole government."""
    found: dict[str, M] = {}
    for part, since, until in _times(read):
        every = satisfaction.tallies(read.session, "rating", since, until)
        told = every if question is None else satisfaction.told(read.session, question, since, until)
        weights, ours = scales(every), [one for one in told if _holds(read, one)]
        if part is not None:
            groups: Iterable[tuple[str, list[Tally]]] = [(part.key, ours)]
        else:
            groups = read.split.fold([(_raw(read, one), [one]) for one in ours], _chained).items()
        for key, some in groups:
            one = measured(some, weights)
            if one is not None:
                found[key] = one
    return found


def _times(read: Reading) -> list[tuple[Part | None, datetime, datetime]]:
    """The times to ask about: all at once, or one period after the other."""
    if not read.split.periods:
        return [(None, read.scope.since, read.scope.until)]
    read.split.parts |= {part.key: part for part in read.split.periods}
    return [(part, part.since, part.until) for part in read.split.periods if part.since and part.until]


def _holds(read: Reading, one: Tally) -> bool:
    scope = read.scope
    here = scope.reach is None or one.office in scope.reach
    return here and scope.service_id in (None, one.service) and scope.channel in (None, one.channel)


def _raw(read: Reading, one: Tally) -> object:
    match read.by:
        case Dimension.service:
            return one.service
        case Dimension.channel:
            return one.channel
        case _:
            return one.office


def _chained(several: list[list[Tally]]) -> list[Tally]:
    return [one for some in several for one in some]


def estimated(one: Estimate, *, share: bool) -> Measured:
    """An estimate as it is shown."""
    spread = one.effective if share else ((one.high - one.low) / 2 / Z) ** 2
    return Measured(one.value, one.n, one.low, one.high, spread=spread)


_INVITED = Rows(
    lambda statement: (
        statement.select_from(Invitation)
        .join(Transaction, col(Transaction.id) == col(Invitation.transaction_id))
        .join(ContactPoint, col(ContactPoint.id) == col(Invitation.contact_point_id))
    ),
    col(Transaction.office_id),
    col(Invitation.sent_at),
)


def _asked_where(read: Reading) -> list[ColumnElement[bool]]:
    scope = read.scope
    found = [col(Invitation.sent_at) >= scope.since, col(Invitation.sent_at) < scope.until]
    if (reach := scope.reach) is not None:
        found.append(one_of(Transaction.office_id, reach))
    if scope.service_id is not None:
        found.append(col(Transaction.service_id) == scope.service_id)
    if scope.channel is not None:
        found.append(col(ContactPoint.channel) == scope.channel)
    return found


def _invited_key(read: Reading) -> Any:
    return read.split.key(_INVITED, service=col(Transaction.service_id), channel=col(ContactPoint.channel))


def responses(read: Reading) -> Mapping[str, Measured]:
    """Share of those asked who gave any answer."""
    return {
        key: Measured(answered / asked, asked, *wilson(answered / asked, asked), spread=asked)
        for key, (asked, answered) in _invited(read).items()
    }


def _invited(read: Reading) -> Mapping[str, tuple[int, int]]:
    def count() -> dict[str, tuple[int, int]]:
        each = (
            _INVITED.join(select(_invited_key(read).label("key"), col(Invitation.answered_at).label("answered")))
            .where(*_asked_where(read))
            .subquery()
        )
        query = select(each.c.key, func.count(), func.count(each.c.answered)).group_by(each.c.key)
        found = [(key, (asked, answered)) for key, asked, answered in read.session.execute(query)]
        return read.split.fold(found, lambda several: (sum(a for a, _ in several), sum(b for _, b in several)))

    return read.once("invited", count)


def asked_for_money(read: Reading) -> Mapping[str, Measured]:
    """Share who said that money was asked for: of the last whole month within the period that is out, and only of what
    may be told of it."""
    scope, zone = read.scope, settings().zone
    whole = [
        month
        for month in money.months(read.session, scope.known, scope.who)
        if datetime(month.year, month.month, 1, tzinfo=zone) >= scope.since and after(month) <= scope.until
    ]
    if not whole:
        return {"": Measured(None, 0, hidden=Hidden.whole_month)} if read.by is None else {}
    found = money.month(read.session, whole[0])
    since, until = datetime(whole[0].year, whole[0].month, 1, tzinfo=zone), after(whole[0])
    alone = {one.office_id: one for one in found.offices}
    below = {one.office_id: one for one in found.totals}

    def told(one: money.Asked | None) -> Measured:
        if one is None:
            return Measured(None, 0, hidden=Hidden.kept, since=since, until=until)
        return Measured(one.share, one.n, *one.interval, spread=one.n, since=since, until=until)

    def of_office(office: UUID, *, with_below: bool) -> money.Asked | None:
        leaf = not scope.known.children.get(office)
        return alone.get(office) if leaf or not with_below else below.get(office)

    if read.by is None:
        one = found.whole if scope.office_id is None else of_office(scope.office_id, with_below=scope.below)
        return {"": told(one)}
    offices = scope.office_ids
    parts = {office: read.split.part(office) for office in scope.known.offices if offices is None or office in offices}
    read.split.parts |= {part.key: part for part in parts.values() if part is not None}
    shown = {part.key: part for part in parts.values() if part is not None and part.office_id is not None}
    return {
        key: told(one)
        for key, part in shown.items()
        if part.office_id is not None and (one := of_office(part.office_id, with_below=part.below)) is not None
    }


def standing_signs(read: Reading) -> Mapping[str, Measured]:
    """Signs that numbers or answers were made up which stand: found as it seems, or looked at by nobody yet."""
    scope = read.scope
    query = (
        rows_of(SurveyFlag.office_id, func.count())
        .where(
            signs(scope.known, scope.who),
            col(SurveyFlag.state) != FlagState.explained,
            col(SurveyFlag.period) >= (scope.since - timedelta(days=6)).date(),
            col(SurveyFlag.period) < scope.until.date(),
        )
        .group_by(col(SurveyFlag.office_id))
    )
    if (offices := scope.office_ids) is not None:
        query = query.where(one_of(SurveyFlag.office_id, offices))
    found = read.split.fold(((key, number) for key, number in read.session.exec(query)), sum)
    return {key: Measured(number, number) for key, number in found.items()}


def price_of(channel: str) -> float:
    """What one message costs, or one segment of an SMS."""
    current = settings()
    return current.sms_price if channel == "sms" else current.message_prices.get(channel, 0.0)


def priced() -> bool:
    """Whether any message is known to cost anything."""
    return settings().sms_price > 0 or any(settings().message_prices.values())


_SENT = Rows(
    lambda statement: statement.select_from(OutboundMessage).join(Case, col(Case.id) == col(OutboundMessage.case_id)),
    col(Case.office_id),
    col(OutboundMessage.accepted_at),
    col(Case.assignee_id),
    act=False,
)


def cost_of_answers(read: Reading) -> Mapping[str, Measured]:
    """What all messages about cases cost, over the human answers among them that left."""
    if not priced():
        return {"": Measured(None, 0, hidden=Hidden.no_price)} if read.by is None else {}
    answer = and_(col(OutboundMessage.purpose) == Purpose.answer, col(OutboundMessage.state).in_(ARRIVED))
    key = read.split.key(_SENT, channel=col(OutboundMessage.channel))
    each = _SENT.join(
        select(
            key.label("key"),
            col(OutboundMessage.channel).label("channel"),
            func.coalesce(col(OutboundMessage.segments), 1).label("pieces"),
            case((answer, 1), else_=0).label("answer"),
        )
    ).where(*read.scope.of_rows(_SENT))
    return _per(read, each, lambda _: None)


def cost_of_survey_answers(read: Reading) -> Mapping[str, Measured]:
    """What all messages of surveys cost, over the surveys that were answered."""
    if not priced():
        return {"": Measured(None, 0, hidden=Hidden.no_price)} if read.by is None else {}
    each = (
        _INVITED.join(
            select(
                _invited_key(read).label("key"),
                col(OutboundMessage.channel).label("channel"),
                func.coalesce(col(OutboundMessage.segments), 1).label("pieces"),
                case((col(OutboundMessage.id).is_(None), 1), else_=0).label("answer"),
            )
        )
        .join(OutboundMessage, col(OutboundMessage.invitation_id) == col(Invitation.id))
        .where(*_asked_where(read), col(OutboundMessage.accepted_at).is_not(None))
    )
    answered = _invited(read)
    return _per(read, each, lambda key: answered[key][1] if key in answered else 0)


def _per(read: Reading, each: Select[Any], number: Callable[[str], int | None]) -> dict[str, Measured]:
    """Costs of messages by key, over the answers that are among them or that `number` knows of."""
    rows = each.subquery()
    query = select(rows.c.key, rows.c.channel, func.sum(rows.c.pieces), func.count(), func.sum(rows.c.answer)).group_by(
        rows.c.key, rows.c.channel
    )
    lines = [
        (key, (price_of(str(channel)) * int(pieces if channel == "sms" else messages), int(answers)))
        for key, channel, pieces, messages, answers in read.session.execute(query)
    ]
    found = read.split.fold(lines, lambda several: (sum(a for a, _ in several), sum(b for _, b in several)))
    measured = {}
    for key, (cost, answers) in found.items():
        known = number(key)
        n = answers if known is None else known
        measured[key] = Measured(cost / n, n) if n else Measured(None, 0, hidden=Hidden.nothing)
    return measured
