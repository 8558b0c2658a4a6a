"""What Telegram shows of the bot before a word is written: its commands, and what it is for, in each language."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.i18n import translator


def N_(message: str) -> str:  # noqa: N802  (gettext's own name for it)
    """Mark a message for translation without translating it yet."""
    return message


COMMANDS: dict[str, str] = {
    "report": N_("Tell us what happened"),
    "status": N_("Where is my message?"),
    "language": N_("Choose the language"),
    "link": N_("Connect my phone number"),
    "help": N_("What you can write here"),
    "stop": N_("No more messages from us"),
}
"""Commands as Telegram wants them (small Latin letters), with what each does."""

ABOUT = N_("Write to the government and get an answer.")
DESCRIPTION = N_(
    "Write in your own words what happened and where. The right office gets it and must answer you here. "
    "You can add photos and voice messages."
)


@dataclass(frozen=True, slots=True)
class Menu:
    """One language's words: `about` on the bot's page (120 letters), `description` in the empty chat (512)."""

    commands: tuple[tuple[str, str], ...]
    about: str
    description: str


def menus(languages: Sequence[str]) -> Mapping[str, Menu]:
    """The menu in each language; the first one's also under "", for whoever's Telegram speaks none of them."""
    found = {language: _menu(language) for language in languages}
    return {"": found[languages[0]], **found}


def _menu(language: str) -> Menu:
    say = translator(language).gettext
    return Menu(tuple((name, say(words)) for name, words in COMMANDS.items()), say(ABOUT)[:120], say(DESCRIPTION)[:512])
