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
    assert {marks[roles.NOBODY] for marks in told.values()} == {roles.SIGN_IN}

    def opens(title: str) -> set[str]:
        return {who for who in everybody if told[title][who] in (roles.OPENS, roles.LACKS)}

    assert opens("GET /staff/cases/{reference} (a case of the integrity office)") == {"integrity"}
    assert opens("GET /staff/cases/{reference} (a case about WAT1, at another office)") == set()
    assert opens("GET /staff/cases/{reference} (a case at the triage desk)") == {"triage", "leadership", "auditor"}
    for title in told:  # what only looks changes no case
        if title.startswith("POST /staff/cases/{reference}") and not title.endswith(("/draft", "/here")):
            workers = {"integrity"} if title.endswith("/release") else {"operator", "officer", "supervisor", "head"}
            assert opens(title) <= workers, title
    for title in ("POST /staff/people/new", "POST /staff/keys", "POST /staff/import"):
        assert opens(title) == {"admin", "top admin"}, title
    programs = roles.written("programs")
    assert all(marks["no key"] == roles.SIGN_IN for title, marks in programs.items() if "openapi" not in title)
