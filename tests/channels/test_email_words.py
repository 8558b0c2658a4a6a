# ruff: noqa: E501  (mails are as wide as they are)
"""The words of mails: what is new in a reply, HTML as text, addresses as people write them."""

import time
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.email import message_of, normalise_address
from channels.email_quotes import own_words
from channels.email_text import html_text

OURS = "01a21454-7e75-75e1-ab7a-32d8d11e6444"

KEPT_WHOLE = {
    "a forwarded mail is what the citizen shows": "Look\n---------- Forwarded message ---------\nFrom: clerk@x.example\n"
    "Date: Mon, 2 Mar 2026 10:15\nSubject: fee\nTo: me\n\nYou must pay 50 extra",
    "answers between quotes": "> Which street?\nRruga e Re\n> Since when?\nMonday",
    "a list is no signature": "Nothing works:\n- No water\n- No light",
    "journeys are no headers": "I was sent\nFrom: Lumas\nTo: Drenova\nand back",
    "somebody's words in a story": "I went there.\nOn 3 March at 10:30 the clerk wrote:\nYou must pay.\nI paid.",
    "a name may be what matters": "Call me.\nBest regards,\nAna Kola, Rruga 5",
    "a line between two matters": "The lamp is dark.\n--\nAnd the road is broken.",
    "nothing of their own": "> We have your message\n> Ref K7QF-3M9V",
    "only a telephone's line": "Sent from my iPhone",
    "a dash and a name": "-- \nAna",
}


@pytest.mark.parametrize("name", KEPT_WHOLE)
def test_no_words_of_the_citizen_are_cut(name: str) -> None:
    assert own_words(KEPT_WHOLE[name]) == KEPT_WHOLE[name].strip()


@pytest.mark.parametrize(
    ("text", "own"),
    [
        ("Still dark\n\n-----Original Message-----\nFrom: x", "Still dark"),
        ("Still dark\n\n________________________________\nFrom: O <voice@gov.example>\nSent: Monday 10:15\nTo: A\n\nold", "Still dark"),
        ("Errësirë\n\nNga: O <voice@gov.example>\nDërguar: e hënë 10:15\nPër: Ana\nLënda: x\n\nold", "Errësirë"),
        ("Темно\n\nОт: O <voice@gov.example>\nОтправлено: 2 марта 10:15\nКому: A\nТема: x\n\nстарое", "Темно"),
        ("> We have it\n> Ref\n\nBelow the quote", "Below the quote"),
        ("Dark\n\nOn Mon, 2 Mar 2026, at 10:15, Ombud\n<voice@gov.example> wrote:\n\n> old", "Dark"),
        ("Dark\n\nSent from my iPhone", "Dark"),
        ("Темно\n\nОтправлено с iPhone", "Темно"),
        ("Dark\n-- \nAna\n+355 69 1", "Dark"),
    ],
)  # fmt: skip
def test_quotes_and_signatures_are_cut(text: str, own: str) -> None:
    assert own_words(text) == own


@pytest.mark.parametrize(
    "html_page",
    ["<!--" * 90_000, "<" * 300_000, "<a " * 100_000, "<div>" * 70_000, "<blockquote>" * 30_000, "<a b='" * 60_000, "&#1" * 90_000],
    ids=lambda page: page[:6],
)  # fmt: skip
def test_hostile_html_takes_no_time(html_page: str) -> None:
    began = time.process_time()
    html_text(html_page)
    assert time.process_time() - began < 3


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("Ana <Ana.B@Example.ORG>", "ana.b@example.org"), ("mailto:a@b.example", "a@b.example"), (" a+b@c.example. ", "a+b@c.example"),
        ("o'hara@mail.example", "o'hara@mail.example"), ("ана@почта.рф", "ана@xn--80a1acny.xn--p1ai"), ("a@b", None),
        ("a b@c.example", None), ("a@b@c.example", None), ("", None), ("a..b@c.example", None), ("x@[127.0.0.1]", None),
        ("a@b.example\nBcc: c@d.example", None), ("a@1.2.3.4", None), ("x" * 65 + "@c.example", None), ("a@-b.example", None),
    ],
)  # fmt: skip
def test_addresses(written: str, address: str | None) -> None:
    assert normalise_address(written) == address


@given(st.text(max_size=80))
def test_an_address_stays_what_it_was(text: str) -> None:
    address = normalise_address(text)
    assert address is None or normalise_address(address) == address


def test_our_message_ids_are_told_from_others() -> None:
    assert message_of(f"<{OURS}@anything.example>") == UUID(OURS)
    assert message_of("<CAF+123@mail.example>") is None
