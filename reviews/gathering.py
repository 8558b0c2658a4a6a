"""Gathering a pack: what happened at an office and all below it in a week, as things stand at a moment."""

import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, SQLColumnExpression, and_, case, exists, func, literal, or_
from sqlmodel import Session, col, select

from cases.counted import unanswered
from cases.persons import Redactor
from core.i18n import SOURCE_LANGUAGE
from core.settings import settings
from core.texts import shorten
from domain.case import Case
from domain.catalogue import catalogue
from domain.closing import Appeal, AppealOutcome
from domain.crowd import Surge
from domain.pack import Raised
from domain.review import Action, Finding, Review, unfinished
from domain.staff import Staff, StaffRole, in_force
from domain.states import CaseKind, CaseState, LeadLink, Outcome
from domain.visibility import PAPER, on_paper
from reports.samples import within
from reports.weeks import bounds
from reports.words import Said, said
from reviews.agenda import overdue
from reviews.causes import causes
from reviews.drawing import drawn
from reviews.snapshot import Body, Draw, Facts, HandedUp, Promise, Repeated, Rush, Section, Voice

LISTED = 40
"""Cases that one heading lists; its count is of all."""
VOICES = 8
"""Citizens' own words under one heading."""
LONGEST = 400
"""Characters of a citizen's words."""
LOOK_BACK = timedelta(weeks=8)
"""How far back meetings count for causes that come again."""
LOW, BEST = 2, 5
_LEAST_SURNAME = 4
"""Letters a family name has to have to be looked for by itself."""
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")


def gather(session: Session, office_id: UUID, week: date, seed: int, checks: int, now: datetime) -> Body:
    """The pack of an office's meeting about the week that begins on `week`, a Monday, as things stand at `now`.

    `seed` draws `checks` of the cases closed in the week.
    """
    known = catalogue(session)
    offices = known.subtree(office_id)
    since, until = bounds(week, settings().zone)
    until = min(until, now)
    here = within(PAPER, offices)
    before = and_(here, col(Case.received_at) < until)
    silent = unanswered(now)
    waiting_first = case((silent, 0), else_=1)
    raised = handed_up(session, office_id, week)
    reopened = and_(here, col(Case.reopened_at) >= since, col(Case.reopened_at) < until)
    listed = {
        "raised": ([one.case_id for one in raised], len(raised)),
        "appeals": _ids(session, and_(_upheld(offices, since, until), on_paper()), col(Case.appealed_at)),
        "reopened": _ids(session, reopened, col(Case.reopened_at)),
        "overdue": _ids(session, and_(before, overdue(now)), waiting_first, col(Case.received_at)),
        "silent": _ids(session, and_(before, silent), col(Case.received_at)),
        "new": _ids(session, and_(before, col(Case.received_at) >= since), waiting_first, col(Case.received_at)),
    }
    closed = _closed(session, here, since, until)
    draw = Draw(seed, len(closed), [closed[one] for one in drawn(seed, closed, checks)])
    again = _repeated(session, offices, week, now)
    wanted = {one for ids, _ in listed.values() for one in ids}
    wanted |= {*draw.cases, *(one for cause in again for one in cause.cases)}
    low = said(session, PAPER, offices, since=since, until=until, up_to=LOW, with_words=True)
    high = said(session, PAPER, offices, since=since, until=until, at_least=BEST, with_words=True)
    worst, best = _telling(low), _telling(high)
    thanks = _thanks(session, here, since, until)
    return Body(
        office_id=office_id,
        week=week,
        at=now,
        draw=draw,
        cases=facts(session, wanted, now),
        sections=[Section(key, count, ids) for key, (ids, count) in listed.items() if count],
        actions=promises(session, office_id, week, now),
        raised=raised,
        causes=again,
        rushes=_rushes(session, offices, since, until),
        praise=_named(session, thanks, now)[:VOICES],
        worst=[_voice(line) for line in worst],
        best=_named(session, [(_voice(line), line.written) for line in best], now),
    )


def _ids(session: Session, where: ColumnElement[bool], *order: SQLColumnExpression[Any]) -> tuple[list[UUID], int]:
    """The first `LISTED` of the cases, and how many there are."""
    found = session.exec(select(Case.id).where(where).order_by(*order, col(Case.id)).limit(LISTED)).all()
    if len(found) < LISTED:
        return list(found), len(found)
    return list(found), session.exec(select(func.count()).select_from(Case).where(where)).one()


def facts(session: Session, wanted: Iterable[UUID], now: datetime) -> list[Facts]:
    """What there is to know of these cases at that moment, as far as they may stand on paper."""
    ids = sorted(set(wanted))
    if not ids:
        return []
    rows = session.exec(
        select(Case, col(Staff.name))
        .join(Staff, col(Staff.id) == col(Case.assignee_id), isouter=True)
        .where(col(Case.id).in_(ids), on_paper())
        .order_by(col(Case.received_at), col(Case.id))
    ).all()
    without = Redactor(session)
    without.learn(row.citizen_id for row, _ in rows)
    return [
        Facts(
            id=row.id,
            reference=row.reference,
            title=shorten(without.case(row), LONGEST),
            language=row.language,
            office_id=row.office_id,
            service_id=row.service_id,
            kind=str(row.kind),
            state=str(row.state),
            at=row.received_at,
            due_at=row.due_at,
            silent_seconds=max(0, int((now - row.received_at).total_seconds()))
            if row.first_response_at is None or row.first_response_at > now
            else None,
            outcome=str(row.outcome or ""),
            assignee=name or "",
        )
        for row, name in rows
    ]


def _upheld(offices: frozenset[UUID], since: datetime, until: datetime) -> ColumnElement[bool]:
    """Cases whose citizen was right, in all or in part, against an office here."""
    right = (AppealOutcome.allowed, AppealOutcome.partly)
    return col(Case.id).in_(
        select(Appeal.case_id).where(
            col(Appeal.from_office_id).in_(offices),
            col(Appeal.outcome).in_(right),
            col(Appeal.decided_at) >= since,
            col(Appeal.decided_at) < until,
        )
    )


def _closed(session: Session, here: ColumnElement[bool], since: datetime, until: datetime) -> dict[str, UUID]:
    """Cases closed in the week and still closed; not those taken back or joined to another, which nobody worked on."""
    rows = session.exec(
        select(Case.reference, Case.id).where(
            here,
            col(Case.state) == CaseState.closed,
            col(Case.closed_at) >= since,
            col(Case.closed_at) < until,
            col(Case.outcome).is_distinct_from(Outcome.withdrawn),
            col(Case.lead_link).is_distinct_from(LeadLink.merged),
        )
    )
    return dict(rows.all())


def handed_up(session: Session, office_id: UUID, week: date) -> list[HandedUp]:
    """Cases that meetings below handed up to this office about that week or an earlier one, and that it has not decided
    since; oldest first."""
    decided = (
        select(literal(1))
        .select_from(Finding)
        .join(Review, col(Review.id) == col(Finding.review_id))
        .where(
            col(Finding.case_id) == col(Raised.case_id),
            Review.office_id == office_id,
            Review.week < week,
            col(Finding.at) >= col(Raised.at),
        )
    )
    rows = session.exec(
        select(Raised, col(Staff.name))
        .join(Staff, col(Staff.id) == col(Raised.by))
        .join(Case, col(Case.id) == col(Raised.case_id))
        .where(
            Raised.to_office_id == office_id,
            Raised.week <= week,
            col(Raised.taken_back_at).is_(None),
            ~exists(decided),
            on_paper(),
        )
        .order_by(col(Raised.at), col(Raised.id))
    )
    return [HandedUp(row.id, row.case_id, row.from_office_id, name, row.why) for row, name in rows]


def promises(session: Session, office_id: UUID, week: date, now: datetime) -> list[Promise]:
    """Actions of the office's earlier meetings that were not done at that moment, and those that climbed to it from
    below; oldest first, as far as paper may show them."""
    rows = session.exec(
        select(Action, col(Staff.name), col(Review.week), col(Case.reference))
        .join(Review, col(Review.id) == col(Action.review_id))
        .join(Staff, col(Staff.id) == col(Action.owner_id))
        .join(Case, col(Case.id) == col(Action.case_id), isouter=True)
        .where(
            or_(
                col(Action.office_id) == office_id,
                and_(col(Action.raised_to_id) == office_id, col(Action.raised_at) <= now),
            ),
            Review.week < week,
            col(Action.created_at) <= now,
            unfinished(now),
            or_(col(Action.case_id).is_(None), on_paper()),
        )
        .order_by(col(Review.week), col(Action.due_on), col(Action.created_at), col(Action.id))
    ).all()
    held = session.exec(select(col(Review.week)).where(Review.office_id == office_id, Review.week < week)).all()
    return [
        Promise(
            id=row.id,
            what=row.what,
            owner=owner,
            owner_id=row.owner_id,
            due_on=row.due_on,
            week=given,
            came_back=sum(1 for one in held if one > given),
            from_office_id=row.office_id,
            case_id=row.case_id,
            reference=reference or "",
        )
        for row, owner, given, reference in rows
    ]


def _repeated(session: Session, offices: frozenset[UUID], week: date, now: datetime) -> list[Repeated]:
    """Root causes that the meetings here and below found in more than one case, most often first."""
    rows = session.exec(
        select(Finding.why, Finding.case_id, col(Finding.cause_id), Case.office_id)
        .join(Review, col(Review.id) == col(Finding.review_id))
        .join(Case, col(Case.id) == col(Finding.case_id))
        .where(
            col(Review.office_id).in_(offices),
            Review.week < week,
            Review.week >= week - LOOK_BACK,
            col(Finding.at) <= now,
            on_paper(),
        )
        .order_by(col(Finding.at), col(Finding.id))
    )
    named, without = causes(session, PAPER), Redactor(session)
    found: dict[str, tuple[str, dict[UUID, None]]] = {}
    for why, case_id, cause_id, at in rows:
        # what the catalogue knows is one cause however it was put; else the same words are
        standing = named.name(cause_id, SOURCE_LANGUAGE) if cause_id else ""
        words = without.words(shorten(standing or why, LONGEST), at)
        key = " ".join(_WORD.findall(words.casefold()))
        found.setdefault(key, (words, {}))[1][case_id] = None
    again = [Repeated(words, list(cases)) for words, cases in found.values() if len(cases) > 1]
    return sorted(again, key=lambda one: (-len(one.cases), one.cause))[:LISTED]


def _rushes(session: Session, offices: frozenset[UUID], since: datetime, until: datetime) -> list[Rush]:
    rows = session.exec(
        select(Surge)
        .where(
            col(Surge.office_id).in_(offices),
            col(Surge.started_at) < until,
            or_(col(Surge.over_at).is_(None), col(Surge.over_at) >= since),
        )
        .order_by(col(Surge.started_at))
        .limit(LISTED)
    )
    return [
        Rush(
            row.office_id,
            row.service_id,
            row.started_at,
            row.observed,
            row.expected,
            row.over_at is not None,
            row.words,
        )
        for row in rows
    ]


def _telling(lines: Sequence[Said]) -> list[Said]:
    """Those that say most, told in the order they came: a word alone helps no meeting."""
    most = sorted(lines, key=lambda line: (-len(line.words), line.at))[:VOICES]
    return sorted(most, key=lambda line: line.at)


def _voice(line: Said) -> Voice:
    return Voice(line.office_id, line.rating, line.words, line.at, line.case_id, line.reference)


def _thanks(session: Session, here: ColumnElement[bool], since: datetime, until: datetime) -> list[tuple[Voice, str]]:
    """Compliments of the week, with their words before these are redacted: somebody may be named in them."""
    rows = session.exec(
        select(Case)
        .where(here, Case.kind == CaseKind.compliment, col(Case.received_at) >= since, col(Case.received_at) < until)
        .order_by(col(Case.received_at), col(Case.id))
        .limit(LISTED)
    ).all()
    without = Redactor(session)
    without.learn(row.citizen_id for row in rows)
    return [
        (
            Voice(row.office_id, None, shorten(without.case(row), LONGEST), row.received_at, row.id, row.reference),
            row.text,
        )
        for row in rows
    ]


def _named(session: Session, voices: Sequence[tuple[Voice, str]], now: datetime) -> list[Voice]:
    """The voices with who of the office is named in them, these first. A name that two people have names nobody."""
    offices = {voice.office_id for voice, _ in voices}
    people: dict[UUID, set[str]] = {}
    if offices:
        rows = session.exec(
            select(StaffRole.office_id, Staff.name)
            .join(Staff, col(Staff.id) == col(StaffRole.staff_id))
            .where(col(StaffRole.office_id).in_(offices), col(Staff.active).is_(True), in_force(now))
        )
        for office_id, name in rows:
            people.setdefault(office_id, set()).add(name)
    found = [
        Voice(
            voice.office_id, voice.rating, voice.words, voice.at, voice.case_id, voice.reference,
            named_in(text, people.get(voice.office_id, ())),
        )
        for voice, text in voices
    ]  # fmt: skip
    return sorted(found, key=lambda voice: not voice.staff)


def named_in(text: str, people: Iterable[str]) -> str:
    """Who of the people is named in a text, by the whole name or by a family name that only they have; else empty."""
    words = [word.casefold() for word in _WORD.findall(text)]
    line = f" {' '.join(words)} "
    whole = [name for name in people if f" {' '.join(_WORD.findall(name.casefold()))} " in line]
    if len(whole) == 1:
        return whole[0]
    families: dict[str, list[str]] = {}
    for name in people:
        parts = _WORD.findall(name.casefold())
        if len(parts) > 1 and len(parts[-1]) >= _LEAST_SURNAME:
            families.setdefault(parts[-1], []).append(name)
    alone = [names[0] for family, names in families.items() if family in words and len(names) == 1]
    return alone[0] if len(alone) == 1 and not whole else ""
