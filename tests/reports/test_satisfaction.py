"""What was said, counted in the database; where offices stand; and the sentence on top."""

from datetime import date, datetime, timedelta
from uuid import UUID

import pytest

from channels.values import Channel
from core.ids import new_id
from domain.catalogue import catalogue
from domain.flag import FlagKind, FlagState, MoneyMonth, SurveyFlag
from domain.states import OutboxState
from domain.survey import Survey
from reports import money, satisfaction
from reports.funnel import Where
from reports.in_short import in_short
from reports.standing import Standing, said, standings
from reports.weighting import Response, Scales, Tally, scales
from tests.builders import NOW, Government, government
from tests.conftest import Installation
from tests.surveys.answers import Asking

SINCE, UNTIL = NOW - timedelta(days=28), NOW
AT = NOW - timedelta(days=3)
PLAIN = Scales({}, {}, 1e9)


def test_those_who_were_asked_are_counted_by_what_they_said(installation: Installation) -> None:
    with installation.database.write() as session:
        known = government(session)
        asking = Asking(session, known)
        for _ in range(3):
            asking.ask("WAT1", AT, {"rating": 5}, service="water")
        asking.ask("WAT1", AT, service="water", hours=30)
        asking.ask("WAT1", AT, {"rating": 2}, service="water", channel=Channel.email, probability=0.25)
        asking.ask("WAT2", AT, {"words": "Fine"}, service="water", hours=100)
        asking.ask("WAT2", AT, state=OutboxState.failed)
        asking.ask("WAT2", NOW - timedelta(days=40), {"rating": 1})
        asking.tap("WAT1", AT, {"rating": 1})
    with installation.database.read() as session:
        found = satisfaction.tallies(session, "rating", SINCE, UNTIL)
        responses = satisfaction.responses(session, SINCE, UNTIL, None)
        water_alone = satisfaction.responses(session, SINCE, UNTIL, known.service["water"])
        exits = satisfaction.tapped(session, SINCE, UNTIL, None, None)
    first, second, water = known.office["WAT1"], known.office["WAT2"], known.service["water"]
    assert sorted(found, key=str) == sorted(
        [
            Tally(first, water, "sms", 0, 1.0, 5, 3),
            Tally(first, water, "sms", 2, 1.0, None, 1),
            Tally(first, water, "email", 0, 0.25, 2, 1),
            Tally(second, water, "sms", 3, 1.0, None, 1),
            Tally(second, known.service["passport"], "sms", 0, 1.0, None, 1),
        ],
        key=str,
    )
    assert responses == {first: Response(5, 4, 0), second: Response(2, 1, 1)}
    assert water_alone == {first: Response(5, 4, 0), second: Response(1, 1, 0)}
    assert exits.counts == (1, 0, 0, 0, 0)


@pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
def test_many_are_not_counted_again_at_once(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    def asked(until: datetime) -> tuple[int, int]:
        with installation.database.read() as session:
            tallies = satisfaction.tallies(session, "rating", until - timedelta(days=28), until)
            responses = satisfaction.responses(session, until - timedelta(days=28), until, None)
        return sum(one.count for one in tallies), sum(one.asked for one in responses.values())

    with installation.database.write() as session:
        asking = Asking(session, government(session))
        asking.ask("WAT1", AT, {"rating": 5})
    assert asked(NOW) == (1, 1)
    monkeypatch.setattr(satisfaction, "MANY", 2)
    for later, expected in ((0, 2), (5, 2), (11, 4)):
        with installation.database.write() as session:
            asking.session = session
            asking.ask("WAT1", AT)
        assert asked(NOW + timedelta(minutes=later)) == (expected, expected)


def test_operators_apart_and_reasons_without_money(installation: Installation) -> None:
    with installation.database.write() as session:
        known = government(session)
        asking = Asking(session, known)
        words = {"en": "They asked for money", "sq": "Kërkuan para"}
        question: dict[str, object] = {"code": "reason", "options": [{"code": "gift", "words": words}]}
        session.add(Survey(code="other", questions=[question]))
        for reason in ("wait", "wait,staff", "money", "gift", "money,wait", "closed"):
            asking.ask("WAT1", AT, {"rating": 2, "reason": reason}, operator="window 1")
        asking.ask("WAT1", AT, {"rating": 4}, operator="window 2")
        asking.ask("WAT1", AT, {"rating": 4})
        asking.tap("WAT2", AT, {"rating": 1, "reason": "closed"})
    with installation.database.read() as session:
        office = known.office["WAT1"]
        operators = satisfaction.by_operator(session, "rating", SINCE, UNTIL, office)
        found = satisfaction.reasons(session, SINCE, UNTIL, [office], None)
        everywhere = satisfaction.reasons(session, SINCE, UNTIL, None, None)
        elsewhere = satisfaction.reasons(session, SINCE, UNTIL, None, known.service["water"])
    assert {name: sum(one.count for one in some) for name, some in operators.items()} == {"window 1": 6, "window 2": 1}
    # four gave another reason than money; those who gave none other are not among those who gave one
    assert found == satisfaction.Reasons(4, (("wait", 3), ("closed", 1), ("staff", 1)))
    assert everywhere.n == 5
    assert elsewhere == satisfaction.Reasons(0, ())


def test_offices_with_signs_as_far_as_one_may_see_them(installation: Installation) -> None:
    with installation.database.write() as session:
        known = government(session)
        for office, state, day in (
            ("WAT1", FlagState.open, date(2026, 2, 23)),
            ("WAT2", FlagState.open, date(2026, 2, 23)),
            ("WAT2", FlagState.confirmed, date(2026, 2, 16)),
            ("CIV1", FlagState.explained, date(2026, 2, 23)),
            ("GOV", FlagState.open, date(2025, 2, 24)),
        ):
            session.add(
                SurveyFlag(office_id=known.office[office], kind=FlagKind.missing, period=day, found_at=NOW, state=state)
            )
    with installation.database.read() as session:
        snapshot = catalogue(session)
        assert satisfaction.flagged(session, snapshot, known.viewer(session, "minister"), SINCE) == (1, 1)
        assert satisfaction.flagged(session, snapshot, known.viewer(session, "head1"), SINCE) == (0, 0)


def of(ratings: dict[int, int], office: UUID) -> list[Tally]:
    return [Tally(office, None, "sms", 0, 1.0, value, count) for value, count in ratings.items()]


def world() -> tuple[list[Tally], list[UUID]]:
    offices = [new_id() for _ in range(8)]
    tallies = [one for office in offices[:6] for one in of({5: 60, 4: 40, 2: 50}, office)]
    return tallies + of({5: 10, 1: 140}, offices[6]) + of({1: 4}, offices[7]), offices


def test_offices_in_order_of_what_is_drawn_and_the_few_without_a_place() -> None:
    tallies, offices = world()
    lines, plot = standings(tallies, scales(tallies))
    assert plot is not None
    assert lines[0].office_id == offices[6]
    assert (lines[0].where, lines[0].under) == (Where.alarm, True)
    assert lines[-1].office_id == offices[7]
    assert (lines[-1].drawn_content, lines[-1].where) == (None, None)
    drawn = lines[0].drawn_content
    assert drawn is not None
    assert lines[0].said.content.value < drawn.value < plot.centre
    assert standings([], PLAIN) == ([], None)


def test_the_sentence_says_what_the_numbers_hold() -> None:
    tallies, offices = world()
    weights = scales(tallies)
    lines, _ = standings(tallies, weights)
    named = [(f"Office {offices.index(one.office_id)}", one) for one in lines]
    asked = Response(3000, 1054, 12)
    total = said(tallies, weights)
    told = in_short(total, asked, named, True, "en")
    assert told.startswith("58% of the people served were content (")
    assert "by 1,054 answers. One of 7 offices lies lower than chance explains: Office 6." in told
    plain = [(name, one) for name, one in named if one.where is not Where.alarm]
    assert in_short(total, asked, plain, False, "en").endswith("No office lies lower than chance explains.")
    spread = in_short(total, asked, plain, True, "en")
    assert "Offices differ by more than chance, from 66% (Office " in spread
    assert in_short(total, asked, [], True, "en").endswith("answers.")


@pytest.mark.parametrize(
    ("ratings", "asked", "told"),
    [
        ({}, 0, "Nobody was asked about these services in this time."),
        ({}, 1, "One person was asked about these services and has not answered."),
        ({}, 40, "40 people were asked about these services, and none has answered."),
        ({5: 1}, 40, "One person answered: too few to say how content people are."),
        ({5: 9}, 40, "9 people answered: too few to say how content people are."),
        ({5: 10}, 40, "100% of the people served were content (72% to 100%), by 10 answers."),
    ],
)
def test_few_answers_say_little(ratings: dict[int, int], asked: int, told: str) -> None:
    nobody: list[tuple[str, Standing]] = []
    total = said(of(ratings, new_id()), PLAIN)
    assert in_short(total, Response(asked, sum(ratings.values()), 0), nobody, False, "en") == told


def told_months(installation: Installation) -> Government:
    with installation.database.write() as session:
        known = government(session)
        first, second = date(2026, 1, 1), date(2026, 2, 1)
        for month, office, below, n, yes in (
            (first, None, True, 100, 9), (first, "WAT1", False, 40, 8), (first, "WAT2", False, 35, 1),
            (first, "WATER", True, 75, 9), (first, "CIV1", False, 12, 0), (first, "INTEG", False, 13, 0),
            (second, None, True, 0, 0),
        ):  # fmt: skip
            place = known.office[office] if office else None
            session.add(MoneyMonth(month=month, office_id=place, below=below, n=n, yes=yes))
    return known


def test_money_is_for_those_who_watch_and_work_at_none_of_the_offices(installation: Installation) -> None:
    known = told_months(installation)
    with installation.database.read() as session:
        snapshot = catalogue(session)
        readers = {name for name in known.staff if money.months(session, snapshot, known.viewer(session, name))}
        assert readers == {"minister", "auditor", "integrity"}
        whole = money.months(session, snapshot, known.viewer(session, "minister"))
        assert whole == [date(2026, 2, 1), date(2026, 1, 1)]
        month = money.month(session, date(2026, 1, 1))
        nothing = money.month(session, date(2026, 2, 1))
    assert month.whole == money.Asked(None, True, 100, 9)
    assert [(one.office_id, one.n) for one in month.totals] == [(known.office["WATER"], 75)]
    assert month.offices[0].office_id == known.office["WAT1"]
    drawn = month.offices[0].drawn
    assert drawn is not None
    assert 0.09 < drawn.value < month.offices[0].share
    assert month.offices[0].interval[0] < 0.2 < month.offices[0].interval[1]
    assert nothing == money.Month(date(2026, 2, 1), None, (), ())
