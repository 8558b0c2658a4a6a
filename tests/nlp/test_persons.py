"""People who are known by name are found whatever stands before them, and ordinary words are let be."""

import time

import pytest

from nlp.persons import persons
from nlp.redaction import redact

PEOPLE = [
    ("Arben Gjolleshi", {"water"}),
    ("Alina Rybnikova", {"water"}),
    ("Hope Marsh", {"water"}),
    ("Мария Иванова", {"roads"}),
    ("রহিমা খাতুন", {"roads"}),
    ("Jean-Luc O’Neill", {"roads"}),
    ("Dorothy Waters", {"roads"}),
    ("Ilirka", {"water"}),
]
KNOWN = persons(PEOPLE, ["Water Works", "Kelda Municipality", "Marsh Street", "No waters"])


@pytest.mark.parametrize(
    ("text", "near", "writer", "expected"),
    [
        ("arben gjolleshi shouted at me", (), "", "[name] shouted at me"),
        ("GJOLLESHI ARBEN SHOUTED", (), "", "[name] SHOUTED"),
        ("I waited for Gjolleshi all day", (), "", "I waited for [name] all day"),
        ("e pyeta Gjolleshit dhe Rybnikovën", (), "", "e pyeta [name] dhe [name]"),
        ("говорил с Ивановой, Ивановым тоже", (), "", "говорил с [name], [name] тоже"),
        ("Gjolleshi’s desk was empty", (), "", "[name] desk was empty"),
        ("রহিমা খাতুন কাজ করেননি", (), "", "[name] কাজ করেননি"),
        ("Jean-Luc O'Neill never came", (), "", "[name] never came"),
        ("Arben is never there", (), "", "Arben is never there"),
        ("Arben is never there", ("water",), "", "[name] is never there"),
        ("Ilirka helped me", ("water",), "", "[name] helped me"),
        ("gjolleshi is rude, i hope you mend it", ("water",), "", "[name] is rude, i hope you mend it"),
        ("gjolleshi is rude", ("roads",), "", "gjolleshi is rude"),
        ("the pipe in Marsh Street, dirty Waters", ("water", "roads"), "", "the pipe in Marsh Street, dirty Waters"),
        ("Hope Marsh lives in Marsh Street", (), "", "[name] lives in Marsh Street"),
        ("this is flora kasa, FLORA again", (), "Flora Kasa", "this is [name] [name], [name] again"),
        ("no water in kelda since monday", (), "Flora Kasa", "no water in kelda since monday"),
        ("Mr. Arben Gjolleshi, 069 123 4567", (), "", "Mr. [name], [phone]"),
        ("", (), "", ""),
    ],
)
def test_table(text: str, near: tuple[str, ...], writer: str, expected: str) -> None:
    once = redact(text, lambda shown: KNOWN.find(shown, near, writer))
    assert once == expected
    assert redact(once, lambda shown: KNOWN.find(shown, near, writer)) == once


@pytest.mark.parametrize("piece", ["Arben ", "gjolleshi Arben ", "a", "é", "'", "ক্"])
def test_hostile_texts_take_linear_time(piece: str) -> None:
    start = time.process_time()
    KNOWN.find(piece * (100_000 // len(piece)), ("water",), "Flora Kasa")
    assert time.process_time() - start < 2


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Waterman keeps the files", False),
        ("The files. “Waterman keeps them", False),
        ("The files are with Waterman", True),
        ("Anna Waterman keeps the files", True),
    ],
)
def test_where_words_would_be_refused_the_start_of_a_sentence_is_no_name(text: str, found: bool) -> None:
    known = persons([("Anna Waterman", {"water"})], [])
    assert bool(known.find(text, surely=True)) is found
    assert known.find(text)
