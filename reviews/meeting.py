"""Holding the review: why each complaint happened, what was decided, who does what by when.

Whoever writes locks the meeting first, so that a double click finds what the first one wrote and changes nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, func, or_, select

from cases.acting import lock
from core.errors import BadInput, Conflict, NotAllowed, NotFound
from core.settings import settings
from core.texts import clean
from domain.case import Case
from domain.catalogue import catalogue
from domain.review import Action, Finding, Review, unfinished
from domain.states import EntryKind
from domain.timeline import append
from domain.visibility import Viewer, visible
from reports.weeks import monday_of
from reviews import action_ladder, causes, minutes
from reviews.chairs import attended, chaired, check_chair
from reviews.owners import may_own

WORDS, WHAT = 2000, 500
WHYS = 5
"""How often a meeting asks why, at most."""
FIRST = date(2000, 1, 3)
"""No week before this Monday is reviewed; times near the first year are no times."""


@dataclass(frozen=True, slots=True)
class Meeting:
    """One line of the list of meetings. `review` None: nobody has opened it yet."""

    office_id: UUID
    week: date
    review: Review | None
    decided: int
    open_actions: int


def open_review(session: Session, who: Viewer, office_id: UUID, week: date, now: datetime) -> Review:
    """The meeting of an office about a week; made, with `who` in the chair, if nobody opened it before.

    Raises:
        NotFound: no such office for this person.
        NotAllowed: they may read reviews but not hold one.
        BadInput: `week` is no Monday, or has not begun.
    """
    check_week(week, now)
    check_chair(session, who, office_id)
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    row = Review(office_id=office_id, week=week, opened_at=now, chair_id=who.staff_id)
    session.execute(
        insert(Review).values(row.model_dump()).on_conflict_do_nothing(index_elements=["office_id", "week"])
    )
    return session.exec(select(Review).where(Review.office_id == office_id, Review.week == week)).one()


def decide(
    session: Session,
    who: Viewer,
    review_id: UUID,
    case_id: UUID,
    why: str | Sequence[str],
    decision: str,
    now: datetime,
) -> Finding:
    """Keep why a case happened and what was decided, here and on the case's timeline. `why` is one answer, or the
    answers to "why?" asked one after the other, at most `WHYS`; empty ones do not count.

    Raises:
        NotFound: the viewer does not see the meeting, or the case in it.
        NotAllowed: they may not hold it.
        BadInput: something is empty or too long (`fields`: why, decision).
        Conflict: the meeting is closed, or decided otherwise on this case before.
    """
    review = _hold(session, who, review_id)
    whys, words = _reasons([why] if isinstance(why, str) else why, decision)
    case = lock(session, case_id, who)
    if case.office_id not in catalogue(session).subtree(review.office_id):
        raise NotFound("This case belongs to another office.", mend="Its own review can talk about it.")
    found = session.exec(select(Finding).where(Finding.review_id == review.id, Finding.case_id == case.id)).first()
    if found is not None:
        if (found.whys or [found.why], found.decision) == (whys, words["decision"]):
            return found
        raise Conflict(
            f"This meeting has already decided about {case.reference}: {found.decision}",
            mend="Add an action to it, or take it up again next week.",
        )
    finding = Finding(
        review_id=review.id,
        case_id=case.id,
        why=whys[-1],
        whys=whys,
        decision=words["decision"],
        at=now,
        author_id=_staff_id(who),
    )
    session.add(finding)
    append(
        session,
        case,
        EntryKind.reviewed,
        now,
        actor=str(who.staff_id),
        body={
            "why": finding.why,
            "whys": whys,
            "decision": finding.decision,
            "week": review.week.isoformat(),
            "office": catalogue(session).offices[review.office_id].code,
            "by": who.name,
        },
    )
    session.flush()
    return finding


def add_action(
    session: Session,
    who: Viewer,
    review_id: UUID,
    what: str,
    owner_id: UUID | None,
    due_on: date | None,
    now: datetime,
    *,
    case_id: UUID | None = None,
) -> Action:
    """Somebody will do something by a day. The very same action again is the one that is there.

    Raises:
        NotFound: the viewer does not see the meeting or the case.
        NotAllowed: they may not hold it.
        BadInput: with `fields` what, owner, due_on.
        Conflict: the meeting is closed.
    """
    review = _hold(session, who, review_id)
    wrong: dict[str, str] = {}
    words = ""
    try:
        words = _words({"what": (what, WHAT, "Say what will be done.")})["what"]
    except BadInput as error:
        wrong.update(error.fields)
    if case_id is not None and not _sees(session, who, case_id):
        raise NotFound("There is no such case in this meeting.", mend="It may have gone to another office meanwhile.")
    if owner_id is None:
        wrong["owner"] = "Choose who does it."
    elif not may_own(session, owner_id, review.office_id, case_id, now):
        wrong["owner"] = "This person does not work here any more, or may not see this case. Choose somebody else."
    if due_on is None:
        wrong["due_on"] = "Give a day, such as 2026-11-30."
    elif due_on < now.astimezone(settings().zone).date():
        wrong["due_on"] = "This day is over. Choose today or a later one."
    if wrong or owner_id is None or due_on is None:
        raise BadInput("The action is not complete.", mend="Mend what is marked.", fields=wrong)
    same = session.exec(
        select(Action).where(
            Action.review_id == review.id,
            Action.case_id == case_id,
            Action.what == words,
            Action.owner_id == owner_id,
            Action.due_on == due_on,
        )
    ).first()
    if same is not None:
        return same
    action = Action(
        review_id=review.id,
        office_id=review.office_id,
        case_id=case_id,
        cause_id=causes.of_case(session, case_id) if case_id is not None else None,
        what=words,
        owner_id=owner_id,
        due_on=due_on,
        created_at=now,
    )
    session.add(action)
    session.flush()
    action_ladder.arm(session, action)
    return action


def close_review(session: Session, who: Viewer, review_id: UUID, now: datetime) -> Review:
    """End the meeting: its page stays as it is now, and its minutes are out. Raises NotFound or NotAllowed."""
    review = _review(session, who, review_id)
    if review.closed_at is None:
        review.closed_at = now
        session.add(review)
        minutes.freeze(session, review, now)
    return review


def meetings(session: Session, who: Viewer, now: datetime, *, weeks: int = 8) -> list[Meeting]:
    """Meetings of the last weeks, newest first: those that were opened anywhere they attend, and their own to hold."""
    known = catalogue(session)
    last = monday_of(now, settings().zone) - timedelta(weeks=1)
    mondays = [last - timedelta(weeks=back) for back in range(weeks)]
    reach = attended(known, who)
    opened = session.exec(select(Review).where(col(Review.office_id).in_(reach), col(Review.week) >= mondays[-1])).all()
    listed: dict[tuple[UUID, date], Review | None] = {
        (office, monday): None for office in who.home & chaired(known, who) for monday in mondays[:1]
    }
    listed |= {(review.office_id, review.week): review for review in opened}
    ids = [review.id for review in opened]
    decided = _count(session, select(Finding.review_id, func.count()).join(Case).where(visible(who)), ids, Finding)
    to_do = _count(
        session,
        select(Action.review_id, func.count())
        .join(Case, col(Case.id) == col(Action.case_id), isouter=True)
        .where(unfinished(), or_(col(Action.case_id).is_(None), visible(who))),
        ids,
        Action,
    )
    lines = [
        Meeting(
            office,
            monday,
            review,
            decided.get(review.id, 0) if review else 0,
            to_do.get(review.id, 0) if review else 0,
        )
        for (office, monday), review in listed.items()
    ]
    return sorted(lines, key=lambda line: (-line.week.toordinal(), known.offices[line.office_id].code))


def _count(session: Session, query: Any, ids: list[UUID], table: type[Finding] | type[Action]) -> dict[UUID, int]:
    rows = session.exec(query.where(col(table.review_id).in_(ids)).group_by(col(table.review_id))).all()
    return dict(rows)


def _hold(session: Session, who: Viewer, review_id: UUID) -> Review:
    review = _review(session, who, review_id)
    if review.closed_at is not None:
        raise Conflict("This meeting is closed.", mend="Take it up in the next one.")
    return review


def _review(session: Session, who: Viewer, review_id: UUID) -> Review:
    """The meeting, locked, as it is once nobody else holds it; for who may hold it."""
    review = session.exec(
        select(Review).where(Review.id == review_id).with_for_update(), execution_options={"populate_existing": True}
    ).first()
    if review is None:
        raise NotFound("There is no such meeting.", mend="Look in the list of reviews.")
    check_chair(session, who, review.office_id)
    return review


def check_week(week: date, now: datetime) -> None:
    """Raise BadInput unless it is a Monday that has come."""
    today = monday_of(now, settings().zone)
    if week.weekday() != 0 or not FIRST <= week <= today:
        raise BadInput(
            f"{week} is no week that can be reviewed.",
            mend=f"Give the Monday it begins on, such as {today - timedelta(weeks=1)}.",
        )


def _sees(session: Session, who: Viewer, case_id: UUID) -> bool:
    return session.exec(select(Case.id).where(col(Case.id) == case_id, visible(who))).first() is not None


def _staff_id(who: Viewer) -> UUID:
    if who.staff_id is None:
        raise NotAllowed("Only a person can hold a review.")
    return who.staff_id


def _reasons(whys: Sequence[str], decision: str) -> tuple[list[str], dict[str, str]]:
    """The whys that were answered, and the decision, each cleaned. Raises BadInput with the fields that are wrong: the
    first why is `why`, the others `why2` to `why5`."""
    given: dict[str, tuple[str, int, str]] = {"why": (whys[0] if whys else "", WORDS, "Say why it happened.")}
    for number, text in enumerate(whys[1:WHYS], start=2):
        if clean(text):
            given[f"why{number}"] = (text, WORDS, "")
    words = _words(given | {"decision": (decision, WORDS, "Say what is decided.")})
    return [words[field] for field in given], words


def _words(given: Mapping[str, tuple[str, int, str]]) -> dict[str, str]:
    """Each text cleaned. `given`: field → text, most characters, what to say when it is empty. Raises BadInput."""
    found, wrong = {}, {}
    for field, (text, limit, missing) in given.items():
        words = clean(text)
        if not words:
            wrong[field] = missing
        elif len(words) > limit:
            wrong[field] = f"{len(words) - limit} characters too long."
        found[field] = words
    if wrong:
        raise BadInput("Something is missing.", mend="Mend what is marked.", fields=wrong)
    return found
