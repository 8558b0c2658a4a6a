"""Which answers reached the citizen, and by which entry of the timeline. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from domain.states import EntryKind
from escalation.values import Event


@dataclass(frozen=True, slots=True)
class Answer:
    """A human answer that reached the citizen and was not lost afterwards."""

    sent: int
    templated: bool


def answers_of(events: Iterable[Event]) -> dict[int, Answer]:
    """Human answers by the number of the entry that says they were delivered, without those that were lost later.

    A delivery after a failure stands (receipts come out of order); a question to the citizen is no answer.
    """
    sent: dict[str, Answer] = {}
    reached: dict[str, int] = {}
    questions: set[str] = set()
    unsent = ""  # an answer that is only shown on the tracking page has no message; its delivery follows it
    for event in events:
        message = event.says("message")
        if not message and event.kind is EntryKind.answered:
            message = unsent = f"#{event.number}"
        elif not message and event.kind is EntryKind.answer_delivered:
            message = unsent or f"#{event.number}"
        if event.kind is EntryKind.answered:
            sent[message] = Answer(event.number, event.body.get("templated") is True)
        elif event.kind is EntryKind.asked and message:
            questions.add(message)
        elif event.kind is EntryKind.answer_delivered:
            reached.setdefault(message, event.number)
        elif event.kind is EntryKind.answer_failed:
            reached.pop(message, None)
    return {
        number: sent.get(message, Answer(number, False))
        for message, number in reached.items()
        if message not in questions
    }
