"""The service whose own words stand in a text: evidence that can be read and checked, for a service no model knows yet.

Strong are a name or keyword of several words, or two different ones, while no word of any other service stands there.
One single word is none: on the messages Ombud ships with, single keywords were right in 73% (n = 356), what is called
strong here in 98% (311 of 318, 95% interval 95.5–98.9%); tests/routing/test_keywords.py measures it.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from uuid import UUID

from domain.catalogue import Catalogue
from domain.service import Service
from routing.kept import Kept
from routing.names import inflected, words_of

SHORTEST = 4
"""Letters below which a name or keyword names nothing."""
MOST_READINGS = 16
SUGGESTED = 8

Phrase = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Named:
    """A service, and its words that stand in the text, the longest first."""

    service_id: UUID
    words: tuple[str, ...]

    @property
    def quoted(self) -> str:
        """The words, to show them."""
        return ", ".join(f"“{words}”" for words in self.words)


@dataclass(frozen=True)
class Words:
    """What names the services of a catalogue: phrases by their words, and the words by the forms they take."""

    services: dict[Phrase, frozenset[UUID]]
    forms: dict[str, tuple[str, ...]]
    longest: int

    def find(self, text: str) -> tuple[dict[Phrase, frozenset[UUID]], bool]:
        """Every phrase that stands in a text, with the services it is of; and whether they are more than one word."""
        found: dict[Phrase, frozenset[UUID]] = {}
        said: set[str] = set()
        words = words_of(text)
        read = [self.forms.get(word, ()) for word in words]
        for start, first in enumerate(words):
            phrases: list[Phrase] = [()]
            for length, meant in enumerate(read[start : start + self.longest], 1):
                phrases = [(*phrase, word) for phrase in phrases for word in meant][:MOST_READINGS]
                if not phrases:
                    break
                here = {phrase: self.services[phrase] for phrase in phrases if phrase in self.services}
                found.update(here)
                said.update(words[start : start + length] if length > 1 and here else [first] if here else ())
        return found, len(said) > 1


def named_service(text: str, catalogue: Catalogue) -> Named | None:
    """The one service that a text names by its own words, surely enough to act on; None for none or several."""
    found, several = _kept.of(catalogue).find(text)
    services = frozenset[UUID]().union(*found.values())
    if len(services) != 1 or not several:
        return None
    longest = sorted(found, key=lambda phrase: (-sum(map(len, phrase)), phrase))
    told: list[Phrase] = []
    for phrase in longest:  # "no water supply" says all that "no water" does
        if not any(" ".join(phrase) in " ".join(other) for other in told):
            told.append(phrase)
    return Named(next(iter(services)), tuple(" ".join(phrase) for phrase in told[:3]))


def shared_words(service: Service, catalogue: Catalogue) -> dict[str, list[UUID]]:
    """Names and keywords of a service that other active services have too, and so tell nothing; with those services."""
    known = _kept.of(catalogue).services
    found = {}
    for phrase in _phrases(service):
        others = known.get(tuple(words_of(phrase)), frozenset()) - {service.id}
        if others:
            found[phrase] = sorted(others)
    return found


def telling_words(service: Service, catalogue: Catalogue, ordinary: Iterable[str] = ()) -> list[str]:
    """Words and pairs of words in a service's examples that no other service uses: to offer as keywords, best first.

    `ordinary` are words people use whatever they write about.
    """
    elsewhere = set(ordinary) | set(words_of(" ".join(service.keywords)))
    for other in catalogue.services.values():
        if other.id != service.id and other.active:
            for text in (*other.names.values(), *other.keywords, *other.examples):
                for word in words_of(text):
                    elsewhere.update(inflected(word))
    seen: Counter[str] = Counter()
    for sentence in service.examples:
        words = words_of(sentence)
        telling = [len(word) >= SHORTEST and word not in elsewhere for word in words]
        here = {word for word, tells in zip(words, telling, strict=True) if tells}
        here |= {
            f"{one} {two}"
            for (one, first), (two, second) in pairwise(zip(words, telling, strict=True))
            if first and second
        }
        seen.update(here)
    ranked = sorted(seen, key=lambda words: (-seen[words], -words.count(" "), -len(words), words))
    return ranked[:SUGGESTED]


_kept = Kept[Words](lambda known: _gather(known.service_by_code.values()))


def _gather(services: Iterable[Service]) -> Words:
    found: dict[Phrase, frozenset[UUID]] = {}
    for service in services:
        for phrase in _phrases(service):
            words = tuple(words_of(phrase))
            if sum(map(len, words)) >= SHORTEST:
                found[words] = found.get(words, frozenset()) | {service.id}
    known = {word for phrase in found for word in phrase}
    forms: dict[str, tuple[str, ...]] = {}
    for word in sorted(known):
        for form in inflected(word):
            # a word that stands in a name itself is that word, not another one's ending
            if (form == word or form not in known) and word not in forms.get(form, ()):
                forms[form] = (*forms.get(form, ()), word)
    return Words(found, forms, max(map(len, found), default=0))


def _phrases(service: Service) -> Iterator[str]:
    yield from service.names.values()
    yield from service.keywords
