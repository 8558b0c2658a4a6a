"""Which answers reached the citizen, and by which entry of the timeline. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from domain.states import EntryKind
from escalation.values import Event

# looked up once: each timeline is read entry by entry
ANSWERED, DELIVERED = EntryKind.answered, EntryKind.answer_delivered
FAILED, ASKED = EntryKind.answer_failed, EntryKind.asked


@dataclass(slots=True)
class Answer:
    """A human answer that reached the citizen and was not lost afterwards; `decides` an appeal, or does not."""

    sent: int
    templated: bool
    decides: bool = False


def answers_of(events: Iterable[Event]) -> dict[int, Answer]:
    """Human answers by the number of the entry that says they were delivered, without those that were lost later.

    A delivery after a failure stands (receipts come out of order); a question to the citizen is no answer.
    """
    sent: dict[str, Answer] = {}
    reached: dict[str, int] = {}
    questions: set[str] = set()
    unsent = ""  # an answer that is only shown on the tracking page has no message; its delivery follows it
    for event in events:
        kind = event.kind
        if kind is ANSWERED:
            message = event.says("message")
            if not message:
                message = unsent = f"#{event.number}"
            decides = event.body.get("decides_appeal") is True
            sent[message] = Answer(event.number, event.body.get("templated") is True, decides)
        elif kind is DELIVERED:
            reached.setdefault(event.says("message") or unsent or f"#{event.number}", event.number)
        elif kind is FAILED:
            reached.pop(event.says("message"), None)
        elif kind is ASKED:
            questions.add(event.says("message"))
    questions.discard("")
    return {
        number: sent.get(message, Answer(number, False))
        for message, number in reached.items()
        if message not in questions
    }
