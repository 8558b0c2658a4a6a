"""What changed last week: nothing is said of chance, and what is planted is found."""

import math

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.i18n import translator
from reports.changes import LEAST_WEEKS, Change, Measure, Week, changes, chosen, sentence


def _year(
    chance: numpy.random.Generator, level: float, late: float, weeks: int = 26, spread: float = 0.0
) -> list[Week]:
    made = []
    for _ in range(weeks):
        n = int(chance.poisson(level * math.exp(chance.normal(0, spread))))
        failed = int(chance.binomial(n, late))
        median = 36_000 * math.exp(chance.normal(0, 1.25 / math.sqrt(max(n, 1))))
        half = 1.96 * 1.25 / math.sqrt(max(n, 1))
        made.append(Week(n, n, failed, median, median * math.exp(-half), median * math.exp(half)))
    return made


@pytest.mark.parametrize("spread", [0.0, 0.2])
def test_where_nothing_changed_hardly_ever_anything_is_said(spread: float) -> None:
    chance = numpy.random.default_rng(20261126)
    told = 0
    for _ in range(120):
        levels = chance.lognormal(4, 1, 12)
        told += bool(changes({place: _year(chance, level, 0.2, spread=spread) for place, level in enumerate(levels)}))
    assert told <= 12, "5 in 100 are promised; more than 10 of 100 is no chance at all"


@pytest.mark.parametrize(
    ("week", "measure", "up"),
    [
        (Week(160, 160, 32, 36_000, 30_000, 43_000), Measure.received, True),
        (Week(20, 20, 4, 36_000, 30_000, 43_000), Measure.received, False),
        (Week(80, 80, 50, 36_000, 30_000, 43_000), Measure.in_time, False),
        (Week(80, 80, 16, 150_000, 120_000, 190_000), Measure.median, True),
    ],
)
def test_what_is_planted_is_found_at_its_place(week: Week, measure: Measure, up: bool) -> None:
    chance = numpy.random.default_rng(7)
    weeks: dict[object, list[Week]] = {place: _year(chance, 80, 0.2) for place in range(10)}
    weeks[4] = [*weeks[4][:-1], week]
    found = changes(weeks)  # type: ignore[arg-type]
    assert [(one.place, one.measure, one.up) for one in found] == [(4, measure, up)]


def test_a_week_of_which_only_the_quick_answers_are_known_is_not_judged_by_them() -> None:
    chance = numpy.random.default_rng(7)
    weeks = _year(chance, 80, 0.4)
    weeks[-1] = Week(80, 40, 0)
    assert changes({"": weeks}) == []


@given(
    st.lists(st.integers(0, 400), min_size=1, max_size=30),
    st.lists(st.floats(60, 1e6), min_size=1, max_size=30),
)
def test_what_is_told_lies_outside_what_is_told_as_usual(counts: list[int], medians: list[float]) -> None:
    weeks = [Week(n, n, n // 3, median, median * 0.8, median * 1.2) for n, median in zip(counts, medians, strict=False)]
    found = changes({"": weeks})
    assert len(weeks) > LEAST_WEEKS or not found
    for one in found:
        assert not one.low <= one.value <= one.high
        assert one.people >= 0
        assert sentence(one, "", translator("en"))
    assert found == changes({"": weeks})


def test_the_whole_is_told_first_and_no_place_takes_all_the_room() -> None:
    def change(place: str, people: float, measure: Measure = Measure.received) -> Change:
        return Change(place, measure, 90, 20, 60, 90, people)

    found = [change("a", 50), change("a", 40, Measure.median), change("b", 9), change("all", 5), change("c", 3)]
    assert [one.place for one in chosen(found, "all")] == ["all", "a", "b"]
    assert [one.place for one in chosen(found[:2], "all")] == ["a", "a"]


@pytest.mark.parametrize(
    ("change", "name", "said"),
    [
        (Change("", Measure.received, 84, 40.2, 61.7, 84, 1), "", "84 people wrote last week; 41 to 61 are usual."),
        (Change("", Measure.received, 0, 0.3, 21.7, 0, 1), "", "0 people wrote last week; 1 to 21 are usual."),
        (
            Change("", Measure.in_time, 0.61, 0.72, 0.85, 84, 1),
            "Lumas",
            "Lumas: 61% of last week's citizens were answered in time; 72% to 85% are usual.",
        ),
        (
            Change("", Measure.median, 111_600, 72_000, 93_600, 84, 1),
            "",
            "Half of those who wrote last week waited 31 h or more; 20 h to 26 h is usual.",
        ),
    ],
)
def test_sentences(change: Change, name: str, said: str) -> None:
    assert sentence(change, name, translator("en")).replace("\xa0", " ").replace("\u202f", " ") == said
