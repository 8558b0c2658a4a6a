"""Which messages tell of one matter: a table of pairs in four languages, and what holds for any two."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp.likeness import WINDOW, Report, Verdict, compare

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
CERTAIN, LIKELY = Verdict.certain, Verdict.likely
WATER: dict[str, Any] = {"service": "water-outage", "place": "Torvin", "shared": True}
PASSPORT: dict[str, Any] = {"service": "passport", "place": "Torvin"}
PIPE = (41.3280, 19.8180)
BESIDE, FAR = (41.3290, 19.8190), (41.40, 19.90)


def report(text: str, hours: float = 0, citizen: str = "a", **known: Any) -> Report:
    return Report(text, AT + timedelta(hours=hours), citizen=citizen, **known)


# what the one wrote, what the other did so many hours later, what is known of both, what it comes to
PAIRS = [
    # one matter
    ("The main pipe burst on Mill Street, water everywhere", "the main pipe burst on Mill Street water everywhere", 1,
     WATER, CERTAIN),
    ("Burst pipe at Mill Street, water everywhere", "burst pipe on mill street water all over the road", 2,
     WATER, LIKELY),
    ("No water in Torvin since this morning", "no water torvin since yesterday", 3, WATER, LIKELY),
    ("Plasi tubi në rrugën e Pishave", "ka plasur tubi te rruga e pishave uji po derdhet", 5, WATER, LIKELY),
    ("S'kemi ujë në Rrugën e Kavajës", "ska uje rruga e kavajes qe dje", 6, WATER, LIKELY),
    ("Прорвало трубу на улице Сосновой, вода хлещет", "на сосновой улице прорвало трубу", 4, WATER, LIKELY),
    ("সোনালি সড়কে পাইপ ফেটে পানি বের হচ্ছে", "সোনালি সড়কে পাইপ ফেটে গেছে, রাস্তায় পানি", 2, WATER, LIKELY),
    ("no water for 2 days in Torvin, three floors", "no water for 3 days in Torvin, three floors", 8, WATER, LIKELY),
    ("No water in Torvin again", "no water in torvin again", 1, WATER, LIKELY),
    ("No water at 14 Mill Street", "Mill Street 20 has no water either", 1, WATER, LIKELY),
    # two matters
    ("Burst pipe at Mill Street, water everywhere", "Burst pipe at Pine Street, water everywhere", 1, WATER, None),
    ("Plasi tubi në rrugën e Pishave", "Plasi tubi në rrugën e Kavajës", 1, WATER, None),
    ("Прорвало трубу на улице Сосновой", "Прорвало трубу на улице Кленовой", 1, WATER, None),
    ("সোনালি সড়কে পাইপ ফেটে পানি বের হচ্ছে", "মিরপুর রোডে পাইপ ফেটে পানি বের হচ্ছে", 1, WATER, None),
    ("No water in Torvin since this morning", "the pressure on the fourth floor is a joke", 1, WATER, None),
    ("No water in Torvin since this morning", "No water in Torvin since this morning", 80, WATER, None),
    ("bus 12 did not come this morning again", "bus 14 did not come this morning again", 1, WATER, None),
    ("help", "help", 1, WATER, None),
    ("", "", 1, WATER, None),
    # about one person each, however alike they are told
    ("I applied for my passport two months ago, no answer", "applied for a passport 2 months ago, no answer yet", 2,
     PASSPORT, None),
    ("I applied for my passport two months ago", "I applied for my passport two months ago", 1, PASSPORT, None),
    ("my pension did not arrive this month", "my pension has not arrived this month", 1, PASSPORT, None),
    ("Моя пенсия не пришла в этом месяце", "пенсия не пришла в этом месяце", 1, PASSPORT, None),
    ("The passport office on Mill Street is shut since Monday", "passport office on Mill Street is shut since monday",
     3, PASSPORT, LIKELY),
]  # fmt: skip


@pytest.mark.parametrize(("one", "other", "hours", "known", "verdict"), PAIRS)
def test_pairs(one: str, other: str, hours: float, known: dict[str, Any], verdict: Verdict | None) -> None:
    a, b = report(one, **known), report(other, hours, "b", **known)
    found = compare(a, b)
    assert (found.verdict if found else None) == verdict, found
    back = compare(b, a)
    assert (back.verdict if back else None) == verdict


def test_two_languages_meet_at_one_spot_or_in_a_surge_alone() -> None:
    english = report("The pipe under the road burst", **WATER)
    bengali = report("রাস্তার নিচে পাইপ ফেটে গেছে", 1, "b", **WATER)
    assert compare(english, bengali) is None
    found = compare(replace(english, spot=PIPE), replace(bengali, spot=BESIDE))
    assert found is not None
    assert found.verdict is LIKELY
    assert found.why == "same service, 140 metres apart, same place (Torvin), 60 minutes apart"
    assert compare(english, bengali, surging=True) is not None
    assert compare(replace(english, spot=PIPE), replace(bengali, spot=FAR), surging=True) is None


SURE = report("The main pipe burst on Mill Street, water everywhere", **WATER)
TOO = replace(SURE, at=AT + timedelta(hours=1), citizen="b")


@pytest.mark.parametrize(
    "other",
    [
        replace(TOO, citizen=None),  # may be the same person, or a program
        replace(TOO, at=AT + timedelta(hours=30)),
        replace(TOO, shared=False, service=None, place=None),
        replace(TOO, text="Pipe burst at the mill, the whole of Mill Street under water"),
    ],
)
def test_whatever_is_less_than_certain_is_for_a_person(other: Report) -> None:
    assert compare(SURE, TOO).verdict is CERTAIN  # type: ignore[union-attr]
    found = compare(SURE, other)
    assert found is None or found.verdict is LIKELY


def test_one_citizen_twice_is_no_crowd() -> None:
    assert compare(SURE, replace(TOO, citizen="a")) is None


WORDS = st.text(max_size=300)


@given(
    one=WORDS,
    other=WORDS,
    hours=st.floats(-100, 100),
    shared=st.booleans(),
    surging=st.booleans(),
    same=st.booleans(),
)
def test_any_two_texts_are_compared_alike_both_ways(
    one: str, other: str, hours: float, shared: bool, surging: bool, same: bool
) -> None:
    a = report(one, service="x", place="Here", shared=shared)
    b = report(one if same else other, hours, "b", service="x", place="Here", shared=shared)
    there, back = compare(a, b, surging=surging), compare(b, a, surging=surging)
    assert (there and there.verdict) == (back and back.verdict)
    if there is not None:
        assert abs(a.at - b.at) <= WINDOW
        assert there.why
        assert there.verdict is LIKELY or shared
