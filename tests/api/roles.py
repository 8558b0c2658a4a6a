# ruff: noqa: E501  (tables of requests)
"""Who may open what, found by asking: every page and every route, as somebody of every role.

`python -m tests.api.roles` writes what it finds into docs/roles.md, where a reviewer reads what a change opened or shut;
tests/api/test_roles.py holds the two together.
"""

import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from sqlmodel import Session, col, select

from api import pages as drawing
from cases import attachments
from channels.values import Channel
from core import database as core_database
from core.crypto import token_hash
from core.database import Database, database
from core.ids import new_id
from domain.access import Scope
from domain.attachment import Attachment
from domain.base import metadata
from domain.case import Case
from domain.review import Review
from domain.staff import Staff, StaffRole, StaffSession, email_index
from domain.states import CaseState, EntryKind, Role
from domain.timeline import append
from tests.api import roles_world
from tests.api.site import CSRF, Web, routes_of, web_of
from tests.builders import plain_case
from tests.conftest import Installation
from tests.processes import ROOT

PAGE = ROOT / "docs" / "roles.md"
NOBODY = "nobody"
PEOPLE: dict[str, tuple[Role, str]] = {
    "operator": (Role.operator, "WAT1"),
    "officer": (Role.officer, "WAT1"),
    "supervisor": (Role.supervisor, "WATER"),
    "head": (Role.head, "WATER"),
    "triage": (Role.triage, "TRIAGE"),
    "integrity": (Role.integrity, "INTEG"),
    "reviewer": (Role.reviewer, "WATER"),
    "leadership": (Role.leadership, "GOV"),
    "auditor": (Role.auditor, "GOV"),
    "admin": (Role.admin, "WATER"),
    "top admin": (Role.admin, "GOV"),
}
"""Somebody of each role, and where: the case they ask for is one of WAT1, below WATER, below GOV."""
KEYS = ("no key", *map(str, Scope))
OPENS, LACKS, REFUSED, HIDDEN, SIGN_IN = "✓", "○", "✗", "–", "→"
SAYS = dict.fromkeys(
    ("text", "note", "reason", "words", "current", "name", "seen", "task", "refuse_reason", "release_reason", "restrict_reason",
     "urgent_reason", "split_reason", "off_reason", "transcript", "why", "what", "decision_words", "merge_reason", "unmerge_reason", "split_text"), "x",
)  # fmt: skip
CHOOSES = {
    "csrf": CSRF,
    "version": "99",
    "office": "WAT2",
    "part_office": "CIV1",
    "outcome": "upheld",
    "urgent": "yes",
    "language": "en",
    "decision": "allowed",
    "entry": "1",
    "link_why": "citizen",
}
"""What the forms of all pages may ask for, so that what is refused is refused for who asks and not for what lacks."""
PUBLIC = ("/static", "/simulator", "/webhooks/", "/styleguide")
"""Addresses nobody signs in for, and which are no pages of staff."""
CASES = {"": "a case of WAT1", "?triage": "a case at the triage desk", "?integrity": "a case of the integrity office",
         "?about": "a case about WAT1, at another office"}  # fmt: skip
CASE_PAGE = "/staff/cases/{reference}"

CHOSEN = ("into", "link_to", "staff", "recording", "other", "id", "owner", "due_on")
"""Fields of `staffed`'s values that forms have too."""

Marks = dict[str, str]


def called(name: str) -> str:
    """What the browser of one of `PEOPLE` is known by; there are others in the test government."""
    return f"one-{name.replace(' ', '-')}"


def staffed(web: Web) -> dict[str, str]:
    """Somebody of each role, signed in, and what addresses are filled with."""
    now, known = datetime.now(UTC), web.known
    monday = (now - timedelta(days=now.weekday() + 7)).date()
    with database().write() as session:
        for name, (role, office) in PEOPLE.items():
            person = Staff(
                id=new_id(),
                name=name,
                email=f"{name}@x.example",
                email_index=email_index(f"{name}@x"),
                password_hash="!",
            )
            session.add(person)
            session.flush()
            session.add(StaffRole(staff_id=person.id, office_id=known.office[office], role=role))
            session.add(
                StaffSession(
                    token_hash=token_hash(f"session-of-{called(name)}"), csrf=CSRF, staff_id=person.id, created_at=now,
                    expires_at=now + timedelta(hours=1),
                )
            )  # fmt: skip
        cases = {
            "": plain_case(known, "WAT1"),
            "into": plain_case(known, "WAT1"),
            "called": plain_case(known, "WAT1"),
            "?triage": plain_case(known, "TRIAGE", state=CaseState.triage),
            "?integrity": plain_case(known, "INTEG", integrity=True),
            "?about": plain_case(known, "CIV1", about_office_id=known.office["WAT1"]),
        }
        for case in cases.values():
            append(session, case, EntryKind.received, now, actor="citizen", public=True, body={"text": case.text})
            session.add(case)
        session.flush()
        attachments.keep_upload(session, data=b"x", name="x.txt", upload_key="x", channel=Channel.web, now=now)
        attachments.adopt(session, cases[""], "x", now)
        review = Review(id=new_id(), office_id=known.office["WATER"], week=monday, opened_at=now)
        session.add(review)
        session.flush()
        file_id = session.exec(select(Attachment.id)).first()
        officer = session.exec(select(Staff.id).where(col(Staff.email_index) == email_index("officer@x"))).one()
        rows = roles_world.furnish(session, known, cases[""], cases["called"], review, officer, now)
    return {
        "reference": cases[""].reference, "office_code": "WAT1", "week": monday.isoformat(), "service_code": "water", "source": "letter",
        "size": "192", "name": "answer", "language": "en", "kind": "staff", "person_id": str(known.staff["officer1"]), "file_id": str(file_id),
        "number": "1", "kpi": "silence_median", "part": cases["?about"].reference, "staff": str(known.staff["officer1"]),
        "recording": str(file_id), "other": str(new_id()), "id": str(new_id()), "owner": str(known.staff["head_water"]),
        "due_on": (now + timedelta(days=3)).date().isoformat(),
        **{key: case.reference for key, case in cases.items() if key}, "link_to": cases["into"].reference, **rows,
    }  # fmt: skip


class _Undrawn:
    """Templates that are empty."""

    def get_template(self, name: str) -> "_Undrawn":
        """Any of them."""
        return self

    def render(self, *_: object, **__: object) -> str:
        """Nothing."""
        return ""


@contextmanager
def nothing_stays(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What a form changes is taken back at once, so that nobody's answer depends on who asked before. Pages are not
    drawn, which takes half of the time and which other tests look at."""
    with monkeypatch.context() as patched:
        patched.setattr(drawing, "environment", _Undrawn)
        patched.setattr(Session, "commit", lambda session: session.flush())
        yield


def mark_of(answer: httpx.Response) -> str:
    """What an answer means for who asked."""
    if answer.status_code == 303 and urlsplit(answer.headers["location"]).path == "/staff/sign-in":
        return SIGN_IN
    if answer.status_code == 401:
        return SIGN_IN
    if answer.status_code in (403, 404):
        return REFUSED if answer.status_code == 403 else HIDDEN
    if answer.status_code == 422:
        return LACKS
    ready = answer.request.url.path == "/readyz"  # nothing is, in a test without a worker
    assert answer.status_code < 500 or ready, (answer.request.method, answer.request.url, answer.status_code)
    return OPENS


INSIDE = ("/staff", "/leadership")
DOOR = "/staff/sign-in"
FEW = (NOBODY, "officer", "top admin")
"""Who asks for citizens' pages, which are the same for everybody."""


def pages(web: Web) -> list[tuple[str, str]]:
    """Every page, by address: staff's first."""
    found = [(method, path) for method, path in routes_of(web.app) if not path.startswith((*PUBLIC, "/api/"))]
    return sorted(found, key=lambda route: (not inside(route[1]), route[1], route[0]))


def inside(path: str) -> bool:
    """Whether a page is behind the sign-in."""
    return path.startswith(INSIDE) and not path.startswith(DOOR)


def walk(web: Web, monkeypatch: pytest.MonkeyPatch) -> dict[str, dict[str, Marks]]:
    """Every page as everybody: marks by method and address, of staff's pages and of those for citizens."""
    values = staffed(web)
    walked: dict[str, dict[str, Marks]] = {"pages": {}, "citizens": {}}
    with nothing_stays(monkeypatch):
        for method, path in pages(web):
            variants = CASES if (method, path) == ("GET", CASE_PAGE) else {"": ""}
            for variant, about in variants.items():
                filled = {**values, "reference": values[variant]} if variant else roles_world.filled_for(path, values)
                address = re.sub(r"\{(\w+)(?::\w+)?\}", partial(_filled, filled), path)
                why = about or roles_world.why_not(path)
                title = f"{method} {path}" + (f" ({why})" if why else "")
                people = (NOBODY, *PEOPLE) if inside(path) else FEW
                form = {
                    **SAYS,
                    **CHOOSES,
                    **{name: filled[name] for name in CHOSEN},
                    f"reason-{filled['reference']}": "x",
                }
                marks = {who: _ask(web, method, address, who, form) for who in people}
                walked["pages" if inside(path) else "citizens"][title] = marks
    return walked | {"programs": walk_api(web, monkeypatch)}


def _filled(values: Mapping[str, str], found: re.Match[str]) -> str:
    return values.get(found[1], "x")


def _ask(web: Web, method: str, address: str, who: str, form: Mapping[str, str]) -> str:
    name = "" if who == NOBODY else called(who)
    return mark_of(web.get(address, name) if method == "GET" else web.call(method, address, name, data=dict(form)))


def walk_api(web: Web, monkeypatch: pytest.MonkeyPatch) -> dict[str, Marks]:
    """Every route for programs, without a key and with one of each scope."""
    with database().read() as session:
        reference = session.exec(select(Case.reference).where(col(Case.office_id) == web.known.office["WAT1"])).all()[0]
    found = {}
    with nothing_stays(monkeypatch):
        for method, path in sorted(routes_of(web.app), key=lambda route: (route[1], route[0])):
            if not path.startswith("/api/"):
                continue
            address = re.sub(r"\{\w+\}", reference, path)
            request: Callable[..., httpx.Response] = web.call
            found[f"{method} {path}"] = {
                key: mark_of(
                    request(method, address, headers=_bearer(web, key), **({} if method == "GET" else {"json": {}}))
                )
                for key in KEYS
            }
    return found


def _bearer(web: Web, key: str) -> dict[str, str]:
    return {} if key == KEYS[0] else {"Authorization": f"Bearer {web.keys[Scope(key)]}"}


def table(walked: Mapping[str, Marks]) -> str:
    """Marks as a table of a page."""
    heads = list(next(iter(walked.values())))
    lines = [f"| | {' | '.join(heads)} |", f"| --- |{' :-: |' * len(heads)}"]
    for title, marks in walked.items():
        route, _, about = title.partition(" (")
        called = f"`{route}`" + (f" ({about}" if about else "")
        lines.append(f"| {called} | {' | '.join(marks[head] for head in heads)} |")
    return "\n".join(lines)


def written(name: str) -> dict[str, Marks]:
    """A table of the page, read back."""
    text = PAGE.read_text("utf-8")
    inside = re.search(rf"(?s)<!-- {name} -->\n(.*?)\n<!-- /{name} -->", text)
    assert inside, name
    rows = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in inside[1].splitlines()]
    heads = [head.strip() for head in rows[0] if head.strip()]
    return {
        row[0].replace("`", ""): dict(zip(heads, (cell.rstrip(" |") for cell in row[1:]), strict=True))
        for row in rows[2:]
    }


def with_table(text: str, name: str, walked: Mapping[str, Marks]) -> str:
    """The page with a table replaced."""
    return re.sub(
        rf"(?s)(<!-- {name} -->\n).*?(\n<!-- /{name} -->)", lambda found: found[1] + table(walked) + found[2], text
    )


def main() -> None:
    """Ask, and write down what was found."""
    folder = Path(tempfile.mkdtemp())
    try:
        with pytest.MonkeyPatch.context() as monkeypatch:
            url = f"sqlite:///{folder / 'roles.sqlite3'}"
            monkeypatch.setenv("OMBUD_DATABASE_URL", url)
            monkeypatch.setenv("OMBUD_DATA_DIR", str(folder))
            core_database.database.cache_clear()
            made = Database(url)
            metadata().create_all(made.engine)
            with web_of(Installation(url, made, folder), monkeypatch) as web:
                text = PAGE.read_text("utf-8")
                for name, walked in walk(web, monkeypatch).items():
                    text = with_table(text, name, walked)
                PAGE.write_text(text, "utf-8")
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
