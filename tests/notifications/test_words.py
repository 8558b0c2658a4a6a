"""Templates: every message in every language, plain and light."""

from datetime import UTC, date, datetime
from importlib import resources
from zoneinfo import ZoneInfo

import jinja2
import pytest
from jinja2 import Environment, meta

from core.i18n import LANGUAGES
from notifications.compose import compose
from notifications.segments import for_sms, is_gsm, segments

FOLDER = resources.files("notifications") / "templates"
NAMES = sorted(folder.name for folder in FOLDER.iterdir() if folder.is_dir())
OFFICES = {
    "en": "Coast Water Works",
    "sq": "Ujësjellësi i Bregdetit",
    "bn": "উপকূল পানি সরবরাহ দপ্তর",
    "ru": "Прибрежный водоканал",
}
SERVICES = {
    "en": "Water bill and meter",
    "sq": "Fatura dhe matësi i ujit",
    "bn": "পানির বিল ও মিটার",
    "ru": "Счёт за воду",
}
DUE = datetime(2026, 11, 26, 22, 30, tzinfo=UTC)


def values(language: str, **more: object) -> dict[str, object]:
    return {
        "reference": "K7QF-3M9V",
        "office": OFFICES[language],
        "service": SERVICES[language],
        "due": DUE,
        "text": "-",
        "level": "above",
        "found": True,
        "state": "open",
        "site": "https://ombud.example",
        "code": "482913",
        "minutes": 15,
        "question": {"en": "How was it?", "sq": "Si ishte?", "bn": "কেমন ছিল?", "ru": "Как всё прошло?"}[language],
        "hint": "…567",
        "government": "Republic of Velmora",
        "zone": ZoneInfo("Europe/Tirane"),
    } | more


def test_no_message_is_missing() -> None:
    assert set(NAMES) >= {
        "acknowledgement",
        "answer",
        "help",
        "poster",
        "question",
        "reopened",
        "resumed",
        "status",
        "stopped",
        "survey",
        "survey_thanks",
        "survey_unclear",
        "transfer",
        "unreadable",
    }


@pytest.mark.parametrize("name", NAMES)
def test_every_language_is_there_and_says_the_same(name: str) -> None:
    written = {path.name.removesuffix(".txt") for path in (FOLDER / name).iterdir()}
    assert written == set(LANGUAGES)
    reader = Environment(autoescape=True)
    reader.filters["day"] = str
    used = {
        language: meta.find_undeclared_variables(reader.parse((FOLDER / name / f"{language}.txt").read_text("utf-8")))
        for language in LANGUAGES
    }
    assert len({frozenset(variables) for variables in used.values()}) == 1, used


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", NAMES)
def test_words_are_plain(name: str, language: str) -> None:
    text = (FOLDER / name / f"{language}.txt").read_text("utf-8")
    assert "!" not in text.replace("!=", "")
    for state in ("triage", "open", "waiting", "answered", "closed"):
        for flag in (True, False):
            written = compose(
                name,
                language,
                **values(
                    language,
                    state=state,
                    found=flag,
                    late=flag,
                    triage=flag,
                    ask_why=flag,
                    pin="4831" if flag else None,
                    answered_at=DUE if flag else None,
                    reply_by=DUE if flag else None,
                ),
            )
            assert written == written.strip()
            assert "  " not in written
            assert " ." not in written
            assert ".." not in written
            assert "None" not in written


SEGMENTS = {
    "acknowledgement": (1, 1, 2, 2),
    "added": (1, 1, 1, 1),
    "aftercare": (1, 1, 1, 2),
    "appeal_decided": (1, 1, 2, 2),
    "divided": (1, 1, 2, 2),
    "solved": (1, 1, 1, 1),
    "take_back": (1, 1, 2, 2),
    "answer": (1, 1, 1, 1),
    "apart": (1, 1, 1, 1),
    "files_refused": (1, 1, 2, 2),
    "ask_belongs": (1, 1, 1, 1),
    "ask_place": (1, 1, 1, 1),
    "ask_service": (1, 1, 1, 1),
    "declined": (1, 1, 2, 2),
    "guide": (1, 1, 2, 2),
    "help": (1, 1, 3, 3),
    "link": (1, 1, 2, 1),
    "missed_call": (1, 1, 3, 2),
    "proof": (1, 1, 2, 3),
    "over": (1, 1, 1, 2),
    "too_large": (1, 1, 2, 2),
    "poster": (1, 1, 2, 2),
    "question": (1, 1, 2, 2),
    "reopened": (1, 1, 2, 2),
    "resumed": (1, 1, 1, 1),
    "status": (1, 1, 2, 1),
    "stopped": (1, 1, 1, 2),
    "survey": (1, 1, 3, 3),
    "survey_notice": (1, 1, 2, 2),
    "survey_reminder": (1, 1, 3, 3),
    "survey_thanks": (1, 1, 1, 1),
    "survey_unclear": (1, 1, 1, 1),
    "raised": (1, 1, 2, 2),
    "expiring": (1, 1, 2, 2),
    "transfer": (1, 1, 2, 2),
    "unreadable": (1, 1, 1, 2),
}
"""SMS segments each message takes with the names above, in en, sq, bn, ru: what a government pays."""


def test_what_each_message_costs() -> None:
    measured = {
        name: tuple(segments(for_sms(compose(name, language, **values(language)))) for language in LANGUAGES)
        for name in NAMES
    }
    assert measured == SEGMENTS


def test_days_are_written_as_the_reader_does_in_the_zone_of_the_office() -> None:
    days = {language: compose("reopened", language, **values(language)) for language in LANGUAGES}
    assert "Thursday 26 November" in days["en"]
    assert "26 nëntor" in days["sq"]
    assert "২৬ নভেম্বর" in days["bn"]
    assert "26 ноября" in days["ru"]
    assert "Friday 27 November" in compose("reopened", "en", **values("en", zone=ZoneInfo("Asia/Dhaka")))
    assert "Tuesday 1 December" in compose("reopened", "en", **values("en", due=date(2026, 12, 1)))


def test_a_language_without_a_template_reads_english() -> None:
    assert compose("reopened", "fr", **values("en")) == compose("reopened", "en", **values("en"))


def test_a_value_left_out_is_an_error_not_a_gap() -> None:
    with pytest.raises(jinja2.UndefinedError):
        compose("answer", "en", text="x")
    with pytest.raises(FileNotFoundError):
        compose("no_such_message", "en")


def test_words_of_an_officer_are_never_a_template() -> None:
    assert compose("answer", "en", text="{{ office }} <b>&</b>", reference="R") == "{{ office }} <b>&</b>\nRef R"


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("€" * 80, 1),  # two places each
        ("€" * 81, 2),
        ("ë" * 70, 1),
        ("ë" * 71, 2),
        ("🙂" * 35, 1),  # two UTF-16 units each
        ("🙂" * 36, 2),
        ("পা" * 67, 2),
    ],
)
def test_segments(text: str, count: int) -> None:
    assert segments(text) == count


def test_lighter_letters_only_where_they_save_a_segment() -> None:
    long = "Uji është i ndotur dhe nuk pihet, sipas analizës “laboratorike” – ju lutemi mos e pini çezmën tuaj."
    assert for_sms(long) == (
        'Uji eshte i ndotur dhe nuk pihet, sipas analizes "laboratorike" - ju lutemi mos e pini cezmen tuaj.'
    )
    assert is_gsm(for_sms(long))
    assert for_sms("Përshëndetje") == "Përshëndetje"
    russian = "Ваше сообщение принято, ответим до четверга, ждите, пожалуйста. " * 2
    assert for_sms(russian) == russian
