"""Finding cases by words of every script, under the one predicate; the words are written with what they stand for."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import col, select

from cases import asking, history, kept, lifecycle, opening, search
from cases.filters import Filter
from domain.case import Case
from domain.catalogue import catalogue
from domain.states import CaseState, EntryKind
from domain.timeline import append
from domain.words import CaseWords, vector
from nlp.indexing import sought, terms
from tests.builders import plain_case
from tests.cases.conftest import Town

MESSAGES = {
    "sq": "S'kemi ujë në Rrugën e Kavajës që të hënën, Lumas",
    "bn": "আমাদের এলাকায় তিন দিন ধরে পানি নেই",
    "ru": "Нет воды со вчерашнего дня, счётчик разбит",
    "ar": "لا يوجد ماء منذ أسبوع في الحي",
    "zh": "自来水公司已经停水三天了",
    "th": "น้ำไม่ไหลมาสามวันแล้ว",
    "en": "Burst pipe floods the road near School 12 🚰",
}


def found(town: Town, words: str, who: str = "officer1") -> list[str]:
    """First words of what somebody finds, oldest first."""
    with town.database.read() as session:
        cases = history.find(session, town.viewer(who), Filter(words=words), order="oldest")
        return [case.text.split()[0] for case in cases]


def opened(town: Town, text: str) -> Case:
    """A case of WAT1 with these words."""
    with town.database.write() as session:
        case = plain_case(town.known, text=text)
        append(session, case, EntryKind.received, town.now, actor="citizen", public=True, body={"text": text})
        session.add(case)
    return case


@pytest.fixture
def told(town: Town, monkeypatch: pytest.MonkeyPatch) -> Town:
    """A town to which something was said in every script; no reference happens to begin like a word."""
    numbers = iter(range(1, 10))
    monkeypatch.setattr(opening, "new_reference", lambda: f"2000-000{next(numbers)}")
    for number, text in enumerate(MESSAGES.values()):
        town.arrives(text, sender=f"+35569000{number:04}")
    with town.database.write() as session:
        for case in session.exec(select(Case)):
            case.office_id = town.known.office["WAT1"]
            case.pending_office_id, case.integrity, case.assignee_id = None, False, None
            case.about_office_id = case.about_staff_id = None
    return town


def test_words_of_every_script_are_found(told: Town) -> None:
    first = {lang: text.split()[0] for lang, text in MESSAGES.items()}
    for words, lang in (
        ("uje", "sq"),
        ("UJË", "sq"),
        ("kemi", "sq"),
        ("kavajes", "sq"),
        ("kava", "sq"),
        ('"rrugen e kavajes"', "sq"),
        ("পানি", "bn"),
        ("এলাকায়", "bn"),
        ("воды", "ru"),
        ("счетчик", "ru"),
        ("ВЧЕРАШНЕГО", "ru"),
        ("ماء", "ar"),
        ("اسبوع", "ar"),
        ("停水", "zh"),
        ("自来水", "zh"),
        ("了", "zh"),
        ("ไม่ไหล", "th"),
        ("burst road", "en"),
        ("road burst", "en"),
        ('"burst pipe"', "en"),
        ("🚰", "en"),
        ("burst -bill", "en"),
    ):
        assert found(told, words) == [first[lang]], words
    for words in (
        "burst ujë",
        '"pipe burst"',
        "burst -pipe",
        "এলা নেই x",
        "水停",
        "zzz",
        "' OR 1=1",
        '"',
        "* NEARBY( -",
    ):
        assert found(told, words) == [], words
    assert len(found(told, "-burst")) == len(MESSAGES) - 1
    assert len(found(told, "lumas")) >= 1  # the place, as well as the words


def test_nobody_finds_what_they_may_not_see(told: Town) -> None:
    assert found(told, "burst", "officer2") == []
    assert found(told, "burst", "minister") == ["Burst"]
    with told.database.write() as session:
        case = session.exec(select(Case).where(col(Case.text).startswith("Burst"))).one()
        case.about_office_id = told.known.office["WAT1"]
    assert found(told, "burst") == found(told, "burst", "minister") == []
    assert found(told, "burst", "clerk") == []
    with told.database.write() as session:
        case = session.exec(select(Case).where(col(Case.text).startswith("Burst"))).one()
        case.about_office_id, case.office_id = None, told.known.office["WAT2"]
    assert (found(told, "burst"), found(told, "burst", "officer2")) == ([], ["Burst"])
    with told.database.write() as session:
        case = session.exec(select(Case).where(col(Case.text).startswith("Burst"))).one()
        case.assignee_id = told.known.staff["clerk"]
    assert found(told, "burst", "clerk") == ["Burst"]


def test_a_search_finds_of_what_one_may_see_exactly_what_has_the_words(town: Town) -> None:
    """Whatever happened to the cases since: whose they are stands in the index too, and must follow."""
    chance = random.Random(3)
    cases = [opened(town, f"Water {number}") for number in range(8)]
    offices, people = list(town.known.office.values()), list(town.known.staff.values())
    for _ in range(12):
        with town.database.write() as session:
            for chosen in chance.sample(cases, 3):
                case = session.get_one(Case, chosen.id)
                case.office_id = chance.choice(offices)
                case.pending_office_id = chance.choice([None, None, *offices])
                case.assignee_id = chance.choice([None, *people])
                case.state = chance.choice([CaseState.triage, CaseState.open, CaseState.closed])
                case.integrity = chance.random() < 0.2
                case.about_office_id = chance.choice([None, None, None, *offices])
        with town.database.read() as session:
            for name in town.known.staff:
                who = town.viewer(name)
                every = {case.id for case in history.find(session, who, Filter())}
                assert {case.id for case in history.find(session, who, Filter(words="wat"))} == every, name


def test_all_that_was_said_is_found_and_nothing_else(town: Town) -> None:
    case = opened(town, "No water at all, call me on 069 123 4567 or ana@example.org")
    assert found(town, "jackhammer") == []
    with town.database.write() as session:
        lifecycle.note(session, case.id, town.viewer("officer1"), "Jackhammer ordered", town.now, town.form())
        lifecycle.reply(session, case.id, town.viewer("officer1"), "Our excavator comes", town.now, town.form())
    with town.database.write() as session:
        locked = session.get_one(Case, case.id)
        lifecycle.citizen_wrote(session, locked, "Still nothing, the excavator left a crater", town.now)
    for words in ("water", "jackhammer", "excavator", "crater", case.reference[:4], "water crater jackhammer"):
        assert found(town, words) == ["No"], words
    for words in ("069", "4567", "1234567", "ana@example.org", "example"):
        assert found(town, words) == [], words
    assert found(town, case.reference) == ["No"]


def test_a_write_that_is_taken_back_is_not_found(town: Town) -> None:
    opened(town, "No water")
    with town.database.read() as session:
        case = session.get_one(Case, town.case().id)
        append(session, case, EntryKind.noted, town.now, body={"text": "Jackhammer"})
        session.flush()
        assert history.count(session, town.viewer("officer1"), Filter(words="jackhammer")) == 1
    assert found(town, "jackhammer") == []


def test_filters_narrow_and_what_is_not_understood_is_said(told: Town) -> None:
    with told.database.read() as session:
        known = catalogue(session)
        who = told.viewer("minister")

        def count(typed: str) -> int:
            asked = asking.read(typed, known, told.now)
            assert not asked.odd, typed
            return history.count(session, who, asked.chosen)

        every = len(MESSAGES)
        assert count("office:WAT1") == count("office:WATER") == count("state:triage state:open state:waiting") == every
        assert count("office:WAT2") == count("state:closed") == count("is:urgent is:mine") == 0
        assert count("from:2026-03-02") == count("before:2026-03-03") == every
        assert count("before:2026-03-02") == count("from:2026-03-03") == 0
        assert count("office:wat1 burst") == 1
        assert count("is:unassigned is:todo channel:sms kind:complaint") == every
        for odd in ("office:NONE", "state:lost", "from:yesterday", "is:blue", "channel:owl", "before:2026-13-01"):
            asked = asking.read(f"{odd} burst", known, told.now)
            assert (len(asked.odd), asked.words) == (1, "burst"), odd
        assert asking.read("time 10:30 http://x", known, told.now).odd == ()


def test_a_slip_is_forgiven_only_towards_what_one_may_see(told: Town) -> None:
    with told.database.read() as session:
        for typed, meant in (
            ("brust", "burst"),
            ("bursst road", "burst road"),
            ("kavajse", "kavajes"),
            ("счотчик", "счетчик"),
            ("qqqqq", ""),
            ("burst", ""),
        ):
            assert search.meant(session, told.viewer("officer1"), typed) == meant, typed
        assert search.meant(session, told.viewer("officer2"), "brust") == ""


def test_it_is_shown_where_the_words_stand(town: Town) -> None:
    opened(town, "Hello. " + "We wrote to you before about this matter. " * 5 + "The <b>pump</b> house is shut.")
    with town.database.write() as session:
        lifecycle.note(session, town.case().id, town.viewer("officer1"), "Crane ordered", town.now, town.form())
    with town.database.read() as session:
        case = town.case()
        for words, hit in (("pump", "pump"), ("PUM", "pump"), ("crane", "Crane"), ('"pump house"', "pump")):
            shown = search.snippets(session, [case], words)[case.id]
            assert next(text for text, sought_for in shown if sought_for) == hit, words
            assert sum(len(text) for text, _ in shown) < 300


def test_no_message_fails_for_the_many_before_it(town: Town) -> None:
    """PostgreSQL keeps a megabyte of words; whoever writes without end is still heard, and the case is still found."""
    case = opened(town, "No water")
    for part in range(12):
        text = " ".join(f"{chr(0x430 + part)}{number:x}{'щ' * 40}" for number in range(1500))
        with town.database.write() as session:
            locked = session.get_one(Case, case.id)
            append(session, locked, EntryKind.citizen_wrote, town.now, actor="citizen", body={"text": text})
    with town.database.write() as session:
        session.get_one(Case, case.id).office_id = town.known.office["WAT2"]
        kept.index(session, [session.get_one(Case, case.id)])
    assert (found(town, "water"), found(town, "water", "officer2")) == ([], ["No"])


@given(st.text(max_size=60))
def test_every_word_of_a_text_is_looked_for_as_it_is_kept(text: str) -> None:
    kept = terms(text)
    assert all("'" not in word and ":" not in word and " " not in word for word in kept)
    assert set(sought(" ".join(kept))) <= {piece for word in kept for piece in (word, *sought(word))}
    assert vector(kept).count(":") == len(kept)


def test_every_case_has_its_words(told: Town) -> None:
    with told.database.read() as session:
        assert len(session.exec(select(CaseWords.case_id)).all()) == len(MESSAGES)
