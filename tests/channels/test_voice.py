# ruff: noqa: E501  (tables of payloads)
"""The hotline's webhooks: raw body in; what arrived, and what the caller hears, out."""

import xml.etree.ElementTree as ET
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator

from channels.phones import caller, takes_texts
from channels.spoken import SENTENCES, Line, mute, say, spell
from channels.values import Attachment, Channel, WebhookRequest
from channels.voice import LOOKS, PATH, STEPS, Opened, Turn, take, tell
from core.errors import BadInput, Forged
from core.i18n import LANGUAGES, translator
from core.texts import clean

TOKEN, ACCOUNT = "a-token-of-thirty-two-characters", "AC" + "7" * 32
CALL, RECORDING = "CA" + "c" * 32, "RE" + "d" * 32
MOBILE, FIXED = "+355691112233", "+35542234567"
LINE = Line(
    "https://ombud.example/citizens", ACCOUNT, TOKEN, "Velmora & Sons", ("en", "sq", "bn", "ru"), any_voice=True
)
SOUND = f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT}/Recordings/{RECORDING}"
# a real call, as Twilio posts it
RINGING = {
    "AccountSid": ACCOUNT,
    "ApiVersion": "2010-04-01",
    "CallSid": CALL,
    "CallStatus": "ringing",
    "Called": "+355690000000",
    "CalledCountry": "AL",
    "Caller": MOBILE,
    "Direction": "inbound",
    "From": MOBILE,
    "FromCountry": "AL",
    "To": "+355690000000",
    "ToCity": "",
}
RECORDED = {"RecordingSid": RECORDING, "RecordingUrl": SOUND, "RecordingDuration": "42", "Digits": "#"}
# the notice of a recording names no caller
NOTICE = {
    "AccountSid": ACCOUNT,
    "CallSid": CALL,
    "RecordingStatus": "completed",
    "RecordingSource": "RecordVerb",
    "RecordingChannels": "1",
    **{name: value for name, value in RECORDED.items() if name != "Digits"},
}


def request(path: str, fields: dict[str, str], *, token: str = TOKEN) -> WebhookRequest:
    """A webhook signed for the public address, query and all, and seen behind a proxy."""
    signature = RequestValidator(token).compute_signature(LINE.public_url + path, fields)
    headers = {"content-type": "application/x-www-form-urlencoded; charset=UTF-8", "x-twilio-signature": signature}
    return WebhookRequest(f"http://10.0.0.7:8000/citizens{path}", headers, urlencode(fields).encode())


def turn(
    step: str, query: str = "", line: Line = LINE, fields: Mapping[str, str | None] = RINGING, **changes: str | None
) -> Turn:
    """One step of a call."""
    sent = {name: value for name, value in {**fields, **changes}.items() if value is not None}
    return take(request(f"{PATH}{step}{query}", sent), step, line)


def verbs(twiml: str) -> list[tuple[str, str]]:
    """Verbs of an answer in order: a sentence by its name where we know it, an address by what it leads to."""
    names = {
        translator(lang).gettext(text) % {"government": LINE.government, "digit": str(number)}: f"{name}:{lang}"
        for name, text in SENTENCES.items()
        for lang in LANGUAGES
        for number in range(1, 5)
    }
    found = []
    for one in ET.fromstring(twiml).iter():
        if one.tag == "Response":
            continue
        address = one.get("action") or (one.text if one.tag in ("Redirect", "Play") else "") or ""
        words = (
            names.get(one.text or "", one.text or "")
            if one.tag == "Say"
            else address.removeprefix(LINE.public_url + PATH)
        )
        found.append((one.tag, words))
    return found


MENU = [("Say", f"choose:{lang}") for lang in LINE.languages]
WELCOME = ("Say", "welcome:en")


def listening(lang: str, *, office: str = "", attempt: str = "", notice: bool = True) -> list[tuple[str, str]]:
    """What a caller hears who is about to speak."""
    query = "&".join(filter(None, (f"office={office}" if office else "", f"lang={lang}")))
    later = query + (f"&try={attempt}" if attempt else "")
    said = [("Say", f"notice:{lang}")] if notice else []
    return [*said, ("Say", f"speak:{lang}"), ("Record", f"/recorded?{query}"), ("Redirect", f"/silent?{later}")]


HEARD: list[tuple[str, str, str, dict[str, str], list[tuple[str, str]]]] = [
    ("a call", "", "", {}, [("Gather", "/language"), WELCOME, *MENU]),
    ("an office's own number", "", "?office=WAT1", {}, [("Gather", "/language?office=WAT1"), WELCOME, *MENU]),
    ("a number with retries", "", "?office=WAT-1", {}, [("Gather", "/language?office=WAT-1"), WELCOME, *MENU]),
    ("an office nobody has", "", "?office=%22%3E%3CSay", {}, [("Gather", "/language"), WELCOME, *MENU]),
    ("withheld", "", "", {"From": "anonymous", "Caller": "anonymous"}, [("Gather", "/language"), WELCOME, *MENU]),
    ("english", "/language", "", {"Digits": "1"}, listening("en")),
    ("albanian", "/language", "", {"Digits": "2"}, listening("sq")),
    ("russian at an office", "/language", "?office=WAT1", {"Digits": "4"}, listening("ru", office="WAT1")),
    ("a wrong digit", "/language", "", {"Digits": "9"}, [("Gather", "/language?try=2"), *MENU]),
    ("a star", "/language", "", {"Digits": "*"}, [("Gather", "/language?try=2"), *MENU]),
    ("zero", "/language", "", {"Digits": "0"}, [("Gather", "/language?try=2"), *MENU]),
    ("no digit", "/language", "", {"Digits": ""}, [("Gather", "/language?try=2"), *MENU]),
    ("no digit at an office", "/language", "?office=A", {}, [("Gather", "/language?office=A&try=2"), *MENU]),
    ("wrong again", "/language", "?try=2", {"Digits": "7"}, listening("en")),
    ("nothing again", "/language", "?try=2", {}, listening("en")),
    ("a step nobody asked", "/language", "?try=99", {"Digits": "8"}, [("Gather", "/language?try=2"), *MENU]),
    ("digits of another script", "/language", "?try=2", {"Digits": "২"}, listening("en")),
    ("silence", "/silent", "?lang=bn", {}, [("Say", "nothing_heard:bn"), *listening("bn", attempt="2", notice=False)]),
    ("silence again", "/silent", "?lang=bn&try=2", {}, [("Say", "call_back:bn"), ("Say", "goodbye:bn"), ("Hangup", "")]),
    (
        "silence of nobody",
        "/silent",
        "?lang=ru&try=2",
        {"From": "+266696687"},
        [("Say", "call_again:ru"), ("Say", "goodbye:ru"), ("Hangup", "")],
    ),
    ("a message", "/recorded", "?lang=sq", RECORDED, [("Say", "thanks:sq"), ("Redirect", "/reference?lang=sq")]),
    ("a language unknown", "/recorded", "?lang=xx", RECORDED, [("Say", "thanks:en"), ("Redirect", "/reference?lang=en")]),
    ("hung up", "/recorded", "", {**RECORDED, "Digits": "hangup"}, [("Say", "thanks:en"), ("Redirect", "/reference?lang=en")]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("step", "query", "changes", "heard"), [row[1:] for row in HEARD], ids=[row[0] for row in HEARD]
)
def test_what_the_caller_hears(step: str, query: str, changes: dict[str, str], heard: list[tuple[str, str]]) -> None:
    assert verbs(turn(step, query, fields={**RINGING, **changes}).twiml) == heard


CALLED = (CALL, MOBILE, {"call": CALL})
GOT = (RECORDING, MOBILE, {"call": CALL, "seconds": 42})
ARRIVED: list[tuple[str, str, str, Mapping[str, str], Mapping[str, str | None], list[tuple[str, str, Mapping[str, object]]]]] = [
    ("a call", "", "", RINGING, {}, [CALLED]),
    ("its office", "", "?office=WAT1", RINGING, {}, [(CALL, MOBILE, {"call": CALL, "office": "WAT1"})]),
    ("anonymous", "", "", RINGING, {"From": "anonymous"}, [(CALL, "", {"call": CALL})]),
    ("ANONYMOUS on a keypad", "", "", RINGING, {"From": "+266696687"}, [(CALL, "", {"call": CALL})]),
    ("unavailable on a keypad", "", "", RINGING, {"From": "+86282452253"}, [(CALL, "", {"call": CALL})]),
    ("private", "", "", RINGING, {"From": "Private"}, [(CALL, "", {"call": CALL})]),
    ("restricted", "", "", RINGING, {"From": "+7378742833"}, [(CALL, "", {"call": CALL})]),
    ("no number", "", "", RINGING, {"From": ""}, [(CALL, "", {"call": CALL})]),
    ("no field", "", "", RINGING, {"From": None}, [(CALL, "", {"call": CALL})]),
    ("internet telephone", "", "", RINGING, {"From": "sip:arta@voip.example"}, [(CALL, "", {"call": CALL})]),
    ("short code", "", "", RINGING, {"From": "12700"}, [(CALL, "", {"call": CALL})]),
    ("fixed line", "", "", RINGING, {"From": FIXED}, [(CALL, FIXED, {"call": CALL})]),
    ("from abroad", "", "", RINGING, {"From": "+12125550123"}, [(CALL, "+12125550123", {"call": CALL})]),
    ("unknown fields", "", "", RINGING, {"StirVerstat": "TN-Validation", "X": "1"}, [CALLED]),
    ("a message", "/recorded", "", RINGING | RECORDED, {}, [CALLED, GOT]),
    ("its notice", "/recording", "", NOTICE, {}, [(RECORDING, "", {"call": CALL, "seconds": 42})]),
    ("absent", "/recording", "", NOTICE, {"RecordingStatus": "absent"}, []),
    ("failed", "/recording", "", NOTICE, {"RecordingStatus": "failed"}, []),
    ("in progress", "/recording", "", NOTICE, {"RecordingStatus": "in-progress"}, []),
    ("of no length", "/recording", "", NOTICE, {"RecordingDuration": "0"}, []),
    ("of unknown length", "/recording", "", NOTICE, {"RecordingDuration": ""}, [(RECORDING, "", {"call": CALL, "seconds": None})]),
    ("of a length that is none", "/recording", "", NOTICE, {"RecordingDuration": "-5"}, [(RECORDING, "", {"call": CALL, "seconds": None})]),
    ("from nowhere", "/recording", "", NOTICE, {"RecordingUrl": "ftp://x/y"}, []),
    ("hung up while speaking", "/recorded", "", RINGING | RECORDED, {"Digits": "hangup"}, [CALLED, GOT]),
    ("over", "/status", "", RINGING, {"CallStatus": "completed"}, [CALLED, (f"{CALL}/ended", MOBILE, {"call": CALL, "ended": True})]),
    ("given up", "/status", "", RINGING, {"CallStatus": "canceled"}, [CALLED, (f"{CALL}/ended", MOBILE, {"call": CALL, "ended": True})]),
    ("still ringing", "/status", "", RINGING, {"CallStatus": "ringing"}, [CALLED]),
]  # fmt: skip


@pytest.mark.parametrize(("step", "query", "fields", "changes", "arrived"), [row[1:] for row in ARRIVED], ids=[row[0] for row in ARRIVED])  # fmt: skip
def test_what_arrives(
    step: str,
    query: str,
    fields: Mapping[str, str],
    changes: Mapping[str, str | None],
    arrived: list[tuple[str, str, Mapping[str, object]]],
) -> None:
    found = turn(step, query, fields={**fields, **changes}).arrivals
    assert [(one.provider_id, one.sender, dict(one.details)) for one in found] == arrived
    for one in found:
        assert (one.channel, one.account, one.text) == (Channel.voice, ACCOUNT, "")
        sound = (Attachment("voice", SOUND, "audio/wav"),)
        assert one.attachments == (sound if one.provider_id == RECORDING else ())


def test_the_language_picked_comes_with_the_recording() -> None:
    assert [one.language for one in turn("/recording", "?lang=bn&office=WAT1", fields=NOTICE).arrivals] == ["bn"]
    assert [one.language for one in turn("/recording", "?lang=tlh", fields=NOTICE).arrivals] == [None]


def test_every_address_given_to_twilio_is_public_and_one_of_ours() -> None:
    for step in STEPS:
        made = turn(step, "?office=WAT1&lang=ru", fields={**RINGING, **RECORDED})
        twiml = made.twiml or tell(made.call, LINE, None)
        for one in ET.fromstring(twiml).iter():
            for address in filter(
                None, (one.get("action"), one.get("recordingStatusCallback"), one.tag == "Redirect" and one.text)
            ):
                bare, _, fragment = str(address).partition("#")
                parts = urlsplit(bare)
                assert bare.startswith(LINE.public_url + PATH)
                assert parts.path.removeprefix("/citizens" + PATH) in STEPS
                assert dict(parse_qsl(parts.query))["office"] == "WAT1"
                assert MOBILE[1:] not in bare, "no contact detail in an address"
                assert fragment in ("", "rc=3&rp=all")


def test_the_tone_records_what_the_installation_allows() -> None:
    record = ET.fromstring(turn("/language", line=replace(LINE, seconds=90), Digits="1").twiml).find("Record")
    assert record is not None
    assert (record.get("maxLength"), record.get("finishOnKey"), record.get("playBeep")) == ("90", "#", "true")
    assert "absent" in str(record.get("recordingStatusCallbackEvent"))


def test_one_language_needs_no_menu() -> None:
    assert verbs(turn("", line=replace(LINE, languages=("ru",))).twiml) == [("Say", "welcome:ru"), *listening("ru")]


def test_a_language_without_voice_or_recordings_is_left_out() -> None:
    real = replace(LINE, any_voice=False)
    assert real.offered == ("en", "bn", "ru")
    assert mute(LINE.languages, {}) == ["sq"]
    recorded = replace(real, audio={"sq": "https://files.example/sq/"})
    assert recorded.offered == LINE.languages
    played = verbs(turn("/language", line=recorded, Digits="2").twiml)
    assert [words for verb, words in played if verb == "Play"] == [
        f"https://files.example/sq/{name}.mp3" for name in ("notice", "speak")
    ]
    assert "https://files.example/sq/choose-2.mp3" in turn("", line=recorded).twiml
    assert 'voice="Google.bn-IN-Standard-A"' in turn("", line=recorded).twiml
    assert replace(real, languages=("sq",)).offered == ("sq",), "a hotline is never without any language"


@pytest.mark.parametrize(
    ("opened", "attempt", "heard"),
    [
        (None, 1, ["Pause", "Redirect"]),
        (None, LOOKS, ["Say", "Say", "Hangup"]),
        (Opened("K7QF-3M9V"), 1, ["Say", "Say", "Pause", "Say"] * 2 + ["Say", "Hangup"]),
        (Opened("K7QF-3M9V", by_text=True), 3, ["Say", "Say", "Pause", "Say"] * 2 + ["Say", "Say", "Hangup"]),
        (Opened("K7QF-3M9V", pin="0417"), 1, ["Say", "Say", "Pause", "Say"] * 2 + ["Say"] * 4 + ["Say", "Hangup"]),
    ],
)
def test_the_reference_is_read_out(opened: Opened | None, attempt: int, heard: list[str]) -> None:
    made = turn("/reference", f"?lang=en&try={attempt}")
    assert made.waits
    assert made.twiml == ""
    twiml = tell(made.call, LINE, opened)
    assert [verb for verb, _ in verbs(twiml)] == heard
    if opened:
        assert twiml.count("K, 7, Q, F.") == twiml.count("3, M, 9, V.") == 2
        assert twiml.count("0, 4, 1, 7.") == (2 if opened.pin else 0)


def test_a_code_is_played_letter_by_letter() -> None:
    recorded = replace(LINE, audio={"sq": "https://f.example/sq"})
    played = [one.text for one in ET.fromstring(f"<R>{spell(recorded, 'sq', 'K7')}</R>")]
    assert played == ["https://f.example/sq/k.mp3", "https://f.example/sq/7.mp3"]


def test_what_is_said_is_text_and_never_markup() -> None:
    said = say(replace(LINE, government='<Dial>&"'), "en", "welcome")
    assert (ET.fromstring(said).tag, len(ET.fromstring(said))) == ("Say", 0)


@pytest.mark.parametrize("step", STEPS)
def test_a_forged_webhook_is_refused_at_every_step(step: str) -> None:
    with pytest.raises(Forged):
        take(request(PATH + step, RINGING, token="another"), step, LINE)
    signed_for_another_query = request(f"{PATH}{step}?office=WAT1", RINGING)
    with pytest.raises(Forged):
        take(replace(signed_for_another_query, url=f"{PATH}{step}?office=WAT2"), step, LINE)
    with pytest.raises(BadInput, match="CallSid"):
        turn(step, CallSid="")


NUMBERS = {
    MOBILE: MOBILE, FIXED: FIXED, "+266696687": "", "+8656696": "", "+2562533": "", "+7378742833": "", "+86282452253": "",
    "anonymous": "", "Anonymous": "", "RESTRICTED": "", "unknown": "", "": "", "0": "", "+": "", "client:arta": "",
    "0691112233": "", "+355": "", "+35569111223344556677": "", " +355691112233 ": MOBILE,
}  # fmt: skip


@pytest.mark.parametrize("number", NUMBERS)
def test_who_calls(number: str) -> None:
    assert caller(number) == NUMBERS[number]


def test_a_fixed_line_takes_no_texts() -> None:
    assert takes_texts(MOBILE)
    assert takes_texts("+12125550123"), "where mobiles and fixed lines look alike it is tried"
    assert not takes_texts(FIXED)
    assert not takes_texts("nonsense")


@given(
    fields=st.dictionaries(
        st.sampled_from(sorted(RINGING | RECORDED | {"RecordingStatus": "", "X": ""})), st.text(max_size=40)
    ),
    step=st.sampled_from(STEPS),
    query=st.dictionaries(st.sampled_from(["office", "lang", "try", "x"]), st.text(max_size=20), max_size=4),
)
def test_anything_signed_gives_good_twiml_or_a_sentence(
    fields: dict[str, str], step: str, query: dict[str, str]
) -> None:
    asked = f"?{urlencode(query, errors='replace')}" if query else ""
    sent = {name: value.encode("utf-8", "replace").decode() for name, value in fields.items()} | {"AccountSid": ACCOUNT}
    if not clean(sent.get("CallSid", "")):
        with pytest.raises(BadInput, match="CallSid"):
            take(request(f"{PATH}{step}{asked}", sent), step, LINE)
        sent["CallSid"] = CALL
    made = take(request(f"{PATH}{step}{asked}", sent), step, LINE)
    for twiml in filter(None, (made.twiml, tell(made.call, LINE, Opened("K7QF-3M9V")))):
        assert ET.fromstring(twiml).tag == "Response"
    for one in made.arrivals:
        assert one.sender == "" or (one.sender.startswith("+") and one.sender[1:].isdigit())
        assert one.provider_id
