"""Why a model says what it says."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nlp.architecture import inside
from nlp.classifier import Classifier
from nlp.features import Floats, Sparse
from nlp.reasons import weigh
from nlp.tokens import tokens
from nlp.training.prepare import parse
from nlp.training.train import train
from tests.nlp.conftest import NOW


@pytest.mark.parametrize(
    ("text", "label", "first"),
    [
        ("There is NO WATER in our house, please help", "water-outage", "NO WATER"),
        ("My Passport's renewal is late", "passport", "Passport's renewal"),
        ("pensioni s’ka ardhur këtë muaj", "pension", "pensioni"),
        ("Снова нет света в Санске!", "power-outage", "света"),
        ("রাস্তায় বড় গর্ত হয়েছে।", "pothole", "গর্ত"),
    ],
)
def test_the_words_that_weighed_most(starter_model: Classifier, text: str, label: str, first: str) -> None:
    found = starter_model.reasons(text, label)
    assert found[0].words == first
    assert 1 <= len(found) <= 5
    assert [reason.weight for reason in found] == sorted((reason.weight for reason in found), reverse=True)


def test_words_of_a_script_without_spaces() -> None:
    rows = "".join(f"小区{n}号楼停水了,water\n幸福路{n}号有个大坑,road\n" for n in range(10))
    model = train(parse("zh.csv", ("text,label\n" + rows).encode()), seed=0, now=NOW).classifier
    (first, *_) = model.reasons("我家昨天开始停水了请帮忙", "water")
    assert "停水" in first.words
    assert first.words in "我家昨天开始停水了请帮忙"


def test_nothing_speaks_for_an_unknown_label_or_a_text_without_words(starter_model: Classifier) -> None:
    assert starter_model.reasons("no water", "no such service") == ()
    assert starter_model.reasons("?!", "passport") == ()


def test_a_word_said_twice_is_one_reason(starter_model: Classifier) -> None:
    found = starter_model.reasons("Passport! I say it again: passport.", "passport")
    assert [reason.words.casefold() for reason in found].count("passport") == 1


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    text=st.text(max_size=120)
    | st.sampled_from(["no water " * 400, "no water 停水了 water", "নেই পানি পানি", "ไม่มีน้ำ no no"])
)
def test_every_n_gram_is_dealt_out_once(starter_model: Classifier, text: str) -> None:
    """What the words weigh together is the whole score, so no reason is left out or counted twice."""
    vocabulary, weights, _ = inside(starter_model.nlp)

    def lead(found: Sparse) -> Floats:
        result: Floats = weights[found.rows, 7] * found.values
        return result

    units, shares = weigh(vocabulary, text, None, lead)
    # cut at spaces, a text has the tokens it has whole
    whole = lead(vocabulary.encode(tokens(text)))
    assert sum(shares) == pytest.approx(float(np.sum(whole)), abs=1e-4)
    assert len(units) == len(shares)
    assert all(reason.words for reason in starter_model.reasons(text, "passport"))
