"""Finding people who are known by name in a text: staff, and whoever wrote it. Whatever stands before them.

A whole name is found however it is written and in any order. A part of one is found where it can hardly mean anything
else: a family name that is written with a capital letter; any part that somebody near has; any part of the writer's
own. Words that places, offices and services have are no names by themselves. Endings of a case ("Gjolleshit",
"Ивановой") are overlooked.
"""

import re
from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

NO_GROUP: frozenset[Hashable] = frozenset()
_NOBODY: frozenset[str] = frozenset()
LEAST_PART, LEAST_FAMILY, LEAST_LOWER = 3, 4, 5
"""Letters of a part of a name, of a family name by itself, of one that is written small."""
_LEAST_STEM = 5
_LOOK_BACK, _BETWEEN, _ENDS = 4, " \t\n\"'“”«»(", frozenset(("", ".", "!", "?", "।"))
_VOWELS = frozenset("aeiouyëаеёиоуыэюя")
# a letter, then letters with what Bengali and accents put on them
_WORD = re.compile(r"[^\W\d_]+(?:(?:[\u0300-\u036f\u0981-\u09cd\u09d7]|['’](?=[^\W\d_]))[^\W\d_]*)*")


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a text: where it stands, how it is compared, whether it begins as names do, and whether a sentence does
    with it."""

    start: int
    end: int
    folded: str
    capital: bool
    first: bool


def words_of(text: str) -> list[Word]:
    """The words of a text in their order."""
    return [
        Word(
            one.start(),
            one.end(),
            one.group().casefold().replace("’", "'"),
            not one.group()[0].islower(),
            text[max(0, one.start() - _LOOK_BACK) : one.start()].rstrip(_BETWEEN)[-1:] in _ENDS,
        )
        for one in _WORD.finditer(text)
    ]


def parts_of(name: str) -> list[str]:
    """A name in the parts it is compared by."""
    return [one.folded for one in words_of(name)]


@dataclass(frozen=True)
class Persons:
    """People by name: whole names, family names, and all parts of the names of each group."""

    whole: frozenset[frozenset[str]]
    families: frozenset[str]
    groups: Mapping[Hashable, frozenset[str]] = field(default_factory=dict)
    group_families: Mapping[Hashable, frozenset[str]] = field(default_factory=dict)
    common: frozenset[str] = frozenset()
    every: frozenset[str] = frozenset()
    """Every word that a place of a name has at least one of: most texts have none."""

    def find(
        self, text: str, near: Collection[Hashable] = NO_GROUP, writer: str = "", *, surely: bool = False
    ) -> list[tuple[int, int]]:
        """Places of their names in a text, as start and end. `near`: groups whose members may be meant by a part of
        their name. `writer`: the name of who wrote it, "" where it is not known. `surely`: a capital letter that begins
        a sentence makes no family name of a word."""
        own = _stems(one for one in parts_of(writer) if len(one) >= LEAST_PART) if writer else _NOBODY
        told = _WORD.findall(text.casefold().replace("’", "'"))
        if not any(_meant(one, self.every) for one in told) and not (own and any(_meant(one, own) for one in told)):
            return []
        words = words_of(text)
        found = [*self._whole(words), *self._parts([one for one in words if not (surely and one.first)], near)]
        found += [(word.start, word.end) for word in words if own and _meant(word.folded, own)]
        return sorted(set(found))

    def _whole(self, words: list[Word]) -> Iterator[tuple[int, int]]:
        for at in range(len(words) - 1):
            for length in (2, 3, 4):
                some = words[at : at + length]
                if len(some) == length and frozenset(one.folded for one in some) in self.whole:
                    yield some[0].start, some[-1].end

    def _parts(self, words: list[Word], near: Collection[Hashable]) -> Iterator[tuple[int, int]]:
        here = [self.groups[one] for one in near if one in self.groups]
        theirs = [self.group_families[one] for one in near if one in self.group_families]
        for word in words:
            if word.folded in self.common:
                continue
            if word.capital:
                wanted = (self.families, *here)
            elif len(word.folded) >= LEAST_LOWER:
                wanted = (*theirs,)
            else:
                continue
            if any(_meant(word.folded, one) for one in wanted):
                yield word.start, word.end


def persons(people: Iterable[tuple[str, Collection[Hashable]]], common: Iterable[str]) -> Persons:
    """People by their names, with the groups each belongs to; `common` are texts whose words are no names alone."""
    whole: set[frozenset[str]] = set()
    families: set[str] = set()
    groups: dict[Hashable, set[str]] = {}
    group_families: dict[Hashable, set[str]] = {}
    usual = frozenset(word for text in common for word in parts_of(text))
    for name, belongs in people:
        parts = parts_of(name)
        if not parts:
            continue
        if len(parts) > 1:
            whole.add(frozenset(parts))
        family = parts[-1] if len(parts) > 1 and len(parts[-1]) >= LEAST_FAMILY else ""
        if family:
            families.add(family)
        for group in belongs:
            groups.setdefault(group, set()).update(one for one in parts if len(one) >= LEAST_PART)
            if family:
                group_families.setdefault(group, set()).add(family)
    return Persons(
        frozenset(whole),
        _stems(families),
        {group: _stems(some) for group, some in groups.items()},
        {group: _stems(some) for group, some in group_families.items()},
        usual,
        _stems(part for some in (*whole, *groups.values()) for part in some),
    )


def _stems(names: Iterable[str]) -> frozenset[str]:
    """Names, and those that end in a vowel also without it: what endings are put on."""
    found = set(names)
    return frozenset(found | {one[:-1] for one in found if len(one) > _LEAST_STEM and one[-1] in _VOWELS})


def _meant(word: str, names: frozenset[str]) -> bool:
    """Whether a word is one of these names, by itself or with an ending of up to three letters."""
    if word in names:
        return True
    more = len(word) - _LEAST_STEM
    return more > 0 and (word[:-1] in names or (more > 1 and word[:-2] in names) or (more > 2 and word[:-3] in names))
