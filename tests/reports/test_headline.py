"""The sentence says what the figures hold, and no more."""

from dataclasses import replace

import pytest

from reports.headline import Named, difference, headline
from reports.kpis import Silence

HOUR, DAY = 3600, 86400
SILENCE = Silence(
    n=400,
    answered=320,
    templated=0,
    silent_now=80,
    past_target=40,
    longest_seconds=20 * DAY,
    longest_reference="K7QF-3M9V",
    observed_seconds=20 * DAY,
    median_seconds=31 * HOUR,
    median_low=29 * HOUR,
    median_high=33 * HOUR,
    p90_seconds=9 * DAY,
    p90_low=8 * DAY,
    p90_high=10 * DAY,
)
BEFORE = replace(SILENCE, median_seconds=25 * HOUR, median_low=24 * HOUR, median_high=26 * HOUR)
OFFICES = [
    Named(name, silent, late)
    for name, late, silent in [
        ("Water 3", 22, 30),
        ("Roads", 4, 20),
        ("Land", 5, 10),
        ("Health", 9, 10),
        ("Civil", 0, 10),
    ]
]


def test_everything_said() -> None:
    assert headline(SILENCE, BEFORE, OFFICES, "en") == (
        "Half of all citizens now wait 31 h or more for an answer, 6 h longer than before. "
        "One office has 22 of the 40 who wait past their target: Water 3."
    )


def test_a_change_within_the_intervals_is_none() -> None:
    near = replace(BEFORE, median_seconds=30 * HOUR, median_low=27 * HOUR, median_high=34 * HOUR)
    assert difference(SILENCE, near) == 0
    assert "about as long as before" in headline(SILENCE, near, [], "en")


def test_a_change_for_the_better() -> None:
    assert "6 h less than before" in headline(BEFORE, SILENCE, [], "en")


@pytest.mark.parametrize("before", [None, replace(BEFORE, n=12), replace(BEFORE, median_seconds=None)])
def test_no_change_is_told_where_nothing_is_known(before: Silence | None) -> None:
    assert headline(SILENCE, before, [], "en") == "Half of all citizens now wait 31 h or more for an answer."


def test_an_interval_open_above_hides_a_fall_but_not_a_rise() -> None:
    open_above = replace(SILENCE, median_high=None)
    assert difference(open_above, BEFORE) == 6 * HOUR
    assert difference(replace(BEFORE, median_high=None), SILENCE) == 0


def test_a_median_not_reached_is_longer_than_all_that_was_seen() -> None:
    found = headline(replace(SILENCE, median_seconds=None, median_low=None, median_high=None), BEFORE, [], "en")
    assert found == "Half of all citizens wait longer than 20 days for an answer; how much longer is not known yet."


@pytest.mark.parametrize(
    ("n", "answered", "silent_now", "said"),
    [
        (0, 0, 0, "Nobody wrote in this time, and nobody is waiting for an answer."),
        (0, 0, 1, "Nobody wrote in this time, and one citizen from before still waits, for 20 days now."),
        (0, 0, 3, "Nobody wrote in this time, and 3 citizens from before still wait, the longest for 20 days."),
        (1, 1, 0, "One citizen wrote and has an answer."),
        (7, 7, 0, "7 citizens wrote; all have an answer."),
        (1, 0, 1, "One citizen wrote and has no answer so far."),
        (7, 5, 2, "7 citizens wrote; 2 of them have no answer so far."),
        (29, 10, 19, "29 citizens wrote; 19 of them have no answer so far."),
    ],
)
def test_few_are_counted_not_estimated(n: int, answered: int, silent_now: int, said: str) -> None:
    few = replace(SILENCE, n=n, answered=answered, silent_now=silent_now, past_target=0)
    assert headline(few, BEFORE, [], "en") == said


def test_nobody_is_named_when_the_load_is_spread() -> None:
    even = [Named(f"Office {index}", 80, 8) for index in range(5)]
    assert "Office" not in headline(SILENCE, BEFORE, even, "en")


def test_with_few_past_their_target_those_who_wait_are_told_of() -> None:
    calm = replace(SILENCE, past_target=2)
    offices = [Named("Water 3", 50, 2), Named("Water 7", 10, 2)]
    offices += [Named(f"Office {index}", 5, 2) for index in range(4)]
    assert headline(calm, None, offices, "en").endswith("One office has 50 of the 80 who wait: Water 3.")


def test_of_a_time_that_is_over_it_says_nothing_of_now() -> None:
    assert headline(SILENCE, None, [], "en", over=True) == "Half of all citizens waited 31 h or more for an answer."
    unknown = replace(SILENCE, median_seconds=None, median_low=None, median_high=None)
    assert headline(unknown, None, [], "en", over=True).startswith("Half of all citizens waited longer than 20 days")


@pytest.mark.parametrize(
    ("n", "lang", "said"),
    [
        (1, "en", "One citizen wrote and has an answer."),
        (1, "ru", "Написал один человек, и ответ у него есть."),
        (2, "ru", "Написали 2 человека; ответ есть у всех."),
        (5, "ru", "Написали 5 человек; ответ есть у всех."),
        (21, "ru", "Написал 21 человек; ответ есть у всех."),  # takes the form of one, and is not one
        (21, "sq", "Shkruan 21 qytetarë; të gjithë e kanë përgjigjen."),
        (21, "bn", "২১ জন নাগরিক লিখেছেন; সবাই উত্তর পেয়েছেন।"),
    ],
)
def test_few_are_counted_in_the_readers_grammar(n: int, lang: str, said: str) -> None:
    few = replace(SILENCE, n=n, answered=n, silent_now=0, past_target=0)
    assert headline(few, None, [], lang) == said


@pytest.mark.parametrize("lang", ["sq", "bn", "ru"])
def test_everything_is_said_in_every_language(lang: str) -> None:
    told = headline(SILENCE, BEFORE, OFFICES, lang)
    assert "Water 3" in told
    for word in ("citizens", "wait", "office", "longer"):
        assert word not in told
