"""What an accusation is, whoever recognised it: the rules of `nlp.integrity` or the recogniser that has learnt."""

from dataclasses import dataclass
from enum import StrEnum


class Accused(StrEnum):
    """What somebody is accused of, gravest first."""

    harassment = "harassment"
    retaliation = "retaliation"
    bribery = "bribery"
    conduct = "conduct"


@dataclass(frozen=True, slots=True)
class Accusation:
    """The gravest kind found, and the words it was recognised by, for the reason kept with the case. Not `sure`: it
    may be nothing, and the integrity office sees that it is asked.
    """

    kind: Accused
    words: tuple[str, ...]
    sure: bool = True


TAUGHT = "integrity.npz"
"""Where weights lie: in the package, and in the models folder of an installation that has taught its own."""
ORDINARY = "ordinary"
"""What accuses nobody, as the recogniser learns it."""
