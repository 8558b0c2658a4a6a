"""Ratings with the words that came with them, as far as a viewer may read them.

Words may have become a case. Whoever may not see that case does not read them here either: what is said about a person
must not reach that person through a list of ratings.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import aliased
from sqlmodel import Session, and_, col, select

from cases.persons import Redactor
from core.sets import one_of
from core.texts import shorten
from domain.case import Case
from domain.citizen import ContactPoint
from domain.inbox import InboundMessage
from domain.survey import Answer, Invitation
from domain.visibility import Viewer, visible

_EXIT = "exit:"
LONGEST = 300
"""Characters of somebody's words that a list shows."""


@dataclass(frozen=True, slots=True)
class Said:
    """One rating of 1 to 5 and its words (empty without), redacted; `case_id` and `reference` of the case it became, if
    any. `written` is what stood there: to look for somebody who is thanked, and never to be shown."""

    office_id: UUID
    service_id: UUID | None
    rating: int
    words: str
    at: datetime
    case_id: UUID | None
    reference: str
    written: str = field(default="", repr=False)


def said(
    session: Session,
    who: Viewer,
    office_ids: Collection[UUID] | None,
    *,
    since: datetime,
    until: datetime,
    at_least: int = 1,
    up_to: int = 5,
    with_words: bool = False,
    limit: int = 500,
) -> list[Said]:
    """The `limit` newest ratings from `at_least` to `up_to` that were given in a period; lowest first, then newest."""
    words = aliased(Answer)
    query = (
        select(Answer, words.text)
        .join(
            words,
            and_(col(words.source_id) == col(Answer.source_id), col(words.question) == "words"),
            isouter=not with_words,
        )
        .where(
            col(Answer.question) == "rating",
            col(Answer.value).between(at_least, up_to),
            col(Answer.answered_at) >= since,
            col(Answer.answered_at) < until,
        )
        .order_by(col(Answer.answered_at).desc(), col(Answer.source_id))
        .limit(limit)
    )
    if office_ids is not None:
        query = query.where(one_of(Answer.office_id, office_ids))
    rows = session.exec(query).all()
    became = _cases(session, [answer for answer, _ in rows])
    shown = _references(session, who, {case for cases in became.values() for case in cases})
    # a report of money is for the integrity office, also in the moment before it is a case
    money = _of_money(session, [answer.source_id for answer, _ in rows])
    without = Redactor(session)
    writers = _writers(session, [answer for answer, _ in rows])
    without.learn(writers.values())
    found = [
        Said(
            office_id=answer.office_id,
            service_id=answer.service_id,
            rating=answer.value or 1,
            words=shorten(without.words(text or "", answer.office_id, writers.get(answer.invitation_id)), LONGEST),
            at=answer.answered_at,
            case_id=next(iter(became.get(answer.source_id, ())), None),
            reference=next((shown[case] for case in became.get(answer.source_id, ())), ""),
            written=text or "",
        )
        for answer, text in rows
        # who may not see one of the cases they led to sees none of the words: they may tell of that one
        if (
            shown.keys() >= set(became[answer.source_id])
            if answer.source_id in became
            else answer.source_id not in money
        )
    ]
    return sorted(found, key=lambda line: line.rating)


def _cases(session: Session, answers: list[Answer]) -> dict[str, list[UUID]]:
    """Which cases each answer's survey led to, the first before others, by the answer's source."""
    by_invitation = {answer.invitation_id: answer.source_id for answer in answers if answer.invitation_id}
    # a face and the reason given a moment later are two messages of one visit
    by_message = {
        answer.source_id.removeprefix(_EXIT) + step: answer.source_id
        for answer in answers
        if answer.source_id.startswith(_EXIT)
        for step in ("", "/why")
    }
    found: dict[str, list[UUID]] = {}
    if by_invitation:
        for invitation, case in session.exec(
            select(Case.invitation_id, Case.id).where(col(Case.invitation_id).in_(by_invitation)).order_by(col(Case.id))
        ):
            if invitation is not None:
                found.setdefault(by_invitation[invitation], []).append(case)
    if by_message:
        for message, linked in session.exec(
            select(InboundMessage.provider_id, InboundMessage.case_id).where(
                col(InboundMessage.provider_id).in_(by_message), col(InboundMessage.case_id).is_not(None)
            )
        ):
            if linked is not None:
                found.setdefault(by_message[message], []).append(linked)
    return found


def _writers(session: Session, answers: list[Answer]) -> dict[UUID | None, UUID]:
    """The citizen that each invitation went to."""
    asked = {answer.invitation_id for answer in answers if answer.invitation_id}
    asked_of: dict[UUID | None, UUID] = {}
    rows = session.exec(
        select(Invitation.id, ContactPoint.citizen_id)
        .join(ContactPoint, col(ContactPoint.id) == col(Invitation.contact_point_id))
        .where(one_of(Invitation.id, asked))
    )
    asked_of.update(rows.all())
    return asked_of


def _of_money(session: Session, sources: Collection[str]) -> frozenset[str]:
    told = select(Answer.source_id).where(
        col(Answer.source_id).in_(sources), col(Answer.question) == "money", col(Answer.value) == 1
    )
    return frozenset(session.exec(told))


def _references(session: Session, who: Viewer, cases: Collection[UUID]) -> dict[UUID, str]:
    """References of those that the viewer may see."""
    if not cases:
        return {}
    return dict(session.exec(select(Case.id, Case.reference).where(col(Case.id).in_(cases), visible(who))).all())
