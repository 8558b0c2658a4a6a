"""Who decides an appeal. Pure: the catalogue in, an office out."""

from uuid import UUID

from core.errors import Misconfigured
from domain.catalogue import Catalogue
from domain.office import Office
from domain.states import OfficeFunction


def appeal_to(known: Catalogue, office_id: UUID, *, about: UUID | None = None, integrity: bool = False) -> Office:
    """The office that decides an appeal against another: the nearest open one above it, outside the conflict; where
    nobody is above, the leadership, else integrity.

    A matter of integrity goes to another integrity office. Where there is none it stays where it is, for somebody else
    there. Raises Misconfigured where no office is left.
    """
    shut_out = {office.id for office in known.chain(about)} if about is not None else set()

    def free(office: Office) -> bool:
        return office.active and office.id not in shut_out and office.id != office_id

    def having(function: OfficeFunction) -> list[Office]:
        return sorted(
            (office for office in known.offices.values() if office.function == function and free(office)),
            key=lambda office: office.code,
        )

    if integrity:
        return next(iter(having(OfficeFunction.integrity)), known.offices[office_id])
    above = [office for office in known.chain(office_id) if office.function != OfficeFunction.triage and free(office)]
    last = [*having(OfficeFunction.leadership), *having(OfficeFunction.integrity)]
    found = next(iter([*above, *last]), None)
    if found is None:
        raise Misconfigured(
            "There is no office that could decide an appeal.", mend="Set up an office above, a leadership or integrity."
        )
    return found
