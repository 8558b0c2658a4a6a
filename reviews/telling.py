"""Telling staff of their meetings: that a pack is there, that minutes are out. A notice inside, and a mail with a link.

The mail says which office and week, never what stands there: whoever follows the link signs in and sees what they may.
"""

from collections.abc import Iterable
from datetime import date, datetime
from uuid import UUID

from sqlmodel import Session, col, select

from channels.values import Channel
from core import doorbell
from core.database import after_commit
from core.i18n import SOURCE_LANGUAGE, format_datetime
from core.ids import new_id
from core.settings import settings
from domain.catalogue import catalogue
from domain.clock import Notice
from domain.reach import Matter, StaffMessage
from notifications.staff_channels import set_up

WORDS = {
    "pack": "The pack for the review of {office} is ready: the week of {week}.",
    "minutes": "The minutes of the review of {office} are out: the week of {week}.",
    "note": "The minutes of the review of {office} have an addition: the week of {week}.",
}
PAGES = {"pack": "/pack", "minutes": "/minutes", "note": "/minutes"}


def tell_of_review(
    session: Session, people: Iterable[UUID], what: str, office_id: UUID, week: date, now: datetime, *, once: str = ""
) -> int:
    """Tell these people once (`once` tells apart what happens more than once); gives how many were told."""
    known = catalogue(session)
    office = known.offices[office_id]
    key = f"review:{office.code}:{week.isoformat()}:{what}{once}"
    wanted = sorted(set(people))
    there = select(Notice.staff_id).where(col(Notice.staff_id).in_(wanted), col(Notice.dedupe_key) == key)
    told = set(session.exec(there).all()) if wanted else set()
    fresh = [one for one in wanted if one not in told]
    text = WORDS[what].format(
        office=known.name(office_id, SOURCE_LANGUAGE),
        week=format_datetime(week, SOURCE_LANGUAGE, settings().zone, "date"),
    )
    link = f"{settings().site_url}{address(office.code, week)}{PAGES[what]}"
    session.add_all(Notice(staff_id=one, dedupe_key=key, text=text, at=now) for one in fresh)
    if fresh and Channel.email in set_up():
        session.add_all(
            StaffMessage(
                id=new_id(),
                staff_id=one,
                about=Matter.review,
                channel=Channel.email,
                text=f"{text}\n{link}",
                created_at=now,
                due_at=now,
            )
            for one in fresh
        )
        after_commit(session, lambda: doorbell.ring(doorbell.STAFF))
    return len(fresh)


def address(office_code: str, week: date) -> str:
    """Path of a meeting's page."""
    return f"/staff/reviews/{office_code}/{week.isoformat()}"


def page_of(key: str) -> str:
    """The page a notice of this key leads to; empty where it is about no meeting and no action."""
    parts = key.split(":")
    if parts[0] == "action" and len(parts) == 3:
        return f"/staff/actions/{parts[1]}"
    if len(parts) != 4 or parts[0] != "review":
        return ""
    what = next((one for one in PAGES if parts[3].startswith(one)), "")
    return f"/staff/reviews/{parts[1]}/{parts[2]}{PAGES.get(what, '')}"
