"""The triage desk's pages: next message, placing, skipping, undo, search, natures and lists, scripted or not."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event
from sqlmodel import select, update

from api.sorting import highlighted
from core.database import database
from domain.access import TrainingLabel
from domain.case import Case
from domain.staff import Staff, StaffRole
from domain.states import CaseState, EntryKind, Nature, Role
from domain.timeline import append
from tests.api.site import Web, sign_in_all, web_of
from tests.builders import plain_case
from tests.conftest import Installation

once = pytest.mark.parametrize("installation", ["sqlite"], indirect=True)


@pytest.fixture
def web(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> Iterator[Web]:
    with web_of(installation, monkeypatch) as made:
        yield made


def pile(web: Web, *texts: str) -> list[str]:
    """Messages at the triage desk, the first longest silent; their references in that order."""
    made, now = [], datetime.now(UTC)
    with database().write() as session:
        for age, text in enumerate(texts):
            at = now - timedelta(days=1) + timedelta(minutes=age)
            case = plain_case(web.known, "TRIAGE", state=CaseState.triage, text=text, received_at=at, opened_at=at)
            append(session, case, EntryKind.received, at, actor="citizen", body={"text": text})
            session.add(case)
            made.append(case.reference)
    return made


def shown(page: str) -> list[str]:
    """References of the messages on a page or in what its script was answered."""
    return re.findall(r'<article class="sorting" data-message="([^"]+)"', page)


def office_of(web: Web, reference: str) -> str:
    office = web.case(reference).office_id
    return next(code for code, known in web.known.office.items() if known == office)


@once
def test_one_after_the_other_without_a_script(web: Web) -> None:
    first, second, third = pile(web, "papers", "no water in lumas", "hello")
    assert shown(web.get("/staff/triage", "triage").text) == [first]
    answer = web.post(f"/staff/triage/{first}/skip", "triage")
    assert (answer.status_code, answer.headers["location"]) == (303, "/staff/triage")
    assert shown(web.get("/staff/triage", "triage").text) == [second]
    for picked, reference, office in (("water||Lumas", second, "WAT1"), ("|CIV1|", third, "CIV1")):
        assert web.post(f"/staff/triage/{reference}", "triage", pick=picked).status_code == 303
        assert office_of(web, reference) == office
    page = web.get("/staff/triage", "triage").text
    assert shown(page) == [first], "skipped is not gone"
    assert f"{third} went to Office CIV1." in page
    assert re.search(r"<b>1</b>\s+left", page)
    assert re.search(r"<b>2</b>\s+done", page)
    web.post(f"/staff/triage/{first}", "triage", service="passport", office="")
    assert "Nothing to sort" in web.get("/staff/triage", "triage").text


@once
def test_the_script_is_answered_with_what_it_lacks(web: Web) -> None:
    names = pile(web, *"abcdef")
    assert shown(web.get(f"/staff/triage/next?have={names[0]}", "triage").text) == names[1:4]
    answer = web.post(f"/staff/triage/{names[0]}?have={','.join(names[1:4])}", "triage", pick="water|WATER|")
    assert answer.status_code == 200
    assert shown(answer.text) == [names[4]]
    again = web.post(f"/staff/triage/{names[0]}?have={','.join(names[1:5])}", "triage", pick="water|WATER|")
    assert (again.status_code, shown(again.text)) == (200, []), "the same key twice is one placing"
    assert "meanwhile" not in again.text
    wrong = web.post(f"/staff/triage/{names[1]}?have={names[2]}", "triage", pick="nonsense||")
    assert (wrong.status_code, shown(wrong.text)) == (422, [names[1]])
    assert "Choose a service or an office." in wrong.text
    skipped = web.post(f"/staff/triage/{names[1]}/skip?have={','.join(names[2:5])}", "triage")
    assert shown(skipped.text) == [names[5]]
    assert len(web.cases()) == 6


@once
def test_what_a_colleague_placed_is_a_quiet_note(web: Web) -> None:
    with database().write() as session:
        person = Staff(name="second", email="second@gov.example", email_index="second", password_hash="!")
        session.add(person)
        session.flush()
        session.add(StaffRole(staff_id=person.id, office_id=web.known.office["TRIAGE"], role=Role.triage))
        second = person.id
    web.known.staff.clear()
    web.known.staff["second"] = second
    sign_in_all(web.known)
    mine, theirs = pile(web, "a", "b")
    assert shown(web.get("/staff/triage", "triage").text) == [mine]
    assert shown(web.get("/staff/triage", "second").text) == [theirs], "never two people at one message"
    web.post(f"/staff/triage/{mine}", "second", pick="water|WATER|")
    answer = web.post(f"/staff/triage/{mine}?have=", "triage", pick="passport|CIV1|")
    assert (answer.status_code, "Somebody placed it meanwhile" in answer.text) == (200, True)
    answer = web.post(f"/staff/triage/{mine}/skip", "triage")
    assert "said=meanwhile" in answer.headers["location"]
    assert office_of(web, mine) == "WATER"


@once
def test_undo_by_the_page(web: Web) -> None:
    (first,) = pile(web, "a")
    assert "kept" in web.post("/staff/triage/undo", "triage").headers["location"]
    web.post(f"/staff/triage/{first}", "triage", pick="water|WATER|")
    page = web.get("/staff/triage", "triage").text
    assert "Take it back" in page
    answer = web.post("/staff/triage/undo", "triage")
    page = web.get(answer.headers["location"], "triage").text
    assert shown(page) == [first]
    assert "Taken back" in page
    web.post(f"/staff/triage/{first}", "triage", pick="passport|CIV1|")
    assert office_of(web, first) == "CIV1", "what was taken back can be placed again"
    web.post(f"/staff/cases/{first}/note", "clerk", note="Seen", version="99")
    assert "Somebody works on it already." in web.post("/staff/triage/undo", "triage").text
    with database().read() as session:
        assert [one.withdrawn_at is None for one in session.exec(select(TrainingLabel).order_by("at"))] == [False, True]


@once
@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("watter", ["water|WATER|"]),
        ("water lumas", ["water|WAT1|Lumas"]),
        ("passprt", ["passport|CIV1|"]),
        ("office wat2", ["|WAT2|"]),
        ("вода", []),
        ("zzzz", []),
    ],
)
def test_search_forgives(web: Web, typed: str, found: list[str]) -> None:
    (first,) = pile(web, "a")
    for path in ("/staff/triage", "/staff/triage/message"):
        page = web.get(f"{path}?at={first}&q={typed}", "triage").text
        picks = re.findall(r'class="guess slim" name="pick" value="([^"]+)" data-key="(\d)"', page)
        assert [pick for pick, _ in picks][: len(found)] == found
        assert [key for _, key in picks] == [str(number) for number in range(4, 4 + len(picks))]
        assert bool(picks) or "Nothing like" in page


@once
def test_another_place_changes_whose_it_is(web: Web) -> None:
    (first,) = pile(web, "a")
    with database().write() as session:
        suggested = [{"service": "water", "office": "WATER", "probability": 0.4}]
        session.execute(update(Case).values(routing_suggestions=suggested, place="Drenova"))
    assert 'value="water|WAT2|"' in web.get("/staff/triage", "triage").text
    page = web.get(f"/staff/triage?at={first}&place=lumass", "triage").text
    assert 'value="water|WAT1|"' in page
    assert 'name="place" value="Lumas"' in page
    assert "No place is known" in web.get(f"/staff/triage/message?at={first}&place=Nowhere", "triage").text
    assert web.case().place == "Drenova", "looking changes nothing"
    web.post(f"/staff/triage/{first}", "triage", pick="water|WAT1|", place="Lumas")
    assert web.case().place == "Lumas"


@once
def test_natures_integrity_and_what_is_kept_apart(web: Web) -> None:
    thanks, abuse, bribe = pile(web, "thank you", "you dogs", "money")
    kept = web.post(f"/staff/triage/{thanks}/mark", "triage", nature="thanks").headers["location"]
    assert shown(web.get(kept, "triage").text) == [thanks], "it still has to be said whom they thank"
    web.post(f"/staff/triage/{abuse}/mark", "triage", nature="abuse")
    assert web.post(f"/staff/triage/{abuse}/mark", "triage", nature="nonsense").status_code == 422
    assert shown(web.get("/staff/triage/next", "triage").text) == [thanks, bribe]
    assert shown(web.get("/staff/triage?apart=1", "triage").text) == [abuse]
    assert web.case(abuse).nature == Nature.abuse
    wrong = web.post(f"/staff/triage/{bribe}/integrity", "triage", about="NOWHERE")
    assert (wrong.status_code, 'href="#about"' in wrong.text) == (422, True)
    web.post(f"/staff/triage/{bribe}/integrity", "triage", about="WAT1")
    assert office_of(web, bribe) == "INTEG"
    assert web.get(f"/staff/cases/{bribe}", "triage").status_code == 404


@once
def test_lists_are_for_those_who_answer_for_the_desk(web: Web) -> None:
    (first,) = pile(web, "papers")
    for path in ("/staff/triage/waiting", "/staff/triage/rules"):
        told = {who: web.get(path, who).status_code for who in ("triage", "minister", "head1", "officer1")}
        assert told == {"triage": 200, "minister": 200, "head1": 200, "officer1": 403}
    assert first in web.get("/staff/triage/waiting", "minister").text
    assert first not in web.get("/staff/triage/waiting", "head1").text
    web.post(f"/staff/triage/{first}", "triage", service="water", office="WAT2")
    page = " ".join(web.get("/staff/triage/rules", "triage").text.split())
    assert (
        "1 time</b> triage sent Water supply without a place to Office WAT2 (WAT2). The table says Office WATER" in page
    )
    for path in ("/staff/triage", "/staff/triage/next", f"/staff/triage/message?at={first}"):
        assert web.get(path, "head1").status_code == 403


@once
def test_a_placing_takes_few_statements(web: Web) -> None:
    names = pile(web, *"abcdefgh")
    web.get("/staff/triage", "triage")
    web.post(f"/staff/triage/{names[0]}?have={','.join(names[1:4])}", "triage", pick="water|WATER|")
    said: list[str] = []
    listen = lambda *told: said.append(told[2])  # noqa: E731
    event.listen(web.database.engine, "before_cursor_execute", listen)
    web.post(f"/staff/triage/{names[1]}?have={','.join(names[2:5])}", "triage", pick="water|WATER|")
    event.remove(web.database.engine, "before_cursor_execute", listen)
    assert len(said) <= 24, "\n".join(said)


@pytest.mark.parametrize(
    ("text", "words", "marked"),
    [
        ("No water, no light.", ("water",), ["water,"]),
        ("no water in Lumas", ("water in", "Lumas"), ["water in Lumas"]),
        ("Pa ujë që të hënën", ("ujë",), ["ujë"]),
        ("তিন দিন ধরে পানি নেই", ("পানি নেই",), ["পানি নেই"]),
        ("нет воды, нет света", ("нет",), ["нет", "нет"]),
        ("", ("x",), []),
        ("  a  b ", (), []),
        ("a-b c", ("a b",), ["a-b"]),
    ],
)
def test_words_are_found_in_the_text_as_it_was_written(text: str, words: tuple[str, ...], marked: list[str]) -> None:
    parts = highlighted(text, words)
    assert "".join(piece for piece, _ in parts) == text
    assert [piece for piece, weighs in parts if weighs] == marked
