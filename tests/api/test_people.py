"""Staff in the browser: who may change whom, and that every change stands written down."""

import re
from datetime import UTC, datetime
from html import unescape
from uuid import uuid4

import pytest
from sqlmodel import col, select

from core.database import database
from domain.case import Case
from domain.clock import Notice
from domain.staff import Staff, StaffRole, StaffSession
from domain.states import Role
from tests.api.site import Web
from tests.api.staffed import Browser, administered, changes, person, roles
from tests.builders import plain_case

NEW = {"name": "Nila Ora", "email": "Nila@Gov.example ", "language": "en", "role": "officer", "office": "WAT1"}
sqlite_only = pytest.mark.parametrize("installation", ["sqlite"], indirect=True)


@pytest.fixture
def site(web: Web) -> Web:
    return administered(web)


def path_of(web: Web, name: str) -> str:
    return f"/staff/people/{web.known.staff[name]}"


def role_id(web: Web, name: str, role: Role) -> str:
    with database().read() as session:
        query = select(StaffRole.id).where(col(StaffRole.staff_id) == web.known.staff[name])
        return str(session.exec(query.where(col(StaffRole.role) == role)).one())


def seen(web: Web, who: str, path: str) -> str:
    found = re.search(r'name="seen" value="([^"]*)"', web.get(path, who).text)
    assert found
    return found[1]


def test_somebody_is_invited_once_and_hidden_from_who_administers_other_offices(site: Web) -> None:
    token = str(uuid4())
    for _ in range(2):
        assert site.post("/staff/people/new", "head_water", id=token, **NEW).status_code == 303
    made = person("nila@gov.example")
    assert (made.name, made.active, made.password_hash) == ("Nila Ora", True, "!")
    assert roles(site, "nila@gov.example") == {"officer@WAT1"}
    assert [(one.kind, one.by, one.before) for one in changes()] == [("staff", "head_water", None)]
    assert "nila@gov.example" not in str(changes()[0].after), "no address stands in the record"
    page = site.get(f"/staff/people/{made.id}", "head_water").text
    assert "given by head_water" in page
    assert "No password yet" not in page
    assert "None yet, so nobody gets in." in page
    told = site.get("/staff/changes?kind=staff", "auditor").text
    assert "Nila Ora" in told
    again = site.post("/staff/people/new", "minister", id=str(uuid4()), **NEW | {"office": "CIV1"})
    assert (again.status_code, "Nila Ora has this address already" in again.text) == (422, True)


WRONG = [
    ({"name": " "}, "name", "Give their name"),
    ({"email": "nobody"}, "email", "no e-mail address"),
    ({"language": "xx"}, "language", "Choose one"),
    ({"role": "king"}, "role", "Choose a role"),
    ({"office": "NOPE"}, "office", "No open office"),
    ({"office": ""}, "office", "Name an open office"),
    ({"office": "CIV1"}, "office", "You administer other offices"),
    ({"role": "leadership"}, "role", "sees beyond its office"),
    ({"role": "triage"}, "role", "sees beyond its office"),
]


@sqlite_only
def test_what_cannot_be_is_said_beside_its_field(site: Web) -> None:
    for typed, field, said in WRONG:
        answer = site.post("/staff/people/new", "head_water", id=str(uuid4()), **NEW | typed)
        assert answer.status_code == 422, typed
        assert f'id="{field}-error"' in answer.text, typed
        assert said in unescape(answer.text), typed
    assert changes() == []


@sqlite_only
def test_who_looks_who_finds_whom(site: Web) -> None:
    for who, status in (("minister", 200), ("auditor", 200), ("head_water", 200), ("officer1", 403), ("triage", 403)):
        assert site.get("/staff/people", who).status_code == status, who
        assert site.get(path_of(site, "officer1"), who).status_code == status, who
    assert site.get("/staff/people/new", "auditor").status_code == 403
    all_of_it, waterworks = site.get("/staff/people", "minister").text, site.get("/staff/people", "head_water").text
    assert "clerk" in all_of_it
    assert ("clerk" in waterworks, "officer2" in waterworks) == (False, True)
    assert site.get(path_of(site, "clerk"), "head_water").status_code == 404
    assert site.get("/staff/people/x", "minister").status_code == 404
    assert "clerk@gov.example" not in site.get("/staff/people", "auditor").text, "an address is for who may change it"
    found = {
        "/staff/people?q=HEAD": {"head1", "head_water"},
        "/staff/people?q=clerk%40gov.example": {"clerk"},
        "/staff/people?office=WATER&role=officer": {"officer1", "officer2"},
        "/staff/people?q=nobody": set(),
        "/staff/people?show=left": set(),
        "/staff/people?page=7": set(),
    }
    for path, names in found.items():
        listed = set(re.findall(r'href="/staff/people/[0-9a-f-]{36}"><b>([^<]+)', site.get(path, "minister").text))
        assert listed == names, path


@sqlite_only
def test_an_account_of_somebody_who_also_works_elsewhere_is_in_higher_hands(site: Web) -> None:
    """Else whoever administers one small office could send a link for the minister's password."""
    assert site.post(path_of(site, "minister"), "minister", go="give", role="officer", office="WAT1").status_code == 303
    path = path_of(site, "minister")
    assert site.get(path, "head_water").status_code == 200
    for go in ("show", "link", "end", "forget", "leave", "back", "save"):
        form = {"name": "x", "email": "evil@x.example"} if go == "save" else {}
        assert site.post(path, "head_water", go=go, **form).status_code == 403, go
    assert site.post(path, "head_water", go=f"take {role_id(site, 'minister', Role.leadership)}").status_code == 403
    assert site.post(path, "head_water", go=f"take {role_id(site, 'minister', Role.officer)}").status_code == 303
    assert roles(site, "minister") == {"leadership@GOV", "admin@GOV"}
    assert site.post(path, "head_water", go="end").status_code == 404, "and out of sight again"


def test_roles_are_given_and_taken_within_bounds(site: Web) -> None:
    path = path_of(site, "officer1")
    for _ in range(2):
        assert site.post(path, "head_water", go="give", role="admin", office="WAT1").status_code == 303
    assert roles(site, "officer1") == {"officer@WAT1", "admin@WAT1"}
    assert site.post(path_of(site, "head1"), "officer1", go="give", role="officer", office="WATER").status_code == 422
    assert site.post(path_of(site, "head1"), "officer1", go="give", role="officer", office="WAT1").status_code == 303
    assert site.post(path, "auditor", go="give", role="admin", office="GOV").status_code == 403
    for role in ("integrity", "auditor"):
        own = site.post(path_of(site, "minister"), "minister", go="give", role=role, office="GOV")
        assert (own.status_code, "Somebody else has to give you this role" in own.text) == (422, True)
    assert site.post(path, "minister", go="give", role="auditor", office="GOV").status_code == 303
    gone = role_id(site, "officer1", Role.admin)
    for _ in range(2):
        assert site.post(path, "minister", go=f"take {gone}").status_code == 303
    assert roles(site, "officer1") == {"officer@WAT1", "auditor@GOV"}
    differences = [(one.before or {}).get("roles") for one in changes() if one.title == "officer1"]
    assert differences == [
        ["officer@WAT1"],
        ["admin@WAT1", "officer@WAT1"],
        ["admin@WAT1", "auditor@GOV", "officer@WAT1"],
    ]
    with database().read() as session:
        told = session.exec(select(Notice.text).where(col(Notice.staff_id) == site.known.staff["officer1"])).all()
    assert "head_water gave you the role admin at Office WAT1." in told


@sqlite_only
def test_the_last_administrator_stays_and_nobody_locks_themselves_out(site: Web) -> None:
    minister = path_of(site, "minister")
    taken = site.post(minister, "minister", go=f"take {role_id(site, 'minister', Role.admin)}")
    assert (taken.status_code, "last administrator" in taken.text) == (409, True)
    assert site.post(minister, "minister", go="leave").status_code == 409
    last = site.post(path_of(site, "officer1"), "minister", go=f"take {role_id(site, 'officer1', Role.officer)}")
    assert (last.status_code, "last role of officer1" in last.text) == (409, True)
    assert site.post(path_of(site, "clerk"), "minister", go="give", role="admin", office="GOV").status_code == 303
    assert site.post(minister, "clerk", go="leave").status_code == 303
    assert not person("minister@gov.example").active
    assert site.get("/staff", "minister").status_code == 303, "signed out everywhere"
    alone = site.post(path_of(site, "clerk"), "clerk", go=f"take {role_id(site, 'clerk', Role.admin)}")
    assert alone.status_code == 409


def test_who_leaves_hands_over_and_comes_back_without_a_password(site: Web) -> None:
    with database().write() as session:
        session.add(plain_case(site.known, "WAT1", assignee_id=site.known.staff["officer1"]))
    path = path_of(site, "officer1")
    assert site.post(path, "head_water", go="leave").status_code == 303
    with database().read() as session:
        case = session.exec(select(Case)).one()
        assert case.assignee_id != site.known.staff["officer1"]
        ended = session.exec(
            select(StaffSession.revoked_at).where(col(StaffSession.staff_id) == site.known.staff["officer1"])
        ).all()
    assert None not in ended
    assert "officer1" in site.get("/staff/people?show=left", "head_water").text
    assert site.post(path, "head_water", go="show").status_code == 409, "no link for who has left"
    assert site.post(path, "head_water", go="back").status_code == 303
    back = person("officer1@gov.example")
    assert (back.active, back.password_hash) == (True, "!")
    assert roles(site, "officer1") == {"officer@WAT1"}


@sqlite_only
def test_another_name_is_saved_and_the_second_of_two_sees_the_first(site: Web) -> None:
    path = path_of(site, "officer1")
    form = {"name": "Ofi Cer", "email": "officer1@gov.example", "language": "sq", "go": "save"}
    old = seen(site, "minister", path)
    for _ in range(2):
        assert site.post(path, "minister", **form, seen=old).status_code == 303
    late = site.post(path, "head_water", **form | {"name": "Other"}, seen=old)
    assert late.status_code == 409
    assert "minister changed name from “officer1” to “Ofi Cer”" in unescape(late.text)
    taken = site.post(path, "minister", **form | {"email": "clerk@gov.example"}, seen=seen(site, "minister", path))
    assert (taken.status_code, "clerk has this address already" in taken.text) == (422, True)
    assert person("officer1@gov.example").name == "Ofi Cer"


@sqlite_only
def test_a_role_taken_meanwhile_counts_at_once(site: Web) -> None:
    """Two administrators who take each other's role: the second finds that they have none any more."""
    site.post(path_of(site, "clerk"), "minister", go="give", role="admin", office="GOV")
    with database().write() as session:
        row = session.exec(
            select(StaffRole).where(
                col(StaffRole.staff_id) == site.known.staff["clerk"], col(StaffRole.role) == Role.admin
            )
        ).one()
        session.delete(row)
    assert site.post(path_of(site, "officer1"), "clerk", go="leave").status_code == 403


@sqlite_only
def test_an_administrator_signs_somebody_out_everywhere(site: Web) -> None:
    two = [Browser(site), Browser(site)]
    for browser in two:
        assert browser.sign_in("officer1@gov.example").status_code == 200
        assert browser.get("/staff").status_code == 200
    assert site.post(path_of(site, "officer1"), "head_water", go="end").status_code == 303
    for browser in two:
        assert browser.get("/staff").url.path == "/staff/sign-in"
    assert (changes()[-1].before, changes()[-1].after) == ({"signed-in browsers": "3"}, {"signed-in browsers": "0"})


@sqlite_only
def test_people_by_the_hundred_are_paged(site: Web) -> None:
    now = datetime.now(UTC)
    with database().write() as session:
        for number in range(120):
            made = Staff(
                name=f"Person {number:03}", email=f"p{number}@x.example", email_index=str(number), password_hash="x"
            )
            session.add(made)
            session.flush()
            session.add(
                StaffRole(staff_id=made.id, office_id=site.known.office["CIV1"], role=Role.officer, given_at=now)
            )
    first, second = (site.get(f"/staff/people?q=person&page={page}", "minister").text for page in (0, 1))
    assert ("Person 049" in first, "Person 050" in first) == (True, False)
    assert ("Person 050" in second, "120" in second) == (True, True)
