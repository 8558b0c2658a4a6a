"""A survey as a file: JSON to take to another installation and back, CSV to give to a translator. Pure."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from core.errors import BadInput
from core.texts import clean
from surveys.differences import KINDS, conditions
from surveys.faults import LONGEST_WORDS
from surveys.flow import Condition, Kind, Option, Question, store

FORMAT = 1
"""Version of the file's form."""
LARGEST = 200_000
"""Bytes of a file."""
MOST = 50
"""Questions, choices, conditions or languages in one list; what fits a survey is checked after it was read."""


@dataclass(frozen=True, slots=True)
class File:
    """What a file says of a survey."""

    title: str
    note: str
    questions: tuple[Question, ...]


def to_json(code: str, version: int, kind: str, title: str, note: str, questions: Sequence[Question]) -> str:
    """The file of a version; `from_json` gives its questions back."""
    told = {"ombud_survey": FORMAT, "code": code, "version": version, "kind": kind, "title": title, "note": note}
    return json.dumps({**told, "questions": store(questions)}, ensure_ascii=False, indent=2) + "\n"


def from_json(raw: str) -> File:
    """Read a file. Raises BadInput, naming the place of what cannot be read and what would be right."""
    if len(raw.encode()) > LARGEST:
        raise _unreadable("file", f"It is longer than {LARGEST // 1000} KB.")
    try:
        given = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise _unreadable("file", "It is no JSON.") from error
    whole = _object(given, "file")
    if whole.get("ombud_survey") != FORMAT:
        raise _unreadable("ombud_survey", f"It should say {FORMAT}: the file is not one that was exported here.")
    questions = tuple(
        _question(one, f"questions/{place}") for place, one in enumerate(_list(whole.get("questions"), "questions"))
    )
    return File(_text(whole.get("title"), "title"), _text(whole.get("note"), "note"), questions)


def to_csv(questions: Sequence[Question], languages: Sequence[str], names: Mapping[str, str]) -> str:
    """One line a question and one a choice, with a column a language; what begins like a formula is made plain text."""
    written = io.StringIO()
    lines = csv.writer(written)
    lines.writerow(["question", "choice", "answered with", "put", *(names[language] for language in languages)])
    for one in questions:
        words = [one.words.get(language, "") for language in languages]
        lines.writerow(map(_cell, [one.code, "", KINDS[one.kind], conditions(one) or "to everybody", *words]))
        for option in one.options:
            said = [option.words.get(language, "") for language in languages]
            lines.writerow(map(_cell, [one.code, option.code, "", "", *said]))
    return written.getvalue()


def _cell(text: str) -> str:
    return f"'{text}" if text[:1] in ("=", "+", "-", "@") else text


def _question(given: object, at: str) -> Question:
    one = _object(given, at)
    kind = one.get("kind")
    if not isinstance(kind, str) or kind not in list(Kind):
        raise _unreadable(f"{at}/kind", f"It should be one of {', '.join(Kind)}.")
    options = tuple(
        _option(option, f"{at}/options/{place}")
        for place, option in enumerate(_list(one.get("options") or [], f"{at}/options"))
    )
    when = tuple(
        _condition(rule, f"{at}/when/{place}") for place, rule in enumerate(_list(one.get("when") or [], f"{at}/when"))
    )
    return Question(
        _code(one.get("code"), f"{at}/code"), Kind(kind), _words(one.get("words"), f"{at}/words"), options, when
    )


def _option(given: object, at: str) -> Option:
    one = _object(given, at)
    return Option(_code(one.get("code"), f"{at}/code"), _words(one.get("words"), f"{at}/words"))


def _condition(given: object, at: str) -> Condition:
    rule = _object(given, at)
    values = frozenset(_text(value, f"{at}/values") for value in _list(rule.get("values") or [], f"{at}/values"))
    low, high = (_bound(rule.get(name), f"{at}/{name}") for name in ("low", "high"))
    return Condition(_code(rule.get("question"), f"{at}/question"), values, low, high)


def _bound(given: object, at: str) -> int | None:
    if given is not None and (not isinstance(given, int) or isinstance(given, bool) or abs(given) > 10**6):
        raise _unreadable(at, "It should be a whole number, or be left out.")
    return given


def _words(given: object, at: str) -> dict[str, str]:
    named = _object({} if given is None else given, at)
    said = {clean(str(language), 8): _text(text, f"{at}/{language}") for language, text in list(named.items())[:MOST]}
    return {language: text for language, text in said.items() if language and text}


def _code(given: object, at: str) -> str:
    if not (code := _text(given, at)):
        raise _unreadable(at, "It should be a code.")
    return code


def _text(given: object, at: str) -> str:
    if given is not None and not isinstance(given, str):
        raise _unreadable(at, "It should be text.")
    return clean(given or "", 2 * LONGEST_WORDS)


def _list(given: object, at: str) -> list[object]:
    if not isinstance(given, list) or len(given) > MOST:
        raise _unreadable(at, f"It should be a list of at most {MOST}.")
    return given


def _object(given: object, at: str) -> dict[str, object]:
    if not isinstance(given, dict):
        raise _unreadable(at, "It should be an object, as { … }.")
    return cast(dict[str, object], given)


def _unreadable(at: str, why: str) -> BadInput:
    return BadInput(
        f"The file cannot be read at {at}.",
        mend="Nothing was changed. Export a survey to see the form.",
        fields={"file": f"{at}: {why}"},
    )
