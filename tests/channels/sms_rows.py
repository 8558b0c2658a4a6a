"""Real payloads of Twilio, fields in and values out: a row for each way to arrive, and for each fate of a send."""

from datetime import UTC, datetime

from channels.errors import Failure
from channels.values import Attachment, Channel, DeliveryStatus, Inbound, Receipt

TOKEN, ACCOUNT = "a-token-of-thirty-two-characters", "AC" + "7" * 32
SID = "SM" + "a" * 32
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
