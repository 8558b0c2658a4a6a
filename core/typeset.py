"""Paper: a Typst template and its values as a PDF, and never a box where a letter should be.

Typst draws an empty box for a letter no font has and says nothing; so what is to be set is looked up in the fonts
first, and the machine's owner is told which script is missing and what to install.
"""

import json
import struct
import unicodedata
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import Misconfigured

if TYPE_CHECKING:
    import typst

FAMILIES = (
    "Noto Sans", "Noto Sans Bengali", "Noto Sans Arabic", "Noto Sans Devanagari", "Noto Sans Hebrew", "DejaVu Sans",
    "Liberation Sans", "Libertinus Serif",
)  # fmt: skip
"""Tried in this order; whatever none of them has, Typst looks for in all others. The last one it brings along."""
EMBEDDED = ((0x20, 0x24F), (0x300, 0x36F), (0x370, 0x3FF), (0x400, 0x45F), (0x2010, 0x2026), (0x2030, 0x203A))
"""Letters of the fonts Typst brings along: Latin, Greek, Cyrillic, and the signs between them."""
UNSEEN = frozenset("\n\t\u00a0\u200b\u200c\u200d\u200e\u200f\u2066\u2067\u2068\u2069\ufeff")
MARKUP = ("svg",)
"""Keys whose values are pictures, not words."""


def pdf(template: Traversable, values: Mapping[str, Any]) -> bytes:
    """The template set with `values`, which it reads as JSON from `sys.inputs.data`.

    Raises Misconfigured where no font of this machine has a letter that is to be set.
    """
    import typst  # only where paper is made

    lacking = missing("".join(_words(values)))
    if lacking:
        raise Misconfigured(
            f"This machine has no font for {named(lacking)}, so it would print empty boxes.",
            mend="Install one that has it; on Debian `apt-get install fonts-noto-core` has nearly all scripts.",
        )
    made = typst.compile(
        template.read_bytes(),
        format="pdf",
        font_paths=_fonts(),
        sys_inputs={"data": json.dumps(values, ensure_ascii=False), "families": json.dumps(_present())},
    )
    if not isinstance(made, bytes):  # a list only for pictures, a page each
        raise TypeError("Typst gave no PDF.")
    return made


def missing(text: str) -> list[str]:
    """The letters of a text that no font of this machine has."""
    wanted = {letter for letter in unicodedata.normalize("NFC", text) if letter not in UNSEEN and not _embedded(letter)}
    for path, index in _files():
        if not wanted:
            break
        ranges = _ranges(path, index)
        wanted = {letter for letter in wanted if not any(low <= ord(letter) <= high for low, high in ranges)}
    return sorted(wanted)


def named(letters: list[str]) -> str:
    """Letters by their script and shape, as much of them as a sentence holds."""
    scripts = dict.fromkeys(unicodedata.name(letter, "unknown").split()[0].capitalize() for letter in letters)
    return f"{', '.join(scripts)} ({' '.join(letters[:5])}{' …' if len(letters) > 5 else ''})"


def _words(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            if key not in MARKUP:
                yield from _words(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _words(inner)


def _embedded(letter: str) -> bool:
    return any(low <= ord(letter) <= high for low, high in EMBEDDED)


@lru_cache(maxsize=1)
def _fonts() -> "typst.Fonts":
    import typst

    return typst.Fonts()


@lru_cache(maxsize=1)
def _present() -> list[str]:
    """Those of `FAMILIES` that are here; Typst complains about names it does not know."""
    here = set(_fonts().families())
    return [family for family in FAMILIES if family in here]


@lru_cache(maxsize=1)
def _files() -> list[tuple[str, int]]:
    """Font files in the order they are likely to help, upright and regular ones alone."""
    order = {family: place for place, family in enumerate(FAMILIES)}
    usable = [font for font in _fonts().fonts() if font.path and font.style == "normal" and 350 <= font.weight <= 450]
    usable.sort(key=lambda font: (order.get(font.family, len(order)), font.family))
    return [(str(font.path), font.index) for font in usable]


@cache
def _ranges(path: str, index: int) -> tuple[tuple[int, int], ...]:
    """Which letters a font file has, from its `cmap` table (OpenType 1.9, formats 4 and 12); none if it is broken."""
    try:
        data = Path(path).read_bytes()
        start = struct.unpack_from(">I", data, 12 + 4 * index)[0] if data[:4] == b"ttcf" else 0
        for entry in range(struct.unpack_from(">H", data, start + 4)[0]):
            tag, _, offset, _ = struct.unpack_from(">4sIII", data, start + 12 + 16 * entry)
            if tag == b"cmap":
                return tuple(_cmap(data, offset))
    except (OSError, struct.error, IndexError):
        return ()
    return ()


def _cmap(data: bytes, table: int) -> Iterator[tuple[int, int]]:
    for entry in range(struct.unpack_from(">H", data, table + 2)[0]):
        platform, _, offset = struct.unpack_from(">HHI", data, table + 4 + 8 * entry)
        if platform not in (0, 3):
            continue
        at = table + offset
        match struct.unpack_from(">H", data, at)[0]:
            case 4:
                segments = struct.unpack_from(">H", data, at + 6)[0] // 2
                ends = struct.unpack_from(f">{segments}H", data, at + 14)
                starts = struct.unpack_from(f">{segments}H", data, at + 16 + 2 * segments)
                yield from zip(starts, ends, strict=True)
            case 12:
                for group in range(struct.unpack_from(">I", data, at + 12)[0]):
                    low, high, _ = struct.unpack_from(">III", data, at + 16 + 12 * group)
                    yield low, high
