# ruff: noqa: E501  (tables of requests)
"""Nobody sees a case that is about them or their office: every page that reads, as everybody who signs in."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import product
from urllib.parse import parse_qs

import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts
from sqlmodel import col, select, update

from cases import attachments
from channels.values import Channel
from core.database import database
from core.ids import new_id
from domain.access import Scope
from domain.attachment import Attachment
from domain.case import Case
from domain.cause import CaseCause, Cause
from domain.clock import Notice
from domain.review import Action, Finding, Review
from domain.staff import Staff
from domain.states import CaseState, EntryKind
from domain.survey import Answer
from domain.timeline import append
from reviews import packs
from tests.api.site import Web
from tests.builders import plain_case

MARKER = "zyxmarker"
QUERIES = (
    "", "?q={reference}", "?q={marker}", "?view=late&order=newest", "?office=INTEG&weeks=13",
    "?said=note&q={marker}&open={reference}&office=WAT1&reference={reference}&weeks=13&decide=new-{reference}&page=0",
)  # fmt: skip
API_QUERIES = ("", "?office=INTEG", "?office=GOV&below=true", "?order=due", "?state=open&kind=complaint&channel=web")
FROM = "2026-01-01T00:00:00Z"
MOVING = re.compile(
    # a second factor's new key, and the square that shows it
    r'name="ticket" value="[^"]*"|class="key-text">[^<]*|<path transform="scale[^>]*>|'
    r'value="[0-9a-f-]{36}"|datetime="[^"]*"|"until":"[^"]*"|\d+ (min|h|s)\b|\d\d:\d\d(:\d\d)?|^(?!ombud_(in|out)box)(process|python|ombud)_.*',
    re.MULTILINE,
)


READ_BY_HAND = frozenset({"/", "/exit/{office_code}", "/staff/cases/{reference}/files/{file_id}"})
"""Pages that look into the query besides what they declare."""


def asks_for(dependant: Dependant | None) -> set[str]:
    """Names of a query that a page reads."""
    if dependant is None:
        return set()
    return {field.alias for field in dependant.query_params}.union(*map(asks_for, dependant.dependencies))


def gets(web: Web, reference: str, week: str, marker: str = MARKER) -> Iterator[str]:
    """Every address that reads, with every query that could lead to a case, as far as the page reads it."""
    web.tally()
    values = {
        "reference": reference,
        "week": week,
        "office_code": "WAT1",
        "token": "x",
        "source": "letter",
        "size": "192",
        "name": "answer",
        "language": "en",
        "service_code": "water",
        "rule_id": "x",
        "calendar_id": "x",
        "policy_id": "x",
        "area_code": "x",
        "reply_id": "x",
        "person_id": str(web.known.staff["officer1"]),
        "kind": "staff",
        "act_id": "x",
        "trial_id": "x",
        "chosen": "4",
        "upload_id": "x",
        "publication_id": "x",
        "month": "2026-02",
        "version": "1",
        "file": "silence.csv",
        "export_id": "x",
        "plan_id": "x",
        "code": "service",
        "question": "reason",
        "kpi": "silence_median",
    }
    with database().read() as session:
        of_case = select(Case.id).where(col(Case.reference) == reference)
        files = session.exec(select(Attachment.id).where(col(Attachment.case_id).in_(of_case))).all()
        actions = session.exec(select(Action.id).where(col(Action.case_id).in_(of_case))).all()
        found = session.exec(select(CaseCause.cause_id).where(col(CaseCause.case_id).in_(of_case))).all()
        decided = session.exec(select(Finding.id).where(col(Finding.case_id).in_(of_case))).all()
    values |= {
        "file_id": str(files[0]) if files else "x",
        "action_id": str(actions[0]) if actions else "x",
        "cause_id": str(found[0]) if found else "x",
        "finding_id": str(decided[0]) if decided else "x",
    }
    for one in iter_route_contexts(web.app.routes):
        path = str(one.path)
        if "GET" not in (one.methods or ()) or path.startswith("/simulator"):
            continue
        if path.startswith("/track/"):
            continue  # the citizen's own page: whoever holds the reference is the citizen
        filled = [re.sub(r"\{(\w+)\}", lambda match: values[match[1]], path)]
        taken = asks_for(getattr(one, "dependant", None))
        if "{office_code}" in path:
            filled = [path.format(**values | {"office_code": code}) for code in ("WAT1", "WATER", "GOV", "INTEG")]
        for address in filled:
            queries = API_QUERIES if path.startswith("/api/") else QUERIES
            for query in queries:
                if not query or path in READ_BY_HAND or taken & set(parse_qs(query[1:])):
                    yield address + query.format(reference=reference, marker=marker)


def hide(
    web: Web, kind: str, reference: str = "", review: Review | None = None, rated: bool = True, marker: str = MARKER
) -> Case:
    """A case that nobody of WAT1 and above may see, with everything that may hang on one; its words have `marker`."""
    known, now = web.known, datetime.now(UTC)
    accused = {"about_office_id": known.office["WAT1"]}
    values: dict[str, object] = {
        "integrity": {"office": "INTEG", "integrity": True, **accused},
        "about office": {"office": "CIV1", **accused},
        "about a person": {"office": "WAT1", "about_staff_id": known.staff["officer1"]},
    }[kind]
    with database().write() as session:
        case = plain_case(
            known, text=f"{marker} took my money", received_at=now - timedelta(days=5), opened_at=now - timedelta(days=5),
            **values,  # type: ignore[arg-type]
        )  # fmt: skip
        case.reference = reference or case.reference
        append(
            session,
            case,
            EntryKind.received,
            now - timedelta(days=5),
            actor="citizen",
            public=True,
            body={"text": case.text},
        )
        session.add(case)
        session.flush()
        note = f"{marker} took my money".encode()
        file = attachments.keep_upload(
            session, data=note, name=f"{marker}.txt", upload_key=marker, channel=Channel.web, now=now
        )
        attachments.adopt(session, case, marker, now)
        assert file.case_id == case.id
        monday = (now - timedelta(days=now.weekday() + 7)).date()
        if review is None:
            review = Review(id=new_id(), office_id=known.office["WATER"], week=monday, opened_at=now)
            session.add(review)
        session.flush()
        session.add(
            Finding(
                review_id=review.id,
                case_id=case.id,
                why=marker,
                decision=marker,
                at=now,
                author_id=known.staff["head_water"],
            )
        )
        author = known.staff["integrity"]
        cause = Cause(
            id=new_id(), name=f"{marker} keeps it", key=f"{marker} keeps it", author_id=author, created_at=now
        )
        session.add(cause)
        session.flush()
        session.add(CaseCause(case_id=case.id, cause_id=cause.id, author_id=author, at=now))
        session.add(
            Action(
                id=new_id(),
                review_id=review.id,
                office_id=review.office_id,
                case_id=case.id,
                cause_id=cause.id,
                what=f"Talk about {marker}",
                owner_id=known.staff["head_water"],
                due_on=monday,
                created_at=now,
            )
        )
        for name, staff_id in known.staff.items():
            session.add(
                Notice(
                    staff_id=staff_id,
                    case_id=case.id,
                    dedupe_key=f"{marker}:{name}",
                    text=f"{case.reference} {marker} is late",
                    at=now,
                )
            )
        ratings = (("rating", 1, None), ("words", None, f"{marker} took my money"), ("money", 1, None))
        for question, value, text in ratings if rated else ():
            session.add(
                Answer(
                    source_id=f"exit:{marker}",
                    question=question,
                    value=value,
                    text=text,
                    office_id=known.office["WAT1"],
                    channel=Channel.kiosk,
                    answered_at=now - timedelta(days=1),
                )
            )
    return case


BLIND = {
    "integrity": ("officer1", "head1", "officer2", "head_water", "reviewer", "minister", "auditor", "triage", "clerk"),
    "about office": ("officer1", "head1", "head_water", "reviewer", "minister", "auditor", "triage", "officer2"),
    "about a person": ("officer1", "officer2", "clerk", "triage", "integrity"),
}


MARKERS = {"integrity": MARKER, "about office": "qvomarker", "about a person": "jubmarker"}
"""No word begins as another does: whoever looks for one case does not look for another."""
SHARED = ("/api/", "/metrics", "/healthz", "/readyz", "/static", "/exit", "/report", "/s/", "/styleguide")
"""The same for everybody."""


def told_of(text: str, path: str, case: Case, marker: str) -> bool:
    """Whether a page tells of a case that its address does not name."""
    words = f"{marker} took" in text or f"about {marker}" in text or (marker in text and marker not in path)
    return words or (case.reference in text and case.reference not in path)


@pytest.mark.parametrize("installation", ["sqlite"], indirect=True)  # tests/domain holds the predicate on both
def test_no_page_tells_of_it(web: Web) -> None:
    """Three cases side by side; each page is read once by everybody who may not see one of them."""
    now = datetime.now(UTC)
    monday = (now - timedelta(days=now.weekday() + 7)).date()
    with database().write() as session:
        review = Review(id=new_id(), office_id=web.known.office["WATER"], week=monday, opened_at=now)
        session.add(review)
    cases = {kind: hide(web, kind, review=review, marker=marker) for kind, marker in MARKERS.items()}
    with database().write() as session:
        for code in ("WAT1", "WATER", "GOV", "INTEG"):
            packs.ensure(session, web.known.office[code], monday, now)
    of_kinds: dict[str, list[str]] = {}
    for kind, case in cases.items():
        for path in gets(web, case.reference, monday.isoformat(), MARKERS[kind]):
            of_kinds.setdefault(path, []).append(kind)
    leaks = []
    for path, kinds in of_kinds.items():
        readers = {who for kind in kinds for who in BLIND[kind]}
        for who in ("", *sorted(readers if not path.startswith(SHARED) else ())):
            text = web.get(path, who).text
            leaks += [
                (who, path, kind)
                for kind, case in cases.items()
                if (not who or who in BLIND[kind]) and told_of(text, path, case, MARKERS[kind])
            ]
        if path.startswith("/api/"):
            for scope in Scope:
                text = web.api("GET", path.removeprefix("/api/v1"), scope).text
                leaks += [
                    (f"key {scope}", path, kind)
                    for kind, case in cases.items()
                    if told_of(text, path, case, MARKERS[kind])
                ]
    assert not leaks
    assert len(of_kinds) > 150


def test_what_a_page_reads_of_a_query_is_found(web: Web) -> None:
    """Else the test above would leave out queries that matter."""
    read = {str(one.path): asks_for(getattr(one, "dependant", None)) for one in iter_route_contexts(web.app.routes)}
    assert read["/staff/search"] == {"q", "order"}
    assert read["/leadership"] == {"office", "weeks", "order", "service", "first", "last"}
    assert read["/staff/queue"] == {"open", "view", "q", "order"}


def shown(web: Web, paths: list[str], people: tuple[str, ...]) -> dict[tuple[str, str], str]:
    """What they read, without what moves by itself."""
    web.tally()
    pages = {(who, path): web.get(path, who).text for path, who in product(paths, people)}
    pages |= {
        ("key", path): web.api("GET", path).text
        for path in ("/cases", f"/kpis/silence?from={FROM}", f"/kpis/silence?office=WAT1&from={FROM}")
    }
    return {key: MOVING.sub("", text) for key, text in pages.items()}


@pytest.mark.parametrize("installation", ["postgresql"], indirect=True)  # counts are where the two could differ
@pytest.mark.parametrize("kind", ["integrity", "about office"])
def test_not_even_a_count_changes(web: Web, kind: str) -> None:
    now = datetime.now(UTC)
    week = (now - timedelta(days=now.weekday() + 7)).date().isoformat()
    paths = [
        "/staff", "/staff/queue", "/staff/search?q=" + MARKER, "/staff/triage", "/staff/notices", "/leadership",
        "/leadership?office=WAT1", "/staff/reviews", f"/staff/reviews/WATER/{week}", f"/staff/reviews/WAT1/{week}", f"/staff/reviews/WAT1/{week}/pack",
        "/metrics",
    ]  # fmt: skip
    with database().write() as session:
        session.add(
            Review(
                id=new_id(),
                office_id=web.known.office["WATER"],
                week=datetime.fromisoformat(week).date(),
                opened_at=now,
            )
        )
    before = shown(web, paths, BLIND[kind])
    case = hide_alone(web, kind)
    after = shown(web, paths, BLIND[kind])
    assert [key for key in before if before[key] != after[key]] == []
    assert web.get(f"/staff/cases/{case.reference}", "integrity" if kind == "integrity" else "clerk").status_code == 200


def hide_alone(web: Web, kind: str) -> Case:
    """The case and the notices that were sent before it was known what it is about."""
    now, known = datetime.now(UTC), web.known
    with database().write() as session:
        case = plain_case(
            known, "INTEG" if kind == "integrity" else "CIV1", integrity=kind == "integrity", about_office_id=known.office["WAT1"],
            text=f"{MARKER} took my money", received_at=now - timedelta(days=9), opened_at=now - timedelta(days=9),
        )  # fmt: skip
        session.add(case)
        session.flush()
        for name in BLIND[kind]:
            session.add(
                Notice(staff_id=known.staff[name], case_id=case.id, dedupe_key=f"y:{name}", text="Late", at=now)
            )
    return case


def test_a_case_merely_offered_is_read_by_both_and_worked_on_by_its_owner(web: Web) -> None:
    with database().write() as session:
        case = plain_case(web.known, "WAT1", pending_office_id=web.known.office["WAT2"], text=f"{MARKER} well")
        append(
            session, case, EntryKind.received, datetime.now(UTC), actor="citizen", public=True, body={"text": case.text}
        )
        session.add(case)
    path = f"/staff/cases/{case.reference}"
    assert all(MARKER in web.get(path, who).text for who in ("officer1", "officer2"))
    assert web.get(path, "clerk").status_code == 404
    assert web.post(f"{path}/answer", "officer2", text="Hello", version="9").status_code == 403
    assert web.post(f"{path}/answer", "officer1", text="We come", version="9").status_code == 303
    # for programs the office of a case is the one that answers for it
    assert [one["reference"] for one in web.api("GET", "/cases?office=WAT1").json()["items"]] == [case.reference]
    assert web.api("GET", "/cases?office=WAT2").json()["items"] == []


def test_bribery_at_the_exit_reaches_only_integrity(web: Web) -> None:
    visit = str(new_id())
    web.post("/exit/WAT1", rating="1", visit=visit)
    web.post("/exit/WAT1", rating="1", visit=visit, step="why", words=f"The clerk asked me for a bribe {MARKER}")
    web.work()
    case = web.case()
    assert case.integrity
    assert case.office_id == web.known.office["INTEG"]
    for who in BLIND["integrity"]:
        for path in ("/staff", "/staff/figures/surveys", "/leadership", "/staff/search?q=bribe", "/staff/triage"):
            assert MARKER not in web.get(path, who).text, (who, path)
    assert MARKER in web.get("/staff", "integrity").text


def test_a_report_about_staff_is_shut_to_the_office_it_names(web: Web) -> None:
    form = {
        "step": "check",
        "go": "send",
        "text": f"{MARKER} The officer shouted at me",
        "office": "WAT1",
        "answer": "anonymous",
    }
    receipt = web.post("/report", **form, about_staff="yes")
    assert receipt.status_code == 200
    case = web.case()
    assert (case.integrity, case.about_office_id) == (True, web.known.office["WAT1"])
    for who in BLIND["integrity"]:
        assert web.get(f"/staff/cases/{case.reference}", who).status_code == 404
        assert MARKER not in web.get("/staff", who).text
    assert web.api("GET", f"/cases/{case.reference}").status_code == 404
    assert "INTEG" not in web.get(f"/track/{case.reference}").text


def test_roles_are_read_anew_at_every_request(web: Web) -> None:
    with database().write() as session:
        case = plain_case(web.known, "WAT1", state=CaseState.open)
        session.add(case)
    assert web.get(f"/staff/cases/{case.reference}", "officer1").status_code == 200
    with database().write() as session:
        session.execute(update(Case).values(about_staff_id=web.known.staff["officer1"]))
    assert web.get(f"/staff/cases/{case.reference}", "officer1").status_code == 404
    with database().read() as session:
        assert session.exec(select(Staff.active).where(col(Staff.id) == web.known.staff["officer1"])).one()
