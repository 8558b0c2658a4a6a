"""What is public now: reading publications that are out, and saying of the others why they are not."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import defer
from sqlmodel import Session, col, func, select

from domain.publication import (
    ActKind,
    FigureScope,
    Publication,
    PublicationAct,
    PublicationState,
    PublishedFigure,
)


@dataclass(frozen=True, slots=True)
class Missing:
    """A month that was counted and is not out: `withheld` since a moment for a `reason`, or waiting for its embargo to
    end, or, that being over, for somebody to approve it."""

    month: date
    withheld: bool
    since: datetime
    reason: str


def published(session: Session) -> list[Publication]:
    """All publications that are out, newest month first, and of a month its newest version first."""
    # what each was made of is many times as large as all the rest
    query = (
        select(Publication)
        .where(Publication.state == PublicationState.published)
        .options(defer(Publication.basis), defer(Publication.classes))  # type: ignore[arg-type]
    )
    return list(session.exec(query.order_by(col(Publication.month).desc(), col(Publication.version).desc())))


def latest(publications: Sequence[Publication]) -> list[Publication]:
    """The newest version of each month, in the order they came in."""
    found: dict[date, Publication] = {}
    for one in publications:
        if one.month not in found or one.version > found[one.month].version:
            found[one.month] = one
    return list(found.values())


def missing(session: Session, now: datetime) -> list[Missing]:
    """Months of which nothing is out though they were counted, newest first. A correction that waits is no gap."""
    rows = session.exec(
        select(Publication)
        .where(col(Publication.version) == 1, col(Publication.state) != PublicationState.published)
        .order_by(col(Publication.month).desc())
    ).all()
    return [_missing(session, one) for one in rows]


def _missing(session: Session, one: Publication) -> Missing:
    if one.state != PublicationState.withheld:
        return Missing(one.month, False, one.out_at, "")
    act = session.exec(
        select(PublicationAct)
        .where(PublicationAct.publication_id == one.id, PublicationAct.kind == ActKind.withheld)
        .order_by(col(PublicationAct.at).desc())
        .limit(1)
    ).one()
    return Missing(one.month, True, act.at, act.reason)


def changed_at(session: Session) -> datetime | None:
    """When anything was last done to a publication; None before the first."""
    return session.exec(select(func.max(PublicationAct.at))).one()


def figures(
    session: Session,
    publications: Collection[Publication],
    *,
    scopes: Collection[FigureScope] = tuple(FigureScope),
    code: str | None = None,
) -> list[PublishedFigure]:
    """The lines of publications, oldest month first; of one office, service or way where `code` is given."""
    months = {one.id: (one.month, one.version) for one in publications}
    query = select(PublishedFigure).where(
        col(PublishedFigure.publication_id).in_(months), col(PublishedFigure.scope).in_(scopes)
    )
    if code is not None:
        query = query.where(PublishedFigure.code == code)
    found = session.exec(query.order_by(col(PublishedFigure.code))).all()
    return sorted(found, key=lambda row: months[row.publication_id])
