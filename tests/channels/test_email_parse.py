# ruff: noqa: E501  (raw mails are as wide as they are)
"""Raw mails in, values out. The mails are made up here, after what the programs named really write."""

import base64
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.email_parse import OUTLOOKS_OWN, TEXT_LIMIT, TOO_LARGE, Mail, parse_mail
from channels.errors import Failure
from channels.values import DeliveryStatus, Inbound, Receipt

US = "voice@gov.example"
OURS = "01a21454-7e75-75e1-ab7a-32d8d11e6444"
ANA = "From: Ana Kola <ana@mail.example>\nTo: voice@gov.example\n"


def raw(head: str, body: str | bytes = "", charset: str = "utf-8") -> bytes:
    """A mail with CRLF, as it comes over the wire."""
    content = body.encode(charset) if isinstance(body, str) else body
    return (head.strip("\n") + "\n\n").replace("\n", "\r\n").encode("utf-8", "surrogateescape") + content.replace(
        b"\n", b"\r\n"
    )


def plain(words: str, head: str = "", charset: str = "utf-8", cte: str = "8bit") -> bytes:
    """Ana's mail of one text part."""
    content_type = f"Content-Type: text/plain; charset={charset}\nContent-Transfer-Encoding: {cte}\n"
    return raw(f"{ANA}{head}{content_type}", words, charset)


def html(words: str, head: str = "") -> bytes:
    return raw(f"{ANA}{head}Content-Type: text/html; charset=utf-8\n", words)


def multi(*parts: str, kind: str = "mixed", head: str = "") -> bytes:
    """Ana's mail of several parts; each with its own headers."""
    body = "".join(f"--b\n{part.lstrip()}\n" for part in parts) + "--b--\n"
    return raw(f'{ANA}{head}MIME-Version: 1.0\nContent-Type: multipart/{kind}; boundary="b"\n', body)


TEXT = "Content-Type: text/plain; charset=utf-8\n\n"
B64 = "Content-Transfer-Encoding: base64\n\n"
PIXELS = base64.b64encode(b"\x89PNG" + b"\0" * 9000).decode()
DOT = base64.b64encode(b"GIF89a" + b"\0" * 60).decode()
RETURNED = f"Content-Type: text/rfc822-headers\n\nMessage-ID: <{OURS}@gov.example>\nSubject: x\n"


def dsn(action: str, status: str, diagnostic: str, returned: str = RETURNED, text: str = "Sorry.") -> bytes:
    head = (
        "Return-Path: <>\nFrom: Mail Delivery System <MAILER-DAEMON@mx.example>\nTo: voice@gov.example\n"
        "Subject: Undelivered Mail Returned to Sender\nMessage-ID: <11111111-2222-3333-4444-555555555555@mx.example>\n"
    )
    report = (
        "Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\n"
        f"Final-Recipient: rfc822; ana@mail.example\nAction: {action}\nStatus: {status}\nDiagnostic-Code: {diagnostic}\n"
    )
    body = "".join(f"--b\n{part}\n" for part in (TEXT + text, report, returned)) + "--b--\n"
    return raw(head + 'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\n', body)


# name: (raw mail, what its value must have: a name of `Inbound` or of its details)
MESSAGES: dict[str, tuple[bytes, Mapping[str, Any]]] = {
    "plain": (
        plain("No water in Lumas\n", "Subject: Water\nMessage-ID: <a1@mail.example>\nDate: Mon, 2 Mar 2026 10:15:00 +0100\n"),
        {
            "text": "No water in Lumas", "sender": "ana@mail.example", "subject": "Water", "message_key": "<a1@mail.example>",
            "sent_at": datetime(2026, 3, 2, 9, 15, tzinfo=UTC), "reply_to": None, "account": US, "recipient": US,
        },
    ),
    "address in capitals, kept plus, domain in letters of its own": (
        raw("From: \"Kola, Ana\" <Ana.Kola+ombud@ПРИМЕР.РФ>\nTo: x@y.z\n", "Hi there"),
        {"sender": "ana.kola+ombud@xn--e1afmkfd.xn--p1ai", "text": "Hi there"},
    ),
    "no sender at all": (raw("To: voice@gov.example\nSubject: Broken lamp\n", "Dark street"), {"sender": "", "text": "Dark street"}),
    "sender that is no address": (raw("From: Ana\nSubject: s\n", "Dark"), {"sender": "", "text": "Dark"}),
    "encoded subject and name": (
        raw("From: =?UTF-8?B?0JDQvdC90LA=?= <anna@mail.example>\nSubject: =?koi8-r?B?98/ExSDOxdQ=?=\n", "x"),
        {"subject": "Воде нет", "sender": "anna@mail.example"},
    ),
    "subject in two encoded words": (
        raw(f"{ANA}Subject: =?utf-8?Q?Uj=C3=AB?=\n =?utf-8?Q?_i_ndotur?=\n", "x"), {"subject": "Ujë i ndotur"},
    ),
    "subject in bytes that nobody encoded": (
        raw(ANA, "x").replace(b"To: voice", "Subject: Нет воды\r\nTo: voice".encode("cp1251")), {"subject": "Нет воды"},
    ),
    "subject in an encoding nobody knows": (raw(f"{ANA}Subject: =?x-martian?B?AAAA?=\n", "x"), {"text": "x"}),
    "windows-1251": (plain("Во дворе нет воды третий день", charset="windows-1251"), {"text": "Во дворе нет воды третий день"}),
    "koi8-r": (plain("Во дворе нет воды", charset="koi8-r"), {"text": "Во дворе нет воды"}),
    "iso-8859-1": (plain("Nuk ka ujë në rrugë", charset="iso-8859-1"), {"text": "Nuk ka ujë në rrugë"}),
    "gb2312": (plain("水管坏了三天", charset="gb2312"), {"text": "水管坏了三天"}),
    "utf-16": (plain("Nuk ka ujë", charset="utf-16", cte="binary"), {"text": "Nuk ka ujë"}),
    "UTF-8 called latin-1": (
        raw(f"{ANA}Content-Type: text/plain; charset=iso-8859-1\n", "আমাদের পানি নেই"), {"text": "আমাদের পানি নেই"},
    ),
    "windows-1251 called us-ascii": (
        raw(f"{ANA}Content-Type: text/plain; charset=us-ascii\n", "Нет воды третий день".encode("cp1251")),
        {"text": "Нет воды третий день"},
    ),
    "koi8-r without a name": (raw(ANA, "Нет воды третий день".encode("koi8-r")), {"text": "Нет воды третий день"}),
    "charset that does not exist": (
        raw(f"{ANA}Content-Type: text/plain; charset=x-none\n", "Straße kaputt, größer".encode("cp1252")),
        {"text": "Straße kaputt, größer"},
    ),
    "quoted-printable": (
        raw(f"{ANA}Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n", "Uj=C3=AB nuk k=\na"),
        {"text": "Ujë nuk ka"},
    ),
    "broken base64": (
        raw(f"{ANA}Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n", "Tm8gd2F0ZXI*"),
        {"text": "No water"},
    ),
    "HTML alone": (
        html("<style>p{color:red}</style><p>No <b>water</b> &amp; no light<br>since&nbsp;Monday</p><ul><li>one<li>two</ul>"),
        {"text": "No water & no light\nsince Monday\n\n- one\n- two"},
    ),
    "HTML alone, Gmail's reply": (
        html(
            "<div dir=ltr>Still nothing</div><div class=gmail_quote><div class=gmail_attr>On Mon, Mar 2, 2026 at 10:15 AM "
            "Ombud &lt;voice@gov.example&gt; wrote:<br></div><blockquote>We have it</blockquote></div>"
        ),
        {"text": "Still nothing"},
    ),
    "HTML alone, Outlook's reply": (
        html(
            "<p>Still nothing</p><div style='border-top:solid'><p><b>From:</b> Ombud &lt;voice@gov.example&gt;<br><b>Sent:</b> Monday, "
            "2 March 2026 10:15<br><b>To:</b> Ana<br><b>Subject:</b> RE: x</p></div><p>We have it</p>"
        ),
        {"text": "Still nothing"},
    ),
    "empty plain part beside HTML": (
        multi(TEXT + " \n", "Content-Type: text/html\n\n<p>The words are here</p>", kind="alternative"),
        {"text": "The words are here"},
    ),
    "format=flowed": (
        raw(f"{ANA}Content-Type: text/plain; charset=utf-8; format=flowed\n", "The street \nis dark.\n\n> we have \n> it\n-- \nAna"),
        {"text": "The street is dark."},
    ),
    "format=flowed, delsp": (
        raw(f"{ANA}Content-Type: text/plain; charset=utf-8; format=flowed; delsp=yes\n", "পানি \nনেই"), {"text": "পানিনেই"},
    ),
    "thread": (
        plain("More", f"In-Reply-To: <{OURS}@gov.example>\nReferences: <a@b>\n <{OURS}@gov.example>\n"),
        {"reply_to": f"<{OURS}@gov.example>", "references": ["<a@b>", f"<{OURS}@gov.example>"]},
    ),
    "In-Reply-To without brackets": (plain("More", f"In-Reply-To: {OURS}@gov.example\n"), {"reply_to": f"<{OURS}@gov.example>"}),
    "reply in Albanian": (
        plain("Ende nuk ka ujë.\n\nMë hën., 2 mars 2026 në 10:15 Ombud <voice@gov.example> shkroi:\n\n> Kemi mesazhin\n"),
        {"text": "Ende nuk ka ujë."},
    ),
    "reply in Russian, Gmail": (
        plain("Воды нет.\n\nпн, 2 мар. 2026 г. в 10:15, Ombud <voice@gov.example>:\n\n> Получили\n"), {"text": "Воды нет."},
    ),
    "reply in Russian, mail.ru": (
        plain("Воды нет.\n--\nОтправлено из мобильной Почты Mail.ru\nпонедельник, 2 марта 2026 г., 10:15 +03:00 от Ombud "
              "<voice@gov.example>:\n\n>Получили\n"),
        {"text": "Воды нет."},
    ),
    "reply in Bengali": (
        plain("এখনও পানি নেই।\n\nসোম, ২ মার্চ, ২০২৬ তারিখে ১০:১৫ AM এ Ombud <voice@gov.example> লিখেছেন:\n\n> পেয়েছি\n"),
        {"text": "এখনও পানি নেই।"},
    ),
    "no-reply of a web form with the citizen in Reply-To": (
        raw("From: Form <noreply@city.example>\nReply-To: Ben <ben@mail.example>\n", "Lamp"),
        {"sender": "ben@mail.example", "details": {"subject": "", "on_behalf": True}},
    ),
    "no-reply and nobody to answer": (raw("From: noreply@city.example\n", "Lamp"), {"sender": "", "text": "Lamp"}),
    "Reply-To of a person changes nothing": (
        plain("Lamp", "Reply-To: else@mail.example\n"), {"sender": "ana@mail.example"},
    ),
    "a group that leads to our mailbox": (
        plain("Lamp", "List-Id: <voice.gov.example>\nPrecedence: list\n"), {"automatic": None, "text": "Lamp"},
    ),
    "NUL and lone surrogates": (raw(ANA, b"No\x00 water\xed\xa0\x80"), {"sender": "ana@mail.example"}),
    "date without a zone": (plain("x", "Date: Mon, 2 Mar 2026 10:15:00\n"), {"sent_at": datetime(2026, 3, 2, 10, 15, tzinfo=UTC)}),
    "date that is none": (plain("x", "Date: yesterday\n"), {"sent_at": None}),
    "date far ahead": (plain("x", "Date: Mon, 2 Mar 2099 10:15:00 +0000\n"), {"sent_at": None}),
    "language of the writer": (plain("x", "Content-Language: sq-AL\n"), {"language": "sq"}),
    "only a mail inside the mail": (
        multi("Content-Type: message/rfc822\n\nFrom: clerk@x.example\nSubject: pay\n\nYou must pay fifty extra.\n"),
        {"text": "You must pay fifty extra."},
    ),
    "signed by PGP": (
        multi(TEXT + "Signed words", "Content-Type: application/pgp-signature\n\n-----BEGIN PGP SIGNATURE-----\n", kind="signed"),
        {"text": "Signed words"},
    ),
    "calendar": (
        multi(TEXT + "Come on Monday", "Content-Type: text/calendar; method=REQUEST\n\nBEGIN:VCALENDAR\n", kind="alternative"),
        {"text": "Come on Monday"},
    ),
    "broken multipart": (raw(f'{ANA}Content-Type: multipart/mixed; boundary="none"\n', "No boundary in here"), {"sender": "ana@mail.example"}),
    "nothing in it": (raw(ANA), {"text": "", "subject": ""}),
    # machines
    "out of office, by its header": (plain("Away", "Auto-Submitted: auto-replied\n"), {"automatic": "auto_reply"}),
    "written by a person, and saying so": (plain("Hi", "Auto-Submitted: no\n"), {"automatic": None}),
    "out of office, old Exchange": (plain("Away", "X-Autoreply: yes\n"), {"automatic": "auto_reply"}),
    "out of office, by its subject": (plain("Away", "Subject: Out of Office: Re: x\n"), {"automatic": "auto_reply"}),
    "out of office in Albanian": (plain("x", "Subject: Përgjigje automatike: Mesazhi\n"), {"automatic": "auto_reply"}),
    "out of office in Bengali": (plain("x", "Subject: স্বয়ংক্রিয় উত্তর: বার্তা\n"), {"automatic": "auto_reply"}),
    "out of office in Russian": (plain("x", "Subject: =?utf-8?B?0JDQstGC0L7QvtGC0LLQtdGCOiDQn9C40YHRjNC80L4=?=\n"), {"automatic": "auto_reply"}),
    "somebody who writes of an office": (plain("x", "Subject: The out of office sign is broken\n"), {"automatic": None}),
    "newsletter": (plain("News", "List-Unsubscribe: <https://x.example>\nPrecedence: bulk\n"), {"automatic": "list"}),
    "mailing list": (plain("Hi all", "List-Id: <town.lists.example>\n"), {"automatic": "list"}),
    "ourselves": (raw("From: voice@gov.example\nTo: voice@gov.example\n", "We have it"), {"automatic": "ours"}),
    "read receipt": (
        raw(f'{ANA}Content-Type: multipart/report; report-type=disposition-notification; boundary="b"\n', f"--b\n{TEXT}Read\n--b--"),
        {"automatic": "report"},
    ),
    "bounce that names no message of ours": (
        dsn("failed", "5.1.1", "smtp; 550 5.1.1 no such user", "Content-Type: text/rfc822-headers\n\nMessage-ID: <q@x>\n"),
        {"automatic": "report"},
    ),
}  # fmt: skip


def read(mail: bytes) -> Mail:
    return parse_mail(mail, address=US, now=datetime(2026, 12, 1, tzinfo=UTC))


@pytest.mark.parametrize("name", MESSAGES)
def test_what_a_mail_says(name: str) -> None:
    mail, wanted = MESSAGES[name]
    value = read(mail).value
    assert isinstance(value, Inbound)
    found = {
        key: getattr(value, key) if hasattr(value, key) and key != "language" else value.details.get(key)
        for key in wanted
    }
    assert found == dict(wanted)


BOUNCES: dict[str, tuple[bytes, DeliveryStatus, Failure | None]] = {
    "no such user": (dsn("failed", "5.1.1", "smtp; 550 5.1.1 User unknown"), DeliveryStatus.failed, Failure.invalid_address),
    "mailbox full": (dsn("failed", "5.2.2", "smtp; 552 5.2.2 over quota"), DeliveryStatus.failed, Failure.unreachable),
    "given up after days": (dsn("failed", "4.4.7", "smtp; 450 4.4.7 expired"), DeliveryStatus.failed, Failure.unreachable),
    "still tried": (dsn("delayed", "4.4.1", "smtp; 451 4.4.1 no answer"), DeliveryStatus.accepted, None),
    "arrived": (dsn("delivered", "2.1.5", "smtp; 250 2.1.5 ok"), DeliveryStatus.delivered, None),
    "taken for spam": (dsn("failed", "5.7.1", "smtp; 554 5.7.1 blocked as spam"), DeliveryStatus.failed, Failure.content_refused),
    "too large": (dsn("failed", "5.3.4", "smtp; 552 5.3.4 too big"), DeliveryStatus.failed, Failure.too_long),
    "our SPF does not hold": (dsn("failed", "5.7.23", "smtp; 550 5.7.23 SPF"), DeliveryStatus.failed, Failure.not_configured),
    "opensmtpd's own word": (dsn("error", "5.0.0", "smtp; 550 mailbox unavailable"), DeliveryStatus.failed, Failure.invalid_address),
    "the whole mail returned": (
        dsn("failed", "5.1.1", "smtp; 550 no", f"Content-Type: message/rfc822\n\nSubject: x\nMessage-ID: <{OURS}@gov.example>\n\nhi\n"),
        DeliveryStatus.failed, Failure.invalid_address,
    ),
    "our own header, where another server renamed the mail": (
        dsn("failed", "5.1.1", "x", f"Content-Type: message/rfc822\n\nMessage-ID: <new@ses>\nX-Ombud-Message: {OURS}\n\nhi\n"),
        DeliveryStatus.failed, Failure.invalid_address,
    ),
    "qmail's plain words": (
        raw(
            "Return-Path: <>\nFrom: MAILER-DAEMON@mx.example\nTo: voice@gov.example\nSubject: failure notice\n",
            "Hi. This is the qmail-send program at mx.example.\nI'm afraid I wasn't able to deliver your message to the following "
            "addresses.\nThis is a permanent error; I've given up. Sorry it didn't work out.\n\n<ana@mail.example>:\n550 5.1.1 no "
            f"mailbox here by that name\n\n--- Below this line is a copy of the message.\n\nMessage-ID: <{OURS}@gov.example>\n",
        ),
        DeliveryStatus.failed, Failure.invalid_address,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BOUNCES)
def test_what_a_bounce_reports(name: str) -> None:
    mail, status, failure = BOUNCES[name]
    value = read(mail).value
    assert isinstance(value, Receipt), value
    assert (value.message_id, value.status, value.failure) == (UUID(OURS), status, failure)


def test_files() -> None:
    mail = multi(
        TEXT + "See the photos",
        f"Content-Type: image/png; name=\"x\"\nContent-Disposition: attachment; filename*=utf-8''uj%C3%AB%20e%20prishur.png\n{B64}{PIXELS}",
        f'Content-Type: image/png\nContent-Disposition: inline; filename="=?utf-8?B?0YTQvtGC0L4ucG5n?="\nContent-ID: <p1>\n{B64}{PIXELS}',
        f"Content-Type: image/gif\nContent-Disposition: inline; filename=logo.gif\nContent-ID: <l>\n{B64}{DOT}",
        f'Content-Type: application/pdf; name="..\\\\..\\\\etc/passwd.pdf"\n{B64}JVBERi0=',
        f"Content-Type: application/ms-tnef; name=winmail.dat\n{B64}eJ8+IgAA",
        f"Content-Type: application/pkcs7-signature; name=smime.p7s\n{B64}MIIB",
        "Content-Type: text/plain; name=notes.txt\nContent-Disposition: attachment\n\nby hand",
    )
    found = read(mail)
    assert [(file.name, len(file.data)) for file in found.files] == [
        ("ujë e prishur.png", 9004), ("фото.png", 9004), ("passwd.pdf", 5), ("notes.txt", 7),
    ]  # fmt: skip
    assert found.refused == (("winmail.dat", OUTLOOKS_OWN),)
    assert isinstance(found.value, Inbound)
    assert found.value.text == "See the photos"


def test_a_machines_files_are_not_kept() -> None:
    part = f"Content-Type: image/png; name=x.png\n{B64}{PIXELS}"
    assert read(multi(TEXT + "Away", part, head="Auto-Submitted: auto-replied\n")).files == ()


def test_ten_megabytes_of_words_are_cut() -> None:
    began = time.process_time()
    value = read(plain("пишу " * 2_000_000)).value
    assert isinstance(value, Inbound)
    assert len(value.text) <= TEXT_LIMIT
    assert value.text.endswith("…")
    assert time.process_time() - began < 4


def test_the_beginning_of_a_mail_that_is_too_large() -> None:
    whole = multi(TEXT + "See the film", f"Content-Type: video/mp4; name=x.mp4\n{B64}" + "AAAA" * 100_000)
    found = parse_mail(whole[:2000], address=US, size=len(whole))
    assert isinstance(found.value, Inbound)
    assert found.value.text == "See the film"
    assert ("", TOO_LARGE) in found.refused


def test_the_same_mail_is_known_again_whatever_way_it_came() -> None:
    mail = MESSAGES["plain"][0]
    again = b"Received: from mx2.example\r\nDelivered-To: other@gov.example\r\n" + mail.replace(b"\r\n", b"\n")
    other = mail.replace(b"No water", b"No light")  # another mail under the same Message-ID
    ids = [read(one).value.provider_id for one in (mail, again, other)]
    assert ids[0] == ids[1]
    assert ids[0] != ids[2]


@given(st.binary(max_size=3000))
@settings(max_examples=120, deadline=None)
def test_any_bytes_are_read(data: bytes) -> None:
    assert isinstance(read(data).value, Inbound | Receipt)


HEADERS = st.sampled_from(
    [
        "From",
        "To",
        "Subject",
        "Date",
        "Message-ID",
        "References",
        "Content-Type",
        "Content-Disposition",
        "Content-ID",
        "List-Id",
        "Content-Transfer-Encoding",
        "Auto-Submitted",
        "Return-Path",
        "In-Reply-To",
        "Reply-To",
        "Content-Language",
    ]
)
VALUES = st.one_of(
    st.text(max_size=60),
    st.sampled_from(
        [
            "multipart/mixed; boundary=b",
            "text/html; charset=utf-7",
            "message/rfc822",
            "multipart/report; report-type=delivery-status",
            "=?utf-8?b?!?=",
            'text/plain; charset="\x00"; format=flowed',
            "attachment; filename*0*=x''%; filename*1=",
            "<@>,;:",
            "base64",
            "message/delivery-status",
            "Mon, 99 Foo 0000 99:99 +9999",
            'a@[1.2.3.4], "b\\"@c.de>',
            "uuencode",
            '8bit; x="',
            "<>",
        ]
    ),
)


@given(
    st.lists(st.tuples(HEADERS, VALUES), max_size=8),
    st.lists(st.tuples(HEADERS, VALUES, st.binary(max_size=200)), max_size=4),
)
@settings(max_examples=200, deadline=None)
def test_any_headers_and_parts_are_read(head: list[tuple[str, str]], parts: list[tuple[str, str, bytes]]) -> None:
    top = "".join(f"{name}: {value}\r\n" for name, value in head).encode("utf-8", "surrogatepass")
    body = b"".join(
        b"--b\r\n" + f"{name}: {value}\r\n\r\n".encode("utf-8", "surrogatepass") + data + b"\r\n"
        for name, value, data in parts
    )
    assert isinstance(read(top + b"\r\n" + body + b"--b--").value, Inbound | Receipt)


def test_words_in_a_charset_that_is_none_are_read_all_the_same() -> None:
    raw = b'From: a@example.org\r\nContent-Type: text/plain; charset="\x00"\r\n\r\n' + "Нет воды".encode()
    value = read(raw).value
    assert isinstance(value, Inbound)
    assert value.text == "Нет воды"
