"""Files of a case, from the upload or the provider to the desk: nothing shown unscanned, nothing kept half."""

from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from sqlmodel import col, select

from cases import attachments, media
from cases.inbox import receive
from channels.errors import Failure, SendFailed
from channels.fetching import Fetched
from channels.values import Attachment as Given
from channels.values import Channel, Inbound
from core import files as store
from core.errors import BadInput, Conflict, NotFound, Tampered
from core.settings import settings
from domain.attachment import Attachment, AttachmentState
from domain.case import Case
from domain.states import EntryKind
from domain.timeline import TimelineEntry, faults
from tests import files
from tests.builders import NOW
from tests.cases.conftest import CITIZEN, Town

MEDIA = "https://api.twilio.com/2010-04-01/Accounts/acc/Messages/MM1/Media/ME"


@dataclass
class Provider:
    """What a provider keeps, by address; a failure is raised as often as it stands there."""

    kept: dict[str, object]
    asked: list[str] = field(default_factory=list)

    def __call__(self, source: str, channel: Channel) -> Fetched:
        self.asked.append(source)
        found = self.kept[source]
        if isinstance(found, list):
            found = found.pop(0)
        if isinstance(found, Exception):
            raise found
        assert isinstance(found, bytes)
        return Fetched(found)


def send(town: Town, text: str, *urls: str, sid: str = "MM1", kind: str = "photo") -> None:
    given = tuple(Given(kind, url, "image/jpeg") for url in urls)
    receive([Inbound(Channel.sms, "acc", sid, CITIZEN, "+355690000000", text, attachments=given)], town.now)
    town.work()


def rows(town: Town) -> list[Attachment]:
    with town.database.read() as session:
        return list(session.exec(select(Attachment).order_by(col(Attachment.id))))


def entries(town: Town) -> list[TimelineEntry]:
    with town.database.read() as session:
        case = town.case()
        told = list(session.exec(select(TimelineEntry).order_by(col(TimelineEntry.number))))
        assert faults(case, told) == []
        return [entry for entry in told if entry.kind == EntryKind.attached]


def upload(town: Town, data: bytes, *, key: str = "form-1", name: str = "a.jpg", kind: str | None = None) -> Attachment:
    with town.database.write() as session:
        return attachments.keep_upload(
            session, data=data, name=name, upload_key=key, channel=Channel.web, now=town.now, kind=kind
        )


def test_pictures_of_a_message_are_fetched_and_told(town: Town) -> None:
    send(town, "The pipe burst", MEDIA + "1", MEDIA + "2")
    assert [row.state for row in rows(town)] == [AttachmentState.waiting] * 2
    provider = Provider({MEDIA + "1": files.jpeg(orientation=6), MEDIA + "2": files.png()})
    assert media.fetch_due(town.now, provider) == 2
    assert media.fetch_due(town.now, provider) == 0
    first, second = rows(town)
    assert (first.state, first.content_type, first.kind) == ("stored", "image/jpeg", "photo")
    assert second.content_type == "image/png"
    kept = attachments.content(first)
    assert files.SECRET not in kept
    told = entries(town)
    assert [entry.body["attachment"] for entry in told] == [str(first.id), str(second.id)]
    assert told[0].public
    assert told[0].number == first.entry
    assert town.case().timeline_length >= second.entry  # type: ignore[operator]
    raw = store.path_of(first.id).read_bytes()
    assert kept[:20] not in raw
    assert b"JFIF" not in raw


def test_a_picture_without_words_is_a_case_too(town: Town) -> None:
    send(town, "", MEDIA + "1")
    case = town.case()
    assert case.state == "triage"
    assert len(town.texts()) == 1
    assert case.reference in town.texts()[0]
    media.fetch_due(town.now, Provider({MEDIA + "1": files.jpeg()}))
    assert len(entries(town)) == 1


def test_a_picture_after_the_words_joins_the_case(town: Town) -> None:
    send(town, "No water in Lumas", sid="MM1")
    send(town, "", MEDIA + "1", sid="MM2")
    media.fetch_due(town.now, Provider({MEDIA + "1": files.jpeg()}))
    assert [row.case_id for row in rows(town)] == [town.case().id]
    assert len(entries(town)) == 1


def test_a_repeated_row_expects_its_files_once(town: Town) -> None:
    from domain.inbox import InboundMessage

    send(town, "Look", MEDIA + "1")
    with town.database.write() as session:
        row = session.exec(select(InboundMessage)).one()
        case = session.get_one(Case, town.case().id, with_for_update=True)
        again = attachments.expect(session, row, case, town.now)
    assert [one.id for one in again] == [one.id for one in rows(town)]


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (files.PROGRAM, "refused"),
        (files.jpeg()[:300], "refused"),
        (SendFailed(Failure.content_refused), "failed"),
        (SendFailed(Failure.not_configured), "failed"),
        (SendFailed(Failure.provider_down), "waiting"),
        (SendFailed(Failure.credentials), "waiting"),
        (SendFailed(Failure.unreachable, "404"), "waiting"),
        (OSError("disk full"), "waiting"),
    ],
)
def test_what_cannot_be_got_says_why_or_is_tried_again(town: Town, answer: object, state: str) -> None:
    send(town, "Look", MEDIA + "1")
    provider = Provider({MEDIA + "1": [answer, files.jpeg()]})
    media.fetch_due(town.now, provider)
    (row,) = rows(town)
    assert row.state == state
    assert bool(row.why) == (state != "waiting")
    assert not store.path_of(row.id).exists()
    town.later(minutes=1)
    media.fetch_due(town.now, provider)
    assert rows(town)[0].state == ("stored" if state == "waiting" else state)
    assert len(entries(town)) == (1 if state == "waiting" else 0)


def test_a_missing_file_is_given_up_and_staff_may_ask_again(town: Town) -> None:
    send(town, "Look", MEDIA + "1")
    provider = Provider({MEDIA + "1": SendFailed(Failure.unreachable, "404")})
    for _ in range(media.TRIES_MISSING + 3):
        media.fetch_due(town.now, provider)
        town.later(hours=5)
    assert len(provider.asked) == media.TRIES_MISSING
    (row,) = rows(town)
    assert row.state == "failed"
    with town.database.write() as session:
        attachments.fetch_again(session, session.get_one(Case, town.case().id), row.id, town.now)
    media.fetch_due(town.now, Provider({MEDIA + "1": files.jpeg()}))
    assert rows(town)[0].state == "stored"
    with town.database.write() as session, pytest.raises(Conflict):
        attachments.fetch_again(session, session.get_one(Case, town.case().id), row.id, town.now)


def test_uploads_are_kept_dropped_and_adopted(town: Town) -> None:
    first = upload(town, files.jpeg(), name="../../x.php")
    assert upload(town, files.jpeg()).id == first.id
    second = upload(town, files.PDF, name="bill.pdf")
    upload(town, files.png(), key="form-2")
    with town.database.read() as session:
        assert [(row.id, row.name) for row in attachments.uploads(session, "form-1")] == [
            (first.id, "x.jpg"),
            (second.id, "bill.pdf"),
        ]
        assert attachments.uploads(session, "") == []
    with town.database.write() as session:
        attachments.drop_upload(session, "form-2", second.id)  # another form's: left alone
        attachments.drop_upload(session, "form-1", second.id)
    assert not store.path_of(second.id).exists()
    town.arrives("No water in Lumas", sid="one")
    with town.database.write() as session:
        case = session.get_one(Case, town.case().id, with_for_update=True)
        assert [row.id for row in attachments.adopt(session, case, "form-1", town.now)] == [first.id]
        assert attachments.adopt(session, case, "form-1", town.now) == []
    assert len(entries(town)) == 1
    with town.database.read() as session:
        assert attachments.content(attachments.one_of_case(session, town.case(), first.id))
        with pytest.raises(NotFound):
            attachments.one_of_case(session, town.case(), second.id)


def test_more_uploads_than_fit_are_refused(town: Town) -> None:
    for place in range(settings().attachment_count):
        upload(town, f"note {place}".encode(), name="a.txt")
    with pytest.raises(BadInput, match="more files than fit"):
        upload(town, b"one more", name="a.txt")
    assert len(list(store.kept())) == settings().attachment_count


@pytest.mark.parametrize(("kind", "data", "after"), [("voice", files.ogg(), "voice"), ("voice", files.jpeg(), "photo")])
def test_a_kind_is_believed_where_the_content_does_not_contradict(
    town: Town, kind: str, data: bytes, after: str
) -> None:
    assert upload(town, data, kind=kind).kind == after


def test_what_is_refused_leaves_nothing(town: Town) -> None:
    with pytest.raises(BadInput):
        upload(town, files.PROGRAM)
    assert rows(town) == []
    assert list(store.kept()) == []


def test_a_process_that_dies_between_file_and_commit_leaves_no_row_and_is_tidied(town: Town) -> None:
    with pytest.raises(RuntimeError, match="power cut"):
        _cut_off(town)
    assert rows(town) == []
    (stray,) = store.kept()
    half = store.path_of(stray[0]).with_name(".half")
    half.write_bytes(b"half")
    assert media.tidy(stray[1] + timedelta(hours=1)) == 0
    assert media.tidy(stray[1] + timedelta(days=2)) == 2
    assert list(store.kept()) == []
    assert not half.exists()


def _cut_off(town: Town) -> None:
    with town.database.write() as session:
        attachments.keep_upload(
            session, data=files.jpeg(), name="a.jpg", upload_key="k", channel=Channel.web, now=town.now
        )
        raise RuntimeError("power cut")


def test_a_fetch_cut_off_between_file_and_commit_is_done_again_once(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(town, "Look", MEDIA + "1")
    provider = Provider({MEDIA + "1": files.jpeg()})
    with monkeypatch.context() as patch:
        patch.setattr(media, "_keep", _dies)
        with pytest.raises(KeyboardInterrupt):
            media.fetch_due(town.now, provider)
    (row,) = rows(town)
    assert row.state == "waiting"
    assert store.path_of(row.id).exists()
    assert media.fetch_due(town.now, provider) == 0  # its lease still runs
    town.later(minutes=5)
    assert media.fetch_due(town.now, provider) == 1
    assert rows(town)[0].state == "stored"
    assert len(entries(town)) == 1


def _dies(*_: object) -> None:
    raise KeyboardInterrupt


def test_only_unsent_uploads_are_forgotten(town: Town) -> None:
    kept = upload(town, files.jpeg(), key="sent")
    town.arrives("No water in Lumas")
    with town.database.write() as session:
        attachments.adopt(session, session.get_one(Case, town.case().id), "sent", town.now)
    unsent = upload(town, files.png(), key="unsent")
    media.tidy(NOW + timedelta(hours=23))
    assert len(rows(town)) == 2
    media.tidy(NOW + timedelta(hours=25))
    assert [row.id for row in rows(town)] == [kept.id]
    assert not store.path_of(unsent.id).exists()
    assert store.read(kept.id)


def test_a_file_swapped_or_changed_on_the_disk_is_found_out(town: Town) -> None:
    first, second = upload(town, files.jpeg()), upload(town, files.png())
    store.path_of(first.id).write_bytes(store.path_of(second.id).read_bytes())
    with pytest.raises(Tampered):
        attachments.content(first)
    changed = bytearray(store.path_of(second.id).read_bytes())
    changed[-1] ^= 1
    store.path_of(second.id).write_bytes(bytes(changed))
    with pytest.raises(Tampered):
        attachments.content(second)
    store.path_of(second.id).unlink()
    with pytest.raises(NotFound):
        attachments.content(second)


def test_verify_names_a_file_that_is_missing_or_not_the_one_that_came(town: Town) -> None:
    def found() -> list[str]:
        with town.database.read() as session:
            return [fault.partition(" ")[2] for fault in attachments.faults(session)]

    send(town, "Look", MEDIA + "1", MEDIA + "2")
    media.fetch_due(town.now, Provider({MEDIA + "1": files.jpeg(), MEDIA + "2": files.png()}))
    assert found() == []
    first, second = rows(town)
    store.path_of(first.id).unlink()
    with town.database.write() as session:
        session.get_one(Attachment, second.id).sha256 = "0" * 64
    assert found() == [
        f"the file {first.id} is missing in {store.folder()}",
        f"the file {second.id} is not the one its timeline tells of",
    ]
