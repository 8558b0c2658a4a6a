"""The page behind a survey's link, `/s/{token}`: what it shows, and taking its answers any number of times."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from channels.values import Channel
from core.errors import Conflict, NotFound
from core.texts import clean
from domain.catalogue import catalogue, name_of
from domain.states import InvitationState
from domain.survey import Invitation, Transaction
from surveys import ledger
from surveys.answers import Taken, write
from surveys.exit import read_rating
from surveys.money import tells_of_money
from surveys.schedule import REPLY_TIME

__all__ = ["Opened", "Taken", "answer", "look"]


@dataclass(frozen=True, slots=True)
class Opened:
    """What the page shows. `rating`, `words` and `money` are what was answered before, on any channel."""

    token: str
    language: str
    office: str
    service: str
    completed_at: datetime
    rating: int | None
    words: str
    money: bool | None
    over: bool


def look(session: Session, token: str, now: datetime, language: str | None = None) -> Opened:
    """The survey of a link; looking changes nothing, since mail programs and previews open links too.

    Raises NotFound for a token nobody was given.
    """
    invitation, transaction = _find(session, token, lock=False)
    answers = ledger.said(session, f"invitation:{invitation.id}")
    known = catalogue(session)
    spoken = language or invitation.language
    rating, words, money = answers.get("rating"), answers.get("words"), answers.get("money")
    return Opened(
        token=token,
        language=invitation.language,
        office=known.name(transaction.office_id, spoken),
        service=name_of(known.services[transaction.service_id], spoken),
        completed_at=transaction.completed_at,
        rating=rating.value if rating else None,
        words=(words.text or "") if words else "",
        money=bool(money.value) if money else None,
        over=_over(invitation, now),
    )


def answer(
    session: Session, token: str, rating: object, now: datetime, *, words: str = "", money: bool | None = None
) -> Taken:
    """Write the page's answers; pressed twice they count once, and another value corrects the first.

    The caller opens the case when `opens_case` says so, in the same transaction.

    Raises:
        NotFound: no such link.
        Conflict: it is too late to answer.
        BadInput: the rating is none of the five.
    """
    invitation, _ = _find(session, token, lock=True)
    if _over(invitation, now):
        raise Conflict("This survey is over.", mend="You can still write to the office: start at the front page.")
    asked = True if tells_of_money(words) else money
    return write(session, invitation, Channel.web, now, rating=read_rating(rating), words=words, money=asked)


def _find(session: Session, token: str, *, lock: bool) -> tuple[Invitation, Transaction]:
    query = select(Invitation).where(col(Invitation.token) == clean(token, 200))
    invitation = session.exec(query.with_for_update() if lock else query).first()
    if invitation is None:
        raise NotFound("There is no survey behind this link.", mend="Open the link from the message again, in full.")
    return invitation, session.get_one(Transaction, invitation.transaction_id)


def _over(invitation: Invitation, now: datetime) -> bool:
    """Too late, or withdrawn; one not sent yet may be answered by whoever was handed its link."""
    if invitation.state in (InvitationState.suppressed, InvitationState.expired):
        return True
    return invitation.sent_at is not None and now - invitation.sent_at > REPLY_TIME
