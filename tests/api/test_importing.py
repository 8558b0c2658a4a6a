"""Files in the browser: out, looked at line by line, in whole or not at all, and within one's reach."""

import re
from html import unescape

import httpx
import pytest
from sqlmodel import col, select

from api import importing
from core.database import database
from domain.office import Office
from domain.staff import Absence, Staff, StaffLink, email_index
from tests.api.site import CSRF, Web
from tests.api.staffed import administered, changes, person, roles

pytestmark = pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
HEAD = "email,name,roles,language,active\n"


@pytest.fixture
def site(web: Web) -> Web:
    return administered(web)


def look(web: Web, text: str | bytes, kind: str = "staff", who: str = "minister") -> httpx.Response:
    """Choose a file and look at what it would do."""
    raw = text.encode() if isinstance(text, str) else text
    form = {"csrf": CSRF, "kind": kind, "go": "look"}
    return web.call("POST", "/staff/import", who, data=form, files={"file": ("staff.csv", raw, "text/csv")})


def hidden(page: str) -> dict[str, str]:
    """What the form for doing it carries."""
    form = re.search(r'<form method="post" action="/staff/import".*?</form>', page, re.DOTALL)
    assert form, page
    found = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form[0]))
    area = re.search(r'<textarea name="text" hidden>\n(.*?)</textarea>', form[0], re.DOTALL)
    assert area
    return {name: unescape(value) for name, value in (found | {"text": area[1]}).items()}


def do(web: Web, page: httpx.Response, who: str = "minister") -> httpx.Response:
    """Press the button below what was looked at."""
    form = {name: (None, value) for name, value in (hidden(page.text) | {"csrf": CSRF}).items()}
    return web.call("POST", "/staff/import", who, files=form)


def export(web: Web, kind: str = "staff", who: str = "minister") -> str:
    answer = web.get(f"/staff/export/{kind}", who)
    assert answer.status_code == 200
    assert answer.headers["content-disposition"].startswith(f'attachment; filename="ombud-{kind}-')
    return answer.text


@pytest.mark.parametrize("kind", importing.TITLES)
def test_what_goes_out_comes_in_without_a_change(site: Web, kind: str) -> None:
    text = export(site, kind)
    page = look(site, text, kind)
    if kind in ("areas", "absences", "templates"):
        assert page.status_code == 422, "there are none, so there is no line"
    else:
        assert "So there is nothing to do." in page.text
    assert changes() == []


def test_a_file_is_looked_at_then_done_once_and_written_down(site: Web) -> None:
    text = export(site).replace("officer1,officer@WAT1", "Ofi Cer,officer@WAT1;head@WAT1")
    text += 'New@gov.example,"New, One",officer@CIV1,sq,yes\n'
    page = look(site, text)
    assert "1 line adds, 1 changes, 9 say what is there already" in page.text
    assert "<del>officer@WAT1</del> → <ins>head@WAT1;officer@WAT1</ins>" in page.text
    assert site.count(Staff) == 10
    assert changes() == []
    done = do(site, page)
    assert "staff.csv is in" in done.text
    assert "1 person is mailed a link" in done.text
    made = person("new@gov.example")
    assert (made.name, made.language, made.password_hash) == ("New, One", "sq", "!")
    assert roles(site, "officer1") == {"officer@WAT1", "head@WAT1"}
    assert site.count(StaffLink) == 1
    told = {(one.title, one.by, one.before is None) for one in changes()}
    assert told == {("New, One", "minister", True), ("Ofi Cer", "minister", False)}
    assert "new@gov.example" not in str([one.after for one in changes()])
    again = do(site, page)
    assert "Something was changed meanwhile" in again.text
    assert len(changes()) == 2


BROKEN = [
    (HEAD + "a@x.example,A,officer@WAT1,en,yes\nbad,B,officer@WAT1,en,yes\n", "line 3", "no e-mail address"),
    (HEAD + "a@x.example,A,king@WAT1,en,yes\n", "line 2", "is no role"),
    (HEAD + "a@x.example,A,officer@MOON,en,yes\n", "line 2", "there is no office"),
    (HEAD + "a@x.example,A,officer@WAT1,en,perhaps\n", "line 2", "yes or no"),
    (HEAD + "a@x.example,A,officer@WAT1,en,yes\nA@x.example,B,officer@WAT1,en,yes\n", "line 3", "same email as line 2"),
    (HEAD + 'a@x.example,"A,officer@WAT1,en,yes\n', "line 2", ""),
    (HEAD + "a@x.example,A,officer@WAT1\n", "line 2", "another number of cells"),
    ("email,name\n", "roles", "missing"),
    (b"\xff\xfe\x00a", "staff.csv", "not UTF-8"),
    ("", "staff.csv", "missing"),
    (
        HEAD + "minister@gov.example,m,leadership@GOV,en,yes\n",
        "administers the whole government",
        "Nobody would be left",
    ),
]


@pytest.mark.parametrize(("text", "where", "why"), BROKEN)
def test_a_torn_file_is_refused_whole_with_the_line_named(site: Web, text: str | bytes, where: str, why: str) -> None:
    page = look(site, text)
    assert page.status_code == 422
    assert where in unescape(page.text)
    assert why in unescape(page.text)
    assert 'value="do"' not in page.text
    assert site.count(Staff) == 10


def test_an_administrator_of_a_part_keeps_to_it(site: Web) -> None:
    out = export(site, who="head_water")
    assert {line.partition("@")[0] for line in out.splitlines()[1:]} == {
        "officer1", "officer2", "head1", "head_water", "reviewer",
    }  # fmt: skip
    for line, why in (
        ("clerk@gov.example,clerk,officer@CIV1,en,yes", "beyond your offices"),
        ("n@x.example,N,officer@CIV1,en,yes", "you administer other offices"),
        ("n@x.example,N,leadership@WATER,en,yes", "sees beyond its office"),
        ("head_water@gov.example,h,head@WATER;admin@WATER,en,no", "cannot sign yourself out"),
    ):
        page = look(site, HEAD + line + "\n", who="head_water")
        assert (page.status_code, why in unescape(page.text)) == (422, True), line
    page = look(site, HEAD + "n@x.example,N,officer@WAT2,en,yes\n", who="head_water")
    assert "is in" in do(site, page, "head_water").text
    assert roles(site, "n@x.example") == {"officer@WAT2"}
    for kind in ("offices", "services", "jurisdictions", "areas"):
        assert site.get(f"/staff/export/{kind}", "head_water").status_code == 403
        assert look(site, "code,tier\nX,district\n", kind, who="head_water").status_code in (403, 422)
    assert site.count(Office) == 7
    for who in ("auditor", "officer1"):
        assert site.get("/staff/import", who).status_code == 403
        assert site.get("/staff/export/staff", who).status_code == 403
        assert look(site, out, who=who).status_code == 403
    assert site.get("/staff/export/cases", "minister").status_code == 404


def test_offices_come_in_through_the_same_page_and_stay_sound(site: Web) -> None:
    page = look(site, "code,tier,parent,name_en\nHILL,district,WATER,Hill Works\n", "offices")
    do(site, page)
    with database().read() as session:
        assert session.exec(select(Office.code).where(col(Office.code) == "HILL")).first() == "HILL"
    assert [(one.kind, one.title) for one in changes()] == [("office", "Hill Works")]
    page = look(site, "code,tier,parent,function,active,name_en\nINTEG,national,GOV,integrity,no,I\n", "offices")
    assert (page.status_code, "last open integrity office" in page.text) == (422, True)


def test_days_away_come_in_by_the_file(site: Web) -> None:
    text = (
        "email,first_day,last_day,stand_in,reason\nofficer1@gov.example,2030-02-01,2030-02-10,head1@gov.example,Leave\n"
    )
    do(site, look(site, text, "absences", "head_water"), "head_water")
    with database().read() as session:
        row = session.exec(select(Absence)).one()
        who = session.exec(select(Staff.id).where(col(Staff.email_index) == email_index("officer1@gov.example"))).one()
    assert (row.staff_id, row.last_day.isoformat(), row.reason) == (who, "2030-02-10", "Leave")
    page = look(site, text.replace("2030-02-10", "2030-02-12"), "absences")
    assert "<del>2030-02-10</del> → <ins>2030-02-12</ins>" in page.text
    for bad, why in (
        ("nobody@gov.example,2030-03-01,2030-03-02,,", "nobody has the address"),
        ("officer1@gov.example,2030-03-05,2030-03-02,,", "before the first"),
        ("officer1@gov.example,2030-02-05,2030-02-06,,", "entered already"),
        ("officer1@gov.example,2030-03-01,2030-03-02,clerk@gov.example,", "same office"),
    ):
        page = look(site, f"email,first_day,last_day,stand_in,reason\n{bad}\n", "absences")
        assert (page.status_code, why in unescape(page.text)) == (422, True), bad
