"""Weights against planted truths: who answers depends on service and channel, and the figure is right all the same."""

from collections.abc import Iterator
from uuid import UUID

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.ids import new_id
from reports.weighting import HEAVIEST, LEAST_ANSWERS, Response, Tally, Weighed, mean, median, scales, share, together

SERVICES = tuple(new_id() for _ in range(3))
CHANNELS = ("sms", "email")
OFFICE = new_id()

ASKED = numpy.array([[1000, 400], [900, 300], [1200, 200]])
ANSWER = numpy.array([[0.40, 0.10], [0.25, 0.08], [0.12, 0.30]])
"""Chance of an answer by service and channel."""
RATED = numpy.array(
    [
        [[0.02, 0.03, 0.10, 0.35, 0.50], [0.10, 0.20, 0.30, 0.25, 0.15]],
        [[0.05, 0.10, 0.25, 0.35, 0.25], [0.20, 0.25, 0.25, 0.20, 0.10]],
        [[0.45, 0.25, 0.15, 0.10, 0.05], [0.15, 0.20, 0.30, 0.20, 0.15]],
    ]
)
"""Chance of each rating: those who are served worst answer least, which is what makes plain means too kind."""
TRUTH = float((ASKED[..., None] * RATED * numpy.arange(1, 6)).sum() / ASKED.sum())


def samples(times: int, probability: float = 1.0) -> Iterator[list[Tally]]:
    """Samples of answers, as the database would count them."""
    chance = numpy.random.default_rng(11)
    drawn = chance.binomial(ASKED, probability, size=(times, *ASKED.shape))
    answered = chance.binomial(drawn, ANSWER)
    for asked, told in zip(drawn, answered, strict=True):
        rated = chance.multinomial(told, RATED)
        yield [
            Tally(OFFICE, service, channel, 0, probability, value, int(count))
            for s, service in enumerate(SERVICES)
            for c, channel in enumerate(CHANNELS)
            for value, count in [
                (None, asked[s, c] - told[s, c]),
                *((rating + 1, number) for rating, number in enumerate(rated[s, c])),
            ]
        ]


@pytest.mark.parametrize("probability", [1.0, 0.5])
def test_the_planted_truth_comes_back_and_the_interval_holds_it(probability: float) -> None:
    found, plain, held = [], [], 0
    for tallies in samples(400, probability):
        weights = scales(tallies)
        one = mean(weights.weigh(tallies), weights.groups)
        assert one is not None
        found.append(one.value)
        held += one.low <= TRUTH <= one.high
        unweighted = mean([Weighed(t.value, 1.0, t.count) for t in tallies if t.value is not None])
        plain.append(unweighted.value if unweighted else 0.0)
    assert abs(float(numpy.mean(found)) - TRUTH) < 0.02
    assert abs(float(numpy.mean(plain)) - TRUTH) > 0.3  # else nothing was planted
    assert 0.925 <= held / 400 <= 0.985


def test_shares_hold_the_truth_too() -> None:
    truth = float((ASKED * RATED[..., 3:].sum(axis=2)).sum() / ASKED.sum())
    held = 0
    for tallies in samples(300):
        weights = scales(tallies)
        answers = [Weighed(float(a.value >= 4), a.weight, a.count, a.group) for a in weights.weigh(tallies)]
        one = share(answers, weights.groups)
        assert one is not None
        held += one.low <= truth <= one.high
    assert 0.925 <= held / 300 <= 0.985


def test_a_drawn_sample_weighs_as_many_as_it_stands_for() -> None:
    rare = Tally(OFFICE, SERVICES[0], "sms", 0, 0.25, 5, 100)
    every = Tally(OFFICE, SERVICES[1], "sms", 0, 1.0, 1, 100)
    found = mean(scales([rare, every]).weigh([rare, every]))
    assert found is not None
    assert found.value == pytest.approx((4 * 5 + 1) / 5)
    assert found.n == 200
    assert found.effective == pytest.approx((400 + 100) ** 2 / (16 * 100 + 100))


def test_no_answer_outweighs_the_others() -> None:
    tallies = [
        Tally(OFFICE, SERVICES[0], "sms", 0, 1.0, 5, 500),
        Tally(OFFICE, SERVICES[1], "sms", 0, 1.0, 1, 20),
        Tally(OFFICE, SERVICES[1], "sms", 0, 1.0, None, 20_000),
    ]
    weights = scales(tallies)
    plain_mean = (500 + 20 * 1001) / 520
    assert weights.weight(tallies[1]) == pytest.approx(HEAVIEST * plain_mean)


def test_small_cells_are_put_together_with_their_nearest() -> None:
    one, other = SERVICES[:2]
    answers: dict[tuple[UUID | None, str, int], int] = {
        (one, "sms", 0): 50, (one, "sms", 1): 5, (one, "sms", 2): 16, (one, "email", 0): 3,
        (other, "sms", 0): 20, (other, "email", 0): 4,
    }  # fmt: skip
    groups = [sorted(group, key=str) for group in together(answers, answers)]
    assert [(one, "sms", 0)] in groups
    assert [(one, "sms", 1), (one, "sms", 2)] in groups  # the same service and channel, other ages
    # what is left of both services is too few at every level and goes to the smallest
    left = next(group for group in groups if (one, "email", 0) in group)
    assert (other, "email", 0) in left
    assert (other, "sms", 0) in left
    assert len(left) == 3


@given(
    st.dictionaries(
        st.tuples(st.sampled_from(SERVICES), st.sampled_from(CHANNELS), st.integers(0, 3)),
        st.integers(0, 60),
        min_size=1,
    )
)
def test_every_cell_is_in_one_group_and_groups_are_large(answers: dict[tuple[UUID | None, str, int], int]) -> None:
    groups = together(answers, answers)
    assert sorted(map(str, answers)) == sorted(str(cell) for group in groups for cell in group)
    if sum(answers.values()) >= LEAST_ANSWERS:
        assert all(sum(answers[cell] for cell in group) >= LEAST_ANSWERS for group in groups)


@given(st.lists(st.tuples(st.integers(1, 5), st.floats(0.1, 9), st.integers(1, 9)), min_size=1, max_size=12))
def test_an_estimate_lies_in_its_interval_and_on_its_scale(given_answers: list[tuple[int, float, int]]) -> None:
    answers = [Weighed(value, weight, count) for value, weight, count in given_answers]
    one = mean(answers)
    assert one is not None
    assert 1 <= one.low <= one.value + 1e-9
    assert one.value - 1e-9 <= one.high <= 5
    assert 0 < one.effective <= one.n + 1e-6


def test_medians_and_nothing() -> None:
    assert median([Weighed(10, 1, 1), Weighed(30, 3, 1), Weighed(20, 1, 1)]) == 30
    assert median([]) is None
    assert mean([]) is None
    assert share([]) is None


@pytest.mark.parametrize(
    ("response", "rate"), [(Response(200, 60, 20), 0.3), (Response(0, 0, 0), None), (Response(10, 0, 10), 0.0)]
)
def test_those_who_could_not_be_reached_stay_in_the_rate(response: Response, rate: float | None) -> None:
    assert response.rate == rate
    if response.interval and rate is not None:
        assert response.interval[0] <= rate <= response.interval[1]
