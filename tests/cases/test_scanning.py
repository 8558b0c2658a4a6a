"""Files past a virus scanner: infected ones refused, and nothing shown while nobody could look."""

import pytest

from cases import attachments, media
from channels import virus
from cli.checkup import _scanner as scanner_check
from core import files as store
from core.errors import BadInput, Misconfigured, NotFound
from core.settings import settings
from domain.case import Case
from tests import files
from tests.cases.conftest import Town
from tests.cases.test_attachments import MEDIA, Provider, entries, rows, send, upload
from tests.clamd import clamd
from tests.processes import free_port

INFECTED_PDF = b"%PDF-1.4\n" + files.EICAR


def use(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("OMBUD_CLAMAV_URL", url)
    settings.cache_clear()


def test_a_clean_file_is_kept_and_an_infected_one_is_not(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    with clamd() as (url, daemon):
        use(monkeypatch, url)
        assert upload(town, files.PDF, name="a.pdf").scan == "clean"
        with pytest.raises(BadInput) as caught:
            upload(town, INFECTED_PDF, name="b.pdf")
        assert caught.value.fields["file"] == virus.INFECTED
        assert daemon.scanned == 2
        assert scanner_check(settings()).state == "good"
    assert len(rows(town)) == len(list(store.kept())) == 1
    assert scanner_check(settings()).state == "bad"


def test_while_the_scanner_is_away_files_wait_and_nobody_sees_them(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    port = free_port()
    use(monkeypatch, f"tcp://127.0.0.1:{port}")
    clean, bad = upload(town, files.PDF, name="a.pdf"), upload(town, INFECTED_PDF, name="b.pdf")
    send(town, "Look", MEDIA + "1")
    with town.database.write() as session:
        case = session.get_one(Case, town.case().id, with_for_update=True)
        attachments.adopt(session, case, "form-1", town.now)
    provider = Provider({MEDIA + "1": files.jpeg()})
    for _ in range(media.TRIES + 2):
        town.later(hours=5)
        media.fetch_due(town.now, provider)
    assert [row.state for row in rows(town)] == ["waiting"] * 3
    assert provider.asked == [MEDIA + "1"]  # fetched once; since then only the scanner is asked
    assert entries(town) == []
    with town.database.read() as session, pytest.raises(NotFound):
        attachments.one_of_case(session, town.case(), clean.id)
    with pytest.raises(NotFound):
        attachments.content(clean)
    with clamd(port):
        town.later(hours=5)
        media.fetch_due(town.now, provider)
    states = {row.id: row.state for row in rows(town)}
    assert states.pop(bad.id) == "refused"
    assert set(states.values()) == {"stored"}
    assert not store.path_of(bad.id).exists()
    assert len(entries(town)) == 2


@pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
def test_a_file_the_scanner_finds_too_long_waits(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    with clamd() as (url, daemon):
        daemon.largest = 10
        use(monkeypatch, url)
        assert upload(town, files.PDF, name="a.pdf").state == "waiting"


def test_an_address_that_names_no_scanner_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, "http://127.0.0.1:3310")
    with pytest.raises(Misconfigured):
        virus.check(b"x", settings().clamav_url)
    assert scanner_check(settings()).state == "bad"
    assert virus.check(b"x", "") == ""
