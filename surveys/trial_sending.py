"""What a running trial changes in a survey that is about to leave: who it is dealt to, by whose clock, and by which
channel."""

from zoneinfo import ZoneInfo

from sqlmodel import Session

from channels.values import Channel
from core.settings import settings
from domain.catalogue import catalogue
from domain.citizen import ContactPoint
from domain.states import Purpose
from notifications import outbox
from surveys import trials
from surveys.due import Due
from surveys.schedule import citizen_zone, office_zone
from surveys.trial_arms import Subject


def subject(session: Session, due: Due, contact: ContactPoint) -> Subject:
    """Somebody as a trial sees them."""
    transaction = due.transaction
    tier = catalogue(session).offices[transaction.office_id].tier
    invitation, channel = due.invitation, Channel(contact.channel)
    return Subject(
        invitation.id,
        contact.citizen_id,
        transaction.service_id,
        transaction.office_id,
        str(tier),
        invitation.language,
        channel,
    )


def zone_of(session: Session, due: Due, contact: ContactPoint) -> ZoneInfo:
    """The zone somebody is written to in."""
    office = office_zone(catalogue(session), due.transaction.office_id, settings())
    return citizen_zone(Channel(contact.channel), contact.address, office)


def by_arm(due: Due, contact: ContactPoint, treatment: trials.Treatment) -> ContactPoint:
    """Where the arm writes to, if it can by now; else where it is written to as always."""
    wanted = [one for one in due.contacts if one.channel == treatment.arm.channel]
    return next((one for one in wanted if outbox.may_send(one, Purpose.survey)), contact)
