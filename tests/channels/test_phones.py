"""What can be a phone that messages reach, and in words why not."""

from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels import phones
from channels.phone_zones import zone_of
from channels.phones import read_phone

ROWS = [
    ("069 123 4567", "AL", "+355691234567", ""),
    ("+355 69 123 45 67", "BD", "+355691234567", ""),
    ("00355691234567", "BD", "+355691234567", ""),
    ("০১৭১২৩৪৫৬৭৮", "BD", "+8801712345678", ""),
    ("٠١٧١٢٣٤٥٦٧٨", "BD", "+8801712345678", ""),
    ("(201) 555-0123", "US", "+12015550123", ""),  # may be either, so it is tried
    ("8 912 345-67-89", "RU", "+79123456789", ""),
    ("04 223 4567", "AL", None, phones.LANDLINE),
    ("+49 30 901820", "AL", None, phones.LANDLINE),
    ("+44 871 123 4567", "AL", None, phones.SERVICE),
    ("+49 800 3301000", "AL", None, phones.SERVICE),
    ("+1 900 234 5678", "AL", None, phones.SERVICE),
    ("069 123", "AL", None, phones.TOO_SHORT),
    ("069 123 4567 8901 2", "AL", None, phones.TOO_LONG),
    ("+355 69 123 4567 8901 234567", "AL", None, phones.TOO_LONG),
    ("+999 123 456 789", "AL", None, phones.NO_COUNTRY),
    ("+355 60 000 0000", "AL", None, phones.NO_SUCH),
    ("112", "AL", None, phones.TOO_SHORT),
    ("", "AL", None, phones.NO_NUMBER),
    ("my neighbour's", "AL", None, phones.NO_NUMBER),
    ("citizen@example.org", "AL", None, phones.NO_NUMBER),
]


@pytest.mark.parametrize(("written", "region", "number", "why"), ROWS, ids=[f"{row[0]} in {row[1]}" for row in ROWS])
def test_reading(written: str, region: str, number: str | None, why: str) -> None:
    read = read_phone(written, region)
    assert (read.number, read.why) == (number, why)


def test_a_landline_will_do_where_somebody_rings_back() -> None:
    read = read_phone("04 223 4567", "AL", call_back=True)
    assert (read.number, read.kind) == ("+35542234567", "landline")
    assert read_phone("+1 900 234 5678", "AL", call_back=True).why == phones.SERVICE


@given(st.text(max_size=40), st.sampled_from(["AL", "BD", "RU", "ZZ", ""]))
def test_whatever_is_typed_is_a_number_or_has_a_reason(text: str, region: str) -> None:
    read = read_phone(text, region)
    assert (read.number is None) == bool(read.why)
    assert read.number is None or read.number.startswith("+")


@pytest.mark.parametrize(
    ("number", "zone"),
    [
        ("+355691234567", "Europe/Tirane"),
        ("+8801712345678", "Asia/Dhaka"),
        ("+12015550123", "America/New_York"),
        ("+79123456789", "Europe/Tirane"),  # a country of many zones
        ("+355600000001", "Europe/Tirane"),  # assigned to nobody
        ("+999123456789", "Europe/Tirane"),
        ("", "Europe/Tirane"),
        ("somebody@example.org", "Europe/Tirane"),
    ],
)
def test_where_on_the_clock_a_phone_is(number: str, zone: str) -> None:
    assert zone_of(number, "Europe/Tirane") == zone
    ZoneInfo(zone_of(number, "Europe/Tirane"))
