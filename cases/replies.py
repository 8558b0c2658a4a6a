"""What a citizen's reply means, and whether a message belongs to a case: rules without a database."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from core.texts import clean, latin_digits
from nlp.courtesy import is_only_thanks
from routing.names import fold, words_of


class Step(StrEnum):
    """Where a conversation stands: what was asked last."""

    # a guide, before there is a case
    language = "language"
    topic = "topic"
    where = "where"
    words = "words"
    confirm = "confirm"
    # about a case that is there already
    service = "service"
    place = "place"
    # about a message that may belong to one
    belongs = "belongs"
    # about a case the citizen wants to take back
    take_back = "take_back"
    # let go, but an answer still counts
    lapsed = "lapsed"


GUIDE = frozenset({Step.language, Step.topic, Step.where, Step.words, Step.confirm})
MOST_QUESTIONS = 2
"""Questions about one message, whatever the answers."""
CLOSE = 82.0
"""Likeness, of a hundred, from which a mistyped name is taken for one that was offered."""
FEW_WORDS = 5
"""A reply of more words tells something; it is not looked at as a mistyped name."""
_YES = frozenset("yes y ok okay send po dakord dërgo dergo হ্যাঁ হ্যা পাঠান да ок отправить отправь".split())
_KEYCAP = dict.fromkeys((0xFE0F, 0x20E3))


@dataclass(frozen=True, slots=True)
class Option:
    """One thing to choose. `names` are further words for it, in any language."""

    value: str
    label: str
    names: tuple[str, ...] = ()

    def as_json(self) -> dict[str, object]:
        """As it is kept with the conversation."""
        return {"value": self.value, "label": self.label, "names": list(self.names)}


def option_of(kept: Mapping[str, object]) -> Option:
    """An option as it was kept."""
    names = kept.get("names")
    return Option(str(kept["value"]), str(kept["label"]), tuple(map(str, names)) if isinstance(names, list) else ())


def number_in(text: str) -> int | None:
    """The number a reply consists of, in the digits of any script: `2`, `2.`, `২`, `2️⃣`."""
    bare = latin_digits(clean(text).translate(_KEYCAP)).strip(" .):#(-!")
    return int(bare) if bare.isascii() and bare.isdigit() and len(bare) <= 3 else None


def chosen(text: str, options: Sequence[Option]) -> Option | None:
    """The option a reply names: by its number, its name, or its name with a slip; None for anything else."""
    number = number_in(text)
    if number is not None:
        return options[number - 1] if 1 <= number <= len(options) else None
    said = " ".join(words_of(text))
    if not said:
        return None
    exact = [option for option in options if said in _folded(option)]
    if exact:
        return exact[0]
    if len(said.split()) > FEW_WORDS:
        return None
    from rapidfuzz import fuzz, process  # 3 MB that a web process hardly ever needs

    names = [(name, option) for option in options for name in _folded(option) if name]
    found = process.extractOne(said, [name for name, _ in names], scorer=fuzz.ratio, score_cutoff=CLOSE)
    return names[found[2]][1] if found is not None else None


def _folded(option: Option) -> list[str]:
    return [" ".join(words_of(name)) for name in (option.label, *option.names)]


def agrees(text: str) -> bool:
    """Whether a reply says yes in one of our languages, or with a thumb."""
    words = fold(clean(text)).strip(" .!").split()
    return clean(text) in ("👍", "✅") or (len(words) == 1 and words[0] in _YES)


# -- does a message belong to a case -------------------------------------------------------------------------------

SOON = timedelta(minutes=15)
"""People tell one story in several messages; one this soon after the last belongs to the same case."""
AFTER_ANSWER = timedelta(hours=24)
"""A message this soon after an office's answer is a reply to it."""
AFTER_QUESTION = timedelta(days=14)
"""An office's question waits this long for its answer, even where the work went on without it."""


class Verdict(StrEnum):
    """What a further message is."""

    belongs = "belongs"
    ask = "ask"
    new = "new"


@dataclass(frozen=True, slots=True)
class Earlier:
    """A case of the same citizen, as the rule sees it: when they last wrote about it, and what we last said of it
    (`answer`, `question`), if that was the last we said to them at all.
    """

    case_id: UUID
    office_code: str
    heard_at: datetime | None = None
    said: str = ""
    said_at: datetime | None = None


def judge(
    text: str, earlier: Sequence[Earlier], now: datetime, *, office_code: str = ""
) -> tuple[Verdict, UUID | None]:
    """Whether a message belongs to one of the citizen's cases (newest first), is new, or must be asked about.

    `office_code` is the code the message begins with, as posters ask for: who writes one to another office, or long
    after, reports something new.
    """
    if not earlier:
        return Verdict.new, None
    if is_only_thanks(text) or number_in(text) is not None:  # a number alone is a late answer, never a matter
        return Verdict.belongs, earlier[0].case_id
    soon = next((one for one in earlier if one.heard_at is not None and now - one.heard_at <= SOON), None)
    if office_code:
        same = soon is not None and soon.office_code == office_code
        return (Verdict.belongs, soon.case_id) if same and soon is not None else (Verdict.new, None)
    if soon is not None:
        return Verdict.belongs, soon.case_id
    for one in earlier:
        patience = {"answer": AFTER_ANSWER, "question": AFTER_QUESTION}.get(one.said)
        if patience is not None and one.said_at is not None and now - one.said_at <= patience:
            return Verdict.belongs, one.case_id
    return Verdict.ask, None


def joined(texts: Iterable[str]) -> str:
    """Several messages as one text."""
    return "\n".join(dict.fromkeys(text for text in map(clean, texts) if text))
