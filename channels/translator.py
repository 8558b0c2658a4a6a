"""Asking a translator as LibreTranslate is asked: `POST /translate` with q, source, target, format, api_key."""

from typing import Final

from core.errors import OmbudError

TIMEOUT: Final = 15.0  # seconds; somebody waits before the page
LONGEST: Final = 8000
"""Characters of one text that is sent."""


class TranslatorAway(OmbudError):
    """Nobody translates now: it is out of reach, too busy, or does not know the language."""

    status = 503
    title = "No translation now"


def translate(text: str, source: str, target: str, *, url: str, key: str = "") -> str:
    """A text in another language. Raises TranslatorAway, whose words are fit for who asked."""
    import httpx

    asked = {"q": text[:LONGEST], "source": source, "target": target, "format": "text"} | (
        {"api_key": key} if key else {}
    )
    try:
        answer = httpx.post(f"{url.rstrip('/')}/translate", json=asked, timeout=TIMEOUT, follow_redirects=False)
        told = answer.json()
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise TranslatorAway("The translator did not answer.", mend="Try again in a minute.") from error
    translated = told.get("translatedText") if isinstance(told, dict) else None
    if answer.status_code != 200 or not isinstance(translated, str):
        said = str(told.get("error") or "") if isinstance(told, dict) else ""
        why = f" It said: {said[:100]}" if said else ""
        raise TranslatorAway(f"The translator did not translate this.{why}", mend="Ask a colleague who reads it.")
    return translated.strip()
