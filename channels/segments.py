"""How many SMS a text costs. Source: GSM 03.38 (the alphabet) and 3GPP TS 23.040 (parts)."""

from dataclasses import dataclass
from typing import Literal

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("\f^{}\\[~]|€")


@dataclass(frozen=True, slots=True)
class Segments:
    """`units` are septets (GSM-7) or UTF-16 code units (UCS-2); `culprits` are the letters that forced UCS-2."""

    encoding: Literal["GSM-7", "UCS-2"]
    units: int
    parts: int
    culprits: tuple[str, ...] = ()


def count(text: str) -> Segments:
    """The parts one SMS of `text` is sent and paid as; an empty text is none."""
    culprits = tuple(dict.fromkeys(letter for letter in text if letter not in _BASIC and letter not in _EXTENDED))
    if culprits:
        lengths, single, joined = [len(letter.encode("utf-16-le")) // 2 for letter in text], 70, 67
        encoding: Literal["GSM-7", "UCS-2"] = "UCS-2"
    else:
        lengths, single, joined = [2 if letter in _EXTENDED else 1 for letter in text], 160, 153
        encoding = "GSM-7"
    units = sum(lengths)
    if units <= single:
        return Segments(encoding, units, min(units, 1), culprits)
    parts, room = 1, joined
    for length in lengths:  # a letter of two units is not torn between two parts
        if length > room:
            parts, room = parts + 1, joined
        room -= length
    return Segments(encoding, units, parts, culprits)
