"""Surges: how often they are seen where there is none, how soon where there is one, and who is told."""

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from scipy.stats import nbinom
from sqlmodel import col, select

from cases import surges
from cases.surging import DAYS, LIMIT, Alarm, Arrival, Profile, alarms, tail
from domain.case import Case
from domain.catalogue import catalogue
from domain.clock import Notice
from domain.crowd import Surge
from nlp.distinctive import typical
from reports import surges as reading
from tests.builders import plain_case
from tests.cases.conftest import Town

TOP, REGION, OTHER = UUID(int=1), UUID(int=2), UUID(int=3)
OFFICES = [UUID(int=10 + n) for n in range(8)]
WATER, ROADS = UUID(int=100), UUID(int=101)
START = datetime(2026, 1, 5, tzinfo=UTC)
NOW = START + timedelta(days=DAYS)
# mornings are busy, nights are not
BY_HOUR = [0.2] * 6 + [1.0, 1.5, 2.0, 2.2, 2.0, 1.6, 1.4, 1.4, 1.2, 1.0, 1.0, 1.0, 1.2, 1.2, 1.0, 0.8, 0.5, 0.3]


def chain(office: UUID) -> list[UUID]:
    if office == TOP:
        return [TOP]
    return [office, TOP] if office in (REGION, OTHER) else [office, REGION if office.int < 14 else OTHER, TOP]


def rate(office: UUID, at: datetime) -> float:
    """Cases an hour: a small office has one a day, the biggest three an hour."""
    return (0.04, 0.1, 0.2, 0.4, 0.6, 1.0, 2.0, 3.0)[OFFICES.index(office)] * BY_HOUR[at.hour]


def arrivals(dice: random.Random, office: UUID, since: datetime, hours: int, times: float = 1.0) -> list[Arrival]:
    made = []
    for hour in range(hours):
        at = since + timedelta(hours=hour)
        left = rate(office, at) * times
        while (wait := dice.expovariate(1)) < left:  # a Poisson process, one waiting time after the other
            left -= wait
            made.append(Arrival(office, WATER if dice.random() < 0.7 else ROADS, at + timedelta(hours=dice.random())))
    return made


@pytest.fixture(scope="module")
def profile() -> Profile:
    dice = random.Random(5)
    made = Profile(NOW, ZoneInfo("UTC"), chain)
    for office in OFFICES:
        counted = Counter(
            (one.service_id, one.at.replace(minute=0, second=0, microsecond=0))
            for one in arrivals(dice, office, START, DAYS * 24)
        )
        for (service, hour), number in counted.items():
            made.add(office, service, hour, number)
    return made


def look(profile: Profile, come: list[Arrival], now: datetime) -> list[Alarm]:
    inside = [one for one in come if now - timedelta(hours=24) < one.at <= now]
    return alarms(inside, profile, now)


@pytest.mark.parametrize(("number", "mean", "size"), [(5, 0.3, 2.0), (40, 3.0, 9.0), (80, 20.0, 25.0), (3, 7.0, 4.0)])
def test_the_chance_is_that_of_scipy(number: int, mean: float, size: float) -> None:
    assert tail(number, mean, size) == pytest.approx(nbinom.sf(number - 1, size, size / (size + mean)), rel=1e-6)


def test_ordinary_weeks_alarm_nobody(profile: Profile) -> None:
    """Eight offices, ten days: at one a week and a hundred offices a ninth of an alarm would be allowed."""
    dice = random.Random(11)
    come = sorted(
        (one for office in OFFICES for one in arrivals(dice, office, NOW, 10 * 24)), key=lambda one: one.at
    )  # fmt: skip
    seen = [look(profile, come, NOW + timedelta(hours=hours / 2)) for hours in range(24, 10 * 48, 4)]
    assert [found for found in seen if found] == []


# at an office of so many cases an hour: what comes in beside the usual in how long, and how soon it must be seen
BURSTS = [
    (0, 40, timedelta(hours=1), timedelta(minutes=20)),
    (5, 40, timedelta(hours=1), timedelta(minutes=40)),
    (3, 12, timedelta(minutes=20), timedelta(minutes=20)),
    (4, 30, timedelta(hours=3), timedelta(hours=3)),
]


@pytest.mark.parametrize(("office", "number", "within", "soon"), BURSTS)
def test_a_burst_is_seen_soon_and_at_the_closest_place_alone(
    profile: Profile, office: int, number: int, within: timedelta, soon: timedelta
) -> None:
    dice, began = random.Random(3), NOW + timedelta(hours=33)
    usual = [one for other in OFFICES for one in arrivals(dice, other, NOW, 48)]
    burst = [Arrival(OFFICES[office], WATER, began + within * (n / number)) for n in range(number)]
    for minute in range(int(soon.total_seconds() // 60) + 1):
        now = began + timedelta(minutes=minute)
        if found := look(profile, usual + burst, now):
            break
    assert [alarm.stream for alarm in found] == [(OFFICES[office], WATER)]
    assert found[0].chance < LIMIT


def test_what_no_office_has_alone_is_seen_above(profile: Profile) -> None:
    began = NOW + timedelta(hours=34)
    # five each at the four offices of a region, too few for any one of them
    spread = [Arrival(OFFICES[n % 4], ROADS, began + timedelta(minutes=n)) for n in range(20)]
    found = look(profile, spread, began + timedelta(minutes=21))
    assert (REGION, ROADS) in [alarm.stream for alarm in found]
    assert all(alarm.stream[0] != TOP for alarm in found)


def test_typical_words_are_those_of_the_matter() -> None:
    told = [f"the main pipe burst on Mill Street, house {n} has no water" for n in range(8)]
    others = [f"my bill for the water of month {n} is wrong and the house is empty" for n in range(40)]
    words = typical(told, others)
    assert any("pipe" in word for word in words)
    assert not any(word in ("the", "water", "house") for word in words)


def flood(town: Town, number: int, office: str = "WAT1", minutes: int = 30, **values: object) -> None:
    with town.database.write() as session:
        for n in range(number):
            at = town.now - timedelta(minutes=minutes * n / number)
            text = f"The main pipe burst on Mill Street, number {n}"
            given = {"service_id": town.known.service["water"], "text": text, "received_at": at, "opened_at": at}
            session.add(plain_case(town.known, office, **(given | values)))


def past(town: Town) -> None:
    """One case every seven hours for two months."""
    with town.database.write() as session:
        for hours in range(30, 60 * 24, 7):
            at = town.now - timedelta(hours=hours)
            session.add(plain_case(town.known, "WAT1", text="My bill is wrong", received_at=at, opened_at=at))
    surges.forget()


def rows(town: Town) -> list[Surge]:
    with town.database.read() as session:
        return list(session.exec(select(Surge).order_by(col(Surge.started_at))))


def notices(town: Town) -> list[Notice]:
    with town.database.read() as session:
        return list(session.exec(select(Notice).order_by(col(Notice.at), col(Notice.id))))


def test_the_head_is_told_once_then_the_office_above_and_it_ends(town: Town) -> None:
    past(town)
    assert surges.sweep(town.now) == 0
    flood(town, 25)
    assert surges.sweep(town.now) == 1
    assert surges.sweep(town.now + timedelta(minutes=1)) == 0
    (surge,) = rows(town)
    assert (surge.office_id, surge.service_id) == (town.known.office["WAT1"], town.known.service["water"])
    assert surge.observed == 25
    (notice,) = notices(town)
    assert notice.staff_id == town.known.staff["head1"]
    assert "25 messages about Water supply" in notice.text
    assert "pipe" in notice.text
    town.later(hours=3)
    surges.sweep(town.now)
    assert {one.staff_id for one in notices(town)} == {town.known.staff["head1"], town.known.staff["head_water"]}
    town.later(hours=8)
    assert surges.sweep(town.now) == 1
    assert rows(town)[0].over_at == town.now
    assert surges.sweep(town.now + timedelta(minutes=1)) == 0  # what it was about is not a surge again
    with town.database.read() as session:
        for who, seen in (("head1", 1), ("minister", 1), ("officer2", 0), ("clerk", 0)):
            assert len(reading.lately(session, town.viewer(who), catalogue(session), town.now)) == seen
        shown = reading.lately(session, town.viewer("head1"), catalogue(session), town.now)
    assert shown[0].number == 25


@pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
def test_what_may_not_be_counted_makes_no_surge(town: Town) -> None:
    past(town)
    flood(town, 40, integrity=True)
    flood(town, 40, confidential=True)
    flood(town, 40, source="mystery_shopper")
    assert surges.sweep(town.now) == 0
    assert notices(town) == []


@pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
def test_letters_written_in_today_are_no_surge(town: Town) -> None:
    past(town)
    flood(town, 40, received_at=town.now - timedelta(days=9))
    assert surges.sweep(town.now) == 0
    with town.database.read() as session:
        assert len(session.exec(select(Case.id).where(col(Case.opened_at) > town.now - timedelta(hours=1))).all()) == 40
