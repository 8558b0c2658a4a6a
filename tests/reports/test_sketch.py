"""Counts by bucket beside the exact Kaplan-Meier curve, ours and that of lifelines."""

import math
from collections import Counter

import numpy
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from reports import remembered, sketch
from reports.reading import Part, estimate_all
from reports.sketch import bucket, buckets, edges, merge, pack, unpack
from reports.survival import estimate


@given(st.integers(0, 2**33))
def test_a_bucket_is_narrow_and_holds_its_seconds(seconds: int) -> None:
    low, high = edges(bucket(seconds))
    assert low <= seconds <= high
    assert high - low <= low / 128
    assert buckets(numpy.array([seconds])).tolist() == [bucket(seconds)]
    assert bucket(low) == bucket(high) == bucket(high + 1) - 1


@given(st.dictionaries(st.integers(0, 2000), st.integers(0, 2**31)))
def test_what_is_packed_is_unpacked(counts: dict[int, int]) -> None:
    assert unpack(pack(counts)) == {place: count for place, count in counts.items() if count}


COUNTS = st.dictionaries(st.integers(0, 40) | st.integers(0, 2**16 - 1), st.integers(1, 2**30), max_size=8)


@given(st.lists(st.tuples(COUNTS, COUNTS, st.lists(st.integers(0, 7)))))
def test_merged_is_packed_again(many: list[tuple[dict[int, int], dict[int, int], list[int]]]) -> None:
    """What is added, and what is taken off of what was there: some of it all, so that nothing stays."""
    added, wanted = [], []
    for whose, (before, more, less) in enumerate(many):
        change, places = Counter(more), sorted(before)
        for place in less[: len(places)]:
            change[places[place % len(places)]] -= before[places[place % len(places)]]
        after = Counter(before)
        after.update(change)
        if min(after.values(), default=0) < 0:
            change, after = Counter(), Counter(before)
        added += [(whose, place, count) for place, count in sorted(change.items())]
        wanted.append(pack(after))
    columns = numpy.array(added, numpy.int64).reshape(-1, 3).T
    assert merge([pack(before) for before, _, _ in many], *columns) == wanted


def test_no_more_is_taken_off_than_was_there() -> None:
    with pytest.raises(ValueError, match="held"):
        merge([pack({7: 1})], *(numpy.array([one]) for one in (0, 7, -2)))


Counts = tuple[numpy.ndarray, numpy.ndarray]
Waits = tuple[numpy.ndarray, numpy.ndarray, numpy.ndarray]


def counted(seconds: list[int]) -> Counts:
    """Buckets, and how many are in each."""
    return numpy.array([bucket(one) for one in seconds], dtype=int), numpy.ones(len(seconds), int)


def estimate_of(*samples: tuple[Counts, Counts, Waits]) -> list[sketch.Estimated]:
    """Of samples one by one behind each other, as `estimates` wants them."""
    parts = []
    for kind in range(3):
        whose = numpy.repeat(numpy.arange(len(samples)), [len(sample[kind][0]) for sample in samples])
        columns = zip(*(sample[kind] for sample in samples), strict=True)
        parts.append((whose, *(numpy.concatenate(column) for column in columns)))
    return sketch.estimates(len(samples), *parts)  # type: ignore[arg-type]


SECONDS = st.floats(0, 17).map(lambda power: int(math.exp(power)))


@examples(max_examples=50)
@given(st.lists(SECONDS, max_size=60), st.lists(SECONDS, max_size=60), st.lists(SECONDS, max_size=10))
def test_exact_lies_where_the_counts_say(answered: list[int], silent: list[int], ended: list[int]) -> None:
    """However few and however censored: where counts claim an error, the exact quantile is within it."""
    exact = estimate(answered, silent + ended)
    ages = numpy.array(silent, dtype=int)
    waiting = (numpy.maximum(0, ages - 1800), ages + 1799, numpy.ones(len(ages), int))
    (found,) = estimate_of((counted(answered), counted(ended), waiting))
    assert (found.survival.n, found.survival.answered) == (exact.n, exact.answered)
    if found.error is None:
        return
    for mine, theirs in ((found.survival.median, exact.median), (found.survival.p90, exact.p90)):
        assert (mine.seconds is None) == (theirs.seconds is None)
        if mine.seconds is not None and theirs.seconds is not None:
            assert abs(mine.seconds - theirs.seconds) <= found.error * theirs.seconds + 1e-6


@examples(max_examples=50)
@given(st.lists(st.tuples(*[st.lists(SECONDS, max_size=8)] * 3), max_size=5))
def test_many_at_once_are_each_as_alone(drawn: list[tuple[list[int], list[int], list[int]]]) -> None:
    samples = []
    for answered, ended, silent in drawn:
        ages = numpy.array(silent, dtype=int)
        samples.append((counted(answered), counted(ended), (ages, ages + 3599, numpy.ones(len(ages), int))))
    if samples:
        assert estimate_of(*samples) == [estimate_of(one)[0] for one in samples]


@pytest.mark.parametrize("censored", [0.0, 0.3, 0.7])
@pytest.mark.parametrize("n", [30, 1_000, 30_000])
def test_merged_counts_agree_with_lifelines(n: int, censored: float) -> None:
    """Silences of twenty offices merged: within 2% of the exact median and 90th percentile, and of their intervals."""
    from lifelines import KaplanMeierFitter

    draw = numpy.random.default_rng(n)
    times = draw.lognormal(11, 1.3, n).astype(int)
    cut = draw.lognormal(11.5 if censored < 0.5 else 10.2, 1.2, n).astype(int) if censored else times + 1
    seen, answered = numpy.minimum(times, cut), times <= cut
    packed = [pack(Counter(map(bucket, seen[office::20][answered[office::20]].tolist()))) for office in range(20)]
    _, *merged = sketch.unpacked(packed, [0] * len(packed))
    ages = seen[~answered]
    (found,) = estimate_of((tuple(merged), counted([]), (ages, ages, numpy.ones(len(ages), int))))
    exact = estimate(seen[answered].tolist(), seen[~answered].tolist())
    fitted = KaplanMeierFitter().fit(seen, answered)
    assert found.holds
    levels = ((0.5, found.survival.median, exact.median), (0.1, found.survival.p90, exact.p90))
    for level, one, ours in levels:
        theirs = fitted.percentile(level)
        _close(one.seconds, None if math.isinf(theirs) else theirs)
        _close(one.seconds, ours.seconds)
        _close(one.low, ours.low)
        _close(one.high, ours.high)


def _close(one: float | None, other: float | None) -> None:
    assert (one is None) == (other is None)
    assert one is None or other is None or abs(one - other) <= sketch.MOST_ERROR * other


@examples(max_examples=60)
@given(
    st.lists(SECONDS, max_size=12),
    st.lists(SECONDS, max_size=3),
    st.dictionaries(st.integers(0, 167), st.integers(1, 3), max_size=4),
    st.lists(st.integers(168 * 3600, 40_000_000), min_size=2, max_size=2).map(sorted),
)
def test_what_is_remembered_is_what_would_be_worked_out(
    answered: list[int], ended: list[int], waits: dict[int, int], ages: list[int]
) -> None:
    """A week's median as it is first asked for, and at a later moment, when those who wait have waited longer."""

    def part(age: int) -> Part:
        made = Part(summed=True)
        made.sums.append((pack(Counter(map(bucket, answered))), pack(Counter(map(bucket, ended)))))
        if waits:
            made.waits.append((age, pack(waits)))
        return made

    def median_of(age: int) -> object:
        one = part(age)
        estimate_all([one], medians=True)
        return one.found

    remembered.forget()
    asked = [median_of(age) for age in (ages[0], ages[0], ages[1])]
    for age, told in zip((ages[0], ages[0], ages[1]), asked, strict=True):
        remembered.forget()
        assert told == median_of(age)


@pytest.mark.parametrize(("age", "known"), [(22 * 3600, False), (10 * 86_400, True)])
def test_a_median_that_time_may_change_is_not_remembered(age: int, known: bool) -> None:
    """One waits: for two hours, as long as the median takes, or for nine days."""
    sums = pack(Counter(bucket(3600 + 300 * number) for number in range(40))), b""
    one = Part(sums=[sums], waits=[(age, pack({20: 1}))], summed=True)
    remembered.forget()
    estimate_all([one], medians=True)
    assert one.survival.median.high is not None
    assert one.recalled() is known
