"""What an address asks figures of: offices, tier, service and the like by their codes, days, and what to split by."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from uuid import UUID

from api.finding import office_meant
from api.rest_shared import read_moment
from channels.values import Channel
from core.errors import BadInput, NotFound
from core.settings import settings
from domain.catalogue import Catalogue, name_of
from domain.states import CaseKind, Tier
from domain.visibility import Viewer
from reports.registry.scope import NO_SERVICE, Scope
from reports.registry.values import Dimension
from reports.weeks import start_of
from surveys.checking import unknown_code

S = TypeVar("S", Tier, Channel, CaseKind)
USUAL = timedelta(days=28)


@dataclass(frozen=True, slots=True)
class Asked:
    """What an address says; empty where it says nothing. `since` and `until` are days or moments, the last included."""

    office: str = ""
    below: bool = True
    tier: str = ""
    service: str = ""
    channel: str = ""
    language: str = ""
    kind: str = ""
    since: str = ""
    until: str = ""


def scope_of(asked: Asked, known: Catalogue, who: Viewer, now: datetime) -> Scope:
    """The scope it stands for. Raises BadInput for what there is not, NotFound for an office the viewer is not of."""
    until = read_moment("to", asked.until, end=True) if asked.until else now
    since = read_moment("from", asked.since, end=False) if asked.since else _begin(until)
    if since >= min(until, now):
        raise BadInput("`from` is not before `to`.", mend="Swap them, or leave one out.", fields={"from": "too late"})
    return Scope(
        who, known, since, until, now,
        office_id=_office(asked.office, known, who),
        below=asked.below,
        tier=_one_of(Tier, "tier", asked.tier),
        service_id=_service(asked.service, known),
        channel=_one_of(Channel, "channel", asked.channel),
        language=asked.language or None,
        kind=_one_of(CaseKind, "kind", asked.kind),
    )  # fmt: skip


def _begin(until: datetime) -> datetime:
    """The beginning of the day four weeks before."""
    zone = settings().zone
    return start_of((until - USUAL).astimezone(zone).date(), zone).astimezone(UTC)


def _office(code: str, known: Catalogue, who: Viewer) -> UUID | None:
    if not code:
        return None
    office = known.office_by_code.get(code.strip().upper())
    if office is None and who.staff_id is not None:
        office = office_meant(known, code)
    if office is not None and (who.offices is None or office.id in who.offices | who.integrity_offices):
        return office.id
    if who.staff_id is None and office is None:
        raise BadInput(unknown_code("office", code, known.office_by_code), mend="Leave it out to ask for all offices.")
    raise NotFound("There is no such office for you to look into.", mend="Leave it out, or choose another.")


def _service(code: str, known: Catalogue) -> UUID | None:
    if not code:
        return None
    if (service := known.service_by_code.get(code.strip())) is None:
        raise BadInput(unknown_code("service", code, known.service_by_code), mend="Leave it out to ask for all.")
    return service.id


def _one_of(kind: type[S], name: str, value: str) -> S | None:
    if not value:
        return None
    try:
        return kind(value)
    except ValueError:
        known = ", ".join(sorted(kind))
        raise BadInput(f"{name} is none of: {known}.", fields={name: "unknown"}) from None


def name_of_key(key: str, by: Dimension | None, known: Catalogue, language: str, staff: dict[str, str]) -> str:
    """The name of a part of a split, as a reader calls it; for channel, tier and the like the code itself."""
    match by:
        case Dimension.office | Dimension.branch:
            office = known.office_by_any_code.get(key)
            return name_of(office, language) if office else key
        case Dimension.service:
            service = known.service_by_any_code.get(key)
            return "No service named" if key == NO_SERVICE else name_of(service, language) if service else key
        case Dimension.officer:
            return staff.get(key, "Somebody who has left")
        case _:
            return key
