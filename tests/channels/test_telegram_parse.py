"""Telegram's updates: raw body in, values out."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from channels.telegram import parse, webhook_answer
from channels.values import Attachment, Channel, ContactChange, Inbound, WebhookRequest
from core.errors import BadInput, Forged

TOKEN, SECRET = "4242:a-bot-token", "a-webhook-secret"
PERSON = {"id": 71, "is_bot": False, "first_name": "Arta", "last_name": "Velan", "language_code": "sq"}
CHAT = {"id": 71, "first_name": "Arta", "last_name": "Velan", "type": "private"}
GROUP = {"id": -100123, "title": "Our street", "type": "supergroup"}
BOT = {"id": 4242, "is_bot": True, "first_name": "Ombud", "username": "ombud_bot"}
WHEN, AT = 1780000000, datetime(2026, 5, 28, 20, 26, 40, tzinfo=UTC)


def message(**changes: Any) -> dict[str, Any]:
    plain = {"message_id": 5, "from": PERSON, "chat": CHAT, "date": WHEN, "text": "No water"}
    return {name: value for name, value in {**plain, **changes}.items() if value is not None}


def inbound(**changes: Any) -> Inbound:
    plain: dict[str, Any] = {
        "channel": Channel.telegram,
        "account": "4242",
        "provider_id": "900",
        "sender": "71",
        "recipient": "4242",
        "text": "No water",
        "sent_at": AT,
        "language": "sq",
        "message_key": "71:5",
    }
    details = {"name": "Arta Velan", **changes.pop("details", {})}
    return Inbound(
        **{**plain, **changes, "details": {key: value for key, value in details.items() if value is not None}}
    )


PHOTOS = [
    {"file_id": "small", "file_unique_id": "s", "width": 90, "height": 90, "file_size": 1200},
    {"file_id": "large", "file_unique_id": "l", "width": 1280, "height": 960, "file_size": 98000},
]
KEYBOARD = {
    "inline_keyboard": [[{"text": "Good", "callback_data": "rate:4"}, {"text": "Bad", "callback_data": "rate:2"}]]
}
IN_GROUP = Inbound(Channel.telegram, "4242", "900", "-100123", "4242", "", language="sq", details={"group": True})
PRESS = {"callback_query": "44"}
PRESSED: dict[str, Any] = {
    "id": "44",
    "from": PERSON,
    "message": {
        "message_id": 6,
        "from": BOT,
        "chat": CHAT,
        "date": WHEN,
        "text": "How was it?",
        "reply_markup": KEYBOARD,
    },
    "chat_instance": "1",
    "data": "rate:4",
}


def change(status: str, chat: dict[str, Any] = CHAT) -> dict[str, Any]:
    member = {"user": BOT, "status": status}
    return {
        "chat": chat,
        "from": PERSON,
        "date": WHEN,
        "old_chat_member": {"user": BOT, "status": "x"},
        "new_chat_member": member,
    }


ROWS: list[tuple[str, dict[str, Any], list[Inbound | ContactChange]]] = [
    ("text", {"message": message()}, [inbound()]),
    ("emoji", {"message": message(text="🚱👩‍👩‍👧")}, [inbound(text="🚱👩‍👩‍👧")]),
    ("right to left", {"message": message(text="لا يوجد ماء")}, [inbound(text="لا يوجد ماء")]),
    ("half an emoji", {"message": message(text="a\ud83db")}, [inbound(text="ab")]),
    ("NUL", {"message": message(text="a\x00b")}, [inbound(text="ab")]),
    (
        "no language",
        {"message": message(**{"from": {"id": 71, "is_bot": False, "first_name": "Arta"}})},
        [inbound(language=None, details={"name": "Arta"})],
    ),
    (
        "language with region",
        {"message": message(**{"from": {**PERSON, "language_code": "pt-BR"}})},
        [inbound(language="pt")],
    ),
    ("fields of tomorrow", {"message": message(tomorrow={"a": [1]}), "more": 1}, [inbound()]),
    (
        "reply",
        {"message": message(reply_to_message={"message_id": 3, "chat": CHAT, "date": WHEN})},
        [inbound(reply_to="71:3")],
    ),
    (
        "edited",
        {"edited_message": message(text="No gas", edit_date=WHEN + 60)},
        [inbound(text="No gas", sent_at=AT.replace(minute=27), details={"edited": True})],
    ),
    (
        "photo with caption",
        {"message": message(text=None, caption="Look", photo=PHOTOS)},
        [inbound(text="Look", attachments=(Attachment("photo", "telegram:large", "image/jpeg", 98000),))],
    ),
    (
        "photo alone",
        {"message": message(text=None, photo=PHOTOS[:1])},
        [inbound(text="", attachments=(Attachment("photo", "telegram:small", "image/jpeg", 1200),))],
    ),
    (
        "voice",
        {
            "message": message(
                text=None, voice={"file_id": "v", "duration": 4, "mime_type": "audio/ogg", "file_size": 9000}
            )
        },
        [inbound(text="", attachments=(Attachment("voice", "telegram:v", "audio/ogg", 9000),))],
    ),
    (
        "document",
        {"message": message(text=None, document={"file_id": "d", "mime_type": "application/pdf"})},
        [inbound(text="", attachments=(Attachment("document", "telegram:d", "application/pdf"),))],
    ),
    (
        "animation, which comes as a document too",
        {
            "message": message(
                text=None, animation={"file_id": "a", "mime_type": "video/mp4"}, document={"file_id": "a"}
            )
        },
        [inbound(text="", attachments=(Attachment("video", "telegram:a", "video/mp4"),))],
    ),
    (
        "video note",
        {"message": message(text=None, video_note={"file_id": "n", "length": 240})},
        [inbound(text="", attachments=(Attachment("video", "telegram:n"),))],
    ),
    (
        "sticker",
        {"message": message(text=None, sticker={"file_id": "s", "emoji": "😡"})},
        [inbound(text="😡", details={"unsupported": "sticker"})],
    ),
    (
        "location",
        {"message": message(text=None, location={"latitude": 41.33, "longitude": 19.81})},
        [inbound(text="", details={"location": {"latitude": 41.33, "longitude": 19.81}})],
    ),
    ("location off the globe", {"message": message(location={"latitude": 410, "longitude": True})}, [inbound()]),
    (
        "venue",
        {
            "message": message(
                text=None, venue={"title": "School 12", "address": "Main St"}, location={"latitude": 1, "longitude": 2}
            )
        },
        [inbound(text="", details={"location": {"latitude": 1.0, "longitude": 2.0}, "place": "School 12, Main St"})],
    ),
    (
        "own number",
        {"message": message(text=None, contact={"phone_number": "355690000101", "user_id": 71})},
        [inbound(text="", details={"contact": "+355690000101"})],
    ),
    (
        "somebody's number",
        {"message": message(text=None, contact={"phone_number": "+355 69 0000102"})},
        [inbound(text="", details={"shared_contact": "+355690000102"})],
    ),
    (
        "poll",
        {"message": message(text=None, poll={"id": "1", "question": "?"})},
        [inbound(text="", details={"unsupported": "poll"})],
    ),
    ("start", {"message": message(text="/start")}, [inbound(text="/start", details={"start": ""})]),
    (
        "start from a poster",
        {"message": message(text="/start office-TIR01--service-passport--language-en")},
        [
            inbound(
                text="/start office-TIR01--service-passport--language-en",
                language="en",
                details={
                    "start": "office-TIR01--service-passport--language-en",
                    "office": "TIR01",
                    "service": "passport",
                },
            )
        ],
    ),
    (
        "start with an unknown word",
        {"message": message(text="/start xyz")},
        [inbound(text="/start xyz", details={"start": "xyz"})],
    ),
    (
        "command to this bot",
        {"message": message(text="/status@ombud_bot K7QF-3M9V")},
        [inbound(text="/status K7QF-3M9V")],
    ),
    ("group: nothing of what is said is read", {"message": message(chat=GROUP)}, [IN_GROUP]),
    ("photo in a group", {"message": message(chat=GROUP, text=None, photo=PHOTOS)}, [IN_GROUP]),
    (
        "button in a group",
        {"callback_query": {**PRESSED, "message": {**PRESSED["message"], "chat": GROUP}}},
        [IN_GROUP],
    ),
    ("joining a group", {"message": message(chat=GROUP, text=None, new_chat_members=[PERSON])}, []),
    ("editing in a group", {"edited_message": message(chat=GROUP)}, []),
    (
        "part of an album",
        {"message": message(text=None, caption="Look", photo=PHOTOS, media_group_id="13377331")},
        [
            inbound(
                text="Look",
                attachments=(Attachment("photo", "telegram:large", "image/jpeg", 98000),),
                group_key="13377331",
            )
        ],
    ),
    (
        "live location that moves",
        {"edited_message": message(text=None, location={"latitude": 1, "longitude": 2}, edit_date=WHEN + 5)},
        [],
    ),
    (
        "edited caption",
        {"edited_message": message(text=None, caption="The pump", photo=PHOTOS[:1], edit_date=WHEN)},
        [
            inbound(
                text="The pump",
                attachments=(Attachment("photo", "telegram:small", "image/jpeg", 1200),),
                details={"edited": True},
            )
        ],
    ),
    (
        "start from a poster with a plain code",
        {"message": message(text="/start TIR01")},
        [inbound(text="/start TIR01", details={"start": "TIR01"})],
    ),
    (
        "dice",
        {"message": message(text=None, dice={"emoji": "🎲", "value": 3})},
        [inbound(text="", details={"unsupported": "dice"})],
    ),
    ("forwarded", {"message": message(forward_origin={"type": "user", "sender_user": BOT, "date": WHEN})}, [inbound()]),
    (
        "reply with a quote",
        {"message": message(reply_to_message={"message_id": 3}, quote={"text": "x"})},
        [inbound(reply_to="71:3")],
    ),
    ("an update id of a quiet week", {"update_id": -5, "message": message()}, [inbound(provider_id="-5")]),
    ("pinned", {"message": message(text=None, pinned_message=message())}, []),
    (
        "button",
        {"callback_query": PRESSED},
        [
            inbound(
                text="Good",
                button="rate:4",
                sent_at=None,
                reply_to="71:6",
                message_key=None,
                details=PRESS,
            )
        ],
    ),
    (
        "button under a message too old to show",
        {"callback_query": {**PRESSED, "message": {"chat": CHAT, "message_id": 6, "date": 0}}},
        [
            inbound(
                text="rate:4",
                button="rate:4",
                sent_at=None,
                reply_to="71:6",
                message_key=None,
                details=PRESS,
            )
        ],
    ),
    (
        "button of an inline message",
        {"callback_query": {k: v for k, v in PRESSED.items() if k != "message"}},
        [inbound(text="rate:4", button="rate:4", sent_at=None, message_key=None, details=PRESS)],
    ),
    ("game button", {"callback_query": {**PRESSED, "data": None}}, []),
    ("blocked", {"my_chat_member": change("kicked")}, [ContactChange(Channel.telegram, "4242", "900", "71", True)]),
    ("unblocked", {"my_chat_member": change("member")}, [ContactChange(Channel.telegram, "4242", "900", "71", False)]),
    ("added to a group", {"my_chat_member": change("member", GROUP)}, []),
    ("somebody joined", {"message": message(text=None, new_chat_members=[PERSON])}, []),
    ("another bot", {"message": message(**{"from": BOT})}, []),
    ("channel post", {"channel_post": message()}, []),
    ("kind of tomorrow", {"telepathy": {"id": 1}}, []),
    ("nothing", {}, []),
    ("kinds of the wrong type", {"message": [1], "callback_query": "x", "my_chat_member": 7}, []),
    ("no chat", {"message": message(chat=None)}, []),
]


def request(body: bytes, secret: str | None = SECRET) -> WebhookRequest:
    headers = {"content-type": "application/json"}
    if secret is not None:
        headers["x-telegram-bot-api-secret-token"] = secret
    return WebhookRequest("/webhooks/telegram", headers, body)


def read(update: object) -> list[Inbound | ContactChange]:
    return parse(request(json.dumps(update).encode()), secret=SECRET, token=TOKEN)


@pytest.mark.parametrize(("update", "expected"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_updates(update: dict[str, Any], expected: list[Inbound | ContactChange]) -> None:
    assert read({"update_id": 900, **update}) == expected


@pytest.mark.parametrize("given_secret", [None, "", "another", "a-webhook-secreT", "sécret"])
def test_forged(given_secret: str | None) -> None:
    with pytest.raises(Forged):
        parse(request(b'{"update_id": 1}', given_secret), secret=SECRET, token=TOKEN)


def test_an_empty_secret_trusts_nobody() -> None:
    with pytest.raises(Forged):
        parse(request(b'{"update_id": 1}', ""), secret="", token=TOKEN)


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"\xff\xfe", b"[]", b"null", b"7", b'"text"', b"{}", b'{"update_id": "1"}', b'{"update_id": true}',
     b'{"update_id": 1.5}', b'{"update_id": 1' + b"0" * 30 + b"}", b'{"update_id": ' + b"9" * 5000 + b"}",
     b"[" * 200_000, b'{"a":' * 200_000],
    ids=lambda body: body[:20].decode("latin-1"),
)  # fmt: skip
def test_unreadable(body: bytes) -> None:
    with pytest.raises(BadInput) as caught:
        parse(request(body), secret=SECRET, token=TOKEN)
    assert caught.value.mend


NAMES = st.sampled_from(
    "message edited_message callback_query my_chat_member from chat id type text caption photo voice location latitude "
    "longitude contact phone_number user_id message_id date data reply_markup inline_keyboard new_chat_member status "
    "language_code file_id file_size venue title reply_to_message poll first_name is_bot".split()
)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.just("/start x-y--office-1")
    | st.just("private")
)
JSONS = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=8), max_leaves=30
)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(NAMES, JSONS))
def test_no_update_breaks_the_parser(update: dict[str, Any]) -> None:
    for value in read({"update_id": 1, **update}):
        assert isinstance(value, Inbound | ContactChange)
        assert value.sender
        assert "\x00" not in repr(value)
        json.dumps(getattr(value, "details", {}), allow_nan=False, ensure_ascii=False).encode()


@given(st.binary(), st.text())
def test_nothing_breaks_the_parser(body: bytes, secret: str) -> None:
    for given_secret in (secret, SECRET):
        try:
            parse(request(body, given_secret), secret=SECRET, token=TOKEN)
        except (Forged, BadInput):
            continue


def test_a_pressed_button_is_answered_with_the_webhook_itself() -> None:
    assert webhook_answer(read({"update_id": 1, "callback_query": PRESSED})) == {
        "method": "answerCallbackQuery",
        "callback_query_id": "44",
    }
    assert webhook_answer(read({"update_id": 1, "message": message()})) is None
