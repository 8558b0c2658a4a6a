"""The simulated Twilio's telephone side: a call to the hotline, lived through TwiML by TwiML.

Real webhooks, signed like any other, ask Ombud what comes next. What is said is written down instead of spoken, and
time stands still while the caller thinks: "let the time run out" is a key of its own.
"""

import io
import math
import secrets
import struct
import wave
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import urljoin

from simulators.carrier import Carrier
from simulators.exchange import Exchange

CALLS_KEPT = 200
RECORDINGS_KEPT = 50
STEPS_AT_MOST = 40
"""Answers one call may ask for without the caller doing anything: a hotline that leads in circles is cut off."""
PATH = "/webhooks/twilio/voice"
RATE = 8000


@dataclass(frozen=True, slots=True)
class Heard:
    """One line of a call: said by the line, done by the caller, or a note of ours."""

    who: str
    text: str
    language: str = ""


@dataclass(slots=True)
class PhoneCall:
    """A call. `state`: ringing, talking, asked (a key is waited for), recording or over."""

    sid: str
    from_: str
    shown: str
    began: datetime
    state: str = "ringing"
    lines: list[Heard] = field(default_factory=list)
    digits: str = ""
    sound: bytes = b""
    steps: int = 0
    _url: str = ""
    _verbs: list[ET.Element] = field(default_factory=list)
    _verb: ET.Element | None = None

    def as_json(self) -> dict[str, object]:
        """For scripts."""
        said = [{"who": line.who, "text": line.text, "language": line.language} for line in self.lines]
        return {"sid": self.sid, "state": self.state, "lines": said, "spoke": bool(self.sound)}


class Switchboard:
    """All calls to the one number, and their recordings."""

    def __init__(self, carrier: Carrier) -> None:
        self.carrier = carrier
        self.exchange: Exchange = carrier.exchange
        self.calls: dict[str, PhoneCall] = {}
        self.recordings: dict[str, bytes] = {}

    def of(self, number: str) -> PhoneCall | None:
        """The newest call from a phone."""
        with self.exchange.lock:
            return next((call for call in reversed(self.calls.values()) if call.from_ == number), None)

    def dial(self, number: str, *, office: str = "", withheld: bool = False) -> PhoneCall:
        """Call the hotline, or an office's own number of it."""
        self.hang_up(number)
        shown = "anonymous" if withheld else number
        call = PhoneCall("CA" + secrets.token_hex(16), number, shown, datetime.now(UTC))
        with self.exchange.lock:
            self.calls[call.sid] = call
            while len(self.calls) > CALLS_KEPT:
                del self.calls[next(iter(self.calls))]
        query = f"?office={office}" if office else ""
        url = f"{self.exchange.config.public_url}{PATH}{query}"
        self.exchange.courier.after(0, lambda: self._ask(call, url, {"CallStatus": "ringing"}))
        self.exchange.changed()
        return call

    def press(self, number: str, key: str) -> None:
        """A key of the telephone."""
        call = self.of(number)
        verb = call._verb if call else None
        if call is None or verb is None:
            return
        if call.state == "recording" and key in verb.get("finishOnKey", "1234567890*#"):
            self._recorded(call, key)
        elif call.state == "asked":
            call.lines.append(Heard("caller", key))
            finish = verb.get("finishOnKey", "#")
            call.digits += "" if key == finish else key
            wanted = verb.get("numDigits")
            if key == finish or (wanted and len(call.digits) >= int(wanted)):
                self._go_on(call, verb.get("action"), {"Digits": call.digits})
        self.exchange.changed()

    def wait(self, number: str) -> None:
        """The caller does nothing until the time is over."""
        call = self.of(number)
        verb = call._verb if call else None
        if call is None or verb is None:
            return
        call.lines.append(Heard("note", "The caller says nothing."))
        if call.state == "recording":
            self._recorded(call, "")
        elif verb.get("actionOnEmptyResult") == "true" or call.digits:
            self._go_on(call, verb.get("action"), {"Digits": call.digits})
        else:
            self._go_on(call, None, {})
        self.exchange.changed()

    def speak(self, number: str, sound: bytes) -> bool:
        """Say something after the tone; whether anybody records it. Later sounds replace it."""
        call = self.of(number)
        if call is None or call.state != "recording" or not sound:
            return False
        call.sound = sound
        call.lines.append(Heard("caller", f"(speaks for {seconds_of(sound)} s)"))
        self.exchange.changed()
        return True

    def hang_up(self, number: str) -> None:
        """The caller puts the phone down, at whatever moment. What was spoken so far is a recording all the same."""
        call = self.of(number)
        if call is None or call.state == "over":
            return
        verb, spoken = call._verb, call.state == "recording" and call.sound
        self._over(call, "You hung up.")
        if spoken and verb is not None:
            fields = self._keep(call, verb) | {"Digits": "hangup", "CallStatus": "completed"}
            url = urljoin(call._url, verb.get("action", ""))
            self.exchange.courier.after(0, lambda: self._tell(call, url, fields))

    def numbers(self, wanted: str) -> list[dict[str, object]]:
        """The account's numbers as the REST API lists them."""
        config = self.exchange.config
        number: dict[str, object] = {
            "sid": "PN" + "0" * 32,
            "account_sid": config.account_sid,
            "phone_number": wanted or config.number,
            "voice_url": f"{config.public_url}{PATH}#rc=3&rp=all",
            "voice_method": "POST",
            "status_callback": f"{config.public_url}{PATH}/status",
            "status_callback_method": "POST",
            "sms_url": f"{config.public_url}/webhooks/twilio/messages#rc=3&rp=all",
            "sms_method": "POST",
            "capabilities": {"voice": True, "sms": True, "mms": True},
        }
        return [number] if not wanted or self.carrier.owns(wanted) else []

    # -- from one answer of Ombud's to the next --

    def _ask(self, call: PhoneCall, url: str, fields: Mapping[str, str]) -> None:
        call.steps += 1
        call._url, call._verb = url, None
        answer = self._post(call, url, {"CallStatus": "in-progress", **fields})
        if call.state == "over":
            return
        try:
            if answer is None or call.steps > STEPS_AT_MOST:
                raise ValueError
            call._verbs = list(ET.fromstring(answer))  # noqa: S314  (our own Ombud's answer, to a signed request)
        except (ET.ParseError, ValueError):
            self._over(call, "An application error has occurred. Goodbye.")
            return
        call.state = "talking"
        self._play(call)

    def _play(self, call: PhoneCall) -> None:
        while call._verbs and call.state != "over":
            verb = call._verbs.pop(0)
            match verb.tag:
                case "Say" | "Play":
                    call.lines.append(_heard(verb))
                case "Gather":
                    call.lines += [_heard(one) for one in verb if one.tag in ("Say", "Play")]
                    call.state, call._verb, call.digits = "asked", verb, ""
                    break
                case "Record":
                    call.lines.append(Heard("note", "♪ The tone."))
                    call.state, call._verb, call.sound = "recording", verb, b""
                    break
                case "Pause":
                    rest = min(float(verb.get("length", "1")), self.exchange.config.pace * 4)
                    self.exchange.courier.after(rest, lambda: self._play(call))
                    break
                case "Redirect":
                    self._ask(call, urljoin(call._url, (verb.text or "").strip()), {})
                    break
                case "Hangup":
                    self._over(call, "The line hung up.")
                case other:
                    call.lines.append(Heard("note", f"<{other}> is not understood here."))
        else:
            self._over(call, "The line hung up.")
        self.exchange.changed()

    def _go_on(self, call: PhoneCall, action: str | None, fields: Mapping[str, str]) -> None:
        call.state, call._verb = "talking", None
        if action is None:
            self.exchange.courier.after(0, lambda: self._play(call))
        else:
            url = urljoin(call._url, action)
            self.exchange.courier.after(0, lambda: self._ask(call, url, fields))

    def _recorded(self, call: PhoneCall, key: str) -> None:
        """The recording ended; an empty one asks nothing, as with the real one."""
        verb = call._verb
        if verb is None:
            return
        if call.sound:
            self._go_on(call, verb.get("action"), self._keep(call, verb) | ({"Digits": key} if key else {}))
        else:
            self._report(call, verb, {"RecordingStatus": "absent"})
            self._go_on(call, None, {})

    def _keep(self, call: PhoneCall, verb: ET.Element) -> dict[str, str]:
        sid, sound = "RE" + secrets.token_hex(16), call.sound
        with self.exchange.lock:
            self.recordings[sid] = sound
            while len(self.recordings) > RECORDINGS_KEPT:
                del self.recordings[next(iter(self.recordings))]
        config = self.exchange.config
        fields = {
            "RecordingSid": sid,
            "RecordingUrl": f"{config.twilio_url}/2010-04-01/Accounts/{config.account_sid}/Recordings/{sid}",
            "RecordingDuration": str(seconds_of(sound)),
        }
        self._report(call, verb, fields | {"RecordingStatus": "completed", "RecordingChannels": "1"})
        return fields

    def _report(self, call: PhoneCall, verb: ET.Element, fields: Mapping[str, str]) -> None:
        """The notice of a recording, which names no caller."""
        callback = verb.get("recordingStatusCallback")
        if callback and fields["RecordingStatus"] in verb.get("recordingStatusCallbackEvent", "completed").split():
            about = {
                "AccountSid": self.exchange.config.account_sid,
                "CallSid": call.sid,
                "RecordingSource": "RecordVerb",
            }
            url = urljoin(call._url, callback)
            pace = self.exchange.config.pace
            self.exchange.courier.after(pace, lambda: self.carrier.call(url, about | dict(fields)))

    def _over(self, call: PhoneCall, why: str) -> None:
        with self.exchange.lock:
            if call.state == "over":
                return
            call.state, call._verb = "over", None
            call.lines.append(Heard("note", why))
        seconds = str(max(1, int((datetime.now(UTC) - call.began).total_seconds())))
        fields = self._about(call) | {"CallStatus": "completed", "CallDuration": seconds}
        url = f"{self.exchange.config.public_url}{PATH}/status#rc=3&rp=all"
        self.exchange.courier.after(0, lambda: self.carrier.call(url, fields))
        self.exchange.changed()

    def _about(self, call: PhoneCall) -> dict[str, str]:
        config = self.exchange.config
        return {
            "AccountSid": config.account_sid,
            "ApiVersion": "2010-04-01",
            "CallSid": call.sid,
            "Direction": "inbound",
            "From": call.shown,
            "Caller": call.shown,
            "To": config.number,
            "Called": config.number,
        }

    def _tell(self, call: PhoneCall, url: str, fields: Mapping[str, str]) -> None:
        """A step nobody listens to any more."""
        self._post(call, url, fields)

    def _post(self, call: PhoneCall, url: str, fields: Mapping[str, str]) -> str | None:
        answer = self.carrier.ask(url, self._about(call) | dict(fields))
        return answer.text if answer is not None and answer.status_code == 200 else None


def _heard(verb: ET.Element) -> Heard:
    if verb.tag == "Play":
        return Heard("line", f"♪ {verb.text}")
    return Heard("line", verb.text or "", verb.get("language", "").partition("-")[0])


def spoken(seconds: float) -> bytes:
    """A sound in the rhythm of speech, as a WAV file: what a phone without a microphone says."""
    frames = bytearray()
    for place in range(int(seconds * RATE)):
        at = place / RATE
        pitch = 140 + 40 * math.sin(2 * math.pi * 0.7 * at)
        loud = max(0.0, math.sin(2 * math.pi * 2.2 * at)) * 0.4
        wave_ = math.sin(2 * math.pi * pitch * at) + 0.5 * math.sin(4 * math.pi * pitch * at)
        frames += struct.pack("<h", int(20000 * loud * wave_ / 1.5))
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(RATE)
        sound.writeframes(bytes(frames))
    return file.getvalue()


def seconds_of(sound: bytes) -> int:
    """Length of a recording; guessed from its size where it is no plain WAV file."""
    try:
        with wave.open(io.BytesIO(sound)) as file:
            return max(1, int(file.getnframes() / file.getframerate() + 0.5))
    except (wave.Error, EOFError, ZeroDivisionError):
        return max(1, len(sound) // 4000)
