"""Does a text tell of something broken, lost, stolen, missing or refused? Rules, in four languages.

It is asked of what people add to a good rating, where most words are praise or small talk: a false catch costs an
office one look at a case that is closed with an answer, a miss leaves a broken road unheard.
"""

import tomllib
import unicodedata
from functools import lru_cache
from importlib import resources

from nlp import wordlists


def tells_of_trouble(text: str) -> bool:
    """Whether the words of trouble.toml find something."""
    text = unicodedata.normalize("NFC", text[: wordlists.READ]).lower()
    seen = wordlists.plain(text)
    present = wordlists.languages_in(seen)
    return any(True for _ in wordlists.found(_wrong(), text, seen, present))


@lru_cache(maxsize=1)
def _wrong() -> wordlists.Patterns:
    raw = (resources.files("nlp") / "trouble.toml").read_text(encoding="utf-8")
    return wordlists.compiled(tomllib.loads(wordlists.plain(unicodedata.normalize("NFC", raw)))["wrong"])
