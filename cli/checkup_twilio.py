"""What `ombud doctor` looks at for SMS and WhatsApp: the account's senders, and where their messages go."""

from typing import Any

import httpx
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import col, select

from channels.values import Channel
from core.database import database
from core.settings import Settings
from domain.sender import Sender

HOOK = "/webhooks/twilio/messages"
RETRIES = "#rc=3&rp=all"
PATIENCE = 8.0  # seconds for one call


def senders(current: Settings) -> list[str]:
    """Every number and messaging service that SMS leave from: the setting's, then those of offices."""
    own: list[str] = []
    try:
        with database().read() as session:
            query = select(Sender.address).where(col(Sender.channel) == Channel.sms, col(Sender.active).is_(True))
            own = list(session.exec(query.order_by(col(Sender.address))).all())
    except SQLAlchemyError:  # told by the check of the database
        own = []
    return list(dict.fromkeys([current.twilio_from, *own]))


def faults(current: Settings, address: str) -> str:
    """What is wrong with one sender, in a sentence that says how to mend it; empty when nothing is."""
    if address.startswith("MG"):
        return _service(current, address)
    if not address.startswith("+") or len(address) < 8:
        return ""  # short codes and names are not listed with the account's numbers
    account = current.twilio_account_sid
    base = current.twilio_url or "https://api.twilio.com"
    url = f"{base}/2010-04-01/Accounts/{account}/IncomingPhoneNumbers.json"
    found = _get(current, url, {"PhoneNumber": address})
    if isinstance(found, str):
        return f"{address}: {found}"
    numbers = found.get("incoming_phone_numbers") or []
    if not numbers:
        return f"{address} is no number of this account: buy it in Twilio's console, or correct it."
    number = numbers[0]
    if not (number.get("capabilities") or {}).get("sms", True):
        return f"{address} cannot send SMS: choose a number with that capability."
    if number.get("sms_application_sid") or number.get("messaging_service_sid"):
        return ""
    return _hook(current, address, str(number.get("sms_url") or ""))


def _service(current: Settings, service: str) -> str:
    found = _get(current, f"{current.twilio_url or 'https://messaging.twilio.com'}/v1/Services/{service}", {})
    if isinstance(found, str):
        return f"Messaging service …{service[-4:]}: {found}"
    if found.get("use_inbound_webhook_on_number"):
        return ""
    return _hook(current, f"messaging service …{service[-4:]}", str(found.get("inbound_request_url") or ""))


def _hook(current: Settings, what: str, url: str) -> str:
    wanted = f"{current.site_url}{HOOK}"
    bare, _, overrides = url.partition("#")
    if bare.rstrip("/") != wanted:
        where = bare or "nowhere"
        return f"What is sent to {what} goes to {where}: set its webhook to {wanted}{RETRIES}."
    if "rc=" not in overrides:
        return f"Twilio tries {what}'s webhook once, and then the message is lost: set it to {wanted}{RETRIES}."
    return ""


def _get(current: Settings, url: str, query: dict[str, str]) -> dict[str, Any] | str:
    """The answer, or in words why there is none; never with an address that could hold a secret."""
    auth = (current.twilio_account_sid, current.twilio_auth_token)
    try:
        answer = httpx.get(url, params=query, auth=auth, timeout=PATIENCE)
        if answer.status_code == 404:
            return "it does not exist in this account. Copy its SID from Twilio's console."
        if answer.status_code != 200:
            return f"Twilio answers {answer.status_code}. Try again in a minute."
        return dict(answer.json())
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        return f"no answer ({type(error).__name__}). Check the network from this machine to Twilio."
