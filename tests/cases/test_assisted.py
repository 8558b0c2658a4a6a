"""What staff write in for a citizen becomes a case like any other: same number, same clock, and from the right day."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import col, select

from cases import assisted, history, intake
from cases.assisted import keyed_by
from cases.filters import Filter
from channels import assisted as screens
from channels.values import Channel
from core.errors import NotFound
from core.i18n import format_datetime
from core.settings import settings
from domain.case import Case
from domain.citizen import ContactPoint
from domain.inbox import InboundMessage
from domain.states import CaseState, ClockKind, ClockState, EntryKind, IntakeSource
from domain.timeline import TimelineEntry
from reports import slips
from tests.cases.conftest import CITIZEN, Town

ONCE = pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
"""What follows the same rules on both databases is tried on one."""

WORDS = "Water has been off in Lumas since Friday"


def says(town: Town, source: str = "walk_in", who: str = "officer1", token: str = "token-one", **form: Any) -> Case:
    """Somebody of the staff fills in a screen and keeps it."""
    fields = {"text": WORDS, "token": token, "place": "Lumas", "service": "water", **form}
    now = screens.Today(town.now, settings().zone, "AL")
    message = keyed_by(screens.parse(fields, source=source, today=now), town.viewer(who))
    row = intake.receive_and_process(message, town.now)
    assert row.last_error is None
    town.work()
    with town.database.read() as session:
        return session.get_one(Case, row.case_id)


def entries(town: Town, case: Case) -> list[TimelineEntry]:
    with town.database.read() as session:
        return list(history.timeline(session, case))


def test_a_caller_gets_the_same_number_by_sms_and_whoever_wrote_it_in_is_named(town: Town) -> None:
    case = says(town, "hotline", contact=CITIZEN, language="en")
    assert (case.channel, case.source, case.state) == (Channel.assisted, IntakeSource.hotline, CaseState.open)
    assert case.office_id == town.known.office["WAT1"]
    (text,) = town.texts()
    assert case.reference in text
    first = entries(town, case)[0]
    assert (first.kind, first.actor, first.public) == (EntryKind.received, "citizen", True)
    assert first.body["by"] == "officer1"
    assert first.body["keyed_by"] == str(town.known.staff["officer1"])
    assert "keyed_at" not in first.body


def test_two_clicks_are_one_case_and_one_message(town: Town) -> None:
    first = says(town, contact=CITIZEN)
    assert says(town, contact=CITIZEN).id == first.id
    assert len(town.cases()) == len(town.texts()) == 1
    assert says(town, contact=CITIZEN, token="another-one").id != first.id


def test_a_letter_counts_from_the_day_it_came_not_from_the_day_it_was_keyed(town: Town) -> None:
    received = datetime(2026, 2, 9, 11, 0, tzinfo=UTC)  # noon in Tirana, three weeks ago
    case = says(town, "letter", said_on="2026-02-09", written_on="2026-02-01", contact=CITIZEN)
    assert (case.received_at, case.opened_at) == (received, town.now)
    clock = town.clock(ClockKind.first_response)
    assert clock.started_at == received
    assert clock.deadline_at < town.now
    assert clock.state == ClockState.running
    first = entries(town, case)[0]
    assert first.at == received
    assert first.body["keyed_at"] == town.now.isoformat()
    assert first.body["written_on"] == "2026-02-01"
    with town.database.read() as session:
        assert list(history.verify(session)) == []
    (text,) = town.texts()
    gone = format_datetime(clock.deadline_at, "en", settings().zone, "day")
    assert gone.split()[-1] not in text.replace(case.reference, ""), "no day is promised that is gone"


@ONCE
def test_no_row_can_date_itself_after_it_was_stored(town: Town) -> None:
    message = keyed_by(
        screens.parse(
            {"text": WORDS, "token": "token-one"}, source="hotline",
            today=screens.Today(town.now + timedelta(days=9), settings().zone, "AL"),
        ),
        town.viewer("officer1"),
    )  # fmt: skip
    intake.receive_and_process(message, town.now)
    assert town.case().received_at == town.now


@ONCE
@pytest.mark.parametrize("contact", ["", CITIZEN])
def test_without_a_message_the_slip_has_the_number(town: Town, contact: str) -> None:
    if contact:
        town.arrives("STOP", sender=contact)
    case = says(town, "walk_in", said_on="2026-03-02", language="sq", contact=contact)
    assert case.reference not in "".join(town.texts())
    with town.database.read() as session:
        kept = assisted.kept(session, town.viewer("officer1"), case.reference.lower(), town.now)
        slip = slips.slip(session, kept, town.now)
    assert not kept.told
    assert (slip["reference"], slip["lang"]) == (case.reference, "sq")
    assert slip["address"] == f"{settings().site_url}/track/{case.reference}"
    assert history_unlocks(town, case, str(slip["pin"]))
    assert WORDS not in str({**slip, "svg": ""})
    assert "Office WAT1" in str(slip["facts"])


def history_unlocks(town: Town, case: Case, pin: str) -> bool:
    with town.database.read() as session:
        return history.unlocks(session, case, pin)


def test_a_slip_is_only_for_whoever_keyed_it_in_and_for_a_day(town: Town) -> None:
    case = says(town)
    for who, later in (("head1", 0), ("officer2", 0), ("officer1", 25)):
        with town.database.read() as session, pytest.raises(NotFound):
            assisted.kept(session, town.viewer(who), case.reference, town.now + timedelta(hours=later))
    by_sms = town.arrives(WORDS, sender="+355691119999")
    assert by_sms
    with town.database.read() as session, pytest.raises(NotFound):
        assisted.kept(session, town.viewer("officer1"), town.cases()[-1].reference, town.now)


@ONCE
def test_an_accusation_keyed_at_the_accused_office_is_out_of_its_sight_at_once(town: Town) -> None:
    case = says(town, about_staff="1", office="WAT1")
    assert case.integrity
    with town.database.read() as session:
        assert history.count(session, town.viewer("officer1"), Filter()) == 0
        slip = slips.slip(session, assisted.kept(session, town.viewer("officer1"), case.reference, town.now), town.now)
    assert "INTEG" not in str(slip["facts"])


@ONCE
def test_the_same_citizen_calling_again_can_add_to_what_is_open(town: Town) -> None:
    first = says(town, "hotline", contact=CITIZEN)
    message = screens.parse(
        {"text": "Now the pump smokes", "token": "token-two", "contact": CITIZEN},
        source="hotline", today=screens.Today(town.now, settings().zone, "AL"),
    )  # fmt: skip
    intake.receive_and_process(keyed_by(message, town.viewer("officer1"), adds_to=first.reference), town.now)
    assert len(town.cases()) == 1
    assert [e.body["text"] for e in entries(town, first) if e.kind == EntryKind.citizen_wrote] == [
        "Now the pump smokes"
    ]


def test_what_is_known_while_one_types_stays_within_what_one_may_see(town: Town) -> None:
    mine = says(town, contact=CITIZEN)
    says(town, contact=CITIZEN, token="hidden-one", confidential="1")
    says(town, contact=CITIZEN, token="accusing", about_staff="1", office="WAT1")
    elsewhere = says(town, contact=CITIZEN, token="elsewhere", place="Drenova")
    with town.database.read() as session:
        for who, seen in (("officer1", [mine]), ("officer2", [elsewhere]), ("clerk", [])):
            viewer = town.viewer(who)
            same = assisted.of_contact(session, viewer, CITIZEN)
            assert [case.id for case in same] == [case.id for case in seen]
            alike = assisted.similar(session, viewer, "water is off since friday in Lumas", town.now)
            assert {case.office_id for case in alike} == {case.office_id for case in seen}
        assert assisted.similar(session, town.viewer("officer1"), "The passport photo is blurred", town.now) == []
        assert assisted.of_contact(session, town.viewer("officer1"), "+355691110000") == []


@ONCE
def test_numbers_and_names_stand_nowhere_in_the_clear(town: Town) -> None:
    says(town, contact=CITIZEN, name="Arta Hoxha")
    says(town, contact="arta@example.org", name="Arta Hoxha", token="by-mail-1")
    with town.database.read() as session:
        for row in session.exec(select(InboundMessage)):
            assert "Arta" not in str(row.details)
            assert CITIZEN not in str(row.details)
            assert "example.org" not in str(row.details)
        assert {c.channel for c in session.exec(select(ContactPoint))} == {Channel.sms, Channel.email}


@ONCE
def test_a_visit_of_ours_names_no_citizen_and_shuts_the_visited_office_out(town: Town) -> None:
    visit = {"office": "WAT1", "waited": "40", "politeness": "2", "money": "yes", "contact": CITIZEN, "name": "Spy"}
    case = says(town, "mystery_shopper", who="clerk", **visit)
    assert (case.citizen_id, case.contact_point_id, case.source) == (None, None, IntakeSource.mystery_shopper)
    assert case.about_office_id == town.known.office["WAT1"]
    assert town.sent == []
    assert not any(entry.public for entry in entries(town, case))
    with town.database.read() as session:
        for who in ("officer1", "head1", "head_water", "minister", "reviewer"):
            assert history.count(session, town.viewer(who), Filter()) == 0, who
        assert history.count(session, town.viewer("integrity"), Filter()) == 1
        assert session.exec(select(ContactPoint).where(col(ContactPoint.address_index) != "")).all() == []
