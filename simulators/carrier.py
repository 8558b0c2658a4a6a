"""The phone network behind the simulated Twilio: messages, opt-outs, signed webhooks and receipts.

The account owns its number and those that differ from it in a last digit of 0 to 5, and any messaging service. An
opt-out holds for the pair of numbers, as with Twilio; for a messaging service it holds whichever number was texted.

Numbers with a meaning, as Twilio's own test numbers have: +15005550001 does not exist (21211), …0002 has no route
(21612), …0003 is in a region not switched on (21408), …0004 is opted out (21610), …0009 is no mobile (21614).
Besides, a message to +15005553 and three more digits is taken, and its receipt then fails with error 30 and these
digits: +15005553003 with 30003 (unreachable), +15005553007 with 30007 (filtered).
"""

import base64
import hashlib
import hmac
import itertools
import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from urllib.parse import urlencode

import httpx

from simulators.exchange import Exchange
from simulators.faults import Fault, FaultKind
from simulators.faults import share as chance
from simulators.media import Media, Medium, Picked
from simulators.media import fields as media_fields
from simulators.meter import Meter

MESSAGES_KEPT = 20_000
STOP_WORDS = frozenset({"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "OPTOUT", "REVOKE"})
START_WORDS = frozenset({"START", "YES", "UNSTOP"})
MAX_BODY = 1600
_NUMBER = re.compile(r"\+[1-9]\d{6,14}")
_MEANINGFUL = {
    "+15005550001": 21211,
    "+15005550002": 21612,
    "+15005550003": 21408,
    "+15005550004": 21610,
    "+15005550009": 21614,
}
_WORDS = {
    20003: "Authenticate",
    21211: "The 'To' number {to} is not a valid phone number.",
    21408: "Permission to send an SMS has not been enabled for the region indicated by the 'To' number: {to}.",
    21602: "Message body is required.",
    21603: "A 'From' phone number is required.",
    21604: "A 'To' phone number is required.",
    21606: "The 'From' phone number {from_} is not a valid message-capable Twilio phone number for this destination.",
    21610: "Attempt to send to unsubscribed recipient",
    21612: "Message cannot be sent with the current combination of 'To' ({to}) and/or 'From' ({from_}) parameters.",
    21614: "'To' number {to} is not a valid mobile number",
    21617: "The concatenated message body exceeds the 1600 character limit",
}
_CONNECTION_RETRIES = re.compile(r"(?:^|&)rc=([0-5])(?:&|$)")


@dataclass(slots=True)
class Text:
    """One SMS, on its way out of or into Ombud."""

    sid: str
    to: str
    from_: str
    body: str
    inbound: bool
    status: str
    created: datetime
    order: int
    callback: str = ""
    sent: datetime | None = None
    updated: datetime | None = None
    error_code: int | None = None
    reported: list[str] = field(default_factory=list)
    answered: int | None = None  # HTTP status the webhook of an inbound message got
    media: tuple[Medium, ...] = ()


class Refused(Exception):
    """What Twilio answers instead of taking a message."""

    def __init__(self, status: int, code: int, words: str, *, retry_after: float | None = None) -> None:
        super().__init__(words)
        self.status, self.code, self.words, self.retry_after = status, code, words, retry_after


class Carrier:
    """The state of one simulated Twilio account."""

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange
        self.texts: dict[str, Text] = {}
        self.media = Media()
        self.opted_out: set[tuple[str, str]] = set()
        self.meter = Meter()
        self._order = itertools.count(1)

    # -- from Ombud to a citizen --

    def take(self, fields: Mapping[str, str]) -> Text:
        """Accept a message to send, or raise Refused as the real one would."""
        to, from_ = fields.get("To", ""), fields.get("From", "") or fields.get("MessagingServiceSid", "")
        body, plain = fields.get("Body", ""), fields.get("To", "").removeprefix("whatsapp:")
        self.meter.count(from_)
        if fault := self.exchange.faults.take("twilio", plain, *_AT_THE_DOOR):
            raise _refusal(fault)
        code = 0
        if not to:
            code = 21604
        elif not from_:
            code = 21603
        elif not self.owns(from_):
            code = 21606
        elif not body:
            code = 21602
        elif len(body) > MAX_BODY:
            code = 21617
        elif not _NUMBER.fullmatch(plain):
            code = 21211
        elif plain in _MEANINGFUL:
            code = _MEANINGFUL[plain]
        elif self.stopped(plain, from_):
            code = 21610
        if code:
            raise Refused(400, code, _WORDS[code].format(to=to, from_=from_))
        text = self._kept(to, from_, body, inbound=False, status="queued", callback=fields.get("StatusCallback", ""))
        self.exchange.courier.after(self.exchange.config.pace, lambda: self._progress(text))
        return text

    def owns(self, sender: str) -> bool:
        """Whether a number or messaging service is the account's."""
        number, own = sender.removeprefix("whatsapp:"), self.exchange.config.number
        return sender.startswith("MG") or number == own or (number[:-1] == own[:-1] and number[-1:] in tuple("012345"))

    def stopped(self, citizen: str, sender: str = "") -> bool:
        """Whether a citizen sent STOP to a number, or to any; WhatsApp keeps no such list."""
        if sender.startswith("whatsapp:"):
            return False
        return any(
            (number == citizen and sender in ("", ours)) or (sender.startswith("MG") and number == citizen)
            for number, ours in self.opted_out
        )

    def listed(self, wanted: Mapping[str, str]) -> list[Text]:
        """Messages by To, From and DateSent (also `<` and `>`), newest first. One still queued has no date sent."""
        with self.exchange.lock:
            every = list(self.texts.values())
        found = [
            text
            for text in every
            if wanted.get("To", text.to) == text.to and wanted.get("From", text.from_) == text.from_
        ]
        for name, compare in _DATES.items():
            if bound := _bound(wanted.get(name, "")):
                found = [text for text in found if text.sent is not None and compare(text.sent, *bound)]
        return sorted(found, key=lambda text: text.order, reverse=True)

    def as_json(self, text: Text) -> dict[str, object]:
        """A message as the REST API shows it."""
        account = self.exchange.config.account_sid
        uri = f"/2010-04-01/Accounts/{account}/Messages/{text.sid}"
        service = text.from_ if text.from_.startswith("MG") else None
        return {
            "account_sid": account,
            "api_version": "2010-04-01",
            "body": text.body,
            "date_created": _rfc2822(text.created),
            "date_sent": _rfc2822(text.sent),
            "date_updated": _rfc2822(text.updated or text.created),
            "direction": "inbound" if text.inbound else "outbound-api",
            "error_code": text.error_code,
            "error_message": None,
            "from": None if service else text.from_,
            "messaging_service_sid": service,
            "num_media": str(len(text.media)),
            "num_segments": "1",
            "price": None,
            "price_unit": "USD",
            "sid": text.sid,
            "status": text.status,
            "subresource_uris": {"media": f"{uri}/Media.json"},
            "to": text.to,
            "uri": f"{uri}.json",
        }

    def _progress(self, text: Text) -> None:
        plain, faults = text.to.removeprefix("whatsapp:"), self.exchange.faults
        fails = re.fullmatch(r"\+15005553(\d{3})", plain)
        code = 30000 + int(fails[1]) if fails else 0
        if fault := faults.take("twilio", plain, FaultKind.receipt_fails):
            code = fault.code or 30003
        steps = ["sent", "undelivered" if code else "delivered"]
        if text.to.startswith("whatsapp:") and not code:
            steps.append("read")  # whoever has the phone in hand sees it at once
        twice = faults.take("twilio", plain, FaultKind.receipts_twice)
        lost = faults.take("twilio", plain, FaultKind.receipts_lost)
        turned = faults.take("twilio", plain, FaultKind.receipts_reordered)
        reports = [step for step in (reversed(steps) if turned else steps) for _ in range(2 if twice else 1)]
        late = faults.take("twilio", plain, FaultKind.receipts_late)
        self._step(text, steps, [] if lost else reports, code, late.seconds if late else 0)

    def _step(self, text: Text, steps: list[str], reports: list[str], code: int, late: float = 0) -> None:
        """Move on by one status, and report in the order the faults ask for; then the same for the rest, later."""
        now = datetime.now(UTC)
        with self.exchange.lock:
            if steps:
                text.status, text.updated, text.sent = steps[0], now, text.sent or now
                text.error_code = code if steps[0] == "undelivered" else None
        self.exchange.changed()
        part = -(-len(reports) // max(len(steps), 1))
        for place, status in enumerate(reports[:part]):
            error = code if status == "undelivered" else None
            delay = late * chance(0, text.to, status, place)
            if delay:
                self.exchange.courier.after(delay, lambda status=status, error=error: self._report(text, status, error))  # type: ignore[misc]
            else:
                self._report(text, status, error)
        if steps[1:]:
            later = steps[1:], reports[part:]
            self.exchange.courier.after(self.exchange.config.pace, lambda: self._step(text, *later, code, late))

    def _report(self, text: Text, status: str, code: int | None) -> None:
        if not text.callback:
            return
        fields = {
            "SmsSid": text.sid,
            "SmsStatus": status,
            "MessageStatus": status,
            "To": text.to,
            "MessageSid": text.sid,
            "AccountSid": self.exchange.config.account_sid,
            "From": text.from_,
            "ApiVersion": "2010-04-01",
        }
        if code:
            fields["ErrorCode"] = str(code)
        if status == "delivered":
            fields["RawDlrDoneDate"] = datetime.now(UTC).strftime("%y%m%d%H%M")
        text.reported.append(status)
        self.call(text.callback, fields)

    # -- from a citizen to Ombud --

    def whatsapp_in(self, number: str, name: str, body: str, *, files: Sequence[Picked] = ()) -> Text:
        """A citizen writes to our number in WhatsApp, which Twilio passes on as it does an SMS."""
        named = {"To": f"whatsapp:{self.exchange.config.number}", "ProfileName": name, "WaId": number.lstrip("+")}
        return self.text_in(f"whatsapp:{number}", body, extra=named, files=files)

    def text_in(
        self,
        from_: str,
        body: str,
        *,
        sid: str = "",
        extra: Mapping[str, str] | None = None,
        files: Sequence[Picked] = (),
    ) -> Text:
        """A citizen texts our number, or the one `extra` names as To. STOP and START work at the carrier too, and are
        passed on all the same."""
        word, config = body.strip().upper(), self.exchange.config
        pair = (from_, (extra or {}).get("To", config.number))
        with self.exchange.lock:
            if word in STOP_WORDS:
                self.opted_out.add(pair)
            elif word in START_WORDS:
                self.opted_out.discard(pair)
        text = self._kept(config.number, from_, body, inbound=True, status="received", sid=sid, files=files)
        fields = {
            "ToCountry": "",
            "FromCountry": "",
            "SmsMessageSid": text.sid,
            "SmsSid": text.sid,
            "SmsStatus": "received",
            "Body": body,
            "To": config.number,
            "NumSegments": "1",
            "MessageSid": text.sid,
            "AccountSid": config.account_sid,
            "From": from_,
            "ApiVersion": "2010-04-01",
            **media_fields(text.media, config.twilio_url, config.account_sid),
            **(extra or {}),
        }
        url = f"{config.public_url}/webhooks/twilio/messages#rc=3&rp=all"
        twice = self.exchange.faults.take("twilio", from_, FaultKind.delivered_twice)
        for _ in range(2 if twice else 1):
            self.exchange.courier.after(0, lambda: self.call(url, fields, about=text))
        return text

    def call(self, url: str, fields: Mapping[str, str], tried: int = 0, about: Text | None = None) -> None:
        """Post one signed webhook; repeated as often as the address asks with `#rc=…` (Twilio's own default is 1)."""
        bare, _, overrides = url.partition("#")
        response = self.ask(bare, fields)
        if about is not None and response is not None:
            about.answered = response.status_code
            self.exchange.changed()
        failed = response is None or (response.status_code >= 500 and "rp=all" in overrides)
        limit = _CONNECTION_RETRIES.search(overrides)
        if failed and not self.exchange.closed and tried < (int(limit[1]) if limit else 1):
            self.exchange.courier.after(0.25 * 2**tried, lambda: self.call(url, fields, tried + 1, about))

    def ask(self, url: str, fields: Mapping[str, str]) -> httpx.Response | None:
        """Post one signed webhook, once, and give the answer; None when there was none."""
        bare = url.partition("#")[0]
        signature = sign(self.exchange.config.auth_token, bare, fields)
        trust = "signed with the account's token"
        if self.exchange.faults.take("twilio", fields.get("From", ""), FaultKind.forged):
            signature, trust = sign("somebody else's token", bare, fields), "signed with a wrong token"
        headers = {
            "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
            "X-Twilio-Signature": signature,
            "User-Agent": "TwilioProxy/1.1",
            "Accept": "*/*",
            "I-Twilio-Idempotency-Token": secrets.token_hex(16),
        }
        return self.exchange.post("twilio", bare, urlencode(fields).encode(), headers, trust)

    def _kept(
        self,
        to: str,
        from_: str,
        body: str,
        *,
        inbound: bool,
        status: str,
        callback: str = "",
        sid: str = "",
        files: Sequence[Picked] = (),
    ) -> Text:
        sid = sid or ("MM" if files else "SM") + secrets.token_hex(16)
        text = Text(
            sid=sid,
            to=to,
            from_=from_,
            body=body,
            inbound=inbound,
            status=status,
            created=datetime.now(UTC),
            order=next(self._order),
            callback=callback,
            media=self.media.keep(sid, files),
        )
        with self.exchange.lock:
            self.texts[text.sid] = text
            while len(self.texts) > MESSAGES_KEPT:
                del self.texts[next(iter(self.texts))]
        self.exchange.changed()
        return text


def sign(token: str, url: str, fields: Mapping[str, str]) -> str:
    """Twilio's signature: HMAC-SHA1 over the address and the sorted fields, written here from its documentation."""
    words = url + "".join(name + fields[name] for name in sorted(fields))
    return base64.b64encode(hmac.new(token.encode(), words.encode(), hashlib.sha1).digest()).decode()


_AT_THE_DOOR = (FaultKind.refused, FaultKind.unauthorized, FaultKind.rate_limited, FaultKind.server_error)


def _refusal(fault: Fault) -> Refused:
    if fault.kind is FaultKind.rate_limited:
        return Refused(429, 20429, "Too Many Requests", retry_after=fault.seconds)
    if fault.kind is FaultKind.unauthorized:
        return Refused(401, 20003, _WORDS[20003])
    if fault.kind is FaultKind.server_error:
        return Refused(fault.status or 500, 20500, "An internal server error has occurred")
    code = fault.code or 21211
    return Refused(fault.status or 400, code, fault.words or _WORDS.get(code, f"Error {code}").format(to="", from_=""))


def _bound(text: str) -> tuple[datetime, bool] | None:
    """A moment, and whether it is a whole day."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (at if at.tzinfo else at.replace(tzinfo=UTC)), len(text) == 10


_DATES: dict[str, Callable[[datetime, datetime, bool], bool]] = {
    "DateSent": lambda sent, at, _: sent.date() == at.date(),
    "DateSent<": lambda sent, at, day: sent.date() <= at.date() if day else sent <= at,
    "DateSent>": lambda sent, at, day: sent.date() >= at.date() if day else sent.replace(microsecond=0) >= at,
}


def _rfc2822(at: datetime | None) -> str | None:
    return format_datetime(at) if at else None
