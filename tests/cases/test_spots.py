"""A spot on the map says where it is: when a case opens, and when it comes later."""

import pytest
from sqlmodel import Session

from cases import lifecycle
from channels.values import Channel
from core.ids import new_id
from domain.case import Case
from domain.catalogue import touch
from domain.service import Area, Jurisdiction
from domain.states import EntryKind
from tests.cases.chat import Citizen, timeline
from tests.cases.conftest import Town

IN_DRENOVA = {"latitude": 41.35, "longitude": 19.85}
IN_THE_HILLS = {"latitude": 41.6, "longitude": 20.1}
AT_SEA = {"latitude": 41.0, "longitude": 18.0}


def rectangle(west: float, south: float, east: float, north: float) -> dict[str, object]:
    return {
        "type": "Polygon",
        "coordinates": [[[west, south], [east, south], [east, north], [west, north], [west, south]]],
    }


def draw(session: Session, code: str, name: str, *sides: float) -> Area:
    area = Area(id=new_id(), code=code, names={"en": name}, geometry=rectangle(*sides))
    session.add(area)
    session.flush()
    return area


@pytest.fixture
def drawn(town: Town) -> Town:
    """Drenova is drawn and WAT2's by its name; the hills are drawn and CIV1's for every topic of water."""
    with town.database.write() as session:
        draw(session, "dre", "Drenova", 19.8, 41.3, 19.9, 41.4)
        hills = draw(session, "hills", "The Hills", 20.0, 41.5, 20.5, 42.0)
        session.add(
            Jurisdiction(service_id=town.known.service["water"], area_id=hills.id, office_id=town.known.office["CIV1"])
        )
        touch(session)
    return town


def office_of(town: Town, case: Case) -> str:
    return next(code for code, office_id in town.known.office.items() if office_id == case.office_id)


@pytest.mark.parametrize(
    ("spot", "office", "place"),
    [
        (IN_DRENOVA, "WAT2", "Drenova"),
        (IN_THE_HILLS, "CIV1", "The Hills"),
        (AT_SEA, "WAT1", "Lumas"),
        ({}, "WAT1", "Lumas"),
    ],
)
def test_the_spot_decides_the_place(drawn: Town, spot: dict[str, float], office: str, place: str) -> None:
    drawn.arrives("no water in Lumas", channel=Channel.web, service="water", location=spot)
    case = drawn.case()
    assert (office_of(drawn, case), case.place, case.location) == (office, place, spot or None)
    (routed,) = timeline(drawn, case, EntryKind.routed)
    assert str(routed.body["rule_said"]).endswith(f"→ {office}")
    assert routed.body["given"] == {"service": "water"} | ({"spot": True} if spot else {})


def test_a_spot_shared_in_the_guide_leads_to_its_office(drawn: Town) -> None:
    citizen = Citizen(drawn)
    citizen.says("/start")
    citizen.presses("Water supply")
    citizen.presses("Share where I am")
    citizen.says("", location=IN_THE_HILLS)
    citizen.says("The pump is broken")
    assert "Office CIV1" in citizen.last.text  # who will get it is said before it is sent
    citizen.says("yes")
    assert office_of(drawn, drawn.case()) == "CIV1"


def test_a_spot_that_comes_later_moves_the_case_and_the_citizen_is_told(drawn: Town) -> None:
    citizen = Citizen(drawn)
    citizen.says("no water in Lumas", service="water")
    before = drawn.cases()[-1]
    assert office_of(drawn, before) == "WAT1"
    citizen.says("", location=IN_DRENOVA)
    after = drawn.cases()[-1]
    assert (after.id, office_of(drawn, after), after.place) == (before.id, "WAT2", "Drenova")
    routed = timeline(drawn, after, EntryKind.routed)[-1]
    assert str(routed.body["reason"]).startswith("The citizen showed on the map where it is.")
    assert "Office WAT2" in citizen.last.text
    citizen.says("", location=IN_THE_HILLS)  # the first spot stands
    assert office_of(drawn, drawn.cases()[-1]) == "WAT2"


def test_a_spot_moves_nothing_that_somebody_works_on(drawn: Town) -> None:
    citizen = Citizen(drawn)
    citizen.says("no water in Lumas", service="water")
    with drawn.database.write() as session:
        lifecycle.note(session, drawn.case().id, drawn.viewer("officer1"), "I look at it", drawn.now, drawn.form())
    citizen.says("", location=IN_DRENOVA)
    case = drawn.case()
    assert (office_of(drawn, case), case.location) == ("WAT1", IN_DRENOVA)
