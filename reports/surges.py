"""Surges as they are read: those of the offices a person may look into, with their cases."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, col, func, or_, select
from sqlmodel.sql.expression import SelectOfScalar

from cases.surges import cases_of
from core.sets import one_of
from domain.case import Case
from domain.catalogue import Catalogue
from domain.crowd import Likeness, Surge
from domain.states import LikenessState
from domain.visibility import Viewer, visible

RECENT = timedelta(days=14)
SHOWN = 6


@dataclass(frozen=True, slots=True)
class Seen:
    """A surge with what its reader may see of it: how many cases, the newest, and the one that most look like."""

    surge: Surge
    number: int
    newest: Sequence[Case]
    lead: str
    alike: int


def now_on(session: Session, who: Viewer) -> Sequence[Surge]:
    """Surges that go on at offices this person may look into, newest first."""
    return session.exec(_of(who).where(col(Surge.over_at).is_(None))).all()


def lately(session: Session, who: Viewer, known: Catalogue, now: datetime) -> list[Seen]:
    """Surges of the last two weeks, those that go on first."""
    rows = session.exec(_of(who).where(or_(col(Surge.over_at).is_(None), col(Surge.over_at) > now - RECENT))).all()
    return [_seen(session, who, known, row) for row in sorted(rows, key=lambda row: row.over_at is not None)]


def _of(who: Viewer) -> SelectOfScalar[Surge]:
    query = select(Surge).order_by(col(Surge.started_at).desc())
    return query if who.offices is None else query.where(one_of(Surge.office_id, who.offices))


def _seen(session: Session, who: Viewer, known: Catalogue, row: Surge) -> Seen:
    theirs = cases_of(known, row) & visible(who)
    number = session.exec(select(func.count()).select_from(Case).where(theirs)).one()
    newest = session.exec(select(Case).where(theirs).order_by(col(Case.received_at).desc()).limit(SHOWN)).all()
    like = session.exec(
        select(Likeness.like_id)
        .join(Case, col(Case.id) == col(Likeness.case_id))
        .where(theirs, col(Likeness.state).in_([LikenessState.proposed, LikenessState.joined]))
    ).all()
    most = Counter(one for one in like if one is not None).most_common(1)
    lead = session.exec(select(Case.reference).where(col(Case.id) == most[0][0], visible(who))).first() if most else ""
    return Seen(row, number, newest, lead or "", most[0][1] if most else 0)
