"""Who may act on a case they see."""

from domain.case import Case
from domain.states import CaseState, Role
from domain.visibility import Viewer

WORKING = frozenset({Role.operator, Role.officer, Role.supervisor, Role.head, Role.triage, Role.integrity})


def decides(case: Case, who: Viewer) -> bool:
    """Whether the viewer may decide an appeal that is with the office of a case they see: as one who works there, or as
    the leadership where it went so far up."""
    return works_on(case, who) or (not case.integrity and (Role.leadership, case.office_id) in who.roles)


def works_on(case: Case, who: Viewer) -> bool:
    """Whether the viewer may act on a case they see: it is their office's, triage's or integrity's."""
    if not who.has(*WORKING):
        return False
    if case.integrity:
        return case.office_id in who.integrity_offices
    if case.state == CaseState.triage and who.triage:
        return True
    return who.has(*(WORKING - {Role.triage, Role.integrity})) and (
        who.offices is None or case.office_id in who.offices
    )
