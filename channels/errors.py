"""The closed list of ways a message can fail to reach a citizen.

The adapter names the failure; the sender owns the retry. `retry` is true only where it is certain that nothing was
sent, since a citizen is never sent the same message twice.
"""

from enum import StrEnum

from core.logs import redact_text


class Failure(StrEnum):
    """Why a message did not arrive. `str(failure.__doc__)` is the sentence staff read."""

    retry: bool
    closes_contact: bool

    def __new__(cls, value: str, retry: bool, closes_contact: bool, sentence: str) -> "Failure":
        member = str.__new__(cls, value)
        member._value_ = value
        member.retry = retry
        member.closes_contact = closes_contact
        member.__doc__ = sentence
        return member

    # name = value, may be tried again, address takes no more messages, what staff read
    opted_out = ("opted_out", False, True, "The citizen asked not to be written to on this number.")
    invalid_address = ("invalid_address", False, True, "This number or account does not exist, or takes no messages.")
    unreachable = ("unreachable", False, False, "The network could not reach the phone; try another way.")
    blocked = ("blocked", False, True, "The citizen or their network blocks messages from us.")
    too_long = ("too_long", False, False, "The message is longer than the channel takes; shorten it.")
    content_refused = ("content_refused", False, False, "The provider refused the wording; change it and send again.")
    window_closed = (
        "window_closed",
        False,
        False,
        "WhatsApp takes our own words only within 24 hours of the citizen's last message; try another way.",
    )
    rate_limited = ("rate_limited", True, False, "Too many messages at once; it is sent again by itself.")
    provider_down = ("provider_down", True, False, "The provider is down or out of reach; it is sent again by itself.")
    credentials = ("credentials", True, False, "The provider refuses our account; an administrator must mend it.")
    not_configured = ("not_configured", False, False, "This channel is not set up; an administrator can do so.")
    outcome_unknown = (
        "outcome_unknown",
        False,
        False,
        "The line broke while sending: it may or may not have arrived. Check before writing again.",
    )


class SendFailed(Exception):
    """A channel could not send. `detail` is the provider's own words; `retry_after` is in seconds.

    Providers like to repeat the address ("550 <ana@…>: no such user"); it is struck out, since these words are kept.
    """

    def __init__(self, failure: Failure, detail: str = "", *, retry_after: float | None = None) -> None:
        detail = redact_text(detail)
        super().__init__(f"{failure.value}: {detail}" if detail else failure.value)
        self.failure = failure
        self.detail = detail
        self.retry_after = retry_after
