"""Figures of hand-overs agree with a count by hand, and show nobody what is not theirs."""

from collections import Counter
from datetime import timedelta
from random import Random
from statistics import median

from cases import handover, lapses, parts
from core.errors import OmbudError
from domain.case import Case
from domain.states import CaseState
from reports import handovers
from reports.handovers import HandOvers
from tests.cases.conftest import Town, town  # noqa: F401  (the fixture)
from tests.cases.test_handover import DESK, Act, accept, do, offer, place, refuse, withdraw

BILL = "WAT1 the water bill of this month is wrong"
LEADERS = {"WAT1": "head1", "WAT2": "officer2"}


def figures(town: Town, who: str) -> dict[str, HandOvers]:  # noqa: F811
    codes = {number: code for code, number in town.known.office.items()}
    with town.database.read() as session:
        lines = handovers.by_office(
            session, town.viewer(who), None, since=town.now - timedelta(weeks=52), until=town.now + timedelta(days=1)
        )
    return {codes[line.office_id]: line for line in lines}


def test_a_walk_counted_by_hand(town: Town) -> None:  # noqa: F811
    """Forty steps at random; each is counted beside, as it is done, without looking into the database."""
    chance, codes = Random(7), {number: code for code, number in town.known.office.items()}
    told: dict[str, Counter[str]] = {code: Counter() for code in DESK}
    waits: dict[str, list[float]] = {code: [] for code in DESK}
    for _ in range(5):
        town.arrives(BILL, sender=f"+35569{chance.randrange(10**7):07d}")
    offered: dict[object, tuple[str, str, object]] = {}
    away: dict[object, set[str]] = {}

    def tried(act: Act, case: Case) -> bool:
        try:
            do(town, act, case.id)
        except OmbudError:
            return False
        return True

    for _ in range(40):
        town.later(hours=chance.choice((1, 5, 20)))
        case = chance.choice(town.cases())
        ours = codes[case.office_id]
        if case.state == CaseState.triage:
            tried(place(town, chance.choice(("WAT1", "WAT2", "CIV1"))), case)
        elif case.pending_office_id is None:
            to = chance.choice([code for code in ("WAT1", "WAT2", "CIV1") if code != ours])
            if tried(offer(town, to, DESK[ours]), case):
                after = next(one for one in town.cases() if one.id == case.id)
                target = to if after.pending_office_id else "TRIAGE"
                told[ours]["offered"] += 1
                told[target]["received"] += 1
                if target != "TRIAGE":
                    offered[case.id] = (ours, target, town.now)
        else:
            by, to, at = offered.pop(case.id)
            match chance.choice(("accept", "accept", "refuse", "withdraw", "nothing")):
                case "accept" if tried(accept(town, DESK[to]), case):
                    told[by]["accepted"] += 1
                    told[to]["took"] += 1
                    waits[to].append((town.now - at).total_seconds())  # type: ignore[operator]
                    told[to]["came_back"] += to in away.setdefault(case.id, set())
                    away[case.id].add(by)
                case "refuse" if tried(refuse(town, DESK[to]), case):
                    told[by]["bounced"] += 1
                    told[to]["refused"] += 1
                case "withdraw" if tried(withdraw(town, DESK[by]), case):
                    told[by]["withdrawn"] += 1
                case _:
                    offered[case.id] = (by, to, at)
        before = {one.id: one.pending_office_id for one in town.cases()}
        if lapses.sweep(town.now):
            for one in town.cases():
                if before[one.id] and not one.pending_office_id:
                    by, to, _ = offered.pop(one.id)
                    told[by]["bounced"] += 1
                    told[to]["unanswered"] += 1
    found = figures(town, "minister")
    names = ("offered", "accepted", "bounced", "withdrawn", "received", "took", "refused", "unanswered", "came_back")
    assert sum(told["WAT1"].values()) > 8
    for code, counted in told.items():
        line = found.get(code) or HandOvers(town.known.office[code])
        assert {name: getattr(line, name) for name in names} == {name: counted[name] for name in names}, code
        assert line.median_seconds == (median(waits[code]) if waits[code] else None)


def test_late_and_whose_figures_they_are(town: Town) -> None:  # noqa: F811
    town.arrives(BILL)
    do(town, offer(town, "WAT2"))
    town.later(days=1, hours=4)  # past the eight working hours
    do(town, accept(town))
    assert figures(town, "minister")["WAT2"].late == 1
    for who, lines in {
        "head1": {"WAT1"},  # its act counts, though the case is WAT2's now
        "officer2": {"WAT2"},
        "head_water": {"WAT1", "WAT2"},
        "clerk": set(),
    }.items():
        assert set(figures(town, who)) == lines, who
    with town.database.read() as session:
        ids = list(figures(town, "head1")["WAT1"].cases)
        assert handovers.references(session, town.viewer("head1"), ids) == []  # counted, and not shown
        assert len(handovers.references(session, town.viewer("officer2"), ids)) == 1
    for change in ({"integrity": True}, {"about_office_id": town.known.office["WAT1"]}):
        with town.database.write() as session:
            case = session.get_one(Case, town.case().id)
            for name in ("integrity", "about_office_id"):
                setattr(case, name, change.get(name, False if name == "integrity" else None))
        assert figures(town, "head1") == {}, change


def test_a_part_is_no_hand_over(town: Town) -> None:  # noqa: F811
    town.arrives(BILL)
    who, to = town.viewer("officer1"), town.known.office["CIV1"]
    do(town, lambda s, c, f: parts.split(s, c.id, who, to, "Look into it", town.now, f))
    assert figures(town, "minister") == {}
    assert handover.MAX_HOPS == 2
