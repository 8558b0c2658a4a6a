"""SMS and WhatsApp through Twilio: webhooks in, messages out.

Twilio signs each webhook over the *public* URL, so that is built from the settings and the request's path and query;
the request's own host is never believed, and a proxy in front changes nothing.
"""

import base64
import hmac
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

from channels.errors import Failure, SendFailed
from channels.sms_codes import receipt_failure, send_failure
from channels.values import JSON, Attachment, Channel, DeliveryStatus, Inbound, Outgoing, Receipt, Sent, WebhookRequest
from core.errors import BadInput, Forged
from core.texts import clean

if TYPE_CHECKING:
    from twilio.request_validator import RequestValidator
    from twilio.rest import Client

MAX_FIELDS = 200
MAX_TEXT = 20_000
_STATUSES = {
    "accepted": DeliveryStatus.accepted,
    "scheduled": DeliveryStatus.accepted,
    "queued": DeliveryStatus.accepted,
    "sending": DeliveryStatus.accepted,
    "sent": DeliveryStatus.sent,
    "delivered": DeliveryStatus.delivered,
    "partially_delivered": DeliveryStatus.delivered,
    "read": DeliveryStatus.delivered,
    "undelivered": DeliveryStatus.failed,
    "failed": DeliveryStatus.failed,
    "canceled": DeliveryStatus.failed,
}


class Form(dict[str, list[str]]):
    """A form's fields, as Twilio's validator likes to read them."""

    def getall(self, name: str) -> list[str]:
        return self[name]

    def first(self, name: str) -> str:
        """The field's first value, made storable; empty when it is not there."""
        values = self.get(name)
        return clean(values[0]) if values else ""


# -- what arrives ------------------------------------------------------------------------------------------------


def parse_message(request: WebhookRequest, *, public_url: str, auth_token: str, account_sid: str) -> list[Inbound]:
    """Read `POST /webhooks/twilio/messages`.

    Raises:
        Forged: unsigned, signed by somebody else, or for another account.
        BadInput: signed, but not a message (and how to mend it).
    """
    form = verified(request, public_url, auth_token, account_sid)
    channel, sender = _address(form.first("From"))
    if not sender:
        raise BadInput("The message names no sender.", mend="Send the field From with the citizen's number.")
    _, recipient = _address(form.first("To"))
    provider_id = _sid(form)
    details: dict[str, JSON] = {}
    for key, field_name in (("name", "ProfileName"), ("country", "FromCountry")):
        if value := form.first(field_name):
            details[key] = value[:200]
    if opt_out := form.first("OptOutType").upper():
        details["opt_out"] = opt_out[:20]
    if form.first("Forwarded").lower() == "true":
        details["forwarded"] = True
    if location := _location(form):
        details["location"] = location
    if place := form.first("Address") or form.first("Label"):
        details["place"] = place[:500]
    return [
        Inbound(
            channel=channel,
            account=account_sid,
            provider_id=provider_id,
            sender=sender[:100],
            recipient=recipient[:100],
            text=(form.first("Body") or form.first("ButtonText") or form.first("ListTitle"))[:MAX_TEXT],
            reply_to=form.first("OriginalRepliedMessageSid")[:64] or None,
            button=_pressed(form),
            attachments=_media(form),
            details=details,
        )
    ]


def parse_status(request: WebhookRequest, *, public_url: str, auth_token: str, account_sid: str) -> list[Receipt]:
    """Read `POST /webhooks/twilio/status?message=<outbox id>`; a status we do not know gives an empty list.

    Raises Forged and BadInput as `parse_message` does.
    """
    form = verified(request, public_url, auth_token, account_sid)
    provider_id = _sid(form)
    word = form.first("MessageStatus") or form.first("SmsStatus")
    if not word:
        raise BadInput("The receipt names no status.", mend="Send the field MessageStatus, such as delivered.")
    status = _STATUSES.get(word.lower())
    if status is None:
        return []
    channel, _ = _address(form.first("To"))
    code = _whole_number(form.first("ErrorCode"))
    failed = status is DeliveryStatus.failed
    words = " ".join(filter(None, [f"Twilio {code}" if code else "", form.first("ErrorMessage")[:300]]))
    return [
        Receipt(
            channel=channel,
            account=account_sid,
            provider_id=provider_id,
            status=status,
            failure=receipt_failure(code) if failed else None,
            detail=words or (f"Twilio says {word.lower()}" if failed else ""),
            message_id=_message_id(request.url),
            at=_carrier_time(form.first("RawDlrDoneDate")),
        )
    ]


def signed_url(public_url: str, url: str) -> str:
    """The address Twilio called: the public one with the path and query of `url`, whatever host that names."""
    parts = urlsplit(url)
    prefix = urlsplit(public_url).path.rstrip("/")
    path = parts.path.removeprefix(prefix) if prefix and parts.path.startswith(prefix + "/") else parts.path
    return public_url.rstrip("/") + path + (f"?{parts.query}" if parts.query else "")


@lru_cache(maxsize=4)
def _validator(auth_token: str) -> "RequestValidator":
    from twilio.request_validator import RequestValidator

    return RequestValidator(auth_token)


def _signed(address: str, form: Form, auth_token: str, signature: str) -> bool:
    """Whether it is signed as Twilio usually does; a fifth of the validator's time, which knows the odd cases too.

    https://www.twilio.com/docs/usage/security#validating-requests
    """
    words = address + "".join(name + value for name in sorted(form) for value in sorted(set(form[name])))
    made = base64.b64encode(hmac.digest(auth_token.encode(), words.encode(), "sha1"))
    return hmac.compare_digest(made, signature.encode())


def verified(request: WebhookRequest, public_url: str, auth_token: str, account_sid: str) -> Form:
    """The fields of a webhook that Twilio signed for this account. Raises Forged and BadInput."""
    signature = request.headers.get("x-twilio-signature", "")
    if not signature:
        raise Forged("The webhook is not signed.", mend="Only Twilio may call this address.")
    if not auth_token:  # with an empty key anybody could sign
        raise Forged("No Twilio token is set, so no webhook can be trusted.", mend="Set OMBUD_TWILIO_AUTH_TOKEN.")
    form = _read_form(request)
    address = signed_url(public_url, request.url)
    try:
        genuine = _signed(address, form, auth_token, signature) or _validator(auth_token).validate(
            address, form, signature
        )
    except ValueError:  # an address that cannot be taken apart
        genuine = False
    if not genuine:
        raise Forged(
            "The webhook's signature does not match.",
            mend="Check OMBUD_TWILIO_AUTH_TOKEN, and that OMBUD_PUBLIC_URL is the address Twilio calls.",
        )
    claimed = form.first("AccountSid")
    if claimed and claimed != account_sid:
        raise Forged("The webhook is for another Twilio account.", mend="Check OMBUD_TWILIO_ACCOUNT_SID.")
    return form


def _read_form(request: WebhookRequest) -> Form:
    content_type = request.headers.get("content-type", "application/x-www-form-urlencoded")
    if content_type.partition(";")[0].strip().lower() != "application/x-www-form-urlencoded":
        raise BadInput("The webhook is not a form.", mend="Send application/x-www-form-urlencoded, as Twilio does.")
    try:
        pairs = parse_qsl(
            request.body.decode("utf-8"),
            keep_blank_values=True,
            encoding="utf-8",
            errors="strict",
            max_num_fields=MAX_FIELDS,
        )
    except UnicodeDecodeError as error:
        raise BadInput("The webhook's text is not UTF-8.", mend="Encode the form's fields as UTF-8.") from error
    except ValueError as error:
        raise BadInput("The webhook has too many fields.", mend=f"Send at most {MAX_FIELDS}.") from error
    form = Form()
    for name, value in pairs:
        form.setdefault(name, []).append(value)
    return form


def _sid(form: Form) -> str:
    sid = form.first("MessageSid") or form.first("SmsSid")
    if not sid or len(sid) > 64:
        raise BadInput(
            "The webhook does not say which message it is about.", mend="Send the field MessageSid with Twilio's id."
        )
    return sid


def _address(text: str) -> tuple[Channel, str]:
    if text.startswith("whatsapp:"):
        return Channel.whatsapp, text.removeprefix("whatsapp:").strip()
    return Channel.sms, text


def _pressed(form: Form) -> str | None:
    """What a tapped button or list entry of WhatsApp stands for: the data we gave it."""
    return next((value[:200] for name in ("ButtonPayload", "ListId") if (value := form.first(name))), None)


def _media(form: Form) -> tuple[Attachment, ...]:
    count = min(_whole_number(form.first("NumMedia")) or 0, 10)
    found = ((form.first(f"MediaUrl{i}"), form.first(f"MediaContentType{i}")) for i in range(count))
    return tuple(
        Attachment(kind=_kind(content_type), url=url[:2000], content_type=content_type[:100] or None)
        for url, content_type in found
        if url.startswith(("https://", "http://"))
    )


def _kind(content_type: str) -> str:
    if content_type in ("text/vcard", "text/x-vcard"):
        return "contact"
    family = content_type.partition("/")[0]
    return {"image": "photo", "audio": "audio", "video": "video"}.get(family, "document")


def _location(form: Form) -> JSON:
    try:
        latitude, longitude = float(form.first("Latitude")), float(form.first("Longitude"))
    except ValueError:
        return None
    return {"latitude": latitude, "longitude": longitude} if abs(latitude) <= 90 and abs(longitude) <= 180 else None


def _whole_number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else None


def _message_id(url: str) -> UUID | None:
    try:
        return UUID(dict(parse_qsl(urlsplit(url).query)).get("message", ""))
    except ValueError:
        return None


def _carrier_time(text: str) -> datetime | None:
    """RawDlrDoneDate is yyMMddHHmm in UTC."""
    try:
        return datetime.strptime(text, "%y%m%d%H%M").replace(tzinfo=UTC)
    except ValueError:
        return None


# -- what leaves -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Sms:
    """Sends by SMS, or by WhatsApp with `channel=Channel.whatsapp`. Made once per process; safe between threads.

    `sender` is a number in E.164 or a messaging service's SID (MG…). `api_url` replaces https://api.twilio.com.
    `timeout` is in seconds, for connecting and again for the answer. Buttons are not sent: the words must say them.
    """

    account_sid: str
    auth_token: str
    sender: str
    api_url: str | None = None
    channel: Channel = Channel.sms
    timeout: float = 10.0
    _client: list["Client"] = field(default_factory=list, repr=False, compare=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    def send(self, outgoing: Outgoing) -> Sent:
        """Hand one message to Twilio. Raises SendFailed."""
        sender = outgoing.sender or self.sender
        if not (self.account_sid and self.auth_token and sender):
            raise SendFailed(Failure.not_configured, "OMBUD_TWILIO_ACCOUNT_SID, _AUTH_TOKEN and _FROM are needed")
        origin = {"messaging_service_sid": sender} if sender.startswith("MG") else {"from_": self._addressed(sender)}
        if outgoing.receipt_url:
            origin["status_callback"] = outgoing.receipt_url
        client = self._connected()
        made = _asked(
            lambda: client.messages.create(to=self._addressed(outgoing.to), body=outgoing.text, **origin),
            unknown=Failure.outcome_unknown,
        )
        return self._sent(made)

    def find_sent(self, outgoing: Outgoing, since: datetime) -> Sent | None:
        """Look for a message whose sending was cut off: same number, same words, made at or after `since`.

        Not filtered by Twilio's DateSent, which a message still in the queue does not have. Twilio's clock may be a
        minute off. Raises SendFailed when Twilio cannot be asked; then nothing is known.
        """
        earliest = since.astimezone(UTC) - timedelta(minutes=1)
        client = self._connected()
        listed = _asked(
            lambda: client.messages.list(to=self._addressed(outgoing.to), limit=200, page_size=200),
            unknown=Failure.provider_down,
        )
        same = [
            message
            for message in listed
            if message.body == outgoing.text
            and (message.direction or "").startswith("outbound")
            and message.date_created is not None
            and message.date_created >= earliest
        ]
        return self._sent(min(same, key=lambda message: message.date_created)) if same else None

    def connect(self) -> None:
        """Load the library and make the client now, so that the first message need not wait for it."""
        self._connected()

    def close(self) -> None:
        """Close the connections to Twilio; the next send opens new ones."""
        with self._lock:
            while self._client:
                self._client.pop().http_client.close()

    def _connected(self) -> "Client":
        with self._lock:
            if not self._client:
                from channels.sms_client import make_client

                self._client.append(make_client(self.account_sid, self.auth_token, self.api_url, self.timeout))
            return self._client[0]

    def _addressed(self, number: str) -> str:
        if self.channel is Channel.whatsapp and not number.startswith("whatsapp:"):
            return f"whatsapp:{number}"
        return number

    def _sent(self, message: Any) -> Sent:
        status = _STATUSES.get(str(message.status), DeliveryStatus.accepted)
        return Sent(provider_id=str(message.sid), account=self.account_sid, status=status)


def _asked(call: Callable[[], Any], *, unknown: Failure) -> Any:
    """The answer to one request to Twilio, every error named. `unknown` names a request whose answer was lost."""
    from requests.exceptions import ConnectionError as Disconnected
    from requests.exceptions import ConnectTimeout, RequestException
    from twilio.base.exceptions import TwilioException, TwilioRestException, TwilioServiceException

    from channels.sms_client import never_left

    try:
        return call()
    except (TwilioRestException, TwilioServiceException) as error:
        code = error.code if error.code != error.status else None
        words = getattr(error, "msg", None) or getattr(error, "title", "")
        raise SendFailed(send_failure(error.status, code), f"Twilio {error.code}: {words}") from error
    except TwilioException as error:  # a page of a listing that did not come
        status = getattr(error.args[-1], "status_code", 0) if error.args else 0
        raise SendFailed(send_failure(status, None) if status else unknown, str(error.args[0])) from error
    except ConnectTimeout as error:
        raise SendFailed(Failure.provider_down, "No connection to Twilio in time") from error
    except Disconnected as error:
        failure = Failure.provider_down if never_left(error) else unknown
        raise SendFailed(failure, f"Connection to Twilio: {type(error).__name__}") from error
    except RequestException as error:
        raise SendFailed(unknown, f"No answer from Twilio: {type(error).__name__}") from error
    except ValueError as error:  # an answer that is not JSON, from something between us and Twilio
        raise SendFailed(unknown, "Twilio's answer could not be read") from error
