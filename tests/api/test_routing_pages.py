"""Where would it go, and why did it go there: for any text without a trace, for a case for who may see it."""

import logging

import pytest
from sqlmodel import col, func, select

from cases import firewall, handover
from cases.acting import Form
from cases.opening import Opening, open_case
from channels.values import Channel
from domain.base import metadata
from domain.case import Case
from domain.catalogue import touch
from domain.service import Jurisdiction
from tests.api.site import Web
from tests.builders import NOW

TEXT = "quixotic no water in Lumas"


def opened(web: Web, text: str = TEXT, **more: object) -> Case:
    with web.database.write() as session:
        return open_case(session, Opening(Channel.web, text, "en", NOW, **more), NOW)  # type: ignore[arg-type]


def test_any_text_and_no_trace(web: Web, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> None:
    def rows() -> dict[str, int]:
        with web.database.read() as session:
            return {
                table.name: session.execute(select(func.count()).select_from(table)).scalar_one()
                for table in metadata().sorted_tables
            }

    assert "Where would it go?" in web.get("/staff/routing", "officer1").text
    before = rows()
    with caplog.at_level(logging.DEBUG):
        answer = web.post("/staff/routing", "officer1", text=TEXT, service="water", at="41.33,19.82")
    assert answer.status_code == 200
    assert "Office WAT1" in answer.text
    assert "Water supply in Lumas → WAT1" in answer.text
    assert "the spot lies in no area; Lumas, named in the text" in answer.text
    assert "this decided" in answer.text
    assert "/staff/rules/" not in answer.text  # an officer changes none
    assert rows() == before
    said = "".join(capfd.readouterr())
    assert "quixotic" not in caplog.text + said


def test_what_cannot_be_used_is_said_beside_its_field(web: Web) -> None:
    answer = web.post("/staff/routing", "officer1", text="", at="north")
    assert answer.status_code == 422
    assert "Write what a citizen might write." in answer.text
    assert "Write latitude,longitude" in answer.text
    assert web.post("/staff/routing", "officer1", text=TEXT, csrf="other").status_code == 403
    assert web.get("/staff/routing").status_code == 303


def test_a_complaint_about_an_office_says_who_does_not_see_it(web: Web) -> None:
    shown = web.post("/staff/routing", "head1", text="WAT1 the clerk took a bribe").text
    assert "Does not see it" in shown
    for office in ("Office WAT1 (WAT1)", "Office WATER (WATER)", "Office GOV (GOV)"):
        assert office in shown


def test_every_hop_of_a_case_and_what_would_happen_today(web: Web) -> None:
    case = opened(web, service="water")
    with web.database.write() as session:
        who = web.known.viewer(session, "officer1")
        form = Form(case.timeline_length, "t1")
        handover.transfer(session, case.id, who, web.known.office["WAT2"], "it is Drenova's pipe", NOW, form)
        line = session.exec(select(Jurisdiction).where(col(Jurisdiction.office_id) == web.known.office["WAT1"])).one()
        line.office_id = web.known.office["WAT2"]
        touch(session)
    page = web.get(f"/staff/cases/{case.reference}/routing", "officer1").text
    assert "Office WAT1 has it now." in page
    assert "The rule, as it was then: Water supply in Lumas → WAT1" in page
    assert "Came with it: service Water supply" in page
    assert "Offered to Office WAT2" in page
    assert "it is Drenova&#39;s pipe" in page
    assert "Water supply in Lumas → WAT2" in page[page.index("If it came today") :]
    assert f"/staff/cases/{case.reference}/routing" in web.get(f"/staff/cases/{case.reference}", "officer1").text
    assert web.get(f"/staff/cases/{case.reference}/routing", "clerk").status_code == 404


def test_a_reason_of_integrity_is_for_who_reads_integrity(web: Web) -> None:
    case = opened(web, "WAT1 the clerk asked me for a bribe")
    path = f"/staff/cases/{case.reference}/routing"
    assert "bribe" in web.get(path, "integrity").text
    for name in ("officer1", "head1", "head_water", "minister", "triage"):
        assert web.get(path, name).status_code == 404
    with web.database.write() as session:
        who = web.known.viewer(session, "integrity")
        firewall.release(session, case.id, who, "it accuses nobody", NOW, Form(case.timeline_length, "t1"))
    shown = web.get(path, "officer1").text  # cleared, it went to the office whose code it came by
    assert "The reason is read by the integrity office only." in shown
    assert "it accuses nobody" not in shown
    assert "asked me for" not in shown.replace(case.text, "")


def test_what_would_be_kept_from_a_reader_today_is_not_told(web: Web) -> None:
    case = opened(web, "no water", service="water", place="Lumas")
    with web.database.write() as session:
        session.get_one(Case, case.id).text = "the clerk asked me for a bribe"
    shown = web.get(f"/staff/cases/{case.reference}/routing", "officer1").text
    assert "For this message that is not shown." in shown
    assert "integrity" not in shown.lower()
