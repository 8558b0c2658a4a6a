"""What a history names and the catalogue lacks: found, named, and set up by the way of every imported file."""

import csv
import io
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from cases.past.maps import NONE, PastMap, Words
from cases.sheets import tables
from cases.sheets.kinds import Kind
from core.errors import BadInput
from domain.catalogue import Catalogue, name_of
from domain.office import Office
from domain.states import OfficeFunction

LONGEST_OFFICE, LONGEST_SERVICE = 32, 64


@dataclass(frozen=True, slots=True)
class Missing:
    """Codes and names that have to be set up; and which words of the earlier system are meant by codes made of them."""

    offices: Mapping[str, str] = field(default_factory=dict)
    services: Mapping[str, str] = field(default_factory=dict)
    office_of: Mapping[str, str] = field(default_factory=dict)
    service_of: Mapping[str, str] = field(default_factory=dict)


def missing(chosen: PastMap, known: Catalogue, offices: Sequence[str], topics: Sequence[str]) -> Missing:
    """What has to be set up so that all these words have a place.

    A word the map leaves empty is what bears its very name here, as after a first run; else it gets a code of its own.
    """
    named_offices = _by_name((one.code, one.names) for one in known.offices.values())
    named_services = _by_name((one.code, one.names) for one in known.services.values())
    office_of = {word: found for word in _open(chosen.offices, offices) if (found := named_offices.get(_fold(word)))}
    service_of = {word: found for word in _open(chosen.services, topics) if (found := named_services.get(_fold(word)))}
    there = {code.upper() for code in known.office_by_any_code}
    new = _codes([w for w in _open(chosen.offices, offices) if w not in office_of], there, LONGEST_OFFICE, str.upper)
    wanted = {chosen.offices.get(word) or "" for word in offices} - {""}
    new_offices = {code: chosen.new_offices.get(code, code) for code in sorted(wanted) if code.upper() not in there}
    taken = set(known.service_by_any_code)
    topic = _codes(
        [w for w in _open(chosen.services, topics) if w not in service_of], taken, LONGEST_SERVICE, str.lower
    )
    named = {chosen.services.get(word) or "" for word in topics} - {"", NONE}
    new_services = {code: chosen.new_services.get(code, code) for code in sorted(named) if code not in taken}
    return Missing(
        new_offices | {code: word for word, code in new.items()},
        new_services | {code: word for word, code in topic.items()},
        office_of | new,
        service_of | topic,
    )


def _open(decided: Words, words: Iterable[str]) -> list[str]:
    return [word for word in words if word and not decided.get(word)]


def _by_name(rows: Iterable[tuple[str, Mapping[str, str]]]) -> dict[str, str]:
    return {_fold(name): code for code, names in rows for name in names.values()}


def _fold(word: str) -> str:
    return " ".join(word.split()).casefold()


def _codes(words: Iterable[str], taken: set[str], longest: int, case: Callable[[str], str]) -> dict[str, str]:
    """A code for each word, made of its letters; none is one that is taken."""
    made: dict[str, str] = {}
    used = set(taken)
    for word in words:
        plain = unicodedata.normalize("NFKD", word).encode("ascii", "ignore").decode()
        parts = re.findall(r"[A-Za-z0-9]+", plain) or ["PAST"]
        base = case("-".join(parts)[: longest - 3].strip("-"))
        code, number = base, 2
        while code in used:
            code, number = f"{base}-{number}", number + 1
        used.add(code)
        made[word] = code
    return made


def set_up(chosen: PastMap, lacking: Missing, known: Catalogue, now: datetime) -> None:
    """Add the offices and services that are missing, as a file of them would.

    Raises BadInput where the map does not say under which office the new ones stand.
    """
    languages = {language for office in known.offices.values() for language in office.names} or {"en"}
    language = "en" if "en" in languages else min(languages)
    if lacking.offices:
        parent = known.office_by_any_code.get(chosen.parent) if chosen.parent else _top(known)
        if parent is None:
            raise BadInput(
                f"There is no office {chosen.parent!r} for the new ones to stand under.",
                mend="Write the code of one into `parent` of [new].",
                fields={"new.parent": "not an office"},
            )
        rows = [
            {"code": code, "tier": chosen.tier, "parent": parent.code, f"name_{language}": name}
            for code, name in lacking.offices.items()
        ]
        tables.import_file(Kind.offices, "new offices", _csv(rows), now)
    if lacking.services:
        rows = [{"code": code, f"name_{language}": name} for code, name in lacking.services.items()]
        tables.import_file(Kind.services, "new services", _csv(rows), now)


def _top(known: Catalogue) -> Office | None:
    """The office that all stand under, where there is one."""
    tops = [one for one in known.offices.values() if one.parent_id is None and one.active]
    service = [one for one in tops if one.function == OfficeFunction.service] or tops
    return min(service, key=lambda one: name_of(one, "en"), default=None)


def _csv(rows: Sequence[Mapping[str, str]]) -> bytes:
    target = io.StringIO(newline="")
    writer = csv.DictWriter(target, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return target.getvalue().encode()
