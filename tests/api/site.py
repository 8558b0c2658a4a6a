"""The whole application in this process: real pages, real sessions, no worker beside it."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from anyio.from_thread import BlockingPortal
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from fastapi.testclient import TestClient
from sqlmodel import Session, col, func, select
from twilio.request_validator import RequestValidator

from api import keys, throttle
from api.app import create_app
from api.auth import COOKIE
from api.webhooks import hooks
from cases import intake, outcomes
from channels.values import Channel, DeliveryStatus, Outgoing, Sent
from core.crypto import token_hash
from core.database import Database, database
from core.settings import settings
from domain.access import Scope
from domain.case import Case
from domain.inbox import InboundMessage
from domain.staff import StaffRole, StaffSession
from domain.states import Role
from notifications import deliver
from reports import refresh
from tests.builders import Government, government, soonest
from tests.conftest import Installation
from worker import listen

CITIZEN = "+355691112233"
CSRF = "the-token-of-this-session"
EVERYTHING = (Role.head, Role.leadership, Role.admin, Role.officer)


class OneHop(httpx.BaseTransport):
    """The way into the application: one change of thread for a request, where the test client's own has eight."""

    def __init__(self, app: FastAPI, portal: BlockingPortal) -> None:
        self._inside = httpx.ASGITransport(app, raise_app_exceptions=False, client=("testclient", 50000))
        self._portal = portal

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Run the application to the end of its answer."""

        async def answered() -> httpx.Response:
            answer = await self._inside.handle_async_request(request)
            assert isinstance(answer.stream, httpx.AsyncByteStream)
            body = b"".join([part async for part in answer.stream])
            stream = httpx.ByteStream(body)
            return httpx.Response(answer.status_code, headers=answer.headers, stream=stream)

        return self._portal.call(answered)


@dataclass
class Web:
    """An application with a small government, its staff signed in, and what was sent to citizens."""

    app: FastAPI
    http: TestClient
    database: Database
    known: Government
    keys: dict[Scope, str]
    sent: list[Outgoing] = field(default_factory=list)

    def call(self, method: str, path: str, who: str = "", **request: Any) -> httpx.Response:
        """One request, as a member of staff or as nobody; redirects are not followed."""
        headers = dict(request.pop("headers", {}))
        if who:
            headers["Cookie"] = f"{COOKIE}=session-of-{who}"
        self.http.cookies.clear()
        answer: httpx.Response = self.http.request(method, path, headers=headers, follow_redirects=False, **request)
        return answer

    def get(self, path: str, who: str = "", **request: Any) -> httpx.Response:
        """GET."""
        return self.call("GET", path, who, **request)

    def post(self, path: str, who: str = "", **form: str) -> httpx.Response:
        """A form; whoever is signed in sends their own token with it, unless the form names another."""
        data = ({"csrf": CSRF} if who else {}) | form
        return self.call("POST", path, who, data=data)

    def api(self, method: str, path: str, scope: Scope = Scope.admin, **request: Any) -> httpx.Response:
        """The REST interface with a key of this scope."""
        headers = {"Authorization": f"Bearer {self.keys[scope]}"} | request.pop("headers", {})
        return self.call(method, f"/api/v1{path}", headers=headers, **request)

    def text(self, body: str, *, sender: str = CITIZEN, sid: str = "", **fields: str) -> httpx.Response:
        """A signed SMS webhook."""
        form = {
            "MessageSid": sid or f"SM{len(self.inbox()):032d}",
            "AccountSid": settings().twilio_account_sid,
            "From": sender,
            "To": settings().twilio_from,
            "Body": body,
        } | fields
        return self.call("POST", "/webhooks/twilio/messages", data=form, headers=signed(form))

    def work(self, now: datetime | None = None) -> None:
        """Everything that is due is done; messages are delivered at once."""
        moment = now or datetime.now(UTC)
        for _ in range(10):
            while intake.process_due(moment) or deliver.deliver_due(
                moment, send=self._send, on_result=outcomes.on_result
            ):
                pass
            with database().read() as session:
                soon = soonest(session, moment)
            if soon is None:
                return
            moment = max(moment + timedelta(seconds=1), soon)  # a stalled sender has promised moments ahead

    def tally(self) -> None:
        """Figures follow what changed."""
        while refresh.work_off(datetime.now(UTC)):
            pass

    def _send(self, outgoing: Outgoing, channel: Channel) -> Sent:
        self.sent.append(outgoing)
        return Sent(f"OUT{len(self.sent)}", "acc", DeliveryStatus.delivered)

    def texts(self, to: str = CITIZEN) -> list[str]:
        """What was sent to somebody."""
        return [message.text for message in self.sent if message.to == to]

    def inbox(self) -> list[InboundMessage]:
        """All that was ever received."""
        with self.database.read() as session:
            return list(session.exec(select(InboundMessage).order_by(col(InboundMessage.id))))

    def cases(self) -> list[Case]:
        """All cases, oldest first."""
        with self.database.read() as session:
            return list(session.exec(select(Case).order_by(col(Case.id))))

    def case(self, reference: str = "") -> Case:
        """The only case, or the one with this reference."""
        (found,) = [case for case in self.cases() if reference in ("", case.reference)]
        return found

    def count(self, table: type) -> int:
        """Rows of a table."""
        with self.database.read() as session:
            return session.exec(select(func.count()).select_from(table)).one()


def routes_of(app: FastAPI) -> set[tuple[str, str]]:
    """Every method and path; the webhooks stand before the router."""
    found = {
        (method, str(one.path))
        for one in iter_route_contexts(app.routes)
        for method in one.methods or ()
        if method != "HEAD"
    }
    return found | {("POST", path) for path in hooks(settings())}


def signed(form: dict[str, str], path: str = "/webhooks/twilio/messages") -> dict[str, str]:
    """The header Twilio signs a form with, over the public address."""
    validator = RequestValidator(settings().twilio_auth_token)
    return {"X-Twilio-Signature": validator.compute_signature(settings().site_url + path, form)}


def sign_in_all(known: Government) -> None:
    """A session for everybody, without the price of a password each."""
    now = datetime.now(UTC)
    with database().write() as session:
        for name, staff_id in known.staff.items():
            session.add(
                StaffSession(
                    token_hash=token_hash(f"session-of-{name}"),
                    csrf=CSRF,
                    staff_id=staff_id,
                    created_at=now,
                    expires_at=now + timedelta(hours=1),
                )
            )


def give_all_roles(known: Government, name: str) -> UUID:
    """Make somebody of everything, so that no page is closed to them but what is about them."""
    staff_id = known.staff[name]
    with database().write() as session:
        for role in EVERYTHING:
            if not (name == "minister" and role is Role.leadership):
                session.add(StaffRole(staff_id=staff_id, office_id=known.office["GOV"], role=role))
        session.add(StaffRole(staff_id=staff_id, office_id=known.office["TRIAGE"], role=Role.triage))
        session.add(StaffRole(staff_id=staff_id, office_id=known.office["INTEG"], role=Role.integrity))
    return staff_id


@contextmanager
def web_of(installation: Installation, monkeypatch: pytest.MonkeyPatch, **given: str) -> Iterator[Web]:
    """Serve an installation to a test; `given` are settings without their prefix."""
    with web_over(government, installation, monkeypatch, given) as served:
        yield served


@contextmanager
def web_over(
    found: Callable[[Session], Government],
    installation: Installation,
    monkeypatch: pytest.MonkeyPatch,
    given: Mapping[str, str],
) -> Iterator[Web]:
    """The same over the government that `found` writes."""
    # nobody listens on port 9, so nothing here can talk to a site that happens to run on this machine
    for name, value in {"telegram_mode": "polling", "port": "9", "log_level": "error", **given}.items():
        monkeypatch.setenv(f"OMBUD_{name.upper()}", value)
    # and so nobody need be told the bot's commands, six times in a minute and a half, in the middle of other tests
    monkeypatch.setattr(listen, "introduce", lambda: None)
    settings.cache_clear()
    throttle.forget()
    with installation.database.write() as session:
        known = found(session)
        secrets = {scope: keys.create(session, "registry", scope, datetime.now(UTC)).secret for scope in Scope}
    sign_in_all(known)
    app = create_app(embedded=False)
    with TestClient(app, raise_server_exceptions=False) as http:
        assert http.portal is not None
        http._transport = OneHop(app, http.portal)
        yield Web(app, http, installation.database, known, secrets)
    throttle.forget()
