"""What routing is asked and what it answers, as values."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from nlp.accusation import Accusation
from nlp.classifier import Prediction, Taught
from routing.areas import Spot


class Method(StrEnum):
    """Which rule decided."""

    integrity = "integrity"
    office_code = "office_code"
    picked_service = "picked_service"
    lessons = "lessons"
    classifier = "classifier"
    words = "words"
    triage = "triage"
    held = "held"


@dataclass(frozen=True, slots=True)
class Request:
    """What is known of a message. `service` and `office_code` are codes that the citizen, poster or kiosk gave.

    `held` says why a person should look at it before any office does. `place` was picked, `last_place` is the citizen's
    last known one; `at` is the spot on the map, and says more than either. A prediction at least as sure as its own
    threshold is followed; `no_prediction` says in words why there is none. `recognised` is an accusation no rule sees,
    `named` whom one names, `named_id` who that is, `named_at` the office to look past for it. `cleared`: the integrity
    office has looked, and it goes where it went without that. `taught` is what staff made
    of nearly the same messages since the model was trained, and goes before it.
    """

    text: str
    service: str | None = None
    place: str | None = None
    office_code: str | None = None
    about_staff: bool = False
    language: str = "en"
    prediction: Prediction | None = None
    last_place: str | None = None
    no_prediction: str = ""
    held: str = ""
    at: Spot | None = None
    recognised: Accusation | None = None
    named: str = ""
    named_id: UUID | None = None
    named_at: UUID | None = None
    cleared: bool = False
    taught: Taught | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A service the text may be about, and the office that would answer."""

    service_id: UUID
    service: str
    probability: float
    office_id: UUID
    office: str


@dataclass(frozen=True, slots=True)
class Decision:
    """The one accountable office and why. `about_office_id` and the offices above it are shut out of the case.

    `rule_id` is the line of the routing table that named the office, where one did.
    """

    office_id: UUID
    method: Method
    reason: str
    service_id: UUID | None = None
    place: str | None = None
    confidence: float | None = None
    model: str | None = None
    integrity: bool = False
    about_office_id: UUID | None = None
    suggestions: tuple[Candidate, ...] = ()
    rule_id: UUID | None = None
    about_staff_id: UUID | None = None
    at_triage: bool = False

    @property
    def triage(self) -> bool:
        """Whether a person at the triage desk still has to say whose it is."""
        return self.at_triage or self.method in (Method.triage, Method.held)


@dataclass(frozen=True, slots=True)
class Step:
    """One thing looked at on the way to a decision, what was found there, and whether it decided."""

    what: str
    said: str
    decided: bool = False
