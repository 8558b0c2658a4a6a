"""Who sees which case: one table."""

import pytest
from sqlmodel import select

from domain.case import Case
from domain.states import CaseState
from domain.visibility import SYSTEM_KEY, visible
from tests.builders import government, plain_case
from tests.conftest import Installation

EVERYBODY = (
    "officer1",
    "head1",
    "officer2",
    "head_water",
    "clerk",
    "triage",
    "integrity",
    "minister",
    "auditor",
    "reviewer",
)

CASES = {
    "open at WAT1": ({}, {"officer1", "head1", "head_water", "reviewer", "minister", "auditor", "key"}),
    "in triage": (
        {"office": "TRIAGE", "state": CaseState.triage},
        {"triage", "minister", "auditor", "key"},
    ),
    "offered to WAT2": (
        {"pending": "WAT2"},
        {"officer1", "officer2", "head1", "head_water", "reviewer", "minister", "auditor", "key"},
    ),
    "integrity": ({"office": "INTEG", "integrity": True}, {"integrity"}),
    "integrity, about WAT1": ({"office": "INTEG", "integrity": True, "about": "WAT1"}, {"integrity"}),
    "about WAT1, at CIV1": ({"office": "CIV1", "about": "WAT1"}, {"clerk"}),
    "about WAT2, at WAT1": ({"office": "WAT1", "about": "WAT2"}, {"officer1", "head1"}),
    "about the integrity office": ({"office": "INTEG", "integrity": True, "about": "INTEG"}, set()),
    "about officer1 herself": (
        {"about_staff": "officer1"},
        {"head1", "head_water", "reviewer", "minister", "auditor"},
    ),
}


@pytest.mark.parametrize(("made", "expected"), CASES.values(), ids=CASES.keys())
def test_who_sees_it(installation: Installation, made: dict[str, object], expected: set[str]) -> None:
    with installation.database.write() as session:
        known = government(session)
        values: dict[str, object] = {
            "state": made.get("state", CaseState.open),
            "integrity": made.get("integrity", False),
        }
        for field, key in (("pending_office_id", "pending"), ("about_office_id", "about")):
            if key in made:
                values[field] = known.office[str(made[key])]
        if "about_staff" in made:
            values["about_staff_id"] = known.staff[str(made["about_staff"])]
        session.add(plain_case(known, str(made.get("office", "WAT1")), **values))
    with installation.database.read() as session:
        seen = {
            name for name in EVERYBODY if session.exec(select(Case).where(visible(known.viewer(session, name)))).first()
        }
        if session.exec(select(Case).where(visible(SYSTEM_KEY))).first():
            seen.add("key")
    assert seen == expected
