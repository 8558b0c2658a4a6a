"""What could point to a person is struck out; what the office needs stays."""

import time
from functools import partial
from pathlib import Path

import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st

from core.errors import Misconfigured
from nlp.names import People
from nlp.redaction import redact


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("call 069 123 4567 now", "call [phone] now"),
        ("+355 69 123 4567", "[phone]"),
        ("0035569123456, or (069) 12-34-567.", "[phone], or [phone]."),
        ("৳ ০১৭১২-৩৪৫৬৭৮ নম্বরে", "৳ [phone] নম্বরে"),
        ("write to first.last+tag@mail.example pls", "write to [e-mail] pls"),
        ("почта иван@пример.рф", "почта [e-mail]"),
        ("see https://a.example/b?c=1 and www.d.example", "see [link] and [link]"),
        ("chat t.me/somebody", "chat [link]"),
        ("ask @somebody", "ask [handle]"),
        ("ID J51234567K", "ID [number]"),
        ("account 12345678901234567890", "account [number]"),
        ("contract 1234567", "contract [number]"),
        ("on 12.03.2026 I paid 14,200", "on 12.03.2026 I paid 14,200"),
        ("since 2026-03-12, house 14, km 8, bus 21", "since 2026-03-12, house 14, km 8, bus 21"),
        ("reference K7QF-3M9V", "reference K7QF-3M9V"),
        ("IBAN AL47 2121 1009 0000 0002 3569 8741 please", "IBAN [number] please"),
        ("Mr. John Smith took my phone", "Mr. [name] took my phone"),
        ("My name is Arta Hoxha from Kelda", "My name is [name] from Kelda"),
        ("Quhem Agim Kola dhe jetoj", "Quhem [name] dhe jetoj"),
        ("врач Иванова Мария Петровна кричала", "врач [name] кричала"),
        ("Сергей Иванович Коваль не ответил", "[name] не ответил"),
        ("আমার নাম রহিম উদ্দিন, পানি নেই", "আমার নাম [name], পানি নেই"),
        ("the doctor did not come, Director of nothing", "the doctor did not come, Director of nothing"),
        ("open 08:00-12:00, 13:00-16:30", "open 08:00-12:00, 13:00-16:30"),
        ("", ""),
    ],
)
def test_table(text: str, expected: str) -> None:
    assert redact(text) == expected


def test_names_are_found_by_a_model_where_one_is_installed(tmp_path: Path) -> None:
    model = spacy.blank("sq")
    ruler = model.add_pipe("entity_ruler")
    ruler.add_patterns([{"label": "PER", "pattern": "Arta"}, {"label": "LOC", "pattern": "Kelda"}])  # type: ignore[attr-defined]
    model.to_disk(tmp_path / "names")
    people = People({"sq": str(tmp_path / "names"), "ru": str(tmp_path / "missing")})
    assert redact("Arta nga Kelda, Mr. Arta", partial(people.find, language="sq")) == "[name] nga Kelda, Mr. [name]"
    assert redact("Arta nga Kelda", partial(people.find, language="en")) == "Arta nga Kelda"
    with pytest.raises(Misconfigured, match="OMBUD_NAME_MODELS"):
        people.find("Арта", "ru")


@given(st.text(max_size=400))
def test_twice_changes_nothing_more(text: str) -> None:
    once = redact(text)
    assert redact(once) == once


@pytest.mark.parametrize(
    "piece", ["1 ", "a", "AB1", "a@", "1", "+", "www.", "@a", "(1", "Mr A ", "Иванович ", "AB12 1234 "]
)
def test_hostile_texts_take_linear_time(piece: str) -> None:
    start = time.process_time()
    redact(piece * (100_000 // len(piece)))
    assert time.process_time() - start < 2
