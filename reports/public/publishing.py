"""Letting a month out: the embargo, approval by named people, holding back with a reason, and corrections.

What is public stays public: it cannot be held back any more, and its correction stands beside it. Whoever asked for a
correction does not approve it.
"""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from sqlmodel import Session, col, select

from cases.administration import at_the_top
from core.database import Database
from core.errors import BadInput, Conflict, NotAllowed, NotFound
from core.settings import settings
from core.texts import clean
from domain.catalogue import catalogue
from domain.publication import ActKind, Publication, PublicationAct, PublicationState
from domain.states import Role
from domain.visibility import Viewer
from reports.public import freezing

READERS = frozenset({Role.head, Role.supervisor, Role.reviewer, Role.leadership, Role.auditor, Role.admin})
"""Who looks at figures before they are out, so that an office is not surprised by its own."""
LEAST_WORDS, MOST_WORDS = 15, 500


def tend(home: Database, now: datetime) -> int:
    """Count what is over and let out what may be out; gives how many were."""
    with home.read() as session:
        counted = [freezing.count(session, month, now) for month in freezing.due(session, now)]
    with home.write() as session:
        kept = [one for one in counted if freezing.keep(session, one) is not None]
        waiting = session.exec(
            select(Publication)
            .where(col(Publication.state) == PublicationState.waiting, col(Publication.out_at) <= now)
            .with_for_update()
        ).all()
        return len(kept) + sum(_let_out(session, one, now) for one in waiting)


def _let_out(session: Session, publication: Publication, now: datetime) -> bool:
    """Publish what waits, if its embargo is over and enough people approved it."""
    if publication.state != PublicationState.waiting or publication.out_at > now:
        return False
    if len(approvals(session, publication)) < needed(publication):
        return False
    publication.state, publication.published_at = PublicationState.published, now
    session.add(publication)
    session.add(PublicationAct(publication_id=publication.id, kind=ActKind.published, at=now))
    return True


def needed(publication: Publication) -> int:
    """How many people must approve it. A correction needs one in any case: no program asked for it."""
    return max(settings().open_approvals, 1 if publication.version > 1 else 0)


def approvals(session: Session, publication: Publication) -> list[PublicationAct]:
    """The approvals that count: those since it was last held back."""
    found: list[PublicationAct] = []
    for act in acts(session, publication.id):
        if act.kind == ActKind.withheld:
            found = []
        elif act.kind == ActKind.approved:
            found.append(act)
    return found


def acts(session: Session, publication_id: UUID) -> Sequence[PublicationAct]:
    """All that was done to a publication, in order."""
    query = select(PublicationAct).where(PublicationAct.publication_id == publication_id)
    return session.exec(query.order_by(col(PublicationAct.at), col(PublicationAct.id))).all()


# -- people ---------------------------------------------------------------------------------------------------------


def reads(who: Viewer) -> bool:
    """Whether somebody may look at what is not out yet."""
    return who.has(*READERS)


def decides(session: Session, who: Viewer) -> bool:
    """Whether somebody lets figures out: who leads the whole government, or the office at its top."""
    known = catalogue(session)
    return any(
        role is Role.leadership or (role is Role.head and at_the_top(known.offices.get(office)))
        for role, office in who.roles
    )


def approve(session: Session, who: Viewer, publication_id: UUID, seen: str, now: datetime) -> Publication:
    """Say that a month may be out; it is, when enough have said so and the embargo is over.

    `seen` is the digest of what was looked at. Raises NotAllowed, NotFound, Conflict.
    """
    publication = _hold(session, who, publication_id)
    if seen != publication.digest:
        raise Conflict("This is not what you looked at.", mend="Look at it again, then approve it.")
    if publication.state != PublicationState.waiting:
        raise Conflict("This does not wait for approval.", mend="Look at how it stands now.")
    if publication.asked_by is not None and publication.asked_by == who.staff_id:
        raise NotAllowed("You asked for this correction.", mend="Somebody else approves it.")
    if any(act.staff_id == who.staff_id for act in approvals(session, publication)):
        return publication
    _note(session, publication, ActKind.approved, who, now)
    _let_out(session, publication, now)
    return publication


def withhold(session: Session, who: Viewer, publication_id: UUID, reason: str, now: datetime) -> Publication:
    """Hold a month back. The public reads the reason. Raises NotAllowed, NotFound, BadInput, Conflict."""
    publication = _hold(session, who, publication_id)
    words = _reason(reason)
    if publication.state == PublicationState.published:
        raise Conflict("What is public stays public.", mend="Ask for a correction, with its reason.")
    if publication.state == PublicationState.waiting:
        publication.state = PublicationState.withheld
        _note(session, publication, ActKind.withheld, who, now, words)
    return publication


def release(session: Session, who: Viewer, publication_id: UUID, now: datetime) -> Publication:
    """Hold a month back no longer; it must be approved anew. Raises NotAllowed, NotFound."""
    publication = _hold(session, who, publication_id)
    if publication.state == PublicationState.withheld:
        publication.state = PublicationState.waiting
        _note(session, publication, ActKind.released, who, now)
    return publication


def correct(home: Database, who: Viewer, month: date, reason: str, now: datetime) -> UUID:
    """Count a published month anew, as the next version; somebody else approves it. Gives its id.

    Raises:
        NotAllowed: not for this person to ask.
        NotFound: nothing of this month is public.
        BadInput: no reason.
        Conflict: a correction waits already, or nothing changed by enough to be told anew.
    """
    words = _reason(reason)
    with home.read() as session:
        _check(session, who)
        last = session.exec(
            select(Publication).where(Publication.month == month).order_by(col(Publication.version).desc())
        ).first()
        if last is None:
            raise NotFound("Nothing is known of this month.", mend="Choose one of the list.")
        if last.state != PublicationState.published:
            raise Conflict("The last version of this month is not public yet.", mend="Approve it, or hold it back.")
        counted = freezing.recount(session, last, words, now, staff_id=who.staff_id)
        least = last.least
    if counted is None:
        raise Conflict(
            f"No figure of this month changed by {least} or more, so none is told anew: the difference of two versions"
            " would tell of a few people.",
            mend="Nothing needs to be done. Smaller corrections are not published.",
        )
    with home.write() as session:
        made = freezing.keep(session, counted, by=who.name, staff_id=who.staff_id)
        if made is None:
            raise Conflict("Somebody else just asked for a correction of this month.", mend="Look at theirs.")
        return made.id


def _hold(session: Session, who: Viewer, publication_id: UUID) -> Publication:
    _check(session, who)
    found = session.exec(select(Publication).where(Publication.id == publication_id).with_for_update()).first()
    if found is None:
        raise NotFound("There is no such publication.", mend="Choose one of the list.")
    return found


def _check(session: Session, who: Viewer) -> None:
    if not decides(session, who):
        raise NotAllowed(
            "Figures are let out by who leads the whole government.", mend="Tell them what you found in the preview."
        )


def _reason(text: str) -> str:
    words = clean(text).strip()
    if not LEAST_WORDS <= len(words) <= MOST_WORDS:
        raise BadInput(
            "The public reads the reason.",
            mend=f"Write a sentence or two, from {LEAST_WORDS} to {MOST_WORDS} characters.",
            fields={"reason": f"Write a sentence or two, from {LEAST_WORDS} to {MOST_WORDS} characters."},
        )
    return words


def _note(
    session: Session, publication: Publication, kind: ActKind, who: Viewer, now: datetime, reason: str = ""
) -> None:
    session.add(publication)
    session.add(
        PublicationAct(
            publication_id=publication.id, kind=kind, staff_id=who.staff_id, by=who.name, at=now, reason=reason
        )
    )
    session.flush()
