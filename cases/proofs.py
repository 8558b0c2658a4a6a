"""The proof on a citizen's receipt: that their matter was there, so long ago, and nothing before it was changed since.

The code is the number of the last entry and the first 16 hexadecimal digits of its seal. It opens nothing: whoever has
it learns that the entry is still there, and when it was written.
"""

from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import Session, col, select

from cases import anchors
from core import merkle
from core.crypto import same
from core.errors import NotFound
from core.ids import normalise_reference
from core.texts import latin_digits
from domain.anchor import Anchor, AnchorLeaf
from domain.case import Case
from domain.states import AnchorState, LeadLink
from domain.timeline import TimelineEntry, unbroken

DIGITS = 16
"""Hexadecimal digits of a seal that a code has: 64 bits, which nobody finds by trying."""
_MOST = 6


@dataclass(frozen=True, slots=True)
class Anchored:
    """Where a timeline stands in a published digest: the anchor, the leaf as a line, and the way to its root."""

    day: date
    digest: str
    previous: str
    root: str
    line: str
    path: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Proof:
    """A code that fits.

    `written_at` is when its entry was written (of one that is gone, when it was anchored). `faults` is what was changed
    since, in words; `anchored` None until the day is over.
    """

    reference: str
    number: int
    written_at: datetime | None
    faults: tuple[str, ...]
    anchored: Anchored | None


def code_of(case: Case) -> str:
    """The code that proves how a timeline stands now, as it is printed: 3-9f86-d081-884c-7d65."""
    digits = case.timeline_head[:DIGITS]
    return "-".join([str(case.timeline_length), *(digits[at : at + 4] for at in range(0, DIGITS, 4))])


def read_code(typed: str) -> tuple[int, str] | None:
    """Number and digits of a code, however it was typed; None for what is no code."""
    plain = "".join(char for char in latin_digits(typed[:80]).lower() if char.isalnum()).replace("o", "0")
    number, digits = plain[:-DIGITS], plain[-DIGITS:]
    if not (number.isascii() and number.isdigit() and len(number) <= _MOST and int(number)):
        return None
    return (int(number), digits) if all(char in "0123456789abcdef" for char in digits) else None


def check(session: Session, reference: str, code: str) -> Proof:
    """What a code proves. Raises NotFound, in the same words, for a wrong number and for a wrong code."""
    wanted, read = normalise_reference(reference), read_code(code)
    whose = select(Case).where(col(Case.reference) == wanted, col(Case.lead_link).is_distinct_from(LeadLink.part))
    case = session.exec(whose).first() if wanted and read else None
    anchored = _leaf(session, wanted, read[0]) if wanted and read else None
    if read is None or (case is None and anchored is None):
        raise _unknown()
    number, digits = read
    entries = _entries(session, case) if case is not None else []
    entry = entries[number - 1] if number <= len(entries) else None
    if entry is None or not same(entry.hash[:DIGITS], digits):
        # what an anchor still shows was there, and is there no more, is the one thing a receipt is for
        if anchored is not None and anchored[1].length == number and same(anchored[1].head[:DIGITS], digits):
            fault = f"entry {number} of {wanted} is not there any more as it was anchored on {anchored[0].day}"
            made = anchored[0].made_at or anchored[0].due_at
            return Proof(str(wanted), number, made, (fault,), _proven(session, *anchored))
        raise _unknown()
    faults = tuple(unbroken(str(wanted), entries))
    return Proof(str(wanted), number, entry.at, faults, _proven(session, *anchored) if anchored else None)


def _unknown() -> NotFound:
    return NotFound(
        "This number and this proof do not go together.",
        mend="Check each letter and digit of both; they stand on your receipt and on your page.",
    )


def _entries(session: Session, case: Case) -> list[TimelineEntry]:
    wanted = select(TimelineEntry).where(col(TimelineEntry.case_id) == case.id)
    return list(session.exec(wanted.order_by(col(TimelineEntry.number))))


def _leaf(session: Session, reference: str, number: int) -> tuple[Anchor, AnchorLeaf] | None:
    """The first anchor that has the entry: itself or a later end of the same timeline."""
    found = session.exec(
        select(Anchor, AnchorLeaf)
        .join(AnchorLeaf, col(AnchorLeaf.anchor_id) == col(Anchor.id))
        .where(
            col(AnchorLeaf.reference) == reference,
            col(AnchorLeaf.length) >= number,
            col(Anchor.state) == AnchorState.made,
        )
        .order_by(col(AnchorLeaf.length))
        .limit(1)
    ).first()
    return (found[0], found[1]) if found is not None else None


def _proven(session: Session, anchor: Anchor, leaf: AnchorLeaf) -> Anchored:
    leaves = anchors.leaves_of(session, anchor.id)
    index = next(number for number, one in enumerate(leaves) if one.case_id == leaf.case_id)
    steps = merkle.path([anchors.hash_of(one) for one in leaves], index)
    return Anchored(
        anchor.day,
        anchor.digest,
        anchor.previous,
        anchor.root,
        anchors.line(leaf.reference, leaf.length, leaf.head).decode(),
        tuple((side, beside.hex()) for side, beside in steps),
    )
