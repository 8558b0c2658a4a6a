"""What every action on a case begins with: who may, on what they had seen, and only once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from cases.people import address_of
from cases.rights import WORKING, works_on
from core.errors import BadInput, Conflict, NotAllowed, NotFound
from core.settings import settings
from core.texts import clean
from domain.case import Case
from domain.outbox import OutboundMessage
from domain.states import CaseState, EntryKind, Purpose, check_transition
from domain.timeline import TimelineEntry
from domain.visibility import Viewer, visible
from notifications import compose, outbox

MATTERS = frozenset(
    {
        EntryKind.citizen_wrote,
        EntryKind.answered,
        EntryKind.recalled,
        EntryKind.asked,
        EntryKind.called_back,
        EntryKind.transferred,
        EntryKind.accepted,
        EntryKind.refused,
        EntryKind.withdrawn,
        EntryKind.lapsed,
        EntryKind.part_answered,
        EntryKind.routed,
        EntryKind.closed,
        EntryKind.reopened,
        EntryKind.released,
        EntryKind.restricted,
        EntryKind.solved,
        EntryKind.appealed,
        EntryKind.taken_back,
        EntryKind.merged,
        EntryKind.unmerged,
        EntryKind.divided,
    }
)
"""Entries that change what the right next action is; a note or a receipt does not."""


@dataclass(frozen=True, slots=True)
class Form:
    """What a form on a page carries besides its fields."""

    seen: int
    token: str


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands around an answer: the message it is put into, that message's further values, and what the entry says
    beside it."""

    template: str = "answer"
    values: Mapping[str, object] = field(default_factory=dict)
    beside: Mapping[str, object] = field(default_factory=dict)


class Repeated(Exception):
    """The same form was handled already; there is nothing to do."""


def lock(session: Session, case_id: UUID, who: Viewer) -> Case:
    """The case, locked for change. Raises NotFound for what the viewer may not see."""
    query = select(Case).where(col(Case.id) == case_id, visible(who)).with_for_update()
    # the caller has usually read it before, without a lock: what changed meanwhile must not be overlooked
    case = session.exec(query, execution_options={"populate_existing": True}).first()
    if case is None:
        raise NotFound("There is no such case on your desk.", mend="It may have gone to another office meanwhile.")
    return case


def begin(
    session: Session,
    case_id: UUID,
    who: Viewer,
    form: Form,
    *,
    offered: bool = False,
    may: Callable[[Case, Viewer], bool] = works_on,
) -> Case:
    """Lock a case to act on it (`offered`: as the office it was offered to; `may`: who acts, by default its office).

    Raises:
        NotFound: the viewer may not see it.
        NotAllowed: they may see it but not act on it.
        Repeated: this very form was handled already.
        Conflict: something that matters happened since they looked.
    """
    case = lock(session, case_id, who)
    if not may(case, who) and not (offered and who.has(*WORKING)):
        raise NotAllowed("You may read this case but not work on it.", mend="Ask the office that has it.")
    news = session.exec(
        select(TimelineEntry)
        .where(col(TimelineEntry.case_id) == case.id, col(TimelineEntry.number) > form.seen)
        .order_by(col(TimelineEntry.number))
    ).all()
    if any(entry.body.get("token") == form.token for entry in news):
        raise Repeated
    changed = [entry for entry in news if entry.kind in MATTERS]
    if changed:
        what = ", ".join(dict.fromkeys(str(entry.kind).replace("_", " ") for entry in changed))
        raise Conflict(
            f"Since you opened {case.reference} this happened: {what}. Nothing of yours was sent.",
            mend="Read what is new, then send again; your words are kept in the box.",
        )
    return case


def shift(case: Case, state: CaseState) -> None:
    """Move a case along `domain.states.CASE_TRANSITIONS`. Raises Conflict."""
    check_transition(CaseState(case.state), state)
    case.state = state


def words_of(text: str, what: str, *, limit: int = 4000) -> str:
    """What somebody wrote, cleaned. Raises BadInput when nothing or more than `limit` characters is left."""
    words = clean(text)
    if not words:
        raise BadInput(f"{what} is empty.", mend="Write it, then send again.", fields={"text": f"{what} is empty"})
    if len(words) > limit:
        raise BadInput(
            f"{what} has {len(words)} characters; {limit} fit.",
            mend="Shorten it, or send it in two parts.",
            fields={"text": f"{len(words) - limit} characters too long"},
        )
    return words


def tell(
    session: Session,
    case: Case,
    purpose: Purpose,
    template: str,
    form_key: str,
    now: datetime,
    due_at: datetime | None = None,
    **values: object,
) -> OutboundMessage | None:
    """Queue a message to the case's citizen, where they prefer it; None without an address that takes messages.

    It leaves from `due_at`, by default at once.
    """
    contact = address_of(session, case, purpose)
    if contact is None:
        return None
    language = contact.language or case.language
    return outbox.enqueue(
        session,
        purpose=purpose,
        contact=contact,
        language=language,
        body=compose.compose(template, language, reference=case.reference, site=settings().site_url, **values),
        dedupe_key=form_key,
        now=now,
        case=case,
        due_at=due_at,
    )
