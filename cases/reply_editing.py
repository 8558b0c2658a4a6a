"""Writing and publishing saved replies: versions, and four eyes, since one reply speaks to many citizens.

Whoever works at an office writes for it; who leads it, or an office above, publishes what somebody else wrote. Old
versions are kept.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, func, select

from cases import saved_replies
from core.errors import BadInput, Conflict, NotAllowed, NotFound
from core.ids import new_id
from domain.answer import GivenAnswer, SavedReply, SavedReplyVersion
from domain.case import Case
from domain.catalogue import Catalogue, catalogue
from domain.states import ReplyState, Role, Templated
from domain.visibility import Viewer, counted_act

_WRITERS = frozenset({Role.operator, Role.officer, Role.supervisor, Role.head, Role.triage, Role.integrity, Role.admin})
_LEADERS = frozenset({Role.supervisor, Role.head, Role.admin})
_OFFICE: ColumnElement[UUID] = cast(Any, GivenAnswer).office_id


@dataclass(frozen=True, slots=True)
class Given:
    """A reply as a form has it. `service_id` None is for every service."""

    title: str
    bodies: Mapping[str, str]
    office_id: UUID | None = None
    service_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Use:
    """How often a reply was sent, and of these with other words."""

    sent: int = 0
    edited: int = 0


def writes_for(known: Catalogue, who: Viewer) -> frozenset[UUID]:
    """Offices this person writes replies for: their own, and those below one they lead."""
    own = {office for role, office in who.roles if role in _WRITERS}
    return frozenset(own) | publishes_for(known, who)


def publishes_for(known: Catalogue, who: Viewer) -> frozenset[UUID]:
    """Offices whose replies this person publishes: those they lead, and all below."""
    led = [known.subtree(office) for role, office in who.roles if role in _LEADERS]
    return frozenset().union(*led)


def reads(known: Catalogue, who: Viewer) -> frozenset[UUID]:
    """Offices whose replies this person may read: those they write for, and those above, as they send these too."""
    above = {office.id for home in writes_for(known, who) for office in known.chain(home)}
    return frozenset(above) | (frozenset(known.offices) if who.offices is None else frozenset())


def load(session: Session, who: Viewer, reply_id: UUID) -> SavedReply:
    """A reply this person may read. Raises NotFound."""
    reply = session.get(SavedReply, reply_id)
    if reply is None or reply.office_id not in reads(catalogue(session), who):
        raise NotFound("There is no such saved reply.", mend="Choose one from the list.")
    return reply


def versions(session: Session, reply: SavedReply) -> Sequence[SavedReplyVersion]:
    """All versions of a reply, newest first."""
    return session.exec(
        select(SavedReplyVersion)
        .where(col(SavedReplyVersion.reply_id) == reply.id)
        .order_by(col(SavedReplyVersion.number).desc())
    ).all()


def write(session: Session, who: Viewer, reply_id: UUID | None, given: Given, seen: int, now: datetime) -> SavedReply:
    """Keep words as a draft, of a new reply or as the next version of one. `seen` is the newest version on the page.

    Raises:
        BadInput: something is missing, too long, or a name in braces stands for nothing.
        Conflict: somebody else wrote a version meanwhile.
    """
    title, bodies = saved_replies.check(given.title, given.bodies)
    known = catalogue(session)
    if reply_id is None:
        if given.office_id is None:
            raise BadInput("Choose the office it is for.", fields={"office": "Choose the office it is for."})
        reply = SavedReply(id=new_id(), office_id=given.office_id, service_id=given.service_id, created_at=now)
        session.add(reply)
    else:
        load(session, who, reply_id)
        reply = session.get_one(SavedReply, reply_id, with_for_update=True)
    if who.staff_id is None or reply.office_id not in writes_for(known, who):
        raise NotAllowed("You do not write replies for this office.", mend="Ask somebody who works there.")
    session.flush()
    kept = versions(session, reply)
    _check_seen(kept[0].number if kept else 0, seen)
    add_version(session, reply, title, bodies, who.staff_id, now)
    return reply


def add_version(
    session: Session, reply: SavedReply, title: str, bodies: dict[str, str], by: UUID | None, now: datetime
) -> SavedReplyVersion:
    """Checked words as the draft that waits, in place of one that did; `by` is None for the command line."""
    kept = versions(session, reply)
    for older in kept:
        if older.state == ReplyState.draft:
            older.state = ReplyState.replaced
    number = kept[0].number + 1 if kept else 1
    made = SavedReplyVersion(
        reply_id=reply.id, number=number, title=title, bodies=bodies, written_by=by, written_at=now
    )
    session.add(made)
    return made


def publish(session: Session, who: Viewer, reply_id: UUID, seen: int, now: datetime) -> None:
    """Let the newest draft be sent from now on. Raises NotAllowed for who wrote it, or does not lead its office."""
    draft = _newest(session, who, reply_id, seen)
    if draft.state != ReplyState.draft:
        raise Conflict("There is nothing new to publish.", mend="Write a new version first.")
    if draft.written_by == who.staff_id:
        raise NotAllowed("You wrote this version, so somebody else publishes it.", mend="Ask a colleague to read it.")
    for older in versions(session, session.get_one(SavedReply, reply_id)):
        if older.state == ReplyState.published:
            older.state = ReplyState.replaced
    draft.state, draft.published_by, draft.published_at = ReplyState.published, who.staff_id, now


def withdraw(session: Session, who: Viewer, reply_id: UUID, seen: int) -> None:
    """Offer a reply no more, nor any draft of it; a new version may bring it back."""
    _newest(session, who, reply_id, seen)
    for version in versions(session, session.get_one(SavedReply, reply_id)):
        if version.state in (ReplyState.published, ReplyState.draft):
            version.state = ReplyState.withdrawn


def _newest(session: Session, who: Viewer, reply_id: UUID, seen: int) -> SavedReplyVersion:
    """The newest version of a reply this person publishes, its reply locked."""
    load(session, who, reply_id)
    reply = session.get_one(SavedReply, reply_id, with_for_update=True)
    if reply.office_id not in publishes_for(catalogue(session), who):
        raise NotAllowed("You do not publish replies of this office.", mend="Ask whoever leads it.")
    newest = versions(session, reply)[0]
    _check_seen(newest.number, seen)
    return newest


def _check_seen(newest: int, seen: int) -> None:
    if newest != seen:
        raise Conflict("Somebody wrote another version meanwhile.", mend="Reload the page and read it first.")


def uses(session: Session, who: Viewer, reply_ids: Sequence[UUID]) -> dict[UUID, Use]:
    """How often each was sent, of what this person's figures count."""
    return {key: use for (key, _), use in _used(session, who, reply_ids, by_person=False).items()}


def uses_by_person(session: Session, who: Viewer, reply_id: UUID) -> list[tuple[UUID, Use]]:
    """Who sent one how often, most first."""
    found = [(person, use) for (_, person), use in _used(session, who, [reply_id], by_person=True).items() if person]
    return sorted(found, key=lambda one: (-one[1].sent, str(one[0])))


def _used(
    session: Session, who: Viewer, reply_ids: Sequence[UUID], *, by_person: bool
) -> dict[tuple[UUID, UUID | None], Use]:
    same = func.count().filter(col(GivenAnswer.templated) == Templated.saved)  # both databases know FILTER
    keys = [col(GivenAnswer.reply_id), *([col(GivenAnswer.staff_id)] if by_person else [])]
    rows = session.execute(
        select(*keys, func.count(), same)  # type: ignore[call-overload]
        .join(Case, col(Case.id) == col(GivenAnswer.case_id))
        .where(col(GivenAnswer.reply_id).in_(reply_ids), counted_act(who, _OFFICE))
        .group_by(*keys)
    )
    return {(row[0], row[1] if by_person else None): Use(row[-2], row[-2] - int(row[-1] or 0)) for row in rows}
