"""The mail server that Ombud sends by: real SMTP on the wire, with faults to order.

The stage a `refused` fault strikes at is its `code`: 0 the recipient, 1 the content, 2 the sender, 3 the greeting.
"""

import asyncio
import time

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from simulators.faults import Fault, FaultKind
from simulators.postoffice import PostOffice

RECIPIENT, CONTENT, SENDER, GREETING = range(4)
_WORDS = {421: "4.7.0 Try again later", 450: "4.2.1 Mailbox busy", 451: "4.3.0 Local error", 452: "4.3.1 Too much"}


class Server(SMTP):
    """One connection. Offers SIZE, 8BITMIME, SMTPUTF8 and AUTH."""

    def __init__(self, post: PostOffice) -> None:
        self.post = post
        self.refused = False
        super().__init__(
            _Handler(post),
            hostname="mail.example",
            ident="Ombud simulator",
            enable_SMTPUTF8=True,
            auth_require_tls=False,
            authenticator=self.check_password,
        )

    def check_password(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object
    ) -> AuthResult:
        """Whether somebody may send."""
        password = self.post.exchange.config.mail_password.encode()
        fault = self.post.exchange.faults.take("email", "", FaultKind.unauthorized)
        self.refused = self.refused or fault is not None  # also when another way to sign in is tried
        right = isinstance(data, LoginPassword) and data.password == password and not self.refused
        return AuthResult(success=right, handled=False)

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802  (aiosmtpd's names, here and below)
        """The content; a `silent` fault ends the line before it is asked for."""
        to = self.envelope.rcpt_tos[0] if self.envelope and self.envelope.rcpt_tos else ""
        if self.post.exchange.faults.take("email", to, FaultKind.silent):
            _hang_up(self)
            return
        await super().smtp_DATA(arg)


class _Handler:
    """What becomes of each command."""

    def __init__(self, post: PostOffice) -> None:
        self.post = post
        self.closed = False

    async def handle_EHLO(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        fault = self._due("", GREETING)
        self.closed = fault is not None
        return [_answer(fault)] if fault else responses

    async def handle_HELO(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str
    ) -> str:
        session.host_name = hostname
        return "421 4.7.0 Try again later" if self.closed else f"250 {server.hostname}"

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.post.exchange.config.mail_password and not session.authenticated:
            return "530 5.7.0 Authentication required"
        if fault := self._due("", SENDER):
            return _answer(fault)
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        faults = self.post.exchange.faults
        if fault := self._due(address, RECIPIENT) or faults.take("email", address, FaultKind.rate_limited):
            return _answer(fault)
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        began, to = time.perf_counter(), envelope.rcpt_tos[0]
        raw = envelope.original_content or b""
        answer = "250 2.0.0 OK: queued"
        if fault := self._due(to, CONTENT) or self.post.exchange.faults.take("email", to, FaultKind.server_error):
            answer = _answer(fault)
        else:
            self.post.taken(to, raw)
        seconds = time.perf_counter() - began
        self.post.exchange.record("email", False, "SMTP", to, int(answer[:3]), seconds, "signed in", raw)
        if self.post.exchange.faults.take("email", to, FaultKind.accepted_then_silent):
            _hang_up(server)
        return answer

    def _due(self, address: str, stage: int) -> Fault | None:
        faults = self.post.exchange.faults
        waiting = next((fault for fault in faults.waiting() if fault.provider == "email"), None)
        if waiting is None or waiting.kind is not FaultKind.refused or waiting.code != stage:
            return None
        return faults.take("email", address or waiting.address, FaultKind.refused)


def _hang_up(server: SMTP) -> None:
    if isinstance(server.transport, asyncio.Transport):
        server.transport.abort()


def _answer(fault: Fault) -> str:
    code = fault.status or {FaultKind.rate_limited: 450, FaultKind.server_error: 451}.get(fault.kind, 550)
    return f"{code} {fault.words or _WORDS.get(code, '5.1.1 User unknown')}"
