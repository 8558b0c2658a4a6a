"""How a case may be disposed of: which outcome needs what."""

from cases.acting import words_of
from core.errors import BadInput
from domain.states import Outcome

BY_STAFF = tuple(outcome for outcome in Outcome if outcome is not Outcome.withdrawn)
"""Outcomes that staff may choose. What its citizen takes back, only they take back."""

IN_BULK = (Outcome.upheld, Outcome.partly_upheld, Outcome.answered)
"""Outcomes for many cases at once: the others need a reason, or another case, of their own."""


def check_outcome(outcome: Outcome, why: str) -> dict[str, object]:
    """What the entry of a closing says of its reason. Raises BadInput where it lacks one, or staff may not close so."""
    if outcome is Outcome.withdrawn:
        said = "Only the citizen takes their matter back."
        raise BadInput(said, fields={"outcome": said})
    if outcome is Outcome.duplicate:
        said = "Merge it with the other message of this citizen; then one answer closes both."
        raise BadInput(said, fields={"outcome": said})
    if outcome is Outcome.not_upheld and not why.strip():
        said = "Say why nothing is changed. The citizen reads it."
        raise BadInput(said, fields={"why": said})
    return {"reason": words_of(why, "The reason", limit=500)} if why.strip() else {}
