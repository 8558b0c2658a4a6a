"""What forms offer to choose from: services by group, places by office, and the days an answer may take."""

from datetime import UTC, datetime
from math import ceil

from core.database import database
from domain.catalogue import Catalogue, catalogue, name_of
from domain.states import CaseKind, ClockKind, OfficeFunction
from escalation import policy

WORKING_DAY = 8.0
"""Hours; only to say a target in days to a citizen."""


def services(known: Catalogue, lang: str) -> list[dict[str, object]]:
    """Services by group, each group and service in order of its name."""
    groups: dict[str, list[dict[str, str]]] = {}
    for service in known.service_by_code.values():
        groups.setdefault(service.group, []).append({"code": service.code, "name": name_of(service, lang)})
    return [
        {"label": group, "options": sorted(options, key=lambda option: option["name"])}
        for group, options in sorted(groups.items())
    ]


def places(known: Catalogue, lang: str) -> list[dict[str, object]]:
    """Every place some office serves, once, in the spelling of the reader's script where there is one."""
    found: dict[str, str] = {}
    for office in known.offices.values():
        for spellings in office.places:
            first, *_ = names = [name.strip() for name in spellings.split("/")]
            found.setdefault(
                first, next((name for name in names if _script(name) == _SCRIPTS.get(lang, "latin")), first)
            )
    options = [{"code": code, "name": name} for code, name in sorted(found.items(), key=lambda pair: pair[1])]
    return [{"label": "", "options": options}]


def offices(known: Catalogue, lang: str) -> list[dict[str, object]]:
    """Active offices by tier, for a transfer."""
    groups: dict[str, list[dict[str, str]]] = {}
    for office in known.office_by_code.values():
        line = {"code": office.code, "name": f"{name_of(office, lang)} ({office.code})"}
        groups.setdefault(str(office.tier).replace("_", " "), []).append(line)
    return [
        {"label": tier, "options": sorted(options, key=lambda option: option["name"])}
        for tier, options in groups.items()
    ]


_SCRIPTS = {"bn": "bengali", "ru": "cyrillic"}


def _script(name: str) -> str:
    letter = next((ord(c) for c in name if c.isalpha()), 0)
    return "bengali" if 0x980 <= letter <= 0x9FF else "cyrillic" if 0x400 <= letter <= 0x52F else "latin"


def label(groups: list[dict[str, object]], code: str) -> str:
    """Name of what was chosen; empty when nothing or something unknown was."""
    for group in groups:
        for option in group["options"]:  # type: ignore[attr-defined]
            if option["code"] == code:
                return str(option["name"])
    return ""


def answer_days() -> int:
    """Working days within which the general policy promises an answer."""
    with database().read() as session:
        known = catalogue(session)
    day = datetime.now(UTC).date()
    root = known.with_function(OfficeFunction.leadership) or next(iter(known.offices.values()), None)
    if root is None:
        return 3
    chosen = policy.choose(known.policies, known, root.id, None, CaseKind.complaint, day, ClockKind.first_response)
    return max(1, ceil(chosen.targets[ClockKind.first_response] / WORKING_DAY))


def service_name(known: Catalogue, code: str) -> str:
    """Name of a service for staff; its code if it is gone."""
    service = known.service_by_code.get(code)
    return name_of(service, "en") if service else code


def office_name(known: Catalogue, code: str) -> str:
    """Name of an office for staff; its code if it is gone."""
    office = known.office_by_code.get(code.upper())
    return name_of(office, "en") if office else code
