"""The service whose own words stand in a text: evidence that can be read and checked, for a service no model knows yet.

Strong are two different words of a service's name and keywords that are no other service's, be it in one phrase or in
several; one word alone is none. On the 1,146 messages Ombud ships with, the one service with strong words was right in
362 of 369 (98%, 95% interval 96.1–99.1%), single words in 73% (n = 356); tests/routing/test_keywords.py measures it.
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

    def find(self, text: str) -> dict[UUID, tuple[set[Phrase], set[str]]]:
        """Services with words in a text that are no other service's: their phrases, and the words as written."""
        found: dict[UUID, tuple[set[Phrase], set[str]]] = {}
        words = words_of(text)
        read = [self.forms.get(word, ()) for word in words]
        for start in range(len(words)):
            phrases: list[Phrase] = [()]
            for end, meant in enumerate(read[start : start + self.longest], start + 1):
                phrases = [(*phrase, word) for phrase in phrases for word in meant][:MOST_READINGS]
                if not phrases:
                    break
                for phrase in phrases:
                    services = self.services.get(phrase, ())
                    for service in services if len(services) == 1 else ():
                        theirs, written = found.setdefault(service, (set(), set()))
                        theirs.add(phrase)
                        written.update(words[start:end])
        return found


def named_service(text: str, catalogue: Catalogue) -> Named | None:
    """The one service that a text names by its own words, surely enough to act on; None for none or several."""
    found = _kept.of(catalogue).find(text)
    strong = [
        (service, phrases)
        for service, (phrases, written) in found.items()
        # the same word in two forms is one, and so are two words that one form may stand for
        if len(written) > 1 and len({word for phrase in phrases for word in phrase}) > 1
    ]
    if len(strong) != 1:
        return None
    ((service, phrases),) = strong
    told: list[Phrase] = []
    for phrase in sorted(phrases, key=lambda phrase: (-sum(map(len, phrase)), phrase)):
        if not any(set(phrase) <= set(other) for other in told):  # "no water supply" says all that "no water" does
            told.append(phrase)
    return Named(service, tuple(" ".join(phrase) for phrase in told[:3]))


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
