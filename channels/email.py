"""E-mail out by SMTP, and addresses as people write them. Mail in: `channels/mailbox.py`, `channels/email_parse.py`."""

import re
import smtplib
import ssl
import unicodedata
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime, parseaddr
from urllib.parse import unquote, urlsplit
from uuid import UUID

from channels.email_codes import Stage, failure_of
from channels.errors import Failure, SendFailed
from channels.values import DeliveryStatus, Outgoing, Sent
from core.errors import Misconfigured
from core.texts import clean

_LOCAL = re.compile(r"[^\s\x00-\x20\"(),:;<>@\[\\\]\x7f]{1,64}")
_DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9][a-z0-9-]{0,61}[a-z0-9]")
_OURS = re.compile(r"<?\s*([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})@[^<>\s]+>?", re.IGNORECASE)
SUBJECT_LIMIT = 200
_LINE = 900  # bytes; RFC 5321 takes 998


def normalise_address(text: str) -> str | None:
    """The address a person meant, as it is looked up and written to: lower case, its domain in ASCII (IDNA).

    A name around it (`Ana <ana@example.org>`) is left out; what follows a plus is part of it. None when it cannot be
    anybody's address.
    """
    written = unicodedata.normalize("NFKC", text).strip()
    if "\n" in written or "\r" in written:
        return None
    address = parseaddr(written)[1] if "<" in written else written.removeprefix("mailto:")
    local, at, domain = address.strip().rpartition("@")
    if not at or not _LOCAL.fullmatch(local) or local.startswith(".") or local.endswith(".") or ".." in local:
        return None
    try:
        ascii_domain = domain.rstrip(".").encode("idna").decode("ascii").lower()
    except UnicodeError:
        return None
    if len(ascii_domain) > 253 or not _DOMAIN.fullmatch(ascii_domain) or ascii_domain.rpartition(".")[2].isdigit():
        return None
    return f"{local.lower()}@{ascii_domain}"


def message_id(message: UUID, mail_from: str) -> str:
    """The Message-ID of an outbox row: made from its id, so that whatever comes back with it is recognised."""
    return f"<{message}@{mail_from.rpartition('@')[2]}>"


def message_of(text: str) -> UUID | None:
    """The outbox row a Message-ID names, if it has the shape of ours; whether there is such a row is not known here."""
    match = _OURS.search(text)
    return UUID(match.group(1)) if match else None


@dataclass(frozen=True, slots=True)
class Server:
    """A mail server as its URL says: smtp(s):// or imap(s)://user:password@host:port/FOLDER."""

    scheme: str
    host: str
    port: int
    user: str
    password: str
    folder: str

    @property
    def encrypted(self) -> bool:
        """Whether the connection is TLS from its first byte."""
        return self.scheme in ("smtps", "imaps")

    @property
    def local(self) -> bool:
        """Whether it is on this machine, where a certificate proves nothing."""
        return self.host in ("localhost", "::1") or self.host.startswith("127.")


_PORTS = {"smtp": 587, "smtps": 465, "imap": 143, "imaps": 993}


def server_of(url: str) -> Server:
    """Read a mail server's URL. Raises Misconfigured."""
    mend = "Write smtps://user:password@host or imaps://user:password@host/INBOX; escape @ in the user as %40."
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS[parts.scheme]
    except (ValueError, KeyError) as error:
        raise Misconfigured("The mail server's address cannot be read.", mend=mend) from error
    if not parts.hostname:
        raise Misconfigured("The mail server's address names no host.", mend=mend)
    folder = unquote(parts.path.strip("/")) or "INBOX"
    return Server(
        parts.scheme, parts.hostname, port, unquote(parts.username or ""), unquote(parts.password or ""), folder
    )


def tls_context(server: Server) -> ssl.SSLContext:
    """TLS that checks the server's certificate, except on this machine."""
    context = ssl.create_default_context()
    if server.local:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def compose(outgoing: Outgoing, *, mail_from: str, name: str, now: datetime) -> EmailMessage:
    """The mail of one message: plain text, in HTML besides where that was made, and headers that machines respect.

    Raises SendFailed where it cannot be addressed.
    """
    to = normalise_address(outgoing.to)
    if to is None:
        raise SendFailed(Failure.invalid_address, "This is no e-mail address")
    mail = EmailMessage(policy=SMTP_POLICY.clone(utf8=not to.isascii()))
    local, _, domain = mail_from.rpartition("@")
    mail["From"] = Address(_one_line(name), local, domain)
    mail["To"] = Address("", *to.rsplit("@", 1))
    mail["Subject"] = _one_line(outgoing.subject or name)[:SUBJECT_LIMIT]
    mail["Date"] = format_datetime(now.astimezone(UTC))
    own = message_id(outgoing.id, mail_from)
    mail["Message-ID"] = own
    answered = [key for key in (outgoing.reply_to or "").split() if re.fullmatch(r"<[\x21-\x7e]{3,250}>", key)]
    if answered:
        mail["In-Reply-To"] = answered[-1]
    # our own id stands among the references too: some servers give the mail another Message-ID, and a reply then
    # names that one and what is listed here
    mail["References"] = " ".join([*answered[-10:], own])
    mail["X-Ombud-Message"] = str(outgoing.id)
    if outgoing.automatic:
        mail["Auto-Submitted"] = "auto-replied" if answered else "auto-generated"
        mail["X-Auto-Response-Suppress"] = "OOF, AutoReply"
    if outgoing.unsubscribe_url:
        mail["List-Unsubscribe"] = f"<{outgoing.unsubscribe_url}>"
        mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        mail["Precedence"] = "bulk"
    text = outgoing.text.replace("\r\n", "\n").replace("\r", "\n") + f"\n\n-- \n{_one_line(name)}\n"
    mail.set_content(text, charset="utf-8", cte=_encoding(text))
    if outgoing.html:
        mail.add_alternative(outgoing.html, subtype="html", charset="utf-8", cte=_encoding(outgoing.html))
    return mail


def _encoding(text: str) -> str:
    if text.isascii() and all(len(line) < _LINE for line in text.split("\n")):
        return "7bit"
    return "quoted-printable" if _latin(text) else "base64"


def _latin(text: str) -> bool:
    """Whether quoted-printable is the shorter, and for people readable, way to write it."""
    return sum(not letter.isascii() for letter in text) * 6 < len(text)


def _one_line(text: str) -> str:
    """No header can be smuggled in through words: line breaks and controls become spaces."""
    return " ".join(clean(text).split())


class Email:
    """Sends by one mail server. Each message has its own connection, so any number of threads may send.

    `timeout` is in seconds, for each step. `find` looks among the sent mails for one whose Message-ID holds these
    words, where there is a folder of them.
    """

    def __init__(
        self,
        smtp_url: str,
        mail_from: str,
        *,
        name: str = "",
        timeout: float = 20.0,
        find: Callable[[str], bool] | None = None,
    ) -> None:
        self.server = server_of(smtp_url)
        address = normalise_address(mail_from)
        if address is None:
            raise Misconfigured(
                f"{mail_from!r} is no address to send e-mail from.", mend="Set OMBUD_MAIL_FROM, as voice@example.org."
            )
        self.mail_from = address
        self.name = name or address
        self.timeout = timeout
        self.find = find

    def send(self, outgoing: Outgoing) -> Sent:
        """Hand one mail to the server. What it takes counts as delivered until a bounce says otherwise.

        Raises SendFailed: before the last dot of the content nothing was sent; after it nobody knows.
        """
        sender = normalise_address(outgoing.sender or "") or self.mail_from
        mail = compose(outgoing, mail_from=sender, name=self.name, now=datetime.now(UTC))
        to = str(normalise_address(outgoing.to))
        smtp = self.connect()
        try:
            self._hand_over(smtp, mail, to)
        finally:
            with suppress(smtplib.SMTPException, OSError):  # it has the mail, or it has not; a farewell changes neither
                smtp.quit()
            smtp.close()
        return self._taken(outgoing)

    def find_sent(self, outgoing: Outgoing) -> Sent | None:
        """The mail, if the folder of sent mail has it; None says that it is not there, which need not mean unsent."""
        if self.find is None or not self.find(str(outgoing.id)):
            return None
        return self._taken(outgoing)

    def _taken(self, outgoing: Outgoing) -> Sent:
        # known by the row's id alone: an office may write from an address of its own, in another domain
        return Sent(str(outgoing.id), self.mail_from, DeliveryStatus.accepted)

    def connect(self) -> smtplib.SMTP:
        """A connection that is encrypted where the server offers it, and signed in. Raises SendFailed."""
        try:
            smtp = self._dialled()
        except (smtplib.SMTPException, OSError) as error:
            raise _not_connected(error) from error
        try:
            self._sign_in(smtp)
        except (smtplib.SMTPException, OSError) as error:
            smtp.close()
            raise _not_connected(error) from error
        except SendFailed:
            smtp.close()
            raise
        return smtp

    def _dialled(self) -> smtplib.SMTP:
        server = self.server
        if server.encrypted:
            return smtplib.SMTP_SSL(server.host, server.port, timeout=self.timeout, context=tls_context(server))
        return smtplib.SMTP(server.host, server.port, timeout=self.timeout)

    def _sign_in(self, smtp: smtplib.SMTP) -> None:
        server = self.server
        smtp.ehlo_or_helo_if_needed()
        if not server.encrypted and smtp.has_extn("starttls"):
            smtp.starttls(context=tls_context(server))
            smtp.ehlo_or_helo_if_needed()
        elif not server.encrypted and server.user and not server.local:
            raise SendFailed(Failure.credentials, "The server offers no encryption, so no password is sent to it")
        if server.user:
            smtp.login(server.user, server.password)

    def _hand_over(self, smtp: smtplib.SMTP, mail: EmailMessage, to: str) -> None:
        options: list[str] = [] if to.isascii() else ["SMTPUTF8"]
        if options and not smtp.has_extn("smtputf8"):
            raise SendFailed(Failure.invalid_address, "The server cannot write to an address with such letters")
        content = mail.as_bytes()
        limit = smtp.esmtp_features.get("size", "")
        if limit.isdigit() and 0 < int(limit) < len(content):
            raise SendFailed(Failure.too_long, f"The server takes {limit} bytes")
        try:
            _expect(smtp.mail(str(mail["From"].addresses[0].addr_spec), options), Stage.sender)
            _expect(smtp.rcpt(to), Stage.recipient)
            code, words = smtp.docmd("DATA")
            if code != 354:
                _expect((code, words), Stage.content)
            smtp.send(_dotted(content))
        except (smtplib.SMTPException, OSError) as error:  # the last dot has not left, so there is nothing to deliver
            raise SendFailed(Failure.provider_down, f"The line broke before the mail was sent: {error}") from error
        try:
            answer = smtp.getreply()
        except (smtplib.SMTPException, OSError) as error:
            raise SendFailed(Failure.outcome_unknown, f"The line broke after the mail was sent: {error}") from error
        _expect(answer, Stage.content)


def _dotted(content: bytes) -> bytes:
    """The content as DATA wants it: lines end in CRLF, a leading dot is doubled, a dot alone ends it."""
    lines = re.sub(rb"\r\n|\r|\n", b"\r\n", content)
    stuffed = re.sub(rb"(?m)^\.", b"..", lines)
    return stuffed + (b"" if stuffed.endswith(b"\r\n") else b"\r\n") + b".\r\n"


def _expect(answer: tuple[int, bytes], stage: Stage) -> None:
    code, words = answer[0], answer[1].decode("utf-8", "replace")
    if 200 <= code < 300:
        return
    if code < 200 or code == -1:
        raise SendFailed(Failure.provider_down, "The server answered nothing that can be read")
    failure = failure_of(code, words, stage)
    raise SendFailed(failure, f"{code} {words}"[:300])


def _not_connected(error: Exception) -> SendFailed:
    if isinstance(error, smtplib.SMTPAuthenticationError):
        words = error.smtp_error.decode("utf-8", "replace") if isinstance(error.smtp_error, bytes) else error.smtp_error
        return SendFailed(failure_of(error.smtp_code, words, Stage.sign_in), f"{error.smtp_code} {words}"[:300])
    if isinstance(error, smtplib.SMTPResponseException):
        words = error.smtp_error.decode("utf-8", "replace") if isinstance(error.smtp_error, bytes) else error.smtp_error
        return SendFailed(failure_of(error.smtp_code, words, Stage.greeting), f"{error.smtp_code} {words}"[:300])
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return SendFailed(Failure.credentials, "The server takes no password")
    if isinstance(error, ssl.SSLCertVerificationError):
        return SendFailed(Failure.credentials, "The server's certificate does not hold")
    return SendFailed(Failure.provider_down, f"{type(error).__name__}: {error}"[:300])
