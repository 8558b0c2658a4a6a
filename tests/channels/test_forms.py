"""The citizen's form and the exit survey."""

from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels import kiosk, web
from channels.forms import NOT_READ, OLD_PAGE, PHONE
from channels.phones import TOO_SHORT, normalise_phone
from channels.values import Channel, Inbound
from core.errors import BadInput

TOKEN = "0d9f8f1e-7b67-4c5e-9b5e-1f0c6f0c2a11"
REPORT = {"text": "The pump house is locked", "token": TOKEN}


def test_the_least_report() -> None:
    assert web.parse(REPORT, region="AL") == Inbound(Channel.web, "web", TOKEN, "", "web", "The pump house is locked")


def test_the_fullest_report() -> None:
    form = {
        **REPORT,
        "kind": "complaint",
        "service": "water-supply",
        "place": "Rruga e Kavajës 7",
        "office": "TIR01",
        "about_staff": "on",
        "name": "Arta",
        "phone": "069 000 0101",
        "language": "sq",
        "csrf": "ignored",
    }
    made = web.parse(form, region="AL")
    assert (made.sender, made.recipient, made.language) == ("+355690000101", "TIR01", "sq")
    assert made.details == {
        "kind": "complaint",
        "service": "water-supply",
        "place": "Rruga e Kavajës 7",
        "office": "TIR01",
        "about_staff": True,
        "name": "Arta",
        "contact": "+355690000101",
    }


def test_an_anonymous_report_keeps_no_name() -> None:
    made = web.parse({**REPORT, "anonymous": "1", "name": "Arta", "phone": "+355690000101"}, region="AL")
    assert made.details == {"anonymous": True, "contact": "+355690000101"}


@pytest.mark.parametrize("ticked", ["", "0", "false", "No", "off", None, False])
def test_boxes_that_are_not_ticked(ticked: object) -> None:
    assert "about_staff" not in web.parse({**REPORT, "about_staff": ticked}, region="AL").details


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"text": ""}, {"text": web.EMPTY}),
        ({"text": " \r\n\t "}, {"text": web.EMPTY}),
        ({"text": "!!! ?"}, {"text": web.EMPTY}),
        ({"text": "\x00\x07"}, {"text": web.EMPTY}),
        ({"text": "x" * 4001}, {"text": web.TOO_LONG}),
        ({"text": "x" * 30_000}, {"text": web.TOO_LONG}),
        ({"phone": "12"}, {"phone": TOO_SHORT}),
        ({"phone": "call me"}, {"phone": PHONE}),
        ({"token": ""}, {"token": OLD_PAGE}),
        ({"token": "short"}, {"token": OLD_PAGE}),
        ({"token": "../../etc/passwd"}, {"token": OLD_PAGE}),
        ({"kind": "threat"}, {"kind": web.KIND}),
        ({"name": "x" * 201}, {"name": web.NAME}),
        ({"place": "x" * 201}, {"place": web.PLACE}),
        ({"service": "a b"}, {"service": NOT_READ}),
        ({"language": "klingon!"}, {"language": NOT_READ}),
        ({"text": ["a"]}, {"text": web.TOO_LONG}),
        ({"token": "", "text": "", "phone": "1"}, {"text": web.EMPTY, "phone": PHONE, "token": OLD_PAGE}),
    ],
)
def test_mistakes_are_named_by_field_in_the_order_of_the_form(changes: dict[str, Any], wrong: dict[str, str]) -> None:
    with pytest.raises(BadInput) as caught:
        web.parse({**REPORT, **changes}, region="AL")
    assert list(caught.value.fields.items()) == list(wrong.items())
    assert caught.value.mend


@pytest.mark.parametrize("text", ["x" * 4000, "ë" * 4000, "7", "🚱 ujë", "لا يوجد ماء", "line\r\nline"])
def test_texts_that_are_fine(text: str) -> None:
    assert web.parse({**REPORT, "text": text}, region="AL").text == text.replace("\r\n", "\n")


@pytest.mark.parametrize(
    ("written", "region", "expected"),
    [
        ("069 000 0101", "AL", "+355690000101"),
        ("+355 69 000 0101", "BD", "+355690000101"),
        ("00355690000101", "AL", "+355690000101"),
        ("(069) 000-0101", "AL", "+355690000101"),
        ("০১৭১২৩৪৫৬৭৮", "BD", "+8801712345678"),
        ("112", "AL", None),
        ("+999123456789", "AL", None),
        ("", "AL", None),
        ("abc", "AL", None),
    ],
)
def test_phone_numbers(written: str, region: str, expected: str | None) -> None:
    assert normalise_phone(written, region) == (
        "+8801712345678" if region == "BD" and expected and "880" in expected else expected
    )


def test_one_tap() -> None:
    made = kiosk.parse({"rating": "4", "token": TOKEN}, office="TIR01", region="AL")
    assert made == Inbound(Channel.kiosk, "TIR01", TOKEN, "", "TIR01", "", details={"office": "TIR01", "rating": 4})


def test_a_full_exit_survey_that_waited_for_the_network() -> None:
    form = {
        "rating": "٢",  # an Arabic keypad
        "reason": "waiting",
        "words": "Two hours",
        "phone": "0690000101",
        "language": "sq",
        "at": "2026-05-28T22:26:40+02:00",
        "token": TOKEN,
    }
    made = kiosk.parse(form, office="TIR01", region="AL")
    assert (made.text, made.sender, made.language) == ("Two hours", "+355690000101", "sq")
    assert made.sent_at == datetime(2026, 5, 28, 20, 26, 40, tzinfo=UTC)
    assert made.details == {"office": "TIR01", "rating": 2, "reason": "waiting", "contact": "+355690000101"}


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"rating": ""}, {"rating": kiosk.RATING}),
        ({"rating": "0"}, {"rating": kiosk.RATING}),
        ({"rating": "6"}, {"rating": kiosk.RATING}),
        ({"rating": "good"}, {"rating": kiosk.RATING}),
        ({"rating": "4.5"}, {"rating": kiosk.RATING}),
        ({"rating": None}, {"rating": kiosk.RATING}),
        ({"words": "x" * 1001}, {"words": kiosk.WORDS}),
        ({"phone": "1"}, {"phone": PHONE}),
        ({"token": None}, {"token": OLD_PAGE}),
    ],
)
def test_exit_survey_mistakes(changes: dict[str, Any], wrong: dict[str, str]) -> None:
    with pytest.raises(BadInput) as caught:
        kiosk.parse({"rating": "4", "token": TOKEN, **changes}, office="TIR01", region="AL")
    assert caught.value.fields == wrong


@pytest.mark.parametrize("at", ["", "yesterday", "2026-05-28T10:00:00", "0001-01-01T00:00:00+14:00", 5])
def test_a_kiosk_with_a_wrong_clock_loses_nothing(at: object) -> None:
    assert kiosk.parse({"rating": 5, "token": TOKEN, "at": at}, office="TIR01", region="AL").sent_at is None


ANYTHING = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.text(), max_size=2)


@given(st.dictionaries(st.sampled_from([*web.Report.model_fields, *kiosk.ExitSurvey.model_fields]), ANYTHING))
def test_no_form_breaks_the_parsers(form: dict[str, Any]) -> None:
    for fields in (form, {**form, **REPORT, "rating": "3"}):
        with suppress(BadInput):
            assert web.parse(fields, region="AL").text
        with suppress(BadInput):
            assert kiosk.parse(fields, office="TIR01", region="AL").details["rating"]
