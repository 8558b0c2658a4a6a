"""Lists of words as patterns: one phrase a line, per language, in a TOML file beside the module that reads it.

`~` stands for the endings Bengali puts on a word, `...` for up to sixty letters within a sentence; the rest is a
regular expression. Whatever is found begins where a word begins.
"""

import re
from collections.abc import Iterable, Iterator, Mapping

GAP = r"[^.!?।\n]{0,60}?"
READ = 10_000
"""Characters of a message that are read: longer ones are read only as far as anybody would write them."""

_BENGALI_END = "[\u0980-\u09ff]{0,20}"
# without a bound, one message of nothing but digits keeps a processor busy for minutes
_BOUNDED = ((r"\w*", r"\w{0,30}"), (r"\w+", r"\w{1,30}"), (r"\d+", r"\d{1,15}"), (r"[\d.,]*", r"[\d.,]{0,15}"))
# a pattern is tried only on texts that have letters of its language's script
_LETTERS = {
    "en": re.compile(r"[a-z]"),
    "sq": re.compile(r"[a-z]"),
    "bn": re.compile("[\u0980-\u09ff]"),
    "ru": re.compile("[\u0400-\u04ff]"),
}
# phones write Albanian and Russian without their marks; one letter for one, so places stay places
_PLAIN = str.maketrans("ëçё’ʼ", "ecе''")
_WORD = re.compile("[\\w\u0980-\u09ff]")

Patterns = tuple[tuple[str, re.Pattern[str]], ...]
"""One pattern per language."""


def plain(text: str) -> str:
    """A text as patterns see it, letter for letter; the caller gives it in lower case."""
    return text.translate(_PLAIN)


def any_of(lines: Iterable[str], language: str, also: str = "") -> str:
    """A pattern of whole words: any of the lines. `also` stands for `<staff>` in them."""
    # \b does not know Bengali vowel signs as part of a word
    edge = "" if language == "bn" else r"\b"
    return f"{edge}(?:{'|'.join(expand(line, also) for line in lines if line)}){edge}"


def expand(line: str, also: str = "") -> str:
    """One line as a pattern; `also` stands for `<staff>` in it."""
    for endless, bounded in _BOUNDED:
        line = line.replace(endless, bounded)
    return line.replace("<staff>", also).replace("...", GAP).replace("~", _BENGALI_END)


def languages_in(seen: str) -> set[str]:
    """Languages whose script a text (as `plain` gives it) has letters of."""
    return {language for language, letters in _LETTERS.items() if letters.search(seen)}


def compiled(lines: Mapping[str, str]) -> Patterns:
    """Patterns of whole words from lists by language."""
    return tuple((language, re.compile(any_of(words.splitlines(), language))) for language, words in lines.items())


def found(patterns: Patterns, text: str, seen: str, present: set[str]) -> Iterator[str]:
    """What of a text the patterns find, as it was written. `seen` is the text as `plain` gives it."""
    for language, pattern in patterns:
        if language in present:
            for match in pattern.finditer(seen):
                if _starts_word(seen, match.start()):
                    yield " ".join(text[match.start() : match.end()].split())


def _starts_word(text: str, start: int) -> bool:
    return start == 0 or not _WORD.match(text[start - 1]) or not _WORD.match(text[start])
