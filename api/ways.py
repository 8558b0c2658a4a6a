"""The other ways to reach the government, as this installation has them set up."""

from channels.phones import readable
from core.settings import settings


def ways() -> list[dict[str, str]]:
    """Channels that are connected: code, what to show, and the address that opens it ("" for none)."""
    now = settings()
    found: list[dict[str, str]] = []
    if now.twilio_from.startswith("+"):
        found.append({"channel": "sms", "name": readable(now.twilio_from), "url": f"sms:{now.twilio_from}"})
    if now.twilio_whatsapp_from:
        number = now.twilio_whatsapp_from.removeprefix("whatsapp:")
        found.append({"channel": "whatsapp", "name": readable(number), "url": f"https://wa.me/{number.lstrip('+')}"})
    if now.telegram_name and now.telegram_token and now.telegram_mode != "off":
        name = now.telegram_name.removeprefix("@")
        found.append({"channel": "telegram", "name": f"@{name}", "url": f"https://t.me/{name}"})
    if now.mail_from and now.imap_url:
        found.append({"channel": "email", "name": now.mail_from, "url": f"mailto:{now.mail_from}"})
    if now.voice_number:
        found.append({"channel": "voice", "name": readable(now.voice_number), "url": f"tel:{now.voice_number}"})
    return found
