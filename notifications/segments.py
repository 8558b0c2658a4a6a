"""What an SMS weighs: segments, and the plainer letters that make it lighter (GSM 03.38, 3GPP TS 23.038)."""

import unicodedata

_GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_TWO = frozenset("\f^{}\\[~]|€")
_TYPOGRAPHY = str.maketrans(
    {
        "“": '"',
        "”": '"',
        "„": '"',
        "«": '"',
        "»": '"',
        "‘": "'",
        "’": "'",
        "–": "-",
        "—": "-",
        "…": "...",
        "\u00a0": " ",
    }
)


def is_gsm(text: str) -> bool:
    """Whether every letter is in the alphabet that packs 160 to a segment."""
    return all(c in _GSM or c in _GSM_TWO for c in text)


def segments(text: str) -> int:
    """SMS segments a text takes: 160 letters (153 where several) in GSM-7, else 70 (67) of UTF-16. Empty takes one."""
    if is_gsm(text):
        size, one, many = sum(2 if c in _GSM_TWO else 1 for c in text), 160, 153
    else:
        size, one, many = len(text.encode("utf-16-le")) // 2, 70, 67
    return 1 if size <= one else -(-size // many)


def for_sms(text: str) -> str:
    """The text as it is sent by SMS.

    Latin letters that the SMS alphabet lacks (Albanian ë, ç) lose their mark, and quotes and dashes become plain ones,
    as people text themselves; but only where the whole text then costs fewer segments.
    """
    if is_gsm(text):
        return text
    plain = "".join(c if c in _GSM or c in _GSM_TWO else _plain(c) for c in text.translate(_TYPOGRAPHY))
    return plain if is_gsm(plain) and segments(plain) < segments(text) else text


def _plain(letter: str) -> str:
    base = unicodedata.normalize("NFD", letter)[0]
    return base if base.isascii() else letter
