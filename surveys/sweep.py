"""Sending surveys that are due, after looking once more whether each may still be sent: the manners of asking.

Claim, decisions and outbox rows are one transaction, so a survey is sent exactly when its invitation says so. An
invitation is due up to three times: for a notice, where its plan wants one, for the question, and for one reminder.
A batch that cannot be done is done one by one: an invitation that cannot leave keeps its error, backs off, and never
holds up the others.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session, col

from channels.values import Channel
from core import claims
from core.database import Database, database
from core.logs import logger
from core.settings import settings
from domain.catalogue import catalogue, name_of
from domain.citizen import ContactPoint
from domain.states import InvitationState, Purpose
from domain.survey import Invitation, Transaction
from domain.trial import Moment
from notifications import compose, outbox
from notifications.segments import for_sms, segments
from surveys import asking, budget, drawing, plans, trials
from surveys.due import Due, Pair, failed_of, load, with_open_case
from surveys.flow import Question
from surveys.plans import Plan
from surveys.schedule import REPLY_TIME, SHELF_LIFE, citizen_zone, into_daytime, office_zone
from surveys.trial_sending import by_arm, subject, zone_of

BATCH = 200
QUESTION, NOTICE, REMINDER = "survey", "survey_notice", "survey_reminder"
"""What is written to one citizen, each at most once."""
WAITING = (InvitationState.scheduled, InvitationState.sent)
"""States in which an invitation may be due."""

log = logger("surveys.sweep")


def sweep(now: datetime, limit: int = BATCH) -> int:
    """Send, put off or drop up to `limit` due invitations, and expire unanswered ones; returns how many were due."""
    home, claimed = database(), list[UUID]()
    try:
        with home.write() as session:
            expire_unanswered(session, now)
            for state in WAITING:
                rest = limit - len(claimed)
                claimed += claims.claim(session, Invitation, now, state=state, limit=rest)
            if claimed:
                _work(session, claimed, now)
    except Exception as error:
        if not claimed or _gone(error):
            raise
        log.exception("survey_batch_failed", invitations=len(claimed))
        for invitation_id in claimed:
            _alone(home, invitation_id, now)
    return len(claimed)


def _alone(home: Database, invitation_id: UUID, now: datetime) -> None:
    mine = col(Invitation.id) == invitation_id
    try:
        with home.write() as session:
            for state in WAITING:
                if claims.claim(session, Invitation, now, state=state, limit=1, only=mine):
                    _work(session, [invitation_id], now)
                    break
    except Exception as error:
        if _gone(error):
            raise
        log.exception("survey_failed", invitation=str(invitation_id))
        with home.write() as session:
            invitation = session.get_one(Invitation, invitation_id, with_for_update=True)
            invitation.attempts += 1
            # of the error only its kind: its words may repeat somebody's number
            invitation.last_error = type(error).__name__
            invitation.leased_until = claims.retry_at(now, invitation.attempts)
            session.add(invitation)


def _gone(error: Exception) -> bool:
    """Whether it is the database itself that failed, and nothing would go better one by one."""
    return isinstance(error, DBAPIError) and error.connection_invalidated


def _work(session: Session, ids: Sequence[UUID], now: datetime) -> None:
    purse = budget.purse(session, now, len(ids))  # its lock comes before those of contact points
    found = load(session, ids, plans.current(session))
    troubled = with_open_case(session, {one.id for due in found for one in due.contacts})
    failed = failed_of(session, [due.invitation.id for due in found if due.invitation.state == InvitationState.sent])
    dealing = trials.Dealing(session, now, {one.citizen_id for due in found for one in due.contacts})
    for due in found:
        due.invitation.leased_until = None
        session.add(due.invitation)
        if due.invitation.state == InvitationState.sent:
            _remind(session, due, troubled, failed, purse, dealing, now)
        else:
            _invite(session, due, troubled, purse, dealing, now)


def _invite(
    session: Session,
    due: Due,
    troubled: Collection[Pair],
    purse: budget.Purse,
    dealing: trials.Dealing,
    now: datetime,
) -> None:
    invitation = due.invitation
    contact, why = way_of(due.plan, due.own, due.contacts)
    opening = opening_of(session, due.transaction.office_id, contact or due.own, now)
    if now > due.transaction.completed_at + SHELF_LIFE:
        _drop(invitation, InvitationState.expired, "too_late")
    elif contact is None:
        _drop(invitation, InvitationState.suppressed, why)
    elif invitation.noticed_at is None and _rests(due, now):
        _drop(invitation, InvitationState.suppressed, "asked_lately")
    elif _waits_for_us(due, troubled):
        _drop(invitation, InvitationState.suppressed, "open_case")
    elif opening > now:
        invitation.due_at = opening
    else:
        notice = bool(due.plan.notice) and invitation.noticed_at is None
        treatment = None if notice else dealing.treat(Moment.survey, subject(session, due, contact))
        if treatment is not None:
            starts = treatment.starts(due.transaction.completed_at + due.plan.delay, zone_of(session, due, contact))
            if starts > now:
                invitation.due_at = starts
                return
            contact = by_arm(due, contact, treatment)
        if not _write(session, due, contact, NOTICE if notice else QUESTION, purse, now, treatment):
            _drop(invitation, InvitationState.suppressed, drawing.NO_BUDGET)
            return
        contact.last_survey_at = now
        session.add(contact)
        if notice:
            invitation.noticed_at, invitation.due_at = now, now + due.plan.notice
            return
        invitation.state, invitation.sent_at = InvitationState.sent, now
        invitation.due_at = now + due.plan.reminder if due.plan.reminder else None


def _remind(
    session: Session,
    due: Due,
    troubled: Collection[Pair],
    failed: Collection[UUID],
    purse: budget.Purse,
    dealing: trials.Dealing,
    now: datetime,
) -> None:
    """One reminder at most: not after an answer, a no, a failure, or when a case is open about it by now."""
    invitation, own = due.invitation, due.own
    allowed, _ = way_of(due.plan, own, [one for one in due.contacts if one.id == own.id])
    opening = opening_of(session, due.transaction.office_id, own, now)
    late = invitation.sent_at is None or now > invitation.sent_at + REPLY_TIME
    if (
        allowed is None
        or late
        or invitation.reminded_at is not None
        or invitation.id in failed
        or _waits_for_us(due, troubled)
    ):
        invitation.due_at = None
    elif opening > now:
        invitation.due_at = opening
    else:
        invitation.due_at = None
        treatment = dealing.treat(Moment.survey_reminder, subject(session, due, own))
        if _write(session, due, own, REMINDER, purse, now, treatment):
            invitation.reminded_at = now


def way_of(plan: Plan, own: ContactPoint, contacts: Sequence[ContactPoint]) -> tuple[ContactPoint | None, str]:
    """The address somebody is asked at, or None and why there is none.

    The agency's own, or where the plan has an order of channels the first of the citizen's that takes messages. A no on
    one address is not got round on another.
    """
    if own.opted_out_at is not None or any(one.no_surveys_at is not None for one in contacts):
        return None, "opted_out"
    order = plan.channels or (Channel(own.channel),)
    usable = [one for one in contacts if one.channel in order and outbox.may_send(one, Purpose.survey)]
    if usable:
        return min(usable, key=lambda one: (order.index(Channel(one.channel)), one.id != own.id, one.id)), ""
    return (own, "") if outbox.may_send(own, Purpose.survey) else (None, "unreachable")


def opening_of(session: Session, office_id: UUID, contact: ContactPoint, now: datetime) -> datetime:
    """From when a citizen may be written to, by the clock of where they are: now, or the next opening."""
    office = office_zone(catalogue(session), office_id, settings())
    return into_daytime(now, settings(), citizen_zone(Channel(contact.channel), contact.address, office))


def _rests(due: Due, now: datetime) -> bool:
    return bool(due.plan.rest) and due.asked_at is not None and due.asked_at > now - due.plan.rest


def _waits_for_us(due: Due, troubled: Collection[Pair]) -> bool:
    """Whether the citizen has an open case about the service: whoever waits for an answer is not asked how it was."""
    return any((one.id, due.transaction.service_id) in troubled for one in due.contacts)


def _drop(invitation: Invitation, state: InvitationState, why: str) -> None:
    invitation.state, invitation.why, invitation.due_at = state, why, None


def _write(
    session: Session,
    due: Due,
    contact: ContactPoint,
    name: str,
    purse: budget.Purse,
    now: datetime,
    treatment: trials.Treatment | None = None,
) -> bool:
    """Put a message into the outbox, once for each invitation and name; False where no budget covers it."""
    invitation, language = due.invitation, due.invitation.language
    question = due.question
    if question is None:
        return False
    body = wording(session, due.transaction, invitation, question, Channel(contact.channel), name, treatment)
    costs = segments(for_sms(body)) if contact.channel == Channel.sms else 0
    if not purse.take(due.transaction.office_id, costs):
        return False
    invitation.contact_point_id = contact.id
    if name == QUESTION:
        sender = treatment.arm.sender if treatment else None
        new = not invitation.asked
        return asking.put(session, invitation, question, now, body=body, sender=sender, fresh=new) is not None
    answerable = name == REMINDER and contact.channel == Channel.telegram
    row = outbox.enqueue(
        session,
        purpose=Purpose.survey,
        contact=contact,
        language=language,
        body=body,
        dedupe_key=f"{name}:{invitation.id}",
        now=now,
        invitation=invitation,
        buttons=asking.buttons_of(question, invitation.id, language) if answerable else (),
        sender=asking.sender_of(session, invitation),
        fresh=True,
    )
    return row is not None


def wording(
    session: Session,
    transaction: Transaction,
    invitation: Invitation,
    question: Question,
    channel: Channel,
    name: str,
    treatment: trials.Treatment | None = None,
) -> str:
    """What a message says: the first question, the notice before it or the reminder after it; an arm's own words go
    before the usual ones."""
    known, language = catalogue(session), invitation.language
    service = name_of(known.services[transaction.service_id], language)
    office = known.name(transaction.office_id, language)
    # a link costs nothing in a mail, and a segment in an SMS
    link = f"{settings().site_url}/s/{invitation.token}" if channel is Channel.email else ""
    pressed = channel is Channel.telegram or None
    own = trials.words(treatment, language, service=service, office=office, link=link or None, pressed=pressed)
    if own is not None:
        return own
    if name == QUESTION:
        return asking.message(question, language, channel, service=service, office=office, link=link)
    return compose.compose(name, language, service=service, office=office, link=link or None)


def expire_unanswered(session: Session, now: datetime) -> None:
    """Close invitations nobody answered in time, so that a later message is not taken for a reply."""
    session.execute(
        update(Invitation)
        .where(col(Invitation.state) == InvitationState.sent, col(Invitation.sent_at) < now - REPLY_TIME)
        .values(state=InvitationState.expired, why="no_answer", due_at=None)
        .execution_options(synchronize_session=False)
    )
