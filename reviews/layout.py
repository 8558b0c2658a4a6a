"""A pack laid out as blocks of plain values: the page and the paper are both set from these, so they cannot differ."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from core.i18n import SOURCE_LANGUAGE, direction, format_datetime, format_duration, format_number
from core.settings import settings
from domain.catalogue import Catalogue, name_of
from reviews.snapshot import Body, Facts, Promise, Rush, Voice

Row = dict[str, object]

TITLES = {
    "raised": "Handed up to us",
    "appeals": "The office above said the citizen was right",
    "reopened": "Opened again",
    "overdue": "Past a deadline",
    "silent": "Waiting longest",
    "new": "New last week",
}
ACTIONS, CAUSES, RUSHES = "What we said we would do", "Causes that came again", "Far more than usual"
PRAISE, WORST, BEST, CHECKS = (
    "Thanks",
    "Rated low, in their words",
    "Rated best, in their words",
    "Closed cases to check",
)
KINDS = {
    "complaint": "complaint", "suggestion": "suggestion", "compliment": "compliment", "question": "question",
    "request": "request",
}  # fmt: skip
OUTCOMES = {
    "upheld": "upheld", "partly_upheld": "partly upheld", "not_upheld": "not upheld", "answered": "answered",
    "duplicate": "the same as another", "withdrawn": "taken back",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Block:
    """One heading with its rows. `kind` says how a row is set: actions, cases, causes, rushes, voices or checks."""

    key: str
    kind: str
    title: str
    count: int
    rows: list[Row]
    note: str = ""


def blocks(known: Catalogue, body: Body, today: date) -> list[Block]:
    """The headings of a pack in the order of the meeting; none that has nothing under it."""
    cases = body.by_id
    raised = {one.case_id: one for one in body.raised}
    found = [
        Block(
            "actions",
            "actions",
            ACTIONS,
            len(body.actions),
            [_action(known, one, body.office_id, today) for one in body.actions],
        )
    ]
    for key, title in TITLES.items():
        section = body.section(key)
        rows = [case_row(known, cases[one], body.office_id) for one in section.cases if one in cases]
        if key == "raised":
            for row, one in zip(rows, (one for one in section.cases if one in cases), strict=True):
                up = raised[one]
                row["why"] = f"{known.name(up.from_office_id)}, {up.by}: {up.why}"
        more = section.count - len(rows)
        found.append(Block(key, "cases", title, section.count, rows, _more(more)))
    again: list[Row] = [
        {"text": one.cause, "count": len(one.cases), "cases": _links(cases, one.cases)} for one in body.causes
    ]
    found += [
        Block("causes", "causes", CAUSES, len(again), again),
        Block("rushes", "rushes", RUSHES, len(body.rushes), [_rush(known, one) for one in body.rushes]),
        Block("praise", "voices", PRAISE, len(body.praise), [_voice(known, one) for one in body.praise]),
        Block("worst", "voices", WORST, len(body.worst), [_voice(known, one) for one in body.worst]),
        Block("best", "voices", BEST, len(body.best), [_voice(known, one) for one in body.best]),
        Block(
            "checks",
            "checks",
            CHECKS,
            len(body.draw.cases),
            [case_row(known, cases[one], body.office_id) for one in body.draw.cases if one in cases],
            f"Drawn by lot from {_number(body.draw.of)} that were closed in the week. "
            f"Seed {body.draw.seed}: the lowest SHA-256 of seed, colon, reference.",
        ),
    ]
    return [one for one in found if one.rows]


def figures(body: Body) -> list[dict[str, str]]:
    """The week in a few figures; what is nothing is left out, but never what is new."""
    longest = max((one.silent_seconds or 0 for one in body.cases), default=0)
    found = [
        (body.section("new").count, "new"),
        (body.section("overdue").count, "past a deadline"),
        (body.section("silent").count, "without an answer"),
        (body.section("reopened").count, "opened again"),
        (sum(one.late(body.at.astimezone(settings().zone).date()) for one in body.actions), "promises of ours late"),
    ]
    rows = [{"value": _number(value), "text": text} for value, text in found if value or text == "new"]
    if longest:
        rows.insert(3, {"value": format_duration(longest, SOURCE_LANGUAGE, short=True), "text": "longest silence"})
    return rows


def case_row(known: Catalogue, one: Facts, here: UUID | None = None) -> Row:
    """One case as a row: what was written, and what is known of it; its office where it is not `here`."""
    service = known.services.get(one.service_id) if one.service_id else None
    facts = [
        known.name(one.office_id) if one.office_id != here else "",
        name_of(service, SOURCE_LANGUAGE) if service else "",
        KINDS.get(one.kind, ""),
    ]
    facts += [f"came {_day(one.at.astimezone(settings().zone).date())}", OUTCOMES.get(one.outcome, ""), one.assignee]
    return {
        "reference": one.reference,
        "url": f"{settings().site_url}/staff/cases/{one.reference}",
        "title": one.title or "No words",
        "lang": one.language or SOURCE_LANGUAGE,
        "dir": direction(one.language or SOURCE_LANGUAGE),
        "facts": " · ".join(fact for fact in facts if fact),
        "silent": f"silent {format_duration(one.silent_seconds, SOURCE_LANGUAGE, short=True)}"
        if one.silent_seconds is not None
        else "",
        "why": "",
    }


def _action(known: Catalogue, one: Promise, here: UUID, today: date) -> Row:
    times = f"came back {_number(one.came_back)} times" if one.came_back > 1 else "came back once"
    return {
        "id": str(one.id),
        "text": one.what,
        "owner": one.owner,
        "owner_id": str(one.owner_id),
        "due": _day(one.due_on),
        "late": one.late(today),
        "week": f"promised in the review of {_day(one.week)}",
        "times": times if one.came_back else "",
        "reference": one.reference,
        "url": f"{settings().site_url}/staff/cases/{one.reference}" if one.reference else "",
        "office": known.name(one.from_office_id) if one.from_office_id != here else "",
    }


def _rush(known: Catalogue, one: Rush) -> Row:
    service = known.services.get(one.service_id) if one.service_id else None
    return {
        "office": known.name(one.office_id),
        "service": name_of(service, SOURCE_LANGUAGE) if service else "all services",
        "text": f"{_number(one.observed)} instead of about {_number(round(one.expected))}",
        "since": _day(one.started_at.astimezone(settings().zone).date()),
        "over": one.over,
        "words": ", ".join(one.words),
    }


def _voice(known: Catalogue, one: Voice) -> Row:
    return {
        "text": one.words,
        "office": known.name(one.office_id),
        "staff": one.staff,
        "rating": f"{_number(one.rating)} of 5" if one.rating else "",
        "day": _day(one.at.astimezone(settings().zone).date()),
        "reference": one.reference,
        "url": f"{settings().site_url}/staff/cases/{one.reference}" if one.reference else "",
    }


def _links(cases: dict[UUID, Facts], ids: Iterable[UUID]) -> list[Row]:
    return [
        {"reference": cases[one].reference, "url": f"{settings().site_url}/staff/cases/{cases[one].reference}"}
        for one in ids
        if one in cases
    ]


def _more(number: int) -> str:
    return f"And {_number(number)} more, not listed here." if number > 0 else ""


def _day(day: date) -> str:
    return format_datetime(day, SOURCE_LANGUAGE, settings().zone, "date")


def _number(value: float) -> str:
    return format_number(value, SOURCE_LANGUAGE)
