"""Who is in which arm: for good, from the seed and the order of entry alone, and evenly."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sqlmodel import Session, col, select

from channels.values import Channel
from domain.citizen import ContactPoint
from domain.trial import Moment, Trial, TrialAssignment
from surveys import trials
from surveys.trial_arms import PER_BLOCK, Arm, Population, Subject, deal, pledge, read, store
from surveys.trial_maths import pooled_z
from tests.builders import NOW, Government, government
from tests.conftest import Installation
from tests.surveys.trial_world import TWO, served, survey, trial

TIRANA = ZoneInfo("Europe/Tirane")


@pytest.fixture
def known(installation: Installation) -> Government:
    with installation.database.write() as session:
        return government(session)


def rows(session: Session) -> list[TrialAssignment]:
    return list(session.exec(select(TrialAssignment).order_by(col(TrialAssignment.number))).all())


# -- the lot -----------------------------------------------------------------------------------------------------------


@given(st.text(min_size=1, max_size=20), st.text(max_size=20), st.integers(2, 4), st.integers(0, 40))
@settings(max_examples=40)
def test_every_block_holds_each_arm_equally_often(seed: str, stratum: str, arms: int, block: int) -> None:
    size = arms * PER_BLOCK
    dealt = Counter(deal(seed, stratum, block * size + place, arms) for place in range(size))
    assert dealt == dict.fromkeys(range(arms), PER_BLOCK)


@given(st.text(min_size=1, max_size=20), st.integers(2, 4), st.lists(st.integers(0, 2), max_size=200))
def test_no_arm_is_ever_more_than_half_a_block_ahead_among_people_alike(
    seed: str, arms: int, entries: list[int]
) -> None:
    positions: Counter[int] = Counter()
    counts: dict[int, Counter[int]] = {kind: Counter() for kind in range(3)}
    for kind in entries:
        counts[kind][deal(seed, str(kind), positions[kind], arms)] += 1
        positions[kind] += 1
        numbers = [counts[kind][arm] for arm in range(arms)]
        assert max(numbers) - min(numbers) <= PER_BLOCK


def test_every_order_of_a_block_is_as_likely_as_another() -> None:
    orders = Counter(tuple(deal(f"seed {n}", "s", place, 2) for place in range(4)) for n in range(6_000))
    assert len(orders) == 6
    assert stats.chisquare(list(orders.values())).pvalue > 0.001


def test_a_trial_of_nothing_finds_something_once_in_twenty() -> None:
    """The assignment itself, 2,000 seeds over the same people, who answer as they would in any arm."""
    answers = np.random.default_rng(7).random(200) < 0.4
    arms = np.array([[deal(str(seed), "s", place, 2) for place in range(200)] for seed in range(2_000)])
    hits = (arms * answers).sum(axis=1)
    z = pooled_z(hits, 100, answers.sum() - hits, 100)
    low, high = stats.binom.ppf([0.0005, 0.9995], 2_000, 0.05)
    assert low <= (np.abs(z) >= 1.96).sum() <= high


def test_what_is_told_of_a_seed_foretells_nothing() -> None:
    assert len(pledge("a")) == 64
    assert pledge("a") != pledge("b")


# -- entering ----------------------------------------------------------------------------------------------------------


def test_an_assignment_is_drawn_once_and_again_from_seed_and_order(
    installation: Installation, known: Government
) -> None:
    with installation.database.write() as session:
        made, asked = trial(session), survey(session)
        people = [served(session, known, asked, n, office="CIV1" if n % 3 else "WAT1") for n in range(30)]
        first = trials.enter(session, Moment.survey, people[:20], NOW)
        seed = made.seed
    with installation.database.write() as session:
        again = trials.enter(session, Moment.survey, people, NOW + timedelta(days=3))
        stored = rows(session)
    assert {one: again[one].arm for one in first} == {one: t.arm for one, t in first.items()}
    assert all(again[one.id].since == NOW for one in people[:20])
    assert [row.number for row in stored] == list(range(1, 31))
    assert [row.citizen_id for row in stored] == [one.citizen_id for one in people]
    positions: Counter[str] = Counter()
    for row in stored:
        assert row.arm == deal(seed, row.stratum, positions[row.stratum], 2)
        assert row.position == positions[row.stratum]
        positions[row.stratum] += 1


def test_what_is_cut_off_leaves_nothing_and_is_drawn_alike_again(installation: Installation, known: Government) -> None:
    with installation.database.write() as session:
        trial(session)
        asked = survey(session)
        people = [served(session, known, asked, n) for n in range(12)]
    before: dict[UUID, str] = {}
    for attempt in range(3):
        moment = NOW + timedelta(minutes=attempt)
        with installation.database.write() as session:
            found = trials.enter(session, Moment.survey, people, moment)
            session.rollback()
        arms = {one: t.arm.name for one, t in found.items()}
        assert arms == (before or arms)
        before = arms
    with installation.database.write() as session:
        assert rows(session) == []
        found = trials.enter(session, Moment.survey, people, NOW)
        assert {one: t.arm.name for one, t in found.items()} == before


def test_one_citizen_is_in_one_arm_whatever_they_come_for(installation: Installation, known: Government) -> None:
    with installation.database.write() as session:
        made, asked = trial(session), survey(session)
        one = served(session, known, asked, 1)
        other = served(session, known, asked, 2, office="WAT1", language="sq", citizen=one.citizen_id)
        both = trials.enter(session, Moment.survey, [one, other], NOW)
        later = served(session, known, asked, 3, citizen=one.citizen_id)
        third = trials.enter(session, Moment.survey, [later], NOW + timedelta(days=40))
        assert both[one.id] == both[other.id] == third[later.id]
        assert made.entered == len(rows(session)) == 1


def test_two_at_once_give_one_assignment_each_and_no_gap(installation: Installation, known: Government) -> None:
    with installation.database.write() as session:
        made = trial(session, planned=55).id
        asked = survey(session)
        people = [served(session, known, asked, n, office="CIV1" if n % 2 else "WAT1") for n in range(60)]

    def work(order: list[Subject]) -> None:
        for start in range(0, len(order), 7):
            with installation.database.write() as session:
                trials.enter(session, Moment.survey, order[start : start + 7], NOW)

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(work, (people, people[::-1], people[30:])))
    with installation.database.read() as session:
        stored = rows(session)
        assert session.get_one(Trial, made).entered == 55
    assert [row.number for row in stored] == list(range(1, 56))
    assert len({row.citizen_id for row in stored}) == 55
    for stratum in {row.stratum for row in stored}:
        alike = [row for row in stored if row.stratum == stratum]
        assert sorted(row.position for row in alike) == list(range(len(alike)))
        assert all(row.arm == deal("a seed", stratum, row.position, 2) for row in alike)


@pytest.mark.parametrize(
    ("changes", "enters"),
    [
        ({}, True),
        ({"starts_at": NOW + timedelta(minutes=1)}, False),
        ({"ended_at": NOW - timedelta(minutes=1)}, False),
        ({"confirmed_at": None}, False),
        ({"moment": Moment.survey_reminder}, False),
        ({"planned": 0}, False),
        ({"population": {"languages": ["sq", "bn"]}}, False),
        ({"population": {"languages": ["en"], "channels": ["sms"]}}, True),
        ({"population": {"channels": ["telegram"]}}, False),
    ],
)
def test_who_enters(installation: Installation, known: Government, changes: dict[str, object], enters: bool) -> None:
    with installation.database.write() as session:
        made = trial(session, **changes)
        found = trials.enter(session, Moment.survey, [served(session, known, survey(session), 1)], NOW)
        assert bool(found) is enters
        assert made.entered == int(enters)


def test_offices_are_meant_with_all_below_them(installation: Installation, known: Government) -> None:
    with installation.database.write() as session:
        trial(session, population={"offices": [str(known.office["WATER"])]})
        asked = survey(session)
        inside, outside = (served(session, known, asked, n, office=o) for n, o in enumerate(("WAT1", "CIV1")))
        assert set(trials.enter(session, Moment.survey, [inside, outside], NOW)) == {inside.id}


def test_only_those_enter_whom_every_arm_could_reach(installation: Installation, known: Government) -> None:
    arms = (Arm("SMS"), Arm("Telegram", channel=Channel.telegram))
    with installation.database.write() as session:
        trial(session, arms=arms)
        asked = survey(session)
        people = [served(session, known, asked, n) for n in range(3)]
        for number, person in enumerate(people[1:]):
            chat = ContactPoint(
                citizen_id=person.citizen_id,
                channel=Channel.telegram,
                address=str(number),
                address_index=str(number),
                hint="…",
                opted_out_at=NOW if number else None,
                created_at=NOW,
            )
            session.add(chat)
        session.flush()
        assert set(trials.enter(session, Moment.survey, people, NOW)) == {people[1].id}
        found = trials.reachable(session, people[1].citizen_id, Channel.telegram)
        assert found is not None
        assert trials.reachable(session, people[2].citizen_id, Channel.telegram) is None


def test_a_full_trial_takes_nobody_new_and_keeps_whom_it_has(installation: Installation, known: Government) -> None:
    with installation.database.write() as session:
        trial(session, planned=3)
        asked = survey(session)
        people = [served(session, known, asked, n) for n in range(5)]
        assert set(trials.enter(session, Moment.survey, people, NOW)) == {one.id for one in people[:3]}
        assert set(trials.enter(session, Moment.survey, people[::-1], NOW)) == {one.id for one in people[:3]}


def test_what_was_promoted_is_the_default_for_its_people_but_where_a_trial_runs(
    installation: Installation, known: Government
) -> None:
    with installation.database.write() as session:
        trial(session, ended_at=NOW, promoted_arm=1, promoted_at=NOW, population={"languages": ["en", "sq"]})
        asked = survey(session)
        english, russian = served(session, known, asked, 1), served(session, known, asked, 2, language="ru")
        found = trials.enter(session, Moment.survey, [english, russian], NOW)
        assert set(found) == {english.id}
        assert (found[english.id].arm, found[english.id].since) == (TWO[1], None)
        assert trials.words(found[english.id], "en", office="CIV1") == "CIV1: 1 to 5?"
        assert trials.words(found[english.id], "sq", office="CIV1") is None
        assert rows(session) == []
        running = trial(session)
        found = trials.enter(session, Moment.survey, [english], NOW)
        assert found[english.id].trial_id == running.id


# -- values ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arm", "since", "starts"),
    [
        (Arm("a"), "2026-03-02T09:10", "2026-03-02T09:10"),
        (Arm("a", delay=24), "2026-03-02T09:10", "2026-03-03T09:10"),
        (Arm("a", hour=18), "2026-03-02T09:10", "2026-03-02T17:00"),  # 18:00 in Tirana
        (Arm("a", hour=10), "2026-03-02T09:10", "2026-03-02T09:10"),  # it is ten there
        (Arm("a", hour=9), "2026-03-02T09:10", "2026-03-03T08:00"),
        (Arm("a", hour=18, delay=10), "2026-03-02T09:10", "2026-03-03T17:00"),
        (Arm("a", hour=9), "2026-03-28T09:10", "2026-03-29T07:00"),  # the night before lost an hour
    ],
)
def test_when_an_arm_asks(arm: Arm, since: str, starts: str) -> None:
    found = arm.starts(datetime.fromisoformat(since).replace(tzinfo=UTC), TIRANA)
    assert found == datetime.fromisoformat(starts).replace(tzinfo=UTC)


@given(
    st.builds(
        Arm,
        st.text(max_size=9),
        st.dictionaries(st.sampled_from(["en", "sq"]), st.text(max_size=9)),
        st.none() | st.integers(0, 23),
        st.integers(0, 96),
        st.none() | st.sampled_from(Channel),
        st.none() | st.text(min_size=1, max_size=9),
    )
)
def test_arms_are_kept_as_they_are(arm: Arm) -> None:
    assert read(store([arm])) == (arm,)


SETS = st.none() | st.frozensets(st.sampled_from([str(n) for n in range(4)]), min_size=1)


@given(SETS, SETS, SETS, SETS, st.sampled_from([str(n) for n in range(4)]), st.sampled_from(["sms", "telegram"]))
def test_populations_meet_where_somebody_belongs_to_both(
    languages: frozenset[str] | None,
    others: frozenset[str] | None,
    channels: frozenset[str] | None,
    other_channels: frozenset[str] | None,
    language: str,
    channel: str,
) -> None:
    one, two = Population(None, None, languages, channels), Population(None, None, others, other_channels)
    person = Subject(uuid4(), uuid4(), uuid4(), uuid4(), "national", language, Channel(channel))
    assert one.meets(two) is two.meets(one)
    if one.has(person) and two.has(person):
        assert one.meets(two)
