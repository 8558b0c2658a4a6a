"""Translation: beside the original, of what it was made of, and never of what must not leave."""

import threading
import time
from collections.abc import Iterator

import pytest
import uvicorn
from fastapi import FastAPI, Request
from sqlmodel import select, update

from cases import history, translations
from channels import translator
from channels.translator import TranslatorAway
from core.errors import Conflict, NotAllowed
from core.settings import settings
from domain.answer import Translation
from domain.case import Case
from simulators import translator as standin
from tests.cases.conftest import Town
from tests.processes import free_port

ALBANIAN = "WAT1 Nuk kemi ujë në rrugën tonë që të hënën. Më telefononi në 069 123 4567, ju lutem"


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[str, list[str]]]:
    """The stand-in on a port of its own, and what it was sent."""
    app, port, heard = FastAPI(), free_port(), list[str]()

    @app.middleware("http")
    async def listen(request: Request, call_next):  # type: ignore[no-untyped-def]
        heard.append((await request.body()).decode())
        return await call_next(request)

    app.include_router(standin.router(key="k"))
    running = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error"))
    thread = threading.Thread(target=running.run, daemon=True)
    thread.start()
    while not running.started:
        time.sleep(0.01)  # until the server listens
    yield f"http://127.0.0.1:{port}", heard
    running.should_exit = True
    thread.join()


@pytest.fixture
def asked(town: Town, server: tuple[str, list[str]], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A case in Albanian, and what the translator is sent from here on."""
    monkeypatch.setenv("OMBUD_TRANSLATOR_URL", server[0])
    monkeypatch.setenv("OMBUD_TRANSLATOR_KEY", "k")
    settings.cache_clear()
    town.arrives(ALBANIAN)
    assert town.case().language == "sq"
    server[1].clear()
    return server[1]


def shown(town: Town) -> list[str]:
    with town.database.read() as session:
        case = session.exec(select(Case)).one()
        return list(translations.of_case(session, case, history.timeline(session, case), "en").values())


def translate(town: Town, who: str = "officer1") -> int:
    return translations.translate(town.viewer(who), town.case().reference, "en", town.now)


def test_what_they_wrote_is_translated_once_and_again_when_they_write_more(town: Town, asked: list[str]) -> None:
    assert shown(town) == []
    assert translate(town) == 1
    (words,) = shown(town)
    assert words.startswith("[sq → en]")
    assert translate(town) == 0
    town.arrives("dhe tani edhe drita iku")
    assert translate(town) == 1
    assert len(shown(town)) == len(asked) == 2


def test_numbers_do_not_leave(town: Town, asked: list[str]) -> None:
    translate(town)
    assert "4567" not in asked[0]
    assert "[phone]" in asked[0]


@pytest.mark.parametrize("why", ["integrity", "confidential", "about_staff_id", "about_office_id"])
def test_what_must_not_leave_does_not(town: Town, asked: list[str], why: str) -> None:
    known = town.known
    value = {"about_staff_id": known.staff["clerk"], "about_office_id": known.office["CIV1"]}.get(why, True)
    with town.database.write() as session:
        session.execute(update(Case).values({why: value}))
        if why == "integrity":
            session.execute(update(Case).values(office_id=known.office["INTEG"]))
    with pytest.raises(Conflict):
        translate(town, "integrity" if why == "integrity" else "officer1")
    assert asked == []


def test_who_only_reads_sends_nothing(town: Town, asked: list[str]) -> None:
    with pytest.raises(NotAllowed):
        translate(town, "auditor")
    assert asked == []


def test_without_a_translator_there_is_nothing(town: Town) -> None:
    town.arrives(ALBANIAN)
    assert not translations.offered(town.case(), "en")


@pytest.mark.parametrize(
    ("source", "key", "address", "said"),
    [
        ("sq", "wrong", "", "Invalid API key"),
        ("xx", "k", "", "xx is not supported"),
        ("sq", "k", "/nowhere", "did not translate"),
        ("sq", "k", "http://127.0.0.1:9", "did not answer"),
    ],
)
def test_what_goes_wrong_is_said(server: tuple[str, list[str]], source: str, key: str, address: str, said: str) -> None:
    url = address if address.startswith("http") else server[0] + address
    with pytest.raises(TranslatorAway, match=said):
        translator.translate("ujë", source, "en", url=url, key=key)


def test_a_translation_of_words_that_were_changed_is_not_shown(town: Town, asked: list[str]) -> None:
    translate(town)
    with town.database.write() as session:
        row = session.exec(select(Translation)).one()
        row.original = translations.digest("other words")
    assert shown(town) == []
    assert translate(town) == 1
    assert len(shown(town)) == 1
