"""Rules by group, map, office and for every topic; the closer one decides, and its words say so."""

from datetime import date, timedelta

import pytest

from routing.answering import answering
from routing.rules import Decision, Method, Request, choose, explain
from routing.service import rule_of
from routing.table import rule_words, table_of
from tests.routing.world import BERIM, DAY, LUMAS, World, sees, velmora

IN_OLD_TOWN = (41.31, 19.81)
IN_LUMAS = (41.35, 19.85)
IN_NORTH = (41.6, 20.1)
AT_SEA = (41.3, 18.0)


@pytest.fixture
def world() -> World:
    """Velmora, drawn: the north holds Lumas, which holds its old town; two municipalities under two regions."""
    world = velmora()
    world.lines.clear()
    world.services["water"].group = world.services["passport"].group = "town"
    world.office("NOR", "GOV", places=("North",), name="North Region")
    world.office("MUN", "NOR", places=(LUMAS, "Hill"), name="Lumas Municipality")
    world.office("SOU", "GOV", name="South Region")
    world.office("MUS", "SOU", places=(BERIM,), name="Berim Municipality")
    world.area("north", "North", 19.5, 41.0, 20.5, 42.0)
    world.area("lumas", "Lumas", 19.8, 41.3, 19.9, 41.4)
    world.area("old", "Old Town", 19.8, 41.3, 19.82, 41.32)
    return world


def go(world: World, text: str = "", day: date = DAY, **more: object) -> tuple[str | None, Decision]:
    decision = choose(Request(text, service="water", **more), world.catalogue(), day)  # type: ignore[arg-type]
    return world.code_of(decision.office_id), decision


RULES = {
    "this service": {"service": "water", "place": "", "office": "WAT"},
    "its group": {"service": "", "place": "Lumas", "office": "WAT1", "group": "town"},
    "every topic": {"service": "", "place": "", "office": "NOR", "area": "old"},
}


def test_the_closer_topic_goes_before_the_closer_place(world: World) -> None:
    for rule in RULES.values():
        world.line(**rule)  # type: ignore[arg-type]
    for office, topic in (("WAT", "this service"), ("WAT1", "its group"), ("NOR", "every topic")):
        code, decision = go(world, at=IN_OLD_TOWN)
        assert code == office, topic
        assert decision.rule_id == world.lines[0].id
        del world.lines[0]


PLACES = {
    "the smallest area around the spot": {"area": "old", "place": ""},
    "a larger area around it": {"area": "lumas", "place": ""},
    "the name of the smallest area with one": {"place": "Lumas"},
    "the largest area": {"area": "north", "place": ""},
    "the office that serves it": {"within": "MUN", "place": ""},
    "the office above": {"within": "NOR", "place": ""},
    "everywhere else": {"place": ""},
}


def test_the_closer_place_goes_first(world: World) -> None:
    for number, rule in enumerate(PLACES.values()):
        world.office(f"X{number}", "GOV")
        world.line("water", office=f"X{number}", **rule)  # type: ignore[arg-type]
    for number, said in enumerate(PLACES):
        assert go(world, at=IN_OLD_TOWN)[0] == f"X{number}", said
        del world.lines[0]


@pytest.mark.parametrize(
    ("given", "code", "place"),
    [
        ({"at": IN_LUMAS}, "WAT1", "Lumas"),
        ({"at": IN_LUMAS, "place": "Berim"}, "WAT1", "Lumas"),  # the spot says more than the pick
        ({"at": IN_OLD_TOWN}, "WAT1", "Old Town"),  # its area lies in Lumas
        ({"at": IN_NORTH}, "CIV", "North"),
        ({"at": AT_SEA, "place": "Berim"}, "WAT3", "Berim"),  # in no area: as if it had not been given
        ({"at": AT_SEA}, "CIV", None),
        ({"text": "old town, dry taps"}, "WAT1", "Old Town"),  # an area's name is a place, and lies where it is drawn
        ({"place": "Lumas"}, "WAT1", "Lumas"),
        ({"last_place": "Old Town"}, "WAT1", "Old Town"),
        ({"place": "Hill"}, "CIV1", "Hill"),
        ({"place": "Berim"}, "WAT3", "Berim"),
    ],
)
def test_where_it_is(world: World, given: dict[str, object], code: str, place: str | None) -> None:
    world.line("water", "", "WAT1", area="lumas")
    world.line("water", "", "CIV1", within="NOR")
    world.line("water", "", "WAT3", within="SOU")
    world.line("water", "", "CIV")
    world.offices["NOR"].places = []  # so that the name of the north is nobody's place
    found, decision = go(world, **given)  # type: ignore[arg-type]
    assert (found, decision.place) == (code, place)


def test_a_spot_on_the_border_lies_in_the_smaller_area(world: World) -> None:
    world.line("water", "", "WAT1", area="lumas")
    world.line("water", "", "WAT3", area="north")
    assert go(world, at=(41.4, 19.9))[0] == "WAT1"
    assert go(world, at=(41.4001, 19.9))[0] == "WAT3"


def test_of_two_rules_that_say_the_same_the_later_one_applies(world: World) -> None:
    world.line("water", "Lumas", "WAT3", since=DAY - timedelta(days=9))
    world.line("water", "Lumas", "WAT1", since=DAY)
    assert go(world, place="Lumas")[0] == "WAT1"
    assert go(world, day=DAY - timedelta(days=1), place="Lumas")[0] == "WAT3"


def test_no_rule_that_fits_leads_above_those_of_the_closest_topic(world: World) -> None:
    world.line("water", "Lumas", "WAT1", until=DAY)
    world.line("", "Lumas", "CIV1", group="town")
    world.line("", "Berim", "CIV", group="town")
    code, decision = go(world, place="Nowhere")
    assert (code, decision.rule_id) == ("CIV", None)
    assert decision.reason.startswith("Water supply has no office of its own, so Civil Registry above them answers")


def test_closed_offices_hand_up_and_then_the_next_rule_is_asked(world: World) -> None:
    rule = world.line("", "", "MUN", area="lumas")
    world.line("", "", "CIV")
    world.offices["MUN"].active = False
    code, decision = go(world, at=IN_LUMAS)
    assert (code, decision.rule_id) == ("NOR", rule)
    assert "since Lumas Municipality cannot" in decision.reason
    world.offices["NOR"].active = False
    assert go(world, at=IN_LUMAS)[0] == "CIV"


def test_every_topic_is_answered_where_one_office_has_them_all(world: World) -> None:
    world.line("", "Lumas", "MUN")
    unsure = sees("water", 0.5, ("passport", 0.4))
    decision = choose(Request("in Lumas", prediction=unsure), world.catalogue(), DAY)
    assert (world.code_of(decision.office_id), decision.method) == ("MUN", Method.classifier)


def test_what_is_shut_out_is_not_asked(world: World) -> None:
    world.line("", "", "MUN", area="lumas")
    world.line("", "", "CIV")
    decision = choose(
        Request("a bribe in Lumas", service="water", at=IN_LUMAS, prediction=sees("water")), world.catalogue(), DAY
    )
    assert decision.integrity
    assert world.code_of(decision.about_office_id) == "MUN"
    assert [one.office for one in decision.suggestions] == ["CIV"]


def test_a_rule_in_words(world: World) -> None:
    world.line("water", "Lumas", "WAT1", since=date(2026, 1, 1), until=date(2027, 1, 1))
    world.line("", "", "MUN", group="town", area="old")
    world.line("", "", "CIV", within="NOR")
    world.line("", "", "CIV")
    assert [rule_words(world.catalogue(), line) for line in world.lines] == [
        "Water supply in Lumas → WAT1, since 2026-01-01, until 2027-01-01",
        "All of “town” inside Old Town on the map → MUN",
        "Every topic where North Region and those below it serve → CIV",
        "Every topic everywhere else → CIV",
    ]


def test_what_was_looked_at_and_what_decided(world: World) -> None:
    rule = world.line("water", "Lumas", "WAT1", since=date(2026, 1, 1))
    known = world.catalogue()
    decision, steps = explain(Request("dry taps in Lumas", prediction=sees("water")), known, DAY)
    assert decision == choose(Request("dry taps in Lumas", prediction=sees("water")), known, DAY)
    assert [(step.what, step.said, step.decided) for step in steps] == [
        ("Place", "Lumas, named in the text", False),
        ("Integrity", "nothing found", False),
        ("Code", "none", False),
        ("Service picked", "none", False),
        ("Understood as", "Water supply, 97%: sure enough", False),
        ("Words of a service", "of none alone", False),
        ("Rule", "Water supply in Lumas → WAT1, since 2026-01-01.", True),
    ]
    assert decision.rule_id == rule
    assert rule_of(known, rule) is world.lines[0]


@pytest.mark.parametrize(
    ("request_", "last", "says"),
    [
        (Request("the clerk took a bribe"), "Integrity", "bribe"),
        (Request("x", about_staff=True), "Integrity", "the citizen says it is about staff"),
        (Request("x", held="A program may have sent it."), "Held", "program"),
        (Request("WAT3 x"), "Code", "Water, District 3 (WAT3)"),
        (Request("x", service="water"), "Triage", "No office is named for Water supply"),
        (Request("x", prediction=sees("water", 0.6)), "Triage", "not understood well enough"),
        (Request("x", no_prediction="No model is trained yet"), "Triage", "No model is trained yet"),
    ],
)
def test_the_last_step_decides_and_no_other(world: World, request_: Request, last: str, says: str) -> None:
    decision, steps = explain(request_, world.catalogue(), DAY)
    assert [step.decided for step in steps] == [False] * (len(steps) - 1) + [True]
    assert (steps[-1].what, says in steps[-1].said) == (last, True)
    assert decision == choose(request_, world.catalogue(), DAY)


def test_who_answers_and_where_it_differs(world: World) -> None:
    water = world.services["water"]
    world.line("water", "Berim", "WAT3")
    assert not table_of(world.catalogue()).differs_by_place(water, DAY)
    world.line("", "", "WAT1", group="town", area="lumas")
    world.line("", "", "CIV1", within="NOR")
    known = world.catalogue()
    assert table_of(known).differs_by_place(water, DAY)
    assert {place.name for place in table_of(known).places(water, DAY)} == {"Berim", "Lumas", "North", "Hill"}
    for place, code in (("Берим", "WAT3"), ("Lumas", "WAT1"), ("Hill", "CIV1"), (None, "WAT3")):
        office = answering(known, water.id, place, DAY)
        assert (office.code if office else None) == code, place
    world.line("water", "", "WAT")
    known = world.catalogue()
    assert not table_of(known).differs_by_place(water, DAY)  # what is said of wider topics never applies now
    assert answering(known, water.id, "Lumas", DAY) is world.offices["WAT"]
