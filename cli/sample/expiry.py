"""Until when what the sample government issues is good, and what its citizens are told before."""

from datetime import date, datetime, timedelta

from core.settings import settings

DAYS = {
    "passport": 3652, "id-card": 3652, "driving-licence": 1826, "vehicle-registration": 365, "health-card": 365,
    "residence-registration": 120, "business-licence": 365,
}  # fmt: skip
"""Days each is good for, by service."""
REMINDERS = {
    "passport": [90, 30], "id-card": [60, 14], "driving-licence": [60, 14], "vehicle-registration": [30, 7],
    "health-card": [30], "residence-registration": [14, 3], "business-licence": [45, 14],
}  # fmt: skip
"""Days before, by service."""
NEXT_STEPS = {
    "en": "Bring the old one and your number.",
    "sq": "Sillni të vjetrin dhe numrin tuaj.",
    "bn": "পুরোনোটি ও আপনার নম্বর আনুন।",
    "ru": "Возьмите старый документ и ваш номер.",
}


def expires_on(service: str, issued: datetime) -> date | None:
    """The last day of what was issued then; None for what never expires."""
    days = DAYS.get(service)
    return issued.astimezone(settings().zone).date() + timedelta(days=days) if days else None


def next_steps(service: str) -> dict[str, str]:
    """What to do next, in the languages of the deployment."""
    return (
        {code: words for code, words in NEXT_STEPS.items() if code in settings().languages} if service in DAYS else {}
    )
