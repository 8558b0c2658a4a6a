"""What happens in the meeting besides deciding: who is here, what was checked, what is handed up.

Whoever writes holds the meeting's row, so of two who click at once the second finds what the first one wrote.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import select as sa_select
from sqlmodel import Session, col, select

from cases.acting import lock
from cases.telling import tell
from core.errors import BadInput, Conflict, NotFound
from core.texts import clean
from domain.case import Case
from domain.catalogue import catalogue
from domain.office import Office
from domain.pack import Attendance, Raised, SampleCheck
from domain.review import Finding, Review
from domain.staff import Staff, StaffRole, in_force
from domain.states import EntryKind, Role
from domain.timeline import append
from domain.visibility import Viewer, on_paper, viewer_of, visible
from reviews.chairs import CHAIRS_BELOW, check_chair
from reviews.gathering import facts, handed_up
from reviews.packs import pack_of
from reviews.snapshot import Body, Section

NOTE = 500
MOST_PEOPLE = 200
"""People whom a list at the meeting offers: those of the office, and who leads those below and above."""


def hold(session: Session, who: Viewer, review_id: UUID) -> Review:
    """The meeting, locked, while it is open and theirs to hold. Raises NotFound, NotAllowed or Conflict."""
    review = session.exec(
        select(Review).where(Review.id == review_id).with_for_update(), execution_options={"populate_existing": True}
    ).first()
    if review is None:
        raise NotFound("There is no such meeting.", mend="Look in the list of reviews.")
    check_chair(session, who, review.office_id)
    if review.closed_at is not None:
        raise Conflict("This meeting is closed.", mend="Take it up in the next one.")
    return review


def agenda_now(session: Session, body: Body, now: datetime) -> Body:
    """A pack with what was handed up since it was made: the one thing a meeting takes that its pack does not have."""
    there = {one.case_id for one in body.raised}
    later = [one for one in handed_up(session, body.office_id, body.week) if one.case_id not in there]
    if not later:
        return body
    ids = [one.case_id for one in (*body.raised, *later)]
    fresh = facts(session, {one.case_id for one in later} - body.by_id.keys(), now)
    sections = [Section("raised", len(ids), ids), *(one for one in body.sections if one.key != "raised")]
    return replace(body, cases=[*body.cases, *fresh], raised=[*body.raised, *later], sections=sections)


def note_attendance(
    session: Session, who: Viewer, review_id: UUID, came: Collection[UUID], was: Collection[UUID], now: datetime
) -> None:
    """Keep who is here. `was` is who was marked when the list was shown: only what differs from it is changed, so that
    two people who mark at once undo nothing of each other's.

    Raises:
        BadInput: somebody who does not work here any more.
        NotFound, NotAllowed, Conflict: as `hold`.
    """
    review = hold(session, who, review_id)
    changed = set(came) ^ set(was)
    known = set(session.exec(select(Staff.id).where(col(Staff.id).in_(changed), col(Staff.active).is_(True))))
    if set(came) & changed - known:
        raise BadInput("Somebody of them does not work here any more.", mend="Look at the list again.")
    rows = {
        row.staff_id: row
        for row in session.exec(
            select(Attendance).where(Attendance.review_id == review.id, col(Attendance.staff_id).in_(changed))
        )
    }
    for staff_id in sorted(changed):
        row = rows.get(staff_id) or Attendance(review_id=review.id, staff_id=staff_id, at=now, by=_me(who))
        row.present, row.at, row.by = staff_id in came, now, _me(who)
        session.add(row)
    session.flush()


def present(session: Session, review_id: UUID) -> list[Staff]:
    """Who is here, by name."""
    return list(
        session.exec(
            select(Staff)
            .join(Attendance, col(Attendance.staff_id) == col(Staff.id))
            .where(Attendance.review_id == review_id, col(Attendance.present).is_(True))
            .order_by(col(Staff.name), col(Staff.id))
        )
    )


def near(session: Session, office_id: UUID, now: datetime, also: Collection[UUID] = ()) -> list[Staff]:
    """People a meeting may want to name: of the office, who leads those right below and above, and `also`; by name."""
    known = catalogue(session)
    leads = (*CHAIRS_BELOW, Role.leadership)
    around = {one.id for one in known.children.get(office_id, ())} | {one.id for one in known.chain(office_id)}
    here = session.exec(
        select(StaffRole.staff_id).where(StaffRole.office_id == office_id, in_force(now)).limit(MOST_PEOPLE)
    ).all()
    leading = session.exec(
        select(StaffRole.staff_id)
        .where(col(StaffRole.office_id).in_(around - {office_id}), col(StaffRole.role).in_(leads), in_force(now))
        .limit(MOST_PEOPLE)
    ).all()
    return list(
        session.exec(
            select(Staff)
            .where(col(Staff.id).in_({*here, *leading, *also}), col(Staff.active).is_(True))
            .order_by(col(Staff.name), col(Staff.id))
        )
    )


def who_see(session: Session, people: Sequence[Staff], case_id: UUID, now: datetime) -> list[Staff]:
    """Those of them who see the case, in their order: nobody is offered what they would be refused."""
    roles: dict[UUID, set[tuple[Role, UUID]]] = {one.id: set() for one in people}
    rows = session.exec(select(StaffRole).where(col(StaffRole.staff_id).in_(roles), in_force(now)))
    for row in rows:
        roles[row.staff_id].add((Role(row.role), row.office_id))
    known = catalogue(session)
    sees = [visible(viewer_of(known, one.id, one.name, frozenset(roles[one.id]))) for one in people]
    if not sees:
        return []
    found = session.execute(sa_select(*sees).where(col(Case.id) == case_id)).first()
    return [one for one, may in zip(people, found or (), strict=False) if may]


def check(
    session: Session, who: Viewer, review_id: UUID, case_id: UUID, sound: bool | None, note: str, now: datetime
) -> SampleCheck:
    """Keep what the meeting found in a closed case it drew, here and on the case's timeline; the last word counts.

    Raises:
        NotFound: the case was not drawn, or is not theirs to see.
        BadInput: neither yes nor no, a "no" without what was found, or too many words (`fields`: sound, note).
        NotAllowed, Conflict: as `hold`.
    """
    review = hold(session, who, review_id)
    words = clean(note)
    wrong = {}
    if sound is None:
        wrong["sound"] = "Say whether it was closed rightly."
    if sound is False and not words:
        wrong["note"] = "Say what you found."
    if len(words) > NOTE:
        wrong["note"] = f"{len(words) - NOTE} characters too long."
    if wrong or sound is None:
        raise BadInput("The check is not complete.", mend="Mend what is marked.", fields=wrong)
    body = pack_of(session, review.office_id, review.week)
    if body is None or case_id not in body.draw.cases:
        raise NotFound("This case was not drawn.", mend="Only what the lot drew is checked here.")
    case = lock(session, case_id, who)
    row = session.exec(
        select(SampleCheck).where(SampleCheck.review_id == review.id, SampleCheck.case_id == case.id)
    ).first()
    if row is not None and (row.sound, row.note) == (sound, words):
        return row
    row = row or SampleCheck(review_id=review.id, case_id=case.id, sound=sound, at=now, by=_me(who))
    row.sound, row.note, row.at, row.by = sound, words, now, _me(who)
    session.add(row)
    checked = "rightly closed" if sound else "not rightly closed"
    _write_down(session, review, case, who, now, {"checked": checked, "note": words})
    return row


def next_up(session: Session, office_id: UUID, now: datetime) -> Office | None:
    """The nearest office above that has somebody to hold a meeting; None at the top."""
    known = catalogue(session)
    above = [one for one in list(known.chain(office_id))[1:] if one.active]
    if not above:
        return None
    led = set(
        session.exec(
            select(StaffRole.office_id)
            .join(Staff, col(Staff.id) == col(StaffRole.staff_id))
            .where(
                col(StaffRole.office_id).in_([one.id for one in above]),
                col(StaffRole.role).in_((*CHAIRS_BELOW, Role.leadership)),
                col(Staff.active).is_(True),
                in_force(now),
            )
        )
    )
    return next((one for one in above if one.id in led), None)


def raise_case(session: Session, who: Viewer, review_id: UUID, case_id: UUID, why: str, now: datetime) -> Raised:
    """Hand a case up: the next meeting of the office above has it first, with who and why. Its office stays
    accountable. Raised again it stays as it was; what was taken back goes up anew.

    Raises:
        NotFound: the case is not theirs to see, or may stand on no paper.
        BadInput: without why, or too many words (`fields`: raise_why).
        Conflict: nobody above holds meetings, or the meeting is closed.
    """
    review = hold(session, who, review_id)
    words = clean(why)
    if not words or len(words) > NOTE:
        wrong = f"{len(words) - NOTE} characters too long." if words else "Say why the office above is needed."
        raise BadInput("It is not handed up yet.", mend="Mend what is marked.", fields={"raise_why": wrong})
    above = next_up(session, review.office_id, now)
    if above is None:
        raise Conflict("There is no office above that holds meetings.", mend="Decide it here.")
    case = lock(session, case_id, who)
    if session.exec(select(Case.id).where(Case.id == case.id, on_paper())).first() is None:
        raise NotFound(
            "There is no such case in this meeting.", mend="What is about somebody's conduct is on no agenda."
        )
    row = session.exec(select(Raised).where(Raised.review_id == review.id, Raised.case_id == case.id)).first()
    if row is not None and row.taken_back_at is None:
        return row
    row = row or Raised(
        review_id=review.id, case_id=case.id, from_office_id=review.office_id, to_office_id=above.id, week=review.week,
        why=words, at=now, by=_me(who),
    )  # fmt: skip
    row.to_office_id, row.why, row.at, row.by, row.taken_back_at = above.id, words, now, _me(who), None
    session.add(row)
    session.flush()
    _write_down(session, review, case, who, now, {"raised_to": above.code, "why": words})
    here = catalogue(session).name(review.office_id)
    text = f"{case.reference}: the review of {here} hands it up to yours."
    tell(session, _leading(session, above.id, now), f"raised:{row.id}:{now.isoformat()}", text, now, case)
    return row


def take_back(session: Session, who: Viewer, review_id: UUID, case_id: UUID, now: datetime) -> None:
    """Hand a case up after all not. Taken back again it stays so.

    Raises:
        NotFound: it was not handed up here.
        Conflict: the office above has decided meanwhile, or the meeting is closed.
    """
    review = hold(session, who, review_id)
    row = session.exec(select(Raised).where(Raised.review_id == review.id, Raised.case_id == case_id)).first()
    if row is None:
        raise NotFound("This case was not handed up here.", mend="Look at the case again.")
    if row.taken_back_at is not None:
        return
    case = lock(session, case_id, who)
    decided = session.exec(
        select(Finding.id)
        .join(Review, col(Review.id) == col(Finding.review_id))
        .where(Finding.case_id == case_id, Review.office_id == row.to_office_id, col(Finding.at) >= row.at)
    ).first()
    if decided is not None:
        raise Conflict("The office above has decided about it already.", mend="Read it in the history of the case.")
    row.taken_back_at = now
    session.add(row)
    above = catalogue(session).offices[row.to_office_id]
    _write_down(session, review, case, who, now, {"raised_back": above.code})


def _write_down(
    session: Session, review: Review, case: Case, who: Viewer, now: datetime, body: dict[str, object]
) -> None:
    office = catalogue(session).offices[review.office_id].code
    append(
        session,
        case,
        EntryKind.reviewed,
        now,
        actor=str(who.staff_id),
        body={**body, "week": review.week.isoformat(), "office": office, "by": who.name},
    )
    session.flush()


def _leading(session: Session, office_id: UUID, now: datetime) -> list[UUID]:
    return list(
        session.exec(
            select(StaffRole.staff_id)
            .join(Staff, col(Staff.id) == col(StaffRole.staff_id))
            .where(
                StaffRole.office_id == office_id,
                col(StaffRole.role).in_((*CHAIRS_BELOW, Role.leadership)),
                col(Staff.active).is_(True),
                in_force(now),
            )
        )
    )


def _me(who: Viewer) -> UUID:
    if who.staff_id is None:
        raise NotFound("Only a person is at a meeting.")
    return who.staff_id
