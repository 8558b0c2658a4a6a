"""What people write in the sample history, by language; a language without a phrase borrows the English one."""

import random
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any


@dataclass(frozen=True, slots=True)
class Phrases:
    """The phrase book."""

    book: dict[str, Any]

    def pick(self, dice: random.Random, language: str, what: str) -> str:
        """One phrase of a kind."""
        found = self.book.get(language, {}).get(what) or self.book["en"][what]
        return str(dice.choice(found))

    @property
    def meetings(self) -> list[dict[str, str]]:
        """Why, decision and action of complaint reviews."""
        return list(self.book["meeting"])


@lru_cache(maxsize=1)
def phrases() -> Phrases:
    """The phrase book of the sample government."""
    return Phrases(tomllib.loads((resources.files("cli.sample") / "data" / "phrases.toml").read_text("utf-8")))
