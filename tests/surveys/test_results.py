"""The arithmetic of ratings against the textbook and against chance."""

import random

import pytest

from surveys.results import Rating, student
from surveys.shares import wilson


@pytest.mark.parametrize(
    ("freedom", "point"), [(9, 2.2622), (15, 2.1314), (30, 2.0423), (120, 1.9799), (10_000, 1.9602)]
)
def test_students_t_as_in_the_tables(freedom: int, point: float) -> None:
    assert student(freedom) == pytest.approx(point, abs=0.001)


def test_wilson_as_published() -> None:
    # Newcombe 1998, Statistics in Medicine 17:857, table I, method 3
    assert wilson(81 / 263, 263) == pytest.approx((0.2553, 0.3662), abs=0.0001)
    assert wilson(0, 20) == pytest.approx((0.0, 0.1611), abs=0.0001)


def test_no_answers_say_nothing() -> None:
    assert Rating((0, 0, 0, 0, 0)).mean is None
    assert Rating((0, 0, 0, 0, 0)).interval is None


@pytest.mark.parametrize("n", [3, 8, 12, 40, 200])
def test_the_interval_holds_the_truth_as_often_as_it_says(n: int) -> None:
    chance = random.Random(n)
    weights = (0.1, 0.1, 0.2, 0.35, 0.25)
    truth = sum(rating * weight for rating, weight in enumerate(weights, 1))
    held = 0
    for _ in range(2_000):
        drawn = chance.choices(range(5), weights, k=n)
        low, high = Rating(tuple(drawn.count(r) for r in range(5))).interval or (0.0, 0.0)  # type: ignore[arg-type]
        held += low <= truth <= high
    assert held / 2_000 >= 0.93
