"""Wordings and saved replies as files: out and in without a change, and in only as drafts somebody else publishes."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import col, delete, select

from cases import reply_editing, wording_editing
from cases.sheets import csvs, tables
from cases.sheets.kinds import Kind
from cases.sheets.report import Report
from core.errors import BadInput, Conflict, NotAllowed, NotFound
from core.settings import settings as current
from core.texts import clean
from domain.access import CatalogueChange
from domain.answer import SavedReply, SavedReplyVersion
from domain.staff import StaffRole
from domain.states import ReplyState, Role
from domain.visibility import Viewer
from domain.wording import Wording, WordingState
from notifications import compose, wordings
from tests.builders import NOW
from tests.cases.conftest import Town

ON_ONE = pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
GOOD = "We heard you, {{ reference }}. {{ office }} answers."
WORDS = st.text(st.characters(codec="utf-8", exclude_characters="{}"), max_size=30).map(clean)
BODIES = st.dictionaries(st.sampled_from(["en", "sq", "ru"]), WORDS.filter(bool), min_size=1)
TITLE = st.text(st.characters(codec="utf-8", categories=["L", "P"]), min_size=1, max_size=8).map(clean).filter(bool)
REPLY = st.tuples(st.sampled_from(["WAT1", "GOV"]), st.sampled_from(["", "water"]), TITLE, BODIES)


@pytest.fixture
def administered(town: Town) -> Town:
    """The minister and the head of water administer."""
    with town.database.write() as session:
        for name, office in (("minister", "GOV"), ("head_water", "WATER")):
            staff = town.known.staff[name]
            session.add(StaffRole(staff_id=staff, office_id=town.known.office[office], role=Role.admin))
    return town


def bring(kind: Kind, rows: list[dict[str, str]] | str, *, who: Viewer | None = None, look: bool = False) -> Report:
    text = rows if isinstance(rows, str) else csvs.write(rows, dict.fromkeys(name for row in rows for name in row))
    return tables.import_file(kind, "t.csv", text.encode(), NOW, dry_run=look, who=who)


def refused(kind: Kind, rows: list[dict[str, str]], who: Viewer | None = None) -> dict[str, str]:
    with pytest.raises(BadInput) as error:
        bring(kind, rows, who=who)
    return dict(error.value.fields)


def said(name: str = "acknowledgement", language: str = "en", words: str = GOOD) -> dict[str, str]:
    return {"name": name, "language": language, "words": words}


def sent() -> str:
    wordings.forget()
    return compose.compose("acknowledgement", "en", reference="R", office="O")


def test_words_come_in_as_drafts_and_are_sent_once_somebody_else_published_them(administered: Town) -> None:
    town, minister, water = administered, administered.viewer("minister"), administered.viewer("head_water")
    text = tables.export_text(Kind.wordings)
    assert (len(csvs.read("x", text.encode(), (), ("name", "language", "state", "words"))), "shipped" in text) == (
        len(compose.names()) * len(current().languages),
        True,
    )
    assert bring(Kind.wordings, text).count("same") == len(compose.names()) * len(current().languages)
    look = bring(Kind.wordings, [said(), said(language="sq")], who=minister, look=True)
    assert look.effects[0].differences[0] == ("state", "shipped", "draft")
    bring(Kind.wordings, [said(), said(language="sq")], who=minister)
    assert sent().startswith("We have your message")
    with pytest.raises(NotAllowed), town.database.write() as session:
        wording_editing.publish(session, minister, "acknowledgement", "en", 1, NOW)
    with town.database.write() as session:
        wording_editing.publish(session, water, "acknowledgement", "en", 1, NOW)
    assert sent() == "We heard you, R. O answers."
    out = tables.export_text(Kind.wordings)
    assert bring(Kind.wordings, out).count("same") == len(bring(Kind.wordings, out).effects)
    bring(Kind.wordings, [said(words=GOOD + " Soon.")])  # on the command line
    with town.database.read() as session:
        kept = wordings.versions(session, "acknowledgement", "en")
        told = session.exec(select(CatalogueChange.by).where(col(CatalogueChange.kind) == "wording")).all()
    assert [(one.version, one.state, one.staff_id is None) for one in kept] == [
        (2, WordingState.draft, True),
        (1, WordingState.published, False),
    ]
    assert sorted(told) == ["command line", "head_water", "minister", "minister"]
    with town.database.write() as session:
        wording_editing.publish(session, minister, "acknowledgement", "en", 2, NOW)
    assert sent().endswith("Soon.")


@ON_ONE
def test_each_line_of_words_that_cannot_be_used_says_why(administered: Town) -> None:
    bad = [
        (said("greeting"), "no message 'greeting'"),
        (said(language="fr"), "the deployment speaks"),
        (said(words=""), "words: It is empty."),
        (said(language="bn", words="{{ you }} {{ reference }} {{ office }}"), "words: There is no placeholder"),
        (said("status", words="{% if x %}"), "words: Line 1 cannot be read"),
    ]
    told = refused(Kind.wordings, [said(language="ru"), *(line for line, _ in bad)])
    assert {number: why in told[f"line {number}"] for number, (_, why) in enumerate(bad, 3)} == dict.fromkeys(
        range(3, 3 + len(bad)), True
    )
    with administered.database.read() as session:
        assert session.exec(select(Wording)).all() == []


@ON_ONE
@pytest.mark.parametrize("who", ["officer1", "head1", "auditor"])
def test_who_is_no_editor_neither_writes_nor_decides(administered: Town, who: str) -> None:
    viewer, minister = administered.viewer(who), administered.viewer("minister")
    with administered.database.write() as session:
        wording_editing.write(session, minister, "acknowledgement", "en", GOOD, 0, NOW)
    acts: list[Any] = [
        lambda session: wording_editing.write(session, viewer, "acknowledgement", "en", GOOD, 1, NOW),
        lambda session: wording_editing.publish(session, viewer, "acknowledgement", "en", 1, NOW),
        lambda session: wording_editing.send_back(session, viewer, "acknowledgement", "en", "No", 1, NOW),
        lambda session: wording_editing.use_shipped(session, viewer, "acknowledgement", "en", 1, NOW),
    ]
    for act in acts:
        with pytest.raises(NotAllowed), administered.database.write() as session:
            act(session)
    with pytest.raises(NotAllowed):
        bring(Kind.wordings, [said()], who=viewer)


@ON_ONE
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(["write", "publish", "return", "shipped"]), max_size=7))
def test_whatever_is_done_one_version_is_in_use_and_nobody_published_their_own(
    administered: Town, acts: list[str]
) -> None:
    with administered.database.write() as session:
        session.execute(delete(Wording))
    people = [administered.viewer("minister"), administered.viewer("head_water")]
    arguments: tuple[str, str] = ("acknowledgement", "en")
    for number, act in enumerate(acts):
        who = people[(number // 2) % 2]
        try:
            with administered.database.write() as session:
                kept = wordings.versions(session, *arguments)
                seen = kept[0].version if kept else 0
                match act:
                    case "write":
                        wording_editing.write(session, who, *arguments, f"{GOOD} {number}", seen, NOW)
                    case "publish":
                        wording_editing.publish(session, who, *arguments, seen, NOW)
                    case "return":
                        wording_editing.send_back(session, who, *arguments, "Shorter", seen, NOW)
                    case _:
                        wording_editing.use_shipped(session, who, *arguments, seen, NOW)
        except (Conflict, NotAllowed):
            pass
        with administered.database.read() as session:
            kept = wordings.versions(session, *arguments)
            assert sum(one.state == WordingState.published for one in kept) <= 1
            assert all(one.state != WordingState.draft for one in kept[1:])
            for one in kept:
                decided = one.state == WordingState.published or one.decided_by is not None
                assert one.decided_by != one.staff_id or not decided or one.state == WordingState.returned


def test_who_read_another_version_decides_nothing(administered: Town) -> None:
    minister, water = administered.viewer("minister"), administered.viewer("head_water")
    with administered.database.write() as session:
        wording_editing.write(session, minister, "acknowledgement", "en", GOOD, 0, NOW)
    for act in (wording_editing.publish, wording_editing.use_shipped):
        with pytest.raises(Conflict), administered.database.write() as session:
            act(session, water, "acknowledgement", "en", 0, NOW)
    with pytest.raises(NotFound), administered.database.write() as session:
        wording_editing.publish(session, water, "acknowledgement", "fr", 0, NOW)
    with pytest.raises(BadInput), administered.database.write() as session:
        wording_editing.send_back(session, water, "acknowledgement", "en", "  ", 1, NOW)


@ON_ONE
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(REPLY, min_size=1, max_size=4))
def test_saved_replies_go_out_and_come_in_as_they_were(
    administered: Town, replies: list[tuple[str, str, str, dict[str, str]]]
) -> None:
    town = administered

    def clear() -> None:
        with town.database.write() as session:
            session.execute(delete(SavedReplyVersion))
            session.execute(delete(SavedReply))

    clear()
    with town.database.write() as session:
        for number, (office, service, title, bodies) in enumerate(replies):
            at = NOW.replace(second=number)
            reply = SavedReply(
                office_id=town.known.office[office],
                service_id=town.known.service[service] if service else None,
                created_at=at,
            )
            session.add(reply)
            session.flush()
            reply_editing.add_version(session, reply, title, bodies, town.known.staff["officer1"], at)
    text = tables.export_text(Kind.templates)
    assert bring(Kind.templates, text).count("same") == len(replies)
    clear()
    assert bring(Kind.templates, text).count("added") == len(replies)
    assert sorted(tables.export_text(Kind.templates).splitlines()) == sorted(text.splitlines())


def one(title: str = "Round", office: str = "WAT1", **cells: str) -> dict[str, str]:
    return {"office": office, "service": "", "title": title, "number": "", "words_en": "We come {date}.", **cells}


def test_saved_replies_come_in_as_drafts_of_whoever_brings_them_in(administered: Town) -> None:
    water = administered.viewer("head_water")
    assert "you do not write replies" in refused(Kind.templates, [one(office="CIV1")], water)["line 2"]
    bring(Kind.templates, [one(), one("Other", words_sq="Vijmë {date}.")], who=water)
    with administered.database.read() as session:
        made = session.exec(select(SavedReplyVersion)).all()
    assert {(row.state, row.written_by) for row in made} == {(ReplyState.draft, administered.known.staff["head_water"])}
    with pytest.raises(NotAllowed), administered.database.write() as session:
        reply_editing.publish(session, water, made[0].reply_id, 1, NOW)
    changed = bring(Kind.templates, [one(words_en="We come soon.")])
    assert (changed.count("changed"), changed.effects[0].differences) == (
        1,
        (("words_en", "We come {date}.", "We come soon."),),
    )
    with administered.database.write() as session:
        (newest, _) = reply_editing.versions(session, session.get_one(SavedReply, made[0].reply_id))
        assert (newest.number, newest.written_by) == (2, None)
        reply_editing.publish(session, water, newest.reply_id, 2, NOW)  # nobody here wrote it
    assert bring(Kind.templates, [one(words_en="")]).count("same") == 1
    hidden = replace(administered.viewer("head_water"), roles=frozenset())
    with pytest.raises(NotAllowed):
        bring(Kind.templates, [one()], who=hidden)


@ON_ONE
def test_each_saved_reply_that_cannot_be_used_says_why(administered: Town) -> None:
    bad = [
        (one(office="MOON"), "no open office 'MOON'"),
        (one("Two", service="moon"), "no service 'moon'"),
        (one("Three", words_xx="?"), "words_xx: the deployment speaks"),
        (one("Four", words_en="Dear {name}"), "words_en: There is nothing to put in for {name}"),
        (one("Five", words_en=""), "words_en: Write the words"),
        (one("Six", number="3"), "number is '3'"),
        (one(""), "title is empty"),
        (one("x" * 90), "title: Shorten the name"),
        (one("Fine"), "it says the same office and title as line 2"),
    ]
    told = refused(Kind.templates, [one("Fine"), *(line for line, _ in bad)])
    assert {number: why in told[f"line {number}"] for number, (_, why) in enumerate(bad, 3)} == dict.fromkeys(
        range(3, 3 + len(bad)), True
    ), told
