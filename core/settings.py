"""Settings, read from `OMBUD_*` environment variables. Each one is described in docs/settings.md."""

import base64
import hashlib
import sys
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator, model_validator
from pydantic_settings import NoDecode, SettingsConfigDict

from core.errors import Misconfigured
from core.safety import (
    DEMO_GOVERNMENT,
    DEMO_MAIL_ADDRESS,
    DEMO_MAIL_PASSWORD,
    DEMO_SECRET,
    DEMO_TELEGRAM_TOKEN,
    DEMO_TELEGRAM_WEBHOOK_SECRET,
    DEMO_TWILIO_ACCOUNT,
    DEMO_TWILIO_TOKEN,
    unsafe_secrets,
)
from core.settings_figures import FigureSettings
from core.settings_open import OpenSettings
from core.settings_reviews import ReviewSettings
from core.settings_sign_in import SignInSettings


class Settings(SignInSettings, OpenSettings, FigureSettings, ReviewSettings):
    """Everything an installation can be told. Times of day are local to `time_zone`."""

    model_config = SettingsConfigDict(env_prefix="OMBUD_", extra="ignore", frozen=True)

    environment: Literal["demo", "production"] = Field(
        "demo", description="demo has the simulators and sample sign-ins; production refuses default secrets."
    )
    government: str = Field(DEMO_GOVERNMENT, description="Name shown at the head of every page and message.")
    accent: str = Field("", pattern=r"^(#[0-9a-fA-F]{6})?$", description="Accent colour of the pages, as #rrggbb.")
    data_dir: Path = Field(Path("data"), description="Folder for the default database, models and exports.")
    database_url: str = Field("", description="SQLAlchemy URL; empty means SQLite in the data folder.")
    broker_url: str = Field(
        "memory://", description="Celery broker: memory:// (worker inside the web process) or redis://…"
    )
    host: str = Field("127.0.0.1", description="Address the web server listens on.")
    port: int = Field(8000, ge=1, le=65535, description="Port the web server listens on.")
    public_url: str = Field(
        "", description="Address citizens and providers reach this installation at; empty means the local one."
    )
    proxy_count: int = Field(
        0, ge=0, le=5, description="Trusted reverse proxies in front; whose X-Forwarded-For is believed."
    )

    secret_key: str = Field(
        DEMO_SECRET, min_length=16, description="Root of session, seal and (unless set apart) encryption keys."
    )
    encryption_keys: str = Field(
        "", description="Comma-separated id:base64 32-byte keys, newest first; empty derives one from the secret key."
    )
    index_key: str = Field("", description="Base64 key of the blind index over contact details; empty derives it.")

    languages: Annotated[tuple[str, ...], NoDecode] = Field(
        ("en", "sq", "bn", "ru"), description="Languages of the deployment, comma-separated; the first is the default."
    )
    time_zone: str = Field("Europe/Tirane", description="IANA time zone of the government.")
    region: str = Field(
        "AL", pattern=r"^[A-Z]{2}$", description="Two-letter region that national phone numbers are read in."
    )

    twilio_account_sid: str = Field(DEMO_TWILIO_ACCOUNT, description="Twilio account.")
    twilio_auth_token: str = Field(DEMO_TWILIO_TOKEN, description="Twilio auth token; signs webhooks too.")
    twilio_from: str = Field(
        "+355690000000", description="Sender of SMS: a number in E.164 or a messaging service SID."
    )
    twilio_whatsapp_from: str = Field("", description="WhatsApp sender, a number in E.164; empty uses the SMS number.")
    twilio_per_second: float = Field(
        10.0, gt=0, description="Messages a second each Twilio sender may send, unless it has a rate of its own."
    )
    sms_price: float = Field(0.0, ge=0, description="Price of one SMS segment, shown beside templates; 0 shows none.")
    sms_currency: str = Field("EUR", pattern=r"^[A-Z]{3}$", description="Currency of OMBUD_SMS_PRICE, ISO 4217.")
    loop_messages: int = Field(
        5, ge=2, description="The same words to or from one address more often than this are a loop and stop."
    )
    loop_minutes: int = Field(10, ge=1, description="Minutes over which OMBUD_LOOP_MESSAGES counts.")
    voice_number: str = Field("", description="Number of the voice hotline, in E.164; empty shows none.")
    voice_seconds: int = Field(180, ge=10, le=3600, description="Longest message the hotline records, in seconds.")
    voice_audio: Annotated[dict[str, str], NoDecode] = Field(
        {},
        description="Folders of recorded hotline sentences by language, as sq=https://files.example.org/sq,bn=…; "
        "for languages Twilio has no voice for.",
    )
    name_models: Annotated[dict[str, str], NoDecode] = Field(
        {},
        description="spaCy models that find people's names to strike out, by language, as ru=ru_core_news_sm,"
        "*=/srv/models/names; empty strikes out introduced names only.",
    )
    twilio_api_url: str | None = Field(
        None, description="Other address of Twilio's REST API; the demo sets its simulator."
    )
    telegram_token: str = Field(
        DEMO_TELEGRAM_TOKEN, description="Bot token from BotFather; empty switches Telegram off."
    )
    telegram_webhook_secret: str = Field(
        DEMO_TELEGRAM_WEBHOOK_SECRET, description="Secret that Telegram repeats in each webhook's header."
    )
    telegram_api_url: str | None = Field(None, description="Other address of the Bot API; the demo sets its simulator.")
    telegram_mode: Literal["webhook", "polling", "off"] = Field(
        "webhook", description="How Telegram messages arrive; polling needs no public address."
    )
    telegram_name: str = Field("", description="Name of the bot, as in t.me/<name>; empty asks Telegram.")
    telegram_per_second: float = Field(30.0, gt=0, description="Messages a second the bot may send to all chats.")

    imap_url: str = Field(
        "", description="Mailbox that citizens write to: imaps://user:password@host/INBOX; empty switches e-mail off."
    )
    smtp_url: str = Field(
        "", description="Mail server that sends: smtps://user:password@host, or smtp://… with STARTTLS where offered."
    )
    mail_from: str = Field("", description="Address that e-mails come from and are answered to.")
    mail_seconds: float = Field(30.0, gt=0, description="Seconds between two looks into the mailbox.")
    mail_per_second: float = Field(5.0, gt=0, description="E-mails a second that may be sent.")

    attachment_limit_bytes: int = Field(10_000_000, ge=100_000, description="Largest attachment kept, in bytes.")
    attachment_count: int = Field(5, ge=0, le=20, description="Most attachments of one web report; 0 takes none.")
    clamav_url: str = Field(
        "", description="Virus scanner: tcp://host:3310 or unix:///run/clamav/clamd.ctl; empty scans nothing."
    )
    tile_url: str = Field(
        "", description="Map tiles, as https://tiles.example.org/{z}/{x}/{y}.png; empty shows no map."
    )
    tile_start: str = Field(
        "",
        pattern=r"^(-?\d+(\.\d+)?,-?\d+(\.\d+)?,\d+)?$",
        description="Where the map opens, as latitude,longitude,zoom; empty shows the whole world.",
    )
    tile_attribution: str = Field("", description="Words the map's makers want beside it.")
    kiosk_idle_seconds: int = Field(25, ge=5, description="Seconds after which an unfinished exit survey starts again.")
    conversation_minutes: int = Field(
        30, ge=1, description="Minutes after which a question we asked in a conversation is not waited for any more."
    )
    proof_minutes: int = Field(15, ge=1, description="Minutes a code that proves a contact point is good for.")

    survey_delay_minutes: int = Field(60, ge=0, description="Minutes between a completed service and its survey.")
    survey_day_start: int = Field(9, ge=0, le=23, description="No survey is sent before this hour.")
    survey_day_end: int = Field(20, ge=1, le=24, description="No survey is sent from this hour on.")
    survey_rest_days: int = Field(30, ge=0, description="At most one survey per citizen in this many days.")
    survey_money_least: int = Field(
        10, ge=5, description="Answers from which on a share of people who were asked for extra money is told."
    )
    survey_messages: int = Field(
        4, ge=1, le=9, description="Most questions of one survey by SMS; the others stand behind its link."
    )
    export_days: int = Field(7, ge=1, le=90, description="Days for which the file of an export can be fetched.")
    figures_imported: bool = Field(
        True, description="Whether cases of an earlier system (`ombud import history`) count in the figures of silence."
    )
    transactions_dir: Path | None = Field(
        None, description="Folder that files of transactions are dropped into, as by SFTP; empty watches none."
    )
    solved_hours: int = Field(
        24, ge=0, description="Hours after a case was closed until its citizen is asked whether it is solved."
    )
    solved_days: int = Field(
        30, ge=1, description="Days after a case was closed in which a citizen's no opens it again, or is an appeal."
    )
    callback_share: float = Field(
        0.05,
        ge=0,
        le=1,
        description="Share of the cases said to be solved, or not said not to be, that are checked by a call.",
    )
    ombudsman: str = Field(
        "",
        max_length=160,
        description="How to reach the ombudsman outside the government; ends each decision on an appeal.",
    )
    sweep_seconds: float = Field(5.0, gt=0, description="Seconds between sweeps for work no doorbell rang for.")
    translator_url: str = Field(
        "", description="LibreTranslate that citizens' words may be sent to, when staff ask; empty translates nothing."
    )
    translator_key: str = Field("", description="Its API key, if it wants one.")
    live_seconds: float = Field(
        1.0, gt=0, le=60, description="Seconds between two looks for what open pages of staff are told at once."
    )
    live_streams: int = Field(
        500, ge=0, description="Open pages of staff that a web process tells at once; others look every few seconds."
    )
    undo_seconds: float = Field(
        6.0,
        ge=0,
        le=60,
        description="Seconds an answer waits before it leaves, in which it can be taken back; 0 sends at once.",
    )
    lease_seconds: float = Field(
        120.0, ge=25, description="Seconds after which work of a worker that died is taken up by another."
    )
    body_limit_bytes: int = Field(1_000_000, ge=10_000, description="Largest request body accepted, in bytes.")
    database_pool: int = Field(4, ge=1, description="Database connections per process; about twice the cores.")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="Least severe log line written."
    )

    @field_validator("languages", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("voice_audio", mode="before")
    @classmethod
    def _folders(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        folders = dict(part.strip().partition("=")[::2] for part in value.split(",") if part.strip())
        if wrong := [language for language, url in folders.items() if urlsplit(url).scheme not in ("http", "https")]:
            raise ValueError(
                f"the recordings of {wrong[0]!r} need an address, as {wrong[0]}=https://files.example.org/x"
            )
        return folders

    @field_validator("name_models", mode="before")
    @classmethod
    def _models(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        models = dict(part.strip().partition("=")[::2] for part in value.split(",") if part.strip())
        if "" in models or "" in models.values():
            raise ValueError("needs a language and a model each, as ru=ru_core_news_sm, separated by commas")
        return models

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"{value!r} is no IANA time zone, such as Europe/Tirane") from error
        return value

    @field_validator("public_url", "twilio_api_url", "telegram_api_url", "oidc_issuer", "translator_url")
    @classmethod
    def _plain_url(cls, value: str | None) -> str | None:
        if value and urlsplit(value).scheme not in ("http", "https"):
            raise ValueError("must start with http:// or https://")
        return value.rstrip("/") if value else value

    @model_validator(mode="after")
    def _consistent(self) -> "Settings":
        if not self.languages:
            raise ValueError("OMBUD_LANGUAGES names no language")
        if self.survey_day_start >= self.survey_day_end:
            raise ValueError("OMBUD_SURVEY_DAY_START must be before OMBUD_SURVEY_DAY_END")
        self.check_sign_in()
        self.key_ring()
        return self

    def key_ring(self) -> dict[str, bytes]:
        """Encryption keys by id, newest first. Raises ValueError for a key that is not 32 bytes of base64."""
        if not self.encryption_keys:
            return {"s": hashlib.sha256(b"ombud encryption " + self.secret_key.encode()).digest()}
        ring: dict[str, bytes] = {}
        for part in self.encryption_keys.split(","):
            key_id, _, text = part.strip().partition(":")
            try:
                key = base64.b64decode(text, validate=True)
            except ValueError as error:
                raise ValueError(f"OMBUD_ENCRYPTION_KEYS: the key {key_id!r} is not base64") from error
            if not key_id or len(key) != 32:
                raise ValueError(f"OMBUD_ENCRYPTION_KEYS: {key_id!r} needs an id and 32 bytes, as id:base64")
            ring[key_id] = key
        return ring

    @property
    def sql_url(self) -> str:
        """Database URL in use, with the drivers Ombud ships."""
        url = self.database_url or f"sqlite:///{self.data_dir.absolute() / 'ombud.sqlite3'}"
        for plain in ("postgresql://", "postgres://"):
            if url.startswith(plain):
                return "postgresql+psycopg://" + url.removeprefix(plain)
        return url

    @property
    def site_url(self) -> str:
        """Public address without a trailing slash."""
        return self.public_url or f"http://127.0.0.1:{self.port}"

    @property
    def embedded(self) -> bool:
        """Whether the worker lives inside the web process."""
        return self.broker_url.startswith("memory:")

    @property
    def zone(self) -> ZoneInfo:
        """Time zone of the government."""
        return ZoneInfo(self.time_zone)

    @property
    def models_dir(self) -> Path:
        """Folder of the trained classifiers."""
        return self.data_dir / "models"

    @property
    def twilio_url(self) -> str | None:
        """Twilio's address: as set; in the demo the simulator of this process; None is the real one."""
        return self.twilio_api_url or (
            f"http://127.0.0.1:{self.port}/simulator/twilio" if self.environment == "demo" else None
        )

    @property
    def telegram_url(self) -> str | None:
        """Bot API's address, like `twilio_url`."""
        return self.telegram_api_url or (
            f"http://127.0.0.1:{self.port}/simulator/telegram" if self.environment == "demo" else None
        )

    @property
    def mail_address(self) -> str:
        """Address that e-mails come from and are answered to; empty where e-mail is not set up."""
        return self.mail_from or (DEMO_MAIL_ADDRESS if self.environment == "demo" else "")

    @property
    def mailbox_url(self) -> str:
        """The mailbox: as set; in the demo the one of this process's simulator; empty for none."""
        return self.imap_url or self._simulated_mail("imap", 143, "/INBOX")

    @property
    def mail_server_url(self) -> str:
        """The mail server that sends, like `mailbox_url`."""
        return self.smtp_url or self._simulated_mail("smtp", 25, "")

    def _simulated_mail(self, scheme: str, number: int, path: str) -> str:
        if self.environment != "demo" or self.imap_url or self.smtp_url:
            return ""
        host, port = self.simulated_mail_at(number)
        return f"{scheme}://ombud:{DEMO_MAIL_PASSWORD}@{host}:{port}{path}"

    def simulated_mail_at(self, number: int) -> tuple[str, int]:
        """Where the demo's simulated mail server listens: every process can work it out, and no two demos clash.

        On Linux all of 127.0.0.0/8 is this machine: the web server's own port, at 127.0.0.<25 for SMTP, 143 for IMAP>.
        Elsewhere, or where the web server takes all addresses, a port so much higher.
        """
        if sys.platform == "linux" and self.host == "127.0.0.1":
            return f"127.0.0.{number}", self.port
        return "127.0.0.1", self.port + number if self.port + number <= 65535 else self.port - number

    def check_production(self) -> None:
        """Refuse an unsafe production.

        Raises:
            Misconfigured: naming every default secret still in use.
        """
        if self.environment != "production":
            return
        if unsafe := unsafe_secrets(self.model_dump()):
            raise Misconfigured(
                f"Production does not start with {', '.join(unsafe)} unset, short or at the demo's value.",
                mend="Set each in the environment; `openssl rand -base64 48` makes a secret; the public URL starts with https://.",
            )


@lru_cache(maxsize=1)
def settings() -> Settings:
    """Settings of this process, read once. Raises Misconfigured in words when one cannot be used."""
    try:
        return Settings()
    except ValueError as error:
        raise Misconfigured(f"A setting cannot be used: {error}", mend="docs/settings.md lists them all.") from error
