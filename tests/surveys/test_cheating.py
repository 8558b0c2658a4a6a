"""Signs of cheating: honest offices are hardly ever named, a cheat within a week."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import betabinom

from core.ids import new_id
from domain.flag import FlagKind
from surveys.cheating import Bursts, Count, Usual, look, odd, patterned, tail, usual_of

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
Random = numpy.random.Generator


def week(chance: Random, offices: int, kind: FlagKind, share: float, spread: float) -> list[Count]:
    """One week of honest offices that differ as honest offices do."""
    strength = 1 / spread - 1
    of = chance.integers(8, 400, offices)
    hits = chance.binomial(of, chance.beta(share * strength, (1 - share) * strength, offices))
    return [Count(kind, new_id(), "", int(x), int(n)) for x, n in zip(hits, of, strict=True)]


HONEST = [
    (FlagKind.missing, 0.12, 0.01),
    (FlagKind.missing, 0.08, 0.04),
    (FlagKind.repeated, 0.01, 0.005),
    (FlagKind.undeliverable, 0.05, 0.02),
    (FlagKind.burst, 0.06, 0.03),
]


@pytest.mark.parametrize("offices", [14, 120])
def test_where_all_are_honest_hardly_a_look_names_anybody(offices: int) -> None:
    """Five looks in a hundred may name somebody; ten are what so few looks could show by chance."""
    chance = numpy.random.default_rng(offices)
    looks = 100 if offices == 14 else 40
    named = 0
    for _ in range(looks):
        counts = [one for kind in HONEST for one in week(chance, offices, *kind)]
        named += bool(look(counts).found)
    assert named / looks <= 0.1


@pytest.mark.parametrize("kind", [FlagKind.missing, FlagKind.repeated, FlagKind.undeliverable, FlagKind.pattern])
def test_an_office_that_fakes_three_in_ten_is_found_within_a_week(kind: FlagKind) -> None:
    chance = numpy.random.default_rng(4)
    found = wrong = 0
    for _ in range(40):
        counts = week(chance, 20, kind, 0.05, 0.01)
        faked = Count(kind, new_id(), "", int(chance.binomial(200, 0.05 + 0.95 * 0.3)), 200)
        named = {one.count.office for one in look([*counts, faked]).found}
        found += faked.office in named
        wrong += len(named - {faked.office})
    assert found >= 34
    assert wrong <= 3


def test_a_handful_of_cheats_does_not_make_cheating_usual() -> None:
    chance = numpy.random.default_rng(8)
    counts = week(chance, 40, FlagKind.missing, 0.1, 0.01)
    cheats = [Count(FlagKind.missing, new_id(), "", 60, 150) for _ in range(5)]
    assert {one.count.office for one in look([*counts, *cheats]).found} == {one.office for one in cheats}


def test_what_cannot_be_compared_is_not_judged() -> None:
    few = [Count(FlagKind.missing, new_id(), "", 0, 100) for _ in range(3)]
    assert look([*few, Count(FlagKind.missing, new_id(), "", 90, 100)]).judged == 0
    small = [Count(FlagKind.missing, new_id(), "", 0, 100) for _ in range(8)]
    looked = look([*small, Count(FlagKind.missing, new_id(), "", 15, 15)])
    assert (looked.judged, looked.found) == (8, ())


def test_operators_are_compared_with_operators() -> None:
    offices = [Count(FlagKind.missing, new_id(), "", 3, 200) for _ in range(8)]
    windows = [Count(FlagKind.missing, one.office, f"window {n}", 1, 50) for one in offices for n in range(3)]
    odd_one = Count(FlagKind.missing, offices[0].office, "window 9", 25, 50)
    found = look([*offices, *windows, odd_one]).found
    assert [one.count for one in found] == [odd_one]
    assert found[0].usual.peers >= 20


def test_all_the_same_is_odd_only_where_it_is_nearly_all() -> None:
    peers = [Count(FlagKind.uniform, new_id(), "", 40 + n, 100) for n in range(12)]
    assert look([*peers, Count(FlagKind.uniform, new_id(), "", 99, 100)]).found
    assert not look([*peers, Count(FlagKind.uniform, new_id(), "", 80, 100)]).found


@pytest.mark.parametrize(
    ("hits", "of", "share", "spread"), [(3, 40, 0.05, 0.02), (30, 200, 0.1, 0.05), (7, 9, 0.5, 0.3)]
)
def test_the_tail_is_the_beta_binomial_one(hits: int, of: int, share: float, spread: float) -> None:
    strength = 1 / spread - 1
    wanted = betabinom.sf(hits - 1, of, share * strength, (1 - share) * strength)
    assert tail(hits, of, Usual(share, spread, 9)) == pytest.approx(float(wanted), rel=1e-6)
    assert tail(0, of, Usual(share, spread, 9)) == 1.0


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), max_size=20))
def test_what_is_usual_is_a_share_of_those_who_can_be_compared(pairs: list[tuple[int, int]]) -> None:
    shares = [(min(pair), max(pair)) for pair in pairs]
    found = usual_of(shares)
    comparable = [pair for pair in shares if pair[1] >= 5]
    assert (found is None) == (len(comparable) < 5)
    if found is not None:
        assert 0 < found.share < 1
        assert 0 <= found.spread < 1
        assert 5 <= found.peers <= len(comparable)


@pytest.mark.parametrize(
    ("chances", "places"),
    [
        # Benjamini & Hochberg 1995, table of 15 p-values: four are rejected at 0.05
        ([0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528,
          0.7590, 1.0], [0, 1, 2, 3]),
        ([0.9, 0.001, 0.04], [1]),
        ([], []),
        ([0.2, 0.3], []),
    ],
)  # fmt: skip
def test_false_findings_are_kept_to_their_rate(chances: list[float], places: list[int]) -> None:
    assert odd(chances, 0.05) == places


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        (["+355691111111"], [True]),
        (["+355691234567"], [True]),
        (["+355699876543"], [True]),
        (["+355692718281"], [False]),
        (["+355692718281", "+355692718282", "+355694669201"], [True, True, False]),
        (["+355692718281", "+355692718283"], [False, False]),
        ([], []),
    ],
)
def test_numbers_that_look_made_up(numbers: list[str], expected: list[bool]) -> None:
    assert patterned(numbers) == expected


@pytest.mark.parametrize(
    ("seconds", "hits", "most"),
    [
        ([0, 5, 10, 15], 4, 4),
        ([0, 5, 10], 0, 0),
        ([0, 15, 30, 45, 60], 5, 5),
        ([0, 16, 32, 48], 0, 0),
        ([0, 1, 2, 3, 100, 101, 102, 103, 104], 9, 5),
    ],
)
def test_bursts_are_runs_of_taps(seconds: list[int], hits: int, most: int) -> None:
    bursts = Bursts()
    for second in seconds:
        bursts.tap(NOON + timedelta(seconds=second))
    bursts.end()
    assert (bursts.taps, bursts.hits, bursts.most) == (len(seconds), hits, most)


def test_the_order_of_counts_changes_nothing() -> None:
    counts = week(numpy.random.default_rng(1), 20, FlagKind.missing, 0.1, 0.02)
    counts.append(Count(FlagKind.missing, UUID(int=1), "", 70, 100))
    assert {one.count for one in look(counts).found} == {one.count for one in look(counts[::-1]).found}
