"""`ombud doctor`: each thing an installation leans on, looked at, with what to do where it does not hold."""

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal
from urllib.parse import quote

import httpx
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import col, select

from channels.email import Email
from channels.errors import Failure, SendFailed
from channels.mailbox import Mailbox
from cli import checkup_budget, checkup_sign_in, checkup_telegram, checkup_twilio
from cli.output import out
from core.database import database
from core.errors import Misconfigured, OmbudError
from core.safety import DEMO_GOVERNMENT, DEMO_SECRET
from core.settings import Settings, settings
from domain.kiosk import KioskDevice
from domain.training import RunResult, TrainingRun
from migrations import schema

State = Literal["good", "bad", "off"]
_PATIENCE = 8.0  # seconds for one call
_KIOSK_SILENT = timedelta(days=3)
_KIOSK_FULL = 500  # answers on one tablet: more than a week of a busy door


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, whether it holds (`off`: not in use), what was seen, and how to mend it."""

    name: str
    state: State
    seen: str
    mend: str = ""

    def as_json(self) -> dict[str, str]:
        """For --json."""
        return {"name": self.name, "state": self.state, "seen": self.seen, "mend": self.mend}


def examine() -> list[Finding]:
    """Look at everything; nothing is changed and no citizen is written to."""
    current = settings()
    checks: list[Callable[[Settings], Finding]] = [
        *(_secrets, _data_folder, _database, _broker, _model, _public_address),
        *(_twilio, _voice, _telegram, _mailbox, _mail_server, _kiosks, _paper),
        *(_attachments, _scanner, _map, _sign_in, _budgets),
    ]
    return [check(current) for check in checks]


def show(findings: list[Finding]) -> None:
    """The findings for a person."""
    marks = {"good": "[green]ok[/]   ", "bad": "[bold red]mend[/] ", "off": "[dim]off[/]  "}
    for finding in findings:
        out.print(f"{marks[finding.state]}[bold]{finding.name}[/]  ", end="")
        out.print(finding.seen, markup=False)
        if finding.mend:
            out.print(f"      {finding.mend}", style="dim", markup=False)


def _sign_in(current: Settings) -> Finding:
    if found := checkup_sign_in.faults(current):
        return Finding("sign-in", "bad", " ".join(what for what, _ in found), " ".join(mend for _, mend in found))
    return Finding("sign-in", "good", checkup_sign_in.seen(current))


def _budgets(current: Settings) -> Finding:
    if not current.sms_price:
        return Finding("survey budgets", "off", "no price of an SMS is set")
    try:
        with database().read() as session:
            found = checkup_budget.faults(session)
    except SQLAlchemyError:
        return Finding("survey budgets", "off", "the database cannot be read")
    seen = " ".join(words for words, _ in found)
    if any(used_up for _, used_up in found):
        return Finding("survey budgets", "bad", seen, "Raise the budget at /staff/asking, or wait for the next month.")
    return Finding("survey budgets", "good", seen or "none is short")


def _secrets(current: Settings) -> Finding:
    try:
        current.check_production()
    except OmbudError as error:
        return Finding("secrets", "bad", error.message, error.mend)
    if current.environment == "production" and current.government == DEMO_GOVERNMENT:
        seen = "Every page is headed by the sample government's name."
        return Finding("secrets", "bad", seen, "Set OMBUD_GOVERNMENT.")
    if current.environment == "demo":
        seen = "demo: default secrets are allowed" if current.secret_key == DEMO_SECRET else "demo with own secrets"
        return Finding("secrets", "good", seen)
    return Finding("secrets", "good", "production, no default secret in use")


def _data_folder(current: Settings) -> Finding:
    folder = current.data_dir.absolute()
    nearest = next(path for path in (folder, *folder.parents) if path.exists())
    if not os.access(nearest, os.W_OK | os.X_OK):
        return Finding("data folder", "bad", f"{nearest} cannot be written", "Check OMBUD_DATA_DIR and its owner.")
    return Finding("data folder", "good", str(folder) if folder.exists() else f"{folder}, made by `ombud init`")


def _database(current: Settings) -> Finding:
    kind = "SQLite" if current.sql_url.startswith("sqlite") else "PostgreSQL"
    try:
        engine = database().engine
        database().ping()
        missing = schema.pending(engine)
    except SQLAlchemyError as error:
        reason = str(error.__cause__ or error).strip().splitlines()[0]
        return Finding("database", "bad", f"{kind}: {reason}", "Check OMBUD_DATABASE_URL; is the server running?")
    if missing:
        return Finding("database", "bad", f"{kind}: {missing}", "Run `ombud init`.")
    return Finding("database", "good", f"{kind}, newest schema")


def _broker(current: Settings) -> Finding:
    if current.embedded:
        return Finding("broker", "good", "memory://, the worker lives inside the one web process")
    from redis import Redis
    from redis.exceptions import RedisError

    try:
        with Redis.from_url(current.broker_url, socket_timeout=_PATIENCE, socket_connect_timeout=_PATIENCE) as redis:
            redis.ping()
    except (RedisError, ValueError) as error:
        mend = "Check OMBUD_BROKER_URL; is Redis running? Nothing is lost meanwhile, only slower."
        return Finding("broker", "bad", f"Redis does not answer ({type(error).__name__})", mend)
    return Finding("broker", "good", "Redis answers")


def _model(current: Settings) -> Finding:
    from nlp.classifier import load, promoted

    mend = "Run `ombud nlp train`; until then every message without a code goes to the triage desk."
    try:
        names = promoted(current.models_dir)
        if not names:
            return Finding("model", "bad", "no classifier is in use", mend)
        model = load(current.models_dir / names[0])
    except OmbudError as error:
        return Finding("model", "bad", error.message, error.mend or mend)
    told = _promoted_last()
    if told and told != model.name:
        seen = f"{model.name} here, while the installation uses {told}"
        return Finding("model", "bad", seen, "Share the folder models of OMBUD_DATA_DIR between all machines.")
    alone = "" if model.threshold <= 1 else "; too unsure to send anything on without a person"
    return Finding("model", "good", f"{model.name}{alone}")


def _promoted_last() -> str | None:
    """Which model was put into use last, as the database knows it; the folder of another machine may know less."""
    wanted = select(TrainingRun.model).where(
        col(TrainingRun.result).in_([RunResult.promoted, RunResult.rolled_back]),
    )
    try:
        with database().read() as session:
            return session.exec(wanted.order_by(col(TrainingRun.finished_at).desc()).limit(1)).first()
    except SQLAlchemyError:
        return None


def _public_address(current: Settings) -> Finding:
    if not current.public_url:
        seen = f"not set; links lead to {current.site_url}"
        return Finding("public address", "off", seen, "Set OMBUD_PUBLIC_URL before providers can reach this.")
    answer = _ask(f"{current.public_url}/healthz")
    if isinstance(answer, str):
        mend = "Check DNS, the certificate and the reverse proxy; OMBUD_PUBLIC_URL must lead here."
        return Finding("public address", "bad", f"{current.public_url}: {answer}", mend)
    if answer.status_code != 200:
        seen = f"{current.public_url}/healthz answers {answer.status_code}"
        return Finding("public address", "bad", seen, "Is `ombud serve` running behind it?")
    return Finding("public address", "good", f"{current.public_url} answers")


def _twilio(current: Settings) -> Finding:
    base = current.twilio_url or "https://api.twilio.com"
    account = current.twilio_account_sid
    answer = _ask(f"{base}/2010-04-01/Accounts/{account}.json", auth=(account, current.twilio_auth_token))
    if isinstance(answer, str):
        return _provider_away("twilio", current.environment == "demo" and not current.twilio_api_url, answer)
    if answer.status_code in (401, 403, 404):
        mend = "Copy OMBUD_TWILIO_ACCOUNT_SID and OMBUD_TWILIO_AUTH_TOKEN from Twilio's console."
        return Finding("twilio", "bad", "Twilio does not know this account and token", mend)
    if answer.status_code != 200:
        return Finding("twilio", "bad", f"Twilio answers {answer.status_code}", "Try again in a minute.")
    known, wrong = f"account …{account[-4:]} is known", []
    for address in (ways := checkup_twilio.senders(current)):
        if found := checkup_twilio.faults(current, address):
            wrong.append(found)
    if wrong:
        return Finding("twilio", "bad", known, " ".join(wrong))
    owned = "is its sender" if len(ways) == 1 else f"are {len(ways)} senders"
    return Finding("twilio", "good", f"{known}, and so {owned}")


def _voice(current: Settings) -> Finding:
    """Whether the hotline's number leads here, and whether it can speak all languages."""
    from channels import spoken, voice

    if not current.voice_number:
        return Finding("voice hotline", "off", "no number is set (OMBUD_VOICE_NUMBER)")
    base = current.twilio_url or "https://api.twilio.com"
    account = current.twilio_account_sid
    url = f"{base}/2010-04-01/Accounts/{account}/IncomingPhoneNumbers.json?PhoneNumber={quote(current.voice_number)}"
    answer = _ask(url, auth=(account, current.twilio_auth_token))
    if isinstance(answer, str):
        return _provider_away("voice hotline", current.environment == "demo" and not current.twilio_api_url, answer)
    if answer.status_code != 200:
        seen = f"Twilio answers {answer.status_code}"
        return Finding("voice hotline", "bad", seen, "See the line on twilio above, then ask again.")
    found = answer.json().get("incoming_phone_numbers") or []
    if not found:
        mend = "Buy it in Twilio's console, or set OMBUD_VOICE_NUMBER to one you have, such as +35542000000."
        return Finding("voice hotline", "bad", f"{current.voice_number} is no number of this account", mend)
    wanted = f"{current.site_url}{voice.PATH}"
    leads = str(found[0].get("voice_url") or "")
    if leads.partition("#")[0].partition("?")[0] != wanted or str(found[0].get("voice_method")) != "POST":
        mend = f"Set “A call comes in” of this number to Webhook, {wanted}, HTTP POST."
        return Finding("voice hotline", "bad", f"calls lead to {leads or 'nowhere'}", mend)
    if str(found[0].get("status_callback") or "").partition("#")[0] != f"{wanted}/status":
        mend = f"Set “Call status changes” to {wanted}/status; until then a missed call is listed minutes later."
        return Finding("voice hotline", "bad", "nobody tells us when a call ends", mend)
    simulated = current.environment == "demo" and not current.twilio_api_url
    mute = [] if simulated else spoken.mute(current.languages, current.voice_audio)
    if mute:
        mend = "Record its sentences and name their folder in OMBUD_VOICE_AUDIO (docs/channels.md)."
        return Finding("voice hotline", "bad", f"no voice speaks {', '.join(mute)}, so it is left out", mend)
    return Finding("voice hotline", "good", f"{current.voice_number} leads here")


def _telegram(current: Settings) -> Finding:
    answer = checkup_telegram.known(current, _ask)
    if isinstance(answer, str):
        return _provider_away("telegram", current.environment == "demo" and not current.telegram_api_url, answer)
    return Finding("telegram", *answer)


def _map(current: Settings) -> Finding:
    if not current.tile_url:
        return Finding("map", "off", "no tile server is set; the form asks for places in words")
    missing = [part for part in ("{z}", "{x}", "{y}") if part not in current.tile_url]
    if missing:
        return Finding(
            "map", "bad", f"OMBUD_TILE_URL has no {', '.join(missing)}", "Copy it as docs/channels.md shows."
        )
    answer = _ask(current.tile_url.replace("{z}", "0").replace("{x}", "0").replace("{y}", "0"))
    if isinstance(answer, str):
        return Finding("map", "bad", f"tile server: {answer}", "Check OMBUD_TILE_URL; without a map, leave it empty.")
    kind = answer.headers.get("content-type", "")
    if answer.status_code != 200 or not kind.startswith("image/"):
        seen = f"the tile server answers {answer.status_code} with {kind or 'nothing'}"
        return Finding("map", "bad", seen, "Check OMBUD_TILE_URL and whether the server wants a key in it.")
    if not current.tile_attribution:
        return Finding("map", "bad", "its makers are not named", "Set OMBUD_TILE_ATTRIBUTION to the words they want.")
    return Finding("map", "good", "the tile server answers with pictures")


def _kiosks(current: Settings) -> Finding:
    """Tablets at the doors: unheard of, full, or at an address where browsers do not let them keep answers."""
    now = datetime.now(UTC)
    try:
        with database().read() as session:
            paired = session.exec(
                select(KioskDevice).where(
                    col(KioskDevice.token_hash).is_not(None), col(KioskDevice.revoked_at).is_(None)
                )
            ).all()
    except SQLAlchemyError:
        return Finding("kiosks", "off", "the database cannot be asked")
    if not paired:
        return Finding("kiosks", "off", "no tablet is paired")
    if not current.site_url.startswith(("https://", "http://127.0.0.1", "http://localhost")):
        seen = f"{len(paired)} tablets, and browsers keep no answers at {current.site_url}"
        return Finding("kiosks", "bad", seen, "Serve Ombud over https and set OMBUD_PUBLIC_URL to that address.")
    silent = [one.name for one in paired if one.seen_at is None or now - one.seen_at > _KIOSK_SILENT]
    full = [f"{one.name} ({one.waiting})" for one in paired if one.waiting >= _KIOSK_FULL]
    if silent or full:
        parts = [f"not heard from for 3 days: {', '.join(silent)}"] if silent else []
        parts += [f"many answers unsent: {', '.join(full)}"] if full else []
        mend = "Look whether the tablet is on and has a network; its page Staff says when it last sent."
        return Finding("kiosks", "bad", "; ".join(parts), mend)
    return Finding("kiosks", "good", f"{len(paired)} tablets, all heard from in the last 3 days")


def _mailbox(current: Settings) -> Finding:
    if not current.mailbox_url:
        return Finding("mailbox", "off", "no mailbox is set", "Set OMBUD_IMAP_URL to read e-mail.")
    try:
        box = Mailbox(current.mailbox_url, timeout=_PATIENCE)
        waiting = box.look()
        for folder in filter(None, (box.processed, box.sent)):
            box.look(folder)
    except Misconfigured as error:
        return Finding("mailbox", "bad", error.message, error.mend)
    except SendFailed as error:
        return _mail_away("mailbox", current, error, "OMBUD_IMAP_URL")
    return Finding("mailbox", "good", f"{box.server.folder} on {box.server.host} opens; {waiting} mails wait")


def _mail_server(current: Settings) -> Finding:
    if not current.mail_server_url:
        return Finding("mail server", "off", "no mail server is set", "Set OMBUD_SMTP_URL to send e-mail.")
    try:
        sender = Email(current.mail_server_url, current.mail_address, timeout=_PATIENCE)
        sender.connect().close()
    except Misconfigured as error:
        return Finding("mail server", "bad", error.message, error.mend)
    except SendFailed as error:
        return _mail_away("mail server", current, error, "OMBUD_SMTP_URL")
    user, domain = sender.server.user, sender.mail_from.rpartition("@")[2]
    seen = f"{sender.server.host} takes our mail"
    if "@" in user and user.rpartition("@")[2].lower() != domain:
        mend = (
            f"Most servers refuse a sender of another domain: set OMBUD_MAIL_FROM to one at {user.rpartition('@')[2]}."
        )
        return Finding("mail server", "bad", f"{seen}, but we sign in at another domain than {domain}", mend)
    return Finding("mail server", "good", f"{seen}, from {domain}")


def _mail_away(name: str, current: Settings, error: SendFailed, setting: str) -> Finding:
    simulated = current.environment == "demo" and not (current.imap_url or current.smtp_url)
    if simulated and error.failure is Failure.provider_down:
        return Finding(name, "off", "simulated by `ombud serve`, which is not running")
    mends = {
        Failure.credentials: f"Check the user and the app password in {setting}; is IMAP allowed for the account?",
        Failure.not_configured: f"Make the folder in the mailbox, or name another in {setting}.",
    }
    away = f"Check host and port in {setting}, and that this machine may reach them."
    return Finding(name, "bad", error.detail or error.failure.value, mends.get(error.failure, away))


def _attachments(current: Settings) -> Finding:
    from core import files

    folder = files.folder()
    if not folder.exists():
        return Finding("attachments", "good", f"{folder}, made with the first file")
    if not os.access(folder, os.W_OK | os.X_OK):
        return Finding("attachments", "bad", f"{folder} cannot be written", "Check its owner; files wait meanwhile.")
    free = shutil.disk_usage(folder).free
    if free < 100 * current.attachment_limit_bytes:
        seen = f"{free / 1e6:,.0f} MB are left in {folder}"
        return Finding("attachments", "bad", seen, "Make room, or set OMBUD_DATA_DIR to a larger disk.")
    return Finding("attachments", "good", f"{folder}, {free / 1e9:,.0f} GB free")


def _scanner(current: Settings) -> Finding:
    if not current.clamav_url:
        return Finding("virus scanner", "off", "OMBUD_CLAMAV_URL is not set; files are not scanned")
    from channels import virus

    try:
        return Finding("virus scanner", "good", virus.version(current.clamav_url))
    except virus.ScannerAway as error:
        mend = "Check OMBUD_CLAMAV_URL; is clamd running and listening there? Files wait, unseen, until it answers."
        return Finding("virus scanner", "bad", str(error), mend)
    except OmbudError as error:
        return Finding("virus scanner", "bad", error.message, error.mend)


def _paper(current: Settings) -> Finding:
    """Whether posters and slips can be set: fonts for every language of the deployment."""
    from core import typeset
    from reports import posters

    lacking = {lang: found for lang in current.languages if (found := typeset.missing(posters.words_of(lang)))}
    if lacking:
        seen = "; ".join(f"{lang}: no font for {typeset.named(found)}" for lang, found in lacking.items())
        mend = "Install the fonts; on Debian `apt-get install fonts-noto-core`. Until then nothing is printed in them."
        return Finding("paper", "bad", seen, mend)
    if lacking_bot := posters.why_no_bot():
        return Finding("paper", "off", lacking_bot)
    return Finding("paper", "good", f"fonts for {', '.join(current.languages)}")


def _provider_away(name: str, simulated: bool, why: str) -> Finding:
    if simulated:
        return Finding(name, "off", "simulated by `ombud serve`, which is not running")
    return Finding(name, "bad", why, "Check the network from this machine to the provider.")


def _ask(url: str, auth: tuple[str, str] | None = None, params: dict[str, str] | None = None) -> httpx.Response | str:
    """The answer, or in words why there is none; never with the URL, which may hold a token."""
    try:
        return httpx.get(url, auth=auth, params=params, timeout=_PATIENCE)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return f"no answer ({type(error).__name__})"
