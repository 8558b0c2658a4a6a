"""Bringing over a history: checked as a whole first, then written by batches that each stand or fall.

A line becomes a case once: `past_case` is unique on the earlier system and its id, and is written in the transaction
that writes the case. So whoever is killed goes on by starting again, and a second run changes nothing.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from cases.past.lines import LeftOut, Past, Refused, Table, check_columns, read, table_of
from cases.past.maps import NONE, PastMap
from cases.past.setting_up import Missing, missing
from cases.past.telling import Bringing, tell
from core.database import database
from core.errors import BadInput, Conflict
from core.ids import new_id
from domain.catalogue import Catalogue, catalogue
from domain.past import PastCase, PastImport
from surveys.ledger import chunks

BATCH = 250
"""Cases of one transaction."""
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Checked:
    """A file looked at line by line. `known` lines became cases before, `differing` of them read otherwise then;
    `fresh` are still to come. `missing` offices and services have to be set up for it."""

    name: str
    sha256: str
    chosen: PastMap
    lines: int
    pasts: Sequence[Past]
    refused: Sequence[Refused]
    left_out: int
    known: int
    differing: Sequence[str]
    fresh: Sequence[Past]
    missing: Missing
    offices: Mapping[str, str]
    services: Mapping[str, str]
    drawn_at: datetime | None


def check(raw: bytes, name: str, chosen: PastMap, now: datetime, *, create: bool) -> Checked:
    """Look at every line; nothing is changed. With `create`, what is missing in the catalogue counts as there.

    Raises BadInput for a file that is no table, or that lacks a column of the map.
    """
    table = table_of(raw, name)
    check_columns(table, chosen)
    with database().read() as session:
        known = catalogue(session)
        offices, services, lacking = _places(table, chosen, known, create=create)
        found = list(read(table, chosen, offices, services, now))
        pasts = [one for one in found if isinstance(one, Past)]
        before = _before(session, chosen.source, pasts)
    latest = max((at for past in pasts for at in _times(past)), default=None)
    if chosen.drawn_at is not None and latest is not None and chosen.drawn_at < latest:
        raise BadInput(
            f"By the map the file was drawn at {chosen.drawn_at.isoformat()}, yet it tells of {latest.isoformat()}.",
            mend="Mend `drawn` or `zone` in the map, or leave `drawn` out.",
        )
    return Checked(
        name=name,
        sha256=hashlib.sha256(raw).hexdigest(),
        chosen=chosen,
        lines=len(table.lines),
        pasts=pasts,
        refused=[one for one in found if isinstance(one, Refused)],
        left_out=sum(isinstance(one, LeftOut) for one in found),
        known=sum(past.external_id in before for past in pasts),
        differing=[p.external_id for p in pasts if before.get(p.external_id, p.digest) != p.digest],
        fresh=[past for past in pasts if past.external_id not in before],
        missing=lacking,
        offices=offices,
        services=services,
        drawn_at=chosen.drawn_at or latest,
    )


def _times(past: Past) -> list[datetime]:
    told = (past.received_at, past.acknowledged_at, past.answered_at, past.closed_at, past.reopened_at)
    return [at for at in told if at is not None]


def _places(
    table: Table, chosen: PastMap, known: Catalogue, *, create: bool
) -> tuple[dict[str, str], dict[str, str], Missing]:
    """What each word for an office and a topic is here, and what is missing."""
    words = {field: dict.fromkeys(_column(table, chosen, field)) for field in ("office", "category")}
    lacking = missing(chosen, known, list(words["office"]), list(words["category"]))
    offices, services = {}, {}
    for word in words["office"]:
        code = chosen.offices.get(word) or lacking.office_of.get(word, "")
        there = known.office_by_any_code.get(code)
        if there is not None or (create and code in lacking.offices):
            offices[word] = code
    for word in words["category"]:
        code = chosen.services.get(word) or lacking.service_of.get(word, "")
        if code != NONE and (code in known.service_by_any_code or (create and code in lacking.services)):
            services[word] = code
    return offices, services, lacking


def _column(table: Table, chosen: PastMap, field: str) -> list[str]:
    column = chosen.columns.get(field)
    if column is None:
        return []
    place = table.heading.index(column)
    return [cells[place].strip() for _, cells in table.lines if place < len(cells)]


def _before(session: Session, source: str, pasts: Sequence[Past]) -> dict[str, str]:
    """Digests of the lines that became cases before, by their id."""
    found: dict[str, str] = {}
    for some in chunks(pasts, 5_000):
        ids = [past.external_id for past in some]
        rows = session.exec(
            select(PastCase.external_id, PastCase.digest).where(
                PastCase.source == source, col(PastCase.external_id).in_(ids)
            )
        )
        found |= dict(rows.all())
    return found


def bring(checked: Checked, by: str, now: datetime, progress: Progress = lambda done, of: None) -> PastImport:
    """Write what is still to come, by batches; gives the row that tells of it. The catalogue has all that is named.

    Raises Conflict where somebody brings over the same lines at this moment: start again, and the rest comes.
    """
    home, chosen = database(), checked.chosen
    made = PastImport(
        id=new_id(),
        source=chosen.source,
        name=checked.name,
        sha256=checked.sha256,
        map=chosen.text,
        answer=chosen.said_answer(),
        by=by,
        at=now,
        lines=checked.lines,
        known=checked.known,
        differing=len(checked.differing),
        refused=len(checked.refused),
    )
    with home.write() as session:
        session.add(made)
    bringing = Bringing(made.id, chosen.source, made.answer, checked.drawn_at or now, now)
    for some in chunks(checked.fresh, BATCH):
        try:
            with home.write() as session:
                _write(session, some, bringing)
                row = session.get_one(PastImport, made.id)
                row.taken += len(some)
        except IntegrityError as error:
            raise Conflict(
                "Somebody is bringing over the same lines.", mend="Wait for them to end, then start again."
            ) from error
        progress(row.taken, len(checked.fresh))
    with home.write() as session:
        row = session.get_one(PastImport, made.id)
        row.finished_at = now
    return row


def _write(session: Session, some: Sequence[Past], bringing: Bringing) -> None:
    known = catalogue(session)
    for past in some:
        told = tell(past, known, bringing)
        session.add(told.case)
        session.add_all(told.entries)
        session.add_all(told.clocks)
        session.add(
            PastCase(
                id=new_id(),
                source=bringing.source,
                external_id=past.external_id,
                case_id=told.case.id,
                import_id=bringing.import_id,
                digest=past.digest,
            )
        )


def of_case(session: Session, case_id: UUID) -> PastCase | None:
    """What the earlier system knew a case by; None for one of ours."""
    return session.exec(select(PastCase).where(PastCase.case_id == case_id)).first()
