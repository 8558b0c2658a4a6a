"""Twilio's webhooks: raw body in, values out."""

import subprocess
import sys
from urllib.parse import quote_plus, urlencode
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator

from channels.sms import parse_message, parse_status, signed_url
from channels.values import DeliveryStatus, Inbound, Receipt, WebhookRequest
from core.errors import BadInput, Forged
from tests.channels.sms_rows import ACCOUNT, RECEIPTS, ROWS, SENT, SID, SMS, TOKEN

PUBLIC = "https://ombud.example"
KNOWN = {"public_url": PUBLIC, "auth_token": TOKEN, "account_sid": ACCOUNT}
MESSAGES, STATUS = "/webhooks/twilio/messages", "/webhooks/twilio/status"
ROW = "0197f0a2-7c1e-7b1c-8a55-0f0e0d0c0b0a"
FORM = "application/x-www-form-urlencoded; charset=UTF-8"


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
