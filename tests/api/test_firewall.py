"""The walk: whoever a case is about gets, from every address there is, the very bytes they would get without it.

Routes are taken from the application, so a new one is walked without anybody thinking of it; one whose address has a
part nobody here gave a value for makes `gets` fail.
"""

import difflib
import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import select

from cases import opening
from core import logs
from core.database import database
from core.ids import new_id, new_reference
from domain.access import Scope
from domain.attachment import Attachment
from domain.case import Case
from domain.review import Review
from domain.staff import StaffRole
from domain.states import Role
from tests.api.site import Web, routes_of
from tests.api.test_pages_visibility import MARKER, MOVING, gets, hide

TIMES = re.compile(r'(?<=name="started" value=")[^"]*|(?<=")20\d\d-\d\d-\d\dT[^"]*(?=")|"trace":"[^"]*"')
UUIDS = re.compile(r"(?<=/)[0-9a-f-]{36}")
pytestmark = pytest.mark.parametrize("installation", ["sqlite"], indirect=True)

ROLES = tuple(role for role in Role if role is not Role.integrity)
SHARED = ("/api/", "/metrics", "/healthz", "/readyz", "/static", "/exit", "/report", "/s/", "/styleguide", "/simulator")
"""The same for everybody: walked once, as nobody."""


def give_the_chain(web: Web) -> None:
    """`officer1` of the accused office becomes all that stands above it too, and sorts messages beside."""
    with database().write() as session:
        for role in ROLES:
            for office in ("WAT1", "WATER", "GOV"):
                if (role, office) != (Role.officer, "WAT1"):
                    session.add(
                        StaffRole(staff_id=web.known.staff["officer1"], office_id=web.known.office[office], role=role)
                    )
        triage = web.known.office["TRIAGE"]
        session.add(StaffRole(staff_id=web.known.staff["officer1"], office_id=triage, role=Role.triage))


def walk(web: Web, reference: str, week: str) -> dict[str, str]:
    """What every address that reads answers, to the accused, to anybody, and to keys; without what moves by itself."""
    found = {}
    for path in gets(web, reference, week):
        shared = path.startswith(SHARED)
        answer = web.get(path, "" if shared else "officer1")
        found[path] = f"{answer.status_code} {answer.headers.get('location', '')} {answer.text}"
        if path.startswith("/api/"):
            for scope in Scope:
                keyed = web.api("GET", path.removeprefix("/api/v1"), scope)
                found[f"{scope} {path}"] = f"{keyed.status_code} {keyed.text}"
    # the id of a file is known only once it is there
    return {UUIDS.sub("x", path): UUIDS.sub("x", TIMES.sub("", MOVING.sub("", text))) for path, text in found.items()}


def difference(before: str, after: str) -> str:
    """The lines that are not the same."""
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=0)
    return "\n".join(line[:300] for line in lines)


@pytest.mark.parametrize("kind", ["integrity", "about office"])
def test_no_byte_differs_whether_the_case_exists_or_not(web: Web, kind: str) -> None:
    give_the_chain(web)
    now = datetime.now(UTC)
    monday = (now - timedelta(days=now.weekday() + 7)).date()
    reference = new_reference()
    with database().write() as session:
        review = Review(id=new_id(), office_id=web.known.office["WATER"], week=monday, opened_at=now)
        session.add(review)
    before = walk(web, reference, monday.isoformat())
    case = hide(web, kind, reference=reference, review=review, rated=False)
    assert case.reference == reference
    after = walk(web, reference, monday.isoformat())
    changed = sorted(path for path in before if before[path] != after.get(path))
    assert changed == [], "\n".join(difference(before[path], after.get(path, "")) for path in changed)
    assert len(before) > 60


FIELDS = "text reason office code go restrict_reason release_reason refuse_reason note words about person staff place"


def posted(web: Web, path: str, reference: str, file_id: str) -> tuple[int, str, str]:
    """What a form, or a key, gets for a number: status, where it leads, what it says, without the number."""
    values = {"reference": reference, "file_id": file_id}
    at = re.sub(r"\{(\w+)\}", lambda part: values.get(part[1], "x"), path)
    if path.startswith("/api/"):
        answer = web.api("POST", at.removeprefix("/api/v1"), json={"text": "x"})
    else:
        form = dict.fromkeys(FIELDS.split(), "x") | {"version": "99", "office": "WAT2", "outcome": "answered"}
        answer = web.post(at, "officer1", **form)
    leads = answer.headers.get("location", "")
    return answer.status_code, leads.replace(reference, ""), MOVING.sub("", answer.text).replace(reference, "")


def test_no_post_tells_a_case_from_none(web: Web) -> None:
    """A number that exists, and one that does not, get the same answer from every form and every key."""
    give_the_chain(web)
    case = hide(web, "integrity")
    with database().read() as session:
        file_id = str(session.exec(select(Attachment.id)).first())
    routes = sorted(path for method, path in routes_of(web.app) if method == "POST" and "{reference}" in path)
    walked = [path for path in routes if not path.startswith("/track/")]  # that page is the citizen's
    nothing = new_reference()
    told = [
        path for path in walked if posted(web, path, case.reference, file_id) != posted(web, path, nothing, file_id)
    ]
    assert told == []
    assert len(walked) > 10
    with database().read() as session:
        assert session.get_one(Case, case.id).timeline_length == case.timeline_length


def test_a_number_alone_does_not_tell_that_somebody_was_accused(web: Web) -> None:
    """Officers who had a case know its number, and the last digits of the phone."""
    web.text("WAT1 no water in Rruga e Pishave")
    web.work()
    case = web.case()
    page = web.post(f"/track/{case.reference}", code="2233")
    unlock = re.search(r'name="unlock" value="([^"]+)"', page.text)
    assert unlock
    assert web.post(f"/track/{case.reference}/apart", unlock="forged").status_code == 422
    assert not web.case().integrity
    taken = web.post(f"/track/{case.reference}/apart", unlock=unlock[1])
    assert "outside the office" in taken.text
    web.work()
    assert web.case().integrity
    assert web.get(f"/staff/cases/{case.reference}", "officer1").status_code == 404
    for locked in (web.get(f"/track/{case.reference}"), web.post(f"/track/{case.reference}", code="2233")):
        assert "outside the office" not in locked.text
        assert "INTEG" not in locked.text
    opened = web.post(f"/track/{case.reference}", code=opening.pin_of(case.id))
    assert "outside the office" in opened.text


def test_a_further_message_that_accuses_gets_a_number_of_its_own(web: Web) -> None:
    web.text("WAT1 no water in Rruga e Pishave")
    web.work()
    case = web.case()
    page = web.post(
        f"/track/{case.reference}/message",
        text=f"The clerk wanted a bribe {MARKER}",
        message_code=opening.pin_of(case.id),
    )
    first, apart = web.cases()
    assert apart.integrity
    assert apart.about_office_id == web.known.office["WAT1"]
    assert apart.reference in page.text
    assert opening.pin_of(apart.id) in page.text
    assert MARKER not in web.get(f"/staff/cases/{first.reference}", "officer1").text
    assert web.get(f"/staff/cases/{apart.reference}", "officer1").status_code == 404


def test_the_desk_of_integrity_says_whom_it_is_about_and_lets_go(web: Web) -> None:
    web.text("WAT1 the clerk wanted a bribe")
    web.work()
    case = web.case()
    desk = web.get(f"/staff/cases/{case.reference}", "integrity").text
    assert "act-release" in desk
    assert "act-about" in desk
    assert "act-restrict" not in desk
    version = str(case.timeline_length)
    web.post(f"/staff/cases/{case.reference}/about", "integrity", about="CIV1", version=version)
    assert web.case().about_office_id == web.known.office["CIV1"]
    gone = web.post(f"/staff/cases/{case.reference}/release", "integrity", release_reason="Nobody.", version="99")
    assert gone.headers["location"] == "/staff?said=release"
    assert not web.case().integrity
    assert web.get(f"/staff/cases/{case.reference}", "integrity").status_code == 404


def test_an_officer_gives_it_away_on_the_desk(web: Web) -> None:
    web.text("WAT1 no water in Rruga e Pishave")
    web.work()
    case = web.case()
    page = f"/staff/cases/{case.reference}"
    assert "act-restrict" in web.get(page, "officer1").text
    version = str(case.timeline_length)
    assert web.post(f"{page}/restrict", "officer1", restrict_reason="", version=version).status_code == 422
    gone = web.post(f"{page}/restrict", "officer1", restrict_reason="It names a colleague", version=version)
    assert gone.headers["location"] == "/staff?said=restrict"
    assert web.get(page, "officer1").status_code == 404
    told = web.get(page, "integrity").text
    assert "WAT1 could read it until then, and no list is kept of who did" in told


def test_log_lines_say_nothing_of_it(web: Web, capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("debug")
    web.text(f"WAT1 the clerk {MARKER} wanted a bribe", sender="+355695550199")
    web.work()
    case = web.case()
    for path in (f"/staff/cases/{case.reference}", f"/staff/search?q={MARKER}", f"/track/{case.reference}"):
        web.get(path, "officer1")
    web.post(f"/staff/cases/{case.reference}/answer", "officer1", text=f"{MARKER} well", version="9")
    said = capsys.readouterr()
    lines = said.err + said.out
    assert case.integrity
    for secret in (MARKER, case.reference, "+355695550199", "bribe"):
        assert secret not in lines
