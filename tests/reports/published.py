"""A month of a small government, for the tests of what the public is told."""

from datetime import UTC, date, datetime, timedelta

from sqlalchemy import insert
from sqlmodel import Session

from channels.values import Channel
from core.ids import new_id
from domain.case import Case
from domain.clock import Clock
from domain.states import CaseState, ClockKind, ClockState
from tests.builders import Government, plain_case
from tests.surveys.answers import Asking

MONTH = date(2026, 2, 1)
AT = datetime(2026, 2, 10, 9, 0, tzinfo=UTC)
COUNTED = datetime(2026, 3, 12, 9, 0, tzinfo=UTC)
"""After the month was over for long enough."""
OUT = COUNTED + timedelta(days=6)


def put(session: Session, known: Government, office: str, number: int, late: int = 0, **values: object) -> list[Case]:
    """So many cases of an office, answered after one hour more each, the last `late` of them after their target."""
    made = []
    for place in range(number):
        is_late = place >= number - late
        answered = AT + timedelta(hours=100 + place if is_late else 1 + place % 40)
        given = {
            "channel": Channel.sms if place % 3 else Channel.web,
            "service_id": known.service["water"],
            "received_at": AT,
            "first_response_at": answered,
            "closed_at": answered + timedelta(hours=1),
            "state": CaseState.closed,
            "text": "The pump in our street was broken since Monday and nobody came to look at it",
        } | values
        case = plain_case(known, office, **given)
        made.append(case)
    session.add_all(made)
    session.flush()
    clocks = [
        {
            "id": new_id(),
            "case_id": case.id,
            "kind": ClockKind.first_response,
            "entry": 1,
            "state": ClockState.met,
            "office_id": case.office_id,
            "started_at": AT,
            "target_seconds": 60,
            "deadline_at": AT + timedelta(hours=50),
            "rungs": [],
        }
        for case in made
    ]
    session.execute(insert(Clock), clocks)
    return made


def month(session: Session, known: Government) -> None:
    """WAT1 is large, WAT2 has enough, CIV1 and the region's own office too few; services are rated."""
    put(session, known, "WAT1", 60, late=12)
    put(session, known, "WAT2", 20, late=6)
    put(session, known, "CIV1", 3, late=1, service_id=known.service["passport"])
    put(session, known, "WATER", 2)
    put(session, known, "GOV", 30, late=8)
    asking = Asking(session, known)
    for place in range(30):
        asking.ask("WAT1", AT, {"rating": 1 + place % 5} if place % 3 else {}, service="water")


def firewalled(session: Session, known: Government) -> None:
    """One of each kind of case that nobody may count before the public, at the large office and at a small one."""
    for office in ("WAT1", "CIV1"):
        put(session, known, office, 1, integrity=True)
        put(session, known, office, 1, about_office_id=known.office["WAT2"])
        put(session, known, office, 1, about_staff_id=known.staff["officer1"])
        put(session, known, office, 1, confidential=True)
