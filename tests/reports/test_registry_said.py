"""What citizens said, as the registry tells it: the same as the pages that tell it in full; money, signs and costs."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlmodel import Session, select

from channels.values import Channel
from core.errors import Misconfigured
from core.ids import new_id
from core.settings import settings
from domain.catalogue import catalogue
from domain.flag import FlagKind, FlagState, MoneyMonth, SurveyFlag
from domain.outbox import OutboundMessage
from domain.states import OutboxState, Purpose
from reports import satisfaction
from reports.registry.figures import measure, whole
from reports.registry.kpis import find
from reports.registry.scope import Scope
from reports.registry.values import Dimension, Figure, Hidden
from reports.standing import said
from reports.weighting import Weighed, median_of, scales
from tests.builders import NOW, Government, government, plain_case
from tests.conftest import Installation
from tests.surveys.answers import Asking

AT = NOW - timedelta(days=3)
SENT = (
    (Purpose.acknowledgement, Channel.sms, 1),
    (Purpose.answer, Channel.sms, 3),
    (Purpose.status, Channel.email, None),
)


def scope(session: Session, known: Government, who: str = "minister", office: str = "", **more: object) -> Scope:
    at = known.office[office] if office else None
    since = NOW - timedelta(days=28)
    return Scope(known.viewer(session, who), catalogue(session), since, NOW, NOW, at, **more)  # type: ignore[arg-type]


def by_key(figures: list[Figure]) -> dict[str, tuple[float | None, int]]:
    return {one.key: (one.value, one.n) for one in figures}


def test_ratings_are_those_of_the_page(installation: Installation) -> None:
    with installation.database.write() as session:
        known = government(session)
        asking = Asking(session, known)
        for number in range(24):
            told_too = {"minutes": 10 + number} if number % 2 else {}
            asking.ask("WAT1", AT, {"rating": 1 + number % 5, **told_too}, service="water")
            asking.ask("CIV1", AT, {"rating": 5} if number % 3 else None, channel=Channel.email, probability=0.5)
        asking.ask("WAT2", AT - timedelta(days=14), {"rating": 4, "visits": 3})
    names = ("content", "rating", "response_rate", "waiting_minutes")
    with installation.database.read() as session:
        asked = scope(session, known)
        found = whole(session, asked, [find(name) for name in names])
        tallies = satisfaction.tallies(session, "rating", asked.since, NOW)
        weights = scales(tallies)
        expected = said(tallies, weights)
        told = weights.weigh(satisfaction.told(session, "minutes", asked.since, NOW))
        offices = measure(session, asked, [find(name) for name in names], Dimension.office)
        channels = measure(session, asked, [find("response_rate")], Dimension.channel)["response_rate"]
        weeks = measure(session, asked, [find("rating"), find("response_rate")], Dimension.week)
        head = whole(session, scope(session, known, "head1"), [find("response_rate")])["response_rate"]
    assert expected is not None
    assert found["content"].value == expected.content.value
    assert (found["rating"].value, found["rating"].low) == (expected.rating.value, expected.rating.low)
    assert (found["response_rate"].value, found["response_rate"].n) == (41 / 49, 49)
    estimate = median_of(told)
    assert estimate is not None
    minutes = found["waiting_minutes"]
    assert (minutes.value, minutes.low, minutes.high, minutes.n) == (estimate.value, estimate.low, estimate.high, 12)
    assert by_key(offices["response_rate"]) == {"WAT1": (1.0, 24), "CIV1": (16 / 24, 24), "WAT2": (None, 1)}
    assert by_key(offices["content"])["WAT2"] == (None, 1), "too few"
    assert by_key(channels) == {"sms": (1.0, 25), "email": (16 / 24, 24)}
    assert {one.key: one.n for one in weeks["rating"]} == {"2026-02-09": 1, "2026-02-23": 40}
    assert sum(one.n for one in weeks["response_rate"]) == 49
    assert head.n == 24, "of one's own office only"


def test_the_median_of_what_was_told_has_the_interval_of_one_half() -> None:
    """Of 100 equal answers 1 to 100 the interval of one half by Wilson is 0.404 to 0.596."""
    found = median_of([Weighed(float(one), 1.0, 1) for one in range(1, 101)])
    assert found is not None
    assert (found.value, found.low, found.high) == (50, 41, 60)
    assert median_of([]) is None


@pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
def test_money_is_told_by_the_month_and_only_what_is_out(installation: Installation) -> None:
    month = date(2026, 2, 1)
    with installation.database.write() as session:
        known = government(session)
        rows = ((None, True, 60, 6), ("WAT1", False, 30, 3), ("WATER", True, 60, 6))
        for office, below, n, yes in rows:
            at = known.office[office] if office else None
            session.add(MoneyMonth(id=new_id(), month=month, office_id=at, below=below, n=n, yes=yes))
    kpi = find("money_asked")
    zone = settings().zone
    with installation.database.read() as session:
        moving = scope(session, known)
        whole_month = replace(moving, since=datetime(2026, 2, 1, tzinfo=zone).astimezone(UTC))

        def told(asked: Scope) -> tuple[float | None, int, Hidden | None]:
            one = whole(session, asked, [kpi])["money_asked"]
            return one.value, one.n, one.hidden

        assert told(moving) == (None, 0, Hidden.whole_month), "begins within the month"
        assert told(whole_month) == (0.1, 60, None)
        one = whole(session, whole_month, [kpi])["money_asked"]
        assert one.until == datetime(2026, 3, 1, tzinfo=zone), "of the month, though more days were asked for"
        assert told(replace(whole_month, office_id=known.office["WATER"])) == (0.1, 60, None)
        assert told(replace(whole_month, office_id=known.office["WAT1"])) == (0.1, 30, None)
        assert told(replace(whole_month, office_id=known.office["WAT2"])) == (None, 0, Hidden.kept)
        offices = measure(session, whole_month, [kpi], Dimension.office)["money_asked"]
        assert by_key(offices) == {"WAT1": (0.1, 30)}


@pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
def test_signs_are_those_one_may_see(installation: Installation) -> None:
    with installation.database.write() as session:
        known = government(session)
        states = (("WAT1", FlagState.open), ("WAT2", FlagState.confirmed), ("CIV1", FlagState.explained))
        for office, state in states:
            flag = SurveyFlag(
                office_id=known.office[office],
                kind=FlagKind.missing,
                period=date(2026, 2, 23),
                found_at=NOW,
                state=state,
            )
            session.add(flag)
    kpi = find("survey_signs")
    with installation.database.read() as session:
        assert by_key(measure(session, scope(session, known), [kpi], Dimension.office)["survey_signs"]) == {
            "WAT1": (1.0, 1), "WAT2": (1.0, 1),
        }  # fmt: skip
        assert whole(session, scope(session, known, "head1"), [kpi])["survey_signs"].value == 0, (
            "not before it is judged"
        )


def test_costs_are_what_providers_charge_over_what_came_of_it(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    with installation.database.write() as session:
        known = government(session)
        asking = Asking(session, known)
        for number in range(20):
            invitation = asking.ask("WAT1", AT, {"rating": 5} if number < 10 else None)
            row = session.exec(select(OutboundMessage).where(OutboundMessage.invitation_id == invitation)).one()
            row.accepted_at, row.segments = AT, 2
        contact = row.contact_point_id
        for number in range(12):
            case = plain_case(known, ("WAT1", "WAT2")[number % 2], received_at=AT)
            session.add(case)
            session.flush()
            for purpose, channel, segments in SENT:
                session.add(
                    OutboundMessage(
                        dedupe_key=str(new_id()), purpose=purpose, channel=channel, segments=segments, language="en",
                        body="x", contact_point_id=contact, case_id=case.id, created_at=AT, accepted_at=AT,
                        state=OutboxState.delivered if number else OutboxState.failed,
                    )
                )  # fmt: skip
    names = [find("cost_per_answer"), find("cost_per_survey_answer")]
    with installation.database.read() as session:
        assert {one.hidden for one in whole(session, scope(session, known), names).values()} == {Hidden.no_price}
        monkeypatch.setenv("OMBUD_SMS_PRICE", "0.05")
        monkeypatch.setenv("OMBUD_MESSAGE_PRICES", "email=0.01, whatsapp=0.03")
        settings.cache_clear()
        found = whole(session, scope(session, known), names)
        offices = measure(session, scope(session, known), names, Dimension.office)
    answer = found["cost_per_answer"]
    assert answer.n == 11, "one never left, and cost all the same"
    assert answer.value == pytest.approx(12 * (4 * 0.05 + 0.01) / 11)
    survey = found["cost_per_survey_answer"]
    assert survey.n == 10
    assert survey.value == pytest.approx(20 * 2 * 0.05 / 10)
    assert {one.key: one.n for one in offices["cost_per_answer"]} == {"WAT1": 5, "WAT2": 6}
    settings.cache_clear()


@pytest.mark.parametrize("wrong", ["email", "email=free", "=0.1", "email=-1"])
def test_prices_that_cannot_be_read_are_refused(wrong: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMBUD_MESSAGE_PRICES", wrong)
    settings.cache_clear()
    with pytest.raises(Misconfigured, match=r"whatsapp=0\.03"):
        settings()
    settings.cache_clear()
