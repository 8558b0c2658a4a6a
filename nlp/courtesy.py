"""Thanks and other courtesies: messages that ask for nothing."""

import re
import unicodedata

_WORDS = frozenset(
    (
        "thanks thank you thx tnx ty very much many so a lot ok okay great good fine perfect all bye cheers "
        "appreciated solved it is works now faleminderit flm shume shumë rrofshi mire mirë ne rregull në okej "
        "pershendetje përshëndetje ধন্যবাদ অনেক আপনাকে আচ্ছা ঠিক আছে "
        "спасибо большое огромное вам благодарю спс хорошо ладно ок всё отлично"
    ).split()
)
_CORE = frozenset(
    (
        "thanks thank thx tnx ty cheers appreciated ok okay faleminderit flm rrofshi okej "
        "ধন্যবাদ আচ্ছা спасибо благодарю спс ок"
    ).split()
)
_SIGNS = frozenset("👍🙏❤️😊🙂👌 \n\U0001f3fb\U0001f3fc\U0001f3fd\U0001f3fe\U0001f3ff")
_TOKEN = re.compile(r"[^\W\d_]+")
_BENGALI = re.compile(r"[\u0980-\u09FF]+")


def is_only_thanks(text: str) -> bool:
    """Whether a message only thanks or nods: every word of it is a courtesy, and one of them is thanks or assent.

    A thumbs-up or a heart alone counts too. Anything with a number or another word in it asks for an answer.
    """
    folded = unicodedata.normalize("NFC", text).casefold()
    if any(c.isdigit() for c in folded) or "?" in folded:
        return False
    words = _BENGALI.findall(folded) + _TOKEN.findall(_BENGALI.sub(" ", folded))
    if not words:
        return bool(folded.strip()) and all(
            c in "👍🙏❤️😊🙂👌 \n\U0001f3fb\U0001f3fc\U0001f3fd\U0001f3fe\U0001f3ff" for c in folded
        )
    return all(word in _WORDS for word in words) and any(word in _CORE for word in words)
