"""Looking at what somebody of staff is to be told: whether still, when, where and in which words. Nothing commits."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from sqlmodel import Session, col, select

from channels.values import Channel, Outgoing
from domain.case import Case
from domain.catalogue import Catalogue, catalogue
from domain.clock import Clock
from domain.dashboard import DashboardMail, MailState
from domain.reach import Matter, ReachState, StaffContact, StaffMessage
from domain.review import Action, unfinished
from domain.staff import Staff
from domain.states import ClockState
from domain.visibility import viewer, visible
from notifications import letters, staff_words
from notifications.sending import lease
from notifications.staff_channels import set_up, way_to
from notifications.staff_times import Habit, Opening, habit_of

Calendars = Callable[[Catalogue, UUID], Opening]
"""The working calendar of an office: `escalation.terms.calendar_of`."""

CODE_MINUTES = 15
LEFT, SHUT, OVER = "The person has left.", "The person may not see the case any more.", "It waits no longer."
STOPPED = "The person wants no more of these."


@dataclass(frozen=True, slots=True)
class Bundle:
    """What leaves in one message."""

    id: UUID
    channel: Channel
    outgoing: Outgoing
    since: datetime


class Look:
    """What is known of a person and of what they are to be told, in the transaction that holds both."""

    def __init__(
        self,
        session: Session,
        person: Staff,
        contact: StaffContact | None,
        rows: Sequence[StaffMessage],
        calendars: Calendars,
        now: datetime,
    ) -> None:
        self.session, self.person, self.contact, self.ready = session, person, contact, set_up()
        known, who = catalogue(session), viewer(session, person.id, person.name, now=now)
        cases = {row.case_id for row in rows if row.case_id is not None}
        clocks = {row.clock_id for row in rows if row.clock_id is not None}
        self.references: dict[UUID, str] = {}
        self.running: dict[UUID, datetime] = {}
        self.to_do: set[UUID] = set()
        self.habit: Habit | None = None
        self.mailed: set[UUID] = set()
        if mails := {row.dashboard_mail_id for row in rows if row.dashboard_mail_id is not None}:
            still = select(DashboardMail.id).where(
                col(DashboardMail.id).in_(mails), DashboardMail.state == MailState.active
            )
            self.mailed.update(session.exec(still))
        actions = {row.action_id for row in rows if row.action_id is not None}
        if not cases and not actions:
            return
        seen = select(Case.id, Case.reference).where(col(Case.id).in_(cases), visible(who))
        runs = select(Clock.id, Clock.started_at).where(
            col(Clock.id).in_(clocks), col(Clock.state) == ClockState.running
        )
        self.references.update(session.exec(seen).all())
        self.running.update(session.exec(runs).all())
        self.to_do.update(session.exec(select(Action.id).where(col(Action.id).in_(actions), unfinished())))
        home = min(who.home, key=known.name, default=None)
        if home is not None:
            self.habit = habit_of(contact, calendars(known, home))

    def pointless(self, row: StaffMessage) -> str:
        """Why a row is not sent at all; empty where it is."""
        if not self.person.active:
            return LEFT
        if row.case_id is not None and row.case_id not in self.references:
            return SHUT
        if row.action_id is not None and row.action_id not in self.to_do:
            return OVER
        if row.dashboard_mail_id is not None and row.dashboard_mail_id not in self.mailed:
            return STOPPED
        return OVER if row.clock_id is not None and row.clock_id not in self.running else ""

    def send_at(self, row: StaffMessage, now: datetime) -> datetime:
        """When it may leave."""
        waits = row.about in (Matter.rung, Matter.action) and not row.urgent and self.habit is not None
        return self.habit.send_at(row.created_at, now) if waits and self.habit else now

    def way(self, row: StaffMessage) -> tuple[Channel, str] | None:
        """Channel and address: what the step asked for, else e-mail where the step did not ask for that as well."""
        if row.about == Matter.code:
            phone = self.contact.phone if self.contact else None
            return (Channel.sms, phone) if phone and Channel.sms in self.ready else None
        way = way_to(self.person, self.contact, Channel(row.channel), self.ready)
        if way is None or way[0] == row.channel:
            return way
        return None if goes_by_mail(self.session, row) else way

    def bundle(self, channel: Channel, address: str, rows: list[StaffMessage], now: datetime) -> Bundle:
        """Mark what leaves together, and put it in words."""
        first = rows[0]
        subject = html = stop = None
        if first.about == Matter.code:
            body = staff_words.code_words(first, CODE_MINUTES)
        elif first.about == Matter.linked:
            body = staff_words.linked_words(self.person.name)
        elif first.about == Matter.figures:
            body, subject, html = first.text, staff_words.subject_of_text(first), first.html
            stop = letters.weekly_url(first.dashboard_mail_id) if first.dashboard_mail_id else None
        elif first.about == Matter.action:
            body = staff_words.action_words(first, channel)
            subject = staff_words.action_subject()
        elif first.about in (Matter.review, Matter.export):
            body, subject = first.text, staff_words.subject_of_text(first)
        else:
            told = [(row, self.references[row.case_id]) for row in rows if row.case_id is not None]
            since = min(self.running[row.clock_id] for row in rows if row.clock_id is not None)
            zone = self.habit.calendar.zone if self.habit else UTC
            body = staff_words.body_of(told, channel, since, zone)
            subject = staff_words.subject_of(told)
        for row in rows:
            row.state, row.sending_at, row.leased_until, row.bundle_id = (
                ReachState.sending,
                now,
                now + lease(),
                first.id,
            )
        first.body = None if first.about == Matter.code else body  # a code stands nowhere but on the telephone
        return Bundle(first.id, channel, outgoing_of(first.id, address, body, subject, html, stop), now)


def outgoing_of(
    bundle_id: UUID, address: str, body: str, subject: str | None, html: str | None = None, stop: str | None = None
) -> Outgoing:
    """A message to staff as its channel takes it; `stop` is where one click ends its like."""
    return Outgoing(
        id=bundle_id, to=address, text=body, subject=subject, html=html, automatic=True, unsubscribe_url=stop
    )


def goes_by_mail(session: Session, row: StaffMessage) -> bool:
    """Whether the same rung is told to the same person by e-mail besides."""
    twin = select(StaffMessage.id).where(
        StaffMessage.clock_id == row.clock_id,
        StaffMessage.rung == row.rung,
        StaffMessage.staff_id == row.staff_id,
        StaffMessage.channel == Channel.email,
    )
    return session.exec(twin).first() is not None
