"""Reporting on the web, page by page: mistakes, ways back, odd fields, pictures, the map."""

from html import unescape

import pytest
from sqlmodel import select

from cases.attachments import uploads
from cases.opening import pin_of
from core.database import database
from core.ids import new_id
from core.settings import settings
from domain.attachment import Attachment
from domain.states import CaseState
from tests.api.person import TEXT, Person, reference_on
from tests.api.site import CITIZEN, Web, web_of
from tests.conftest import Installation
from tests.files import jpeg

PICTURE = {"file": ("lamp.jpg", jpeg(), "image/jpeg")}
once = pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
"""Nothing here asks the database more than another test does on both."""


@pytest.fixture
def person(web: Web) -> Person:
    return Person(web)


def test_the_whole_way_with_everything(person: Person) -> None:
    person.go(text=TEXT)
    assert person.step == "about"
    person.go("search", q="watr suply")
    assert 'value="water"' in person.page.text
    person.go(service="water")
    person.go("enter", q="lumass")
    assert 'value="p:Lumas"' in person.page.text
    person.go(where="p:Lumas", spot="beside the well", latitude="41.32812", longitude="19.81831")
    person.go("add", files=PICTURE)
    assert person.sees("lamp.jpg")
    person.go()
    person.go(answer="phone", phone="069 111 2233", name="Ana", confidential="yes")
    assert person.step == "check"
    for words in (TEXT, "Water supply", "Lumas", "beside the well", "lamp.jpg", "069 111 2233"):
        assert person.sees(words), words
    person.go("send")
    case = person.web.case()
    assert reference_on(person.page) == case.reference
    assert (case.office_id, case.state) == (person.web.known.office["WAT1"], CaseState.open)
    assert (case.place, case.confidential) == ("Lumas", True)
    assert case.location == {"latitude": 41.328, "longitude": 19.818}, "rounded: nobody's front door"
    assert case.text == f"{TEXT}\n\nWhere: beside the well"
    with database().read() as session:
        (kept,) = session.exec(select(Attachment)).all()
    assert (kept.case_id, kept.upload_key) == (case.id, None)
    person.web.work()
    assert len(person.web.texts(CITIZEN)) == 1


@once
def test_a_mistake_and_the_way_back_cost_nothing(person: Person) -> None:
    assert person.go(text="").page.status_code == 422
    assert person.step == "what"
    person.until("files")
    person.go("add", files=PICTURE)
    person.go()
    assert person.go(answer="phone", phone="12").page.status_code == 422
    assert person.sees('value="12"')
    assert person.sees('href="#phone"')
    person.go("back", phone="069 111 2233", answer="phone")
    assert person.step == "files"
    assert person.sees("lamp.jpg")
    person.go("back").go("back").go("back")
    assert person.step == "what"
    assert person.sees(TEXT)
    person.go(text=TEXT, go="next")
    assert person.fields["phone"] == "069 111 2233"


@once
def test_one_answer_is_changed_and_one_is_back_at_the_end(person: Person) -> None:
    person.until("how").go(answer="anonymous")
    assert person.step == "check"
    person.go("what")
    assert person.go(text="Another text").step == "check"
    assert person.sees("Another text")
    person.go("how")
    assert person.go(answer="phone", phone="").page.status_code == 422
    assert person.go(answer="anonymous").step == "check"


@once
def test_the_language_changes_in_the_middle(person: Person) -> None:
    person.until("about")
    page = person.web.call("POST", "/report?lang=ru", data=person.fields | {"go": "stay"})
    assert "О чём это?" in page.text
    assert TEXT in unescape(page.text)


def test_nobody_has_to_know_the_service_or_the_place(person: Person) -> None:
    person.until("how").go(answer="anonymous").go("send")
    assert person.web.case().state == CaseState.triage


@once
def test_what_was_typed_and_not_looked_for_is_looked_for_once(person: Person) -> None:
    person.until("about")
    person.go(q="xyzzy")
    assert person.step == "about"
    assert person.sees("We found nothing like that.")
    assert person.go(q="xyzzy").step == "where", "nobody is held at a search that finds nothing"


@once
def test_a_poster_or_a_link_fills_in_what_it_knows(web: Web) -> None:
    person = Person(web, address="/report?office=CIV1&service=passport&place=Lumas")
    assert person.sees("Office CIV1")
    person.until("where")
    assert person.sees("Office CIV1")
    person.go(where="")
    assert (person.fields["office"], person.fields["place"]) == ("", ""), "what a poster says can be taken back"
    person.go("back")
    assert person.fields["service"] == "passport"


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"form_id": ""}, 200),
        ({"form_id": "../../etc"}, 200),
        ({"form_id": "é" * 20}, 200),
        ({"started": "1.x"}, 200),
        ({"started": "²²²." + "0" * 32}, 200),
        ({"started": "9" * 4000}, 200),
        ({"step": "nowhere"}, 200),
        ({"go": "group:999999999999"}, 200),
        ({"go": "remove:x"}, 200),
        ({"latitude": "NaN", "longitude": "inf"}, 200),
        ({"latitude": "here"}, 200),
        ({"service": "no such service"}, 422),
        ({"spot": "x" * 300}, 422),
        ({"answer": "pigeon"}, 422),
    ],
)
@once
def test_odd_fields_are_mended_or_named(person: Person, changes: dict[str, str], status: int) -> None:
    person.until("how").go(answer="anonymous")
    page = person.web.call("POST", "/report", data=person.fields | {"go": "send"} | changes)
    assert page.status_code == status
    assert 'class="errors' in page.text or status == 200


# pictures


@once
def test_pictures_are_taken_away_again_and_bad_ones_are_named(person: Person) -> None:
    person.until("files")
    person.go("add", files=PICTURE)
    person.go(files={"file": ("lamp.exe", b"MZ" + b"\0" * 300, "image/jpeg")})
    assert person.page.status_code == 422
    assert person.step == "files", "what cannot be kept is said before one goes on"
    assert person.sees("lamp.jpg")
    form_id = person.fields["form_id"]
    with database().read() as session:
        (one,) = uploads(session, form_id)
    strangers = person.web.call(
        "POST", "/report/files", data={"step": "files", "form_id": str(new_id()), "go": f"remove:{one.id}"}
    )
    assert strangers.status_code == 200
    with database().read() as session:
        assert len(uploads(session, form_id)) == 1, "only its own form takes a picture away"
    person.go(f"remove:{one.id}")
    assert not person.sees("lamp.jpg")


@once
def test_too_many_and_too_large(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    limits = {"attachment_count": "1", "attachment_limit_bytes": "100000", "body_limit_bytes": "100000"}
    with web_of(installation, monkeypatch, **limits) as web:
        person = Person(web).until("files")
        person.go("add", files={"file": ("a.jpg", b"\xff\xd8" + b"x" * 110_000, "image/jpeg")})
        assert person.page.status_code == 422
        person.go("add", files=PICTURE)
        assert not person.sees('type="file"'), "no more fit, and the page says so"
        huge = web.call("POST", "/report/files", data=person.fields, files={"file": ("b.jpg", b"x" * 300_000, "x")})
        assert huge.status_code == 413
        monkeypatch.setenv("OMBUD_ATTACHMENT_COUNT", "0")
        settings.cache_clear()
        person = Person(web).until("where").go()
        assert person.step == "how", "where no pictures are taken none are asked for"


def test_pictures_come_later_on_the_tracking_page(person: Person) -> None:
    web = person.web
    person.until("how").go(answer="anonymous").go("send")
    case = web.case()
    path = f"/track/{case.reference}/message"
    assert web.call("POST", path, data={"message_code": "x"}, files=PICTURE).status_code == 422
    assert web.count(Attachment) == 0, "a stranger leaves nothing"
    for _ in range(2):
        added = web.call("POST", path, data={"message_code": pin_of(case.id)}, files=PICTURE)
        assert added.status_code == 200, added.text
    with database().read() as session:
        (kept,) = session.exec(select(Attachment)).all()
    assert kept.case_id == case.id
    wrong = web.call(
        "POST",
        path,
        data={"message_code": pin_of(case.id), "text": "Look"},
        files={"file": ("a", b"MZ" + b"\0" * 300, "x")},
    )
    assert wrong.status_code == 422
    assert "Look</textarea>" in wrong.text


# the map


@once
def test_the_map_is_allowed_where_it_is_and_nowhere_else(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiles = {"tile_url": "https://tiles.example.org/{z}/{x}/{y}.png", "tile_attribution": "© Map makers"}
    with web_of(installation, monkeypatch, **tiles) as web:
        person = Person(web).until("about")
        assert "tiles.example.org" not in person.page.headers["Content-Security-Policy"]
        person.go()
        assert "img-src 'self' https://tiles.example.org data:" in person.page.headers["Content-Security-Policy"]
        assert person.sees("© Map makers")
        person.go(latitude="41.3", longitude="19.8").go("back")
        assert person.fields["latitude"] == "41.3"
        assert person.go("nowhere").fields["latitude"] == ""


@once
def test_pages_may_be_gone_back_to_and_the_receipt_is_kept_nowhere(person: Person) -> None:
    assert person.page.headers["Cache-Control"] == "private, no-cache"
    person.until("how").go(answer="anonymous").go("send")
    assert person.page.headers["Cache-Control"] == "no-store"
