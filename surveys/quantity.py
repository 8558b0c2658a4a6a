"""How long and how often, as people write it: "1h 20", "gjysmë ore", "полтора часа", "আধা ঘণ্টা", "two times"."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from surveys.said import Words, fold, tokens, within, words

MOST_MINUTES = 10_080
"""A week: longer nobody waits at an office, so a larger number is something else."""
MOST_TIMES = 100
HOUR, DAY = 60.0, 1440.0
_BEFORE = frozenset(("часа", "часов"))
"""Hours of the number behind them: "часа два" is about two."""
_AND = frozenset(("and", "e", "dhe", "с", "এবং", "আর"))
SHORT = 5
ODD = 2
"""Words beside a number, that neither count nor fill, from which a reply says more than the number."""
_CLOCK = re.compile(r"(?<!\d)(\d{1,2}):(\d\d)(?!\d)")
_RANGE = re.compile(r"(\d+)\s*(?:-|–|—|~|/|to|ose|nga|or|или|до|থেকে|বা)\s*(\d+)(?![\d:])")
_CLAUSE = re.compile(r"[.!?;,।\n]+|\b(?:and|but|dhe|por|но)\b|\s(?:আর|এবং|কিন্তু)\s")


@dataclass(frozen=True, slots=True)
class Quantity:
    """What a reply counts, in minutes or times, and whether it says more than that."""

    count: int
    more: bool


def minutes_in(text: str) -> Quantity | None:
    """Minutes that a reply to "how long did you wait?" gives; a number without a unit is one of minutes."""
    known, folded = words(), _ranges(fold(text))
    found = _CLOCK.sub(r"\1 h \2 min", folded)
    count, left, united = _time(tokens(found), known)
    if count is None:
        return _none_waited(tokens(found), known)
    if not united and left:
        return None  # a number among words, and none of them says that it is of minutes
    return Quantity(round(count), len(left) >= ODD) if count <= MOST_MINUTES else None


def times_in(text: str) -> Quantity | None:
    """Times that a reply to "how often did you come?" gives."""
    known = words()
    said = tokens(_ranges(fold(text)))
    count, left, united = _times(said, known)
    if count is None and len(said) <= SHORT and any(word in known["first"] for word in said):
        return Quantity(1, more=False)
    if count is None or count > MOST_TIMES or count != int(count) or (not united and left):
        return None
    return Quantity(int(count), len(left) >= ODD)


def waited(text: str) -> int | None:
    """Minutes of waiting that a reply tells beside other things; None unless it plainly does."""
    known = words()
    for clause in _CLAUSE.split(_ranges(fold(text))):
        said = tokens(clause)
        if any(word in known["wait_words"] for word in said):
            count, _, united = _time(said, known)
            if count is not None and united and 0 < count <= MOST_MINUTES:
                return round(count)
    return None


def came(text: str) -> int | None:
    """How often somebody came, told beside other things; None unless plainly told."""
    known = words()
    for clause in _CLAUSE.split(fold(text)):
        said = tokens(clause)
        if any(word in known["come_words"] for word in said):
            count, _, united = _times(said, known)
            if count is not None and united and 0 < count <= MOST_TIMES and count == int(count):
                return int(count)
    return None


def _ranges(folded: str) -> str:
    """ "20-30 minutes" is about 25."""
    return _RANGE.sub(lambda found: str(round((int(found[1][:5]) + int(found[2][:5])) / 2)), folded)


@dataclass(slots=True)
class _Clock:
    """Minutes as they add up over the words of a reply."""

    total: float = 0.0
    pending: float | None = None
    united: bool = False
    hours_at: int | None = None
    awaiting: float = 0.0
    joined: bool = False

    def part(self, share: float) -> None:
        """A half or a quarter: of the hour just said, of the hour to come, or beside a number."""
        if self.hours_at is not None and (self.pending is None or self.pending == 1.0):
            self.total, self.pending, self.hours_at = self.total + 60 * share, None, None
        elif self.pending is None or (self.pending == 1.0 and not self.joined):
            self.pending = share
        else:
            self.pending += share

    def unit(self, size: float, at: int) -> None:
        """Hours, minutes or days: of the number before; else one of them, or (минут двадцать) of the number behind."""
        if self.pending is None and size == DAY:
            return  # "the whole day" is no number
        if self.pending is None and size == 1.0:
            self.awaiting = 1.0
        else:
            self.total += size * (1.0 if self.pending is None else self.pending)
        self.pending, self.united, self.hours_at = None, True, at if size == HOUR else None

    def number(self, value: float) -> None:
        """A number of what comes next, or of the minutes just named."""
        if self.awaiting:
            self.total, self.awaiting = self.total + value * self.awaiting, 0.0
        else:
            self.pending = value if self.pending is None or self.pending >= 1 else self.pending + value


def _time(said: Sequence[str], known: Words) -> tuple[float | None, list[str], bool]:
    """Minutes, the words that count nothing, and whether a unit was named."""
    clock, last = _Clock(), 0
    left: list[str] = []
    for at, token in enumerate(said):
        if (minutes := known.fixed["minutes"].get(token)) is not None:
            clock.total, clock.united = clock.total + minutes, True
        elif (hours := known.fixed["hours"].get(token)) is not None:
            clock.number(hours)
        elif token in known["half"] or token in known["quarter"]:
            clock.part(0.5 if token in known["half"] else 0.25)
        elif token in _BEFORE and clock.pending is None:
            clock.awaiting, clock.united = HOUR, True
        elif size := _size(token, known):
            clock.unit(size, at)
        elif (number := known.number(token)) is not None:
            if not clock.united or clock.awaiting or (clock.hours_at is not None and at <= clock.hours_at + 2):
                clock.number(number)
                last = at
        elif token not in known["filler"]:
            left.append(token)
        clock.joined = token in _AND
    if clock.awaiting == HOUR:
        clock.total += HOUR  # "около часа"
    if clock.pending is not None and not clock.united and clock.pending < 1:
        return HOUR * clock.pending, left, True  # "a quarter"
    if clock.pending is not None and (clock.hours_at is None or last > clock.hours_at):
        clock.total += clock.pending
    elif clock.pending is None and not clock.united:
        return None, left, False
    return clock.total, left, clock.united


def _size(token: str, known: Words) -> float:
    """Minutes of a unit of time; 0 for any other word."""
    return (
        HOUR if token in known["hour"] else 1.0 if token in known["minute"] else DAY if token in known["day"] else 0.0
    )


def _times(said: Sequence[str], known: Words) -> tuple[float | None, list[str], bool]:
    count, united = None, False
    left: list[str] = []
    for token in said:
        if (fixed := known.fixed["visits"].get(token)) is not None:
            count, united = fixed, True
        elif token in known["times"]:
            united = True
        elif (number := known.number(token)) is not None:
            count = number if count is None else count
        elif token not in known["filler"]:
            left.append(token)
    return count, left, united


def _none_waited(said: Sequence[str], known: Words) -> Quantity | None:
    """ "did not wait", "сразу": no time at all."""
    at_once = any(within(word, known["at_once"]) for word in said)
    waits = any(word in known["wait_words"] for word in said)
    none = any(word in known["never_waited"] for word in said)
    return Quantity(0, more=False) if len(said) <= SHORT and (at_once or (waits and none)) else None
