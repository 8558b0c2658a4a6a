"""Names of people found by a spaCy model, where one is installed: by language, a package or a folder.

None comes with Ombud: they are 10 to 500 MB each, and which is good depends on the language. Rules alone find the names
that are introduced as such.
"""

import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING

from core.errors import Misconfigured

if TYPE_CHECKING:
    from spacy.language import Language

PEOPLE = frozenset({"PER", "PERSON"})
_READ = 20_000


class People:
    """Finders of names by language. A model is loaded at its first text; `*` stands for every other language."""

    def __init__(self, models: Mapping[str, str]) -> None:
        self.models = dict(models)
        self._loaded: dict[str, Language] = {}
        self._lock = threading.Lock()

    def find(self, text: str, language: str | None) -> list[tuple[int, int]]:
        """Places of people's names in a text, as start and end; none without a model for the language.

        Raises:
            Misconfigured: a model that is named cannot be loaded.
        """
        model = self.models.get(language or "") or self.models.get("*")
        if not model or not text:
            return []
        with self._lock:
            nlp = self._loaded.get(model)
            if nlp is None:
                nlp = self._loaded[model] = _load(model)
            with nlp.memory_zone():
                return [(ent.start_char, ent.end_char) for ent in nlp(text[:_READ]).ents if ent.label_ in PEOPLE]


def _load(model: str) -> "Language":
    import spacy

    try:
        return spacy.load(model)
    except (OSError, ValueError) as error:
        raise Misconfigured(
            f"OMBUD_NAME_MODELS names {model!r}, which cannot be loaded: {str(error).splitlines()[0]}",
            mend="Install that spaCy model, name a folder that holds one, or leave the language out.",
        ) from error
