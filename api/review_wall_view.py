"""What the page for the wall shows of a meeting: values for its template."""

from dataclasses import asdict
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select

from core.i18n import SOURCE_LANGUAGE
from core.settings import settings
from domain.case import Case
from domain.catalogue import Catalogue, catalogue
from domain.office import Office
from domain.pack import Raised, SampleCheck
from domain.review import Action, Finding, Review
from domain.staff import Staff
from domain.visibility import PAPER, Viewer, visible
from reviews import causes, chairs, holding
from reviews.agenda import action_lines
from reviews.layout import Block, blocks, case_row, figures
from reviews.snapshot import Body, Facts
from reviews.telling import address
from reviews.wall import END, HERE, PROMISES, WEEK, Stop, place_of, stops

OFFERED = 30
"""Causes that are offered while one is typed."""
GROUPS = {"here": "The meeting", "checks": "Closed cases to check"}


def context_of(
    session: Session, who: Viewer, office: Office, week: date, body: Body, at: str, now: datetime
) -> dict[str, Any]:
    """Everything the template asks for but what was typed and is wrong with it."""
    known = catalogue(session)
    found = stops(body)
    number = place_of(found, at)
    stop = found[number]
    review = session.exec(select(Review).where(Review.office_id == office.id, Review.week == week)).first()
    closed = review is not None and review.closed_at is not None
    may = chairs.chairs(session, who, office.id) and not closed
    marks = _marks(session, review, body)
    here = holding.present(session, review.id) if review else []
    laid = {one.key: one for one in blocks(known, body, now.astimezone(settings().zone).date())}
    wall = f"{address(office.code, week)}/wall"
    return {
        "review": {
            "url": address(office.code, week),
            "wall": wall,
            "office": known.name(office.id),
            "week": week,
            "may": may,
            "closed": closed,
            "opened_at": review.opened_at if review else None,
            "minutes": review is not None and review.minutes is not None,
        },
        "stop": {"key": stop.key, "title": stop.title, "under": list(stop.under), "kind": stop.key.partition("-")[0]},
        "number": number + 1,
        "total": len(found),
        "previous": f"{wall}?at={found[number - 1].key}" if number else "",
        "next": f"{wall}?at={found[number + 1].key}" if number + 1 < len(found) else "",
        "groups": _groups(found, marks, wall, stop.key),
        "left": sum(1 for one in found if one.case is not None and one.key not in marks),
        "present": [one.name for one in here],
        "figures": figures(body),
        "people": _people(session, office, now, review, stop) if may else [],
        "attending": _attending(session, office, now, here) if stop.key == HERE and may else [],
        "was": ",".join(str(one.id) for one in here),
        "blocks": _blocks(laid, stop.key),
        "promises": _open_promises(session, laid.get("actions"), stop.key, review),
        "draw_note": laid["checks"].note if "checks" in laid else "",
        "case": _case(session, who, known, office, body, stop.case, review) if stop.case else None,
        "offered": _offered(session) if stop.key.startswith("case-") and may else [],
        "above": _above(session, known, office, now) if stop.key.startswith("case-") and may else "",
        "decided": _decided(session, review) if stop.key == END else [],
        "actions": _actions(session, review) if stop.key == END else [],
    }


def _marks(session: Session, review: Review | None, body: Body) -> dict[str, str]:
    """What is through: the names of stops that were decided, handed up or checked, and which of it."""
    if review is None:
        return {}
    references = {one.id: one.reference for one in body.cases}
    found: dict[str, str] = {}
    rows = session.exec(select(Finding.case_id).where(Finding.review_id == review.id)).all()
    found |= {f"case-{references[one]}": "decided" for one in rows if one in references}
    up = select(Raised.case_id).where(Raised.review_id == review.id, col(Raised.taken_back_at).is_(None))
    found |= {f"case-{references[one]}": "handed up" for one in session.exec(up) if one in references}
    checks = session.exec(select(SampleCheck.case_id).where(SampleCheck.review_id == review.id)).all()
    return found | {f"check-{references[one]}": "checked" for one in checks if one in references}


def _groups(found: list[Stop], marks: dict[str, str], wall: str, current: str) -> list[dict[str, Any]]:
    """Everything on the agenda, by heading, with what is through."""
    groups: dict[str, dict[str, Any]] = {}
    for number, one in enumerate(found, start=1):
        title = one.title if one.case is not None else GROUPS["here"]
        title = GROUPS["checks"] if one.group == "checks" else title
        if one.key == END:
            title = "The end"
        group = groups.setdefault(title, {"title": title, "items": []})
        text = one.title if one.case is None else one.case.title or "No words"
        group["items"].append(
            {
                "number": number,
                "url": f"{wall}?at={one.key}",
                "text": text,
                "reference": one.case.reference if one.case else "",
                "language": one.case.language if one.case else "",
                "mark": marks.get(one.key, ""),
                "current": one.key == current,
            }
        )
    return list(groups.values())


def _people(session: Session, office: Office, now: datetime, review: Review | None, stop: Stop) -> list[dict[str, str]]:
    """Who may be given an action: those near the office, who works on the case, and who is here."""
    also: set[UUID] = {one.id for one in holding.present(session, review.id)} if review else set()
    if stop.case is not None:
        assignee = session.exec(select(Case.assignee_id).where(Case.id == stop.case.id)).first()
        also |= {assignee} if assignee else set()
        also |= {one.id for one in holding.near(session, stop.case.office_id, now)}
    found = holding.near(session, office.id, now, also)
    if stop.case is not None:
        found = holding.who_see(session, found, stop.case.id, now)
    return [{"id": str(one.id), "name": one.name} for one in found]


def _attending(session: Session, office: Office, now: datetime, here: list[Staff]) -> list[dict[str, Any]]:
    marked = {one.id for one in here}
    return [
        {"id": str(one.id), "name": one.name, "here": one.id in marked}
        for one in holding.near(session, office.id, now, marked)
    ]


def _blocks(laid: dict[str, Block], key: str) -> list[dict[str, Any]]:
    wanted = ("rushes", "causes", "praise", "worst", "best") if key == WEEK else ()
    return [asdict(laid[one]) for one in wanted if one in laid]


def _open_promises(session: Session, block: Block | None, key: str, review: Review | None) -> list[dict[str, Any]]:
    """The promises of the pack, each with what has become of it since."""
    if key != PROMISES or block is None:
        return []
    ids = [UUID(str(row["id"])) for row in block.rows]
    rows = {row.id: row for row in session.exec(select(Action).where(col(Action.id).in_(ids)))}
    found = []
    for row in block.rows:
        now_is = rows.get(UUID(str(row["id"])))
        settled = now_is.settled_at if now_is is not None else None
        found.append({**row, "settled": settled is not None, "note": (now_is.done_note or "") if now_is else ""})
    return found


def _case(
    session: Session, who: Viewer, known: Catalogue, office: Office, body: Body, facts: Facts, review: Review | None
) -> dict[str, Any]:
    """The case of a stop: as the pack froze it, what has happened since, and what was decided."""
    row = session.exec(select(Case).where(Case.id == facts.id, visible(who))).first()
    theirs = row is not None and row.office_id in known.subtree(office.id)
    finding = raised = checked = None
    actions: list[dict[str, Any]] = []
    if review is not None:
        finding = session.exec(
            select(Finding).where(Finding.review_id == review.id, Finding.case_id == facts.id)
        ).first()
        raised = session.exec(
            select(Raised).where(
                Raised.review_id == review.id, Raised.case_id == facts.id, col(Raised.taken_back_at).is_(None)
            )
        ).first()
        checked = session.exec(
            select(SampleCheck).where(SampleCheck.review_id == review.id, SampleCheck.case_id == facts.id)
        ).first()
        lines = action_lines(session, who, Action.review_id == review.id, col(Action.case_id) == facts.id)
        actions = [{"what": one.what, "owner": one.owner, "due_on": one.due_on} for one in lines]
    up = next((one for one in body.raised if one.case_id == facts.id), None)
    names = causes.causes(session, PAPER) if finding is not None and finding.cause_id else None
    answered = row is not None and facts.silent_seconds is not None and row.first_response_at is not None
    return {
        **case_row(known, facts, office.id),
        "from_above": f"{known.name(up.from_office_id)}, {up.by}: {up.why}" if up else "",
        "theirs": theirs,
        "answered_at": row.first_response_at if row is not None and answered else None,
        "finding": {
            "whys": finding.whys or [finding.why],
            "decision": finding.decision,
            "cause": names.name(finding.cause_id, SOURCE_LANGUAGE) if names and finding.cause_id else "",
        }
        if finding
        else None,
        "actions": actions,
        "raised": {"to": known.name(raised.to_office_id), "why": raised.why} if raised else None,
        "checked": {"sound": checked.sound, "note": checked.note} if checked else None,
    }


def _offered(session: Session) -> list[str]:
    return [causes.name_of(one, SOURCE_LANGUAGE) for one in causes.suggest(session, PAPER, "", limit=OFFERED)]


def _above(session: Session, known: Catalogue, office: Office, now: datetime) -> str:
    above = holding.next_up(session, office.id, now)
    return known.name(above.id) if above else ""


def _decided(session: Session, review: Review | None) -> list[dict[str, str]]:
    if review is None:
        return []
    rows = session.exec(
        select(Finding.decision, Case.reference)
        .join(Case, col(Case.id) == col(Finding.case_id))
        .where(Finding.review_id == review.id, visible(PAPER))
        .order_by(col(Finding.at), col(Finding.id))
    )
    return [{"decision": decision, "reference": reference} for decision, reference in rows]


def _actions(session: Session, review: Review | None) -> list[dict[str, Any]]:
    if review is None:
        return []
    return [
        {"what": one.what, "owner": one.owner, "due_on": one.due_on, "reference": one.reference}
        for one in action_lines(session, PAPER, Action.review_id == review.id)
    ]
