"""Files over HTTP: who gets them, with which headers, and in which parts."""

import re
from datetime import UTC, datetime

import pytest
import time_machine

from cases import attachments, media
from cases.opening import pin_of
from channels.errors import Failure, SendFailed
from channels.fetching import Fetched
from channels.values import Channel
from core.database import database
from core.settings import settings
from domain.attachment import Attachment
from domain.case import Case
from tests import files
from tests.api.site import Web
from tests.builders import plain_case

FIREWALLED = {"office": "INTEG", "integrity": True}


def a_case(web: Web, *given: tuple[str, bytes], **values: object) -> tuple[str, list[Attachment]]:
    """A case of WAT1 (or another) with files; its path on the desk."""
    if values.get("integrity"):
        values["about_office_id"] = web.known.office["WAT1"]
    now = datetime.now(UTC)
    with database().write() as session:
        for name, data in given:
            attachments.keep_upload(session, data=data, name=name, upload_key="k", channel=Channel.web, now=now)
        case = plain_case(web.known, **values)  # type: ignore[arg-type]
        session.add(case)
        session.flush()
        rows = attachments.adopt(session, case, "k", now)
    return f"/staff/cases/{case.reference}", rows


SHOWN = [
    ("a.jpg", files.jpeg(), "image/jpeg", "inline"),
    ("a.gif", files.gif(), "image/gif", "inline"),
    ("a.ogg", files.ogg(), "audio/ogg", "inline"),
    ("a.mp4", files.film(), "video/mp4", "inline"),
    ("a.heic", files.heic(), "image/heic", "attachment"),
    ("a.pdf", files.PDF, "application/pdf", "attachment"),
    ("a.txt", b"hello", "text/plain", "attachment"),
]


def test_every_kind_leaves_with_headers_that_keep_it_harmless(web: Web) -> None:
    path, rows = a_case(web, *[(name, data) for name, data, _, _ in SHOWN[:5]])
    more, others = a_case(web, *[(name, data) for name, data, _, _ in SHOWN[5:]])
    for (name, _, content_type, way), row, at in zip(SHOWN, [*rows, *others], [path] * 5 + [more] * 2, strict=True):
        answer = web.get(f"{at}/files/{row.id}", "officer1")
        assert answer.status_code == 200
        assert answer.headers["content-type"] == content_type
        assert answer.headers["content-disposition"].startswith(f'{way}; filename="{name}"')
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "private, no-store"
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'")
        assert policy.endswith("sandbox")
        assert files.SECRET not in answer.content


def test_a_name_from_anywhere_makes_no_header_of_its_own(web: Web) -> None:
    path, (row,) = a_case(web, ('x";\r\nSet-Cookie: a=b;\u202e ফাইল.pdf', files.PDF))
    answer = web.get(f"{path}/files/{row.id}", "officer1")
    assert "set-cookie" not in answer.headers
    assert re.fullmatch(
        r"attachment; filename=\"[\w :;=.-]+\"; filename\*=UTF-8''[\w%.-]+", answer.headers["content-disposition"]
    )


@pytest.mark.parametrize(
    ("asked", "status", "part"),
    [
        ("bytes=0-9", 206, slice(0, 10)),
        ("bytes=10-", 206, slice(10, None)),
        ("bytes=-5", 206, slice(-5, None)),
        ("bytes=0-99999999", 206, slice(0, None)),
        ("bytes=9999999-", 416, slice(0, 0)),
        ("bytes=5-2", 416, slice(0, 0)),
        ("bytes=0-1,4-5", 200, slice(None)),
        ("bytes=-", 200, slice(None)),
        ("pages=1-2", 200, slice(None)),
    ],
)
@pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
def test_players_get_the_part_they_ask_for(web: Web, asked: str, status: int, part: slice) -> None:
    path, (row,) = a_case(web, ("a.wav", files.wav()))
    whole = web.get(f"{path}/files/{row.id}", "officer1").content
    answer = web.get(f"{path}/files/{row.id}", "officer1", headers={"Range": asked})
    assert (answer.status_code, answer.content) == (status, whole[part])
    if status == 206:
        first = range(len(whole))[part][0]
        assert answer.headers["content-range"] == f"bytes {first}-{first + len(answer.content) - 1}/{len(whole)}"


def test_the_accused_get_no_file_and_nobody_without_a_session(web: Web) -> None:
    path, (row,) = a_case(web, ("a.jpg", files.jpeg()), **FIREWALLED)
    for who in ("officer1", "head1", "head_water", "minister", "auditor", "triage", "clerk"):
        for query in ("", "?thumb"):
            assert web.get(f"{path}/files/{row.id}{query}", who).status_code == 404, who
    assert web.get(f"{path}/files/{row.id}").status_code == 303
    assert web.get(f"{path}/files/{row.id}", "integrity").status_code == 200
    mine, (own,) = a_case(web, ("b.jpg", files.jpeg(width=80)))
    assert web.get(f"{mine}/files/{row.id}", "officer1").status_code == 404  # another case's file by a path of mine
    assert web.get(f"{mine}/files/{own.id}?thumb", "officer1").headers["content-type"] == "image/jpeg"
    assert web.get(f"{mine}/files/{own.id}", "officer2").status_code == 404


def test_the_desk_shows_what_came_what_waits_and_what_was_refused(web: Web) -> None:
    sid = "MM" + "1" * 32
    base = f"https://api.twilio.com/2010-04-01/Accounts/{settings().twilio_account_sid}/Messages/{sid}/Media/ME"
    kept = {f"{base}1": files.jpeg(), f"{base}2": files.PROGRAM, f"{base}3": SendFailed(Failure.not_configured)}
    fields = {"NumMedia": "3"} | {f"MediaUrl{n}": f"{base}{n + 1}" for n in range(3)}
    fields |= {f"MediaContentType{n}": "image/jpeg" for n in range(3)}
    web.text("No water in Lumas", sid=sid, **fields)
    web.work()
    case = web.case()
    with database().write() as session:
        session.get_one(Case, case.id).office_id = web.known.office["WAT1"]
    desk = f"/staff/cases/{case.reference}"
    assert web.get(desk, "head1").text.count("on its way") == 3

    def fetch(source: str, channel: Channel) -> Fetched:
        found = kept[source]
        if isinstance(found, SendFailed):
            raise found
        assert isinstance(found, bytes)
        return Fetched(found)

    media.fetch_due(datetime.now(UTC), fetch)
    page = web.get(desk, "head1").text
    (picture,) = re.findall(rf'<img src="({desk}/files/[0-9a-f-]+\?thumb=1)" alt="Photo 1"', page)
    assert web.get(picture, "head1").status_code == 200
    assert "we do not take programs" in page
    (again,) = re.findall(rf'action="({desk}/files/[0-9a-f-]+/again)"', page)
    assert web.post(again, "head1").status_code == 303
    assert web.get(desk, "head1").text.count("on its way") == 1
    assert web.post(again, "head1").status_code == 409


def test_citizens_see_their_own_files_once_they_gave_the_pin(web: Web) -> None:
    path, (row,) = a_case(web, ("a.jpg", files.jpeg()))
    reference = path.rpartition("/")[2]
    with database().read() as session:
        case_id = session.get_one(Attachment, row.id).case_id
    assert case_id is not None
    assert "<img" not in web.get(f"/track/{reference}").text
    page = web.post(f"/track/{reference}", code=pin_of(case_id)).text
    (picture,) = re.findall(rf'<img src="(/track/{reference}/files/{row.id}\?key=\w+)&amp;thumb=1"', page)
    assert web.get(picture).status_code == 200
    assert web.get(picture).headers["cache-control"] == "private, no-store"
    assert web.get(picture[:-1] + "x").status_code == 404
    assert web.get(picture.partition("?")[0]).status_code == 404
    with time_machine.travel(datetime.now(UTC).replace(year=2030)):
        assert web.get(picture).status_code == 404


def test_files_are_looked_at_one_by_one_and_papers_with_a_warning(web: Web) -> None:
    path, rows = a_case(web, ("a.jpg", files.jpeg()), ("b.pdf", files.PDF), ("c.ogg", files.ogg()))
    addresses = [f"{path}/files/{row.id}/view" for row in rows]
    picture, paper, sound = (web.get(address, "officer1").text for address in addresses)
    assert f'<img src="{addresses[0].removesuffix("/view")}"' in picture
    assert f'href="{addresses[1]}" rel="next"' in picture
    assert 'rel="prev"' not in picture
    assert "No virus scanner looked at it" in paper
    assert "<img" not in paper.partition("<main")[2]
    assert "<audio" in sound
    assert 'rel="next"' not in sound
    part = web.get(f"{addresses[0]}?part=1", "officer1").text
    assert "<html" not in part
    assert web.get(addresses[0], "officer2").status_code == 404
    assert web.get(f"{path}/files/{rows[0].case_id}/view", "officer1").status_code == 404
