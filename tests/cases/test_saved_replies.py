"""Saved replies: names in braces, four eyes, versions, who is offered what, and how often each was sent."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cases import lifecycle, reply_editing, saved_replies
from cases.reply_editing import Given, Use
from core.errors import BadInput, Conflict, NotAllowed, NotFound
from domain.answer import SavedReply
from domain.case import Case
from domain.states import ReplyState
from tests.cases.conftest import Town
from tests.cases.test_intake import WATER

BODIES = {"en": "{office} looks at {place}. Ref {reference}", "sq": "{office} sheh {place}."}


@pytest.mark.parametrize(
    ("title", "bodies", "faults"),
    [
        ("Round", {"en": "Fine {reference} { office }"}, {}),
        ("", {"en": "x"}, {"title"}),
        ("x" * 81, {"en": "x"}, {"title"}),
        ("Round", {"en": " ", "sq": ""}, {"body-en"}),
        ("Round", {"en": "Dear {name}", "sq": "fine"}, {"body-en"}),
        ("Round", {"en": "a {reference", "sq": "b }"}, {"body-en", "body-sq"}),
        ("Round", {"en": "{}"}, {"body-en"}),
        ("Round", {"en": "x" * 1501}, {"body-en"}),
    ],
)
def test_what_a_reply_must_be(title: str, bodies: dict[str, str], faults: set[str]) -> None:
    if not faults:
        assert saved_replies.check(title, bodies)[0] == title
        return
    with pytest.raises(BadInput) as error:
        saved_replies.check(title, bodies)
    assert set(error.value.fields) == faults


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="{} abcofie"), st.dictionaries(st.sampled_from(["office", "place"]), st.text()))
def test_filling_in_takes_any_text_and_never_what_stands_in_a_value(body: str, values: dict[str, str]) -> None:
    filled = saved_replies.fill(body, values)
    if not any("{" + name + "}" in body.replace(" ", "") for name in values):
        assert filled == body
    assert saved_replies.fill("{office}", {"office": "{place}", "place": "x"}) == "{place}"


def write(
    town: Town, who: str, office: str = "WAT1", reply: SavedReply | None = None, seen: int = 0, **more: str
) -> SavedReply:
    words = Given("Round", {**BODIES, **more}, town.known.office[office], None)
    with town.database.write() as session:
        return reply_editing.write(session, town.viewer(who), reply.id if reply else None, words, seen, town.now)


def publish(town: Town, who: str, reply: SavedReply, seen: int) -> None:
    with town.database.write() as session:
        reply_editing.publish(session, town.viewer(who), reply.id, seen, town.now)


def states(town: Town, reply: SavedReply) -> list[str]:
    with town.database.read() as session:
        return [str(one.state) for one in reply_editing.versions(session, reply)]


def offered(town: Town, who: str = "officer1") -> list[str]:
    with town.database.read() as session:
        case = session.get_one(Case, town.case().id)
        replies = saved_replies.for_case(session, case, town.viewer(who), town.now)
        return [reply.body("en")[0] for reply in replies]


def test_two_people_two_versions_one_in_use(town: Town) -> None:
    town.arrives(WATER)
    reply = write(town, "officer1")
    assert offered(town) == []
    with pytest.raises(NotAllowed):
        publish(town, "officer1", reply, 1)
    publish(town, "head1", reply, 1)
    (words,) = offered(town)
    assert words.startswith("Office WAT1 looks at")
    assert town.case().reference in words
    write(town, "head1", reply=reply, seen=1, en="Newer words here")
    assert (states(town, reply), len(offered(town))) == (["draft", "published"], 1)
    with pytest.raises(NotAllowed):  # head1 wrote it
        publish(town, "head1", reply, 2)
    with pytest.raises(Conflict):
        write(town, "officer1", reply=reply, seen=1, en="Over an older one")
    publish(town, "head_water", reply, 2)
    assert offered(town) == ["Newer words here"]
    assert states(town, reply) == ["published", "replaced"]
    with pytest.raises(Conflict):
        publish(town, "head_water", reply, 2)
    with town.database.write() as session:
        reply_editing.withdraw(session, town.viewer("head1"), reply.id, 2)
    assert (offered(town), states(town, reply)) == ([], [ReplyState.withdrawn, ReplyState.replaced])


@pytest.mark.parametrize(
    ("writer", "office", "error"),
    [
        ("officer1", "WAT1", None),
        ("head_water", "WAT1", None),
        ("officer1", "WATER", NotAllowed),
        ("officer1", "WAT2", NotAllowed),
        ("minister", "WAT1", NotAllowed),
        ("auditor", "WAT1", NotAllowed),
    ],
)
def test_who_writes_for_which_office(town: Town, writer: str, office: str, error: type[Exception] | None) -> None:
    if error is None:
        write(town, writer, office)
        return
    with pytest.raises(error):
        write(town, writer, office)


def test_a_reply_of_an_office_beside_is_not_there(town: Town) -> None:
    reply = write(town, "officer2", "WAT2")
    with pytest.raises(NotFound), town.database.read() as session:
        reply_editing.load(session, town.viewer("officer1"), reply.id)
    with town.database.read() as session:
        assert reply_editing.load(session, town.viewer("head_water"), reply.id).id == reply.id


def test_sent_and_sent_with_own_words_are_counted(town: Town) -> None:
    town.arrives(WATER)
    reply = write(town, "officer1")
    publish(town, "head1", reply, 1)
    (words,) = offered(town)
    for text in (words, f"{words} The crew changed the valve at house 14 and the pump on Monday."):
        with town.database.write() as session:
            by = town.viewer("officer1")
            lifecycle.reply(session, town.case().id, by, text, town.now, town.form(99), saved=reply.id)
    with town.database.read() as session:
        for who, use in (("head1", Use(2, 1)), ("officer2", None)):
            assert reply_editing.uses(session, town.viewer(who), [reply.id]).get(reply.id) == use
        assert reply_editing.uses_by_person(session, town.viewer("head1"), reply.id) == [
            (town.known.staff["officer1"], Use(2, 1))
        ]
