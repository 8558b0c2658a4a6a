"""Dashboards by mail: Mondays at seven where one's office is, once, and no more once stopped or not one's to read."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import Session, col, delete, select, update

from channels.email import compose
from channels.values import Channel, DeliveryStatus, Outgoing, Sent
from core.database import database
from core.errors import NotAllowed
from core.settings import settings
from domain.case import Case
from domain.catalogue import forget, touch
from domain.dashboard import DashboardMail, MailState
from domain.office import Office
from domain.policy import Calendar
from domain.reach import Matter, ReachState, StaffMessage
from domain.staff import Staff, StaffRole
from escalation.terms import calendar_of
from notifications import letters, staff_deliver
from reports import mailing, refresh
from reports.letter import letter
from tests.conftest import Installation
from tests.reports.world import DAY, HOUR, NOW, World, build

MONDAY = datetime(2026, 11, 30, 6, tzinfo=UTC)
"""The next one after NOW, seven o'clock in Tirana."""
WEEK = timedelta(weeks=1)
ONE_KIND = pytest.mark.parametrize("installation", ["sqlite"], indirect=True)


@pytest.fixture
def world(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> World:
    """Two districts, one of which answers only some; figures counted."""
    monkeypatch.setenv("OMBUD_TIME_ZONE", "Europe/Tirane")
    settings.cache_clear()
    with installation.database.write() as session:
        made = build(session)
        for days in range(1, 40):
            made.case("NORTH", days * DAY, HOUR, deadline_after=2 * DAY)
            made.case("SOUTH", days * DAY, HOUR if days % 3 else None, deadline_after=2 * DAY)
        session.flush()
        refresh.refresh(session, NOW)
    return made


def asked(world: World, who: str = "minister", office: str = "MIN", now: datetime = NOW) -> DashboardMail:
    with database().write() as session:
        world.session = session
        return mailing.start(session, world.who(who), world.offices[office].id, now)


def written() -> list[StaffMessage]:
    with database().read() as session:
        query = select(StaffMessage).where(StaffMessage.about == Matter.figures).order_by(col(StaffMessage.created_at))
        return list(session.exec(query))


def kept(mail: DashboardMail) -> DashboardMail:
    with database().read() as session:
        return session.get_one(DashboardMail, mail.id)


class Post:
    """A channel that takes everything."""

    def __init__(self) -> None:
        self.taken: list[Outgoing] = []

    def send(self, outgoing: Outgoing, channel: Channel) -> Sent:
        """Take one."""
        assert channel is Channel.email
        self.taken.append(outgoing)
        return Sent(str(outgoing.id), "us", DeliveryStatus.accepted)


def deliver(now: datetime) -> list[Outgoing]:
    post = Post()
    staff_deliver.deliver_due(now, send=post.send, calendars=calendar_of)
    return post.taken


def test_once_a_week_whatever_is_replayed(world: World) -> None:
    mail = asked(world)
    assert mail.due_at == MONDAY
    assert asked(world).id == mail.id
    assert mailing.sweep(MONDAY - timedelta(seconds=1)) == 0
    assert mailing.sweep(MONDAY) == 1
    with database().write() as session:  # as if the row had not been moved on
        session.execute(update(DashboardMail).values(due_at=MONDAY, leased_until=None))
    assert mailing.sweep(MONDAY + timedelta(hours=1)) == 1
    with database().write() as session:
        mailing.stop(session, mail.id, MONDAY)
    asked(world, now=MONDAY - timedelta(hours=1))  # stopped and asked for again on the same day
    mailing.sweep(MONDAY + timedelta(hours=2))
    assert [one.week for one in written()] == [MONDAY.date()]
    assert kept(mail).due_at == MONDAY + WEEK
    # an outage of ten days: one mail when it is over, none for the Monday that was missed
    mailing.sweep(MONDAY + WEEK + timedelta(days=10))
    assert [one.week for one in written()] == [MONDAY.date(), (MONDAY + 2 * WEEK).date()]
    assert kept(mail).due_at == MONDAY + 3 * WEEK


@ONE_KIND
def test_what_the_mail_says(world: World) -> None:
    with database().write() as session:
        session.execute(update(Office).where(col(Office.code) == "SOUTH").values(names={"en": "Roads <&> Bridges"}))
        touch(session)
    mail = asked(world)
    mailing.sweep(MONDAY)
    [sent] = deliver(MONDAY)
    assert sent.subject == "Who is silent: Min office, 23 November 2026"
    assert sent.text.startswith(sent.subject)
    assert sent.unsubscribe_url == letters.weekly_url(mail.id)
    assert letters.weekly_of(sent.unsubscribe_url.rpartition("/")[2]) == mail.id
    assert sent.html is not None
    assert "Roads &lt;&amp;&gt; Bridges" in sent.html
    assert "1. Roads <&> Bridges: 13 past target, 13 silent now, the longest 39 days" in sent.text
    assert "<script" not in sent.html
    for link in ("/leadership?office=MIN&amp;weeks=4", "/leadership?office=SOUTH&amp;weeks=4", sent.unsubscribe_url):
        assert f'{link}"' in sent.html
    composed = compose(sent, mail_from="voice@velmora.example", name="Velmora", now=MONDAY)
    assert [part.get_content_type() for part in composed.walk()] == [
        "multipart/alternative", "text/plain", "text/html",
    ]  # fmt: skip
    assert composed["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    with database().read() as session:
        people = [person.name for person in session.exec(select(Staff))]
        references = list(session.exec(select(Case.reference)))
    for part in (sent.text, sent.html):
        assert not [word for word in (*people, *references) if word in part]
    assert deliver(MONDAY + timedelta(minutes=1)) == []


@ONE_KIND
@pytest.mark.parametrize(
    ("language", "day", "row", "changed"),
    [
        ("sq", "Kush hesht: Min office, 23 nëntor 2026", "13 përtej afatit, 13 pa përgjigje", "Asgjë"),
        ("bn", "কে নীরব: Min office, ২৩ নভেম্বর, ২০২৬", "১৩ জনের সময় পেরিয়েছে, ১৩ জন এখন উত্তরহীন", "দৈবক্রমে"),
        ("ru", "Кто молчит: Min office, 23 ноября 2026\u202fг.", "дольше срока 13, ждут сейчас 13", "Ничего"),
        ("xx", "Who is silent: Min office, 23 November 2026", "13 past target, 13 silent now", "Nothing"),
    ],
)
def test_the_mail_is_in_its_readers_language(world: World, language: str, day: str, row: str, changed: str) -> None:
    with database().write() as session:
        session.execute(update(Staff).where(col(Staff.id) == world.staff["minister"].id).values(language=language))
    asked(world)
    mailing.sweep(MONDAY)
    [sent] = deliver(MONDAY)
    assert sent.subject == day
    assert f": {row}" in sent.text
    assert changed in sent.text
    assert sent.html is not None
    assert f'<html lang="{language if language != "xx" else "en"}" dir="ltr">' in sent.html
    english = ("silent", "What changed", "Where to act", "past target", "Office<", "Longest", "All of it", "Monday")
    left = [one for one in english if one in sent.text + sent.html]
    assert left == [] or language == "xx"


def test_stopped_before_it_leaves(world: World) -> None:
    mail = asked(world)
    mailing.sweep(MONDAY)
    with database().write() as session:
        for _ in range(2):
            mailing.stop(session, mail.id, MONDAY)
    assert deliver(MONDAY) == []
    assert [one.state for one in written()] == [ReachState.dropped]
    assert mailing.sweep(MONDAY + WEEK) == 0


@ONE_KIND
@pytest.mark.parametrize(
    ("zone", "asked_at", "due"),
    [
        ("Asia/Dhaka", "2026-11-23T00:59:00+00:00", "2026-11-23T01:00:00+00:00"),
        ("Asia/Dhaka", "2026-11-23T01:00:00+00:00", "2026-11-30T01:00:00+00:00"),
        ("Europe/Tirane", "2026-10-24T12:00:00+00:00", "2026-10-26T06:00:00+00:00"),  # the clocks go back between
        ("Europe/Tirane", "2027-03-27T12:00:00+00:00", "2027-03-29T05:00:00+00:00"),
        ("America/Lima", "2026-11-30T03:00:00+00:00", "2026-11-30T12:00:00+00:00"),  # there it is Sunday still
    ],
)
def test_seven_where_their_office_is(world: World, zone: str, asked_at: str, due: str) -> None:
    with database().write() as session:
        calendar = Calendar(name="Theirs", time_zone=zone, week={str(day): [["08:00", "16:00"]] for day in range(5)})
        session.add(calendar)
        session.flush()
        session.execute(update(Office).where(col(Office.code) == "NORTH").values(calendar_id=calendar.id))
        touch(session)
    forget()
    mail = asked(world, "north_head", "NORTH", datetime.fromisoformat(asked_at))
    assert mail.due_at == datetime.fromisoformat(due)
    assert mail.due_at.astimezone(ZoneInfo(zone)).hour == 7
    mailing.sweep(mail.due_at)
    assert kept(mail).due_at == mailing.next_monday(mail.due_at, ZoneInfo(zone))
    assert [one.week for one in written()] == [mail.due_at.astimezone(ZoneInfo(zone)).date()]


def _left(session: Session, world: World) -> None:
    session.execute(update(Staff).where(col(Staff.id) == world.staff["north_head"].id).values(active=False))


def _role_ended(session: Session, world: World) -> None:
    session.execute(delete(StaffRole).where(col(StaffRole.staff_id) == world.staff["north_head"].id))


def _closed(session: Session, world: World) -> None:
    session.execute(update(Office).where(col(Office.code) == "NORTH").values(active=False))
    touch(session)


@ONE_KIND
@pytest.mark.parametrize(
    ("happens", "why"), [(_left, mailing.LEFT), (_role_ended, mailing.SHUT), (_closed, mailing.CLOSED)]
)
def test_who_may_not_read_it_any_more_gets_no_more(world: World, happens: object, why: str) -> None:
    mail, other = asked(world, "north_head", "NORTH"), asked(world, "south_head", "SOUTH")
    with database().write() as session:
        happens(session, world)  # type: ignore[operator]
    forget()
    assert mailing.sweep(MONDAY) == 2
    assert [one.staff_id for one in written()] == [other.staff_id]
    assert (kept(mail).state, kept(mail).why) == (MailState.stopped, why)


@ONE_KIND
def test_only_what_one_reads_is_mailed(world: World) -> None:
    for who, office in (("north_head", "SOUTH"), ("north_officer", "NORTH"), ("inspector", "MIN")):
        with pytest.raises(NotAllowed):
            asked(world, who, office)


@ONE_KIND
def test_one_that_fails_holds_up_no_other(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    bad, good = asked(world, "north_head", "NORTH"), asked(world, "south_head", "SOUTH")

    def fails(session: Session, who: object, known: object, office_id: object, *rest: object) -> object:
        if office_id == bad.office_id:
            raise ValueError("no figures")
        return letter(session, who, known, office_id, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(mailing, "letter", fails)
    assert mailing.sweep(MONDAY) == 1
    assert [one.staff_id for one in written()] == [good.staff_id]
    assert kept(bad).last_error == "ValueError: no figures"
    monkeypatch.undo()
    assert mailing.sweep(MONDAY + timedelta(minutes=10)) == 1
    assert len(written()) == 2
