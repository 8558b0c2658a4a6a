"""The counter's pages as they are posted: who may, two clicks, files, slips, the book without scripts, posters."""

import io
import re
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest
from PIL import Image
from sqlmodel import select

from domain.assisted import BookPage
from domain.attachment import Attachment
from domain.case import Case
from domain.states import IntakeSource
from tests.api.site import CITIZEN, CSRF, Web, web_of
from tests.conftest import Installation

pytestmark = pytest.mark.parametrize("installation", ["sqlite"], indirect=True)  # tests/cases holds it on both
WORDS = "There has been no water in Lumas since Friday"
REFERENCE = re.compile(r"/staff/intake/([0-9A-Z]{4}-[0-9A-Z]{4})/kept$")


@pytest.fixture
def web(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> Iterator[Web]:
    with web_of(installation, monkeypatch) as site:
        yield site


def photo() -> bytes:
    picture = io.BytesIO()
    Image.new("RGB", (40, 30), "white").save(picture, "JPEG")
    return picture.getvalue()


def send(web: Web, path: str, who: str, files: dict[str, bytes] | None = None, **form: Any) -> httpx.Response:
    """A multipart form, as the pages send it."""
    parts: list[Any] = [("file", (name, data, "image/jpeg")) for name, data in (files or {}).items()]
    return web.call("POST", path, who, data={"csrf": CSRF} | form, files=parts or [("x", (None, b""))])


def write_in(web: Web, source: str = "walk_in", who: str = "officer1", **form: Any) -> httpx.Response:
    given = {"text": WORDS, "token": str(uuid4()), "place": "Lumas", "service": "water"} | form
    return send(web, f"/staff/intake/{source}", who, **given)


def test_writing_in_is_for_those_who_meet_citizens(web: Web) -> None:
    pages = ("/staff/intake", "/staff/intake/letter", "/staff/book", "/staff/book/page?office=WAT1&page=1")
    for path in pages:
        assert web.get(path, "officer1").status_code == 200, path
        assert web.get(path, "minister").status_code == 403, path
        assert web.get(path).status_code == 303, path
    assert 'href="/staff/intake"' in web.get("/staff", "officer1").text
    assert 'href="/staff/intake"' not in web.get("/staff", "minister").text
    assert write_in(web, who="auditor").status_code == 403
    assert send(web, "/staff/intake/walk_in", "officer1", csrf="another", text=WORDS).status_code == 403
    assert web.get("/staff/intake/complaint_book", "officer1").status_code == 404
    assert web.cases() == []


def test_two_clicks_are_one_case_and_the_next_page_has_its_number(web: Web) -> None:
    token = str(uuid4())
    answers = [write_in(web, token=token, contact=CITIZEN) for _ in range(2)]
    found = {REFERENCE.search(answer.headers["location"])[1] for answer in answers}  # type: ignore[index]
    assert found == {web.case().reference}
    page = web.get(f"/staff/intake/{web.case().reference}/kept", "officer1").text
    assert "on its way to the phone ending in 233" in page
    assert CITIZEN not in page


def test_a_mistake_brings_back_all_that_was_typed(web: Web) -> None:
    answer = write_in(web, contact="12", name="Arta", said_on="2031-01-01")
    assert answer.status_code == 422
    assert WORDS in answer.text
    assert 'value="Arta"' in answer.text
    for field in ("contact", "said_on"):
        assert f'href="#{field}"' in answer.text
        assert f'id="{field}-error"' in answer.text
    assert web.cases() == []


def test_a_scan_comes_with_its_letter_and_survives_a_mistake(web: Web) -> None:
    token = str(uuid4())
    wrong = send(web, "/staff/intake/letter", "officer1", {"scan.jpg": photo()}, text="", token=token)
    assert (wrong.status_code, "scan.jpg" in wrong.text) == (422, True)
    send(web, "/staff/intake/letter", "officer1", text=WORDS, token=token)
    with web.database.read() as session:
        (kept,) = session.exec(select(Attachment)).all()
    assert kept.case_id == web.case().id
    refused = send(
        web, "/staff/intake/letter", "officer1", {"virus.exe": b"MZ" + b"\0" * 99}, text=WORDS, token=str(uuid4())
    )
    assert refused.status_code == 422
    assert 'id="file-error"' in refused.text


def test_the_slip_as_a_page_and_as_a_pdf_for_whoever_keyed_it_in(web: Web) -> None:
    write_in(web, language="bn")
    reference = web.case().reference
    page = web.get(f"/staff/intake/{reference}/slip", "officer1").text
    assert 'lang="bn"' in page
    assert "STATUS " + reference in page
    assert WORDS not in page
    for paper in ("", "?paper=roll"):
        answer = web.get(f"/staff/intake/{reference}/slip.pdf{paper}", "officer1")
        assert (answer.headers["content-type"], answer.content[:5]) == ("application/pdf", b"%PDF-")
    for path in ("kept", "slip", "slip.pdf"):
        assert web.get(f"/staff/intake/{reference}/{path}", "head1").status_code == 404, path


def test_who_holds_the_slip_asks_by_sms_from_any_phone(web: Web) -> None:
    write_in(web)
    reference = web.case().reference
    web.text(f"STATUS {reference}", sender="+355691117777")
    web.work()
    (told,) = web.texts("+355691117777")
    assert reference in told
    assert "Office WAT1" in told
    web.text("STATUS K7QF-3M9V", sender="+355691117777")
    web.work()
    assert "Office WAT1" not in web.texts("+355691117777")[-1]


def test_what_is_known_is_posted_and_never_in_an_address(web: Web) -> None:
    write_in(web, contact=CITIZEN)
    form = {"text": "no water in Lumas since friday", "contact": CITIZEN, "adds_to": ""}
    known = web.post("/staff/intake/known", "officer1", **form)
    assert known.text.count(web.case().reference) >= 2
    assert web.case().reference not in web.post("/staff/intake/known", "officer2", **form).text
    assert web.post("/staff/intake/known", "minister", **form).status_code == 403


def test_a_visit_has_no_slip_and_tells_nobody(web: Web) -> None:
    answer = write_in(web, "quality_audit", who="clerk", office="WAT1", waited="10", politeness="4", money="no")
    reference = REFERENCE.search(answer.headers["location"])[1]  # type: ignore[index]
    assert web.case().source == IntakeSource.quality_audit
    assert "Print the slip" not in web.get(f"/staff/intake/{reference}/kept", "clerk").text
    assert web.get(f"/staff/intake/{reference}/slip", "clerk").status_code == 404
    assert web.get(f"/staff/cases/{reference}", "head1").status_code == 404
    assert web.get(f"/track/{reference}").text.count("We received your message") == 0


def test_the_book_without_scripts(web: Web) -> None:
    opened = web.post("/staff/book", "clerk", office="CIV1", page="12")
    assert opened.headers["location"] == "/staff/book/page?office=CIV1&page=12"
    page = web.get(opened.headers["location"], "clerk").text
    assert page.count('data-column="text"') == 10
    rows: dict[str, Any] = {
        "said_on-0": "2.3.2026", "text-0": "No chairs at all", "said_on-7": "3.3.2026", "text-7": "Closed at noon",
        "text-9": "Nobody wrote the day",
    }  # fmt: skip
    answer = send(web, "/staff/book/page", "clerk", {"page.jpg": photo()}, office="CIV1", page="12", **rows)
    assert answer.status_code == 422
    assert "Nobody wrote the day" in answer.text
    first, second = web.cases()
    assert first.reference in answer.text
    assert "/staff/book/slips?office=CIV1&amp;page=12" in answer.text
    again = send(web, "/staff/book/page", "clerk", office="CIV1", page="12", **rows | {"text-9": ""})
    assert again.status_code == 303
    assert "keyed+already" in again.headers["location"]
    assert len(web.cases()) == 2
    with web.database.read() as session:
        (picture,) = session.exec(select(Attachment)).all()
        assert picture.book_page_id == session.exec(select(BookPage)).one().id
    assert web.get(f"/staff/book/photo/{picture.id}", "clerk").headers["content-type"] == "image/jpeg"
    assert web.get(f"/staff/book/photo/{picture.id}", "officer1").status_code == 403
    assert web.get("/staff/book/slips?office=CIV1&page=12", "clerk").text.count('class="slip"') == 2
    assert web.get("/staff/book/slips.pdf?office=CIV1&page=12", "clerk").content.startswith(b"%PDF-")
    assert web.get("/staff/book/slips?office=CIV1&page=12", "triage").status_code == 404
    assert second.book_page_id == picture.book_page_id


@pytest.mark.parametrize(
    ("office", "page", "code"),
    [("WAT1", "12", 403), ("NOPE", "12", 422), ("CIV1", "", 422), ("CIV1", "<b>", 422), ("", "", 422)],
)
def test_a_page_that_there_is_not(web: Web, office: str, page: str, code: int) -> None:
    assert web.post("/staff/book", "clerk", office=office, page=page).status_code == code
    assert send(web, "/staff/book/page", "clerk", office=office, page=page).status_code == code
    assert web.count(Case) == 0


def test_posters_on_a_page(web: Web) -> None:
    page = web.get("/staff/posters?paper=a5&language=sq", "officer1").text
    assert "/staff/posters/WAT1.pdf?paper=a5&amp;language=sq" in page
    assert page.index("Office WAT1") < page.index("Office CIV1"), "one's own first"
    answer = web.get("/staff/posters/wat1.pdf?paper=a5&language=sq", "officer1")
    assert (answer.headers["content-type"], answer.content[:5]) == ("application/pdf", b"%PDF-")
    assert web.get("/staff/posters/nope.pdf", "officer1").status_code == 404
    assert web.get("/staff/posters?language=xx", "officer1").status_code == 422
    assert web.get("/staff/posters").status_code == 303
