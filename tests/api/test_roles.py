"""Somebody of every role walks every page and every route, and is let in where docs/roles.md says so, nowhere else."""

import pytest

from tests.api import roles
from tests.api.site import Web

pytestmark = pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
MEND = "Look whether that is meant, then run `python -m tests.api.roles` and commit what it changed in docs/roles.md"


def test_everybody_is_let_in_where_the_page_says_and_nowhere_else(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, walked in roles.walk(web, monkeypatch).items():
        told = roles.written(name)
        assert sorted(walked) == sorted(told), f"Routes came or went. {MEND}"
        differing = {
            title: {
                who: f"{told[title].get(who)} became {mark}"
                for who, mark in marks.items()
                if told[title].get(who) != mark
            }
            for title, marks in walked.items()
            if told[title] != marks
        }
        assert differing == {}, MEND


def test_what_the_page_says_is_no_accident(web: Web) -> None:
    """A few lines that must never be otherwise, whatever is written down."""
    told, everybody = roles.written("pages"), set(roles.PEOPLE)
    inside = [title for title in told if title.split()[1].startswith(("/staff", "/leadership"))]
    for title in inside:
        if not title.split()[1].startswith("/staff/sign-in"):
            assert told[title][roles.NOBODY] == roles.SIGN_IN, title

    def opens(title: str) -> set[str]:
        return {who for who in everybody if told[title][who] == roles.OPENS}

    assert opens("GET /staff/cases/{reference} (a case of the integrity office)") == {"integrity"}
    assert opens("GET /staff/cases/{reference} (a case about WAT1, at another office)") == set()
    assert opens("GET /staff/cases/{reference} (a case at the triage desk)") == {"triage", "leadership", "auditor"}
    assert opens("POST /staff/cases/{reference}/answer") <= {"operator", "officer", "supervisor", "head"}
    for title in ("POST /staff/people/new", "POST /staff/keys", "POST /staff/import"):
        assert opens(title) == {"admin", "top admin"}, title
    programs = roles.written("programs")
    assert all(marks["no key"] == roles.SIGN_IN for title, marks in programs.items() if "openapi" not in title)
