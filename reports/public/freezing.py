"""Counting a month for the public, once: the rows of a publication. What was frozen is never counted anew."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import func, insert
from sqlmodel import Session, col, select

from core.ids import new_id
from core.settings import settings
from domain.case import Case
from domain.catalogue import Catalogue, catalogue
from domain.publication import ActKind, FigureScope, Publication, PublicationAct, PublishedFigure
from domain.visibility import countable
from reports import satisfaction
from reports.public import build, versions
from reports.public.build import Counted, Values
from reports.public.classes import anonymise
from reports.public.counting import first_moment, following, matters, preceding
from reports.weighting import scales
from surveys.flow import RATING
from surveys.ledger import insert_new

BACK = 13
"""Months that are counted later, where nobody looked in time."""
_DURATIONS = (
    *(f"{name}_{part}" for name in ("median", "p90") for part in ("hours", "low", "high")),
    "beyond_hours",
)
_RATINGS = ("rating", "rating_low", "rating_high")


@dataclass(frozen=True, slots=True)
class Frozen:
    """A publication as it was counted, before it is kept: reading takes long, and holds nobody up."""

    publication: Publication
    figures: Sequence[Values]


def due(session: Session, now: datetime) -> list[date]:
    """The months that are over for long enough and were not counted yet, oldest first."""
    known = set(session.exec(select(col(Publication.month)).where(col(Publication.version) == 1)))
    first = session.exec(select(func.min(col(Case.received_at))).where(countable())).one()
    if first is None:
        return []
    return [month for month in _over(now) if month not in known and first_moment(following(month)) > first][::-1]


def _over(now: datetime) -> Iterable[date]:
    """The first days of the months that may be counted at `now`, newest first."""
    ready = now - timedelta(days=settings().open_freeze_days)
    month = ready.astimezone(settings().zone).date().replace(day=1)
    for _ in range(BACK):
        month = preceding(month)
        yield month


def count(session: Session, month: date, now: datetime) -> Frozen:
    """A month as it stands now, for the first time."""
    known, counted = catalogue(session), _counted(session, month, now)
    numbers, least = build.numbers_of(counted), settings().open_least
    may = build.telling(numbers, build.parents_of(known), least)
    found = build.lines(counted, numbers, may, known, scales(counted.tallies), least)
    classes, loss = anonymise(counted.closed, least)
    made = Publication(
        month=month,
        version=1,
        as_of=now,
        out_at=now + timedelta(days=settings().open_embargo_days),
        least=least,
        classes=[list(one) for one in classes],
        loss=asdict(loss),
        basis=versions.dump(numbers, may),
    )
    return Frozen(made, [*found.values(), *_kinds(counted, known, least)])


def recount(session: Session, last: Publication, reason: str, now: datetime, *, staff_id: UUID | None) -> Frozen | None:
    """The next version of a month, as things stand now; None where nothing changed by enough to be told.

    Services, ways to write and the anonymous cases stay as they were: each of their changes may be about a few.
    """
    known, counted = catalogue(session), _counted(session, last.month, now)
    old, may = versions.load(last.basis)
    numbers, cases, answers = versions.corrected(
        old, build.numbers_of(counted), may, build.parents_of(known), last.least
    )
    if not cases and not answers:
        return None
    found = build.lines(counted, numbers, may, known, scales(counted.tallies), last.least)
    before = _stored(session, last)
    every = frozenset({*numbers.cases, *numbers.answers})
    for place, values in found.items():
        kept = before.get((str(values["scope"]), str(values["code"])))
        inside = set(build.members(place, known, every))
        for names, touched in ((_DURATIONS, inside & cases), (_RATINGS, inside & answers)):
            if kept is not None and not touched:
                values |= {name: getattr(kept, name) for name in names}
    made = Publication(
        month=last.month,
        version=last.version + 1,
        as_of=now,
        out_at=now,
        reason=reason,
        asked_by=staff_id,
        least=last.least,
        classes=last.classes,
        loss=last.loss,
        basis=versions.dump(numbers, may),
    )
    return Frozen(made, [*found.values(), *_as_before(before)])


def _counted(session: Session, month: date, now: datetime) -> Counted:
    since, until = first_moment(month), first_moment(following(month))
    tallies = satisfaction.tallies(session, RATING, since, until, anew=True)
    return build.count(matters(session, month, now), tallies, catalogue(session))


def _kinds(counted: Counted, known: Catalogue, least: int) -> list[Values]:
    services = {one.code: dict(one.names) for one in known.services.values()}
    return [
        *build.kinds(counted.services, services, FigureScope.service, least),
        *build.kinds(counted.channels, {}, FigureScope.channel, least),
    ]


def _stored(session: Session, publication: Publication) -> dict[tuple[str, str], PublishedFigure]:
    rows = session.exec(select(PublishedFigure).where(PublishedFigure.publication_id == publication.id))
    return {(str(row.scope), row.code): row for row in rows}


def _as_before(before: Mapping[tuple[str, str], PublishedFigure]) -> list[Values]:
    kept = (FigureScope.service, FigureScope.channel)
    return [_columns(row) for row in before.values() if row.scope in kept]


def keep(session: Session, frozen: Frozen, *, by: str = "", staff_id: UUID | None = None) -> Publication | None:
    """Write it all, waiting to be let out; None where this version is there already. The caller commits."""
    made = frozen.publication
    rows = [_row(made.id, values) for values in frozen.figures]
    made.digest = digest(made, rows)
    if not insert_new(session, Publication, [made.model_dump()], ["month", "version"]):
        return None
    if rows:
        session.execute(insert(PublishedFigure), rows)
    act = PublicationAct(publication_id=made.id, kind=ActKind.frozen, at=made.as_of, reason=made.reason)
    act.staff_id, act.by = staff_id, by
    session.add(act)
    session.flush()
    return session.get_one(Publication, made.id)


def _row(publication: UUID, values: Values) -> dict[str, object]:
    given = values | {"scope": FigureScope(str(values["scope"]))}
    row = PublishedFigure(publication_id=publication, **given)  # type: ignore[arg-type]
    return row.model_dump() | {"id": new_id()}


def _columns(row: PublishedFigure) -> Values:
    return {name: getattr(row, name) for name in PublishedFigure.model_fields if name not in ("id", "publication_id")}


def digest(publication: Publication, figures: Iterable[Mapping[str, object]]) -> str:
    """SHA-256 of all that a publication says, in hexadecimal: of canonical JSON of its lines and anonymous cases."""
    said = {
        "month": publication.month.isoformat(),
        "version": publication.version,
        "reason": publication.reason,
        "classes": [list(one) for one in publication.classes],
        "figures": sorted(
            ({name: value for name, value in row.items() if name not in ("id", "publication_id")} for row in figures),
            key=lambda row: (str(row["scope"]), str(row["code"])),
        ),
    }
    text = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def holds(session: Session, publication: Publication) -> bool:
    """Whether what is stored is still what was frozen."""
    rows = [_columns(row) for row in _stored(session, publication).values()]
    return digest(publication, rows) == publication.digest
