"""The desk's timeline: words in full, the rest folded, nothing left out."""

from datetime import datetime, timedelta
from typing import Any, cast
from uuid import uuid4

from api import story
from domain.catalogue import Catalogue
from domain.policy import Calendar
from domain.states import EntryKind
from domain.timeline import TimelineEntry
from tests.look.samples import NOW

CALENDAR = Calendar(name="Always", time_zone="UTC", week={str(day): [["00:00", "24:00"]] for day in range(7)})
KNOWN = Catalogue(0, {}, {}, (), (), {CALENDAR.id: CALENDAR}, {})


def entry(kind: EntryKind, hours: float, actor: str = "system", **body: Any) -> TimelineEntry:
    return TimelineEntry(
        case_id=uuid4(),
        number=1,
        at=NOW + timedelta(hours=hours),
        kind=kind,
        actor=actor,
        office_id=uuid4(),
        body=body,
        previous_hash="",
        hash="",
    )


def rung(hours: float, tell: str, clock: str = "first_response", told: int = 1) -> TimelineEntry:
    return entry(EntryKind.escalated, hours, clock=clock, tell=tell, told=["x"] * told)


def told(*entries: TimelineEntry) -> list[dict[str, object]]:
    return story.tell(entries, KNOWN, {})


def test_what_happens_by_itself_after_a_message_is_one_line_with_all_its_steps() -> None:
    lines = told(
        entry(EntryKind.received, 0, "citizen", text="No water"),
        entry(EntryKind.routed, 0, office="WAT2"),
        entry(EntryKind.clock_started, 0, clock="first_response"),
        entry(EntryKind.clock_started, 0, clock="resolution"),
        entry(EntryKind.acknowledged, 0, message="m"),
    )
    assert [line["said"] for line in lines] == ["No water", ""]
    assert lines[1]["text"] == "Sent to WAT2, the citizen has the reference"
    assert len(cast(list[object], lines[1]["steps"])) == 4


def test_a_ladder_is_one_line_a_clock_and_says_from_when_to_when() -> None:
    lines = told(
        rung(0, "officer"),
        rung(1, "officer", "resolution"),
        rung(30, "supervisor"),
        rung(60, "leadership", told=2),
        rung(61, "parent_office", "resolution"),
    )
    assert [line["text"] for line in lines] == [
        "No answer yet: the officer, the supervisor and the leadership (2 people) were told",
        "Not settled yet: the officer and the office above were told",
    ]
    assert lines[0]["at"] == NOW
    assert lines[0]["until"] == NOW + timedelta(hours=60)
    assert all(line["late"] for line in lines)


def test_words_end_a_line_so_that_the_order_stays_true() -> None:
    person = str(uuid4())
    lines = told(
        rung(0, "officer"),
        entry(EntryKind.noted, 1, person, text="Called them", by="Besnik Leka"),
        rung(2, "supervisor"),
    )
    assert [line["text"] for line in lines] == [
        "No answer yet: the officer was told",
        "note",
        "No answer yet: the supervisor was told",
    ]
    assert lines[1]["by"] == "Besnik Leka"
    assert isinstance(lines[0]["at"], datetime)
    assert lines[0]["until"] is None


def test_every_kind_of_entry_has_words_without_a_raw_code() -> None:
    body: dict[str, Any] = {
        "clock": "first_response",
        "met": True,
        "outcome": "not_upheld",
        "failure": "invalid_address",
    }
    body |= {"tell": "parent_office", "to": "WAT2", "office": "WAT2", "reason": "Theirs."}
    for kind in EntryKind:
        (line,) = told(entry(kind, 0, **body))
        assert line["text"], kind
        assert "_" not in str(line["text"]), kind


def test_an_answer_that_did_not_arrive_says_why_and_that_the_silence_goes_on() -> None:
    (line,) = told(entry(EntryKind.answer_failed, 0, failure="invalid_address"))
    assert "the silence goes on" in str(line["text"])
    assert "does not exist" in str(line["text"])
    assert line["late"]


def test_a_saved_reply_is_told_from_an_answer() -> None:
    lines = told(
        entry(EntryKind.answered, 0, str(uuid4()), text="We look into it", templated=True, by="A"),
        entry(EntryKind.answered, 1, str(uuid4()), text="It is mended", templated=False, by="A"),
    )
    assert [line["text"] for line in lines] == ["answered with a saved reply", "answered"]


def test_files_stand_with_the_message_they_came_with_also_when_fetched_late() -> None:
    entries = [
        entry(EntryKind.received, 0, "citizen", text="", attachments=[{"kind": "photo"}]),
        entry(EntryKind.routed, 0, office="WAT2"),
        entry(EntryKind.citizen_wrote, 1, "citizen", text=""),
        entry(EntryKind.attached, 2),
        entry(EntryKind.attached, 2),
        entry(EntryKind.citizen_wrote, 3, "citizen", text="More"),
        entry(EntryKind.attached, 3),
    ]
    for number, one in enumerate(entries, 1):
        one.number = number
    files_by_entry: dict[int, dict[str, object]] = {
        4: {"id": "first", "sent_at": NOW},
        5: {"id": "second", "sent_at": NOW + timedelta(hours=1)},
        7: {"id": "third", "sent_at": None},
    }
    lines = story.tell(entries, KNOWN, {}, files_by_entry)
    files = [[file["id"] for file in cast(list[dict[str, object]], line["files"])] for line in lines]
    assert files == [["first"], [], ["second"], ["third"]]
