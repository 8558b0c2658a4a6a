"""Which cases look like which: proposed, joined by themselves, or kept apart."""

import pytest
from sqlmodel import col, select

from cases import proposals
from channels.values import Channel
from domain.crowd import Likeness, Surge
from domain.states import LikenessState
from tests.cases.conftest import Town
from tests.cases.crowd import OTHER, PIPE, TOLD, case, likeness, proposed, report, work


@pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
def test_what_is_alike_is_proposed_and_nothing_else(town: Town) -> None:
    lead = report(town, PIPE)
    alike = {report(town, text) for text in TOLD}
    report(town, OTHER)
    report(town, "WAT1 my water bill was sent to my neighbour in Lumas")
    work(town)
    assert proposed(town, lead) == alike
    assert "same street (mill)" in likeness(town, next(iter(alike))).why
    assert all(one.lead_id is None for one in town.cases())
    with town.database.write() as session:  # whoever read them and says no, is not asked again
        proposals.refuse(session, lead, town.viewer("officer1"), alike, town.now, town.form(10**6))
    assert proposed(town, lead) == set()


@pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
def test_the_same_words_about_one_spot_join_by_themselves(town: Town) -> None:
    lead = report(town, PIPE)
    copied = report(town, f"{PIPE}!")
    anonymous = report(town, PIPE, sender="", channel=Channel.web, anonymous=True)
    work(town)
    assert case(town, copied).lead_id == lead
    assert case(town, anonymous).lead_id is None
    assert likeness(town, anonymous).state == LikenessState.proposed
    later = report(town, PIPE.upper())
    work(town)
    assert case(town, later).lead_id == lead  # the lead of what it is like, not a chain


@pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "apart",
    [
        {"confidential": True},
        {"about_staff": True},
        {"text": PIPE.replace("WAT1", "WAT2")},
        {"sender": "+355690000001"},
        {"service": "passport", "text": "CIV1 the main pipe"},
    ],
    ids=str,
)
def test_what_is_never_put_together(town: Town, apart: dict[str, object]) -> None:
    report(town, PIPE, sender="+355690000001")
    town.later(hours=30)
    text = str(apart.pop("text", PIPE))
    known = {one.id for one in town.cases()}
    if "sender" in apart:  # the same citizen, who says that it is a new matter
        town.arrives(text, **({"service": "water", "place": "Lumas"} | apart))  # type: ignore[arg-type]
        town.arrives("2", sender="+355690000001")
    else:
        report(town, text, **apart)
    (fresh,) = {one.id for one in town.cases()} - known
    work(town)
    with town.database.read() as session:
        found = session.exec(select(Likeness).where(col(Likeness.case_id) == fresh)).first()
    assert found is None or found.state == LikenessState.alone
    assert all(one.lead_id is None for one in town.cases())


@pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
def test_in_a_surge_another_language_is_proposed(town: Town) -> None:
    lead = report(town, "WAT1 No water since this morning in the whole of Lumas")
    with town.database.write() as session:
        session.add(
            Surge(
                office_id=town.known.office["WATER"], service_id=town.known.service["water"], started_at=town.now,
                seen_at=town.now, window_seconds=3600, observed=30, expected=2.0,
            )
        )  # fmt: skip
    bengali = report(town, "WAT1 লুমাসে সকাল থেকে পানি নেই")
    work(town)
    assert proposed(town, lead) == {bengali}
