"""The demo's well-known secrets, and which of them a production must not start with."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

DEMO_GOVERNMENT = "Republic of Velmora"
DEMO_SECRET = "demo-secret-not-for-production"  # noqa: S105  (production refuses it)
DEMO_PASSWORD = "velmora demo"  # noqa: S105  (of every sample sign-in)
DEMO_TWILIO_ACCOUNT = "AC" + "0" * 32
DEMO_TWILIO_TOKEN = "demo-twilio-token"  # noqa: S105
DEMO_TELEGRAM_TOKEN = "1000000001:demo-telegram-token"  # noqa: S105
DEMO_TELEGRAM_WEBHOOK_SECRET = "demo-telegram-secret"  # noqa: S105
DEMO_MAIL_ADDRESS = "voice@velmora.example"
DEMO_MAIL_PASSWORD = "demo-mail"  # noqa: S105


def unsafe_secrets(settings: Mapping[str, Any]) -> list[str]:
    """Settings that are unset, short or at the demo's value, by their variables.

    `settings` has their values by the names of `core.settings`.
    """
    defaults = {
        "OMBUD_SECRET_KEY": settings["secret_key"] == DEMO_SECRET or len(settings["secret_key"]) < 32,
        "OMBUD_TWILIO_AUTH_TOKEN": settings["twilio_auth_token"] == DEMO_TWILIO_TOKEN,
        "OMBUD_TWILIO_ACCOUNT_SID": settings["twilio_account_sid"] == DEMO_TWILIO_ACCOUNT,
        "OMBUD_TELEGRAM_TOKEN": settings["telegram_token"] == DEMO_TELEGRAM_TOKEN,
        "OMBUD_TELEGRAM_WEBHOOK_SECRET": bool(settings["telegram_token"])
        and (settings["telegram_webhook_secret"] in ("", DEMO_TELEGRAM_WEBHOOK_SECRET)),
        "OMBUD_MAIL_FROM": bool(settings["imap_url"] or settings["smtp_url"])
        and settings["mail_from"] in ("", DEMO_MAIL_ADDRESS),
        "OMBUD_OIDC_ISSUER": bool(settings["oidc_issuer"])
        and not (settings["oidc_issuer"].startswith("https://") or _on_loopback(settings["oidc_issuer"])),
        "OMBUD_PUBLIC_URL": not (settings["public_url"].startswith("https://") or _on_loopback(settings["public_url"])),
    }
    return [name for name, bad in defaults.items() if bad]


def _on_loopback(url: str) -> bool:
    """Whether an address is this machine's own, where a certificate proves nothing."""
    return urlsplit(url).hostname in ("127.0.0.1", "::1", "localhost")
