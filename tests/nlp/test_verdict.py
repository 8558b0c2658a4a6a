"""The rule that a candidate is used only where it is not worse, and the evidence it rests on."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp.classifier import load
from nlp.training import evidence
from nlp.training.prepare import Example, gathered
from nlp.training.promote import promote
from nlp.training.teach import side_by_side, teach
from nlp.training.verdict import (
    ENOUGH,
    ENOUGH_IN_LANGUAGE,
    MARGIN,
    Pair,
    Standing,
    interval,
    judge,
)
from tests.nlp.conftest import NOW

LANGUAGES = ("en", "sq", "bn")


def pairs(both: int, lost: int, won: int, neither: int = 0, language: str = "en") -> list[Pair]:
    """So many messages that both models, only the old one, only the candidate, or none got right."""
    kinds = ((both, True, True), (lost, True, False), (won, False, True), (neither, False, False))
    return [Pair(language, before, after) for count, before, after in kinds for _ in range(count)]


def test_the_interval_is_the_one_of_matched_proportions() -> None:
    # Agresti, Categorical Data Analysis: approval asked twice of 1,600 people, 86 and 150 of whom changed their mind;
    # the difference is 0.04 with a standard error of 0.0095
    assert interval(1600, lost=86, won=150) == pytest.approx((0.0213, 0.0587), abs=0.0005)


@given(st.lists(st.tuples(st.sampled_from(LANGUAGES), st.booleans(), st.booleans()), max_size=400))
def test_a_model_is_never_worse_than_itself(seen: list[tuple[str, bool, bool]]) -> None:
    told = judge(
        [Pair(language, right, right, alone and not right, alone and not right) for language, right, alone in seen]
    )
    assert told.standing is (Standing.not_worse if len(seen) >= ENOUGH else Standing.few)
    assert Standing.worse not in {one.standing for one in told.languages.values()}
    assert told.overall.low <= 0 <= told.overall.high


@given(st.integers(0, 600), st.integers(0, 60), st.integers(0, 60), st.integers(0, 200), st.sampled_from(LANGUAGES))
def test_what_is_worse_by_more_than_the_margin_is_never_let_through(
    both: int, lost: int, won: int, neither: int, language: str
) -> None:
    told = judge(pairs(both, lost, won, neither, language))
    n = both + lost + won + neither
    assert told.overall.n == n
    if n and (lost - won) / n >= MARGIN:
        assert told.standing is not Standing.not_worse
    if told.standing is Standing.not_worse:
        assert n >= ENOUGH
    if n >= 20 and lost - won >= n / 2:
        assert told.standing is Standing.worse
    # the better it is, the better it stands
    better = judge(pairs(both + lost, 0, won, neither, language))
    assert better.overall.low >= told.overall.low
    assert better.standing is not Standing.worse


@pytest.mark.parametrize(
    ("seen", "standing", "word"),
    [
        (pairs(900, 20, 25, 55), Standing.not_worse, "not worse"),
        (pairs(900, 60, 20, 20), Standing.worse, "worse"),
        (pairs(80, 10, 8, 20), Standing.unclear, "2 points worse"),
        (pairs(30, 2, 1, 3), Standing.few, "too few to be sure"),
        (pairs(10, 9, 0), Standing.worse, "worse"),
        # better overall, and yet one language pays for it
        (pairs(700, 5, 60, 135) + pairs(60, 25, 2, 13, "bn"), Standing.worse, "In bn"),
        (pairs(700, 5, 60, 135) + pairs(40, 6, 4, 10, "bn"), Standing.unclear, "In bn"),
        # too few of a language to judge it by itself
        (pairs(900, 20, 25, 55) + pairs(20, 3, 0, 2, "sq"), Standing.not_worse, "sq (25)"),
        ([], Standing.few, "no message"),
    ],
)  # fmt: skip
def test_standings(seen: list[Pair], standing: Standing, word: str) -> None:
    told = judge(seen)
    assert told.standing is standing
    assert word in " ".join(told.words)


def test_more_sent_to_a_wrong_office_unread_is_worse_whatever_else() -> None:
    same = [Pair("en", True, True)] * 800 + [Pair("en", False, False)] * 150
    careless = [Pair("en", False, False, False, True)] * 50
    told = judge(same + careless)
    assert told.overall.standing is Standing.not_worse
    assert told.standing is Standing.worse
    assert "5.0% of messages to a wrong office unread" in " ".join(told.words)
    assert (told.harm.before, told.harm.after) == pytest.approx((0, 0.05))
    assert 0 < told.harm.low < 0.05 < told.harm.high


def test_enough_is_enough_for_equal_models() -> None:
    """With the fewest messages that count, an equal model must be able to pass, else nothing ever would."""
    told = judge(pairs(ENOUGH - ENOUGH_IN_LANGUAGE, 0, 0) + pairs(ENOUGH_IN_LANGUAGE, 0, 0, 0, "ru"))
    assert told.standing is Standing.not_worse
    assert {one.standing for one in told.languages.values()} == {Standing.not_worse}


def some(label: str, words: str, count: int, start: int = 0) -> list[Example]:
    return [Example(f"{words} {number}", label, "en", None, "fit", 0) for number in range(start, start + count)]


def test_each_model_is_judged_on_what_it_had_not_seen(tmp_path: Path) -> None:
    old = [*some("water", "no water in house", 12), *some("road", "pothole on road", 12)]
    new = [*some("water", "the tap is dry", 6), *some("park", "the swing is broken", 6)]
    first = teach(gathered("a", old), tmp_path, seed=0, now=NOW, languages=("en",))
    assert first.before is None
    promote(tmp_path, first.name)
    second = teach(gathered("b", old + new), tmp_path, seed=0, now=NOW, languages=("en",))
    assert second.before == first.name
    found = evidence.between(tmp_path, second.name, first.name)
    # 24 that both cross-validated, and 6 that came later, asked of the old model now; nothing of a label it cannot know
    assert len(found) == 30
    assert all(pair.right_after for pair in found)
    assert evidence.common_labels(tmp_path, second.name, first.name) == {"water", "road"}
    assert evidence.common_labels(tmp_path, second.name, "gone") == frozenset()
    # a message the old model learnt from by heart, without ever being tested on it, says nothing
    phrase = Example("sidewalk", "road", "en", None, "phrase", 0)
    third = teach(gathered("c", [*old, phrase]), tmp_path, seed=0, now=NOW, languages=("en",))
    promote(tmp_path, third.name)
    said = Example("sidewalk", "road", "en", None, "fit", 0)
    fourth = teach(gathered("d", [*old, said]), tmp_path, seed=0, now=NOW, languages=("en",))
    assert len(evidence.between(tmp_path, fourth.name, third.name)) == 24
    both = side_by_side(load(tmp_path / second.name), load(tmp_path / first.name), [*old, *new])
    assert len(both) == 30
    text = (tmp_path / second.name / evidence.HELD).read_text() + (tmp_path / second.name / evidence.UNSEEN).read_text()
    assert "tap" not in text
