"""Citizens' pages in a language nobody wrote: every word comes from the catalogue, and it fits from right to left."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from playwright.sync_api import Browser

from core.i18n import LANGUAGES
from core.safety import DEMO_GOVERNMENT
from tests.look import samples
from tests.look.pseudo import CLOSE, CODE, OPEN, spoken, write
from tests.look.site import build, serving
from tests.look.test_browser import browser
from tests.look.test_translations import citizens_messages

__all__ = ["browser"]

READ = ("aria-label", "title", "placeholder", "alt", "content")
"""Attributes whose words a citizen reads or hears."""


class Words(HTMLParser):
    """Collects what a citizen reads or hears."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "meta":
            return
        self.silent += tag in ("style", "script")
        self.found += [value for name, value in attrs if name in READ and value]

    def handle_endtag(self, tag: str) -> None:
        self.silent -= tag in ("style", "script")

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.found.append(data)


def strings(value: object) -> Iterator[str]:
    """Every string a sample's context holds: data, which no catalogue knows."""
    if isinstance(value, str):
        yield from value.split("\n")
        yield value.partition("://")[2]  # as people read an address
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from strings(key)
            yield from strings(inner)
    elif isinstance(value, list | tuple | set | frozenset):
        for inner in value:
            yield from strings(inner)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("locale")
    write(made, citizens_messages())
    return made


@pytest.fixture
def client(folder: Path, own_settings: None) -> Iterator[TestClient]:
    with spoken(folder):
        yield TestClient(build())


def left_over(html: str, context: object) -> list[str]:
    """Words of a page that stand outside the brackets and are no data of the sample."""
    reader = Words()
    reader.feed(html)
    text = re.sub(f"{OPEN}[^{CLOSE}]*{CLOSE}", " ", " \n ".join(reader.found))
    known = [*strings(context), DEMO_GOVERNMENT, *LANGUAGES.values()]
    for data in sorted({one.strip() for one in known if one.strip()}, key=len, reverse=True):
        text = text.replace(data, " ")
    return re.findall(r"[A-Za-z]{3,}", text)


@pytest.mark.parametrize("name", samples.CITIZEN)
def test_every_word_a_citizen_reads_comes_from_the_catalogue(client: TestClient, name: str) -> None:
    answer = client.get(f"/citizen/{name}?lang={CODE}")
    assert f'lang="{CODE}" dir="rtl"' in answer.text
    assert OPEN in answer.text
    assert left_over(answer.text, samples.CITIZEN[name][1]) == []


def test_a_word_without_translation_would_be_found() -> None:
    page = f"<p>{OPEN}Spôkéñ{CLOSE} Forgotten <b>{OPEN}words{CLOSE}</b></p><img alt='Unseen'>"
    assert left_over(page, {}) == ["Forgotten", "Unseen"]


def test_pages_fit_a_narrow_phone_from_right_to_left(folder: Path, browser: Browser) -> None:
    with spoken(folder), serving(build()) as base:
        page = browser.new_page(viewport={"width": 320, "height": 640})
        wide = []
        for name in samples.CITIZEN:
            page.goto(f"{base}/citizen/{name}?lang={CODE}")
            assert page.evaluate("getComputedStyle(document.body).direction") == "rtl"
            over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            if over > 0:
                wide.append(f"{name}: {over} px")
        page.close()
    assert wide == []
