"""Posters for an office's wall: its name, and every way to tell it something, each as a square for a phone's camera."""

import json
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from urllib.parse import quote

from channels.errors import Failure, SendFailed
from channels.forms import N_
from channels.phones import readable
from channels.telegram import Telegram, bot_id
from core.errors import BadInput
from core.i18n import LANGUAGES, direction, translator
from core.settings import settings
from core.typeset import pdf
from domain.office import Office
from domain.states import OfficeFunction
from reports.slips import qr

PAPERS = ("a4", "a5")
_START = re.compile(r"[A-Za-z0-9_-]{1,64}")
"""What a link to a Telegram bot may carry."""

HEAD, SUB = N_("Tell us"), N_("What went wrong here, or what went well. A person answers you.")
SCAN = N_("Point your phone's camera at a square.")
WEB, EXIT, CALL = N_("Web form"), N_("How was it today? One tap."), N_("Call us")
SMS = N_("Send %(code)s and what happened to %(number)s")
SHORT, ANONYMOUS = N_("Or open %(address)s"), N_("You need not say who you are.")

_bots: dict[str, str] = {}
_away: dict[str, float] = {}
PATIENCE = 60.0
"""Seconds after which a Telegram that did not answer is asked again; nobody waits for it at each page meanwhile."""


@dataclass(frozen=True, slots=True)
class Ways:
    """How citizens reach an office, as addresses; empty for a way that is not there."""

    web: str
    exit: str
    sms: str
    telegram: str
    hotline: str
    number: str
    short: str

    @property
    def squares(self) -> dict[str, str]:
        """What each square leads to, in the order they stand."""
        found = {"web": self.web, "telegram": self.telegram, "sms": self.sms, "exit": self.exit}
        return {kind: address for kind, address in found.items() if address}


def bot_name() -> str:
    """The bot's name as in t.me/<name>: of the settings, else asked of Telegram and kept; empty when there is none.

    Raises SendFailed when Telegram does not tell.
    """
    current = settings()
    if current.telegram_mode == "off" or not current.telegram_token:
        return ""
    if current.telegram_name:
        return current.telegram_name.lstrip("@")
    bot = bot_id(current.telegram_token)
    if bot in _bots:
        return _bots[bot]
    if time.monotonic() - _away.get(bot, -PATIENCE) < PATIENCE:
        raise SendFailed(Failure.provider_down, "asked a moment ago")
    client = Telegram(current.telegram_token, api_url=current.telegram_url, timeout=4.0)
    try:
        _bots[bot] = client.username()
    except SendFailed:
        _away[bot] = time.monotonic()
        raise
    finally:
        client.close()
    return _bots[bot]


def ways(office: Office, bot: str) -> Ways:
    """Every way that leads to this office and to no other."""
    current, code = settings(), office.code
    site = current.site_url
    number = current.twilio_from if current.twilio_from.startswith("+") else ""
    return Ways(
        web=f"{site}/report?office={quote(code, safe='')}",
        exit=f"{site}/exit/{quote(code, safe='')}",
        # a space after the code, so that what is typed behind it stays a word of its own
        sms=f"sms:{number}?body={quote(code + ' ', safe='')}" if number else "",
        telegram=f"https://t.me/{bot}?start={code}" if bot and _START.fullmatch(code) else "",
        hotline=current.voice_number,
        number=number,
        short=f"{site}/report".partition("://")[2],
    )


def poster(office: Office, languages: Sequence[str], bot: str) -> dict[str, object]:
    """What one poster says, in each of the languages, the first one largest."""
    reached = ways(office, bot)
    code = office.code
    return {
        "code": code,
        "government": settings().government,
        "languages": [
            {
                "lang": lang,
                "dir": direction(lang),
                "office": office.names.get(lang) or "",
                **{name: translator(lang).gettext(text) for name, text in _TEXTS.items()},
                "sms": translator(lang).gettext(SMS) % {"code": code, "number": readable(reached.number)},
                "short": translator(lang).gettext(SHORT) % {"address": reached.short},
            }
            for lang in languages
        ],
        "office": office.names.get(languages[0]) or office.names.get("en") or code,
        "squares": [{"kind": kind, "svg": qr(address, "q")} for kind, address in reached.squares.items()],
        "bot": f"@{bot}" if reached.telegram else "",
        "number": readable(reached.number) if reached.number else "",
        "hotline": readable(reached.hotline) if reached.hotline else "",
        "accent": settings().accent or "#0b5c63",
    }


def words_of(language: str) -> str:
    """All that a poster may say in a language, for whoever looks whether it can be set."""
    return "".join(map(translator(language).gettext, (*_TEXTS.values(), SMS, SHORT)))


_TEXTS = {"head": HEAD, "sub": SUB, "scan": SCAN, "web": WEB, "exit": EXIT, "call": CALL, "anonymous": ANONYMOUS}


def paper(posters: Sequence[dict[str, object]], size: str = "a4") -> bytes:
    """Posters as a PDF, one a page. The last ones drawn are kept, since everybody prints the same few."""
    return _drawn(json.dumps({"posters": list(posters), "paper": _known(size, PAPERS, "paper")}))


@lru_cache(maxsize=64)
def _drawn(values: str) -> bytes:
    return pdf(resources.files("reports") / "paper" / "poster.typ", json.loads(values))


def read_languages(wanted: Sequence[str]) -> tuple[str, ...]:
    """Languages of a poster as asked for, else the deployment's. Raises BadInput."""
    chosen = tuple(dict.fromkeys(wanted)) or settings().languages
    return tuple(_known(lang, tuple(LANGUAGES), "language") for lang in chosen)


def with_poster(offices: Sequence[Office]) -> list[Office]:
    """Offices that citizens come to: those that sort and those that look into conduct have no wall."""
    inside = (OfficeFunction.triage, OfficeFunction.integrity)
    return sorted((o for o in offices if o.active and o.function not in inside), key=lambda office: office.code)


def why_no_bot() -> str:
    """In words why posters lack Telegram's square though a bot is set; empty when all is well."""
    try:
        bot_name()
    except SendFailed as error:
        return f"Telegram did not tell the bot's name ({error}), so its square is left out; set OMBUD_TELEGRAM_NAME."
    return ""


def bot_or_none() -> str:
    """The bot's name; empty when it cannot be had now."""
    try:
        return bot_name()
    except SendFailed:
        return ""


def _known(value: str, allowed: Sequence[str], what: str) -> str:
    if value.lower() not in allowed:
        raise BadInput(f"There is no {what} {value!r}.", mend=f"Choose one of {', '.join(allowed)}.")
    return value.lower()
