"""Whether a reported transaction can be used: its codes, times and own id; what is wrong, said with how to mend it."""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from hashlib import blake2b
from typing import Annotated, NamedTuple
from uuid import UUID

from msgspec import Meta, Struct
from msgspec.json import encode

from core.crypto import cipher
from core.ids import new_key
from core.settings import settings
from core.texts import clean
from domain.catalogue import Catalogue
from surveys.copying import LENGTH_OF_ID, raw_id, text

SKEW = timedelta(minutes=15)
"""How far ahead an agency's clock may run."""
EARLIEST, FURTHEST = datetime(1971, 1, 1, tzinfo=UTC), date(2200, 1, 1)
LONGEST = 200
"""Letters of an id or a name."""
MANY = 10_000
"""So much that transactions have in common is remembered of one file; more of it is nothing in common."""


class TransactionIn(Struct, gc=False, forbid_unknown_fields=True):
    """One completed service. `office` and `service` are codes; `phone` and `email` as people write them; `expires_on`
    the last day of what was issued. The bounds are for those that are read from JSON."""

    external_id: Annotated[str, Meta(min_length=1, max_length=LONGEST)]
    office: Annotated[str, Meta(min_length=1, max_length=32)]
    service: Annotated[str, Meta(min_length=1, max_length=64)]
    completed_at: Annotated[datetime, Meta(tz=True)]
    phone: Annotated[str, Meta(max_length=40)] | None = None
    language: Annotated[str, Meta(max_length=35)] | None = None
    operator: Annotated[str, Meta(max_length=LONGEST)] | None = None
    email: Annotated[str, Meta(max_length=320)] | None = None
    expires_on: date | None = None


class Wrong(NamedTuple):
    """One thing that is wrong with one of them: in which field, what, and how to mend it."""

    field: str
    what: str


class Place(NamedTuple):
    """Id of an office or service, also as text: the same few ids are written ten thousand times."""

    id: UUID
    text: str


class About(NamedTuple):
    """What many transactions have in common, looked up once. `places` and `said`, the language as it was reported, go
    into the mark; `cells` are office, service, operator and language as COPY reads them."""

    office: Place
    service: Place
    operator: str | None
    language: str | None
    places: str
    said: str
    cells: bytes


class Line(Struct, gc=False):
    """A transaction that was checked, its codes looked up. `key` is the id it gets if it is new, as text;
    `completed_at` is in UTC."""

    key: str
    external_id: str
    about: About
    completed_at: datetime
    expires_on: date | None
    phone: str
    email: str
    mark: str


@dataclass(slots=True)
class Checker:
    """Checks transactions one by one, remembering the codes it met. `reach`: the offices that may be reported for.

    `settled`: they were found good before, so an office or service that was switched off since is known all the same.
    """

    known: Catalogue
    now: datetime
    reach: frozenset[UUID] | None = None
    settled: bool = False
    _latest: datetime = field(init=False)
    _languages: frozenset[str] = field(init=False)
    _marking: blake2b = field(init=False)
    _offices: dict[str, Place] = field(default_factory=dict)
    _services: dict[str, Place] = field(default_factory=dict)
    _met: dict[tuple[str, str, str | None, str | None], About] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._latest, self._languages = self.now + SKEW, frozenset(settings().languages)
        self._marking = blake2b(digest_size=12, key=cipher().index_key[:64])

    def line(self, item: TransactionIn) -> Line | list[Wrong]:
        """The checked line, or all that is wrong with it."""
        good, wrong = self.lines([item])
        return good[0] if good else wrong[0]

    def lines(self, items: Sequence[TransactionIn]) -> tuple[list[Line], dict[int, list[Wrong]]]:
        """The checked lines of many, in their order; and by place all that is wrong with the others."""
        good: list[Line] = []
        wrong: dict[int, list[Wrong]] = {}
        times = [_utc(item.completed_at) for item in items]  # comparing within one zone takes a tenth of the time
        for item, external_id, completed_at, moment in zip(items, names(items), times, _texts(times), strict=True):
            about = self._met.get((item.office, item.service, item.operator, item.language)) or self._about(item)
            expires_on = item.expires_on
            if (
                isinstance(about, list)
                or not external_id
                or completed_at is None
                or not EARLIEST <= completed_at <= self._latest
                or (expires_on is not None and _amiss(expires_on, item.completed_at))
            ):
                wrong[len(good) + len(wrong)] = self._wrong(about, external_id, item.completed_at, expires_on)
                continue
            phone, email = item.phone or "", item.email or ""
            # the same number written otherwise is no contradiction
            bare = phone if phone[1:].isdigit() else phone.translate(_BETWEEN_DIGITS)
            mark = self._marking.copy()
            mark.update(
                f"{external_id}\n{about.places}\n{moment}\n{about.said}\n{expires_on}\n{bare}\n"
                f"{email and email.strip().lower()}".encode()
            )
            good.append(Line(new_key(), external_id, about, completed_at, expires_on, phone, email, mark.hexdigest()))
        return good, wrong

    def _about(self, item: TransactionIn) -> About | list[Wrong]:
        office = self._offices.get(item.office) or self._office(item.office)
        service = self._services.get(item.service) or self._service(item.service)
        if isinstance(office, str) or isinstance(service, str):
            found = (("office", office), ("service", service))
            return [Wrong(name, what) for name, what in found if isinstance(what, str)]
        operator = (plain(item.operator) if item.operator else "") or None
        said = item.language.strip()[:2].lower() if item.language else ""
        language = said if said in self._languages else None
        about = About(
            office,
            service,
            operator,
            language,
            f"{office.text}\n{service.text}\n{operator}",
            said,
            b"".join(LENGTH_OF_ID + raw_id(place.text) for place in (office, service))
            + text(operator)
            + text(language),
        )
        if len(self._met) < MANY:
            self._met[item.office, item.service, item.operator, item.language] = about
        return about

    def _wrong(
        self, about: About | list[Wrong], external_id: str, completed_at: datetime, expires_on: date | None
    ) -> list[Wrong]:
        found = list(about) if isinstance(about, list) else []
        if not external_id:
            found.append(Wrong("external_id", "It is empty; give your system's own id of the transaction."))
        if completed_at.tzinfo is None:
            found.append(Wrong("completed_at", "It has no time zone; write it as 2026-03-01T09:30:00+01:00."))
        elif completed_at > self._latest:
            found.append(Wrong("completed_at", "It lies in the future; report a service when it is completed."))
        elif completed_at < EARLIEST:
            found.append(Wrong("completed_at", "It lies before 1971; check the year."))
        if expires_on is not None and (why := _amiss(expires_on, completed_at)):
            found.append(Wrong("expires_on", why))
        return found

    def _office(self, code: str) -> Place | str:
        plain = clean(code).upper()
        office = self.known.office_by_code.get(plain)
        if office is None and self.settled:
            office = next((one for one in self.known.offices.values() if one.code.upper() == plain), None)
        if office is None:
            return unknown_code("office", code, self.known.office_by_code)
        if self.reach is not None and office.id not in self.reach:
            return f"{office.code} is not among the offices you may report for."
        self._offices[code] = Place(office.id, str(office.id))
        return self._offices[code]

    def _service(self, code: str) -> Place | str:
        known = self.known.service_by_any_code if self.settled else self.known.service_by_code
        service = known.get(clean(code))
        if service is None:
            return unknown_code("service", code, self.known.service_by_code)
        self._services[code] = Place(service.id, str(service.id))
        return self._services[code]


_BETWEEN_DIGITS = str.maketrans("", "", " -./()\u00a0")


def _utc(moment: datetime) -> datetime | None:
    """The same moment in UTC; None where it names no zone, or lies outside of the calendar there."""
    try:
        return moment.astimezone(UTC) if moment.tzinfo is not None else None
    except OverflowError:
        return None


def _texts(moments: Sequence[datetime | None]) -> list[str]:
    """Moments in UTC as `isoformat` writes them, which takes ten times as long; something for those that are None."""
    if not moments:
        return []
    written = encode([one or EARLIEST for one in moments]).decode()
    return written[2:-2].replace("Z", "+00:00").split('","')


def _amiss(expires_on: date, completed_at: datetime) -> str:
    if expires_on >= FURTHEST:
        return "It lies too far ahead; leave it empty for what never expires."
    if expires_on + timedelta(days=1) < completed_at.date():  # a day, for the zones
        return "It lies before the service was completed; check both dates."
    return ""


def names(items: Sequence[TransactionIn]) -> list[str]:
    """Their external ids as they are stored; of most batches they can all be seen to be `plain` at one look."""
    found = [item.external_id for item in items]
    whole = "".join(found)
    if whole.isascii() and whole.isprintable() and " " not in whole and max(map(len, found), default=0) <= LONGEST:
        return found
    return [plain(name) for name in found]


def plain(text: str) -> str:
    """An id or a name as it is stored: `clean`, which most of them need not."""
    return text.strip()[:LONGEST] if text.isascii() and text.isprintable() else clean(text, LONGEST)


def unknown_code(what: str, code: str, known: Mapping[str, object]) -> str:
    """What to say of a code nobody knows: the nearest ones, or what codes look like. `known` has them as keys."""
    code = clean(code, 80)
    near = difflib.get_close_matches(code.upper() if what == "office" else code.lower(), known, 3, 0.5)
    hint = (
        f"did you mean {' or '.join(near)}?"
        if near
        else f"codes look like {', '.join(sorted(known)[:3]) or 'none yet'}."
    )
    return f"There is no {what} {code!r}; {hint}"
