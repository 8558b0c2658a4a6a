"""The few words on buttons, translated where they are shown."""

from core.i18n import LANGUAGES, translator


def N_(message: str) -> str:  # noqa: N802  (gettext's own name for it)
    """Mark a message for translation without translating it yet."""
    return message


ELSE = N_("Something else")
UNKNOWN = N_("I do not know")
SHARE = N_("Share where I am")
NO_PLACE = N_("Continue without a place")
MORE = N_("More")
BACK = N_("Back")
SEND = N_("Send it")
AGAIN = N_("Start again")
NEW = N_("Something new")
REPORT = N_("Tell us what happened")
WHERE = N_("Where is my message?")
LANGUAGE = N_("Choose the language")
TAKE_BACK = N_("Take it back")
KEEP = N_("No, keep it")
CONNECT = N_("Connect my phone number")

GROUPS: dict[str, str] = {
    "water": N_("Water"),
    "roads": N_("Roads and buses"),
    "municipal": N_("Streets, parks, rubbish"),
    "energy": N_("Electricity"),
    "health": N_("Health"),
    "education": N_("Schools"),
    "documents": N_("Documents"),
    "property": N_("Land and houses"),
    "vehicles": N_("Cars and driving"),
    "social": N_("Pensions and benefits"),
    "business": N_("Shops and business"),
}
"""Groups of services that are common enough to have words; another one is shown as it is named."""


def say(label: str, language: str) -> str:
    """A label in a language."""
    return translator(language).gettext(label)


def group_name(group: str, language: str) -> str:
    """A group of services in words."""
    return say(GROUPS[group], language) if group in GROUPS else group.replace("_", " ").capitalize()


def language_name(code: str) -> str:
    """A language in its own words."""
    return LANGUAGES.get(code, code)
