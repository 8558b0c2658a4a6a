"""What reviews decided, for the public: in words the chair of the review chose, let out by somebody else.

The words say nothing of a citizen: they may not repeat what was written, nor hold an address or a reference. A case
that goes behind the firewall later takes its decision out of sight.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select as sa_select
from sqlmodel import Session, col, select

from cases.persons import Redactor
from core.errors import BadInput, Conflict, NotAllowed, NotFound
from core.texts import clean
from domain.case import Case
from domain.catalogue import catalogue
from domain.publication import DecisionState, PublicDecision
from domain.review import Finding, Review
from domain.staff import Staff
from domain.states import Role
from domain.visibility import Viewer, countable, visible
from reports.public.publishing import decides

LEAST_WORDS, MOST_WORDS = 20, 400
RUN = 6
"""So many words in a row as the citizen wrote them are a quotation."""
_REFERENCE = re.compile(r"\b[0-9A-Z]{4}-[0-9A-Z]{4}\b")
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A decision of a meeting that was held, and what the public reads of it, if anything."""

    finding_id: UUID
    office_id: UUID
    week: date
    reference: str
    decision: str
    words: str
    state: DecisionState | None
    by: str
    mine: bool


def candidates(session: Session, who: Viewer, limit: int = 100) -> list[Candidate]:
    """Decisions of closed meetings that this viewer may put into words, or let out; newest week first."""
    lets_out = decides(session, who)
    chaired = frozenset[UUID]().union(
        *(catalogue(session).subtree(at) for role, at in who.roles if role in (Role.head, Role.supervisor))
    )
    rows = session.execute(
        sa_select(Finding, Review, col(Case.reference), PublicDecision, col(Staff.name))
        .join(Review, col(Review.id) == col(Finding.review_id))
        .join(Case, col(Case.id) == col(Finding.case_id))
        .outerjoin(PublicDecision, col(PublicDecision.finding_id) == col(Finding.id))
        .outerjoin(Staff, col(Staff.id) == col(PublicDecision.by_id))
        .where(col(Review.closed_at).is_not(None), countable(), visible(who))
        .order_by(col(Review.week).desc(), col(Finding.at).desc())
        .limit(limit)
    ).all()
    return [
        Candidate(
            finding.id,
            review.office_id,
            review.week,
            reference,
            finding.decision,
            said.words if said else "",
            DecisionState(said.state) if said else None,
            by or "",
            said is not None and said.by_id == who.staff_id,
        )
        for finding, review, reference, said, by in rows
        if review.office_id in chaired or (lets_out and said is not None)
    ]


def propose(session: Session, who: Viewer, finding_id: UUID, words: str, now: datetime) -> PublicDecision:
    """Say a decision in words for the public; again as long as it is not out.

    Raises:
        NotFound: no such decision for this person, or one that is never public.
        NotAllowed: they did not chair it, nor could they.
        BadInput: `fields` words: too short or long, a quotation, an address or a reference.
        Conflict: it is out already.
    """
    finding, review, case = _load(session, who, finding_id)
    if not _chairs(session, who, review):
        raise NotAllowed("Who leads the office's review says what it decided.", mend="Ask the chair.")
    said = clean(words).strip()
    if wrong := _wrong(said, case.text, Redactor(session).names_somebody(said, case.office_id, case.citizen_id)):
        raise BadInput("The public cannot read this as it is.", mend=wrong, fields={"words": wrong})
    known = session.exec(
        select(PublicDecision).where(PublicDecision.finding_id == finding.id).with_for_update()
    ).first()
    if known is not None and known.state == DecisionState.published:
        raise Conflict("This decision is public already.", mend="What is public stays as it was read.")
    row = known or PublicDecision(
        finding_id=finding.id,
        office_id=review.office_id,
        month=review.week.replace(day=1),
        words=said,
        by_id=_staff(who),
        at=now,
    )
    row.words, row.by_id, row.at, row.state = said, _staff(who), now, DecisionState.proposed
    row.judged_by = row.judged_at = None
    session.add(row)
    session.flush()
    return row


def judge(session: Session, who: Viewer, finding_id: UUID, words: str, *, out: bool, now: datetime) -> PublicDecision:
    """Let the words out that were looked at, or refuse them. Not for who wrote them.

    Raises NotFound, NotAllowed, Conflict.
    """
    finding, _, _ = _load(session, who, finding_id)
    if not decides(session, who):
        raise NotAllowed("Decisions are let out by who leads the whole government.", mend="Ask them.")
    row = session.exec(select(PublicDecision).where(PublicDecision.finding_id == finding.id).with_for_update()).first()
    if row is None:
        raise NotFound("Nobody put this decision into words.", mend="Choose one of the list.")
    if row.by_id == who.staff_id:
        raise NotAllowed("These are your own words.", mend="Somebody else lets them out.")
    if row.state != DecisionState.proposed or row.words != clean(words).strip():
        raise Conflict("This is not what you looked at.", mend="Look at it again.")
    row.state = DecisionState.published if out else DecisionState.refused
    row.judged_by, row.judged_at = who.staff_id, now
    session.add(row)
    session.flush()
    return row


def published(session: Session, office_id: UUID | None = None, limit: int = 50) -> Sequence[PublicDecision]:
    """Decisions that are out, newest first; of the whole government, or of one office's reviews."""
    query = (
        select(PublicDecision)
        .join(Finding, col(Finding.id) == col(PublicDecision.finding_id))
        .join(Case, col(Case.id) == col(Finding.case_id))
        .where(PublicDecision.state == DecisionState.published, countable())
        .order_by(col(PublicDecision.month).desc(), col(PublicDecision.judged_at).desc())
        .limit(limit)
    )
    return session.exec(query if office_id is None else query.where(PublicDecision.office_id == office_id)).all()


def _load(session: Session, who: Viewer, finding_id: UUID) -> tuple[Finding, Review, Case]:
    found = session.execute(
        sa_select(Finding, Review, Case)
        .join(Review, col(Review.id) == col(Finding.review_id))
        .join(Case, col(Case.id) == col(Finding.case_id))
        .where(col(Finding.id) == finding_id, col(Review.closed_at).is_not(None), countable(), visible(who))
    ).first()
    if found is None:
        raise NotFound("There is no such decision to publish.", mend="Choose one of the list.")
    return found[0], found[1], found[2]


def _chairs(session: Session, who: Viewer, review: Review) -> bool:
    known = catalogue(session)
    return review.chair_id == who.staff_id or any(
        role in (Role.head, Role.supervisor) and review.office_id in known.subtree(at) for role, at in who.roles
    )


def _staff(who: Viewer) -> UUID:
    if who.staff_id is None:
        raise NotAllowed("People decide this, programs do not.", mend="Sign in.")
    return who.staff_id


def _wrong(said: str, text: str, named: bool) -> str:
    """What must be mended, in words; empty when the public may read it. `text`: the citizen's; `named`: somebody is."""
    if not LEAST_WORDS <= len(said) <= MOST_WORDS:
        return f"Write a sentence or two, from {LEAST_WORDS} to {MOST_WORDS} characters."
    if _REFERENCE.search(said.upper()):
        return "Leave the reference out: it belongs to one citizen."
    if named:
        return "Leave out names, numbers and addresses of people."
    if _runs(said) & _runs(text):
        return "Say it in your own words: these are the citizen's."
    return ""


def _runs(text: str) -> set[tuple[str, ...]]:
    words = _WORD.findall(text.casefold())
    return {tuple(words[at : at + RUN]) for at in range(len(words) - RUN + 1)}
