"""Yes or no, in four languages and their scripts, as people text it; and replies that pass a question over."""

from surveys.said import fold, tokens, within, words

SHORT = 6
"""Words from which a reply that begins with yes or no says more than that."""


def read_yes_no(text: str) -> bool | None:
    """Whether a reply says yes; None where it says neither, or both.

    A word for yes or no decides where it stands at the beginning, or among words that only go along with it. "да нет"
    and "জি না" are no.
    """
    if text.strip() in ("👍", "✅", "👌"):
        return True
    if text.strip() in ("👎", "❌", "🚫"):
        return False
    known, said = words(), tokens(fold(text))
    if not said or any(word in known["maybe"] for word in said[:2]):
        return None
    denied = [within(word, known["no"]) for word in said]
    agreed = [within(word, known["yes"]) for word in said]
    along = all(
        no or yes or word in known["around"] or word in known["echo"]
        for word, no, yes in zip(said, denied, agreed, strict=True)
    )
    if along:
        if any(denied):
            return False
        return True if any(agreed) or any(word in known["echo"] for word in said) else None
    if agreed[0]:
        return not any(denied[1:2])
    if denied[0]:
        return False
    if len(said) <= SHORT and said[-1] in _PLAIN:
        return _PLAIN[said[-1]]  # "к сожалению да"
    return None


_PLAIN = {"yes": True, "no": False, "да": True, "нет": False, "হ্যা": True, "না": False, "po": True, "jo": False}
"""What says yes or no also at the end of a few words."""


def says_more(text: str, *, yes: bool) -> bool:
    """Whether a reply that says yes, or no, tells something besides."""
    known = words()
    beside = [
        word
        for word in tokens(fold(text))
        if not any(word in known[name] for name in ("yes", "no", "around", "echo", "filler"))
        and not within(word, known["yes"] | known["no"])
    ]
    # a no needs no words: what stands beside it tells something only when it is more than a word or two
    return len(beside) > (0 if yes else 2)


def is_unsure(text: str) -> bool:
    """A reply that is "maybe" and hardly more."""
    known, said = words(), tokens(fold(text))
    return 0 < len(said) <= SHORT and any(word in known["maybe"] for word in said)


def passes(text: str) -> bool:
    """Whether a reply passes the question over: "I don't want to say", "не помню"."""
    known, said = words(), tokens(fold(text))
    return 0 < len(said) <= SHORT and known.has("pass", said)


def says_nothing(text: str) -> bool:
    """Whether a reply to "what else?" is: nothing."""
    said = tuple(word for word in tokens(fold(text)) if word not in _MANNERS)
    lines = words().lines["nothing"]
    known, telling = {word for line in lines for word in line}, {line[0] for line in lines if len(line) == 1}
    return said in lines or (0 < len(said) <= SHORT and set(said) <= known and not telling.isdisjoint(said))


_MANNERS = frozenset("thanks thank you thx ok okay faleminderit flm спасибо ধন্যবাদ please".split())
