"""A digest a day, and the proof on a receipt: whatever is changed afterwards is told, also by what was published."""

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from itertools import pairwise

import pytest
from sqlalchemy import text
from sqlmodel import col, select
from starlette.testclient import TestClient

from api.app import create_app
from cases import anchors, history, lifecycle, proofs
from core import merkle
from core.errors import NotFound
from domain.anchor import Anchor, AnchorLeaf
from domain.case import Case
from domain.states import AnchorState
from domain.timeline import TimelineEntry, seal
from tests.cases.conftest import Town

DAY = timedelta(days=1)


def nightly(town: Town) -> None:
    """A day passes, and the worker comes by twice."""
    town.now += DAY
    assert anchors.make_due(town.now) == 1
    assert anchors.make_due(town.now) == 0


def faults(town: Town) -> list[str]:
    with town.database.read() as session:
        return list(anchors.verify(session))


def digests(town: Town) -> list[tuple[date, str]]:
    with town.database.read() as session:
        return [(one.day, one.digest) for one in reversed(anchors.made(session))]


def code(town: Town) -> str:
    return proofs.code_of(town.case())


def check(town: Town, typed: str, reference: str = "") -> proofs.Proof:
    with town.database.read() as session:
        return proofs.check(session, reference or town.case().reference, typed)


def change(town: Town, statement: str) -> None:
    """Past Ombud, in the database itself."""
    with town.database.write() as session:
        session.connection().execute(text(statement))


def test_each_day_has_one_digest_of_what_grew(town: Town) -> None:
    town.arrives("No water in Lumas")
    nightly(town)
    town.now += timedelta(hours=1)
    town.arrives("Still none", sender="+355691112299")
    nightly(town)
    nightly(town)  # nothing grew
    with town.database.read() as session:
        made = list(reversed(anchors.made(session)))
        sizes = [len(anchors.leaves_of(session, one.id)) for one in made]
    assert sizes == [one.leaves for one in made] == [1, 1, 0]
    assert [one.previous for one in made] == ["", made[0].digest, made[1].digest]
    assert [b.day - a.day for a, b in pairwise(made)] == [DAY, DAY]
    assert faults(town) == []


def test_a_worker_that_died_half_way_is_replaced(town: Town) -> None:
    town.arrives("No water in Lumas")
    town.now += DAY
    with town.database.write() as session:  # it had claimed the day and written leaves that were wrong by then
        anchor = Anchor(day=town.now.date() - DAY, due_at=town.now, leased_until=town.now + anchors.LEASE, attempts=1)
        session.add(anchor)
        session.flush()
        case = town.case()
        session.add(AnchorLeaf(anchor_id=anchor.id, case_id=case.id, reference=case.reference, length=1, head="x"))
    assert anchors.make_due(town.now) == 0
    assert anchors.make_due(town.now + anchors.LEASE) == 1
    assert faults(town) == []
    with town.database.read() as session:
        assert session.exec(select(AnchorLeaf.length)).all() == [town.case().timeline_length]


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("DELETE FROM anchor_leaf", "its leaves are not those it was made of"),
        ("UPDATE anchor_leaf SET length = length + 1", "its leaves are not those it was made of"),
        ("UPDATE anchor SET root = digest", "its digest was changed"),
        ("UPDATE anchor SET previous = digest", "it does not follow the one before it"),
        ("UPDATE timeline_entry SET hash = 'x' || hash", "is not the one that was anchored"),
        ("DELETE FROM timeline_entry WHERE number > 1", "is not the one that was anchored"),
    ],
)
def test_what_was_changed_in_the_database_is_named(town: Town, statement: str, told: str) -> None:
    town.arrives("No water in Lumas")
    nightly(town)
    change(town, statement)
    assert any(told in fault for fault in faults(town))


def test_history_written_anew_with_the_key_is_told_by_what_was_published(town: Town) -> None:
    """The seals hold, the anchors are made anew: only who kept a copy can tell."""
    town.arrives("No water in Lumas")
    nightly(town)
    receipt, kept = code(town), digests(town)
    with town.database.write() as session:
        case = session.exec(select(Case)).one()
        head = ""
        for entry in session.exec(select(TimelineEntry).order_by(col(TimelineEntry.number))):
            entry.body, entry.previous_hash = {**entry.body, "text": "All is well"}, head
            entry.hash = head = seal(entry)
        case.timeline_head = head
        leaf, anchor = session.exec(select(AnchorLeaf)).one(), session.exec(select(Anchor)).one()
        leaf.head = head
        anchor.root = merkle.root([anchors.hash_of(leaf)]).hex()
        anchor.digest = anchors.digest("", anchor.day, anchor.root)
    assert faults(town) == []
    with town.database.read() as session:
        assert list(history.verify(session)) == []
        assert list(anchors.unlike(session, kept)) == [f"anchor of {kept[0][0]}: another digest was published"]
        gone = [(kept[0][0] - DAY, "f" * 64)]
        assert list(anchors.unlike(session, gone)) == [
            f"anchor of {gone[0][0]}: it was published and is not there any more"
        ]
    with pytest.raises(NotFound):
        check(town, receipt)  # nor does the citizen's receipt fit any more


def test_a_receipt_proves_that_nothing_before_it_was_changed(town: Town) -> None:
    town.arrives("No water in Lumas")
    receipt = code(town)
    proof = check(town, receipt)
    assert (proof.faults, proof.anchored) == ((), None)
    nightly(town)
    with town.database.write() as session:
        lifecycle.reply(session, town.case().id, town.viewer("triage"), "It runs again.", town.now, town.form())
    proof = check(town, receipt)
    assert proof.faults == ()
    assert proof.anchored is not None
    assert [(proof.anchored.day, proof.anchored.digest)] == digests(town)
    change(town, "UPDATE timeline_entry SET public = NOT public WHERE number = 2")
    assert check(town, receipt).faults == (f"{proof.reference}: entry 2 was changed",)


def test_what_was_anchored_and_taken_away_is_still_proven(town: Town) -> None:
    town.arrives("No water in Lumas")
    receipt, reference = code(town), town.case().reference
    nightly(town)
    change(town, "DELETE FROM timeline_entry WHERE number > 1")
    (fault,) = check(town, receipt, reference).faults
    assert "is not there any more as it was anchored" in fault


def test_a_saved_proof_is_checked_without_us(town: Town) -> None:
    """By the words of the file alone, with nothing of Ombud's."""
    for number in range(5):
        town.arrives("No water in Lumas", sender=f"+35569111229{number}")
    nightly(town)
    with town.database.read() as session:
        case = session.exec(select(Case).order_by(col(Case.id)).offset(2)).first()
        assert case is not None
        proof = proofs.check(session, case.reference, proofs.code_of(case)).anchored
    assert proof is not None
    here = hashlib.sha256(b"\0" + proof.line.encode()).digest()
    for side, beside in proof.path:
        pair = bytes.fromhex(beside) + here if side == "left" else here + bytes.fromhex(beside)
        here = hashlib.sha256(b"\1" + pair).digest()
    assert here.hex() == proof.root
    assert hashlib.sha256(f"{proof.previous}\n{proof.day}\n{proof.root}\n".encode()).hexdigest() == proof.digest


def test_a_code_is_read_however_it_is_typed_and_nothing_else_is_one(town: Town) -> None:
    town.arrives("No water in Lumas")
    right = code(town)
    number, rest = right.split("-", 1)
    for typed in (right, right.upper(), right.replace("-", ""), f" {number} {rest.replace('-', ' ')} "):
        assert check(town, typed).number == int(number)
    wrong = right[:-1] + ("0" if right[-1] != "0" else "1")
    for typed in ("", "3", rest, wrong, f"9{right}", f"0-{rest}", "x" * 80, f"{'9' * 30}-{rest}", "²-" + rest):
        with pytest.raises(NotFound) as told:
            check(town, typed)
        assert "do not go together" in str(told.value)
    with pytest.raises(NotFound):
        check(town, right, "K7QF-3M9V")


def test_the_pages_say_it_and_tell_no_more(town: Town) -> None:
    town.arrives("No water in Lumas")
    nightly(town)
    case, said = town.case(), code(town)
    with TestClient(create_app()) as web:
        good = web.post("/check", data={"reference": case.reference, "proof": said})
        assert good.status_code == 200
        assert "Nothing was changed" in good.text
        assert digests(town)[0][1] in good.text
        assert "water" not in good.text.lower().replace("watermark", "")
        assert "Lumas" not in good.text
        saved = web.post("/check", data={"reference": case.reference, "proof": said, "go": "file"})
        assert json.loads(saved.text)["digest"] == digests(town)[0][1]
        bad = [
            web.post("/check", data={"reference": reference, "proof": proof})
            for reference, proof in ((case.reference, "3-0000-0000-0000-0000"), ("ZZZZ-ZZZZ", said), ("", ""))
        ]
        assert {one.status_code for one in bad} == {422}
        days = web.get("/check/days.csv").text.splitlines()
        assert days[0] == "day,digest,root,previous"
        assert days[1].split(",")[1] == digests(town)[0][1]
        assert digests(town)[0][1] in web.get("/check/days").text


def test_anchors_are_made_once_by_many(town: Town) -> None:
    for number in range(3):
        town.arrives("No water in Lumas", sender=f"+35569111229{number}")
    town.now += DAY
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda _: anchors.make_due(town.now), range(4)))
    assert sum(done) == 1
    with town.database.read() as session:
        assert [one.state for one in session.exec(select(Anchor))] == [AnchorState.made]
    assert faults(town) == []
