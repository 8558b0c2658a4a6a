"""Calls to the hotline: in whatever order their parts come, one case or one call to make, and nothing lost."""

import itertools

import pytest
from sqlmodel import col, func, select

from cases import callbacks, lifecycle, transcripts
from cases.acting import Repeated
from cases.calls import GRACE, SPARE, opened
from cases.inbox import receive
from channels.values import Attachment, Channel, DeliveryStatus, Inbound
from core.errors import BadInput, Conflict, NotAllowed, NotFound
from core.settings import settings
from domain.access import TrainingLabel
from domain.assisted import CallBack
from domain.attachment import Attachment as Kept
from domain.attachment import AttachmentState
from domain.case import Case
from domain.citizen import ContactPoint
from domain.inbox import InboundMessage
from domain.outbox import OutboundMessage
from domain.sender import Sender
from domain.states import CaseState, ClockKind, ClockState, EntryKind
from domain.timeline import TimelineEntry, faults
from tests.cases.conftest import CITIZEN, Town

FIXED = "+35542234567"
CALL = "CA1"


def part(
    what: str, *, sender: str = CITIZEN, language: str | None = "en", sid: str = CALL, **details: object
) -> Inbound:
    """The call itself, its end, its recording as the caller's step tells of it, or as Twilio's notice does."""
    ids = {"call": sid, "end": f"{sid}/ended"}
    given: dict[str, object] = {"call": sid, **details}
    sounds: tuple[Attachment, ...] = ()
    if what == "end":
        given["ended"] = True
    if what in ("recorded", "notice"):
        given["seconds"] = 42
        sounds = (Attachment("voice", "https://api.twilio.com/Recordings/RE1", "audio/wav"),)
    return Inbound(
        Channel.voice,
        "acc",
        ids.get(what, f"RE{sid[2:]}"),
        "" if what == "notice" else sender,
        "+355690000000",
        "",
        language=language if sounds else None,
        attachments=sounds,
        details=given,  # type: ignore[arg-type]
    )


def heard(town: Town, *parts: Inbound, apart: bool = True) -> None:
    """Parts of a call arrive, each handled before the next or all at once."""
    for one in parts:
        receive([one], town.now)
        if apart:
            town.work()
            town.later(seconds=1)
    town.work()


def over(town: Town) -> None:
    """Long enough for everything about a call to be decided."""
    town.later(seconds=settings().voice_seconds)
    town.now += SPARE
    town.work()


def calls(town: Town) -> list[CallBack]:
    with town.database.read() as session:
        return list(session.exec(select(CallBack)))


def listed(town: Town, who: str) -> list[str]:
    with town.database.read() as session:
        return [one.case.reference for one in callbacks.waiting(session, town.viewer(who))]


@pytest.mark.parametrize("apart", [True, False])
def test_a_message_is_one_case_in_whatever_order_its_parts_come(town: Town, apart: bool) -> None:
    """Every order there is, each part twice."""
    began = town.now
    callers = []
    for number, order in enumerate(itertools.permutations(("call", "end", "recorded", "notice"))):
        callers.append(f"+3556911122{number:02d}")
        # the call itself comes with every step that names its caller, so it is never later than those
        named = {"end", "recorded"}
        parts = [
            part(one, sender=callers[-1], sid=f"CA{number}")
            for what in order
            for one in (("call", what) if what in named else (what,))
        ]
        heard(town, *parts, *parts, apart=apart)
    over(town)
    cases = town.cases()
    assert len(cases) == len(callers) == 24
    assert {(case.channel, case.language, case.text, case.state) for case in cases} == {
        ("voice", "en", "(voice message, 0:42)", CaseState.triage)
    }
    assert all(case.contact_point_id is not None and began <= case.received_at for case in cases)
    assert [len(town.texts(one)) for one in callers] == [1] * 24
    assert len(calls(town)) == 24
    with town.database.read() as session:
        assert session.exec(select(func.count()).select_from(Kept)).one() == 24
        assert set(session.exec(select(InboundMessage.state))) == {"processed"}


def test_the_case_is_in_the_language_picked_at_the_office_dialled(town: Town) -> None:
    heard(town, part("call", office="WAT1"), part("recorded", language="bn", office="WAT1"))
    case = town.case()
    assert (case.language, case.text) == ("bn", "(কণ্ঠ বার্তা, 0:42)")
    assert (case.office_id, case.state) == (town.known.office["WAT1"], CaseState.open)
    assert town.texts()[0].startswith("আপনার বার্তা")


def test_a_number_of_an_office_needs_no_code(town: Town) -> None:
    with town.database.write() as session:
        session.add(
            Sender(channel=Channel.voice, address="+355690000000", office_id=town.known.office["WAT2"], per_second=1)
        )
    heard(town, part("call"), part("recorded"))
    assert town.case().office_id == town.known.office["WAT2"]


def test_an_office_nobody_has_goes_to_triage(town: Town) -> None:
    heard(town, part("call", office="NONE"), part("recorded", office="NONE"))
    assert town.case().state == CaseState.triage


def test_a_call_that_leaves_nothing_is_one_to_make(town: Town) -> None:
    heard(town, part("call"))
    assert town.cases() == []
    heard(town, part("end"))
    assert town.cases() == [], "a recording may still come"
    town.now += GRACE
    town.work()
    case = town.case()
    assert (case.text, case.kind, case.state) == ("(missed call, no message)", "request", CaseState.triage)
    assert listed(town, "triage") == [case.reference]
    assert "left no message" in town.texts()[0]
    heard(town, part("call", sid="CA2"), part("end", sid="CA2"))
    over(town)
    assert len(calls(town)) == 1, "who waits already does not wait twice"
    assert len(town.texts()) == 1


def test_a_call_whose_end_nobody_tells_of_is_missed_in_time(town: Town) -> None:
    heard(town, part("call"))
    town.later(seconds=settings().voice_seconds)
    town.work()
    assert town.cases() == [], "they may still be speaking"
    over(town)
    assert len(calls(town)) == 1


@pytest.mark.parametrize("ended", [True, False])
def test_nobody_s_call_leaves_nothing(town: Town, ended: bool) -> None:
    heard(town, part("call", sender=""), *([part("end", sender="")] if ended else []))
    over(town)
    assert (town.cases(), calls(town), town.sent) == ([], [], [])


def test_a_withheld_number_is_nobody_and_hears_its_code(town: Town) -> None:
    for sid in ("CA1", "CA2"):
        heard(town, part("call", sender="", sid=sid), part("recorded", sender="", sid=sid))
    first, second = town.cases()
    assert first.citizen_id is first.contact_point_id is second.contact_point_id is None
    assert (calls(town), town.sent) == ([], [])
    told = opened("acc", "CA2")
    assert told is not None
    assert (told.reference, len(told.pin), told.by_text) == (second.reference, 4, False)
    assert opened("acc", "CA3") is None
    assert opened("other", "CA2") is None


def test_a_recording_after_the_call_was_taken_for_missed_joins_its_case(town: Town) -> None:
    heard(town, part("call"), part("end"))
    over(town)
    heard(town, part("notice"))
    case = town.case()
    with town.database.read() as session:
        kinds = [e.kind for e in session.exec(select(TimelineEntry).where(col(TimelineEntry.case_id) == case.id))]
        assert session.exec(select(Kept.case_id)).one() == case.id
    assert EntryKind.citizen_wrote in kinds


def test_calling_again_at_once_adds_to_the_case(town: Town) -> None:
    heard(town, part("call"), part("recorded"))
    heard(town, part("call", sid="CA2"), part("recorded", sid="CA2"))
    assert len(town.cases()) == 1
    heard(town, part("call", sid="CA3", office="WAT1"), part("recorded", sid="CA3", office="WAT1"))
    assert len(town.cases()) == 2, "another office's number is another matter"
    town.later(hours=2)
    heard(town, part("call", sid="CA4"), part("recorded", sid="CA4"))
    assert len(town.cases()) == 3


def test_a_fixed_line_is_only_ever_called(town: Town) -> None:
    heard(town, part("call", sender=FIXED, office="WAT1"), part("recorded", sender=FIXED, office="WAT1"))
    case = town.case()
    with town.database.read() as session:
        contact = session.exec(select(ContactPoint)).one()
    assert (contact.channel, contact.hint) == ("voice", "…567")
    told = opened("acc", CALL)
    assert told is not None
    assert (told.pin, told.by_text) == ("", False)
    with town.database.write() as session:
        lifecycle.reply(session, case.id, town.viewer("officer1"), "We come tomorrow.", town.now, town.form())
    town.work()
    assert town.clock(ClockKind.first_response).state == ClockState.running, "nobody has read or heard it"
    with town.database.write() as session, pytest.raises(BadInput, match="Call-backs"):
        lifecycle.ask(session, case.id, town.viewer("officer1"), "Which street?", town.now, town.form())
    with town.database.write() as session:
        callbacks.spoke(session, case.id, town.viewer("officer1"), "Said so on the phone.", town.now, town.form())
    assert town.clock(ClockKind.first_response).state == ClockState.met
    assert (town.sent, town.outbox()) == ([], [])


def voiced(town: Town, office: str = "WAT1") -> Case:
    """A voice message at an office."""
    heard(town, part("call", office=office), part("recorded", office=office))
    town.later(minutes=5)
    return town.case()


def test_only_a_talk_ends_the_silence(town: Town) -> None:
    case, officer = voiced(town), town.viewer("officer1")
    town.receipt(DeliveryStatus.delivered)
    for _ in range(3):
        form = town.form()
        with town.database.write() as session:
            callbacks.no_answer(session, case.id, officer, "It rang.", town.now, form)
        with town.database.write() as session, pytest.raises(Repeated):
            callbacks.no_answer(session, case.id, officer, "It rang.", town.now, form)
    assert len(calls(town)[0].tries) == 3
    assert town.case().first_response_at is None
    assert town.clock(ClockKind.first_response).state == ClockState.running
    assert listed(town, "officer1") == [case.reference]
    town.later(hours=1)
    with town.database.write() as session:
        callbacks.spoke(session, case.id, officer, "The crew comes at six; she agrees.", town.now, town.form())
    after = town.case()
    assert (after.state, after.first_response_at) == (CaseState.answered, town.now)
    assert town.clock(ClockKind.first_response).state == ClockState.met
    assert (calls(town)[0].state, listed(town, "officer1")) == ("done", [])
    assert len(town.texts()) == 1, "what was said on the phone is not sent"
    with pytest.raises(Conflict, match="already"), town.database.write() as session:
        callbacks.spoke(session, case.id, officer, "And again.", town.now, town.form())
    with town.database.write() as session, pytest.raises(Conflict, match="already"):
        callbacks.no_answer(session, case.id, officer, "", town.now, town.form())
    with town.database.read() as session:
        entries = session.exec(select(TimelineEntry).order_by(col(TimelineEntry.number))).all()
        assert faults(after, entries) == []
    # the citizen writes again: that has its own clock, which the same talk cannot have met
    town.later(hours=1)
    town.arrives(f"{case.reference} Nobody came at six")
    assert town.clock(ClockKind.reply_due).state == ClockState.running


@pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
def test_nobody_spoke_with_whom_nobody_can_call(town: Town) -> None:
    town.arrives("WAT1 no water in Lumas since Monday")
    case = town.case()
    with pytest.raises(NotFound), town.database.write() as session:
        callbacks.spoke(session, case.id, town.viewer("officer1"), "We spoke.", town.now, town.form())
    assert town.case().first_response_at is None
    assert town.clock(ClockKind.first_response).state == ClockState.running


def test_who_may_call_and_whose_number_is_seen(town: Town) -> None:
    case = voiced(town)
    assert [listed(town, who) for who in ("officer2", "clerk", "triage", "integrity")] == [[], [], [], []]
    assert [listed(town, who) for who in ("head1", "minister")] == [[case.reference]] * 2
    form = town.form()
    with town.database.write() as session:
        assert callbacks.reveal(session, case.id, town.viewer("officer1"), town.now, form) == CITIZEN
        assert callbacks.reveal(session, case.id, town.viewer("officer1"), town.now, form) == CITIZEN
    with town.database.read() as session:
        looked = session.exec(select(TimelineEntry).where(col(TimelineEntry.kind) == EntryKind.noted)).all()
    assert [(one.actor, one.public) for one in looked] == [(str(town.known.staff["officer1"]), False)]
    assert CITIZEN[-6:] not in str(looked[0].body)
    for who, refused in (("officer2", NotFound), ("minister", NotAllowed), ("auditor", NotAllowed)):
        for act in (callbacks.reveal, lambda s, c, w, n, f: callbacks.no_answer(s, c, w, "", n, f)):
            with town.database.write() as session, pytest.raises(refused):
                act(session, case.id, town.viewer(who), town.now, town.form())
    with town.database.write() as session:
        session.get_one(Case, case.id).confidential = True
    with town.database.write() as session, pytest.raises(NotAllowed, match="do not learn"):
        callbacks.reveal(session, case.id, town.viewer("officer1"), town.now, town.form())


def kept(town: Town) -> Kept:
    """The recording, fetched."""
    with town.database.write() as session:
        row = session.exec(select(Kept)).one()
        row.state, row.due_at, row.content_type = AttachmentState.stored, None, "audio/wav"
    return row


def written_down(town: Town, text: str, who: str) -> None:
    row = kept(town)
    with town.database.write() as session:
        transcripts.transcribe(session, town.case().id, town.viewer(who), row.id, text, town.now, town.form())


def test_what_was_said_is_written_down_again_and_kept(town: Town) -> None:
    voiced(town)
    written_down(town, "No watter", "officer1")
    written_down(town, "No water since Monday", "head1")
    case = town.case()
    assert case.text == "No water since Monday"
    with town.database.read() as session:
        told = session.exec(
            select(TimelineEntry)
            .where(col(TimelineEntry.kind) == EntryKind.transcribed)
            .order_by(col(TimelineEntry.number))
        ).all()
        assert session.exec(select(Kept.transcript, Kept.transcript_by)).one() == (case.text, town.known.staff["head1"])
    assert [(e.body["text"], e.body["again"], e.public) for e in told] == [
        ("No watter", False, True),
        ("No water since Monday", True, True),
    ]
    assert case.first_response_at is None


def test_the_words_lead_a_case_out_of_triage_and_teach_nothing(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    heard(town, part("call"), part("recorded"))
    assert town.case().state == CaseState.triage
    monkeypatch.setattr("routing.service._understand", sure_of_water)
    written_down(town, "No water in Lumas since Monday", "triage")
    case = town.case()
    assert (case.state, case.office_id, case.routing_method) == (
        CaseState.open,
        town.known.office["WAT1"],
        "classifier",
    )
    assert case.service_id == town.known.service["water"]
    with town.database.read() as session:
        assert session.exec(select(TrainingLabel)).all() == []


def sure_of_water(text: str, language: str, picked: str | None) -> object:
    from nlp.classifier import Prediction, Suggestion

    return (Prediction((Suggestion("water", 0.97),), "en", "model", 0.6), "") if text else (None, "no words")


def test_an_accusation_on_a_recording_leaves_the_accused_office(town: Town) -> None:
    voiced(town)
    written_down(town, "The clerk at Office WAT1 asked me for a bribe of 50", "head1")
    case = town.case()
    assert (case.integrity, case.office_id) == (True, town.known.office["INTEG"])
    with town.database.read() as session:
        assert callbacks.waiting(session, town.viewer("officer1")) == []
        assert [one.case.id for one in callbacks.waiting(session, town.viewer("integrity"))] == [case.id]


def test_an_answer_by_text_takes_a_call_off_the_list_until_it_fails(town: Town) -> None:
    case = voiced(town)
    with town.database.write() as session:
        lifecycle.reply(session, case.id, town.viewer("officer1"), "Water is back.", town.now, town.form())
    town.work()
    assert listed(town, "officer1") == [case.reference], "it has not arrived yet"
    town.receipt(DeliveryStatus.delivered)
    assert listed(town, "officer1") == []
    with town.database.read() as session:
        assert session.exec(select(func.count()).select_from(OutboundMessage)).one() == 2
