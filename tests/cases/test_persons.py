"""Names the program knows are struck out of citizens' words wherever these are shown to others."""

import pytest
from sqlmodel import Session, col, select

from cases import persons
from cases.persons import Redactor
from core.database import database
from core.ids import new_id
from domain.case import Case
from domain.citizen import Citizen
from domain.staff import Staff, StaffRole, email_index
from domain.states import Role
from tests.builders import NOW, Government, government, plain_case
from tests.conftest import Installation


def hire(session: Session, known: Government, name: str, office: str, *, active: bool = True) -> None:
    """Somebody more who works at an office."""
    email = f"{new_id()}@velmora.example"
    row = Staff(id=new_id(), name=name, email=email, email_index=email_index(email), password_hash="!", active=active)
    session.add(row)
    session.flush()
    session.add(StaffRole(staff_id=row.id, office_id=known.office[office], role=Role.officer))
    session.flush()


@pytest.fixture
def known(installation: Installation) -> Government:
    """A government with two people more, one of whom has left, and a citizen who gave a name."""
    with installation.database.write() as session:
        made = government(session)
        hire(session, made, "Arben Gjolleshi", "WAT1")
        hire(session, made, "Salma Begumani", "WAT2", active=False)
        citizen = Citizen(id=new_id(), name="Flora Kasa", created_at=NOW)
        session.add(citizen)
        session.flush()
        for text, whose in (
            ("Arben and Gjolleshi are one; Begumani left. flora, drenova", citizen.id),
            ("flora and Arben", None),
        ):
            case = plain_case(made, "WAT1", citizen_id=whose)
            case.text = text
            session.add(case)
    return made


def test_staff_near_and_far_and_the_writer(known: Government) -> None:
    with database().read() as session:
        without = Redactor(session)
        told = {without.case(one) for one in session.exec(select(Case))}
        assert told == {"[name] and [name] are one; [name] left. [name], drenova", "flora and [name]"}
        elsewhere = known.office["WAT2"]
        assert without.words("Arben and Salma", elsewhere) == "Arben and [name]"


def test_whoever_is_new_is_known_in_a_moment(known: Government, monkeypatch: pytest.MonkeyPatch) -> None:
    with database().write() as session:
        assert Redactor(session).words("Ask Tomorrovna", None) == "Ask Tomorrovna"
        hire(session, known, "Vera Tomorrovna", "WAT1")
    with database().read() as session:
        monkeypatch.setattr(persons, "LOOK_AFTER", 0.0)
        assert Redactor(session).words("Ask Tomorrovna", None) == "Ask [name]"


def test_of_many_citizens_no_more_names_are_held_than_of_few(
    known: Government, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(persons, "MOST_KEPT", 0)
    with database().read() as session:
        without = Redactor(session)
        whose = session.exec(select(Case.citizen_id).where(col(Case.citizen_id).is_not(None))).one()
        without.learn([whose])
        without.learn([new_id()])
        assert without.words("flora", None, whose) == "[name]"
