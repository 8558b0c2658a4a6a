"""The table of replies: 729 written out in four languages, and what each must become. Right at 98% in every language,
and no report of money missed."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from surveys import reading
from surveys.flow import Condition, Given, Kind, Option, Question
from surveys.landing import land
from surveys.replies import Heard, Standing
from tests.builders import NOW

LANGUAGES = ("en", "sq", "bn", "ru")
QUESTIONS = (
    Question("rating", Kind.rating),
    Question(
        "reason",
        Kind.choice,
        options=tuple(Option(code, {}) for code in ("wait", "staff", "papers", "unclear", "closed", "other")),
        when=(Condition("rating", low=1, high=3),),
    ),
    Question("money", Kind.yes_no),
    Question("minutes", Kind.number, when=(Condition("reason", frozenset({"wait"})),)),
    Question("visits", Kind.number, when=(Condition("reason", frozenset({"papers"})),)),
    Question("words", Kind.text),
)
BEFORE: dict[str, Given] = {
    "rating": {},
    "reason": {"rating": 2},
    "money": {"rating": 4},
    "minutes": {"rating": 2, "reason": "wait", "money": 0},
    "visits": {"rating": 3, "reason": "papers", "money": 0},
    "words": {"rating": 4, "money": 0},
    "done": {"rating": 4, "money": 0, "words": None},
}
"""What was answered before each question of the table is asked; `done`: nothing is asked any more."""


@dataclass(frozen=True)
class Line:
    """One line of the table."""

    language: str
    asked: str
    expected: str
    reply: str


def lines(name: str) -> list[Line]:
    text = (Path(__file__).parent / name).read_text("utf-8")
    return [Line(*row.split("\t")) for row in text.splitlines() if row and not row.startswith("#")]


TABLE, UNSEEN = lines("replies.tsv"), lines("replies_unseen.tsv")


def standing(asked: str) -> Standing:
    given = BEFORE[asked]
    put = [*given, *([asked] if asked not in ("done",) else [])]
    return Standing(QUESTIONS, given, tuple((code, NOW + timedelta(minutes=at)) for at, code in enumerate(put)))


def became(line: Line) -> str:
    """What a reply is taken for, in the words of the table."""
    before = standing(line.asked)
    landed = land(before, Heard(line.reply, NOW + timedelta(minutes=30)), LANGUAGES)
    said = [f"{code}={value}" for code, value in landed.values.items() if value is not None and code != "words"]
    if None in landed.values.values() and not landed.courtesy and not landed.words:
        said.append("pass")
    if landed.doubt:
        said.append("ask")
    if landed.words or landed.values.get("words"):
        said.append("words")
    now = {**before.given, **landed.values}
    low = isinstance(now.get("rating"), int) and int(now["rating"] or 5) <= 2 and landed.words
    if landed.values.get("money") == 1 or reading.is_complaint(landed.words) or low:
        said.append("case")
    if not said:
        said.append("nothing" if landed.taken else "none")
    return " ".join(sorted(said))


def wrong(table: list[Line]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for line in table:
        got, wanted = became(line), " ".join(sorted(line.expected.split()))
        if got != wanted:
            found[line.language].append(f"{line.asked}: {line.reply!r} is {got!r}, not {wanted!r}")
    return found


def test_the_table_is_as_large_as_it_must_be() -> None:
    assert len({(line.language, line.asked, line.reply) for line in TABLE + UNSEEN}) == len(TABLE + UNSEEN) >= 700
    assert {line.language for line in TABLE} == set(LANGUAGES)


@pytest.mark.parametrize("table", [TABLE, UNSEEN], ids=["table", "unseen"])
def test_replies_become_what_they_say(table: list[Line]) -> None:
    mistakes = wrong(table)
    shown = [f"{language} {one}" for language, all_ in mistakes.items() for one in all_]
    for language in LANGUAGES:
        of_it = sum(line.language == language for line in table)
        assert len(mistakes[language]) <= 0.02 * of_it, "\n".join(shown)
    assert len(shown) <= 0.02 * len(table), "\n".join(shown)


def test_no_report_of_money_is_missed() -> None:
    told = [line for line in TABLE + UNSEEN if "money=1" in line.expected]
    assert len(told) >= 100
    assert [line.reply for line in told if "money=1" not in became(line).split()] == []


PRAISE = """
the lady at window 3 was kind
nobody asked for money and it was fast
the new system is much better than before
nothing to complain about
parking is hard to find
punonjësja ishte shumë e sjellshme
më shpjeguan gjithçka qartë
pa asnjë problem
আপা খুব আন্তরিক ছিলেন
কোনো সমস্যা হয়নি
বসার জায়গা বাড়ান
очень вежливая девушка, всё объяснила
никаких проблем
охранник подсказал куда идти
"""
TROUBLE = """
the lift is still broken
somebody stole my bicycle in your yard
they never sent the certificate
my name is wrong on the card
dritat e rrugës nuk punojnë
më vodhën çantën në sallë
ende nuk kam marrë letrën
রাস্তার বাতি এখনও নষ্ট
আমার মোবাইল চুরি হয়েছে
дорога до сих пор разбита
у меня украли телефон
во дворе прорвало трубу
"""


def test_complaints_are_told_from_praise_and_wishes() -> None:
    assert [text for text in PRAISE.strip().split("\n") if reading.is_complaint(text)] == []
    assert [text for text in TROUBLE.strip().split("\n") if not reading.is_complaint(text)] == []
