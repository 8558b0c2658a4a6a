"""Who holds an office's review, and who may read it."""

from uuid import UUID

from sqlmodel import Session

from core.errors import NotAllowed, NotFound
from domain.catalogue import Catalogue, catalogue
from domain.states import Role
from domain.visibility import Viewer

CHAIRS_BELOW = frozenset({Role.head, Role.supervisor, Role.reviewer})


def chairs(session: Session, who: Viewer, office_id: UUID) -> bool:
    """Whether they may hold the office's review: head, supervisor or reviewer there or above it, or leadership."""
    return office_id in chaired(catalogue(session), who)


def attends(session: Session, who: Viewer, office_id: UUID) -> bool:
    """Whether they may read the office's review: who chairs it, an auditor, or the office's administrator."""
    return office_id in attended(catalogue(session), who)


def chaired(known: Catalogue, who: Viewer) -> frozenset[UUID]:
    """Offices whose review they may hold."""
    if who.has(Role.leadership):
        return frozenset(known.offices)
    return frozenset(office for role, at in who.roles if role in CHAIRS_BELOW for office in known.subtree(at))


def attended(known: Catalogue, who: Viewer) -> frozenset[UUID]:
    """Offices whose review they may read."""
    if who.has(Role.auditor):
        return frozenset(known.offices)
    return chaired(known, who) | {at for role, at in who.roles if role is Role.admin}


def check_chair(session: Session, who: Viewer, office_id: UUID) -> None:
    """Raise NotFound or NotAllowed unless they may hold the office's review."""
    if office_id not in catalogue(session).offices or not attends(session, who, office_id):
        raise NotFound("There is no such review.", mend="Look in the list of reviews.")
    if not chairs(session, who, office_id):
        raise NotAllowed("You may read this review but not hold it.", mend="Ask the office's head.")
