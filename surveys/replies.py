"""What goes into the reading of a reply, and what comes out of it: values without a database."""

from dataclasses import dataclass, field
from datetime import datetime

from surveys.flow import Given, Question


@dataclass(frozen=True, slots=True)
class Doubt:
    """A reply that we asked about, once: its text, and the questions it may answer (one: which number?)."""

    text: str
    between: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a survey stands with one citizen. `asked` are codes with when they were put, in that order.

    `doubt` is what we asked about and wait to hear of; `doubted`: we asked before, and never do again. `wanted`: words
    about a low rating were asked for at that moment, beside any question.
    """

    questions: tuple[Question, ...]
    given: Given
    asked: tuple[tuple[str, datetime], ...]
    doubt: Doubt | None = None
    doubted: bool = False
    wanted: datetime | None = None

    def question(self, code: str) -> Question | None:
        """The question of a code."""
        return next((one for one in self.questions if one.code == code), None)


@dataclass(frozen=True, slots=True)
class Heard:
    """One reply. `at`: when it was sent, as far as the channel says; `received`: when it reached us. `to` is the code
    of the question it was pressed or quoted for.
    """

    text: str
    received: datetime
    at: datetime | None = None
    to: str | None = None


@dataclass(frozen=True, slots=True)
class Landed:
    """Answers by question (None passes it over), words that were kept, what is to be asked about. `plain`: it is an
    answer to an open question and nothing else. `courtesy`: it only thanks.
    """

    values: dict[str, int | str | None] = field(default_factory=dict)
    words: str = ""
    doubt: Doubt | None = None
    resolved: bool = False
    plain: bool = False
    courtesy: bool = False

    @property
    def taken(self) -> bool:
        """Whether it is a reply to the survey at all."""
        return bool(self.values or self.words or self.doubt or self.courtesy or self.plain)
