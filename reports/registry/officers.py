"""Figures of single officers, where they are turned on: for themselves, who leads their office, and auditors.

Nobody is ranked: whoever is given the hard cases answers later, and no figure knows of that. Under thirty of what a
figure stands on none is shown.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal
from uuid import UUID

from sqlmodel import Session, col, select

from core.errors import NotAllowed
from core.settings import settings
from domain.access import CatalogueChange
from domain.catalogue import catalogue
from domain.staff import Staff
from domain.states import Role
from domain.visibility import Viewer
from reports.answers import led_by
from reports.registry.figures import measure, whole
from reports.registry.kpis import KPIS, find
from reports.registry.scope import Scope
from reports.registry.values import Dimension, Figure, Kpi

KIND = "officers"
"""What an export is called among the changes that are on record."""
SHOWN: tuple[Kpi, ...] = tuple(
    find(name)
    for name in (
        "answers", "received", "answered_in_target", "silence_median", "silent_now", "templated", "solved", "reopened",
        "appealed",
    )
)  # fmt: skip
"""In the order of columns."""


@dataclass(frozen=True, slots=True)
class Officer:
    """Somebody's figures, by the name of the KPI; one that has nothing to count is left out."""

    staff_id: UUID
    name: str
    figures: dict[str, Figure]


def check_on(wanted: Literal["shown", "exported"] = "shown") -> None:
    """Raise NotAllowed where this deployment does not show figures of officers, or does not export them."""
    told = settings().officer_figures
    if told == "off" or (wanted == "exported" and told != "exported"):
        what = "not shown" if told == "off" else "not exported"
        raise NotAllowed(
            f"Figures of single officers are {what} here.",
            mend="Where the law has them, OMBUD_OFFICER_FIGURES turns them on.",
        )


def offices_of(session: Session, who: Viewer) -> frozenset[UUID]:
    """Offices whose officers this person may see figures of."""
    if who.offices is None and who.has(Role.auditor):
        return frozenset(catalogue(session).offices)
    return led_by(session, who)


def of_office(session: Session, scope: Scope) -> tuple[dict[str, Figure], list[Officer]]:
    """Figures of the office itself, and of each who works or worked in it, in order of their names.

    Raises NotAllowed where they are switched off, or the office is not this person's to see them of.
    """
    check_on()
    if scope.office_id is None or scope.office_id not in offices_of(session, scope.who):
        raise NotAllowed("Figures of officers are for who leads their office.", mend="Your own are on this page.")
    within = replace(scope, below=False)
    found: dict[UUID, dict[str, Figure]] = {}
    for name, figures in measure(session, within, SHOWN, Dimension.officer).items():
        for one in figures:
            found.setdefault(UUID(one.key), {})[name] = one
    query = select(Staff.id, Staff.name).where(col(Staff.id).in_(list(found)))
    names = dict(session.exec(query).all()) if found else {}
    officers = [Officer(one, names[one], figures) for one, figures in found.items() if one in names]
    return whole(session, within, SHOWN), sorted(officers, key=lambda one: (one.name, str(one.staff_id)))


def own(session: Session, scope: Scope) -> dict[str, Figure]:
    """Somebody's own figures, wherever their cases are. Raises NotAllowed where they are switched off."""
    check_on()
    mine = replace(scope, office_id=None, staff_id=scope.who.staff_id)
    return whole(session, mine, [one for one in KPIS if Dimension.officer in one.splits])


def taken_out(session: Session, office_ids: frozenset[UUID], limit: int = 20) -> Sequence[CatalogueChange]:
    """When figures of the officers of these offices were exported, by whom and what for; newest first."""
    query = select(CatalogueChange).where(
        col(CatalogueChange.kind) == KIND, col(CatalogueChange.row_id).in_(office_ids)
    )
    return session.exec(query.order_by(col(CatalogueChange.at).desc()).limit(limit)).all()
