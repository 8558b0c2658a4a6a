"""Words of a text in any script, as the classifier counts them."""

import re
import unicodedata
from functools import lru_cache

# Python's \w leaves out combining marks, which would cut every Bengali, Hindi or Tamil word at its vowel signs
_MARKS = "".join(chr(c) for c in range(0x0300, 0xFE30) if unicodedata.category(chr(c)) in ("Mn", "Mc", "Me"))
_RUN = re.compile(rf"[\w{re.escape(_MARKS)}]+(?:['’ʼ][\w{re.escape(_MARKS)}]+)*|[\U0001F300-\U0001FAFF☀-➿]")
# scripts written without spaces: a run of them is one token, and each character of it is a word
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")
_JOINERS = str.maketrans("", "", "\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufe0e\ufe0f\ufeff")
_LATIN_END = "\u0250"


def tokens(text: str) -> list[str]:
    """Lower-case words, numbers and emoji of `text`, in order; punctuation is left out."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text).translate(_JOINERS)
    found = _RUN.findall(text.lower())
    return [word if word.isascii() else _fold(word) for word in found]


def words(token: str) -> list[str]:
    """The token itself, or its characters in a script that puts no spaces between words."""
    return [token] if token.isascii() or not _UNSPACED.search(token) else list(token)


@lru_cache(maxsize=50_000)
def _fold(word: str) -> str:
    """Latin letters without their accents (people leave them out on phones); other scripts as they are."""
    if not any(char < _LATIN_END for char in word):
        return word
    parts: list[str] = []
    for char in unicodedata.normalize("NFD", word):
        if unicodedata.combining(char) and parts and parts[-1] < _LATIN_END:
            continue
        parts.append(char)
    return unicodedata.normalize("NFC", "".join(parts)).replace("’", "'").replace("ʼ", "'").replace("ı", "i")
