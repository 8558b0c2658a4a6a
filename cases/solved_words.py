"""What a reply to "is it solved?" says: rules without a database."""

from cases.replies import number_in
from core.texts import clean
from nlp.courtesy import is_only_thanks
from routing.names import fold, words_of


def _folded(words: str) -> frozenset[str]:
    return frozenset(fold(words).split())


_YES = _folded(
    "yes yep yeah ok okay solved fixed done resolved po dakord zgjidh zgjidhur rregull rregulluar "
    "হ্যাঁ হ্যা জি জ্বি হয়েছে সমাধান ঠিক hae hyan ji да ага решено решен решена ок устранено"
)
_NO = _folded("no nope not unsolved never jo nuk ska না নাই হয়নি nai noy нет не нету неа")
_FILLERS = _folded("it is its now all already u është eshte tani e i ne në এখন এটা সব все уже это хорошо good mire mirë")
FEW = 4
"""Words of a plain yes; a longer one tells more, and is read by a person."""


def solved(text: str) -> bool | None:
    """Whether a reply says that the matter is solved; None for what says neither plainly.

    A no may go on with what is still wrong. A yes that goes on is none: "yes but the road is still open".
    """
    number = number_in(text)
    if number is not None:
        return {1: True, 2: False}.get(number)
    if clean(text) in ("👍", "✅"):
        return True
    if clean(text) in ("👎", "❌"):
        return False
    words = words_of(text)
    if not words:
        return None
    if words[0] in _NO or (len(words) <= FEW and any(word in _NO for word in words)):
        return False
    if len(words) <= FEW and any(w in _YES for w in words) and all(w in _YES or w in _FILLERS for w in words):
        return True
    return True if words[0] in _YES and is_only_thanks(" ".join(words[1:])) else None


def says_more(text: str) -> bool:
    """Whether a no comes with words that tell what is wrong."""
    return number_in(text) is None and len(words_of(text)) > 1
