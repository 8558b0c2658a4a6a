"""Registering a trial: its number, a sentence for each fault, and one trial at a time for the same people."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session

from core.errors import BadInput, Conflict, NotAllowed
from core.settings import settings
from domain.catalogue import catalogue
from domain.trial import Outcome, Trial
from notifications import compose
from surveys.trial_arms import arms_of, pledge
from surveys.trial_lately import Lately, lately
from surveys.trial_plan import Typed, confirm, draft, ends, register, size
from surveys.trial_typed import TypedArm, number
from surveys.trial_words import sentences, standing
from tests.builders import NOW, Government, government
from tests.conftest import Installation
from tests.surveys.trial_world import answered, asked, served, survey

SHORT = TypedArm("Short", {"en": "{{ service }}, {{ office }}: 1 to 5?"})
TYPED = Typed(
    title="Short wording",
    hypothesis="Fewer words bring more answers.",
    languages=("en",),
    response="30",
    effect="3",
    arms=(TypedArm("As now"), SHORT),
)


@pytest.fixture
def known(installation: Installation) -> Government:
    with installation.database.write() as session:
        return government(session)


def faults(session: Session, **changes: Any) -> dict[str, str]:
    with pytest.raises(BadInput) as caught:
        draft(session, catalogue(session), replace(TYPED, **changes), NOW)
    return caught.value.fields


@pytest.mark.parametrize(
    ("outcome", "base", "effect", "arms", "looks", "each"),
    [
        (Outcome.response, 0.30, 0.03, 2, 1, 3_763),  # as R's power.prop.test(p1 = .3, p2 = .33, power = .8)
        (Outcome.satisfied, 0.50, 0.25, 2, 1, 58 * 4),  # 58 answers, of which one in four comes
        (Outcome.rating, 3.5, 0.5, 2, 1, 64 * 4),  # Cohen's 64, of which one in four comes
        (Outcome.response, 0.97, 0.10, 2, 1, 115),  # no room above: 97 and 87 of 100
        (Outcome.solved, 0.10, 0.80, 2, 1, 25),  # six would do, but no figure is about a handful
    ],
)
def test_how_many_citizens(outcome: Outcome, base: float, effect: float, arms: int, looks: int, each: int) -> None:
    found = size(outcome, base, 1.0, 0.25, effect, 0.05, 0.80, arms, looks)
    assert found == pytest.approx(each, abs=4)


def test_more_arms_and_more_looks_take_more() -> None:
    def with_(arms: int, looks: int) -> int:
        return size(Outcome.response, 0.3, None, 0.3, 0.03, 0.05, 0.8, arms, looks)

    assert with_(2, 1) < with_(2, 3) < with_(2, 5) < 1.04 * with_(2, 1)
    assert with_(2, 1) < with_(3, 1) < with_(4, 1)


def test_a_plan_keeps_the_words_of_now_for_arms_that_have_none(installation: Installation, known: Government) -> None:
    with installation.database.write() as session:
        plan = draft(session, catalogue(session), TYPED, NOW)
        control, short = arms_of(plan.trial)
        assert control.words == {"en": compose.shipped("survey", "en")}
        assert short.words == SHORT.words
        assert (plan.trial.planned, plan.per_arm, plan.ends) == (2 * plan.per_arm, 3_763, None)


FAULTS: list[tuple[dict[str, Any], str, str]] = [
    ({"title": " "}, "title", "short name"),
    ({"hypothesis": ""}, "hypothesis", "what you expect"),
    ({"outcome": "luck"}, "outcome", "Choose"),
    ({"moment": "night"}, "moment", "Choose"),
    ({"outcome": "solved"}, "outcome", "not what this message asks"),
    ({"outcome": "rating", "moment": "solved"}, "outcome", "not what this message asks"),
    ({"services": ("pasport",)}, "services", "pasport"),
    ({"offices": "CIV1, NOWHERE"}, "offices", "NOWHERE"),
    ({"effect": "many"}, "effect", "number from"),
    ({"effect": "0"}, "effect", "number from"),
    ({"base": "50", "effect": "51"}, "effect", "no room"),
    ({"base": "50", "effect": "0.1", "power": "99", "alpha": "0.1"}, "effect", "larger difference"),
    ({"response": ""}, "response", "Nobody like this"),
    ({"outcome": "satisfied"}, "base", "too little"),
    ({"outcome": "rating", "base": "7"}, "base", "1 to 5"),
    ({"outcome": "rating", "effect": "0.2", "base": "3"}, "spread", "standard deviation"),
    ({"looks": "6"}, "looks", "1 to 5"),
    ({"looks": "1.5"}, "looks", "whole number"),
    ({"days": "30"}, "days", "1 to 14"),
    ({"starts": "2026-03-01"}, "starts", "before it starts"),
    ({"starts": "soon"}, "starts", "year-month-day"),
    ({"arms": (TypedArm("As now"),)}, "arm-1-name", "at least one"),
    ({"arms": (TypedArm("As now"), TypedArm("Same"))}, "arm-1-name", "Nothing tells it"),
    ({"arms": (TypedArm("One"), replace(SHORT, name="One"))}, "arm-1-name", "has this name"),
    ({"arms": (TypedArm("As now"), replace(SHORT, name=""))}, "arm-1-name", "Give the arm a name"),
    ({"arms": (TypedArm("As now"), TypedArm("Early", hour="3"))}, "arm-1-hour", "number from"),
    ({"arms": (TypedArm("As now"), TypedArm("Late", delay="200"))}, "arm-1-delay", "0 to 96"),
    ({"arms": (TypedArm("As now"), TypedArm("Late", delay="72")), "days": "4"}, "days", "at least 5 days"),
    ({"arms": (TypedArm("As now"), TypedArm("Post", channel="post"))}, "arm-1-channel", "SMS"),
    ({"arms": (TypedArm("As now"), TypedArm("Other", sender="+1555"))}, "arm-1-sender", "leaves from"),
    ({"arms": (TypedArm("A"), TypedArm("B", {"en": "How was {{ it }}?"}))}, "arm-1-words-en", "no placeholder"),
    ({"arms": (TypedArm("A"), SHORT, TypedArm("C", {"en": "{% if"}))}, "arm-2-words-en", "cannot be read"),
    (
        {"moment": "survey_reminder", "arms": (TypedArm("A"), TypedArm("B", hour="9"))},
        "arm-1-name",
        "only the words",
    ),
]


def test_each_fault_is_named(installation: Installation, known: Government) -> None:
    with installation.database.write() as session:
        for changes, field, said in FAULTS:
            found = faults(session, **changes)
            assert said in found.get(field, ""), (changes, found)


def test_what_was_seen_lately_fills_in_what_nobody_typed(installation: Installation, known: Government) -> None:
    with installation.database.write() as session:
        questions = survey(session)
        for place in range(40):
            at = NOW - timedelta(days=2 + place % 20)
            one = served(session, known, questions, place, office="CIV1" if place < 30 else "WAT1", at=at)
            asked(session, one, at)
            if place % 2:
                answered(session, one, 4 if place % 4 == 1 else 2, at, money=place == 1)
        session.flush()
        seen = lately(session, catalogue(session), {}, NOW)
        assert (seen.asked, seen.answered, seen.rated, seen.satisfied, seen.money) == (40, 20, 20, 10, 1)
        assert (seen.response, seen.of(Outcome.rating), seen.per_day) == (0.5, 3.0, 40 / 28)
        assert seen.spread == pytest.approx(1.026, abs=0.001)
        civil = lately(session, catalogue(session), {"offices": [str(known.office["CIV1"])]}, NOW)
        assert (civil.asked, civil.of(Outcome.rating)) == (30, None)
        plan = draft(session, catalogue(session), replace(TYPED, response="", outcome="rating", effect="0.5"), NOW)
        assert (plan.trial.response, plan.trial.base) == (0.5, 3.0)
        assert plan.ends is not None
        assert ends(plan.trial, 0.0) is None
    assert Lately().response is None


def test_it_is_kept_as_registered_with_a_seed_nobody_is_told(installation: Installation, known: Government) -> None:
    with installation.database.write() as session:
        made = register(session, catalogue(session), draft(session, catalogue(session), TYPED, NOW), None, "Arta", NOW)
        text = made.protocol
        assert len(made.seed) == 32
        assert made.seed not in text
        assert pledge(made.seed) in text
        for said in ("Fewer words bring more answers.", "by Arta, before its start", "3 of 100 from 30.0 of 100"):
            assert said in text
        assert "7,526 citizens, 3,763 in each of 2 arms" in text
        assert "{{ service }}, {{ office }}: 1 to 5?" in text
        assert standing(made, NOW) == "unread"
        with pytest.raises(NotAllowed, match="somebody else"):
            confirm(session, made, None, NOW)
        confirm(session, made, known.staff["minister"], NOW)
        assert standing(made, NOW) == "running"
        assert standing(made, NOW - timedelta(seconds=1)) == "registered"


LANGUAGES = ("en", "sq", "bn", "ru")
ASKS = "{{ reference }}: are you content? {{ link }}"
PAIRS: list[tuple[dict[str, Any], dict[str, Any], bool]] = [
    ({}, {}, True),
    ({"languages": ("en",)}, {"languages": ("sq",)}, False),
    ({"services": ("water",)}, {"services": ("passport",)}, False),
    ({"services": ("water",)}, {"services": ("passport", "water")}, True),
    ({"offices": "WATER"}, {"offices": "WAT1"}, True),
    ({"offices": "WAT1"}, {"offices": "WAT2, CIV1"}, False),
    ({"offices": "WAT1", "languages": ("en",)}, {"offices": "WATER", "languages": ("ru",)}, False),
    ({"channels": ("sms",)}, {"channels": ("sms", "email")}, True),
    ({}, {"moment": "solved", "arms": (TypedArm("As now"), TypedArm("Other", dict.fromkeys(LANGUAGES, ASKS)))}, False),
]


def test_one_trial_at_a_time_for_the_same_people(installation: Installation, known: Government) -> None:
    plain = replace(TYPED, languages=(), arms=(TypedArm("As now"), TypedArm("Evening", hour="18")))

    def registered(session: Session, changes: dict[str, Any]) -> Trial:
        known = catalogue(session)
        return register(session, known, draft(session, known, replace(plain, **changes), NOW), None, "Arta", NOW)

    for first, second, meet in PAIRS:
        with installation.database.write() as session:
            made = registered(session, first)
            if meet:
                with pytest.raises(Conflict, match="One trial at a time"):
                    registered(session, second)
                made.ended_at = NOW
                session.flush()
            registered(session, second)
            session.rollback()


@pytest.mark.parametrize(("text", "value"), [("3", 3.0), ("2,5", 2.5), (" 4 % ", 4.0), ("৩", 3.0)])
def test_numbers_as_people_write_them(text: str, value: float) -> None:
    found: dict[str, str] = {}
    assert number(text, "x", 0, 10, found) == value
    assert found == {}
    assert settings().languages


def told(trial: Trial, **changes: Any) -> list[str]:
    compared = {"arm": 1, "effect": 0.041, "low": 0.02, "high": 0.062, "differs": True, **changes}
    arms = [{"assigned": 500}, {"assigned": 500}]
    return sentences(trial, {"look": 1, "early": False, "arms": arms, "found": [compared], "besides": {}})


def test_a_minister_can_read_it(installation: Installation, known: Government) -> None:
    with installation.database.write() as session:
        made = draft(session, catalogue(session), TYPED, NOW).trial
        made.planned = 1_000
        assert told(made) == [
            "“Short” brought 4.1 more answers per 100 asked (2.0 to 6.2).",
            "The planned number of 1,000 is reached.",
        ]
        assert told(made, effect=-0.041, low=-0.062, high=-0.02)[0] == (
            "“Short” brought 4.1 fewer answers per 100 asked (2.0 to 6.2)."
        )
        assert told(made, differs=False, effect=0.003, low=-0.015, high=0.021)[0] == (
            "“Short” made no difference that can be told from chance: 0.3 more answers per 100 asked, and anything"
            " from 1.5 fewer answers per 100 asked to 2.1 more answers per 100 asked fits what was seen."
        )
        assert "too few" in told(made, effect=None)[0]
        made.outcome = Outcome.rating
        assert told(made, effect=0.21, low=0.1, high=0.32)[0] == (
            "“Short” brought higher ratings: by 0.21 of 5 (0.10 to 0.32)."
        )
        made.looks = 3
        assert "look 1 of 3 is passed with 1,000" in told(made)[1]
        assert "the next comes with 667" in told(made, differs=False)[1]
