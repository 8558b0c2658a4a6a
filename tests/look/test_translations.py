"""Every language has every text that is read elsewhere than on the pages of staff, by citizens, in mails, within other
sites, with the same placeholders and all its plural forms."""

from pathlib import Path

import pytest
from babel.messages.extract import extract_from_file

from api.pages import TEMPLATES
from api.words import CITIZEN_VOCABULARIES, VOCABULARIES
from core import i18n
from domain import states

OPTIONS = {"newstyle_gettext": "true", "trimmed": "true", "silent": "false"}

PYTHON = (
    "api/citizen*.py",
    "api/open_*.py",
    "api/report*.py",
    "api/kiosk*.py",
    "channels/*.py",
    "surveys/asking.py",
    "surveys/web.py",
    "surveys/exit.py",
    "api/proof_pages.py",
    "cases/*.py",
    "reports/posters.py",
    "reports/slips.py",
    "reports/headline.py",
    "reports/changes.py",
    "api/embedding.py",
    "api/trends.py",
)
"""Code whose marked sentences citizens read, or staff in their own language."""

PAGES = (
    "components.html",
    "citizen/*.html",
    "staff/embedded*.html",
    "staff/trend_part.html",
    "staff/weekly_stop.html",
)
MAILS = "reports/mail/*.*"


def citizens_messages() -> set[str | tuple[str, ...]]:
    """What `pybabel extract` finds where citizens read."""
    found: set[str | tuple[str, ...]] = set()
    root = TEMPLATES.parent.parent
    pages = [path for pattern in PAGES for path in sorted(TEMPLATES.glob(pattern))]
    sources = [("jinja2.ext:babel_extract", path) for path in (*pages, *sorted(root.glob(MAILS)))]
    sources.append(("python", Path(i18n.__file__)))
    sources += [("python", path) for pattern in PYTHON for path in sorted(root.glob(pattern))]
    for method, path in sources:
        for _, message, _, _ in extract_from_file(method, path, options=OPTIONS):
            found.add(message if isinstance(message, str) else tuple(message))
    for name in CITIZEN_VOCABULARIES:
        found.update(VOCABULARIES[name].values())
    return found


catalogue = i18n.catalogue


def test_extraction_finds_the_texts_of_every_citizens_page() -> None:
    messages = citizens_messages()
    assert len(messages) > 180
    assert "What happened?" in messages
    assert ("%(count)s day", "%(count)s days") in messages


@pytest.mark.parametrize("lang", [code for code in i18n.LANGUAGES if code != i18n.SOURCE_LANGUAGE])
def test_no_citizens_text_is_missing(lang: str) -> None:
    texts = catalogue(lang)
    missing = []
    for message in citizens_messages():
        entry = texts.get(message)
        forms = (entry.string if isinstance(entry.string, tuple) else (entry.string,)) if entry else ("",)
        if entry is None or entry.fuzzy or not all(forms):
            missing.append(message)
    assert missing == []
    assert [error for entry in texts for error in entry.check(texts)] == []


@pytest.mark.parametrize("lang", [code for code in i18n.LANGUAGES if code != i18n.SOURCE_LANGUAGE])
def test_catalogue_has_no_leftovers_and_no_shouting(lang: str) -> None:
    wanted = citizens_messages()
    for entry in catalogue(lang):
        if not entry.id:
            continue
        key = entry.id if isinstance(entry.id, str) else tuple(entry.id)
        assert key in wanted, f"{lang}: {key!r} is on no page any more"
        assert "!" not in str(entry.string)


@pytest.mark.parametrize(
    ("vocabulary", "codes"),
    [
        ("state", states.CaseState),
        ("staff_state", states.CaseState),
        ("event", states.EntryKind),
        ("staff_event", states.EntryKind),
        ("kind", states.CaseKind),
        ("outcome", states.Outcome),
        ("source", states.IntakeSource),
        ("tier", states.Tier),
        ("clock", states.ClockKind),
        ("role", states.Role),
    ],
)
def test_every_code_has_words(vocabulary: str, codes: type[states.CaseState]) -> None:
    assert set(VOCABULARIES[vocabulary]) == {str(code) for code in codes}
