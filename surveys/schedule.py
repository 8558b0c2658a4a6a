"""When a survey may be sent: the delay after the service, and the daytime of the government's zone."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from core.settings import Settings

SHELF_LIFE = timedelta(days=7)
"""After this long nobody is asked any more about a service."""
REPLY_TIME = timedelta(days=14)
"""A reply is taken for an answer this long after the survey was sent."""


def send_at(completed_at: datetime, now: datetime, settings: Settings) -> datetime | None:
    """When to ask about a service: after the delay, by day, never in the past; None when it would be too late."""
    asked = into_daytime(max(completed_at + timedelta(minutes=settings.survey_delay_minutes), now), settings)
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
