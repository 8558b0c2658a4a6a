"""The voice hotline through Twilio: what a caller does comes in, what they hear goes out as TwiML.

greet → language by digit → notice and tone → recording → thanks and the reference. Nothing of a call is remembered
here: where it stands is in the addresses we give Twilio, so any process can answer the next step. Each step offers the
call itself to the inbox again (a repeat is a no-op), so that it is known however it ends.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit

from channels.phones import caller
from channels.sms import Form, signed_url, verified
from channels.spoken import Line, document, say, spell, verb
from channels.values import JSON, Attachment, Channel, Inbound, WebhookRequest
from core.errors import BadInput

PATH: Final = "/webhooks/twilio/voice"
STEPS: Final = ("", "/language", "/recorded", "/silent", "/reference", "/recording", "/status")
"""What follows `PATH`: the call, its language picked, a message spoken, nothing spoken, the reference read out; then
what nobody listens to: the recording is ready, the call is over."""
TRIES = 2
"""How often a question is asked before the call goes on without an answer."""
LOOKS = 6
"""How often the reference is looked for before the caller is told that it comes later."""


@dataclass(frozen=True, slots=True)
class Call:
    """One step of a call. `sender` is the caller's number in E.164, empty when it is withheld or no number.

    `office`, `language` and `attempt` come from the address Twilio called, which our own signature-checked TwiML gave.
    """

    sid: str
    sender: str
    recipient: str
    office: str = ""
    language: str = ""
    attempt: int = 1
    digits: str = ""


@dataclass(frozen=True, slots=True)
class Turn:
    """What one step brought, and what the caller hears next (empty where nobody listens).

    `waits` for the reference: the caller is told it by `tell`, once somebody looked for it.
    """

    call: Call
    arrivals: tuple[Inbound, ...] = ()
    twiml: str = ""
    waits: bool = False


@dataclass(frozen=True, slots=True)
class Opened:
    """The case a call opened, for its caller. `pin` opens the answers where no number of theirs does."""

    reference: str
    pin: str = ""
    by_text: bool = False


def take(request: WebhookRequest, step: str, line: Line) -> Turn:
    """Read one webhook of a call; `step` is one of `STEPS`.

    Raises:
        Forged: unsigned, signed by somebody else, or for another account.
        BadInput: signed, but about no call (and how to mend it).
    """
    form = verified(request, line.public_url, line.auth_token, line.account_sid)
    call = _call(request, form, line)
    match step:
        case "/recording":
            return Turn(call, _recording(call, form, line))
        case "/status":
            return Turn(call, (_known(call, line), *_ended(call, form, line)))
        case "/recorded":
            return Turn(call, (_known(call, line), *_recording(call, form, line)), _thank(call, line))
        case "/reference":
            return Turn(call, (_known(call, line),), waits=True)
        case "/silent":
            return Turn(call, (_known(call, line),), _after_silence(call, line))
        case "/language":
            return Turn(call, (_known(call, line),), _after_digit(call, line))
        case _:
            return Turn(call, (_known(call, line),), _greet(call, line))


# -- what a webhook says -----------------------------------------------------------------------------------------


def _call(request: WebhookRequest, form: Form, line: Line) -> Call:
    sid = form.first("CallSid")
    if not sid or len(sid) > 64:
        raise BadInput(
            "The webhook does not say which call it is about.", mend="Send the field CallSid with Twilio's id."
        )
    asked = dict(parse_qsl(urlsplit(request.url).query))
    office, language, attempt = asked.get("office", ""), asked.get("lang", ""), asked.get("try", "")
    return Call(
        sid=sid,
        sender=caller(form.first("From")),
        recipient=form.first("To")[:100],
        office=office if len(office) <= 64 and office.isascii() and office.replace("-", "").isalnum() else "",
        language=language if language in line.offered else "",
        attempt=int(attempt) if len(attempt) == 1 and attempt in "123456789" else 1,
        digits=form.first("Digits")[:20],
    )


def _known(call: Call, line: Line) -> Inbound:
    """The call itself, whatever becomes of it."""
    return _inbound(call, line, call.sid, {"call": call.sid})


def _ended(call: Call, form: Form, line: Line) -> tuple[Inbound, ...]:
    over = form.first("CallStatus").lower() in ("completed", "busy", "failed", "no-answer", "canceled")
    return (_inbound(call, line, f"{call.sid}/ended", {"call": call.sid, "ended": True}),) if over else ()


def _recording(call: Call, form: Form, line: Line) -> tuple[Inbound, ...]:
    """The recording a webhook tells of: both the caller's own step and Twilio's notice tell of the same one."""
    sid, url = form.first("RecordingSid"), form.first("RecordingUrl")
    seconds = form.first("RecordingDuration")
    length = int(seconds) if seconds.isascii() and seconds.isdigit() and len(seconds) < 6 else None
    complete = form.first("RecordingStatus").lower() in ("", "completed")
    if not sid or len(sid) > 64 or not url.startswith(("https://", "http://")) or not complete or length == 0:
        return ()
    details: dict[str, JSON] = {"call": call.sid, "seconds": length}
    sound = Attachment(kind="voice", url=url[:2000], content_type="audio/wav")
    return (replace(_inbound(call, line, sid, details), attachments=(sound,)),)


def _inbound(call: Call, line: Line, provider_id: str, details: Mapping[str, JSON]) -> Inbound:
    return Inbound(
        channel=Channel.voice,
        account=line.account_sid,
        provider_id=provider_id,
        sender=call.sender,
        recipient=call.recipient,
        text="",
        language=call.language or None,
        details={**details, **({"office": call.office} if call.office else {})},
    )


# -- what the caller hears ---------------------------------------------------------------------------------------


def _address(call: Call, line: Line, step: str, *, attempt: int = 1, language: str = "") -> str:
    """Where Twilio goes next: on our public address, with all that the next step has to know."""
    known = {"office": call.office, "lang": language or call.language, "try": str(attempt) if attempt > 1 else ""}
    query = urlencode({name: value for name, value in known.items() if value})
    return signed_url(line.public_url, f"{PATH}{step}" + (f"?{query}" if query else ""))


def _greet(call: Call, line: Line) -> str:
    if len(line.offered) == 1:
        return document(say(line, line.offered[0], "welcome"), _listen(replace(call, language=line.offered[0]), line))
    menu = "".join(
        say(line, language, "choose", digit=str(number), sound=f"choose-{number}")
        for number, language in enumerate(line.offered, 1)
    )
    asked = verb(
        "Gather",
        {
            "input": "dtmf",
            "numDigits": "1",
            "timeout": "6",
            "actionOnEmptyResult": "true",
            "action": _address(call, line, "/language", attempt=call.attempt),
        },
        (say(line, line.offered[0], "welcome") if call.attempt == 1 else "") + menu,
    )
    return document(asked)


def _after_digit(call: Call, line: Line) -> str:
    """The language picked; a wrong digit or none is asked once more, then the first language goes on."""
    if call.digits.isascii() and call.digits.isdigit() and 1 <= int(call.digits[:2]) <= len(line.offered):
        return document(_listen(replace(call, language=line.offered[int(call.digits[:2]) - 1], attempt=1), line))
    if call.attempt < TRIES:
        return _greet(replace(call, attempt=call.attempt + 1), line)
    return document(_listen(replace(call, language=line.offered[0], attempt=1), line))


def _listen(call: Call, line: Line) -> str:
    """The notice, the tone, the recording; whoever says nothing goes on to `/silent`."""
    language = call.language or line.offered[0]
    record = verb(
        "Record",
        {
            "action": _address(call, line, "/recorded", language=language),
            "maxLength": str(line.seconds),
            "timeout": "10",
            "finishOnKey": "#",
            "playBeep": "true",
            "trim": "do-not-trim",
            # Twilio repeats this one until it is taken: of all of them it must not get lost
            "recordingStatusCallback": _address(call, line, "/recording", language=language) + "#rc=3&rp=all",
            "recordingStatusCallbackEvent": "completed absent",
        },
    )
    notice = say(line, language, "notice") if call.attempt == 1 else ""
    silent = _address(call, line, "/silent", attempt=call.attempt, language=language)
    return notice + say(line, language, "speak") + record + verb("Redirect", text=silent)


def _after_silence(call: Call, line: Line) -> str:
    language = call.language or line.offered[0]
    if call.attempt < TRIES:
        again = replace(call, language=language, attempt=call.attempt + 1)
        return document(say(line, language, "nothing_heard"), _listen(again, line))
    last = say(line, language, "call_back") if call.sender else say(line, language, "call_again")
    return document(last, say(line, language, "goodbye"), verb("Hangup"))


def _thank(call: Call, line: Line) -> str:
    language = call.language or line.offered[0]
    return document(
        say(line, language, "thanks"), verb("Redirect", text=_address(call, line, "/reference", language=language))
    )


def tell(call: Call, line: Line, opened: Opened | None) -> str:
    """The reference read out twice, character by character; while there is none yet, wait a moment and look again."""
    language = call.language or line.offered[0]
    end = say(line, language, "goodbye") + verb("Hangup")
    if opened is None:
        if call.attempt < LOOKS:
            again = _address(call, line, "/reference", attempt=call.attempt + 1, language=language)
            return document(verb("Pause", {"length": "2"}), verb("Redirect", text=again))
        return document(say(line, language, "call_back") if call.sender else "", end)
    said = say(line, language, "reference") + spell(line, language, opened.reference)
    said += say(line, language, "once_more") + spell(line, language, opened.reference)
    if opened.by_text:
        said += say(line, language, "by_text")
    if opened.pin:
        said += say(line, language, "pin") + spell(line, language, opened.pin)
        said += say(line, language, "once_more") + spell(line, language, opened.pin)
    return document(said, end)
