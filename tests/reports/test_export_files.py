"""Files of exports at rest, workers that die, exports that come again, and when files go."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlmodel import col, select

from core import streams
from core.crypto import cipher
from core.errors import NotFound, Tampered, TooMany
from core.ids import new_id
from core.settings import settings
from domain.access import ApiKey, Scope
from domain.clock import Notice
from domain.export import Every, Export, ExportFetch, ExportFormat, ExportKind, ExportPlan, ExportState, PlanState
from domain.reach import StaffMessage
from domain.staff import Staff
from reports.exports import asking, making
from reports.exports.asking import Asker
from reports.exports.choice import Choice, Last, following, period
from tests.builders import NOW, Government
from tests.conftest import Installation
from tests.reports.exporting import HIDDEN, SECRET, asker_of, governed, lines, made

__all__ = ["governed"]  # a fixture
SQLITE = pytest.mark.parametrize("installation", ["sqlite"], indirect=True)


@SQLITE
def test_files_at_rest_are_sealed_piece_by_piece(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "PIECE", 100)
    first, second, data = uuid4(), uuid4(), bytes(range(256)) * 3
    for file_id in (first, second):
        with streams.writing(file_id) as sink:
            for start in range(0, len(data), 37):
                sink.write(data[start : start + 37])
    assert b"".join(streams.read(first)) == data
    raw = streams.path_of(first).read_bytes()
    assert data[:50] not in raw
    size = 4 + 128
    head = len(raw) - 7 * size - (4 + len(data) % 100 + 28)
    for broken in (
        raw[:-1],
        raw[: head + 3 * size],  # cut off between two pieces
        raw[:head] + raw[head + size :],
        raw[:head] + raw[head + size : head + 2 * size] + raw[head : head + size] + raw[head + 2 * size :],
        streams.path_of(second).read_bytes(),
        b"something else",
    ):
        streams.path_of(first).write_bytes(broken)
        with pytest.raises(Tampered):
            list(streams.read(first))
    assert not streams.rewrite(second)
    monkeypatch.setenv("OMBUD_ENCRYPTION_KEYS", "new:" + "QUJD" * 10 + "QUI=," + old_ring())
    settings.cache_clear()
    assert cipher().current == "new"
    assert streams.rewrite(second)
    assert b"".join(streams.read(second)) == data


def old_ring() -> str:
    import base64

    return ",".join(f"{name}:{base64.b64encode(key).decode()}" for name, key in cipher().ring.items())


# -- the row is the job ----------------------------------------------------------------------------------------------


def test_a_worker_that_dies_leaves_nothing_half(
    installation: Installation, governed: Government, monkeypatch: pytest.MonkeyPatch
) -> None:
    with installation.database.write() as session:
        row = asking.ask(session, asker_of(governed, "minister"), ExportKind.cases, ExportFormat.csv, Choice(), NOW)

    def dies(*given: object) -> None:
        raise KeyboardInterrupt

    write_rows = making.write_rows
    monkeypatch.setattr(making, "write_rows", dies)
    with pytest.raises(KeyboardInterrupt):
        making.make_due(lambda: NOW)
    monkeypatch.setattr(making, "write_rows", write_rows)
    assert list(streams.kept()) == []
    assert making.make_due(lambda: NOW + timedelta(minutes=1)) == 0  # its lease still runs
    later = NOW + making.LEASE
    assert making.make_due(lambda: later) == 1
    with installation.database.read() as session:
        done = session.get_one(Export, row.id)
        assert (done.state, done.rows, done.attempts) == (ExportState.done, 4, 2)
        assert done.expires_at == later + timedelta(days=settings().export_days)


@SQLITE
def test_what_cannot_be_made_is_tried_and_then_given_up(
    installation: Installation, governed: Government, monkeypatch: pytest.MonkeyPatch
) -> None:
    with installation.database.write() as session:
        row = asking.ask(session, asker_of(governed, "minister"), ExportKind.cases, ExportFormat.csv, Choice(), NOW)

    def fails(*given: object) -> None:
        raise OSError("No space left on device, 069 123 4567")

    monkeypatch.setattr(making, "write_rows", fails)
    now = NOW
    for _ in range(making.TRIES):
        assert making.make_due(lambda: now) == 1  # noqa: B023
        now += timedelta(days=1)
    with installation.database.read() as session:
        done = session.get_one(Export, row.id)
        assert (done.state, done.last_error) == (ExportState.failed, "OSError")
        assert "069" not in done.problem
    assert making.make_due(lambda: now) == 0


def test_what_comes_again(installation: Installation, governed: Government) -> None:
    with installation.database.write() as session:
        row = asking.plan(
            session, asker_of(governed, "minister"), ExportKind.cases, ExportFormat.csv,
            Choice("office:WATER", Last.month), Every.week, NOW,
        )  # fmt: skip
        gone = asking.plan(
            session, asker_of(governed, "officer2"), ExportKind.cases, ExportFormat.csv, Choice(), Every.day, NOW
        )
    assert making.plan_due(NOW) == 0
    monday = datetime(2026, 3, 9, 4, tzinfo=UTC)
    with installation.database.write() as session:
        session.get_one(Staff, governed.staff["officer2"]).active = False
    missed = monday + timedelta(days=15)  # three Mondays: made once
    assert making.plan_due(missed) == 2
    assert making.plan_due(missed) == 0
    assert making.make_due(lambda: missed) == 1
    assert making.make_due(lambda: missed) == 0
    with installation.database.read() as session:
        again = session.get_one(ExportPlan, row.id)
        assert again.due_at == datetime(2026, 3, 30, 3, tzinfo=UTC)  # summer time
        assert session.get_one(ExportPlan, gone.id).state == PlanState.stopped
        export = session.exec(select(Export)).one()
        assert (export.plan_id, export.state) == (row.id, ExportState.done)
        notice = session.exec(select(Notice)).one()
        assert (notice.staff_id, notice.dedupe_key) == (governed.staff["minister"], f"export:{export.id}")
        for message in session.exec(select(StaffMessage)):
            assert "/staff/exports" in message.text
            assert "?" not in message.text
    with installation.database.write() as session:
        with pytest.raises(NotFound):
            asking.stop(session, asker_of(governed, "auditor"), row.id, NOW)
        asking.stop(session, asker_of(governed, "minister"), row.id, NOW)
    assert making.plan_due(missed + timedelta(days=40)) == 0


@SQLITE
def test_files_go_when_their_days_are_over(installation: Installation, governed: Government) -> None:
    row = made(governed, "minister")
    stray = uuid4()
    with streams.writing(stray) as sink:
        sink.write(b"nobody knows it")
    assert making.tidy(NOW) == 1
    assert list(streams.kept()) == [row.id]
    assert making.tidy(NOW + timedelta(days=8)) == 1
    assert list(streams.kept()) == []
    with installation.database.read() as session:
        assert session.get_one(Export, row.id).state == ExportState.expired  # that it was made stays on record


@SQLITE
def test_keys_and_limits(installation: Installation, governed: Government) -> None:
    with installation.database.write() as session:
        for name, scope, office in (("reader", Scope.read, "WATER"), ("all", Scope.admin, None)):
            key = ApiKey(
                id=new_id(), name=name, scope=scope, prefix=name, key_hash=name, created_at=NOW,
                office_id=governed.office[office] if office else None,
            )  # fmt: skip
            session.add(key)
            session.flush()
            asking.ask(session, Asker(None, key.id, name), ExportKind.cases, ExportFormat.csv, Choice(), NOW)
        for _ in range(asking.MOST_WAITING - 1):
            asking.ask(session, Asker(None, key.id, "all"), ExportKind.cases, ExportFormat.csv, Choice(), NOW)
        with pytest.raises(TooMany):
            asking.ask(session, Asker(None, key.id, "all"), ExportKind.cases, ExportFormat.csv, Choice(), NOW)
    while making.make_due(lambda: NOW):
        pass
    with installation.database.read() as session:
        found: Sequence[Export] = session.exec(select(Export).order_by(col(Export.id))).all()
        assert [(one.rows, one.plain) for one in found[:2]] == [(2, False), (4, True)]
        texts = [line["text"] for line in lines(found[1])]
        assert not {HIDDEN, SECRET} & set(texts)
        assert session.exec(select(ExportFetch)).all() == []


@pytest.mark.parametrize(
    ("every", "after", "then"),
    [
        (Every.day, (2026, 3, 2, 3), (2026, 3, 2, 4)),
        (Every.day, (2026, 3, 2, 4), (2026, 3, 3, 4)),
        (Every.week, (2026, 3, 2, 3), (2026, 3, 2, 4)),
        (Every.week, (2026, 3, 2, 5), (2026, 3, 9, 4)),
        (Every.month, (2026, 1, 31, 12), (2026, 2, 1, 4)),
        (Every.month, (2026, 12, 1, 4), (2027, 1, 1, 4)),
        (Every.month, (2026, 3, 15, 12), (2026, 4, 1, 3)),
    ],
)
def test_when_it_comes_again(every: Every, after: tuple[int, ...], then: tuple[int, ...]) -> None:
    """At five in the morning in Tirana."""
    assert following(every, datetime(*after, tzinfo=UTC)) == datetime(*then, tzinfo=UTC)  # type: ignore[arg-type,misc]


def test_periods_are_whole() -> None:
    found = {last: period(last, datetime(2026, 3, 4, 12, tzinfo=UTC)) for last in Last}
    assert {last: (since.isoformat()[:13], until.isoformat()[:13]) for last, (since, until) in found.items()} == {
        Last.day: ("2026-03-02T23", "2026-03-03T23"),
        Last.week: ("2026-02-22T23", "2026-03-01T23"),
        Last.month: ("2026-01-31T23", "2026-02-28T23"),
    }
