"""Subjects of e-mails, in the citizen's language."""

import re

from channels.forms import N_
from core.i18n import translator

SUBJECT_LIMIT = 150
_ANSWERED = re.compile(r"^(?:\s*(?:re|aw|sv|ri|отв|ответ|përgj|উত্তর)\s*(?:\[\d+\])?:\s*)+", re.IGNORECASE)
_SUBJECTS: dict[str, str] = {
    "acknowledgement": N_("We have your message"),
    "answer": N_("The answer to your message"),
    "question": N_("A question about your message"),
    "status": N_("Where your message stands"),
    "transfer": N_("Another office has your message now"),
    "survey": N_("How was it?"),
    "survey_thanks": N_("Thank you for your answer"),
    "help": N_("How to write to us"),
    "resumed": N_("You get our messages again"),
    "stopped": N_("You get no more messages from us"),
    "proof": N_("Your code"),
    "raised": N_("Your message has gone further up"),
}
OTHER = N_("About your message")


def subject_of(purpose: str, reference: str, language: str) -> str:
    """The subject of a mail that answers none: what it is about, and the reference."""
    words = translator(language).gettext(_SUBJECTS.get(purpose, OTHER))
    return f"{words} [{reference}]" if reference else words


def with_reference(subject: str, reference: str) -> str:
    """The citizen's own subject, as an answer to it; with the reference once."""
    plain = _ANSWERED.sub("", " ".join(subject.split()))
    marked = f"[{reference}]"
    if reference and marked not in plain:
        plain = f"{plain[:SUBJECT_LIMIT]} {marked}".strip()
    return f"Re: {plain[: SUBJECT_LIMIT + len(marked)]}"
