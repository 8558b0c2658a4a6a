"""Chances and draws: what a plan comes to, and that no retry changes who is asked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surveys.sampling import AHEAD, BEHIND, LEAST, START_RATE, Aim, Known, chance, draws, expected, usual

KEY = b"k" * 64
SHARE = st.floats(0, 1)
NAMES = st.lists(st.text(min_size=1), min_size=1, max_size=30, unique=True)


@pytest.mark.parametrize(
    ("aim", "known", "wanted"),
    [
        (Aim(1.0), Known(), 1.0),
        (Aim(0.3), Known(monthly=9e6), 0.3),
        (Aim(target=40), Known(), 1.0),  # nothing is known, so everybody is asked
        (Aim(target=40), Known(monthly=1200), 40 / (1200 * START_RATE)),
        (Aim(target=40), Known(monthly=1200, sent=10_000, answered=3000), 40 / (1200 * 0.3)),
        (Aim(target=40), Known(monthly=100), 1.0),  # fewer than are needed
        (Aim(target=40), Known(monthly=1_000_000), LEAST),
        (Aim(target=0), Known(monthly=1200), 0.0),
    ],
)
def test_the_chance_a_plan_comes_to(aim: Aim, known: Known, wanted: float) -> None:
    assert usual(aim, known) == pytest.approx(wanted, rel=0.002)


@pytest.mark.parametrize(
    ("answered", "sent", "left", "factor"),
    [
        (20, 80, 0.5, 1.0),  # half of the answers at half of the month
        (40, 160, 0.5, AHEAD),  # there is plenty already
        (0, 0, 0.5, BEHIND),  # nothing came so far
        (0, 160, 0.5, AHEAD),  # so many were asked that the answers are on their way
        (30, 120, 0.5, 0.5),
    ],
)
def test_a_month_that_is_ahead_asks_fewer_and_one_behind_more(
    answered: int, sent: int, left: float, factor: float
) -> None:
    known = Known(monthly=1600, sent_now=sent, answered_now=answered, left=left)
    assert chance(Aim(target=40), known) == pytest.approx(usual(Aim(target=40), known) * factor)


@given(
    target=st.integers(0, 10_000), share=SHARE, monthly=st.floats(0, 1e7), sent=st.integers(0, 10**6),
    answered=st.integers(0, 10**6), now=st.integers(0, 10**5), left=SHARE,
)  # fmt: skip
def test_a_chance_is_a_chance(
    target: int, share: float, monthly: float, sent: int, answered: int, now: int, left: float
) -> None:
    known = Known(monthly, sent, answered, now, now, left)
    for aim in (Aim(share), Aim(target=target)):
        assert 0 <= chance(aim, known) <= 1
        assert 0 < known.rate < 1
        assert expected(aim, known).asked <= monthly
    if target:
        assert chance(Aim(target=target), known) >= LEAST  # whoever is asked never stands for more than fifty


@given(names=NAMES, order=st.randoms(use_true_random=False))
def test_a_draw_hangs_on_nothing_but_the_key_and_the_name(names: list[str], order: object) -> None:
    once = dict(zip(names, draws(KEY, names), strict=True))
    again = list(names)
    order.shuffle(again)  # type: ignore[attr-defined]
    assert dict(zip(again, draws(KEY, again), strict=True)) == once
    assert all(0 <= number < 1 for number in once.values())
    assert draws(b"another", names) != list(once.values())


def test_draws_are_as_even_as_chance() -> None:
    """Of 20,000 with a chance of 0.1, 1,800 to 2,200 are drawn: five standard deviations."""
    numbers = draws(KEY, (f"registry\0T-{number}" for number in range(20_000)))
    assert 1_800 < sum(number < 0.1 for number in numbers) < 2_200
    tenths = [sum(tenth <= number * 10 < tenth + 1 for number in numbers) for tenth in range(10)]
    assert sum((found - 2000) ** 2 / 2000 for found in tenths) < 33.7  # chi-square of nine degrees, one in ten thousand


def test_a_month_in_words() -> None:
    found = expected(Aim(target=40), Known(monthly=1200, sent=10_000, answered=2500))
    assert (round(found.transactions), round(found.asked), round(found.answers)) == (1200, 160, 40)
