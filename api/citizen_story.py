"""What the tracking page says of a case's end: whether it may be answered, an appeal, what it is answered with."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session, col, select

from cases import afterwards, parts, relays
from core.settings import settings
from domain.case import Case
from domain.catalogue import catalogue
from domain.clock import Clock
from domain.closing import SolvedQuestion, SolvedState
from domain.states import CaseState, ClockKind, ClockState, EntryKind
from domain.timeline import TimelineEntry


def after(session: Session, case: Case, lang: str, now: datetime) -> dict[str, object]:
    """What may be said and done about the end of a case, and what was."""
    question = session.exec(
        select(SolvedQuestion)
        .where(col(SolvedQuestion.case_id) == case.id)
        .order_by(col(SolvedQuestion.entry).desc())
        .limit(1)
    ).first()
    closed = case.state == CaseState.closed
    asks = closed and question is not None and question.until > now
    asks = asks and question is not None and question.state not in (SolvedState.no, SolvedState.void)
    appeal = afterwards.appeal_of(session, case)
    known = catalogue(session)
    return {
        "ask": asks,
        "said_yes": bool(asks and question and question.state == SolvedState.yes),
        "until": question.until if asks and question else None,
        "once_more": afterwards.refused(session, case) if asks else False,
        "may_appeal": asks and appeal is None,
        "may_take_back": not closed and not parts.is_part(case),
        "ombudsman": settings().ombudsman if appeal is not None and appeal.outcome else "",
        "appeal": None
        if appeal is None
        else {
            "office": "" if case.integrity else known.name(appeal.office_id, lang),
            "at": appeal.lodged_at,
            "outcome": str(appeal.outcome) if appeal.outcome else "",
            "decided_at": appeal.decided_at,
            "due_at": None if appeal.outcome else _due(session, case),
        },
    }


def _due(session: Session, case: Case) -> datetime | None:
    return session.exec(
        select(Clock.deadline_at).where(
            col(Clock.case_id) == case.id, col(Clock.kind) == ClockKind.appeal, col(Clock.state) == ClockState.running
        )
    ).first()


def speaks_for(session: Session, case: Case) -> Case:
    """The case whose state and office count for this one: of a merged one its lead, else itself."""
    return session.get_one(Case, case.lead_id) if relays.is_merged(case) else case


def told(own: Sequence[TimelineEntry], lead: Sequence[TimelineEntry]) -> list[TimelineEntry]:
    """The story of a merged case: its own up to the merging, and the lead's from then on. Both are one citizen's."""
    merged = [entry for entry in own if entry.kind == EntryKind.merged and "seen" in entry.body]
    seen = merged[-1].body.get("seen") if merged else 0
    since = seen if isinstance(seen, int) else 0
    mine = [entry for entry in own if "of" not in entry.body]
    theirs = [entry for entry in lead if entry.number > since]
    return sorted([*mine, *theirs], key=lambda entry: entry.at)
