"""The words of messages to staff: references, moments and links. No word of a citizen's is ever among them.

In English, as the pages for staff are.
"""

from collections.abc import Sequence
from datetime import datetime, tzinfo

from channels.values import Channel
from core.crypto import cipher
from core.i18n import SOURCE_LANGUAGE, format_datetime
from core.settings import settings
from domain.reach import StaffMessage
from notifications.segments import for_sms

DIGITS = 6
LISTED = {Channel.email: 50, Channel.telegram: 10}
"""Matters that a digest names one by one; an SMS names none."""


def code_of(message: StaffMessage) -> str:
    """The digits that prove a telephone: worked out from the row under a key that is not in the database."""
    return f"{int(cipher().seal(b'staff code' + bytes(1) + message.id.bytes)[:15], 16) % 10**DIGITS:0{DIGITS}d}"


def code_words(message: StaffMessage, minutes: int) -> str:
    """The SMS with the code."""
    told = f"{code_of(message)} is your code for {settings().government}."
    return for_sms(f"{told} It is good for {minutes} minutes. Nobody will ask you for it.")


def linked_words(name: str) -> str:
    """What a chat hears that somebody has linked."""
    return f"This chat now gets what {settings().government} has to tell {name}. Your account page ends it."


def subject_of_text(message: StaffMessage) -> str:
    """Subject of a mail that was written whole (a meeting, an export, a week's figures): its first line."""
    return message.text.partition("\n")[0]


def action_words(message: StaffMessage, channel: Channel) -> str:
    """An action of a review that is not done, with where to say what became of it."""
    return for_sms(message.text.replace("\n", " ")) if channel is Channel.sms else message.text


def action_subject() -> str:
    """Subject of a mail about an action."""
    return f"An action is past its day [{settings().government}]"


def subject_of(rows: Sequence[tuple[StaffMessage, str]]) -> str:
    """Subject of a mail about these; each with its reference."""
    urgent = "Urgent: " if rows[0][0].urgent else ""
    if len(rows) == 1:
        return f"{urgent}{rows[0][1]} [{settings().government}]"
    return f"{urgent}{len(rows)} matters wait for you"


def body_of(rows: Sequence[tuple[StaffMessage, str]], channel: Channel, since: datetime, zone: tzinfo) -> str:
    """One matter with its link, or many in one message. `since` is when the oldest began to wait."""
    site = settings().site_url
    urgent = "Urgent. " if rows[0][0].urgent else ""
    if len(rows) == 1:
        message, reference = rows[0]
        between = " " if channel is Channel.sms else "\n"
        text = f"{urgent}{message.text}{between}{site}/staff/cases/{reference}"
        return for_sms(text) if channel is Channel.sms else text
    moment = format_datetime(since, SOURCE_LANGUAGE, zone, "short")
    told = f"{urgent}{len(rows)} matters wait for you, the oldest since {moment}."
    everything = f"All of them: {site}/staff/notices"
    if channel is Channel.sms:
        return for_sms(f"{told} {everything}")
    shown = rows[: LISTED.get(channel, 0)]
    lines = [f"– {message.text}" for message, _ in shown]
    if left := len(rows) - len(shown):
        lines.append(f"… and {left} more.")
    return "\n".join([told, "", *lines, "", everything])
