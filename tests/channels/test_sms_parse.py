"""Twilio's webhooks: raw body in, values out."""

import subprocess
import sys
from datetime import UTC, datetime
from urllib.parse import quote_plus, urlencode
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator

from channels.errors import Failure
from channels.sms import parse_message, parse_status, signed_url
from channels.values import Attachment, Channel, DeliveryStatus, Inbound, Receipt, WebhookRequest
from core.errors import BadInput, Forged

PUBLIC = "https://ombud.example"
TOKEN, ACCOUNT = "a-token-of-thirty-two-characters", "AC" + "7" * 32
KNOWN = {"public_url": PUBLIC, "auth_token": TOKEN, "account_sid": ACCOUNT}
SID = "SM" + "a" * 32
MESSAGES, STATUS = "/webhooks/twilio/messages", "/webhooks/twilio/status"
ROW = "0197f0a2-7c1e-7b1c-8a55-0f0e0d0c0b0a"
FORM = "application/x-www-form-urlencoded; charset=UTF-8"
# a real inbound SMS, as Twilio posts it
SMS = {
    "ToCountry": "AL",
    "ToState": "",
    "SmsMessageSid": SID,
    "NumMedia": "0",
    "ToCity": "",
    "FromZip": "",
    "SmsSid": SID,
    "FromState": "",
    "SmsStatus": "received",
    "FromCity": "",
    "Body": "No water since Monday",
    "FromCountry": "AL",
    "To": "+355690000000",
    "ToZip": "",
    "NumSegments": "1",
    "MessageSid": SID,
    "AccountSid": ACCOUNT,
    "From": "+355690000101",
    "ApiVersion": "2010-04-01",
}
SENT = {
    "SmsSid": SID,
    "SmsStatus": "delivered",
    "MessageStatus": "delivered",
    "To": "+355690000101",
    "MessageSid": SID,
    "AccountSid": ACCOUNT,
    "From": "+355690000000",
    "ApiVersion": "2010-04-01",
}


def request(
    fields: dict[str, str],
    path: str = MESSAGES,
    *,
    base: str = "http://10.0.0.7:8000",
    token: str = TOKEN,
    **headers: str,
) -> WebhookRequest:
    """A webhook as it comes through a proxy: signed for the public address, seen under another."""
    signature = RequestValidator(token).compute_signature(PUBLIC + path, fields)
    given_headers = {"content-type": FORM, "x-twilio-signature": signature, **headers}
    return WebhookRequest("http://10.0.0.7:8000" + path, given_headers, urlencode(fields).encode())


def inbound(**changes: object) -> Inbound:
    plain: dict[str, object] = {
        "channel": Channel.sms,
        "account": ACCOUNT,
        "provider_id": SID,
        "sender": "+355690000101",
        "recipient": "+355690000000",
        "text": "No water since Monday",
        "details": {"country": "AL"},
    }
    return Inbound(**{**plain, **changes})  # type: ignore[arg-type]


IMAGE = Attachment("photo", "https://api.twilio.com/m/ME1", "image/jpeg")
ROWS: list[tuple[str, dict[str, str], Inbound]] = [
    ("plain", {}, inbound()),
    ("empty text", {"Body": ""}, inbound(text="")),
    ("no text field at all", {"Body": None}, inbound(text="")),  # type: ignore[dict-item]
    ("emoji", {"Body": "No water 🚱😡👩‍👩‍👧"}, inbound(text="No water 🚱😡👩‍👩‍👧")),
    ("albanian", {"Body": "S'kemi ujë në Rrugën e Kavajës"}, inbound(text="S'kemi ujë në Rrugën e Kavajës")),
    ("bengali", {"Body": "বিদ্যুৎ নেই"}, inbound(text="বিদ্যুৎ নেই")),
    ("right to left", {"Body": "\u200fلا يوجد ماء"}, inbound(text="\u200fلا يوجد ماء")),
    ("two thousand letters", {"Body": "x" * 2000}, inbound(text="x" * 2000)),
    ("lines", {"Body": "one\r\ntwo"}, inbound(text="one\ntwo")),
    ("NUL", {"Body": "a\x00b"}, inbound(text="ab")),
    ("plus and ampersand", {"Body": "1+1=2 & more"}, inbound(text="1+1=2 & more")),
    ("decomposed letters", {"Body": "ujë"}, inbound(text="ujë")),
    ("unknown fields", {"Tomorrow": "new", "ChannelMetadata": '{"a":1}'}, inbound()),
    ("short code", {"From": "55512"}, inbound(sender="55512")),
    ("alphanumeric sender", {"From": "BANKA"}, inbound(sender="BANKA")),
    ("no account field", {"AccountSid": ""}, inbound()),
    ("only SmsSid", {"MessageSid": ""}, inbound()),
    (
        "stop, advanced",
        {"Body": "Stop", "OptOutType": "STOP"},
        inbound(text="Stop", details={"country": "AL", "opt_out": "STOP"}),
    ),
    (
        "whatsapp",
        {"From": "whatsapp:+355690000101", "To": "whatsapp:+355690000000", "ProfileName": "Arta"},
        inbound(channel=Channel.whatsapp, details={"name": "Arta", "country": "AL"}),
    ),
    (
        "whatsapp button",
        {
            "From": "whatsapp:+355690000101",
            "Body": "OK",
            "ButtonPayload": "rate:4",
            "OriginalRepliedMessageSid": "SM1",
        },
        inbound(channel=Channel.whatsapp, text="OK", button="rate:4", reply_to="SM1"),
    ),
    (
        "location",
        {"Latitude": "41.33", "Longitude": "19.81", "Address": "Rruga e Kavajës"},
        inbound(
            details={"country": "AL", "location": {"latitude": 41.33, "longitude": 19.81}, "place": "Rruga e Kavajës"}
        ),
    ),
    ("location that is none", {"Latitude": "nan", "Longitude": "19.81"}, inbound()),
    (
        "photo",
        {"NumMedia": "1", "MediaUrl0": IMAGE.url, "MediaContentType0": "image/jpeg"},
        inbound(attachments=(IMAGE,)),
    ),
    (
        "voice and contact card",
        {
            "NumMedia": "2",
            "MediaUrl0": "https://m/1",
            "MediaContentType0": "audio/ogg",
            "MediaUrl1": "https://m/2",
            "MediaContentType1": "text/vcard",
        },
        inbound(
            attachments=(
                Attachment("audio", "https://m/1", "audio/ogg"),
                Attachment("contact", "https://m/2", "text/vcard"),
            )
        ),
    ),
    ("media with no address", {"NumMedia": "3", "MediaUrl0": "javascript:1"}, inbound()),
    ("media uncounted", {"NumMedia": "many"}, inbound()),
    ("other messenger", {"From": "messenger:12345"}, inbound(sender="messenger:12345")),
    ("opt-out written small", {"OptOutType": "stop"}, inbound(details={"country": "AL", "opt_out": "STOP"})),
    ("start, advanced", {"OptOutType": "START"}, inbound(details={"country": "AL", "opt_out": "START"})),
    ("help, advanced", {"OptOutType": "HELP"}, inbound(details={"country": "AL", "opt_out": "HELP"})),
    ("several parts joined", {"Body": "x" * 459, "NumSegments": "3"}, inbound(text="x" * 459)),
    ("russian", {"Body": "Нет воды с понедельника"}, inbound(text="Нет воды с понедельника")),
    ("a messaging service", {"MessagingServiceSid": "MG" + "1" * 32}, inbound()),
    ("to a short code", {"To": "55512"}, inbound(recipient="55512")),
    ("to another number of ours", {"To": "+355690000001"}, inbound(recipient="+355690000001")),
    ("only white space", {"Body": " \n\t "}, inbound(text="")),
    ("a lone surrogate", {"Body": "a\ufffdb"}, inbound(text="a\ufffdb")),
    ("no country", {"FromCountry": ""}, inbound(details={})),
    (
        "whatsapp quick reply",
        {"From": "whatsapp:+355690000101", "To": "whatsapp:+355690000000", "Body": "Yes", "ButtonText": "Yes",
         "ButtonPayload": "belongs:yes", "WaId": "355690000101", "MessageType": "button"},
        inbound(channel=Channel.whatsapp, text="Yes", button="belongs:yes"),
    ),
    (
        "whatsapp button without a body",
        {"From": "whatsapp:+355690000101", "Body": "", "ButtonText": "No", "ButtonPayload": "belongs:no"},
        inbound(channel=Channel.whatsapp, text="No", button="belongs:no"),
    ),
    (
        "whatsapp list",
        {"From": "whatsapp:+355690000101", "Body": "", "ListId": "office:WAT1", "ListTitle": "Water, District 1",
         "MessageType": "interactive"},
        inbound(channel=Channel.whatsapp, text="Water, District 1", button="office:WAT1"),
    ),
    (
        "whatsapp reply to an older message",
        {"From": "whatsapp:+355690000101", "OriginalRepliedMessageSid": "SM" + "b" * 32,
         "OriginalRepliedMessageSender": "whatsapp:+355690000000"},
        inbound(channel=Channel.whatsapp, reply_to="SM" + "b" * 32),
    ),
    (
        "whatsapp forwarded",
        {"From": "whatsapp:+355690000101", "Forwarded": "true", "FrequentlyForwarded": "true"},
        inbound(channel=Channel.whatsapp, details={"country": "AL", "forwarded": True}),
    ),
    (
        "whatsapp voice note",
        {"From": "whatsapp:+355690000101", "Body": "", "NumMedia": "1", "MediaUrl0": "https://api.twilio.com/m/ME2",
         "MediaContentType0": "audio/ogg; codecs=opus", "MessageType": "audio"},
        inbound(
            channel=Channel.whatsapp,
            text="",
            attachments=(Attachment("audio", "https://api.twilio.com/m/ME2", "audio/ogg; codecs=opus"),),
        ),
    ),
    (
        "mms with several pictures",
        {"NumMedia": "3", **{f"MediaUrl{i}": f"https://m/{i}" for i in range(3)},
         **{f"MediaContentType{i}": "image/png" for i in range(3)}},
        inbound(attachments=tuple(Attachment("photo", f"https://m/{i}", "image/png") for i in range(3))),
    ),
    (
        "a document",
        {"NumMedia": "1", "MediaUrl0": "https://m/1", "MediaContentType0": "application/pdf"},
        inbound(attachments=(Attachment("document", "https://m/1", "application/pdf"),)),
    ),
    (
        "media of no type",
        {"NumMedia": "1", "MediaUrl0": "https://m/1"},
        inbound(attachments=(Attachment("document", "https://m/1"),)),
    ),
    (
        "more media than Twilio has",
        {"NumMedia": "99", **{f"MediaUrl{i}": f"https://m/{i}" for i in range(99)}},
        inbound(attachments=tuple(Attachment("document", f"https://m/{i}") for i in range(10))),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("fields", "expected"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_inbound(fields: dict[str, str | None], expected: Inbound) -> None:
    sent = {name: value for name, value in {**SMS, **fields}.items() if value is not None}
    assert parse_message(request(sent), **KNOWN) == [expected]


def test_there_are_enough_of_them() -> None:
    assert len(ROWS) + len(RECEIPTS) >= 40
    assert len({name for name, *_ in ROWS}) == len(ROWS)


@given(st.sampled_from([row[1] for row in ROWS]), st.dictionaries(st.text(min_size=1), st.text(), max_size=4))
def test_unknown_fields_change_nothing(fields: dict[str, str], strange: dict[str, str]) -> None:
    known = {"From", "To", "Body", *SMS, *(name for row in ROWS for name in row[1])}
    usable = {
        k: v for k, v in strange.items() if k not in known and k.isprintable() and v.isprintable() and k != "MessageSid"
    }
    sent = {name: value for name, value in {**SMS, **fields}.items() if value is not None}
    plain = parse_message(request(sent), **KNOWN)
    assert parse_message(request({**usable, **sent}), **KNOWN) == plain


def receipt(status: DeliveryStatus, failure: Failure | None = None, detail: str = "", **changes: object) -> Receipt:
    return Receipt(Channel.sms, ACCOUNT, SID, status, failure, detail, **changes)  # type: ignore[arg-type]


RECEIPTS: list[tuple[str, dict[str, str], list[Receipt]]] = [
    ("queued", {"MessageStatus": "queued"}, [receipt(DeliveryStatus.accepted)]),
    ("sending", {"MessageStatus": "sending"}, [receipt(DeliveryStatus.accepted)]),
    ("sent", {"MessageStatus": "sent"}, [receipt(DeliveryStatus.sent)]),
    ("delivered", {}, [receipt(DeliveryStatus.delivered)]),
    ("read", {"MessageStatus": "read"}, [receipt(DeliveryStatus.delivered)]),
    ("only SmsStatus", {"MessageStatus": ""}, [receipt(DeliveryStatus.delivered)]),
    (
        "delivered, with the carrier's time",
        {"RawDlrDoneDate": "2606051453"},
        [receipt(DeliveryStatus.delivered, at=datetime(2026, 6, 5, 14, 53, tzinfo=UTC))],
    ),
    (
        "unreachable",
        {"MessageStatus": "undelivered", "ErrorCode": "30003"},
        [receipt(DeliveryStatus.failed, Failure.unreachable, "Twilio 30003")],
    ),
    (
        "blocked",
        {"MessageStatus": "undelivered", "ErrorCode": "30004"},
        [receipt(DeliveryStatus.failed, Failure.blocked, "Twilio 30004")],
    ),
    (
        "filtered",
        {"MessageStatus": "failed", "ErrorCode": "30007", "ErrorMessage": "Filtered"},
        [receipt(DeliveryStatus.failed, Failure.content_refused, "Twilio 30007 Filtered")],
    ),
    (
        "opted out",
        {"MessageStatus": "failed", "ErrorCode": "21610"},
        [receipt(DeliveryStatus.failed, Failure.opted_out, "Twilio 21610")],
    ),
    (
        "failed without a code",
        {"MessageStatus": "failed"},
        [receipt(DeliveryStatus.failed, Failure.unreachable, "Twilio says failed")],
    ),
    (
        "a code of tomorrow",
        {"MessageStatus": "failed", "ErrorCode": "99999"},
        [receipt(DeliveryStatus.failed, Failure.unreachable, "Twilio 99999")],
    ),
    ("a status of tomorrow", {"MessageStatus": "teleported"}, []),
    ("partly delivered", {"MessageStatus": "partially_delivered"}, [receipt(DeliveryStatus.delivered)]),
    ("scheduled", {"MessageStatus": "scheduled"}, [receipt(DeliveryStatus.accepted)]),
    ("shouted", {"MessageStatus": "DELIVERED"}, [receipt(DeliveryStatus.delivered)]),
    (
        "canceled",
        {"MessageStatus": "canceled"},
        [receipt(DeliveryStatus.failed, Failure.unreachable, "Twilio says canceled")],
    ),
    (
        "a landline",
        {"MessageStatus": "undelivered", "ErrorCode": "30006"},
        [receipt(DeliveryStatus.failed, Failure.unreachable, "Twilio 30006")],
    ),
    (
        "an error code that is none",
        {"MessageStatus": "failed", "ErrorCode": "none"},
        [receipt(DeliveryStatus.failed, Failure.unreachable, "Twilio says failed")],
    ),
    (
        "outside WhatsApp's window",
        {"To": "whatsapp:+355690000101", "MessageStatus": "failed", "ErrorCode": "63016"},
        [Receipt(Channel.whatsapp, ACCOUNT, SID, DeliveryStatus.failed, Failure.window_closed, "Twilio 63016")],
    ),
    (
        "read on WhatsApp",
        {"To": "whatsapp:+355690000101", "MessageStatus": "read", "ChannelPrefix": "whatsapp", "EventType": "READ"},
        [Receipt(Channel.whatsapp, ACCOUNT, SID, DeliveryStatus.delivered)],
    ),
    ("a carrier's time that is none", {"RawDlrDoneDate": "tomorrow"}, [receipt(DeliveryStatus.delivered)]),
    (
        "whatsapp",
        {"To": "whatsapp:+355690000101"},
        [Receipt(Channel.whatsapp, ACCOUNT, SID, DeliveryStatus.delivered)],
    ),
]


@pytest.mark.parametrize(("fields", "expected"), [row[1:] for row in RECEIPTS], ids=[row[0] for row in RECEIPTS])
def test_receipts(fields: dict[str, str], expected: list[Receipt]) -> None:
    assert parse_status(request({**SENT, **fields}, STATUS), **KNOWN) == expected


def test_a_receipt_names_the_outbox_row_of_its_address() -> None:
    assert parse_status(request(SENT, f"{STATUS}?message={ROW}"), **KNOWN)[0].message_id == UUID(ROW)
    assert parse_status(request(SENT, f"{STATUS}?message=nonsense"), **KNOWN)[0].message_id is None


def forged() -> dict[str, WebhookRequest]:
    unsigned = request(SMS)
    moved = request(SMS)
    return {
        "unsigned": WebhookRequest(unsigned.url, {"content-type": FORM}, unsigned.body),
        "empty signature": request(SMS, **{"x-twilio-signature": ""}),
        "nonsense signature": request(SMS, **{"x-twilio-signature": "né"}),
        "another token": request(SMS, token="another"),
        "another account": request({**SMS, "AccountSid": "AC" + "8" * 32}),
        "changed words": WebhookRequest(moved.url, moved.headers, moved.body.replace(b"No+water", b"All+well")),
        "added field": WebhookRequest(moved.url, moved.headers, moved.body + b"&OptOutType=STOP"),
        "another path": WebhookRequest("http://10.0.0.7:8000/webhooks/twilio/other", moved.headers, moved.body),
        "added query": WebhookRequest(moved.url + "?x=1", moved.headers, moved.body),
    }


@pytest.mark.parametrize("name", list(forged()))
def test_forged(name: str) -> None:
    with pytest.raises(Forged):
        parse_message(forged()[name], **KNOWN)


def test_an_empty_token_trusts_nobody() -> None:
    with pytest.raises(Forged):
        parse_message(request(SMS, token=""), public_url=PUBLIC, auth_token="", account_sid=ACCOUNT)


UNREADABLE = {
    "no MessageSid": {k: v for k, v in SMS.items() if not k.endswith("Sid") or k == "AccountSid"},
    "empty From": {**SMS, "From": ""},
    "blank From": {**SMS, "From": "   "},
    "whatsapp without a number": {**SMS, "From": "whatsapp:"},
    "endless MessageSid": {**SMS, "MessageSid": "x" * 65},
}


@pytest.mark.parametrize("fields", UNREADABLE.values(), ids=list(UNREADABLE))
def test_unreadable(fields: dict[str, str]) -> None:
    with pytest.raises(BadInput) as caught:
        parse_message(request(fields), **KNOWN)
    assert caught.value.mend


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"Body=%ff%fe&From=%2B355690000101", FORM),
        (b"Body=\xff\xfe", FORM),
        (b'{"Body": "hello"}', "application/json"),
        (b"&".join(b"f%d=1" % i for i in range(500)), FORM),
    ],
    ids=["invalid UTF-8, escaped", "invalid UTF-8, raw", "JSON", "500 fields"],
)
def test_bodies_that_are_no_form(body: bytes, content_type: str) -> None:
    headers = {"content-type": content_type, "x-twilio-signature": "something"}
    with pytest.raises(BadInput) as caught:
        parse_message(WebhookRequest(PUBLIC + MESSAGES, headers, body), **KNOWN)
    assert caught.value.mend


def test_a_receipt_without_a_status() -> None:
    with pytest.raises(BadInput):
        parse_status(request({"MessageSid": SID, "AccountSid": ACCOUNT}, STATUS), **KNOWN)


@pytest.mark.parametrize(
    ("public", "url", "expected"),
    [
        ("https://a.example", "http://127.0.0.1:8000/x?b=%20c", "https://a.example/x?b=%20c"),
        ("https://a.example/", "/x", "https://a.example/x"),
        ("https://a.example/ombud", "http://inner/x", "https://a.example/ombud/x"),  # a proxy that strips the prefix
        ("https://a.example/ombud", "http://inner/ombud/x", "https://a.example/ombud/x"),  # and one that does not
        ("http://127.0.0.1:8000", "http://localhost:8000/x", "http://127.0.0.1:8000/x"),
    ],
)
def test_the_signed_address_is_the_public_one(public: str, url: str, expected: str) -> None:
    assert signed_url(public, url) == expected


@given(st.dictionaries(st.text(min_size=1), st.text()) | st.fixed_dictionaries(dict.fromkeys(SMS, st.text())))
def test_no_signed_form_breaks_the_parsers(fields: dict[str, str]) -> None:
    body = "&".join(f"{quote_plus(k, errors='replace')}={quote_plus(v, errors='replace')}" for k, v in fields.items())
    plain = {k.encode("utf-8", "replace").decode(): v.encode("utf-8", "replace").decode() for k, v in fields.items()}
    signature = RequestValidator(TOKEN).compute_signature(PUBLIC + MESSAGES, plain)
    sent = WebhookRequest(MESSAGES, {"content-type": FORM, "x-twilio-signature": signature}, body.encode())
    for parse in (parse_message, parse_status):
        try:
            values = parse(sent, **KNOWN)
        except (Forged, BadInput):
            continue
        for value in values:
            assert "\x00" not in str(value)
            str(value).encode()


@given(st.binary(), st.text(), st.text())
def test_nothing_breaks_the_parsers(body: bytes, signature: str, url: str) -> None:
    with pytest.raises((Forged, BadInput)):
        parse_message(WebhookRequest(url, {"x-twilio-signature": signature}, body), **KNOWN)


@pytest.mark.parametrize(
    ("before", "reported", "after"),
    [
        ("accepted", "sent", "sent"),
        ("sent", "accepted", "sent"),
        ("delivered", "sent", "delivered"),
        ("delivered", "failed", "delivered"),
        ("failed", "sent", "failed"),
        ("failed", "delivered", "delivered"),
        ("sent", "failed", "failed"),
    ],
)
def test_receipts_in_any_order(before: str, reported: str, after: str) -> None:
    assert DeliveryStatus(before).moved_to(DeliveryStatus(reported)) == after


def test_parsing_loads_no_provider_library_at_import() -> None:
    code = """
import sys, channels.sms, channels.telegram
print([name for name in ("twilio", "telegram", "requests") if name in sys.modules])"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
