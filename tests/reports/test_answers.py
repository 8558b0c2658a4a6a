"""What answers were worth, counted by office and by person, and nothing of it shown to who does not lead."""

from datetime import timedelta

import pytest

from cases import lifecycle
from reports import answers
from reports.answers import Given
from tests.cases.conftest import Town, town  # noqa: F401  (the fixture)
from tests.cases.test_intake import WATER

OWN = "The valve in your street was broken; the crew put in a new one and water runs since noon."


def figures(given: list[Given]) -> list[tuple[str, int, int, int, int]]:
    return [(one.name, one.all, one.empty, one.saved, one.copies) for one in given]


def test_counted_by_hand(town: Town) -> None:  # noqa: F811
    senders = [f"+35569111000{number}" for number in range(1, 5)]
    said = [
        ("officer1", OWN),
        ("officer1", OWN),
        ("head1", "We have received your message."),
        ("head1", "Yes, at nine."),
    ]
    for sender, (who, text) in zip(senders, said, strict=True):
        before = {case.id for case in town.cases()}
        town.arrives(WATER, sender=sender)
        (case,) = [one for one in town.cases() if one.id not in before]
        with town.database.write() as session:
            lifecycle.reply(session, case.id, town.viewer(who), text, town.now, town.form(99))
    span = {"since": town.now - timedelta(days=1), "until": town.now + timedelta(days=1)}
    office = town.known.office["WAT1"]
    with town.database.read() as session:
        for who in ("head1", "head_water", "minister"):
            assert figures(answers.by_office(session, town.viewer(who), **span)) == [("Office WAT1", 4, 1, 0, 1)]
        assert answers.by_office(session, town.viewer("officer2"), **span) == []
        for who in ("head1", "head_water"):
            found = figures(answers.by_person(session, town.viewer(who), office, **span))
            assert found == [("head1", 2, 1, 0, 0), ("officer1", 2, 0, 0, 1)]
        for who in ("officer1", "minister", "auditor"):
            assert answers.by_person(session, town.viewer(who), office, **span) == []
        listed = answers.references(session, town.viewer("head1"), office, since=span["since"], until=span["until"])
        assert sorted(why for _, _, why in listed) == ["copy", "empty"]
        none = {"since": town.now + timedelta(days=1), "until": town.now + timedelta(days=2)}
        assert answers.by_office(session, town.viewer("head1"), **none) == []


@pytest.mark.parametrize("hidden", ["integrity", "about"])
def test_what_one_may_not_see_is_in_no_figure(town: Town, hidden: str) -> None:  # noqa: F811
    town.arrives(WATER)
    with town.database.write() as session:
        lifecycle.reply(session, town.case().id, town.viewer("officer1"), OWN, town.now, town.form(99))
        case = session.merge(town.case())
        if hidden == "integrity":
            case.integrity, case.office_id = True, town.known.office["INTEG"]
        else:
            case.about_staff_id = town.known.staff["head1"]
    span = {"since": town.now - timedelta(days=1), "until": town.now + timedelta(days=1)}
    with town.database.read() as session:
        assert answers.by_office(session, town.viewer("head1"), **span) == []
