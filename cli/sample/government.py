"""The sample government, read from the data files beside this module. Knows no database.

`load()` checks everything and raises `BadInput` naming the file and the line, so that whoever copies the folder to
describe a real government learns at once what is wrong with it.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, time
from functools import cached_property
from importlib import resources
from importlib.resources.abc import Traversable
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cli.sample.files import Line, lines, toml, unique
from cli.sample.rules import Area, Jurisdiction, Table, read_areas
from core.errors import BadInput

TIERS = ("national", "region", "district", "service_centre")
FUNCTIONS = ("service", "triage", "integrity", "leadership")
ROLES = (
    "operator", "officer", "supervisor", "head", "triage", "integrity", "reviewer", "leadership", "auditor", "admin",
)  # fmt: skip
RUNGS = ("officer", "supervisor", "head", "parent", "leadership")
# there is exactly one of each, and a head and an officer in every office
SINGLE_FUNCTIONS = ("leadership", "triage", "integrity")
NEEDED_ROLES = ("head", "officer")


@dataclass(frozen=True, slots=True)
class Office:
    """A node of the tree; `places` holds one tuple of spellings per place it serves, the canonical spelling first."""

    code: str
    tier: str
    parent: str | None
    names: Mapping[str, str]
    function: str
    places: tuple[tuple[str, ...], ...]

    @property
    def spellings(self) -> tuple[str, ...]:
        """Every spelling of every place it serves."""
        return tuple(spelling for place in self.places for spelling in place)


@dataclass(frozen=True, slots=True)
class Service:
    """An entry of the service catalogue; `keywords` are per language, `group` is the topic it is listed under."""

    code: str
    names: Mapping[str, str]
    keywords: Mapping[str, tuple[str, ...]]
    group: str


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody who signs in."""

    name: str
    email: str
    role: str
    office: str
    language: str


@dataclass(frozen=True, slots=True)
class Holiday:
    """A day off that falls on the same date every year."""

    month: int
    day: int
    names: Mapping[str, str]

    def on(self, year: int) -> date:
        """Its date in a year."""
        return date(year, self.month, self.day)


@dataclass(frozen=True, slots=True)
class Calendar:
    """Opening spans as "HH:MM" pairs by weekday ("0" is Monday); `country` adds public holidays of the library."""

    name: str
    week: Mapping[str, tuple[tuple[str, str], ...]]
    holidays: tuple[Holiday, ...]
    country: str | None

    def days_off(self, years: range) -> tuple[date, ...]:
        """The fixed holidays of those years, in order."""
        return tuple(sorted(holiday.on(year) for year in years for holiday in self.holidays))


@dataclass(frozen=True, slots=True)
class Rung:
    """At this share of the target, this role is told; and the citizen that it was, where `citizen` says so."""

    share: float
    tell: str
    citizen: bool


@dataclass(frozen=True, slots=True)
class Policy:
    """Targets in working hours by clock, the longest pause in days, and the ladder."""

    name: str
    targets: Mapping[str, float]
    pause_days: int
    ladder: tuple[Rung, ...]


@dataclass(frozen=True)
class Government:
    """All of it, checked."""

    code: str
    names: Mapping[str, str]
    accent: str
    languages: tuple[str, ...]
    time_zone: str
    calendar: Calendar
    policy: Policy
    offices: tuple[Office, ...]
    services: tuple[Service, ...]
    areas: tuple[Area, ...]
    jurisdictions: tuple[Jurisdiction, ...]
    staff: tuple[Member, ...]

    @cached_property
    def office_by_code(self) -> Mapping[str, Office]:
        """Offices by code."""
        return {office.code: office for office in self.offices}

    def phrases(self) -> tuple[tuple[str, str, str | None], ...]:
        """Names and keywords of the services as (text, service, language), for the classifier to learn from."""
        return tuple(
            (text, service.code, language)
            for service in self.services
            for language, name in service.names.items()
            for text in (name, *service.keywords.get(language, ()))
        )

    def members(self, office: str, role: str | None = None) -> tuple[Member, ...]:
        """Staff of an office, of one role if given."""
        return tuple(m for m in self.staff if m.office == office and role in (None, m.role))


def load(folder: Traversable | None = None) -> Government:
    """The government in `folder` (a directory with the same six files), by default the sample one.

    Raises BadInput naming file and line for anything missing, unknown or contradictory.
    """
    folder = folder if folder is not None else resources.files("cli.sample") / "data"
    head = _Head(toml(folder / "government.toml"))
    languages = head.languages
    offices = _offices(folder / "offices.csv", languages)
    codes = {office.code for office in offices}
    places = {place[0] for office in offices for place in office.places}
    services = _services(folder / "services.csv", languages)
    areas = read_areas(folder / "areas.geojson", languages)
    table = Table(
        services={service.code: service.group for service in services},
        places=places,
        areas={area.code for area in areas},
        offices=codes,
    )
    return Government(
        code=head.text("code"),
        names=head.names("name"),
        accent=head.text("accent"),
        languages=languages,
        time_zone=head.zone(),
        calendar=head.calendar(),
        policy=head.policy(),
        offices=offices,
        services=services,
        areas=areas,
        jurisdictions=table.read(folder / "jurisdictions.csv"),
        staff=_staff(folder / "staff.csv", codes, languages),
    )


class _Head:
    """government.toml, read with complaints that name the key."""

    def __init__(self, data: Mapping[str, object]) -> None:
        self.data = data
        self.languages = tuple(str(language) for language in self._list(data, "languages"))

    def _bad(self, what: str) -> BadInput:
        return BadInput(f"government.toml: {what}")

    def _list(self, table: Mapping[str, object], key: str) -> list[object]:
        value = table.get(key)
        if not isinstance(value, list) or not value:
            raise self._bad(f"`{key}` must be a list that is not empty.")
        return value

    def _table(self, value: object, key: str) -> Mapping[str, object]:
        if not isinstance(value, dict) or not value:
            raise self._bad(f"`{key}` is missing.")
        return value

    def text(self, key: str) -> str:
        value = self.data.get(key)
        if not isinstance(value, str) or not value:
            raise self._bad(f"`{key}` is missing.")
        return value

    def names(self, key: str, table: Mapping[str, object] | None = None) -> dict[str, str]:
        found = table if table is not None else self._table(self.data.get(key), key)
        missing = [language for language in self.languages if not found.get(language)]
        if missing:
            raise self._bad(f"`{key}` has no name in {', '.join(missing)}.")
        return {language: str(found[language]) for language in self.languages}

    def zone(self) -> str:
        name = self.text("time_zone")
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise self._bad(f"`time_zone`: {name!r} is no IANA time zone.") from error
        return name

    def calendar(self) -> Calendar:
        table = self._table(self.data.get("calendar"), "calendar")
        week: dict[str, tuple[tuple[str, str], ...]] = {}
        for weekday, spans in self._table(table.get("week"), "calendar.week").items():
            if weekday not in {str(day) for day in range(7)} or not isinstance(spans, list):
                raise self._bad(f"`calendar.week`: {weekday!r} is no weekday from 0 to 6 with a list of spans.")
            week[weekday] = tuple(self._span(weekday, span) for span in spans)
        entries = table.get("holidays", [])
        holidays = tuple(self._holiday(self._table(entry, "calendar.holidays")) for entry in entries)  # type: ignore[attr-defined]
        country = str(table.get("holiday_country") or "") or None
        return Calendar(str(table.get("name") or "Calendar"), week, holidays, country)

    def _span(self, weekday: str, span: object) -> tuple[str, str]:
        try:
            start, end = (str(part) for part in span)  # type: ignore[attr-defined]
            if time.fromisoformat(start) >= time.fromisoformat(end):
                raise ValueError("ends before it starts")
        except (TypeError, ValueError) as error:
            raise self._bad(f"`calendar.week.{weekday}`: {span!r} is no span ({error}).") from error
        return start, end

    def _holiday(self, entry: Mapping[str, object]) -> Holiday:
        text = str(entry.get("date"))
        try:
            # 2001 is no leap year: 29 February cannot come every year
            day = date.fromisoformat(f"2001-{text}")
        except ValueError as error:
            raise self._bad(f"`calendar.holidays`: {text!r} is no date of every year, written MM-DD.") from error
        return Holiday(day.month, day.day, self.names(f"calendar.holidays {text}", entry))

    def policy(self) -> Policy:
        table = self._table(self.data.get("policy"), "policy")
        targets: dict[str, float] = {}
        for clock, hours in self._table(table.get("targets"), "policy.targets").items():
            if not isinstance(hours, int | float) or hours <= 0:
                raise self._bad(f"`policy.targets.{clock}` must be a number of hours above 0.")
            targets[clock] = float(hours)
        ladder = []
        for entry in self._list(table, "ladder"):
            rung = self._table(entry, "policy.ladder")
            share, tell = rung.get("share"), rung.get("tell")
            if not isinstance(share, int | float) or share <= 0 or tell not in RUNGS:
                raise self._bad(f"`policy.ladder`: {entry!r} needs a share above 0 and one of {', '.join(RUNGS)}.")
            ladder.append(Rung(float(share), str(tell), rung.get("citizen") is True))
        pause_days = table.get("pause_days")
        if not isinstance(pause_days, int) or pause_days < 0:
            raise self._bad("`policy.pause_days` must be a whole number of days.")
        return Policy(str(table.get("name") or "Policy"), targets, pause_days, tuple(sorted(ladder, key=_share)))


def _share(rung: Rung) -> float:
    return rung.share


def _offices(file: Traversable, languages: tuple[str, ...]) -> tuple[Office, ...]:
    columns = ["code", "tier", "parent", "function", "places", *(f"name_{language}" for language in languages)]
    rows = list(lines(file, columns))
    codes = {line.get("code") for line in rows}
    found: dict[str, Office] = {}
    for line in rows:
        parent = line.optional("parent")
        if parent is not None and parent not in codes:
            raise line.bad(f"the parent {parent!r} is no office of this file.")
        office = Office(
            code=line.get("code"),
            tier=line.one_of("tier", TIERS, "tier"),
            parent=parent,
            names=line.names(languages),
            function=line.one_of("function", FUNCTIONS, "function"),
            places=tuple(
                tuple(spelling.strip() for spelling in place.split("/") if spelling.strip())
                for place in (line.optional("places") or "").split(";")
                if place.strip()
            ),
        )
        if parent is None and office.function != "leadership":
            raise line.bad("it has no parent; only the leadership office stands at the root.")
        unique(line, found, office.code, office)
    for function in SINGLE_FUNCTIONS:
        if sum(office.function == function for office in found.values()) != 1:
            raise BadInput(f"{file.name}: there must be exactly one {function} office.")
    for line in rows:
        _climbs_to_root(line, found)
    return tuple(found.values())


def _climbs_to_root(line: Line, offices: Mapping[str, Office]) -> None:
    seen, code = set(), line.get("code")
    while (parent := offices[code].parent) is not None:
        if code in seen:
            raise line.bad("it is above itself in the tree.")
        seen.add(code)
        code = parent


def _services(file: Traversable, languages: tuple[str, ...]) -> tuple[Service, ...]:
    found: dict[str, Service] = {}
    for line in lines(file, ["code", "keywords", "group", *(f"name_{language}" for language in languages)]):
        keywords = {}
        for part in line.get("keywords").split(";"):
            language, separator, words = part.partition(":")
            if not separator or language.strip() not in languages:
                raise line.bad(f"`keywords`: {part!r} does not start with a language, such as `{languages[0]}:`.")
            keywords[language.strip()] = tuple(word.strip() for word in words.split(",") if word.strip())
        service = Service(line.get("code"), line.names(languages), keywords, line.get("group"))
        unique(line, found, service.code, service)
    return tuple(found.values())


def _staff(file: Traversable, offices: Collection[str], languages: Collection[str]) -> tuple[Member, ...]:
    found: dict[str, Member] = {}
    for line in lines(file, ["name", "email", "role", "office", "language"]):
        member = Member(
            name=line.get("name"),
            email=line.get("email"),
            role=line.one_of("role", ROLES, "role"),
            office=line.one_of("office", offices, "office"),
            language=line.one_of("language", languages, "language of this government"),
        )
        if not member.email.partition("@")[2].endswith(".example"):
            raise line.bad(f"{member.email!r} must end in .example: nobody real works here.")
        unique(line, found, member.email, member)
    for role in NEEDED_ROLES:
        without = sorted(set(offices) - {member.office for member in found.values() if member.role == role})
        if without:
            raise BadInput(f"{file.name}: no {role} works at {', '.join(without)}.")
    return tuple(found.values())
