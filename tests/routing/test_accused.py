"""Whom a complaint names, and where it then goes: nobody looks into themselves."""

from uuid import UUID

import pytest
from sqlmodel import Session, col, select

import routing.service
from core.ids import new_id
from domain.catalogue import forget
from domain.office import Office
from domain.staff import Staff, StaffRole, email_index
from domain.states import OfficeFunction, Role
from tests.builders import NOW, Government, government
from tests.conftest import Installation

pytestmark = pytest.mark.parametrize("installation", ["sqlite"], indirect=True)


def employ(session: Session, known: Government, name: str, office: str, role: Role = Role.officer) -> UUID:
    email = f"{new_id()}@gov.example"
    person = Staff(id=new_id(), name=name, email=email, email_index=email_index(email), password_hash="!")
    session.add_all((person, StaffRole(staff_id=person.id, office_id=known.office[office], role=role)))
    session.flush()
    return person.id


NAMED = [
    # text, poster, who, about which office, where it goes
    ("Arben Hoxha asked me for a bribe", None, "Arben Hoxha", "WAT1", "INTEG"),
    ("Hoxha Arben kerkoi ryshfet", None, "Arben Hoxha", "WAT1", "INTEG"),
    ("Nëpunësin Arben Hoxhën e pashë të pirë, më kërkoi lekë", None, "Arben Hoxha", "WAT1", "INTEG"),
    ("Your officer Hoxha wants a bribe", "WAT1", "Arben Hoxha", "WAT1", "INTEG"),
    ("Your officer Hoxha wants a bribe", "CIV1", None, "CIV1", "INTEG"),
    ("Your officer Hoxha wants a bribe", None, None, None, "INTEG"),
    ("Дана Петрова берёт взятки", None, "Дана Петрова", "CIV1", "INTEG"),
    ("Жалоба на взятки Даны Петровой", None, "Дана Петрова", "CIV1", "INTEG"),
    ("Zef Prela at WAT1 took a bribe with Arben Hoxha", "WAT1", "Arben Hoxha", "WAT1", "INTEG"),
    ("Mira Kola took a bribe", None, None, None, "INTEG"),  # two of that name
    ("Zef Prela took a bribe to close my file", None, "Zef Prela", "INTEG", "TRIAGE"),  # one of integrity itself
    ("Zef Prela took a bribe", "WAT1", "Zef Prela", "INTEG", "TRIAGE"),
    ("No water since Monday, greetings to Arben Hoxha", "WAT1", None, None, "WAT1"),
]


@pytest.mark.parametrize(("text", "poster", "who", "about", "to"), NAMED)
def test_who_is_named(
    installation: Installation, text: str, poster: str | None, who: str | None, about: str | None, to: str
) -> None:
    with installation.database.write() as session:
        known = government(session)
        people = {
            name: employ(session, known, name, office, role)
            for name, office, role in (
                ("Arben Hoxha", "WAT1", Role.officer),
                ("Дана Петрова", "CIV1", Role.officer),
                ("Zef Prela", "INTEG", Role.integrity),
            )
        }
        for office in ("WAT2", "CIV1"):
            employ(session, known, "Mira Kola", office)
        forget()
        found = routing.service.route(session, text=text, office_code=poster, now=NOW)
        code = {office_id: code for code, office_id in known.office.items()}
        assert code[found.office_id] == to
        assert found.about_staff_id == (people[who] if who else None)
        assert (code[found.about_office_id] if found.about_office_id else None) == about
        assert found.integrity is (to == "INTEG")
        assert found.triage is (to == "TRIAGE")  # what lies there in another state, those who sort never see
        if who:
            assert f"It names {who}." in found.reason


def test_words_of_offices_and_places_name_nobody(installation: Installation) -> None:
    with installation.database.write() as session:
        known = government(session)
        employ(session, known, "Ana Lumas", "WAT1")
        forget()
        found = routing.service.route(session, text="The officer in Lumas wants a bribe", office_code="WAT1", now=NOW)
    assert found.about_staff_id is None


def test_a_complaint_about_everybody_up_to_the_top_goes_to_who_is_beside(installation: Installation) -> None:
    with installation.database.write() as session:
        known = government(session)
        forget()
        found = routing.service.route(session, text="bribes", office_code="INTEG", about_staff=True, now=NOW)
        office = session.exec(select(Office).where(col(Office.id) == found.office_id)).one()
    assert office.function == OfficeFunction.triage
    assert found.about_office_id == known.office["INTEG"]
    assert found.triage


def test_a_guess_says_so_and_which_words_weighed(installation: Installation) -> None:
    with installation.database.write() as session:
        known = government(session)
        forget()
        text = "the clerk at WAT1 kept my card in his hand and asked if I had not forgotten something"
        caught = routing.service.route(session, text=text, now=NOW)
        cleared = routing.service.route(session, text=text, now=NOW, cleared=True)
    assert caught.integrity
    assert "“clerk”" in caught.reason
    assert caught.about_office_id == known.office["WAT1"]
    assert not cleared.integrity
    assert cleared.about_office_id is None
    assert cleared.office_id != caught.office_id
