"""What people type into the search: slips, endings, other scripts, any order; and what they mean by it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.sample import government
from routing.search import Entry, Finder, in_latin

SAMPLE = government.load()
SERVICES = Finder(
    Entry(service.code, tuple(service.names.values()), tuple(k for words in service.keywords.values() for k in words))
    for service in SAMPLE.services
)
PLACES = Finder(
    [
        *(Entry(place[0], place) for place in {place[0]: place for o in SAMPLE.offices for place in o.places}.values()),
        *(Entry(office.code, (*office.names.values(), office.code)) for office in SAMPLE.offices),
    ]
)
FIRST = [
    # English
    ("pasport", "passport"),
    ("passprot renewal", "passport"),
    ("no watter", "water-outage"),
    ("birth certificat", "birth-certificate"),
    ("hoile in raod", "pothole"),
    ("street lihgt", "street-light"),
    ("garbege", "waste-collection"),
    ("id card", "id-card"),
    ("power cutt", "power-outage"),
    ("pensions", "pension"),
    # Albanian, with and without its letters
    ("pasaporta", "passport"),
    ("s'ka uje", "water-outage"),
    ("fatura e ujit", "water-bill"),
    ("rruga prishur", "pothole"),
    ("kanalizimi", "sewage"),
    ("certifikate lindje", "birth-certificate"),
    ("ndricimi i rruges", "street-light"),
    # Bengali, and Bengali in Latin letters
    ("পাসপোর্ট", "passport"),
    ("পাসপোট", "passport"),
    ("পানি নাই", "water-outage"),
    ("pani nei", "water-outage"),
    ("রাস্তায় গর্ত", "pothole"),
    ("জন্ম সনদ", "birth-certificate"),
    ("বিদ্যুত নেই", "power-outage"),
    # Russian, and Russian in Latin letters
    ("паспорт", "passport"),
    ("паспрт", "passport"),
    ("нет вады", "water-outage"),
    ("яма на дороге", "pothole"),
    ("дороге яма", "pothole"),
    ("канализацыя", "sewage"),
    ("yama", "pothole"),
    ("свидетельство о рождени", "birth-certificate"),
]
FOUND = [
    ("Torvin", "Torvin"),
    ("torvn", "Torvin"),
    ("Торвин", "Torvin"),
    ("в Торвине", "Torvin"),
    ("টরভিন", "Torvin"),
    ("টরভন", "Torvin"),
    ("keld", "Kelda"),
    ("Keldes", "Kelda"),
    ("Кельды", "Kelda"),
    ("কেলদায়", "Kelda"),
    ("marensa", "Marenza"),
    ("Маренца", "Marenza"),
    ("ulmore", "Ulmora"),
    ("wat2", "WAT2"),
    ("torvin watr works", "WAT2"),
    ("Торвинский водоканал", "WAT2"),
    ("bashkia kelde", "MUN1"),
    ("minister of helth", "HLT"),
]


@pytest.mark.parametrize(("typed", "code"), FIRST)
def test_the_service_that_is_meant_comes_first(typed: str, code: str) -> None:
    assert SERVICES.find(typed)[:1] == [code]


@pytest.mark.parametrize(("typed", "code"), FOUND)
def test_the_place_or_office_that_is_meant_comes_first(typed: str, code: str) -> None:
    assert PLACES.find(typed)[:1] == [code]


@pytest.mark.parametrize("typed", ["", " ", "xyzzy", "qqqq", "...", "১২৩৪৫৬", "🚱"])
def test_nothing_is_better_than_something_far_fetched(typed: str) -> None:
    assert SERVICES.find(typed) == []


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("My passport renewal takes months in Kelda", "passport"),
        ("The road in Kelda has a hole as big as a bath", "pothole"),
        ("Në lagjen tonë nuk ka ujë që prej të hënës", "water-outage"),
        ("আমাদের পাড়ায় তিন দিন ধরে পানি নেই", "water-outage"),
        ("На нашей улице уже неделю не горит фонарь", "street-light"),
    ],
)
def test_a_whole_report_offers_what_its_words_name(text: str, code: str) -> None:
    assert code in SERVICES.find(text, 3, sure=True)


@pytest.mark.parametrize("text", ["I am angry about the government", "Help me please", "Что делать?"])
def test_a_report_that_names_nothing_offers_nothing(text: str) -> None:
    assert SERVICES.find(text, 3, sure=True) == []


def test_other_scripts_as_they_sound() -> None:
    assert [in_latin(word) for word in ("вода", "паспорт", "পানি", "water", "مياه")] == [
        *("voda", "pasport", "pani", "water", "مياه")
    ]


@given(st.text(max_size=300), st.booleans())
def test_no_text_breaks_it(text: str, sure: bool) -> None:
    assert len(SERVICES.find(text, 4, sure=sure)) <= 4
