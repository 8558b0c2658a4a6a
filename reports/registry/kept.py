"""Silences out of the tables that are kept for large offices (ADR 37): the one place where the registry reads them.

They hold no means, and nothing of two dimensions at once; whatever they cannot tell is read from the cases.
"""

from uuid import UUID

from sqlmodel import Session, col, select

from domain.figures import FigureOffice
from reports import cells, tables
from reports.reading import Reading as Kept
from reports.registry.scope import Scope
from reports.registry.values import Dimension

DIMENSIONS = {
    None: cells.Dimension.all,
    Dimension.service: cells.Dimension.service,
    Dimension.channel: cells.Dimension.channel,
    Dimension.language: cells.Dimension.language,
    Dimension.kind: cells.Dimension.kind,
}


def silences(session: Session, scope: Scope, by: Dimension | None) -> list[tuple[object, Kept]] | None:
    """Figures of an office and all below it by what a split's rows are grouped by; None where the cases are to be read:
    because the office has few, or the tables do not hold what is asked for."""
    root = _root(scope)
    if by not in DIMENSIONS or root is None or not _large(session, root):
        return None
    until = scope.until if scope.until < scope.now else None
    found = tables.silence_of(session, scope.who, [root], since=scope.since, until=until, by=DIMENSIONS[by])
    if root not in found:
        return None
    return [(_raw(value, by), one) for value, one in found[root].items()]


def _root(scope: Scope) -> UUID | None:
    """The office whose tree it is about, where it is about all of one and nothing narrower."""
    narrowed = (scope.tier, scope.service_id, scope.channel, scope.language, scope.kind, scope.staff_id)
    if scope.who.integrity_offices or not scope.below or any(one is not None for one in narrowed):
        return None
    root = scope.office_id
    if root is None and scope.who.offices is None:
        tops = scope.known.children.get(None, [])
        root = tops[0].id if len(tops) == 1 else None
    mine = scope.who.offices
    return root if root is not None and (mine is None or scope.known.subtree(root) <= mine) else None


def _large(session: Session, root: UUID) -> bool:
    kept = select(FigureOffice.celled).where(col(FigureOffice.office_id) == root, col(FigureOffice.below))
    return bool(session.exec(kept).first())


def _raw(value: str, by: Dimension | None) -> object:
    if by is Dimension.service:
        return UUID(value) if value else None
    return value
