"""The paper complaint book: every entry a case from the day it was written, none of them twice, mistakes by row."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
from sqlmodel import col, select

from cases import assisted, book, history
from channels.assisted import FUTURE, NO_DAY, Today
from core.errors import BadInput, NotAllowed
from core.settings import settings
from domain.assisted import BookPage
from domain.catalogue import catalogue
from domain.citizen import ContactPoint
from domain.office import Office
from domain.states import EntryKind, IntakeSource
from reports import slips
from tests.cases.conftest import CITIZEN, Town

ONCE = pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
"""What follows the same rules on both databases is tried on one."""

PAGE: dict[int, dict[str, str]] = {
    0: {"said_on": "23.2.2026", "text": "The waiting room has no chairs", "name": "Arta", "contact": CITIZEN},
    1: {"said_on": "23.2.26", "text": "Window three was closed at ten", "answered": "It is open now"},
    4: {"said_on": "2026-02-24", "text": "Everybody was kind to me"},
}


def office(town: Town, code: str = "CIV1") -> Office:
    with town.database.read() as session:
        return catalogue(session).office_by_code[code]


def keys(town: Town, rows: dict[int, dict[str, str]], *, who: str = "clerk", page: str = "12") -> book.Saved:
    done = book.save(town.viewer(who), office(town), page, rows, Today(town.now, settings().zone, "AL"))
    town.work()
    return done


def entries(town: Town, who: str = "clerk", page: str = "12") -> list[book.Entry]:
    with town.database.read() as session:
        row = book.page_of(session, office(town).id, page)
        return book.entries(session, town.viewer(who), row) if row else []


def page(town: Town) -> BookPage:
    with town.database.read() as session:
        return session.exec(select(BookPage)).one()


def test_a_page_becomes_a_case_an_entry_from_the_day_it_was_written(town: Town) -> None:
    done = keys(town, PAGE)
    assert (sorted(done.kept), done.wrong, done.repeated) == ([0, 1, 4], {}, {})
    cases = town.cases()
    assert [case.received_at.date() for case in cases] == [date(2026, 2, 23), date(2026, 2, 23), date(2026, 2, 24)]
    assert {case.source for case in cases} == {IntakeSource.complaint_book}
    assert {case.office_id for case in cases} == {town.known.office["CIV1"]}
    assert {case.book_page_id for case in cases} == {page(town).id}
    assert page(town).entries == 3
    assert [text for text in town.texts() if cases[0].reference in text]
    with town.database.read() as session:
        kept = assisted.kept_of_page(session, town.viewer("clerk"), page(town).id, town.now)
        made = [str(slips.slip(session, one, town.now)["reference"]) for one in kept if not one.told]
        assert list(history.verify(session)) == []
    assert made == [cases[1].reference, cases[2].reference]


@ONCE
def test_what_the_office_wrote_beside_it_ends_no_silence(town: Town) -> None:
    keys(town, PAGE)
    answered = town.cases()[1]
    assert answered.first_response_at is None
    assert [entry.answered for entry in entries(town)] == ["", "It is open now", ""]
    with town.database.read() as session:
        notes = [e.body["text"] for e in history.timeline(session, answered) if e.kind == EntryKind.noted]
    assert notes == ["The office wrote beside it in the book: It is open now"]


@ONCE
def test_a_mistake_in_one_row_costs_the_others_nothing(town: Town) -> None:
    rows = {
        **PAGE, 2: {"text": "No day"}, 3: {"said_on": "1.1.2030", "text": "Later"},
        5: {"said_on": "24.2.26", "name": "Nobody said a word"},
        6: {"said_on": "24.2.26", "text": "x", "contact": "12"},
    }  # fmt: skip
    done = keys(town, rows)
    assert sorted(done.kept) == [0, 1, 4]
    assert {place: sorted(fields) for place, fields in done.wrong.items()} == {
        2: ["said_on"], 3: ["said_on"], 5: ["text"], 6: ["contact"],
    }  # fmt: skip
    assert (done.wrong[2]["said_on"], done.wrong[3]["said_on"]) == (NO_DAY, FUTURE)


@pytest.mark.parametrize("who", ["clerk", "triage"])
def test_the_same_page_keyed_twice_is_noticed_row_by_row(town: Town, who: str) -> None:
    first = keys(town, PAGE)
    differently = {"said_on": "2026-02-23", "text": "the waiting room has no chairs.", "contact": "069 111 2233"}
    typed = {20: {**PAGE[0], **differently}, 21: dict(PAGE[1]), 24: dict(PAGE[4])}
    again = keys(town, typed, who=who)
    assert again.kept == {}
    told = sorted(first.kept.values()) if who == "clerk" else [book.ELSEWHERE] * 3
    assert sorted(again.repeated.values()) == told
    assert len(town.cases()) == 3


@ONCE
def test_an_entry_keyed_with_a_slip_of_the_finger_is_asked_about(town: Town) -> None:
    keys(town, PAGE)
    slipped = {0: {"said_on": "23.2.2026", "text": "The waiting room has no chair."}}
    done = keys(town, slipped)
    assert "another entry" in done.wrong[0]["text"]
    assert len(town.cases()) == 3
    assert keys(town, {0: {**slipped[0], "another": "1"}}).kept
    # the same words on another day, or of another page, are another matter
    assert keys(town, {0: {**slipped[0], "said_on": "25.2.2026"}}).kept
    assert keys(town, {0: dict(PAGE[0])}, page="13").kept
    assert len(town.cases()) == 6


def test_a_page_is_opened_again_and_corrected_on_the_timeline(town: Town) -> None:
    done = keys(town, PAGE)
    reference = done.kept[4]
    town.later(days=1)
    row = {"case": reference, "text": "Everybody was rude to me", "answered": "We are sorry", "contact": "0691119999"}
    mended = keys(town, {0: row, 1: {"case": done.kept[0], "text": PAGE[0]["text"]}})
    assert mended.corrected == [reference]
    case = next(case for case in town.cases() if case.reference == reference)
    assert case.text == "Everybody was rude to me"
    with town.database.read() as session:
        edited = [e for e in history.timeline(session, case) if e.kind == EntryKind.edited]
        contact = session.exec(select(ContactPoint).where(col(ContactPoint.id) == case.contact_point_id)).one()
        assert list(history.verify(session)) == []
    assert [(e.body["before"], e.body["by"], e.public) for e in edited] == [
        ("Everybody was kind to me", "clerk", False)
    ]
    assert contact.address == "+355691119999"
    assert [reference in text for text in town.texts("+355691119999")] == [True]
    assert keys(town, {0: row}).corrected == [], "nothing is left to correct"


@ONCE
def test_an_entry_that_went_to_integrity_is_out_of_the_offices_sight_and_hands(town: Town) -> None:
    done = keys(town, {0: {"said_on": "24.2.2026", "text": "The clerk asked me for a bribe of fifty euros"}})
    (case,) = town.cases()
    assert case.integrity
    (entry,) = entries(town)
    assert (entry.reference, entry.visible, entry.text, entry.hint) == ("", False, "", "")
    again = keys(town, {0: {"said_on": "24.2.2026", "text": "The clerk asked me for a bribe of fifty euros"}})
    assert case.reference not in again.repeated[0]
    mended = keys(town, {0: {"case": done.kept[0], "text": "The clerk was very kind"}})
    assert mended.corrected == []
    assert town.cases()[0].text == case.text


@ONCE
def test_an_accusation_read_only_later_leaves_the_accused_office_too(town: Town) -> None:
    done = keys(town, {0: {"said_on": "24.2.2026", "text": "The water in our street is brown since last week"}})
    assert not town.case().integrity
    mended = "The clerk asked me for a bribe of fifty euros"
    assert keys(town, {0: {"case": done.kept[0], "text": mended}}).corrected == [done.kept[0]]
    case = town.case()
    assert (case.integrity, case.text) == (True, mended)
    assert not entries(town)[0].visible
    with town.database.read() as session:
        assert list(history.verify(session)) == []


def test_two_people_begin_the_same_page_in_the_same_moment(town: Town) -> None:
    ready = threading.Barrier(2)

    def one(place: int) -> book.Saved:
        ready.wait()
        return keys(town, {place: {"said_on": "24.2.2026", "text": f"Entry of row {place}: {'ab'[place] * 30}"}})

    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(one, (0, 1)))
    assert [sorted(saved.kept) for saved in done] == [[0], [1]]
    assert page(town).entries == 2


@ONCE
def test_whose_book_one_may_key(town: Town) -> None:
    with town.database.read() as session:
        known = catalogue(session)
    for who, may in (("clerk", True), ("triage", True), ("minister", True), ("officer1", False)):
        viewer = town.viewer(who)
        if may:
            book.may_key(known, viewer, office(town))
        else:
            with pytest.raises(NotAllowed):
                book.may_key(known, viewer, office(town))


def test_how_far_a_book_is(town: Town) -> None:
    for number in ("3", "4", "7"):
        keys(town, {0: {**PAGE[4], "text": f"Entry of page {number} alone"}}, page=number)
    with town.database.write() as session:
        book.begin_page(session, town.viewer("clerk"), office(town), "9", town.now - timedelta(days=2))
    with town.database.read() as session:
        (one,) = book.progress(session, None, town.now)
        assert book.progress(session, [town.known.office["WAT1"]], town.now) == []
    assert (one.pages, one.this_week, one.missing) == (4, 3, ("5", "6", "8"))
    assert (one.unkeyed, one.unkeyed_since) == ("9", town.now - timedelta(days=2))


@pytest.mark.parametrize(("typed", "number"), [(" 12 ", "12"), ("১২", "12"), ("A-3/4", "A-3/4")])
def test_a_pages_number(typed: str, number: str) -> None:
    assert book.read_number(typed) == number


@pytest.mark.parametrize("typed", ["", " ", "12?", "a" * 21, "<b>"])
def test_what_is_no_pages_number(typed: str) -> None:
    with pytest.raises(BadInput):
        book.read_number(typed)
