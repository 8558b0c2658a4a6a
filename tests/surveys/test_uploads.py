# ruff: noqa: E501  (tables of files)
"""Files of transactions on both databases: taken whole or not at all, once, whoever is killed; every mistake named."""

import io
import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import Session, col, func, select

from core.settings import settings
from domain.ledger import PartKind, TransactionUpload, UploadPart, UploadState
from domain.survey import Transaction
from surveys import transactions, upload_folder, upload_work, uploads
from surveys.upload_lines import Torn, encoding_of, lines_of, read_day, read_moment, rows_of
from tests.builders import NOW, Government, government
from tests.conftest import Installation

HEAD = "external_id,office,service,completed_at,phone\n"
GOOD = "{n},CIV1,passport,2026-03-02 09:0{d},+35569{n:07}\n"


def lines(count: int, start: int = 0) -> str:
    return "".join(GOOD.format(n=n, d=n % 10) for n in range(start, start + count))


@pytest.fixture
def known(installation: Installation) -> Government:
    with installation.database.write() as session:
        return government(session)


def bring(installation: Installation, text: str | bytes, name: str = "a.csv", **more: object) -> TransactionUpload:
    raw = text if isinstance(text, bytes) else text.encode()
    with installation.database.write() as session:
        return uploads.bring(session, io.BytesIO(raw), name, NOW, origin="browser", by="me", **more)  # type: ignore[arg-type]


def work(installation: Installation, now: datetime = NOW) -> None:
    while upload_work.work_off(lambda: now):
        pass


def after(installation: Installation, upload: TransactionUpload) -> TransactionUpload:
    work(installation)
    with installation.database.read() as session:
        return session.get_one(TransactionUpload, upload.id)


def stored(installation: Installation) -> int:
    with installation.database.read() as session:
        return session.exec(select(func.count()).select_from(Transaction)).one()


def mendable(installation: Installation, upload: TransactionUpload) -> str:
    return b"".join(uploads.pieces(installation.database, upload.id, PartKind.bad)).decode()


# reading

ZONE = ZoneInfo("Europe/Tirane")
READ = [
    (HEAD.encode() + b"1,CIV1,passport,2026-03-02 09:00,069\n", "utf-8"),
    (b"\xef\xbb\xbf" + HEAD.encode() + b"1,CIV1,passport,2026-03-02 09:00,069", "utf-8"),
    ((b"Transaction ID;Branch;Service code;Date-Time;Mobile\r\n1;CIV1;passport;02.03.2026 9:00;069\r\n"), "utf-8"),
    ((HEAD.replace(",", "\t") + "1\tCIV1\tpassport\t02/03/2026 09:00\t069\n\n").encode("utf-16"), "utf-16"),
    ((HEAD + "1,CIV1,passport,2026-03-02T09:00+01:00,069\n").encode("utf-16-le"), "utf-16-le"),
    ((HEAD.replace("phone", "operator") + "1,CIV1,passport,2026-03-02 09:00,Иванова Анна\n").encode("cp1251"), "cp1251"),
    ((HEAD.replace("phone", "operator") + "1,CIV1,passport,2026-03-02 09:00,Zyra Çelës\n").encode("cp1252"), "cp1252"),
    ((HEAD.replace("phone", "operator") + '1,CIV1,passport,2026-03-02 09:00,"two\nlines, ""quoted"""\n').encode(), "utf-8"),
]  # fmt: skip


@pytest.mark.parametrize(("raw", "encoding"), READ)
@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_files_are_read_however_they_are_written_and_cut(raw: bytes, encoding: str, size: int) -> None:
    pieces = [raw[at : at + size] for at in range(0, len(raw), size)]
    if size == 1 and encoding == "utf-16-le":
        return  # told by its zeros, which one byte has not
    assert encoding_of(pieces if size > 1 else [raw]) == encoding
    _, rows = rows_of(lines_of(pieces, encoding), ZONE)
    [row] = rows
    assert not isinstance(row.item, list), row.item
    assert (row.number, row.item.external_id, row.item.office) == (2, "1", "CIV1")
    assert row.item.completed_at == datetime(2026, 3, 2, 9, 0, tzinfo=ZONE)


TORN = [
    (b"", "empty"), (b"\n1,2\n", "empty"), (b"PK\x03\x04abc", "spreadsheet"), (b"a\0b" + b"x" * 50, "zero bytes"), ("é".encode()[:1], "the end is missing"),
    (b"id,office,phne\n", "is it phone"), (HEAD.encode() + b'1,CIV1,"passport,2026-03-02 09:00,069\n' * 3, "Line 2"),
    (HEAD.encode() + b'1,CIV1,"passport,2026-03-02 09:00,069\n', "line 2 is never closed"), (HEAD.encode() + b'1,CIV1,"passport,\n' + b"2,a,b,c,d\n" * 30_000, "line 2 is never closed"),
    (HEAD.encode() + b"1," + b"x" * 10_000_000, "Line 2 has more than"), (b"phone,mobile,external_id,office,service,completed_at\n", "are both phone"),
]  # fmt: skip


@pytest.mark.parametrize(("raw", "says"), TORN)
def test_what_cannot_be_split_into_lines_says_where(raw: bytes, says: str) -> None:
    pieces = [raw[at : at + 100_000] for at in range(0, len(raw), 100_000)]
    with pytest.raises(Torn) as caught:
        list(rows_of(lines_of(pieces, encoding_of(pieces)), ZONE)[1])
    assert says in str(caught.value)


@pytest.mark.parametrize(
    "text", ["", "2026-03-01", "yesterday", "31.02.2026 10:00", "2026-03-01 25:00", "0001-01-01T00:00Z"]
)
def test_a_moment_that_is_none_is_told(text: str) -> None:
    with pytest.raises(ValueError, match=r"write 2026-03-01 09:30"):
        read_moment(text, ZONE)


def test_days_are_read_both_ways() -> None:
    assert read_day("2036-03-01") == read_day("01.03.2036") == read_day("1/3/2036")


# taking


def test_a_file_is_taken_whole_and_the_same_again_is_nothing(installation: Installation, known: Government) -> None:
    upload = bring(installation, HEAD + lines(120))
    found = after(installation, upload)
    assert (found.state, found.lines, found.taken, found.created) == (UploadState.done, 120, 120, 120)
    assert bring(installation, HEAD + lines(120)).id == upload.id, "the same bytes"
    assert after(installation, bring(installation, HEAD + lines(121))).created == 1, "the same lines and one more"
    assert stored(installation) == 121
    with installation.database.read() as session:
        assert session.exec(select(UploadPart)).all() == [], "what was taken does not lie about"


BAD = (
    HEAD
    + lines(3)
    + "x,CIVI,pasport,2026-03-02 09:00,\n"
    + "y,CIV1,passport,soon,\n"
    + "z,CIV1,passport\n"
    + lines(2, 10)
)


def test_one_bad_line_and_nothing_is_taken(installation: Installation, known: Government) -> None:
    upload = after(installation, bring(installation, BAD))
    assert (upload.state, upload.lines, upload.good, upload.bad) == (UploadState.refused, 8, 5, 3)
    assert stored(installation) == 0
    assert [(one["line"], one["column"]) for one in upload.errors] == [
        (5, "office"), (5, "service"), (6, "completed_at"), (7, ""),
    ]  # fmt: skip
    assert "CIV1" in str(upload.errors[0]["what"])
    again = after(installation, bring(installation, BAD))
    assert again.id != upload.id, "what was refused is looked at anew: codes may be there by now"


def test_good_lines_are_taken_and_the_rest_comes_back_to_be_mended(
    installation: Installation, known: Government
) -> None:
    upload = after(installation, bring(installation, BAD, take_good=True))
    assert (upload.state, upload.taken, stored(installation)) == (UploadState.partly, 5, 5)
    rest = mendable(installation, upload)
    assert rest.splitlines()[0] == "line,problem,external_id,office,service,completed_at,phone"
    assert len(rest.splitlines()) == 4
    mended = rest.replace("CIVI", "CIV1").replace("pasport", "passport").replace("soon", "2026-03-02 09:00")
    mended = mended.replace("z,CIV1,passport\n", "z,CIV1,passport,2026-03-02 09:00,\n")
    second = after(installation, bring(installation, mended))
    assert (second.state, second.created, stored(installation)) == (UploadState.done, 3, 8), second.errors
    with installation.database.write() as session:
        uploads.tidy(session, NOW + timedelta(days=31))
    assert mendable(installation, upload) == ""


def test_looking_stores_nothing(installation: Installation, known: Government) -> None:
    upload = after(installation, bring(installation, HEAD + lines(5), dry_run=True))
    assert (upload.state, upload.good, stored(installation)) == (UploadState.checked, 5, 0)
    assert after(installation, bring(installation, HEAD + lines(5))).state == UploadState.done


def test_nobody_reports_for_an_office_that_is_not_theirs(installation: Installation, known: Government) -> None:
    upload = after(installation, bring(installation, HEAD + lines(1), offices={known.office["WAT1"]}))
    assert upload.state == UploadState.refused
    assert "may report for" in str(upload.errors[0]["what"])


def test_a_torn_file_says_so_and_stores_nothing(installation: Installation, known: Government) -> None:
    upload = after(installation, bring(installation, HEAD + lines(3) + '9,"CIV1,passport\n'))
    assert (upload.state, stored(installation)) == (UploadState.refused, 0)
    assert "line 5" in upload.problem


def test_whoever_is_killed_in_the_middle_loses_and_doubles_nothing(
    installation: Installation, known: Government, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upload_work, "STEP", 40)
    upload = bring(installation, HEAD + lines(150) + lines(10))
    store, calls = transactions.store, 0

    def dying(session: Session, *rest: object) -> object:
        nonlocal calls
        calls += 1
        found = store(session, *rest)  # type: ignore[arg-type]
        if calls == 3:
            raise KeyboardInterrupt
        return found

    monkeypatch.setattr(transactions, "store", dying)
    with pytest.raises(KeyboardInterrupt):
        upload_work.work_off(lambda: NOW)
    assert stored(installation) == 80, "two steps; the third was undone"
    assert upload_work.work_off(lambda: NOW) == 0, "its lease still runs"
    later = NOW + upload_work.LEASE
    with installation.database.write() as session:
        from domain.office import Office  # closed in between: what was checked is taken all the same

        session.get_one(Office, known.office["CIV1"]).active = False
    assert upload_work.work_off(lambda: later) == 1
    with installation.database.read() as session:
        found = session.get_one(TransactionUpload, upload.id)
    assert (found.state, found.taken, found.created, stored(installation)) == (UploadState.done, 160, 150, 150)


# the folder


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "dropped"
    (path / "registry").mkdir(parents=True)
    monkeypatch.setenv("OMBUD_TRANSACTIONS_DIR", str(path))
    settings.cache_clear()
    return path


def drop(path: Path, text: str, age: float = 60) -> None:
    path.write_text(text)
    os.utime(path, (time.time() - age,) * 2)


def sweep(installation: Installation) -> None:
    for _ in range(2):
        upload_folder.watch(datetime.now(UTC))
        work(installation, datetime.now(UTC))
    upload_folder.watch(datetime.now(UTC))


def names(path: Path) -> set[str]:
    return {str(one.relative_to(path)) for one in path.rglob("*") if one.is_file() and one.name != ".ombud.lock"}


def test_files_dropped_are_taken_when_complete_and_filed_away(
    installation: Installation, known: Government, folder: Path
) -> None:
    drop(folder / "registry" / "today.csv", HEAD + lines(30))
    drop(folder / "bad.csv", BAD)
    drop(folder / "torn.csv", "what is this\n")
    drop(folder / "empty.csv", "")
    drop(folder / "half.csv.part", HEAD + lines(5, 50))
    drop(folder / "fresh.csv", HEAD + lines(5, 60), age=0)
    sweep(installation)
    assert names(folder) == {
        "registry/done/today.csv", "refused/bad.csv", "refused/bad.csv.errors.csv", "refused/torn.csv", "refused/torn.csv.errors.csv",
        "refused/empty.csv", "refused/empty.csv.errors.csv", "half.csv.part", "fresh.csv",
    }  # fmt: skip
    assert stored(installation) == 30
    assert "did you mean CIV1" in (folder / "refused" / "bad.csv.errors.csv").read_text()
    (folder / "half.csv.part").rename(folder / "half.csv")
    drop(folder / "registry" / "again.csv", HEAD + lines(30))
    drop(folder / "bad.csv", BAD)
    sweep(installation)
    assert stored(installation) == 35
    assert {"done/half.csv", "registry/done/again.csv"} <= names(folder)
    assert "bad.csv" not in names(folder)
    with installation.database.read() as session:
        sources = session.exec(select(Transaction.source, func.count()).group_by(col(Transaction.source))).all()
        looked = session.exec(select(TransactionUpload.name)).all()
    assert set(sources) == {("registry", 30), ("files", 5)}
    assert sorted(looked) == ["bad.csv", "bad.csv", "half.csv", "today.csv", "torn.csv"], "the same bytes are one file"


def test_a_file_that_cannot_be_moved_holds_up_no_other(
    installation: Installation, known: Government, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop(folder / "a.csv", HEAD + lines(2))
    drop(folder / "b.csv", HEAD + lines(2, 10))
    move = upload_folder._move

    def locked(path: Path, *rest: object) -> None:
        if path.name == "a.csv":
            raise PermissionError("the disk is read-only")
        move(path, *rest)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(upload_folder, "_move", locked)
        sweep(installation)
    assert (stored(installation), names(folder)) == (4, {"a.csv", "done/b.csv"})
    sweep(installation)
    assert (stored(installation), names(folder)) == (4, {"done/a.csv", "done/b.csv"})
