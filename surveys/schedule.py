"""When a survey may be sent: the delay after the service, and the daytime of where the citizen is."""

from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from channels.phone_zones import zone_of
from channels.values import Channel
from core.settings import Settings
from domain.catalogue import Catalogue

SHELF_LIFE = timedelta(days=7)
"""After this long nobody is asked any more about a service."""
REPLY_TIME = timedelta(days=14)
"""A reply is taken for an answer this long after the survey was sent."""
BY_PHONE = (Channel.sms, Channel.whatsapp)


def send_at(
    completed_at: datetime,
    now: datetime,
    settings: Settings,
    delay: timedelta | None = None,
    zone: ZoneInfo | None = None,
) -> datetime | None:
    """When to ask about a service: after the delay (by default the settings'), by day, never in the past; None when it
    would be too late."""
    wait = timedelta(minutes=settings.survey_delay_minutes) if delay is None else delay
    asked = into_daytime(max(completed_at + wait, now), settings, zone)
    return asked if asked <= completed_at + SHELF_LIFE else None


def into_daytime(moment: datetime, settings: Settings, zone: ZoneInfo | None = None) -> datetime:
    """The moment itself if it is in the daytime window, else the window's next opening; by the government's zone, or
    by another."""
    local = moment.astimezone(zone or settings.zone)
    if settings.survey_day_start <= local.hour < settings.survey_day_end:
        return moment
    day = local.date() + timedelta(days=1 if local.hour >= settings.survey_day_end else 0)
    opening = datetime(day.year, day.month, day.day, settings.survey_day_start, tzinfo=zone or settings.zone)
    return opening.astimezone(moment.tzinfo)


def office_zone(known: Catalogue, office_id: UUID, settings: Settings) -> ZoneInfo:
    """The zone an office works in."""
    calendar = known.calendar(office_id)
    return ZoneInfo(calendar.time_zone) if calendar else settings.zone


def citizen_zone(channel: Channel, address: str, office: ZoneInfo) -> ZoneInfo:
    """The zone of a citizen: their number's, where that tells; else the office's that served them."""
    return ZoneInfo(zone_of(address, office.key)) if channel in BY_PHONE else office
