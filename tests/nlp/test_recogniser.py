"""The trained recogniser: measured on sentences it has not seen, harmless to ordinary ones, quick, never failing."""

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp import integrity, recogniser
from nlp.tokens import tokens
from nlp.training import accusations, apart, prepare

INDIRECT = [
    "he kept my licence in his hand and asked whether I had forgotten something",
    "clerk hinted that a bottle of whisky makes stamps dry quicker",
    "nëpunësi më pyeti çfarë i kisha sjellë",
    "ghush chaise 5000 taka namjari korte",
    "держал мои права в руке и спрашивал, не забыл ли я чего",
]


@pytest.mark.parametrize("text", INDIRECT)
def test_what_no_rule_sees_is_recognised_with_its_words(text: str) -> None:
    assert integrity.accuses(text) is None
    found = recogniser.shipped().accuses(text)
    assert found is not None
    assert found.words
    assert all(word in tokens(text) for word in found.words)


def test_recall_and_false_alarms_on_unseen_sentences() -> None:
    """Measured: rules .34, both .77 of 83 accusing sentences; .14 of 44 ordinary ones that were made to be mistaken."""
    report = accusations.measure(recogniser.shipped())
    assert report["all"]["both"] >= 0.68
    assert report["all"]["both"] >= report["all"]["rules"] + 0.3
    assert report["all"]["false"] <= 0.16
    assert all(report[language]["both"] >= 0.55 for language in ("en", "sq", "bn", "ru"))


def test_hardly_an_ordinary_message_is_caught() -> None:
    texts = [example.text for example in prepare.starter().examples]
    assert sum(recogniser.shipped().accuses(text) is not None for text in texts) <= 0.03 * len(texts)


def test_the_weights_are_of_the_sentences_shipped() -> None:
    """After a change of the sentences or concepts: python -m nlp.training.accusations"""
    assert recogniser.shipped().card["sha256"] == accusations.fingerprint()


def test_other_languages_get_no_opinion() -> None:
    found = recogniser.shipped()
    assert found.accuses("Haftalardır suyumuz akmıyor, belediyeyi arıyoruz cevap veren yok") is None
    assert found.accuses("垃圾三天没有人来收，小区里到处都是臭味") is None


def test_one_sentence_of_a_long_letter_is_enough() -> None:
    letter = "The street lamp before our house went out in the storm and nobody has come to look at it. " * 4
    assert recogniser.shipped().accuses(letter) is None
    assert recogniser.shipped().accuses(letter + "He would not stamp it until I left something in the folder.")


def test_what_staff_found_is_learnt_and_used(tmp_path: Path) -> None:
    text = "he kept my licence in his hand and asked whether I had forgotten something"
    assert integrity.recognise(text, tmp_path) is not None
    card = apart.teach_accusations(tmp_path, [(text, "ordinary")] * 6)
    assert card["taught"] == 6
    assert integrity.recognise(text, tmp_path) is None
    (tmp_path / recogniser.FILE).write_bytes(b"torn")
    assert integrity.recognise(text, tmp_path) is not None  # the shipped ones go on


@given(st.text(max_size=300))
def test_never_fails(text: str) -> None:
    recogniser.shipped().accuses(text)


def test_quick_for_short_and_long() -> None:
    start = time.process_time()
    for text in INDIRECT * 20:
        recogniser.shipped().scores(tokens(text))
    assert (time.process_time() - start) / (20 * len(INDIRECT)) < 0.002  # measured .2 ms
    start = time.process_time()
    recogniser.shipped().accuses("officer took money. " * 6000)
    assert time.process_time() - start < 2
