"""Whatever the tree, the table and the complaint: exactly one active office outside the conflict, and an end to it."""

from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import Misconfigured
from domain.states import OfficeFunction, Tier
from routing.rules import Request, choose, explain, next_above
from tests.routing.world import DAY, World, sees

PLACES = ("Lumas", "Berim", "Kelda", "North Region")
SERVICES = ("water", "passport", "roads")
GROUPS = ("", "town", "papers")
AREAS = {
    "lumas": ("Lumas", 19.8, 41.3, 19.9, 41.4),
    "north": ("North Region", 19.5, 41.0, 20.5, 42.0),
    "town": ("Old Town", 19.8, 41.3, 19.82, 41.32),
}
SPOTS = ((41.31, 19.81), (41.35, 19.85), (41.4, 19.9), (41.6, 20.1), (0.0, 0.0), (90.0, 180.0))
RULES = st.tuples(
    st.sampled_from(("", *SERVICES)),
    st.sampled_from(GROUPS),
    st.sampled_from(("place", "area", "within", "everywhere")),
    st.sampled_from(PLACES),
    st.integers(0, 8),
    st.sampled_from((date.min, DAY, date.max)),
    st.sampled_from((None, DAY, date.max)),
)
TEXTS = (
    "no water in Lumas",
    "the clerk in Berim asked me for a bribe",
    "O1 the clerk asked me for a bribe",
    "O2 no water",
    "Kelda #O3",
    "",
)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    world = World()
    count = draw(st.integers(1, 9))
    functions = st.sampled_from([*OfficeFunction, OfficeFunction.service, OfficeFunction.service])
    for number in range(count):
        parent = draw(st.none() | st.integers(0, number - 1)) if number else None
        world.office(
            f"O{number}",
            None if parent is None else f"O{parent}",
            places=tuple(draw(st.lists(st.sampled_from(PLACES), max_size=2, unique=True))),
            function=draw(functions),
            active=draw(st.booleans()),
            tier=draw(st.sampled_from(Tier)),
        )
    if draw(st.booleans()):  # a tree that was broken by hand must not hang us
        world.offices["O0"].parent_id = world.offices[f"O{draw(st.integers(0, count - 1))}"].id
    for code in draw(st.sets(st.sampled_from(tuple(AREAS)))):
        world.area(code, *AREAS[code])
    for code in SERVICES:
        world.service(code, code.title(), active=draw(st.booleans()), group=draw(st.sampled_from(GROUPS)))
    offices = st.sampled_from(tuple(world.offices))
    for service, group, form, place, office, since, until in draw(st.lists(RULES, max_size=8)):
        world.line(
            service,
            place if form == "place" else "",
            f"O{office % count}",
            group="" if service else group,
            area=draw(st.sampled_from(tuple(world.areas))) if form == "area" and world.areas else "",
            within=draw(offices) if form == "within" else "",
            since=since,
            until=until,
        )
    return world


@st.composite
def requests(draw: st.DrawFn) -> Request:
    return Request(
        text=draw(st.sampled_from(TEXTS) | st.text(max_size=30)),
        service=draw(st.none() | st.sampled_from((*SERVICES, "unknown"))),
        place=draw(st.none() | st.sampled_from(PLACES)),
        office_code=draw(st.none() | st.integers(0, 9).map(lambda n: f"o{n}")),
        about_staff=draw(st.booleans()),
        prediction=draw(
            st.none()
            | st.builds(
                sees, st.sampled_from((*SERVICES, "unknown")), st.floats(0, 1), threshold=st.sampled_from((0.5, 1.1))
            )
        ),
        last_place=draw(st.none() | st.sampled_from(PLACES)),
        at=draw(st.none() | st.sampled_from(SPOTS)),
    )


@settings(max_examples=150, deadline=None)
@given(world=worlds(), request=requests())
def test_always_one_accountable_office_outside_the_conflict(world: World, request: Request) -> None:
    known = world.catalogue()
    active = {office.id for office in known.offices.values() if office.active}
    accused = known.office_by_code.get((request.office_code or "").upper())
    try:
        decision = choose(request, known, DAY)
    except Misconfigured:
        # only where nobody is left: no active office at all, or all of them in one conflict
        assert not active or any(active <= {above.id for above in known.chain(office)} for office in known.offices)
        return
    assert decision.office_id in active
    assert decision.reason
    conflict = (
        {above.id for above in known.chain(decision.about_office_id)} if decision.about_office_id is not None else set()
    )
    assert decision.office_id not in conflict
    assert not conflict & {candidate.office_id for candidate in decision.suggestions}
    assert {candidate.office_id for candidate in decision.suggestions} <= active
    assert len(decision.suggestions) <= 3
    if decision.integrity:
        assert known.offices[decision.office_id].function == OfficeFunction.integrity
    if request.about_staff and accused is not None:
        assert decision.about_office_id == accused.id
    rule = next((line for line in known.jurisdictions if line.id == decision.rule_id), None)
    if rule is not None:
        assert rule.valid_from <= DAY < (rule.valid_to or date.max)
        assert decision.office_id in {above.id for above in known.chain(rule.office_id)}
    told, steps = explain(request, known, DAY)
    assert told == decision == choose(request, known, DAY)
    assert steps[-1].decided


@settings(max_examples=60, deadline=None)
@given(world=worlds(), data=st.data())
def test_what_an_office_has_when_it_closes_goes_to_one_outside_the_conflict(world: World, data: st.DataObject) -> None:
    known = world.catalogue()
    ids = sorted(known.offices)
    closing, about = data.draw(st.sampled_from(ids)), data.draw(st.none() | st.sampled_from(ids))
    conflict = {above.id for above in known.chain(about)} if about else set()
    left = {office.id for office in known.offices.values() if office.active} - conflict - {closing}
    try:
        office = next_above(known, closing, about=about, integrity=data.draw(st.booleans()))
    except Misconfigured:
        assert not left
        return
    assert office.id in left
