"""Which policy applies, and what it plans."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from core.errors import BadInput
from core.ids import new_id
from domain.catalogue import Catalogue
from domain.office import Office
from domain.policy import Policy
from domain.states import CaseKind, ClockKind, Tier
from escalation.calendar import parse
from escalation.policy import BUILT_IN, choose, plan

NATION, REGION, DISTRICT = (Office(code=code, names={"en": code}, tier=Tier.district) for code in ("NAT", "REG", "DST"))
REGION.parent_id, DISTRICT.parent_id = NATION.id, REGION.id
KNOWN = Catalogue(1, {office.id: office for office in (NATION, REGION, DISTRICT)}, {}, (), (), {})
PASSPORT, ROADS = new_id(), new_id()
DAY = date(2026, 3, 2)
CALENDAR = parse("x", "Europe/Tirane", {str(day): [["08:00", "16:00"]] for day in range(5)})
MONDAY = datetime(2026, 3, 2, 7, tzinfo=UTC)


def policy(name: str, **changes: Any) -> Policy:
    return Policy(name=name, **{"targets": {"first_response": 8.0}, "ladder": [], **changes})


DEFAULT = policy("default")
KIND = policy("kind", kind=CaseKind.complaint)
SERVICE = policy("service", service_id=PASSPORT)
SERVICE_KIND = policy("service and kind", service_id=PASSPORT, kind=CaseKind.complaint)
HIGH = policy("nation", office_id=NATION.id, service_id=PASSPORT, kind=CaseKind.complaint)
NEAR = policy("region", office_id=REGION.id)
OTHER = policy("another service", service_id=ROADS)
NEW = policy("from March", valid_from=date(2026, 3, 1))
OLD = policy("until March", valid_from=date(2026, 2, 1), valid_to=date(2026, 3, 2))


@pytest.mark.parametrize(
    ("policies", "expected"),
    [
        ([DEFAULT, OTHER], DEFAULT),
        ([DEFAULT, KIND], KIND),
        ([KIND, SERVICE, DEFAULT], SERVICE),
        ([SERVICE, SERVICE_KIND], SERVICE_KIND),
        ([SERVICE_KIND, HIGH], HIGH),
        ([HIGH, NEAR, SERVICE_KIND], NEAR),
        ([DEFAULT, NEW, OLD], NEW),
        ([OLD, DEFAULT], DEFAULT),
        ([], BUILT_IN),
    ],
)
def test_the_most_specific_valid_policy(policies: list[Policy], expected: Policy) -> None:
    for order in (policies, policies[::-1]):
        assert choose(order, KNOWN, DISTRICT.id, PASSPORT, CaseKind.complaint, DAY) is expected


def test_a_policy_does_not_reach_beside_its_office() -> None:
    assert choose([NEAR, DEFAULT], KNOWN, NATION.id, None, CaseKind.complaint, DAY) is DEFAULT


def test_a_policy_without_a_target_for_the_clock_leaves_it_to_the_next() -> None:
    appeals = policy("appeals", targets={"appeal": 40.0})
    asked = ([NEAR, appeals], KNOWN, DISTRICT.id, None, CaseKind.complaint, DAY)
    assert choose(*asked, ClockKind.appeal) is appeals
    assert choose(*asked, ClockKind.first_response) is NEAR
    assert choose(*asked, ClockKind.acceptance) is BUILT_IN


def test_a_plan_counts_working_time() -> None:
    ladder = [{"share": 1.0, "tell": "head"}, {"share": 0.25, "tell": "officer"}]
    planned = plan(
        policy("x", targets={"first_response": 12}, ladder=ladder), ClockKind.first_response, MONDAY, CALENDAR
    )
    assert (planned.target_seconds, planned.deadline_at) == (43200, datetime(2026, 3, 3, 11, tzinfo=UTC))
    assert planned.rungs == [
        {"number": 1, "tell": "officer", "after": 10800, "at": "2026-03-02T10:00:00+00:00"},
        {"number": 2, "tell": "head", "after": 43200, "at": "2026-03-03T11:00:00+00:00"},
    ]


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"targets": {}}, "no target"),
        ({"targets": {"first_response": 0}}, "no target"),
        ({"ladder": [{"share": 0.5, "tell": "mayor"}]}, "nobody knows"),
        ({"ladder": [{"share": 0, "tell": "officer"}]}, "share"),
        ({"ladder": [{"share": "half", "tell": "officer"}]}, "share"),
    ],
)
def test_a_policy_that_cannot_be_planned_says_why(changes: dict[str, Any], wrong: str) -> None:
    with pytest.raises(BadInput, match=wrong):
        plan(policy("x", **changes), ClockKind.first_response, MONDAY, CALENDAR)
