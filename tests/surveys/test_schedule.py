# ruff: noqa: E501  (a table of moments)
"""When surveys are sent."""

from datetime import UTC, datetime

import pytest

from core.settings import settings
from surveys.schedule import into_daytime, send_at


@pytest.mark.parametrize(
    ("local", "sent"),
    [("2026-03-02T10:00", "2026-03-02T11:00"), ("2026-03-02T19:30", "2026-03-03T09:00"), ("2026-03-02T04:00", "2026-03-02T09:00"),
     ("2026-03-28T22:00", "2026-03-29T09:00"), ("2026-10-24T20:00", "2026-10-25T09:00")],
)  # fmt: skip
def test_surveys_are_sent_by_day_across_clock_changes(local: str, sent: str) -> None:
    zone = settings().zone
    completed = datetime.fromisoformat(local).replace(tzinfo=zone).astimezone(UTC)
    due = send_at(completed, completed, settings())
    assert due == datetime.fromisoformat(sent).replace(tzinfo=zone)
    assert into_daytime(due, settings()) == due
