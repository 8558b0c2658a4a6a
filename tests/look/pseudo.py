"""A pseudo-locale: a language that goes from right to left, is half as long again, and marks every word it translated.

It is a real catalogue on disk under the code `ar`, so that it is read, chosen and shown like any language a deployment
adds; only its words are English between brackets. A word outside brackets on a page is one that no translator sees.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import write_po

from core import i18n
from core.settings import settings

CODE = "ar"
OPEN, CLOSE = "⟦", "⟧"
_KEPT = re.compile(r"(%\(\w+\)s|%%|<[^>]+>|&\w+;)")
_ACCENTS = str.maketrans("aceinouyAEOU", "åçéîñôûýÅÉÖÜ")


def pseudo(message: str) -> str:
    """A message as this language says it: accented, longer, in brackets; placeholders and tags as they are."""
    parts = _KEPT.split(message)
    words = "".join(part if index % 2 else part.translate(_ACCENTS) for index, part in enumerate(parts))
    return f"{OPEN}{words}{' ~~~' * (len(message) // 8)}{CLOSE}"


def write(folder: Path, messages: set[str | tuple[str, ...]]) -> None:
    """Write the catalogue of these messages beside links to the real ones."""
    for real in [path for path in i18n.LOCALE_DIR.iterdir() if path.is_dir() and path.name != CODE]:
        (folder / real.name).symlink_to(real, target_is_directory=True)
    made = Catalog(locale=CODE)
    for message in messages:
        if isinstance(message, str):
            made.add(message, pseudo(message))
        else:
            made.add(message[:2], tuple(pseudo(message[1]) for _ in range(made.num_plurals)))
    (folder / CODE).mkdir()
    with (folder / CODE / "messages.po").open("wb") as file:
        write_po(file, made)


@contextmanager
def spoken(folder: Path) -> Iterator[None]:
    """The house speaks the language in `folder` while this lasts."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(i18n, "LOCALE_DIR", folder)
        patch.setitem(i18n.LANGUAGES, CODE, f"{OPEN}{CODE}{CLOSE}")
        patch.setenv("OMBUD_LANGUAGES", f"en,{CODE},bn")
        settings.cache_clear()
        i18n.translator.cache_clear()
        yield
    settings.cache_clear()
    i18n.translator.cache_clear()
