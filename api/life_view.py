"""What the case pane shows of a case's life: what its citizen says of the closing, an appeal, what it is merged or
linked with, and what may be done about each; see staff/case_life.html.
"""

from datetime import datetime

from sqlmodel import Session, col, select

from cases import afterwards, appeals, history, links, merges, parts, relays
from cases.rights import works_on
from core.texts import shorten
from domain.case import Case
from domain.catalogue import catalogue
from domain.closing import SolvedCheck, SolvedQuestion, SolvedState
from domain.states import CaseState, EntryKind, LeadLink
from domain.visibility import Viewer, visible

SAID = {
    SolvedState.waiting: "The citizen will be asked whether it is solved.",
    SolvedState.asked: "The citizen was asked whether it is solved, and has not answered yet.",
    SolvedState.unasked: "The citizen could not be asked whether it is solved. Their tracking page asks.",
    SolvedState.yes: "The citizen says it is solved.",
    SolvedState.no: "The citizen said that an earlier closing did not solve it.",
    SolvedState.silent: "The citizen did not say whether it is solved.",
    SolvedState.void: "",
}
CHECKED = {
    "solved": "A call confirmed it.",
    "not_solved": "A call found that it is not solved.",
    "not_reached": "A call reached nobody.",
}
WHY = {"citizen": "the same citizen's", "cause": "the same cause"}


def of_case(session: Session, who: Viewer, case: Case) -> dict[str, object]:
    """All that the partial needs."""
    works = works_on(case, who)
    free = works and not parts.is_part(case) and case.state not in (CaseState.closed, CaseState.triage)
    merged = relays.is_merged(case)
    return {
        "appeal": appeal(session, who, case),
        "solved": _solved(session, case),
        "merged": _lead(session, who, case) if merged else "",
        "took": _took(session, who, case),
        "linked": [
            {"reference": other.reference, "title": shorten(other.text, 80), "state": str(other.state), "why": why}
            for other, why in links.of_case(session, who, case)
        ],
        "others": _others(session, who, case) if free and not merged else [],
        "messages": _messages(session, case) if free and not merged else [],
        "may_merge": free and not merged and case.lead_id is None and not afterwards.on_appeal(session, case),
        "may_split": free and not merged,
        "may_unmerge": works and merged,
        "may_link": works,
        "reasons": WHY,
    }


def appeal(session: Session, who: Viewer, case: Case) -> dict[str, object] | None:
    """The appeal of a case, and whether this person decides it."""
    found = afterwards.appeal_of(session, case)
    if found is None:
        return None
    known = catalogue(session)
    return {
        "from": known.name(found.from_office_id),
        "office": known.name(found.office_id),
        "text": found.text,
        "at": found.lodged_at,
        "outcome": str(found.outcome) if found.outcome else "",
        "words": found.words or "",
        "decided_at": found.decided_at,
        "may": appeals.may_decide(session, case, found, who),
    }


def _solved(session: Session, case: Case) -> str:
    query = select(SolvedQuestion, SolvedCheck.result).outerjoin(
        SolvedCheck, col(SolvedCheck.question_id) == col(SolvedQuestion.id)
    )
    row = session.exec(
        query.where(col(SolvedQuestion.case_id) == case.id).order_by(col(SolvedQuestion.entry).desc()).limit(1)
    ).first()
    if row is None:
        return ""
    question, result = row
    return f"{SAID[SolvedState(question.state)]} {CHECKED.get(str(result), '')}".strip()


def _lead(session: Session, who: Viewer, case: Case) -> str:
    return session.exec(select(Case.reference).where(col(Case.id) == case.lead_id, visible(who))).first() or ""


def _took(session: Session, who: Viewer, case: Case) -> list[str]:
    query = select(Case.reference).where(
        col(Case.lead_id) == case.id, col(Case.lead_link) == LeadLink.merged, visible(who)
    )
    return list(session.exec(query.order_by(col(Case.id))))


def _others(session: Session, who: Viewer, case: Case) -> list[dict[str, str]]:
    """Open cases of the same citizen at the same office: what this one may be merged with."""
    found = history.earlier(session, who, case, limit=10)
    return [
        {"reference": other.reference, "title": shorten(other.text, 60)}
        for other in found
        if other.office_id == case.office_id
        and other.lead_id is None
        and other.state not in (CaseState.closed, CaseState.triage)
        and merges.same_citizen(case, other)
    ]


def _messages(session: Session, case: Case) -> list[dict[str, object]]:
    """The citizen's messages, to split a second matter from."""
    kinds = (EntryKind.received, EntryKind.citizen_wrote, EntryKind.transcribed)
    return [
        {"entry": entry.number, "at": entry.at, "text": str(entry.body.get("text") or "")}
        for entry in history.timeline(session, case)
        if entry.kind in kinds and entry.body.get("text")
    ]


def listed(session: Session, who: Viewer, now: datetime) -> list[dict[str, object]]:
    """Lines of the page of appeals."""
    known = catalogue(session)
    return [
        {
            "reference": case.reference,
            "open": opened,
            "from": known.name(one.from_office_id),
            "office": known.name(one.office_id),
            "mine": one.from_office_id in who.home,
            "language": case.language,
            "text": one.text,
            "at": one.lodged_at,
            "outcome": str(one.outcome) if one.outcome else "",
            "words": one.words or "",
            "decided_at": one.decided_at,
            "seconds": int(((one.decided_at or now) - one.lodged_at).total_seconds()),
        }
        for one, case, opened in appeals.listed(session, who)
    ]
