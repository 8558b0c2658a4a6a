"""What an SMS weighs: segments, and the plainer letters that make it lighter (GSM 03.38, 3GPP TS 23.038)."""

import unicodedata
from collections import Counter
from dataclasses import dataclass

_GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_TWO = frozenset("\f^{}\\[~]|€")
_TYPOGRAPHY = {
    **dict.fromkeys("“”„‟«»″", '"'),
    **dict.fromkeys("‘’‚‛‹›′`´", "'"),
    **dict.fromkeys("‐‑‒–—―−", "-"),
    **dict.fromkeys("\u00a0\u2002\u2003\u2009\u200a\u202f\t", " "),
    **dict.fromkeys("\u200b\u2060\ufeff\u00ad", ""),
    "…": "...",
    "•": "*",
    "№": "No",
}
_TABLE = str.maketrans(_TYPOGRAPHY)


@dataclass(frozen=True, slots=True)
class OddLetter:
    """A letter outside the alphabet of SMS, how often it is there, and the plain one to write instead ("" for none
    needed, None where the language has no other)."""

    letter: str
    count: int
    plain: str | None

    @property
    def typographic(self) -> bool:
        """Whether it is only a matter of typing: nothing is lost without it."""
        return self.letter in _TYPOGRAPHY

    @property
    def name(self) -> str:
        """What it is called, for those that cannot be seen."""
        return unicodedata.name(self.letter, f"U+{ord(self.letter):04X}").lower()


@dataclass(frozen=True, slots=True)
class Weight:
    """What a text weighs: places it takes (in its alphabet), segments, and places left in the last of them."""

    gsm: bool
    size: int
    segments: int
    left: int
    odd: tuple[OddLetter, ...]

    @property
    def alphabet(self) -> str:
        """As operators call it."""
        return "GSM-7" if self.gsm else "UCS-2"


def weigh(text: str) -> Weight:
    """The weight of a text as it stands."""
    gsm, size, one, many = _measured(text)
    count = 1 if size <= one else -(-size // many)
    strange = Counter(letter for letter in text if letter not in _GSM and letter not in _GSM_TWO)
    odd = tuple(OddLetter(letter, times, _replacement(letter)) for letter, times in strange.items())
    return Weight(gsm, size, count, (one if count == 1 else many * count) - size, odd)


def _replacement(letter: str) -> str | None:
    plain = _TYPOGRAPHY.get(letter)
    if plain is None:
        plain = _plain(letter)
    return plain if is_gsm(plain) else None


def plainer(text: str) -> str:
    """The text with plain quotes, dashes and spaces; letters of a language stay as they are."""
    return text.translate(_TABLE)


def _measured(text: str) -> tuple[bool, int, int, int]:
    """Whether it is GSM-7, the places it takes, and how many fit into one segment and into each of several."""
    if is_gsm(text):
        return True, sum(2 if c in _GSM_TWO else 1 for c in text), 160, 153
    return False, len(text.encode("utf-16-le")) // 2, 70, 67


def is_gsm(text: str) -> bool:
    """Whether every letter is in the alphabet that packs 160 to a segment."""
    return all(c in _GSM or c in _GSM_TWO for c in text)


def segments(text: str) -> int:
    """SMS segments a text takes: 160 letters (153 where several) in GSM-7, else 70 (67) of UTF-16. Empty takes one."""
    _, size, one, many = _measured(text)
    return 1 if size <= one else -(-size // many)


def for_sms(text: str) -> str:
    """The text as it is sent by SMS.

    Latin letters that the SMS alphabet lacks (Albanian ë, ç) lose their mark, and quotes and dashes become plain ones,
    as people text themselves; but only where the whole text then costs fewer segments.
    """
    if is_gsm(text):
        return text
    plain = "".join(c if c in _GSM or c in _GSM_TWO else _plain(c) for c in text.translate(_TABLE))
    return plain if is_gsm(plain) and segments(plain) < segments(text) else text


def _plain(letter: str) -> str:
    base = unicodedata.normalize("NFD", letter)[0]
    return base if base.isascii() else letter
