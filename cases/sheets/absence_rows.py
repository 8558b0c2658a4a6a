"""Days away as CSV lines: whose by e-mail, from which day to which, both included."""

from datetime import date
from functools import partial
from uuid import UUID

from sqlmodel import Session, col, select

from cases import absences, covering
from cases.sheets.csvs import Line, Unusable
from cases.sheets.job import Job
from cases.staff_reach import Reach, held
from core.ids import new_id
from domain.staff import Absence, Staff, StaffRole, email_index


def rows(session: Session, reach: Reach | None = None) -> list[dict[str, str]]:
    """All days away, in order, of those an administrator reaches."""
    people = {person.id: person.email for person in session.exec(select(Staff))}
    roles: dict[UUID, list[StaffRole]] = {}
    for role in session.exec(select(StaffRole)):
        roles.setdefault(role.staff_id, []).append(role)
    return [
        {
            "id": str(one.id),
            "email": people[one.staff_id],
            "first_day": one.first_day.isoformat(),
            "last_day": one.last_day.isoformat(),
            "stand_in": people[one.stand_in_id] if one.stand_in_id else "",
            "reason": one.reason,
        }
        for one in session.exec(select(Absence).order_by(col(Absence.first_day), col(Absence.id)))
        if reach is None or reach.manages(held(roles.get(one.staff_id, [])))
    ]


def put(job: Job) -> None:
    """Add days away, and change the last day, stand-in and reason of those that begin on the same day. Cases that
    cannot wait go to others, as when the days are entered by hand."""
    session = job.session
    known = {(row.staff_id, row.first_day): row for row in session.exec(select(Absence))}

    def person(line: Line, column: str) -> Staff:
        address = line.needed(column)
        found = session.exec(select(Staff).where(col(Staff.email_index) == email_index(address))).first()
        if found is None:
            raise Unusable(f"nobody has the address {address!r}")
        roles = held(session.exec(select(StaffRole).where(col(StaffRole.staff_id) == found.id)))
        if column == "email" and job.reach is not None and not job.reach.manages(roles):
            raise Unusable("this person works beyond your offices")
        return found

    def day(line: Line, column: str) -> date:
        line.needed(column)
        found = line.day(column)
        assert found is not None  # noqa: S101  (it is not empty)
        return found

    def use(line: Line) -> None:
        who, first, last = person(line, "email"), day(line, "first_day"), day(line, "last_day")
        stand_in = person(line, "stand_in").id if line.text("stand_in") else None
        row = known.get((who.id, first))
        wanted = Absence(
            id=row.id if row is not None else new_id(),
            staff_id=who.id,
            first_day=first,
            last_day=last,
            stand_in_id=stand_in,
            reason=line.text("reason", 200),
            entered_at=job.now,
            entered_by=job.reach.me if job.reach is not None else None,
        )
        if row is not None and (row.last_day, row.stand_in_id, row.reason) == (last, stand_in, wanted.reason):
            return
        if wrong := absences.faults(session, wanted, job.now):
            raise Unusable(next(iter(wrong.values())))
        if row is None:
            row = known[who.id, first] = wanted
            session.add(row)
        row.last_day, row.stand_in_id, row.reason = last, stand_in, wanted.reason
        session.flush()
        job.afterwards.append(partial(covering.hand_over, session, row, job.now))

    with session.no_autoflush:
        job.complaints.each(job.lines, use)
