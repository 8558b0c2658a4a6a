"""The conversation of a survey over SMS, WhatsApp, Telegram and e-mail: each reply lands at its question, whenever it
comes, and the next question that applies follows, until all are answered; then thanks, once.

Whoever stops answering has answered what they answered. Nothing is asked twice, and no reply is asked about twice.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from channels.email import message_of
from channels.values import Channel
from core.settings import settings
from domain.citizen import ContactPoint
from domain.outbox import OutboundMessage
from domain.states import InvitationState, Purpose
from domain.survey import Answer, Invitation
from surveys import answers, asking, onward, reading
from surveys.answers import Taken
from surveys.flow import WORDS, Kind
from surveys.landing import HASTE, land
from surveys.replies import Heard, Landed, Standing
from surveys.schedule import REPLY_TIME
from surveys.standing import stands

LATE = timedelta(days=60)
"""An answer and nothing else still counts this long after the survey was sent."""
AT_ONCE = 5
"""Most surveys of one citizen that a reply may be about."""


@dataclass(frozen=True, slots=True)
class _Talk:
    """One survey of a citizen as it stands, and what the reply would come to there."""

    invitation: Invitation
    standing: Standing
    said: Mapping[str, Answer]
    landed: Landed

    @property
    def answers_open(self) -> bool:
        """Whether the reply answers a question that was put and not answered yet."""
        put = {code for code, _ in self.standing.asked} - self.standing.given.keys()
        return any(code in put and value is not None for code, value in self.landed.values.items())


def take(
    session: Session,
    contact: ContactPoint,
    text: str,
    now: datetime,
    *,
    sent_at: datetime | None = None,
    reply_to: str | None = None,
    button: str | None = None,
) -> Taken | None:
    """Take a message for an answer to a survey of its sender; None when it is none.

    `sent_at` is when the citizen sent it, where the channel says so; `reply_to` names the message of ours that it
    quotes, as the channel calls it; `button` is the data of the button that was pressed.
    """
    invitations = _lately(session, contact, now)
    if not invitations:
        return None
    if button is not None:
        talk = _pressed(session, invitations, button)
    else:
        talk = _landed(session, contact, invitations, Heard(text, now, at=sent_at), reply_to, now)
    if talk is None:
        return None
    return _taken(session, contact, talk, text, now)


def is_quoted(session: Session, contact: ContactPoint, reply_to: object) -> bool:
    """Whether a message quotes a question of a survey."""
    message = _quoted(session, contact, str(reply_to or ""))
    return message is not None and message.invitation_id is not None


def awaits(session: Session, contact: ContactPoint, text: str, since: datetime) -> bool:
    """Whether a survey's question that was put after a moment is still open, and these words would answer it."""
    recent = select(Invitation).where(
        col(Invitation.contact_point_id) == contact.id,
        col(Invitation.state).in_((InvitationState.sent, InvitationState.answered)),
        col(Invitation.sent_at) >= since - LATE,
    )
    for invitation in session.exec(recent.order_by(col(Invitation.sent_at).desc()).limit(AT_ONCE)):
        standing, _ = stands(session, invitation)
        code, at = standing.asked[-1] if standing.asked else ("", since)
        question = standing.question(code)
        if question is None or code in standing.given or at <= since or question.kind is Kind.text:
            continue
        if reading.read(text, question, settings().languages) is not None:
            return True
    return False


# -- which survey, which question ----------------------------------------------------------------------------------


def _lately(session: Session, contact: ContactPoint, now: datetime) -> Sequence[Invitation]:
    """Surveys this contact point was sent not too long ago, locked in one order."""
    query = select(Invitation).where(
        col(Invitation.contact_point_id) == contact.id,
        col(Invitation.state).in_((InvitationState.sent, InvitationState.answered, InvitationState.expired)),
        col(Invitation.sent_at) >= now - LATE,
    )
    newest = query.order_by(col(Invitation.sent_at).desc(), col(Invitation.id).desc()).limit(AT_ONCE)
    # another question may have been put, or answered on the page, since this session last looked
    return session.exec(newest.with_for_update().execution_options(populate_existing=True)).all()


def _landed(
    session: Session,
    contact: ContactPoint,
    invitations: Sequence[Invitation],
    heard: Heard,
    reply_to: str | None,
    now: datetime,
) -> _Talk | None:
    """The survey a reply is about: the one it quotes, else where it answers an open question, else the one that was
    asked last."""
    quoted = _quoted(session, contact, reply_to or "")
    talks = []
    for invitation in invitations:
        standing, said = stands(session, invitation)
        one = heard
        if quoted is not None and quoted.invitation_id is not None:
            if quoted.invitation_id != invitation.id:
                continue
            one = Heard(heard.text, heard.received, heard.at, to=_put_by(invitation, quoted, standing))
        landed = land(standing, one, settings().languages)
        last = max((at for _, at in standing.asked), default=now)
        if landed.taken and (landed.plain or now - last <= REPLY_TIME):  # later an answer and nothing else is taken
            talks.append((last, _Talk(invitation, standing, said, landed)))
    talks.sort(key=lambda pair: pair[0], reverse=True)
    if quoted is None and talks and (spoken := _spoken_since(session, contact, talks[0][0])) is not None:
        # an office has asked or answered since: what was asked last is what is answered
        talks = [pair for pair in talks if pair[1].answers_open] if spoken == Purpose.answer else []
    newest = talks[0][1] if talks else None
    if newest is not None and _repeats(newest, now):
        return newest
    return next((talk for _, talk in talks if talk.answers_open), newest)


def _spoken_since(session: Session, contact: ContactPoint, moment: datetime) -> Purpose | None:
    """What an office last wrote to the citizen after a moment: a question or an answer; None where it wrote nothing."""
    later = select(OutboundMessage.purpose).where(
        col(OutboundMessage.contact_point_id) == contact.id,
        col(OutboundMessage.created_at) > moment,
        col(OutboundMessage.purpose).in_((Purpose.question, Purpose.answer)),
    )
    last = session.exec(later.order_by(col(OutboundMessage.created_at).desc()).limit(1)).first()
    return Purpose(last) if last is not None else None


def _repeats(talk: _Talk, now: datetime) -> bool:
    """Whether a reply only says again what was answered a moment ago."""
    again = talk.landed.plain and not talk.landed.values
    return again and any(now - answer.answered_at <= HASTE for answer in talk.said.values())


def _quoted(session: Session, contact: ContactPoint, key: str) -> OutboundMessage | None:
    """The message of ours to this contact point that a message quotes."""
    if not key:
        return None
    named = message_of(key)
    ours = select(OutboundMessage).where(
        col(OutboundMessage.id) == named if named is not None else col(OutboundMessage.provider_id) == key,
        col(OutboundMessage.contact_point_id) == contact.id,
    )
    return session.exec(ours.order_by(col(OutboundMessage.created_at).desc()).limit(1)).first()


def _put_by(invitation: Invitation, message: OutboundMessage, standing: Standing) -> str | None:
    """The question that a message put; None for the thanks, or the question which one was meant."""
    for one in invitation.asked:
        if one.get("message") == str(message.id):
            return str(one["question"])
    return standing.asked[0][0] if not invitation.asked and message.purpose == Purpose.survey else None


def _pressed(session: Session, invitations: Sequence[Invitation], button: str) -> _Talk | None:
    """What a button stands for, which is the same whenever it is pressed."""
    named = asking.pressed(button)
    invitation = next((one for one in invitations if named is not None and one.id == named[0]), None)
    if named is None or invitation is None:
        return None
    standing, said = stands(session, invitation)
    question = standing.question(named[1])
    if question is None:
        return None
    value = reading.value_of(named[2], question)
    if value is None and named[2] != asking.PASSED:
        return None
    doubt = standing.doubt
    resolved = doubt is not None and question.code in doubt.between
    return _Talk(invitation, standing, said, Landed({question.code: value}, resolved=resolved, plain=True))


# -- writing, and going on -----------------------------------------------------------------------------------------


def _taken(session: Session, contact: ContactPoint, talk: _Talk, text: str, now: datetime) -> Taken:
    invitation, landed = talk.invitation, talk.landed
    values, words = dict(landed.values), landed.words
    own = values.pop(WORDS, None)
    passed = {code for code, value in values.items() if value is None}
    if WORDS in landed.values and own is None and not words:
        passed.add(WORDS)
    taken = answers.write_all(
        session,
        invitation,
        Channel(contact.channel),
        now,
        values=_stored(talk.standing, {code: value for code, value in values.items() if value is not None}, text),
        words=words or str(own or ""),
        passed=passed - talk.said.keys(),
    )
    if landed.doubt is not None:
        onward.ask_which(session, contact, invitation, talk.standing, landed.doubt, now)
        return taken
    if landed.resolved or (talk.standing.doubt is not None and not landed.courtesy):
        invitation.unclear = {**(invitation.unclear or {}), "open": False}
        session.add(invitation)
    onward.go_on(session, contact, invitation, taken, now)
    return taken


def _stored(standing: Standing, values: Mapping[str, int | str], text: str) -> dict[str, tuple[int | None, str | None]]:
    """Answers as the ledger keeps them: a choice as its code, a number as a number; beside a rating how it was said."""
    return {
        code: (None, value) if isinstance(value, str) else (value, text if _rates(standing, code) else None)
        for code, value in values.items()
    }


def _rates(standing: Standing, code: str) -> bool:
    question = standing.question(code)
    return question is not None and question.kind is Kind.rating
