"""Text as it comes from people: made storable, never judged."""

import re
import unicodedata

# NUL cannot be stored by PostgreSQL; other controls but tab and newline carry nothing; a lone surrogate is not text
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_DIGITS = {
    ord(c): str(unicodedata.digit(c))
    for c in map(chr, range(0x660, 0x1FFFF))
    if unicodedata.digit(c, None) is not None and unicodedata.category(c) == "Nd"
}


def clean(text: str, limit: int | None = None) -> str:
    """NFC text without control characters, trimmed, cut to `limit` characters. Direction marks and joiners stay."""
    text = unicodedata.normalize("NFC", _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))).strip()
    return text if limit is None else text[:limit]


def latin_digits(text: str) -> str:
    """The same text with every script's decimal digits as 0-9."""
    return text.translate(_DIGITS)


def shorten(text: str, limit: int = 80) -> str:
    """One line of at most `limit` characters, cut at a word with an ellipsis."""
    line = " ".join(text.split())
    if len(line) <= limit:
        return line
    cut = line[: limit - 1]
    return (cut.rsplit(" ", 1)[0] if " " in cut[limit // 2 :] else cut).rstrip(" ,.;:") + "…"
