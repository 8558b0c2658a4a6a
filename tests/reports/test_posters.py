"""Posters and slips on paper: where each square leads, that every word is there as text, and never an empty box."""

import json
import shutil
import subprocess
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
import segno

from core import typeset
from core.errors import BadInput, Misconfigured
from core.i18n import LANGUAGES
from core.settings import settings
from domain.office import Office
from domain.states import OfficeFunction, Tier
from reports import posters, slips
from tests.conftest import left_out

OFFICE = Office(
    code="CIV1",
    names={"en": "Torvin Centre", "sq": "Qendra Torvin", "bn": "টরভিন সেবা কেন্দ্র", "ru": "Центр, Торвин"},
    tier=Tier.service_centre,
)


@pytest.fixture(autouse=True)
def public(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "PUBLIC_URL": "https://voice.example.org", "TWILIO_FROM": "+355690000000", "TELEGRAM_NAME": "@VoiceBot",
        "VOICE_NUMBER": "+35545550000",
    }.items():  # fmt: skip
        monkeypatch.setenv(f"OMBUD_{name}", value)
    settings.cache_clear()


def text_of(document: bytes, folder: Path) -> str:
    """What a reader's program finds in a PDF."""
    if shutil.which("pdftotext") is None:
        left_out("pdftotext (poppler-utils) is missing: no PDF was read")
    path = folder / "made.pdf"
    path.write_bytes(document)
    done = subprocess.run(["pdftotext", "-layout", str(path), "-"], capture_output=True, check=True)
    return done.stdout.decode()


def test_each_square_leads_to_this_office_alone() -> None:
    squares = posters.ways(OFFICE, posters.bot_name()).squares
    assert squares == {
        "web": "https://voice.example.org/report?office=CIV1",
        "telegram": "https://t.me/VoiceBot?start=CIV1",
        "sms": "sms:+355690000000?body=CIV1%20",
        "exit": "https://voice.example.org/exit/CIV1",
    }
    drawn = {str(item["kind"]): str(item["svg"]) for item in posters.poster(OFFICE, ["en"], "VoiceBot")["squares"]}  # type: ignore[attr-defined]
    for kind, address in squares.items():
        again = segno.make(address, error="q", micro=False, boost_error=False)
        assert drawn[kind] == again.svg_inline(border=0, omitsize=True, lineclass=None)


def test_a_code_is_escaped_where_addresses_need_it() -> None:
    odd = Office(code="A&B 1", names={"en": "Odd"}, tier=Tier.district)
    found = posters.ways(odd, "VoiceBot")
    assert parse_qs(urlsplit(found.web).query) == {"office": ["A&B 1"]}
    assert unquote(urlsplit(found.exit).path) == "/exit/A&B 1"
    assert unquote(found.sms) == "sms:+355690000000?body=A&B 1 "
    assert found.telegram == ""  # Telegram's links carry no such letters


def test_ways_that_are_not_there_are_not_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"TELEGRAM_MODE": "off", "TWILIO_FROM": "MG" + "0" * 32, "VOICE_NUMBER": ""}.items():
        monkeypatch.setenv(f"OMBUD_{name}", value)
    settings.cache_clear()
    assert posters.bot_name() == ""
    assert list(posters.ways(OFFICE, "").squares) == ["web", "exit"]
    assert posters.paper([posters.poster(OFFICE, ["en"], "")], "a5").startswith(b"%PDF")


@pytest.mark.parametrize("size", posters.PAPERS)
def test_a_poster_says_it_all_in_every_language(size: str, tmp_path: Path) -> None:
    made = posters.poster(OFFICE, list(LANGUAGES), "VoiceBot")
    text = text_of(posters.paper([made, made], size), tmp_path)
    assert text.count("\f") == 2, "one page each"
    for wanted in ("Tell us", "Na tregoni", "Расскажите нам", "Torvin Centre", "Центр, Торвин", "CIV1", "@VoiceBot"):
        assert wanted in text, wanted
    assert any(0x980 <= ord(letter) <= 0x9FF for letter in text)
    assert "voice.example.org/report" in text
    assert "+355 4 555 0000" in text
    assert "+355 69 000 0000" in text


SLIP: dict[str, object] = {
    "lang": "en", "dir": "ltr", "government": "Velmora", "number_label": "Your number", "reference": "K7QF-3M9V",
    "pin_label": "PIN", "pin": "4821", "facts": [["Who has it", "Torvin Centre"]], "follow": "To see where it is",
    "scan": "Scan", "text": "Or send", "sms": "STATUS K7QF-3M9V", "keep": "Keep it", "svg": slips.qr("https://x.example"),
}  # fmt: skip


@pytest.mark.parametrize("size", slips.PAPERS)
def test_a_slip_on_paper(size: str, tmp_path: Path) -> None:
    other = {**SLIP, "lang": "ru", "number_label": "Ваш номер", "reference": "M2HD-88TA"}
    text = text_of(slips.paper([SLIP, other], size), tmp_path)
    assert text.count("\f") == 2
    for wanted in ("K7QF-3M9V", "4821", "Torvin Centre", "STATUS K7QF-3M9V", "Ваш номер", "M2HD-88TA"):
        assert wanted in text, wanted


def test_a_letter_without_a_font_is_an_error_that_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(typeset, "_files", list)  # a machine with no fonts but those Typst brings along
    assert typeset.missing("Ç ж – “1”") == []
    assert typeset.missing("ক") == ["ক"]
    with pytest.raises(Misconfigured, match=r"Bengali \(.*fonts-noto-core"):
        slips.paper([{**SLIP, "follow": "কোথায়"}])
    with pytest.raises(Misconfigured, match="Bengali"):
        posters.paper([posters.poster(OFFICE, ["bn"], "")])
    assert slips.paper([SLIP]).startswith(b"%PDF")


def test_this_machine_can_print_every_language() -> None:
    for lang in LANGUAGES:
        if lacking := typeset.missing(posters.words_of(lang)):
            left_out(f"no font for {typeset.named(lacking)}: posters in {lang} were not drawn")
    assert json.loads(json.dumps(typeset.missing("\U000e0fff"))) == ["\U000e0fff"]


@pytest.mark.parametrize(("size", "language"), [("a3", "en"), ("a4", "xx")])
def test_what_there_is_not_is_said(size: str, language: str) -> None:
    with pytest.raises(BadInput, match="Choose one of"):
        posters.paper([posters.poster(OFFICE, posters.read_languages([language]), "")], size)


def test_desks_without_a_door_have_no_poster() -> None:
    def made(code: str, function: OfficeFunction, active: bool = True) -> Office:
        return Office(code=code, names={}, tier=Tier.national, function=function, active=active)

    offices = [
        made("B", OfficeFunction.service), made("T", OfficeFunction.triage), made("I", OfficeFunction.integrity),
        made("A", OfficeFunction.leadership), made("C", OfficeFunction.service, active=False),
    ]  # fmt: skip
    assert [office.code for office in posters.with_poster(offices)] == ["A", "B"]
