"""Packs, checks and minutes of the sample reviews, made by the code of real ones, for each Monday as it stood."""

from datetime import datetime, timedelta
from random import Random

from sqlmodel import Session, col, select

from domain.catalogue import catalogue
from domain.pack import PackState, Raised, ReviewPack, SampleCheck
from domain.review import Finding, Review
from reviews import minutes, packs
from reviews.gathering import gather
from reviews.snapshot import Body, dump

FOUND = (
    "The citizen was told who did it and when.",
    "Closed before the citizen had read the answer.",
    "The answer has no date in it.",
)
UNSOUND = 0.25
"""Share of the checked cases in which something was found."""
UP = "The contractor works for three offices; one order for all of them is needed."


def write(session: Session, now: datetime) -> None:
    """Make what every held review has before it and leaves behind, oldest first; and the packs of those to hold."""
    held = session.exec(select(Review).where(col(Review.closed_at).is_not(None)).order_by(col(Review.week))).all()
    known = catalogue(session)
    last = max((review.week for review in held), default=None)
    for review in held:
        body = _pack(session, review)
        dice = Random(f"{known.offices[review.office_id].code} {review.week}")
        _check(session, review, body, dice)
        if review.week == last:
            _hand_up(session, review)
        session.flush()
        minutes.write_down(session, review, review.closed_at or now)
    monday = last + timedelta(weeks=1) if last else None
    for office_id in {review.office_id for review in held} if monday else ():
        calendar = packs.calendar_of(catalogue(session), office_id)
        if monday is not None and packs.due_at(calendar, monday, packs.HOUR) <= now:
            packs.ensure(session, office_id, monday, now)


def _pack(session: Session, review: Review) -> Body:
    """The pack as it was two hours before the meeting."""
    at = review.opened_at - timedelta(hours=2)
    seed = Random(f"seed {catalogue(session).offices[review.office_id].code} {review.week}").getrandbits(48)
    body = gather(session, review.office_id, review.week, seed, packs.CHECKS, at)
    row = ReviewPack(
        office_id=review.office_id, week=review.week, state=PackState.made, seed=seed, made_at=at, body=dump(body)
    )
    session.add(row)
    return body


def _check(session: Session, review: Review, body: Body, dice: Random) -> None:
    if review.chair_id is None:
        return
    for number, case_id in enumerate(body.draw.cases):
        sound = dice.random() >= UNSOUND
        at = review.opened_at + timedelta(minutes=44 + number)
        row = SampleCheck(
            review_id=review.id, case_id=case_id, sound=sound, at=at, by=review.chair_id,
            note=FOUND[0] if sound else dice.choice(FOUND[1:]),
        )  # fmt: skip
        session.add(row)


def _hand_up(session: Session, review: Review) -> None:
    """The last case that an office below the top talked about goes up to it."""
    known = catalogue(session)
    parent = known.offices[review.office_id].parent_id
    case_id = session.exec(
        select(Finding.case_id).where(Finding.review_id == review.id).order_by(col(Finding.at).desc())
    ).first()
    if parent is None or case_id is None or review.chair_id is None:
        return
    row = Raised(
        review_id=review.id, case_id=case_id, from_office_id=review.office_id, to_office_id=parent, week=review.week,
        why=UP, at=review.opened_at + timedelta(minutes=40), by=review.chair_id,
    )  # fmt: skip
    session.add(row)
