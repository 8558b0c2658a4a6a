"""Somebody who reports on the web with a browser that runs no scripts."""

import re
from dataclasses import dataclass, field
from html import unescape
from html.parser import HTMLParser
from typing import Any

import httpx

from tests.api.site import Web

TEXT = "The lamp in front of the school is broken"


class _Fields(HTMLParser):
    """What a browser would send of a page's form, without its buttons and files."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, str] = {}
        self._area = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = {name: value or "" for name, value in attrs}
        if tag == "textarea":
            self._area = named["name"]
            self.found[self._area] = ""
        sent = named.get("type") not in ("radio", "checkbox", "file") or "checked" in named
        if tag == "input" and sent:
            self.found[named["name"]] = named.get("value", "")

    def handle_data(self, data: str) -> None:
        if self._area:
            self.found[self._area] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._area = ""


@dataclass
class Person:
    """Goes through the form; what the page before had in its fields is posted along."""

    web: Web
    address: str = "/report"
    page: httpx.Response = field(init=False)

    def __post_init__(self) -> None:
        self.page = self.web.get(self.address)

    @property
    def fields(self) -> dict[str, str]:
        """The fields of the form on the page."""
        form = re.search(r'<form[^>]*id="report".*?</form>', self.page.text, re.DOTALL)
        assert form, self.page.text
        reader = _Fields()
        reader.feed(form[0])
        return reader.found

    @property
    def step(self) -> str:
        """The page shown."""
        return self.fields["step"]

    def go(self, button: str = "next", /, files: Any = None, **typed: str) -> "Person":
        """Fill in, and press a button."""
        where = "/report/files" if self.step == "files" else "/report"
        self.page = self.web.call("POST", where, data=self.fields | {"go": button} | typed, files=files)
        return self

    def until(self, step: str) -> "Person":
        """Write what happened, and go on to a page."""
        self.go(text=TEXT)
        while self.step != step:
            self.go()
        return self

    def sees(self, words: str) -> bool:
        """Whether the page says something."""
        return words in unescape(self.page.text)


def reference_on(page: httpx.Response) -> str:
    """The reference a page shows. Fails without one."""
    found = re.search(r"[0-9A-Z]{4}-[0-9A-Z]{4}", page.text)
    assert found, page.text
    return found[0]
