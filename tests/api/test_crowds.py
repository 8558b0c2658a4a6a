"""The pages of a crowd and of surges: joined, undone, answered once, and shut to whoever may not see them."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import col, select

from cases import proposals, relaying
from core.database import database
from domain.case import Case
from domain.crowd import Relay, Surge
from tests.api.site import Web
from tests.builders import plain_case

TOLD = (
    "The main pipe burst on Mill Street, water everywhere",
    "burst pipe on mill street, water all over the road",
    "the pipe burst on mill street, water runs down to the school",
    "Mill Street: water main burst, road is under water",
    "pipe on Mill Street burst, there is water on the road",
)
NOW = datetime.now(UTC)


@pytest.fixture
def reported(web: Web) -> list[str]:
    """Five citizens reported one pipe at WAT1, and all were compared. Gives their references, the first first."""
    with database().write() as session:
        for n, text in enumerate(TOLD):
            at = NOW - timedelta(hours=2, minutes=-n)
            case = plain_case(
                web.known, text=text, service_id=web.known.service["water"], place="Lumas", received_at=at, opened_at=at
            )
            session.add(case)
            session.flush()
            proposals.compare_again(session, case, NOW - timedelta(hours=1))
    while proposals.compare_due(NOW):
        pass
    return [case.reference for case in web.cases()]


@pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
def test_the_desk_proposes_joins_and_undoes(web: Web, reported: list[str]) -> None:
    lead = reported[0]
    assert "4 others report the same" in web.get(f"/staff/cases/{lead}", "officer1").text
    assert f"/staff/cases/{lead}/crowd" in web.get(f"/staff/cases/{reported[1]}", "officer1").text
    joined = web.post(f"/staff/cases/{lead}/crowd/join", "officer1", all="1", version="99")
    assert joined.headers["location"] == f"/staff/cases/{lead}?said=join"
    shown = web.get(joined.headers["location"], "officer1").text
    assert "5 citizens" in shown
    assert f"/staff/cases/{lead}/crowd/undo" in shown
    queue = web.get("/staff/queue", "officer1").text
    assert lead in queue
    assert not any(one in queue for one in reported[1:])
    assert "others reported the same" in web.get(f"/track/{reported[1]}").text
    assert web.post(f"/staff/cases/{lead}/crowd/undo", "officer1").status_code == 303
    assert all(case.lead_id is None for case in web.cases())
    assert web.post(f"/staff/cases/{lead}/crowd/undo", "officer1").status_code in (404, 409)
    chosen = {f"case-{reported[1]}": "1", f"case-{reported[2]}": "1"}
    assert web.post(f"/staff/cases/{lead}/crowd/join", "officer1", **chosen, version="99").status_code == 303
    assert web.post(f"/staff/cases/{lead}/crowd/refuse", "officer1", version="99", **{f"case-{reported[3]}": "1"})
    page = web.get(f"/staff/cases/{lead}/crowd", "officer1").text
    assert reported[4] in page
    assert reported[3] not in page
    assert web.post(f"/staff/cases/{lead}/answer", "officer1", text="Mended.", version="99").status_code == 303
    with database().read() as session:
        assert len(session.exec(select(Relay)).all()) == 2
    while relaying.relay_due(datetime.now(UTC)):
        pass
    assert sum(case.state == "answered" for case in web.cases()) == 3
    out = {f"reason-{reported[1]}": "Another pipe"}
    assert web.post(f"/staff/cases/{reported[1]}/crowd/part", "officer1", **out).status_code == 303
    wrong = web.post(f"/staff/cases/{lead}/crowd/join", "officer1", number="nonsense", version="99")
    assert wrong.status_code == 422
    assert "Eight letters and digits" in wrong.text
    by_number = web.post(f"/staff/cases/{lead}/crowd/join", "officer1", number=reported[1], version="99")
    assert by_number.status_code == 303
    sent = web.post(f"/staff/cases/{lead}/crowd/send", "officer1", version="99")
    assert sent.status_code == 409  # who was answered with it once has it


@pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
def test_a_crowd_is_its_offices_alone(web: Web, reported: list[str]) -> None:
    lead, other = reported[:2]
    for who in ("officer2", "clerk", "triage"):
        assert web.get(f"/staff/cases/{lead}/crowd", who).status_code == 404
        for action, form in {"join": {"all": "1"}, "refuse": {}, "send": {}, "undo": {}}.items():
            done = web.post(f"/staff/cases/{lead}/crowd/{action}", who, version="99", **form)
            assert done.status_code in (403, 404), (who, action)
        assert web.post(f"/staff/cases/{other}/crowd/part", who).status_code in (403, 404)
    assert web.post(f"/staff/cases/{lead}/crowd/join", "minister", all="1", version="99").status_code == 403
    assert all(case.lead_id is None for case in web.cases())


@pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
def test_surges_are_shown_where_they_are(web: Web, reported: list[str]) -> None:
    with database().write() as session:
        session.add(
            Surge(
                office_id=web.known.office["WAT1"], service_id=web.known.service["water"],
                started_at=NOW - timedelta(hours=3), seen_at=NOW, window_seconds=7200, observed=5, expected=0.2,
                words=["pipe burst"],
            )
        )  # fmt: skip
    for who, sees in (("head1", True), ("head_water", True), ("minister", True), ("officer2", False), ("clerk", False)):
        page = web.get("/staff/surges", who).text
        assert ("pipe burst" in page) == sees, who
        assert (reported[4] in page) == sees, who
    assert f"/staff/cases/{reported[0]}/crowd" in web.get("/staff/surges", "head1").text
    assert "pipe burst" in web.get("/staff", "head1").text
    assert "pipe burst" in web.get("/leadership", "minister").text
    with database().read() as session:
        assert len(session.exec(select(Case.id).where(col(Case.lead_id).is_not(None))).all()) == 0
