"""Puts the simulators into a web application: Twilio, Telegram, the phone and the controls. Never in production."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from starlette.staticfiles import StaticFiles

from core.errors import Misconfigured
from core.safety import DEMO_MAIL_PASSWORD
from core.settings import Settings
from simulators import calls, chatting, control, identity, mail, phone, store, telegram, translator, twilio
from simulators.carrier import Carrier
from simulators.chats import Chats
from simulators.exchange import Config, Exchange
from simulators.mailserver import MailServer
from simulators.postoffice import PostOffice
from simulators.switchboard import Switchboard


def mount(app: FastAPI, settings: Settings) -> None:
    """Add /simulator/… to `app`; its threads end with the app's lifespan. The world is at `app.state.simulators`.

    Webhooks are signed for the public address and posted to this machine's port. With `telegram_mode` webhook the
    simulated bot starts as if setWebhook had been called, since nobody can call it before the server listens.

    Raises:
        Misconfigured: in production.
    """
    if settings.environment == "production":
        raise Misconfigured("The simulators do not run in production.", mend="Leave OMBUD_ENVIRONMENT=demo for them.")
    host = settings.host if settings.host not in ("0.0.0.0", "::", "", "localhost") else "127.0.0.1"  # noqa: S104
    config = Config(
        account_sid=settings.twilio_account_sid,
        auth_token=settings.twilio_auth_token,
        number=settings.twilio_from,
        bot_token=settings.telegram_token,
        public_url=settings.site_url,
        local_url=f"http://{f'[{host}]' if ':' in host else host}:{settings.port}",
        telegram_secret=settings.telegram_webhook_secret,
        telegram_webhook=settings.telegram_mode == "webhook",
        government=settings.government,
        time_zone=settings.zone,
        mail_address=settings.mail_address,
        mail_password=DEMO_MAIL_PASSWORD,
        smtp=None if settings.imap_url or settings.smtp_url else settings.simulated_mail_at(25),
        imap=None if settings.imap_url or settings.smtp_url else settings.simulated_mail_at(143),
    )
    install(app, config, standalone=False)
    issuer = f"{settings.site_url}/simulator/identity"
    back = f"{settings.site_url}/staff/sign-in/provider/back"
    provider = identity.Provider(issuer, settings.oidc_client_id or "ombud", settings.oidc_client_secret, back)
    app.include_router(identity.router(provider), prefix="/simulator/identity")
    app.state.identity = provider


def install(app: FastAPI, config: Config, *, standalone: bool) -> Exchange:
    """Add the simulators of one world to `app`."""
    exchange = Exchange(config)
    carrier, chats, post = Carrier(exchange), Chats(exchange), PostOffice(exchange)
    board = Switchboard(carrier)
    app.include_router(twilio.router(carrier), prefix="/simulator/twilio")
    app.include_router(store.router(carrier), prefix="/simulator/twilio")
    app.include_router(telegram.router(chats), prefix="/simulator/telegram")
    app.include_router(calls.twilio_router(board), prefix="/simulator/twilio")
    app.include_router(calls.phone_router(board), prefix="/simulator/phone/call")
    app.include_router(chatting.router(chats), prefix="/simulator/phone")
    app.include_router(phone.router(carrier, chats, board, standalone=standalone), prefix="/simulator/phone")
    app.include_router(mail.router(post, standalone=standalone), prefix="/simulator/mail")
    app.include_router(control.router(carrier, chats, post), prefix="/simulator/control")
    app.include_router(translator.router(), prefix="/simulator/translator")
    app.mount("/simulator/static", StaticFiles(directory=Path(__file__).parent / "static"), name="simulator-static")
    app.state.simulators, app.state.chats, app.state.post = exchange, chats, post
    _close_with(app, exchange, MailServer(post))
    return exchange


def _close_with(app: FastAPI, exchange: Exchange, mail_server: MailServer) -> None:
    inner = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(served: FastAPI) -> AsyncIterator[Any]:
        mail_server.start()
        try:
            async with inner(served) as state:  # closed last: a worker inside may still be sending
                yield state
        finally:
            mail_server.close()
            exchange.close()

    app.router.lifespan_context = lifespan
