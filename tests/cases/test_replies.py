"""How a reply is read, and what plainly belongs to a case: the rules alone."""

from datetime import timedelta

import pytest

from cases.contacts import HELP_WORDS, word_of
from cases.replies import Earlier, Option, Verdict, agrees, chosen, judge, number_in
from core.ids import new_id
from tests.builders import NOW

CASE, OTHER = new_id(), new_id()


def earlier(**values: object) -> Earlier:
    return Earlier(CASE, "WAT1", **values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "known", "code", "verdict"),
    [
        ("no water", [], "", Verdict.new),
        ("thanks", [earlier()], "", Verdict.belongs),
        ("👍", [earlier()], "", Verdict.belongs),
        ("4", [earlier()], "", Verdict.belongs),
        ("and more", [earlier(heard_at=NOW - timedelta(minutes=14))], "", Verdict.belongs),
        ("and more", [earlier(heard_at=NOW - timedelta(minutes=16))], "", Verdict.ask),
        ("WAT1 more", [earlier(heard_at=NOW - timedelta(minutes=2))], "WAT1", Verdict.belongs),
        ("CIV1 else", [earlier(heard_at=NOW - timedelta(minutes=2))], "CIV1", Verdict.new),
        ("WAT1 again", [earlier(heard_at=NOW - timedelta(days=2))], "WAT1", Verdict.new),
        ("not yet", [earlier(said="answer", said_at=NOW - timedelta(hours=23))], "", Verdict.belongs),
        ("not yet", [earlier(said="answer", said_at=NOW - timedelta(hours=25))], "", Verdict.ask),
        ("house 4", [earlier(said="question", said_at=NOW - timedelta(days=13))], "", Verdict.belongs),
        ("house 4", [earlier(said="question", said_at=NOW - timedelta(days=15))], "", Verdict.ask),
        ("else", [Earlier(OTHER, "CIV1"), earlier(heard_at=NOW)], "", Verdict.belongs),
    ],
)
def test_what_is_plain(text: str, known: list[Earlier], code: str, verdict: Verdict) -> None:
    found, case_id = judge(text, known, NOW, office_code=code)
    assert found is verdict
    assert (case_id is not None) == (verdict is Verdict.belongs)
    assert case_id != OTHER


OPTIONS = (Option("a", "Water supply", ("Ujë", "Вода")), Option("b", "Passports", ("পাসপোর্ট",)), Option("c", "Noise"))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", "a"),
        ("1.", "a"),
        ("(1)", "a"),
        ("১", "a"),
        ("١", "a"),
        ("1️⃣", "a"),
        ("３", "c"),
        ("water suply", "a"),
        ("Watersupply", "a"),
        ("uje", "a"),
        ("вода", "a"),
        ("পাসপোর্ট", "b"),
        ("pasports", "b"),
        ("nois", "c"),
        ("4", None),
        ("0", None),
        ("-1", "a"),
        ("1st floor has no light", None),
        ("", None),
        ("…", None),
        ("x" * 5000, None),
        ("there is a lot of noise in front of the school", None),
    ],
)
def test_chosen(text: str, value: str | None) -> None:
    found = chosen(text, OPTIONS)
    assert (found.value if found else None) == value


def test_small_words() -> None:
    assert {word_of(text) for text in ("0", "০", "menu", "MENU.", "menyja", "মেনু", "меню", "/menu")} <= HELP_WORDS
    assert [number_in(text) for text in ("7", "৭", "7️⃣")] == [7, 7, 7]
    assert not any(number_in(text) for text in ("1000", "7 8", "seven", ""))
    assert all(agrees(text) for text in ("yes", "OK.", "po", "হ্যাঁ", "да", "👍"))
    assert not any(agrees(text) for text in ("yes but the pump", "no", ""))
