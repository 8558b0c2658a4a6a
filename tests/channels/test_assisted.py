"""What staff key in, from fields to a message: a table of screens, mistakes by field, and whatever else may come."""

from contextlib import suppress
from datetime import UTC, date, datetime, time
from typing import Any, get_args
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from channels import assisted
from channels.assisted import FUTURE, MAIL, MINUTES, MONEY, NO_DAY, NO_OFFICE, NO_TIME, POLITE, TOO_OLD, Today
from channels.phones import LANDLINE, NO_NUMBER, TOO_SHORT
from channels.values import Channel, Inbound
from core.errors import BadInput
from domain.states import AUDIT_SOURCES, IntakeSource

TOKEN = "0d9f8f1e-7b67-4c5e-9b5e-1f0c6f0c2a11"
TODAY = Today(datetime(2026, 3, 4, 14, 30, tzinfo=UTC), ZoneInfo("Europe/Tirane"), "AL")
"""A Wednesday, half past three in the afternoon in Tirana."""
LEAST = {"text": "The pump house is locked", "token": TOKEN}
NOW, NOON = "2026-03-04T14:30:00+00:00", "2026-03-02T11:00:00+00:00"


def parse(source: str, **form: Any) -> Inbound:
    return assisted.parse({**LEAST, **form}, source=source, today=TODAY)


SCREENS: list[tuple[str, dict[str, Any], str, dict[str, Any]]] = [
    ("hotline", {}, "", {"heard_at": NOW}),
    ("hotline", {"contact": "069 123 4567"}, "+355691234567", {"heard_at": NOW}),
    ("hotline", {"contact": "+355 69 123 4567", "language": "sq"}, "+355691234567", {"heard_at": NOW}),
    ("hotline", {"contact": "০৬৯ ১২৩ ৪৫৬৭"}, "+355691234567", {"heard_at": NOW}),
    ("hotline", {"contact": "Arta@Example.org"}, "arta@example.org", {"heard_at": NOW, "reach": "email"}),
    ("walk_in", {"name": "Arta", "kind": "question"}, "", {"heard_at": NOW, "name": "Arta", "kind": "question"}),
    ("walk_in", {"name": "Arta", "anonymous": "1"}, "", {"heard_at": NOW, "anonymous": True}),
    ("walk_in", {"confidential": "on", "name": "Arta"}, "", {"heard_at": NOW, "confidential": True, "name": "Arta"}),
    ("walk_in", {"confidential": "on", "anonymous": "on"}, "", {"heard_at": NOW, "anonymous": True}),
    ("walk_in", {"service": "water", "place": "Lumas", "office": "WAT1"}, "",
     {"heard_at": NOW, "service": "water", "place": "Lumas", "office": "WAT1"}),
    ("walk_in", {"about_staff": "1"}, "", {"heard_at": NOW, "about_staff": True}),
    ("open_day", {"said_on": "2026-03-02"}, "", {"heard_at": NOON}),
    ("open_day", {"said_on": "2.3.2026"}, "", {"heard_at": NOON}),
    ("open_day", {"said_on": "02/03/26"}, "", {"heard_at": NOON}),
    ("open_day", {"said_on": "২.৩.২০২৬"}, "", {"heard_at": NOON}),
    ("open_day", {"said_on": "2026-03-02", "said_at": "9:15"}, "", {"heard_at": "2026-03-02T08:15:00+00:00"}),
    ("video", {"said_on": "2026-03-04"}, "", {"heard_at": NOW}),
    ("video", {"said_at": "10"}, "", {"heard_at": "2026-03-04T09:00:00+00:00"}),
    ("letter", {"said_on": "2026-03-02", "written_on": "2026-02-20"}, "",
     {"heard_at": NOON, "written_on": "2026-02-20"}),
    ("letter", {"said_on": "2025-07-01"}, "", {"heard_at": "2025-07-01T10:00:00+00:00"}),
    ("mystery_shopper", {"office": "wat1", "waited": "40", "politeness": "2", "money": "yes", "name": "Spy",
                         "contact": "069 123 4567", "confidential": "1"}, "",
     {"heard_at": NOW, "office": "wat1", "about_staff": True,
      "visit": {"office": "WAT1", "waited": 40, "politeness": 2, "money": True}}),
    ("quality_audit", {"office": "WAT1", "money": "no"}, "",
     {"heard_at": NOW, "office": "WAT1", "about_staff": True,
      "visit": {"office": "WAT1", "waited": None, "politeness": None, "money": False}}),
    ("quality_audit", {"office": "WAT1", "waited": "০"}, "",
     {"heard_at": NOW, "office": "WAT1", "about_staff": True,
      "visit": {"office": "WAT1", "waited": 0, "politeness": None, "money": None}}),
    ("hotline", {"unknown": "x", "csrf": "y", "visit": {"office": "X"}, "keyed_by": "me"}, "", {"heard_at": NOW}),
]  # fmt: skip


@pytest.mark.parametrize(("source", "form", "sender", "details"), SCREENS)
def test_a_screen_becomes_a_message(source: str, form: dict[str, Any], sender: str, details: dict[str, Any]) -> None:
    made = parse(source, **form)
    assert (made.channel, made.account, made.provider_id) == (Channel.assisted, source, TOKEN)
    assert (made.sender, made.text, made.language) == (sender, LEAST["text"], form.get("language"))
    assert made.details == {"source": source, **details}
    assert made.sent_at == datetime.fromisoformat(str(details["heard_at"]))


MISTAKES: list[tuple[str, dict[str, Any], dict[str, str]]] = [
    ("walk_in", {"text": " ?! "}, {"text": assisted.EMPTY}),
    ("walk_in", {"text": "a" * 4001}, {"text": assisted.TOO_LONG}),
    ("walk_in", {"contact": "12"}, {"contact": TOO_SHORT}),
    ("walk_in", {"contact": "04 222 3344"}, {"contact": LANDLINE}),
    ("walk_in", {"contact": "arta@"}, {"contact": MAIL}),
    ("walk_in", {"contact": "a@b"}, {"contact": MAIL}),
    ("letter", {"said_on": "2026-03-05"}, {"said_on": FUTURE}),
    ("letter", {"written_on": "2027-01-01"}, {"written_on": FUTURE}),
    ("letter", {"said_on": "30.2.2026"}, {"said_on": NO_DAY}),
    ("letter", {"said_on": "yesterday"}, {"said_on": NO_DAY}),
    ("letter", {"said_on": "1.3.1926"}, {"said_on": TOO_OLD}),
    ("hotline", {"said_at": "25:00"}, {"said_at": NO_TIME}),
    ("hotline", {"said_at": "9:75"}, {"said_at": NO_TIME}),
    ("hotline", {"said_at": "23:59"}, {"said_at": FUTURE}),
    ("mystery_shopper", {}, {"office": NO_OFFICE}),
    ("mystery_shopper", {"office": "WAT1", "waited": "-1"}, {"waited": MINUTES}),
    ("mystery_shopper", {"office": "WAT1", "waited": "1000"}, {"waited": MINUTES}),
    ("mystery_shopper", {"office": "WAT1", "politeness": "6"}, {"politeness": POLITE}),
    ("mystery_shopper", {"office": "WAT1", "money": "maybe"}, {"money": MONEY}),
    ("walk_in", {"text": "", "said_on": "x", "contact": "x"},
     {"text": assisted.EMPTY, "contact": NO_NUMBER, "said_on": NO_DAY}),
]  # fmt: skip


@pytest.mark.parametrize(("source", "form", "fields"), MISTAKES)
def test_a_mistake_is_named_at_its_field(source: str, form: dict[str, Any], fields: dict[str, str]) -> None:
    with pytest.raises(BadInput) as caught:
        parse(source, **form)
    assert caught.value.fields == fields


def entry(**row: Any) -> Inbound:
    return assisted.parse_entry(row, office="CIV1", page="12", key="k", today=TODAY)


def test_an_entry_of_the_book_is_received_on_the_day_it_was_written() -> None:
    made = entry(said_on="2.3.26", text="No chairs", name="Arta", contact="0691234567", answered="Chairs are ordered")
    assert (made.account, made.provider_id, made.sender, made.recipient) == (
        "complaint_book:CIV1:12", "k", "+355691234567", "CIV1",
    )  # fmt: skip
    assert made.details == {
        "source": "complaint_book", "office": "CIV1", "heard_at": NOON, "answered": "Chairs are ordered",
        "name": "Arta",
    }  # fmt: skip
    with pytest.raises(BadInput) as caught:
        entry(text="No chairs")
    assert caught.value.fields == {"said_on": NO_DAY}


def test_the_screens_are_those_of_the_domain() -> None:
    assert {*get_args(assisted.Source), assisted.BOOK, "citizen", "imported"} == {
        str(source) for source in IntakeSource
    }
    assert assisted.VISITS == AUDIT_SOURCES


anything = st.one_of(
    st.text(max_size=40), st.integers(-(10**6), 10**6), st.none(), st.booleans(), st.floats(), st.binary(max_size=4),
    st.lists(st.text(max_size=3), max_size=2), st.dates().map(str), st.times().map(str),
)  # fmt: skip


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])  # slow is the busy machine, not the parser
@given(st.dictionaries(st.sampled_from([*assisted.Told.model_fields, *assisted.Entry.model_fields, "x"]), anything))
def test_whatever_comes_is_a_message_or_a_mistake(form: dict[str, Any]) -> None:
    for source, fields in [(source, f) for source in get_args(assisted.Source) for f in (form, {**form, **LEAST})]:
        with suppress(BadInput):
            made = assisted.parse(fields, source=source, today=TODAY)
            assert made.sent_at is not None
            assert made.sent_at <= TODAY.now
            assert not (made.details.get("anonymous") and "name" in made.details)
    with suppress(BadInput):
        assert assisted.parse_entry(form, office="A", page="1", key="k", today=TODAY).sent_at is not None


@given(st.dates(date(2022, 1, 1), date(2026, 3, 4)), st.one_of(st.none(), st.times()))
def test_the_moment_keeps_its_day(day: date, at: time | None) -> None:
    found = assisted.moment(day, at, TODAY)
    assert found.astimezone(TODAY.zone).date() == day
