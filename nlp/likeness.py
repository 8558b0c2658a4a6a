"""Whether two messages tell of the same matter: a burst pipe that forty people report is one.

Languages differ, so the words alone do not decide. What speaks for one matter is weighed together: the words, the
service they are about, where it is (a spot, a street, a place), and how far apart they were written. Two levels come
out of it, each with its reasons in words: `certain` is near-identical words about one spot on one day, and anything
less is at most `likely`, for a person to look at. A wrong "the same as others'" harms a citizen, so doubt says no.

Words are compared by rapidfuzz: the mean of the token-sort and the token-set ratio. Over 7,500 pairs of different
messages about one service in one language, 1 in 20 reaches 0.56, 1 in 200 reaches 0.68 and 1 in 1,000 reaches 0.78.
"""

import math
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache

from nlp.tokens import tokens, words

READ = 600
"""Characters of a message that are compared: what it is about stands at its beginning."""
SPOT = 300.0
"""Metres within which two spots are one."""
WINDOW = timedelta(hours=72)
"""Apart further than this, two messages tell of two matters: pipes burst again."""
DAY = timedelta(hours=24)
HOURS = timedelta(hours=12)
IDENTICAL, CLOSE, ALIKE, RELATED = 0.93, 0.82, 0.72, 0.60
"""Shares of the same words: copied, told in the same words, told alike, about one thing."""
FEWEST = 4
"""Words that a message needs so that its likeness says anything."""
OWN_WORDS = 8
"""Words from which nobody writes the same by chance."""


class Verdict(StrEnum):
    """How sure it is that two messages tell of one matter."""

    certain = "certain"
    likely = "likely"


@dataclass(frozen=True, slots=True)
class Report:
    """A message as it is compared. `place` is a name in the canonical spelling, `spot` latitude and longitude in
    degrees. `shared`: its service is one whose matters are many people's at once. `citizen` says who wrote, if known.
    """

    text: str
    at: datetime
    service: str | None = None
    place: str | None = None
    spot: tuple[float, float] | None = None
    citizen: str | None = None
    shared: bool = False


@dataclass(frozen=True, slots=True)
class Likeness:
    """That two messages tell of one matter, how much their words are the same (0 to 1), and what speaks for it."""

    verdict: Verdict
    words: float
    why: str


def compare(one: Report, other: Report, *, surging: bool = False) -> Likeness | None:
    """Whether two messages tell of the same matter; None for no, and for two of one citizen.

    `surging`: far more about this than usual is coming in, so that a likeness needs less to be believed.
    """
    apart = abs(one.at - other.at)
    if apart > WINDOW or (one.citizen is not None and one.citizen == other.citizen):
        return None
    if one.place and other.place and one.place != other.place:
        return None
    metres = _metres(one.spot, other.spot)
    a, b = read(one.text), read(other.text)
    street = _same_street(a, b)
    if (a.streets and b.streets and street is None) or (metres is not None and metres > SPOT * 10):
        return None  # both say where it is, and it is not one place
    share = _share(a, b)
    near = metres is not None and metres <= SPOT
    exact = near or street is not None
    place = bool(one.place) and one.place == other.place
    service = one.service is not None and one.service == other.service
    if one.service and other.service and not service and share < CLOSE:
        return None
    numbers = bool(a.numbers and b.numbers and not a.numbers & b.numbers)
    if numbers and not exact and share >= ALIKE:
        return None  # one form, filled in for two things: bus 12, bus 14
    shared = one.shared and other.shared if service else one.shared or other.shared
    known = one.citizen is not None and other.citizen is not None
    verdict: Verdict | None = None
    copied = share >= IDENTICAL and a.digits == b.digits and min(a.count, b.count) >= OWN_WORDS
    if shared and known and service and copied and (exact or place) and apart <= DAY:
        verdict = Verdict.certain
    elif _likely(share, apart, service=service, exact=exact, place=place, shared=shared, surging=surging):
        verdict = Verdict.likely
    return None if verdict is None else Likeness(verdict, share, _why(share, apart, service, metres, street, one.place))


def _likely(
    share: float, apart: timedelta, *, service: bool, exact: bool, place: bool, shared: bool, surging: bool
) -> bool:
    """The rule, from the strongest evidence down."""
    if not shared:  # two passports are two matters, however alike they are told
        return share >= CLOSE and (exact or (surging and (place or service)))
    if exact:
        return service or share >= ALIKE
    if place:
        return share >= CLOSE or (service and _together(share, apart, surging=surging))
    return service and share >= CLOSE and apart <= DAY


def _together(share: float, apart: timedelta, *, surging: bool) -> bool:
    """Whether two reports on one service in one place, no nearer than that, are about one matter."""
    if surging and apart <= HOURS:
        return True
    return (share >= ALIKE and apart <= DAY) or (share >= RELATED and apart <= HOURS)


def _why(
    share: float, apart: timedelta, service: bool, metres: float | None, street: str | None, place: str | None
) -> str:
    told = ["same service"] if service else []
    if metres is not None and metres <= SPOT:
        told.append(f"{max(round(metres, -1), 10):.0f} metres apart")
    if street is not None:
        told.append(f"same street ({street})")
    elif place:
        told.append(f"same place ({place})")
    minutes = round(apart.total_seconds() / 60)
    hours = round(minutes / 60)
    told.append(f"{minutes} minutes apart" if minutes < 100 else f"{hours} hours apart")
    if share >= RELATED:
        told.append(f"{share:.0%} the same words")
    return ", ".join(told)


# -- reading -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Read:
    """What of a text is compared: its words in order, the streets it names, its numbers that are no durations, and all
    its numbers."""

    words: str
    count: int
    streets: frozenset[str]
    numbers: frozenset[str]
    digits: frozenset[str]


# before and after a name; the longest first
_BEFORE = frozenset(
    (
        "rruga rrugen rruges rruge rr bulevardi bulevard sheshi ul ulica ulitsa "
        "улица улице улицы улицу ул проспект проспекте пр площадь площади пл переулок переулке"
    ).split()
)
_AFTER = frozenset(
    (
        "street st road rd avenue ave lane square bridge улица улице улицы проспект проспекте "
        "রোড রোডে সড়ক সড়কে সড়কের সরণি এভিনিউ লেন গলি"
    ).split()
)
_LINKS = frozenset("e i te se the of на".split())
# words that stand beside "street" and name none
_NO_NAME = frozenset(
    "our my this that the a an in on at of and to is was no every whole main same next near your their old new water "
    "whole burst one jone tone tone ime kjo kesaj kete tek te ne nga me pa per ka nuk eshte e i gjithe tere u po do "
    "нашей наша нашу наш моей моя этой эта по на в у нет и не вся всей за там где воды вода свет "
    "আমাদের আমার এই ওই পুরো সব পাশের সামনের একটা একটি নতুন পুরনো".split()
)  # fmt: skip
_SPANS = re.compile(
    r"^(?:day|hour|hr|minute|min|week|month|year|time|am$|pm$|dit|ore$|oren|minut|jav|muaj|vit|vjet|here$|"
    "дн|ден|час|мин|недел|месяц|раз|сут|лет|год|দিন|ঘণ্টা|ঘন্টা|মিনিট|সপ্তাহ|মাস|বছর|বার|টা)"
)


@lru_cache(maxsize=4096)
def read(text: str) -> Read:
    """A text as it is compared with others."""
    found = [word for token in tokens(text[:READ]) for word in words(token)]
    return Read(
        " ".join(found),
        len(found),
        frozenset(_streets(found)),
        frozenset(_numbers(found)),
        frozenset(word for word in found if word.isdigit()),
    )


def _streets(found: list[str]) -> set[str]:
    """The names beside the words for a street, in any of our languages."""
    named = set()
    for place, word in enumerate(found):
        if word in _BEFORE:
            after = [one for one in found[place + 1 : place + 4] if one not in _LINKS][:1]
            named |= {one for one in after if _is_name(one)}
        if word in _AFTER and place and _is_name(found[place - 1]):
            named.add(found[place - 1])
    return named


def _is_name(word: str) -> bool:
    return len(word) >= 3 and word not in _NO_NAME and word not in _BEFORE and word not in _AFTER and not word.isdigit()


def _numbers(found: list[str]) -> set[str]:
    """Numbers that name something: no days, hours or times of the day."""
    pairs = zip(found, [*found[1:], ""], strict=False)
    return {word for word, after in pairs if word.isdigit() and len(word) <= 5 and not _SPANS.match(after)}


def _same_street(a: Read, b: Read) -> str | None:
    """A street that both name, in whatever grammatical case."""
    return next((one for one in sorted(a.streets) for other in b.streets if _one_name(one, other)), None)


def _one_name(one: str, other: str) -> bool:
    shared = len(_common_start(one, other))
    return one == other or (shared >= 4 and shared >= max(len(one), len(other)) - 3)


def _common_start(one: str, other: str) -> str:
    for place, (x, y) in enumerate(zip(one, other, strict=False)):
        if x != y:
            return one[:place]
    return min(one, other, key=len)


def _share(a: Read, b: Read) -> float:
    """How much the words of two texts are the same, 0 to 1; nothing for texts of hardly a word."""
    if min(a.count, b.count) < FEWEST:
        return 0.0
    from rapidfuzz import fuzz  # 3 MB that a web process hardly ever needs

    return (fuzz.token_sort_ratio(a.words, b.words) + fuzz.token_set_ratio(a.words, b.words)) / 200


def _metres(one: tuple[float, float] | None, other: tuple[float, float] | None) -> float | None:
    """Distance of two spots over the ground by the haversine formula; None where one is unknown."""
    if one is None or other is None:
        return None
    (lat, lon), (lat2, lon2) = (tuple(map(math.radians, spot)) for spot in (one, other))
    part = math.sin((lat2 - lat) / 2) ** 2 + math.cos(lat) * math.cos(lat2) * math.sin((lon2 - lon) / 2) ** 2
    return 2 * 6_371_000 * math.asin(min(1.0, math.sqrt(part)))
