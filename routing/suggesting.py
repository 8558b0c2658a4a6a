"""What a waiting message may be about, as it looks now: today's model, what staff taught since, today's table."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from domain.catalogue import catalogue
from domain.office import Office
from domain.service import Service
from routing import lessons
from routing.service import answering

SUGGESTED = 3
_LOOKED_AT = 12
"""Labels looked at to find three whose service is offered and answered by somebody."""


@dataclass(frozen=True, slots=True)
class Suggested:
    """A service a message may be about, the office that answers for it there, and why: the words of the message that
    weighed most, and how many nearly the same messages staff placed so since the model was trained."""

    service: Service
    office: Office
    probability: float
    words: tuple[str, ...] = ()
    like: int = 0


def suggest(
    session: Session, text: str, place: str | None, now: datetime, location: Mapping[str, float] | None = None
) -> list[Suggested] | None:
    """The likeliest services of a text, at most three; None without a model. Reads, and rewrites nothing."""
    memory = lessons.memory(session)
    if memory is None:
        return None
    known = catalogue(session)
    found: list[Suggested] = []
    for one in memory.rank(text, _LOOKED_AT):
        service = known.service_by_code.get(one.label)
        office = answering(known, one.label, place, now, location) if service else None
        if service is None or office is None or one.probability <= 0:
            continue
        words = tuple(reason.words for reason in memory.model.reasons(text, one.label))
        found.append(Suggested(service, office, one.probability, words, memory.like(text, one.label)))
        if len(found) == SUGGESTED:
            break
    return found
