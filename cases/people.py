"""One person, several contact points: joined only when proven, split again when wrong, nothing lost either way.

Whoever writes from one contact point names another of theirs; a code goes there and is typed here, so one person holds
both. Never by guess: not an equal name, not an equal number of another kind. A join moves that one contact point, and
its cases with it; `ContactJoin` keeps from where to where, by what proof, and what was taken back. So each contact
point has exactly one citizen at any time, and undoing the joins of a contact point walks it back the way it came.
"""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, update
from sqlmodel import Session, col, func, select

from cases.rights import works_on
from core.crypto import cipher, same
from core.errors import BadInput, Conflict, NotAllowed, NotFound
from core.ids import new_id
from core.settings import settings
from core.texts import latin_digits
from domain.case import Case
from domain.citizen import Citizen, ContactJoin, ContactPoint, ContactProof
from domain.states import EntryKind, Purpose, Role
from domain.timeline import append
from domain.visibility import Viewer, names_citizen
from notifications import compose, outbox

DIGITS = 6
TRIES = 5
"""Wrong codes after which a proof is worth nothing any more: one chance in 200,000 for who guesses."""
A_DAY = timedelta(days=1)
ASKED_A_DAY = 5
"""Proofs one contact point may ask for in a day."""
SENT_A_DAY = 3
"""Codes one contact point may be sent in a day, whoever asks: nobody is pestered with codes."""


class Asked(StrEnum):
    """What came of asking for a code."""

    sent = "sent"
    already = "already"
    many = "many"


class Tried(StrEnum):
    """What came of typing a code."""

    right = "right"
    wrong = "wrong"
    over = "over"


def reachable(contact: ContactPoint, purpose: Purpose = Purpose.answer) -> bool:
    """Whether a contact point takes messages now."""
    return outbox.may_send(contact, purpose) and contact.unreachable_at is None


# -- proof ---------------------------------------------------------------------------------------------------------


def ask_proof(session: Session, asked_by: ContactPoint, target: ContactPoint, now: datetime) -> Asked:
    """Send a code to `target` for whoever writes from `asked_by` (both locked); an older code of theirs is void.

    What is said is the same whether the target takes messages or not, so nobody learns who stopped ours.
    """
    if asked_by.citizen_id == target.citizen_id and asked_by.id != target.id:
        return Asked.already
    if _count(session, ContactProof.asked_by_id, asked_by.id, now) >= ASKED_A_DAY:
        return Asked.many
    if _count(session, ContactProof.contact_point_id, target.id, now) >= SENT_A_DAY:
        return Asked.many
    for older in _open(session, asked_by, now, target=target):
        older.expires_at = now
    minutes = settings().proof_minutes
    code = f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}"
    proof = ContactProof(
        id=new_id(),
        contact_point_id=target.id,
        asked_by_id=asked_by.id,
        code_hash="",
        created_at=now,
        expires_at=now + timedelta(minutes=minutes),
    )
    proof.code_hash = _hashed(proof, code)
    session.add(proof)
    language = target.language or asked_by.language or settings().languages[0]
    outbox.enqueue(
        session,
        purpose=Purpose.proof,
        contact=target,
        language=language,
        body=compose.compose("proof", language, code=code, minutes=minutes, government=settings().government),
        dedupe_key=f"proof:{proof.id}",
        now=now,
    )
    return Asked.sent


def awaits_code(session: Session, asked_by: ContactPoint, now: datetime) -> bool:
    """Whether a code that was sent elsewhere is to be typed here."""
    return bool(_open(session, asked_by, now))


def prove(session: Session, asked_by: ContactPoint, typed: str, now: datetime) -> tuple[Tried, ContactPoint | None]:
    """Try a code that was sent to another contact point (`asked_by` locked, so tries are counted one by one).

    Right once, then never again.
    """
    proofs = _open(session, asked_by, now)
    proof = _match(proofs, typed)
    if proof is None:
        return _still(proofs), None
    return Tried.right, _use(session, proof, now)


def prove_both(
    session: Session, own: ContactPoint, target: ContactPoint, own_typed: str, typed: str, now: datetime
) -> Tried:
    """Try the two codes of a page (both contact points locked): whoever looks at a page has shown neither yet."""
    theirs, mine = _open(session, own, now, target=target), _open(session, own, now, target=own)
    found, found_own = _match(theirs, typed), _match(mine, own_typed)
    if found is None or found_own is None:
        return Tried.over if Tried.over in (_still(theirs), _still(mine)) else Tried.wrong
    _use(session, found, now)
    _use(session, found_own, now)
    return Tried.right


def _match(proofs: Sequence[ContactProof], typed: str) -> ContactProof | None:
    """The proof a code is right for; each is compared, and the try counts against each."""
    code = code_of(typed) or ""
    matching = [proof for proof in proofs if same(_hashed(proof, code), proof.code_hash)]
    for proof in proofs:
        proof.attempts += 1
    return matching[0] if matching else None


def _still(proofs: Sequence[ContactProof]) -> Tried:
    return Tried.wrong if any(proof.attempts < TRIES for proof in proofs) else Tried.over


def _use(session: Session, proof: ContactProof, now: datetime) -> ContactPoint:
    proof.used_at = now
    target = _locked(session, proof.contact_point_id)
    target.verified_at = now
    return target


def code_of(text: str) -> str | None:
    """The code a message consists of; None when it is something else."""
    digits = latin_digits(text).replace(" ", "").replace("-", "").strip()
    return digits if len(digits) == DIGITS and digits.isascii() and digits.isdigit() else None


def _hashed(proof: ContactProof, code: str) -> str:
    """Under a key that is not in the database: six digits alone would be found by trying."""
    return cipher().seal(f"proof {proof.id} {code}".encode())


def _open(
    session: Session, asked_by: ContactPoint, now: datetime, *, target: ContactPoint | None = None
) -> Sequence[ContactProof]:
    query = select(ContactProof).where(
        col(ContactProof.asked_by_id) == asked_by.id,
        col(ContactProof.used_at).is_(None),
        col(ContactProof.expires_at) > now,
        col(ContactProof.attempts) < TRIES,
    )
    query = query.where(
        col(ContactProof.contact_point_id) == target.id
        if target is not None
        else col(ContactProof.contact_point_id) != asked_by.id
    )
    return session.exec(query.order_by(col(ContactProof.created_at).desc()).with_for_update()).all()


def _count(session: Session, column: UUID, contact_id: UUID, now: datetime) -> int:
    query = select(func.count()).select_from(ContactProof)
    return session.exec(query.where(col(column) == contact_id, col(ContactProof.created_at) > now - A_DAY)).one()


def _locked(session: Session, contact_id: UUID) -> ContactPoint:
    return session.get_one(ContactPoint, contact_id, with_for_update=True, populate_existing=True)


# -- joining and splitting -----------------------------------------------------------------------------------------


def join(session: Session, into: ContactPoint, contact: ContactPoint, proof: str, now: datetime) -> ContactJoin | None:
    """`contact` belongs to the citizen of `into` from now on (both locked); None when it does already.

    `proof` says in a word what showed it. Only callers who have a proof come here.
    """
    if into.citizen_id == contact.citizen_id:
        return None
    made = ContactJoin(
        id=new_id(),
        contact_point_id=contact.id,
        from_citizen_id=contact.citizen_id,
        to_citizen_id=into.citizen_id,
        proof=proof,
        at=now,
    )
    session.add(made)
    _move(session, contact, into.citizen_id)
    return made


def split(
    session: Session, contact: ContactPoint, why: str, now: datetime, *, staff_id: UUID | None = None
) -> list[ContactJoin]:
    """Undo what joined this contact point (locked) to others; gives the joins that were taken back.

    One that was moved goes back to where it came from. One that others were moved to stays, and they go back.
    """
    mine = _latest_join(session, contact)
    undone = [mine] if mine is not None else _joined_to(session, contact)
    for one in undone:
        one.undone_at, one.undone_by, one.undone_why = now, staff_id, why
        moved = contact if one.contact_point_id == contact.id else _locked(session, one.contact_point_id)
        _move(session, moved, one.from_citizen_id)
    return undone


def may_split(case: Case, who: Viewer) -> bool:
    """Whether this person may say that two contact points of a case's citizen are two people."""
    leads = works_on(case, who) and who.has(Role.supervisor, Role.head)
    return names_citizen(case) and (leads or who.has(Role.admin))


def split_by_staff(
    session: Session, case: Case, contact_id: UUID, who: Viewer, why: str, now: datetime, token: str
) -> None:
    """Take a contact point away from a case's citizen (case locked), with a reason that stays in its history.

    Raises NotAllowed, NotFound, BadInput.
    """
    if not may_split(case, who):
        raise NotAllowed("Only a supervisor, the head or an administrator says that two are not one person.")
    if not names_citizen(case) or case.contact_point_id is None:
        raise NotAllowed("Who wrote this is not shown, so nothing of theirs can be taken apart here.")
    if not why.strip():
        raise BadInput(
            "The reason is empty.", mend="Write why they are not one person.", fields={"split_reason": "Say why."}
        )
    mine = session.get_one(ContactPoint, case.contact_point_id)
    other = next((one for one in others(session, mine) if one.id == contact_id), None)
    if other is None:
        raise NotFound("That contact is not joined to this citizen any more.", mend="Reload the case.")
    moved = _locked(session, other.id) if _latest_join(session, other) else _locked(session, mine.id)
    if not split(session, moved, why, now, staff_id=who.staff_id):
        raise Conflict("These two were never joined, so there is nothing to take apart.")
    append(
        session,
        case,
        EntryKind.noted,
        now,
        actor=str(who.staff_id),
        body={"text": f"Took {other.channel} {other.hint} off this citizen: {why}", "by": who.name, "token": token},
    )


def theirs(contact: ContactPoint) -> ColumnElement[bool]:
    """SQL predicate over `Case`: the citizen's own, as asked from this contact point.

    What was told in confidence is spoken of only where it was told.
    """
    joined = and_(col(Case.citizen_id) == contact.citizen_id, col(Case.confidential).is_(False))
    return or_(col(Case.contact_point_id) == contact.id, joined)


def others(session: Session, contact: ContactPoint) -> list[ContactPoint]:
    """The other contact points of the same citizen, oldest first."""
    return list(
        session.exec(
            select(ContactPoint)
            .where(col(ContactPoint.citizen_id) == contact.citizen_id, col(ContactPoint.id) != contact.id)
            .order_by(col(ContactPoint.created_at), col(ContactPoint.id))
        )
    )


def _move(session: Session, contact: ContactPoint, citizen_id: UUID) -> None:
    before = session.get_one(Citizen, contact.citizen_id)
    if before.preferred_contact_id == contact.id:
        before.preferred_contact_id = None
    contact.citizen_id = citizen_id
    session.add(contact)
    session.flush()
    # a case belongs to whom its contact point belongs
    session.execute(update(Case).where(col(Case.contact_point_id) == contact.id).values(citizen_id=citizen_id))


def _latest_join(session: Session, contact: ContactPoint) -> ContactJoin | None:
    return session.exec(
        select(ContactJoin)
        .where(col(ContactJoin.contact_point_id) == contact.id, col(ContactJoin.undone_at).is_(None))
        .order_by(col(ContactJoin.at).desc(), col(ContactJoin.id).desc())
        .with_for_update()
    ).first()


def _joined_to(session: Session, contact: ContactPoint) -> list[ContactJoin]:
    """The joins by which others are with this contact point's citizen now."""
    found = [_latest_join(session, other) for other in others(session, contact)]
    return [one for one in found if one is not None and one.to_citizen_id == contact.citizen_id]


# -- what the citizen prefers --------------------------------------------------------------------------------------


def address_of(session: Session, case: Case, purpose: Purpose) -> ContactPoint | None:
    """Where a message about a case goes: to the contact point its citizen prefers, else the one it came by.

    A case told in confidence is spoken of only where it was told.
    """
    if case.contact_point_id is None:
        return None
    own = session.get_one(ContactPoint, case.contact_point_id)
    if not names_citizen(case):
        return own
    citizen = session.get_one(Citizen, own.citizen_id)
    if citizen.preferred_contact_id is None or citizen.preferred_contact_id == own.id:
        return own
    preferred = session.get(ContactPoint, citizen.preferred_contact_id)
    usable = preferred is not None and preferred.citizen_id == own.citizen_id and reachable(preferred, purpose)
    return preferred if usable else own


def prefer(session: Session, contact: ContactPoint) -> None:
    """The citizen wants to be written to here first."""
    session.get_one(Citizen, contact.citizen_id, with_for_update=True).preferred_contact_id = contact.id


def allow_fallback(session: Session, contact: ContactPoint, allowed: bool) -> None:
    """Whether a message that does not arrive may go to another contact point of theirs."""
    session.get_one(Citizen, contact.citizen_id, with_for_update=True).fallback = allowed
