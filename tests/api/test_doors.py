"""Pages of hand-overs: offers taken back, parts, days away, figures; and to whom they are shut."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import select

from domain.case import Case
from domain.staff import Absence
from domain.states import CaseState
from tests.api.site import CITIZEN, Web


def opened(web: Web) -> Case:
    """A case that officer1 of WAT1 has."""
    web.text("WAT1 the water bill of this month is wrong")
    web.work()
    return web.cases()[0]


def act(web: Web, case: Case, what: str, who: str = "officer1", **form: str) -> str:
    """One action on a case by its page; gives the page that follows."""
    done = web.post(f"/staff/cases/{case.reference}/{what}", who, version="99", **form)
    if done.status_code != 303:
        return str(done.text)
    return str(web.get(done.headers["location"], who).text)


def test_an_offer_is_shown_and_taken_back(web: Web) -> None:
    case = opened(web)
    page = act(web, case, "transfer", office="WAT2", reason="Theirs")
    assert "Offered to Office WAT2" in page
    page = act(web, case, "withdraw")
    assert "Taken back" in page
    assert web.case().pending_office_id is None


def test_a_part_from_the_desk_to_the_answer(web: Web) -> None:
    lead = opened(web)
    page = act(web, lead, "parts", part_office="", task="Look into it")
    assert "Choose the other office" in page
    assert 'value="Look into it"' in page  # what was typed stays
    assert 'value="Look into it"' in act(
        web, lead, "parts", part_office="", task="Look into it"
    )  # what was typed stays
    page = act(web, lead, "parts", part_office="CIV1", task="Look into the name")
    assert "has not accepted yet" in page
    part = web.cases()[-1]
    page = str(web.get(f"/staff/cases/{part.reference}", "clerk").text)
    assert "Look into the name" in page
    assert lead.text in page  # the citizen's words, beside the part
    assert CITIZEN[-3:] not in page
    assert web.get(f"/staff/cases/{lead.reference}", "clerk").status_code == 404
    assert "Also with" not in web.get(f"/track/{lead.reference}").text
    act(web, part, "accept", "clerk")
    assert "Office CIV1" in web.get(f"/track/{lead.reference}").text
    page = act(web, part, "answer", "clerk", text="The name was right.", go="answer")
    assert "Send and wait for a reply" not in page
    page = str(web.get(f"/staff/cases/{lead.reference}?use={part.reference}", "officer1").text)
    assert ">The name was right.</textarea>" in page
    page = act(web, lead, "close", outcome="upheld", words="All is mended.")
    assert "still works on a part" in page
    assert "All is mended." in page  # and nothing typed is lost
    assert web.cases()[0].state == CaseState.open
    assert web.get(f"/track/{part.reference}").status_code == 404
    shown = web.api("GET", "/cases").json()["items"]
    assert {one["reference"]: one.get("lead") for one in shown} == {
        lead.reference: None,
        part.reference: lead.reference,
    }
    assert [one["silence"]["running"] for one in shown if one.get("lead")] == [False]
    page = act(web, lead, f"parts/{part.reference}/off", off_reason="Not needed")
    assert "Called off" in page
    assert web.cases()[-1].state == CaseState.closed


def test_days_away_by_hand_looked_at_kept_and_undone(web: Web) -> None:
    opened(web)
    today = datetime.now(UTC).date()
    form = {"first_day": today.isoformat(), "last_day": (today + timedelta(days=20)).isoformat()}
    form |= {"person": str(web.known.staff["officer1"]), "stand_in": str(web.known.staff["head1"]), "reason": "at home"}
    page = web.post("/staff/absences", "head1", go="look", **form)
    assert "One open case" in page.text
    assert "to head1" in page.text
    assert web.count(Absence) == 0
    wrong = web.post("/staff/absences", "head1", go="keep", **form | {"last_day": "2001-01-01"})
    assert (wrong.status_code, 'href="#last_day"' in wrong.text) == (422, True)
    kept = web.post("/staff/absences", "head1", go="keep", **form)
    page = web.get(kept.headers["location"], "head1")
    assert "1 case went to others" in page.text
    assert web.case().assignee_id == web.known.staff["head1"]
    desk = web.get(f"/staff/cases/{web.case().reference}", "head1").text
    assert "away until" in desk  # whoever gives it on sees that
    assert "at home" in page.text
    with web.database.read() as session:
        (absence,) = session.exec(select(Absence)).all()
    for who in ("officer2", "clerk"):  # no other office's
        assert "officer1" not in web.get("/staff/absences", who).text
        assert web.post(f"/staff/absences/{absence.id}/back", who).status_code == 403
    assert web.get("/staff/absences", "auditor").status_code == 403
    assert web.post(f"/staff/absences/{absence.id}/back", "officer1").status_code == 303
    assert (web.count(Absence), web.case().assignee_id) == (0, web.known.staff["officer1"])


@pytest.mark.parametrize("month", ["", "2026-02", "0000-00", "9999-12", "2026-13", "x"])
def test_any_month(web: Web, month: str) -> None:
    assert web.get(f"/staff/absences?month={month}&kept=x&moved=y", "officer1").status_code == 200


def test_figures_of_hand_overs(web: Web) -> None:
    case = opened(web)
    act(web, case, "transfer", office="WAT2", reason="Theirs")
    act(web, case, "accept", "officer2")
    page = web.get("/staff/handovers?office=WAT1", "head1").text
    assert "Office WAT1" in page
    assert case.reference not in page
    assert "One more is with another office now" in page
    assert case.reference in web.get("/staff/handovers?office=WAT2", "head_water").text
    assert web.get("/staff/handovers?office=CIV1", "head1").status_code == 404
    assert web.get("/staff/handovers", "officer1").status_code == 403
    assert web.get("/staff/handovers.csv", "officer1").status_code == 403
    table = web.get("/staff/handovers.csv?weeks=13", "minister").text.splitlines()
    assert table[0].startswith("office,offered,accepted,bounced")
    assert [line.split(",")[:3] for line in table[1:]] == [["WAT1", "1", "1"], ["WAT2", "0", "0"]]
