"""`python -m simulators`: the simulators as a process of their own, for another Ombud to talk to."""

import argparse

import uvicorn
from fastapi import FastAPI

from core.settings import settings
from simulators.app import install
from simulators.exchange import Config


def main() -> None:
    """Serve until interrupted. Credentials are read from the same OMBUD_* settings as Ombud's own."""
    known = settings()
    arguments = argparse.ArgumentParser(prog="python -m simulators", description="Stand-ins for Twilio and Telegram.")
    arguments.add_argument("--host", default="127.0.0.1", help="address to listen on")
    arguments.add_argument("--port", type=int, default=8009, help="port to listen on")
    arguments.add_argument("--ombud", default=known.site_url, help="where Ombud is reached, for the webhooks")
    arguments.add_argument("--pace", type=float, default=0.15, help="seconds between accepted, sent and delivered")
    given = arguments.parse_args()
    config = Config(
        account_sid=known.twilio_account_sid,
        auth_token=known.twilio_auth_token,
        number=known.twilio_from,
        bot_token=known.telegram_token,
        public_url=known.site_url,
        local_url=given.ombud,
        own_url=f"http://{given.host}:{given.port}",
        telegram_secret=known.telegram_webhook_secret,
        telegram_webhook=known.telegram_mode == "webhook",
        government=known.government,
        time_zone=known.zone,
        pace=given.pace,
    )
    app = FastAPI(title="Ombud's simulators", openapi_url=None)
    install(app, config, standalone=True)
    uvicorn.run(app, host=given.host, port=given.port, log_level="warning", timeout_graceful_shutdown=3)


if __name__ == "__main__":
    main()
