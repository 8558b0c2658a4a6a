"""Minutes: what a meeting decided, frozen as it ends. Corrections are dated additions, never changes.

They hold what may stand on paper. What a meeting decided about somebody's conduct stands on the case's own timeline
and on the pages of those who may see it.
"""

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter
from sqlmodel import Session, col, or_, select

from cases.persons import Redactor
from core.errors import BadInput, Conflict, NotAllowed, NotFound
from core.i18n import SOURCE_LANGUAGE
from core.texts import clean, shorten
from domain.case import Case
from domain.pack import Attendance, MinutesNote, Raised, SampleCheck
from domain.review import Action, Finding, Review
from domain.staff import Staff
from domain.visibility import PAPER, Viewer, on_paper
from reviews.causes import causes
from reviews.chairs import chairs
from reviews.gathering import LONGEST, promises
from reviews.packs import pack_of
from reviews.reading import reads_minutes
from reviews.snapshot import Promise
from reviews.telling import tell_of_review

WORDS = 2000


@dataclass(frozen=True, slots=True)
class Decided:
    """What was found and decided about one case."""

    case_id: UUID
    reference: str
    title: str
    language: str
    whys: list[str]
    cause: str
    decision: str


@dataclass(frozen=True, slots=True)
class Given:
    """An action that somebody was given."""

    id: UUID
    what: str
    owner: str
    owner_id: UUID
    due_on: date
    case_id: UUID | None = None
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Settled:
    """An action of an earlier meeting that was done or given up in this one."""

    what: str
    owner: str
    note: str
    done: bool
    case_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Up:
    """A case that was handed up, to which office and why."""

    case_id: UUID
    reference: str
    to_office_id: UUID
    why: str


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found in a case of the draw."""

    case_id: UUID
    reference: str
    sound: bool
    note: str


@dataclass(frozen=True, slots=True)
class Minutes:
    """The minutes of one meeting. `drawn` of `closed` cases were to be checked, by `seed`."""

    office_id: UUID
    week: date
    opened_at: datetime
    closed_at: datetime
    chair: str
    here: list[str] = field(default_factory=list)
    decided: list[Decided] = field(default_factory=list)
    given: list[Given] = field(default_factory=list)
    settled: list[Settled] = field(default_factory=list)
    left: list[Promise] = field(default_factory=list)
    raised: list[Up] = field(default_factory=list)
    checked: list[Checked] = field(default_factory=list)
    drawn: int = 0
    closed: int = 0
    seed: int = 0

    def about(self) -> set[UUID]:
        """Every case they speak of."""
        found = {row.case_id for row in self.decided} | {row.case_id for row in self.raised}
        found |= {row.case_id for row in self.checked}
        maybe = [row.case_id for row in self.given] + [row.case_id for row in self.settled]
        maybe += [row.case_id for row in self.left]
        return found | {one for one in maybe if one is not None}

    def without(self, hidden: Collection[UUID]) -> "Minutes":
        """The same minutes as if they had never had these cases."""
        if not hidden:
            return self
        return replace(
            self,
            decided=[row for row in self.decided if row.case_id not in hidden],
            given=[row for row in self.given if row.case_id not in hidden],
            settled=[row for row in self.settled if row.case_id not in hidden],
            left=[row for row in self.left if row.case_id not in hidden],
            raised=[row for row in self.raised if row.case_id not in hidden],
            checked=[row for row in self.checked if row.case_id not in hidden],
        )


@dataclass(frozen=True, slots=True)
class Addition:
    """A correction: what, by whom, when."""

    words: str
    by: str
    at: datetime


_MINUTES = TypeAdapter(Minutes)


def freeze(session: Session, review: Review, now: datetime) -> None:
    """Write the minutes of a meeting that ends now, and tell whom they are for. Nothing where they are written."""
    if review.minutes is not None:
        return
    write_down(session, review, now)
    tell_of_review(session, readers(session, review), "minutes", review.office_id, review.week, now)


def write_down(session: Session, review: Review, now: datetime) -> None:
    """Write the minutes of a meeting as they are at that moment."""
    review.minutes = _MINUTES.dump_python(_gather(session, review, now), mode="json")
    session.add(review)
    session.flush()


def _gather(session: Session, review: Review, now: datetime) -> Minutes:
    chair = session.get(Staff, review.chair_id) if review.chair_id else None
    pack = pack_of(session, review.office_id, review.week)
    names = causes(session, PAPER)
    found = session.exec(
        select(Finding, Case)
        .join(Case, col(Case.id) == col(Finding.case_id))
        .where(Finding.review_id == review.id, on_paper())
        .order_by(col(Finding.at), col(Finding.id))
    ).all()
    without = Redactor(session)
    without.learn(case.citizen_id for _, case in found)
    checked = session.exec(
        select(SampleCheck, Case.reference)
        .join(Case, col(Case.id) == col(SampleCheck.case_id))
        .where(SampleCheck.review_id == review.id, on_paper())
        .order_by(col(SampleCheck.at), col(SampleCheck.id))
    )
    up = session.exec(
        select(Raised, Case.reference)
        .join(Case, col(Case.id) == col(Raised.case_id))
        .where(Raised.review_id == review.id, col(Raised.taken_back_at).is_(None), on_paper())
        .order_by(col(Raised.at), col(Raised.id))
    )
    return Minutes(
        office_id=review.office_id,
        week=review.week,
        opened_at=review.opened_at,
        closed_at=now,
        chair=chair.name if chair else "",
        here=list(
            session.exec(
                select(Staff.name)
                .join(Attendance, col(Attendance.staff_id) == col(Staff.id))
                .where(Attendance.review_id == review.id, col(Attendance.present).is_(True))
                .order_by(col(Staff.name), col(Staff.id))
            )
        ),
        decided=[
            Decided(
                case_id=case.id,
                reference=case.reference,
                title=shorten(without.case(case), LONGEST),
                language=case.language,
                whys=row.whys or [row.why],
                cause=names.name(row.cause_id, SOURCE_LANGUAGE) if row.cause_id else "",
                decision=row.decision,
            )
            for row, case in found
        ],
        given=[
            Given(row.id, row.what, owner, row.owner_id, row.due_on, row.case_id, reference or "")
            for row, owner, reference in _actions(session, Action.review_id == review.id)
        ],
        settled=[
            Settled(row.what, owner, row.done_note or "", row.done_at is not None, row.case_id)
            for row, owner, _ in _actions(
                session,
                Action.office_id == review.office_id,
                Action.review_id != review.id,
                or_(
                    col(Action.done_at).between(review.opened_at, now),
                    col(Action.dropped_at).between(review.opened_at, now),
                ),
            )
        ],
        left=promises(session, review.office_id, review.week, now),
        raised=[Up(row.case_id, reference, row.to_office_id, row.why) for row, reference in up],
        checked=[Checked(row.case_id, reference, row.sound, row.note) for row, reference in checked],
        drawn=len(pack.draw.cases) if pack else 0,
        closed=pack.draw.of if pack else 0,
        seed=pack.draw.seed if pack else 0,
    )


def _actions(session: Session, *where: Any) -> list[tuple[Action, str, str | None]]:
    rows = session.exec(
        select(Action, col(Staff.name), col(Case.reference))
        .join(Staff, col(Staff.id) == col(Action.owner_id))
        .join(Case, col(Case.id) == col(Action.case_id), isouter=True)
        .where(*where, or_(col(Action.case_id).is_(None), on_paper()))
        .order_by(col(Action.created_at), col(Action.id))
    )
    return [(row, owner, reference) for row, owner, reference in rows]


def readers(session: Session, review: Review) -> set[UUID]:
    """Whom minutes are sent to: who was there, who holds something to do from it, and who was in the chair."""
    here = session.exec(
        select(Attendance.staff_id).where(Attendance.review_id == review.id, col(Attendance.present).is_(True))
    ).all()
    owners = session.exec(select(Action.owner_id).where(Action.review_id == review.id)).all()
    return {*here, *owners, *([review.chair_id] if review.chair_id else [])}


def read(session: Session, who: Viewer, office_id: UUID, week: date) -> Minutes | None:
    """The minutes as paper may show them now; None while there are none. Raises NotFound for who may not read them."""
    if not reads_minutes(session, who, office_id, week):
        raise NotFound("There are no such minutes.", mend="Look in the list of reviews.")
    review = session.exec(select(Review).where(Review.office_id == office_id, Review.week == week)).first()
    if review is None or review.minutes is None:
        return None
    kept = _MINUTES.validate_python(review.minutes)
    about = kept.about()
    may = set(session.exec(select(Case.id).where(col(Case.id).in_(about), on_paper()))) if about else set()
    return kept.without(about - may)


def additions(session: Session, office_id: UUID, week: date) -> list[Addition]:
    """Corrections, in the order they were made."""
    rows = session.exec(
        select(MinutesNote, col(Staff.name))
        .join(Review, col(Review.id) == col(MinutesNote.review_id))
        .join(Staff, col(Staff.id) == col(MinutesNote.by))
        .where(Review.office_id == office_id, Review.week == week)
        .order_by(col(MinutesNote.at), col(MinutesNote.id))
    )
    return [Addition(row.words, name, row.at) for row, name in rows]


def may_add(session: Session, who: Viewer, review: Review) -> bool:
    """Whether they may add a correction: who holds the office's meetings, and whoever the minutes were sent to."""
    return chairs(session, who, review.office_id) or who.staff_id in readers(session, review)


def add(session: Session, who: Viewer, office_id: UUID, week: date, words: str, now: datetime) -> MinutesNote:
    """Add a correction to minutes that are out, and tell their readers. The very same again is the one there is.

    Raises:
        NotFound: no such meeting for this person.
        NotAllowed: they were not there and do not hold it.
        Conflict: there are no minutes yet.
        BadInput: no words, or too many (`fields`: words).
    """
    if not reads_minutes(session, who, office_id, week):
        raise NotFound("There are no such minutes.", mend="Look in the list of reviews.")
    review = session.exec(
        select(Review).where(Review.office_id == office_id, Review.week == week).with_for_update()
    ).first()
    told = review is not None and who.staff_id in readers(session, review)
    if who.staff_id is None or not (told or chairs(session, who, office_id)):
        raise NotAllowed("Only who was at the meeting adds to its minutes.", mend="Ask the office's head.")
    if review is None or review.minutes is None:
        raise Conflict("There are no minutes to correct yet.", mend="They are written when the meeting ends.")
    text = clean(words)
    if not text or len(text) > WORDS:
        wrong = f"{len(text) - WORDS} characters too long." if text else "Say what is to be corrected."
        raise BadInput("Nothing was added.", mend="Mend what is marked.", fields={"words": wrong})
    same = session.exec(
        select(MinutesNote).where(
            MinutesNote.review_id == review.id, MinutesNote.words == text, MinutesNote.by == who.staff_id
        )
    ).first()
    if same is not None:
        return same
    row = MinutesNote(review_id=review.id, words=text, at=now, by=who.staff_id)
    session.add(row)
    session.flush()
    people = readers(session, review) - {who.staff_id}
    tell_of_review(session, people, "note", office_id, week, now, once=str(row.id))
    return row
