"""What the hotline says: sentences in the languages of the deployment, as TwiML, by a voice or from recordings.

Twilio's voices speak most languages and not all. For one that has none, or where a person's own voice is wanted, the
deployment records the sentences and names the folder they are in (`OMBUD_VOICE_AUDIO`); each is then played from
`<folder>/<name>.mp3`, with the names of `SENTENCES`, `choose-1.mp3` … and one file per letter and digit.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from core.i18n import translator


def N_(sentence: str) -> str:  # noqa: N802  (the name gettext's tools look for)
    """Mark a sentence for translation; it is translated where it is said."""
    return sentence


VOICES: Final[Mapping[str, tuple[str, str]]] = {
    "en": ("en-GB", "Polly.Amy"),
    "bn": ("bn-IN", "Google.bn-IN-Standard-A"),
    "ru": ("ru-RU", "Polly.Tatyana"),
}
"""Language and voice of `<Say>`. Twilio has no Albanian one (its lists of Polly and Google voices, 2026)."""

SENTENCES: Final[Mapping[str, str]] = {
    "welcome": N_("This is the line of %(government)s for complaints and questions."),
    "choose": N_("For English, press %(digit)s."),
    "notice": N_(
        "Your message is recorded. Only the office that must answer you, and those who check on it, can hear it. "
        "You do not have to say your name."
    ),
    "speak": N_("Say what happened and where after the tone. When you are done, press the hash key or hang up."),
    "nothing_heard": N_("We heard nothing. Please try again."),
    "thanks": N_("Thank you. We have your message."),
    "reference": N_("This is the number of your message. You can ask about it with this number."),
    "once_more": N_("Once more."),
    "by_text": N_("We send it to your phone too, as a text message."),
    "pin": N_("And this is your code. With the number and the code you can read the answer."),
    "call_back": N_("We will call you back."),
    "call_again": N_("We do not see your number, so we cannot call you back. Please call again and leave a message."),
    "goodbye": N_("Goodbye."),
}
"""Every sentence by its name; a recording has the same name."""

VOICE_MESSAGE: Final = N_("(voice message, %(length)s)")
MISSED_CALL: Final = N_("(missed call, no message)")
"""What stands in place of words that nobody has written down yet."""


@dataclass(frozen=True, slots=True)
class Line:
    """The hotline of an installation. `audio` is the folder of recordings by language.

    `any_voice` is true for the simulator, which shows what is said instead of saying it, so in every language.
    """

    public_url: str
    account_sid: str
    auth_token: str
    government: str
    languages: tuple[str, ...]
    seconds: int = 180
    audio: Mapping[str, str] | None = None
    any_voice: bool = False

    @property
    def offered(self) -> tuple[str, ...]:
        """Languages the hotline can speak, at most nine: one digit each. The first of all where it speaks none."""
        spoken = tuple(
            lang for lang in self.languages if self.any_voice or lang in VOICES or lang in (self.audio or {})
        )
        return (spoken or self.languages[:1])[:9]


def mute(languages: Sequence[str], audio: Mapping[str, str]) -> list[str]:
    """Languages that have neither a voice nor recordings, so that the hotline leaves them out."""
    return [language for language in languages if language not in VOICES and language not in audio]


def say(line: Line, language: str, name: str, *, digit: str = "", sound: str = "") -> str:
    """One sentence as TwiML."""
    folder = (line.audio or {}).get(language)
    if folder:
        return verb("Play", text=f"{folder.rstrip('/')}/{sound or name}.mp3")
    words = translator(language).gettext(SENTENCES[name]) % {"government": line.government, "digit": digit}
    return _spoken(language, words)


def spell(line: Line, language: str, code: str) -> str:
    """A code, character by character, with a rest between its groups."""
    groups = [group for group in code.upper().split("-") if group]
    folder = (line.audio or {}).get(language)
    rest = verb("Pause", {"length": "1"})
    if folder:
        played = [
            "".join(verb("Play", text=f"{folder.rstrip('/')}/{c.lower()}.mp3") for c in group) for group in groups
        ]
        return rest.join(played)
    return rest.join(_spoken(language, ", ".join(group) + ".") for group in groups)


def _spoken(language: str, words: str) -> str:
    tag, voice = VOICES.get(language, (language, ""))
    return verb("Say", {"language": tag, **({"voice": voice} if voice else {})}, text=words)


def verb(name: str, attributes: Mapping[str, str] | None = None, inside: str = "", *, text: str = "") -> str:
    """One element; `inside` is TwiML already, `text` is not.

    By hand, for twilio.twiml would cost the web process 2.3 MB and 19 ms for what is ten lines here.
    """
    given = "".join(f" {key}={quoteattr(value)}" for key, value in (attributes or {}).items())
    content = inside + escape(text)
    return f"<{name}{given}>{content}</{name}>" if content else f"<{name}{given}/>"


def document(*verbs: str) -> str:
    """A whole answer to Twilio."""
    return f'<?xml version="1.0" encoding="UTF-8"?><Response>{"".join(verbs)}</Response>'
