"""The order of the rules, each with its reason in words."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from core.errors import Misconfigured
from domain.states import OfficeFunction
from routing.rules import Decision, Method, Request, choose
from tests.routing.world import DAY, World, sees, velmora


@pytest.fixture
def world() -> World:
    return velmora()


def decide(world: World, text: str, day: date = DAY, **more: object) -> tuple[str | None, Decision]:
    decision = choose(Request(text=text, **more), world.catalogue(), day)  # type: ignore[arg-type]
    return world.code_of(decision.office_id), decision


def test_the_text_is_understood_and_the_place_named(world: World) -> None:
    code, decision = decide(world, "dry taps in Berim", prediction=sees("water"))
    assert code == "WAT3"
    assert decision.method is Method.classifier
    assert decision.reason == (
        "Water supply in Berim is answered by Water, District 3; the text was understood as Water supply, 97% sure."
    )
    assert (decision.place, decision.confidence, decision.model) == ("Berim", 0.97, "model-1")
    assert decision.service_id == world.services["water"].id


def test_an_unsure_model_leaves_it_to_a_person(world: World) -> None:
    code, decision = decide(world, "dry taps in Berim", prediction=sees("water", 0.6, ("passport", 0.3), ("gone", 0.1)))
    assert (code, decision.method, decision.triage) == ("TRI", Method.triage, True)
    assert "perhaps Water supply, 60% sure; 80% is needed" in decision.reason
    assert [(c.service, c.office) for c in decision.suggestions] == [("water", "WAT3"), ("passport", "CIV")]


def test_several_topics_of_one_office_are_sure_together(world: World) -> None:
    world.service("meter", "Water meters", ("Berim", "WAT3"))
    unsure = sees("water", 0.5, ("meter", 0.4), ("passport", 0.05))
    code, decision = decide(world, "the meter and no water in Berim", prediction=unsure)
    assert (code, decision.method) == ("WAT3", Method.classifier)
    assert decision.confidence == pytest.approx(0.9)
    assert decision.service_id == world.services["water"].id
    assert decision.reason == (
        "Water, District 3 answers for Water supply or Water meters in Berim; the text is about one of these, 90% sure."
    )
    apart = decide(world, "the meter and no water in Berim", prediction=sees("water", 0.5, ("passport", 0.45)))
    assert apart[0] == "TRI"


def test_without_a_model_the_reason_says_so(world: World) -> None:
    code, decision = decide(world, "dry taps", no_prediction="No model is trained yet")
    assert (code, decision.reason) == ("TRI", "No model is trained yet; a person decides.")


def test_what_the_citizen_picked_goes_before_the_model(world: World) -> None:
    code, decision = decide(world, "Lumas: renew", service="passport", prediction=sees("water"))
    assert (code, decision.method) == ("CIV1", Method.picked_service)
    assert decision.reason == (
        "Passport renewal in Lumas is answered by Lumas Registry; the citizen picked this service."
    )
    assert decision.confidence is None


def test_the_poster_goes_before_service_and_place(world: World) -> None:
    code, decision = decide(world, "no water in Lumas", office_code="wat3", service="passport")
    assert (code, decision.method) == ("WAT3", Method.office_code)
    assert decision.reason == "Water, District 3 (WAT3) is the office of the code that came with the message."
    assert decide(world, "WAT3 no water in Lumas")[0] == "WAT3"
    assert decide(world, "no water in Lumas #wat3")[0] == "WAT3"


def test_a_poster_of_a_closed_office_leads_to_the_one_above(world: World) -> None:
    world.offices["WAT3"].active = False
    code, decision = decide(world, "WAT3 no water")
    assert code == "WAT"
    assert "it is closed, so Water Authority above it answers" in decision.reason


def test_an_unknown_code_is_passed_over(world: World) -> None:
    assert decide(world, "no water in Lumas", office_code="NOPE", prediction=sees("water"))[0] == "WAT1"


@pytest.mark.parametrize(
    ("text", "more", "code"),
    [
        ("passport", {"service": "passport"}, "CIV"),  # the line without a place
        ("passport in Berim", {"service": "passport"}, "CIV"),
        ("passport", {"service": "passport", "place": "Лумас"}, "CIV1"),  # the place picked
        ("passport in Berim", {"service": "passport", "place": "Lumas"}, "CIV1"),  # and it goes before the text
        ("passport", {"service": "passport", "last_place": "Lumas"}, "CIV1"),  # the last known one
        ("passport in Berim", {"service": "passport", "last_place": "Lumas"}, "CIV1"),
        ("water", {"service": "water", "last_place": "Lumas"}, "WAT1"),
        ("water in Lumas", {"service": "water", "last_place": "Berim"}, "WAT1"),
        ("water", {"service": "water"}, "WAT"),  # no place at all: whoever stands above all who answer
        ("water in Nova Lumas", {"service": "water"}, "WAT3"),  # serves the place, though the line names another
    ],
)
def test_service_and_place(world: World, text: str, more: dict[str, object], code: str) -> None:
    assert decide(world, text, **more)[0] == code  # type: ignore[arg-type]


def test_lines_count_on_their_days(world: World) -> None:
    world.lines.clear()
    world.line("water", "Lumas", "WAT1", until=DAY)
    world.line("water", "Lumas", "WAT3", since=DAY)
    assert decide(world, "in Lumas", DAY - timedelta(days=1), service="water")[0] == "WAT1"
    assert decide(world, "in Lumas", DAY, service="water")[0] == "WAT3"
    world.lines.clear()
    code, decision = decide(world, "in Lumas", service="water")
    assert (code, decision.reason) == ("TRI", "No office is named for Water supply; a person decides.")


def test_a_closed_office_is_answered_for_from_above(world: World) -> None:
    world.offices["WAT1"].active = False
    code, decision = decide(world, "in Lumas", service="water")
    assert code == "WAT"
    assert "answered by Water Authority, since Water, District 1 cannot" in decision.reason
    world.offices["WAT"].active = False
    assert decide(world, "in Lumas", service="water")[0] == "TRI"  # never up to the leadership by accident


def test_a_region_named_by_the_table_answers_for_its_towns() -> None:
    world = velmora()
    world.office("NOR", "GOV", places=("North Region",))
    world.office("MUN", "NOR", places=("Dravesk",))
    world.service("parks", "Parks", ("", "CIV"), ("North Region", "NOR"))
    assert decide(world, "the park in Dravesk", service="parks")[0] == "NOR"
    assert decide(world, "the park in Lumas", service="parks")[0] == "CIV"


@pytest.mark.parametrize("way", ["text", "said", "poster", "text code"])
def test_the_integrity_firewall_comes_first(world: World, way: str) -> None:
    text = {"said": "rude clerk", "text code": "WAT3 the clerk asked for a bribe"}.get(
        way, "the clerk in Berim asked for a bribe"
    )
    code, decision = decide(
        world,
        text,
        about_staff=way == "said",
        office_code="WAT3" if way in ("poster", "said") else None,
        service="water",
        prediction=sees("water"),
    )
    assert (code, decision.method, decision.integrity) == ("INT", Method.integrity, True)
    assert world.code_of(decision.about_office_id) == "WAT3"
    assert "Water, District 3 and the offices above it do not see it" in decision.reason
    shut_out = {"WAT3", "WAT", "GOV"}
    assert not shut_out & {candidate.office for candidate in decision.suggestions}


def test_an_accusation_that_names_no_office(world: World) -> None:
    code, decision = decide(world, "somebody asked for a bribe")
    assert (code, decision.about_office_id) == ("INT", None)


def test_an_office_accused_by_its_name(world: World) -> None:
    _, decision = decide(world, "a man at the Lumas Registry asked me for a bribe", service="water")
    assert world.code_of(decision.about_office_id) == "CIV1"


def test_the_integrity_office_accused_goes_elsewhere(world: World) -> None:
    code, decision = decide(world, "INT asked me for a bribe")
    assert (code, decision.integrity) == ("TRI", False)
    assert world.code_of(decision.about_office_id) == "INT"
    assert "No integrity office is free to take it, so Triage Desk has it." in decision.reason


def test_writing_to_the_integrity_office_accuses_nobody(world: World) -> None:
    code, decision = decide(world, "something is wrong", office_code="INT")
    assert (code, decision.integrity, decision.about_office_id) == ("INT", True, None)


def test_nobody_left_to_answer_is_said_aloud() -> None:
    world = World()
    world.office("ONE")
    assert decide(world, "hello")[0] == "ONE"
    with pytest.raises(Misconfigured, match="integrity office"):
        decide(world, "ONE1 took a bribe", office_code="ONE")


def test_without_a_triage_desk_the_leadership_has_it(world: World) -> None:
    world.offices["TRI"].active = False
    code, decision = decide(world, "hello")
    assert (code, decision.method) == ("GOV", Method.triage)
    assert "There is no triage desk" in decision.reason
    assert world.offices["GOV"].function == OfficeFunction.leadership


@pytest.mark.parametrize("text", ["", "🙂", "\u0000", "a" * 100_000, "মিশ্র Лумас مختلط 混合", "#" * 5000])
def test_no_text_breaks_it(world: World, text: str) -> None:
    assert decide(world, text)[0] in world.offices


def test_a_retired_service_is_not_followed(world: World) -> None:
    world.services["water"].active = False
    assert decide(world, "in Lumas", service="water")[0] == "TRI"
    assert decide(world, "in Lumas", prediction=sees("water"))[0] == "TRI"


def test_a_model_that_may_not_decide_never_does(world: World) -> None:
    never = replace(sees("water", 0.999), threshold=1.01)
    code, decision = decide(world, "in Lumas", prediction=never)
    assert code == "TRI"
    assert "is needed" not in decision.reason
