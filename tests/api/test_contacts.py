"""How we reach a citizen, from the tracking page, and what the desk shows and undoes of it."""

import re

import httpx
import pytest
from sqlmodel import select

from core.database import database
from domain.case import Case
from domain.citizen import Citizen, ContactJoin, ContactPoint
from tests.api.site import CITIZEN, Web

OTHER = "+355694445566"


def opened(web: Web) -> tuple[str, str]:
    """A case by SMS, its answers opened; its address and the proof of that."""
    web.text("No water in Lumas", sid="SM1")
    web.work()
    with database().write() as session:  # no model is trained here, so triage would have it
        case = session.exec(select(Case)).one()
        case.office_id, case.state = web.known.office["WAT1"], "open"  # type: ignore[assignment]
    path = f"/track/{web.case().reference}"
    page = web.post(path, code=CITIZEN[-4:])
    proof = re.search(r'name="unlock" value="([^"]+)"', page.text)
    assert proof
    assert f'action="{path}/contacts"' in page.text
    return path, proof[1]


def code(web: Web, to: str) -> str:
    web.work()
    return next(m[1] for text in reversed(web.texts(to)) if (m := re.search(r"code is (\d{6})", text)))


def to_of(page: httpx.Response) -> str:
    found = re.search(r'name="to" value="([^"]+)"', page.text)
    assert found, page.text
    return found[1]


def test_two_codes_join_and_a_preference_is_kept(web: Web) -> None:
    path, unlock = opened(web)
    asked = web.post(f"{path}/contacts/code", unlock=unlock, address="069 444 5566")
    assert "We sent two codes" in asked.text
    assert OTHER not in asked.text
    to = to_of(asked)
    own, new = code(web, CITIZEN), code(web, OTHER)
    half = web.post(f"{path}/contacts/join", unlock=unlock, to=to, own_code="000000", new_code=new)
    assert half.status_code == 422
    with database().read() as session:
        assert session.exec(select(ContactJoin)).all() == [], "whoever has one phone has not shown the other"
    done = web.post(f"{path}/contacts/join", unlock=unlock, to=to, own_code=own, new_code=new)
    assert "both are you" in done.text
    again = web.post(f"{path}/contacts/join", unlock=unlock, to=to, own_code=own, new_code=new)
    assert again.status_code == 422
    web.post(f"{path}/contacts/prefer", unlock=unlock, first=to, fallback="1")
    with database().read() as session:
        mine, other = session.exec(select(ContactPoint).order_by(ContactPoint.created_at)).all()  # type: ignore[arg-type]
        citizen = session.get_one(Citizen, mine.citizen_id)
    assert mine.citizen_id == other.citizen_id
    assert (citizen.preferred_contact_id, citizen.fallback) == (other.id, True)

    reference = path.rpartition("/")[2]
    desk = web.get(f"/staff/cases/{reference}", "head1")
    assert "Also reachable by" in desk.text
    assert "…566" in desk.text
    assert OTHER not in desk.text
    assert "Not one person?" not in web.get(f"/staff/cases/{reference}", "officer1").text
    seen = re.search(r'name="version" value="(\d+)"', desk.text)
    assert seen
    fields = {"version": seen[1], "other": str(other.id)}
    split = f"/staff/cases/{reference}/split"
    assert "Say why" in web.post(split, "head1", **fields, split_reason=" ").text
    assert web.post(split, "officer1", **fields, split_reason="x").status_code == 403
    assert web.post(split, "head1", **fields, split_reason="The phone changed hands").status_code == 303
    after = web.get(f"/staff/cases/{reference}", "head1").text
    assert "Also reachable by" not in after
    assert "The phone changed hands" in after


@pytest.mark.parametrize("step", ["contacts", "contacts/code", "contacts/join", "contacts/prefer"])
def test_without_the_digits_nothing_is_shown_or_done(web: Web, step: str) -> None:
    path, unlock = opened(web)
    refused = web.post(f"{path}/{step}", unlock="made-up", address=OTHER, to="x", first="x")
    assert refused.status_code == 404
    assert web.get(f"{path}/contacts").headers["location"] == path
    with database().write() as session:
        session.exec(select(Case)).one().confidential = True
    assert web.post(f"{path}/{step}", unlock=unlock, address=OTHER).status_code == 404, (
        "in confidence: nothing is joined"
    )
    web.work()
    assert web.texts(OTHER) == []


@pytest.mark.parametrize("address", ["", "12", "nobody@", "04 223 4567", "069 111 2233"])
def test_what_cannot_be_joined_is_said(web: Web, address: str) -> None:
    path, unlock = opened(web)
    answer = web.post(f"{path}/contacts/code", unlock=unlock, address=address)
    assert answer.status_code == 422
    assert "Enter a mobile number" in answer.text or "yours already" in answer.text
