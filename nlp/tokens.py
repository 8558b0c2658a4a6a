"""Words of a text in any script, as the classifier counts them.

One set of rules for every script instead of one tokeniser per language: a message's language is often not known, and
one message may mix two. What people write the same in many ways is made one: Latin accents, Arabic alefs and vowel
marks, ё, digits of any script, full-width letters.
"""

import re
import unicodedata
from functools import lru_cache

# Python's \w leaves out combining marks, which would cut every Bengali, Hindi or Tamil word at its vowel signs
_MARKS = "".join(chr(c) for c in range(0x0300, 0xFE30) if unicodedata.category(chr(c)) in ("Mn", "Mc", "Me"))
_EMOJI = "\U0001f300-\U0001f3fa\U0001f400-\U0001faff☀-➿"
_RUN = re.compile(rf"[\w{re.escape(_MARKS)}]+(?:['’ʼ][\w{re.escape(_MARKS)}]+)*|[{_EMOJI}]")
# scripts written without spaces: Thai and Lao, Burmese, Khmer, kana, Chinese characters
_NO_SPACES = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uf900-\ufaff\U00020000-\U0003ffff"
)
FIRST_UNSPACED = "\u0e00"
"""No token that sorts before it is of such a script."""
_UNSPACED = re.compile(f"[{_NO_SPACES}]")
_SCRIPTS = re.compile(f"[{_NO_SPACES}]+|[^{_NO_SPACES}]+")
_LETTERS = re.compile(rf"[^{re.escape(_MARKS)}][{re.escape(_MARKS)}]*|[{re.escape(_MARKS)}]+")
_JOINERS = str.maketrans("", "", "\u00ad\u0640\u200b\u200c\u200d\u200e\u200f\u2060\ufe0e\ufe0f\ufeff")
_LATIN_END = "\u0250"
# vowel marks of Hebrew and Arabic, which most people leave out
_POINTS = frozenset(map(chr, (*range(0x0591, 0x05C8), *range(0x0610, 0x061B), *range(0x064B, 0x0660), 0x0670)))
_ALIKE = str.maketrans(
    {
        letter: one
        for one, others in (("'", "’ʼ"), ("i", "ı"), ("е", "ё"), ("ا", "أإآٱ"), ("ي", "ىی"), ("ه", "ةۀہ"), ("ك", "کڪ"))
        for letter in others
    }
)


def tokens(text: str) -> list[str]:
    """Lower-case words, numbers and emoji of `text`, in order; punctuation is left out.

    In a script without spaces, a run of letters is one token (see `words`).
    """
    if text.isascii():
        return _RUN.findall(text.lower())
    text = unicodedata.normalize("NFKC", text).translate(_JOINERS).lower()
    found = _RUN.findall(text)
    if _UNSPACED.search(text):
        found = [part for word in found for part in (_SCRIPTS.findall(word) if _UNSPACED.search(word) else (word,))]
    return [word if word.isascii() or unspaced(word) else _fold(word) for word in found]


def unspaced(token: str) -> bool:
    """Whether a token is of a script that puts no spaces between words."""
    return token[:1] >= FIRST_UNSPACED and _UNSPACED.match(token) is not None


def words(token: str) -> list[str]:
    """The token itself, or its letters (each with its vowel signs) in a script that puts no spaces between words."""
    return _LETTERS.findall(token) if unspaced(token) else [token]


def pieces(text: str) -> list[tuple[str, list[str]]]:
    """The text cut at its spaces and within them at its tokens: each as it was written, with the tokens in it."""
    found: list[tuple[str, list[str]]] = []
    for part in text.split():
        inside = tokens(part)
        written = _RUN.findall(part)
        if len(written) == len(inside):
            found.extend((shown, [token]) for shown, token in zip(written, inside, strict=True))
        else:
            found.extend((token, [token]) for token in inside)
    return found


@lru_cache(maxsize=50_000)
def _fold(word: str) -> str:
    """A word without what people leave out on phones: accents of Latin letters, vowel marks, one digit for all."""
    parts: list[str] = []
    # decomposed only where a Latin letter could carry an accent: й and য় must stay what they are
    spelled = unicodedata.normalize("NFD", word) if any(char < _LATIN_END for char in word) else word
    for char in spelled.translate(_ALIKE):
        if char in _POINTS or (unicodedata.combining(char) and parts and parts[-1] < _LATIN_END):
            continue
        parts.append(str(unicodedata.decimal(char)) if char.isdecimal() else char)
    return unicodedata.normalize("NFC", "".join(parts))
