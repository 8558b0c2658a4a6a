"""The pane of one case at the desk: all that is shown of it, and what the person may do with it."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, func, select

from api import answer_box, choices, crowd_view, files, heard, life_view, story
from api.queue import left, names_of, silent_seconds
from cases import attachments, firewall, history, parts, people, relays, translations
from cases.acting import MATTERS
from cases.disposal import BY_STAFF
from cases.past import bringing
from cases.rights import WORKING, works_on
from core.texts import shorten
from domain.case import Case
from domain.catalogue import Catalogue, catalogue, name_of
from domain.citizen import ContactPoint
from domain.clock import Rung
from domain.staff import Absence, Staff, StaffRole, in_force
from domain.states import CaseState, ClockKind, IntakeSource, Purpose, Role, RungState
from domain.survey import Answer, Invitation
from domain.timeline import TimelineEntry
from domain.visibility import Viewer, names_citizen
from routing.assignment import LOAD, local_day
from routing.rules import Method

FIELDS = (
    *("answer", "reply", "note", "reason", "transcript", "task", "part_office", "words", "outcome", "anyway"),
    *("why", "duplicate_of"),
)
"""What a form of the case pane keeps of what was typed when something was wrong."""
OWED = frozenset({ClockKind.reply_due, ClockKind.appeal})
"""Clocks for an answer that a citizen waits for who had one before."""
ALONE: dict[str, object] = {"part": False, "lead": None, "parts": []}
"""A case that has nothing to do with another."""


def case_view(
    session: Session,
    who: Viewer,
    case: Case,
    now: datetime,
    typed: str = "",
    *,
    reply: str = "",
    seen: int | None = None,
    language: str = "en",
) -> dict[str, object]:
    """All that the case pane shows. `typed` stands in the answer box, `reply` is the saved reply it began as; `seen` is
    the length of the timeline when the page was opened, where something may have happened since; `language` is
    what this person reads."""
    known = catalogue(session)
    clocks = history.clocks(session, case)
    time_left = left(clocks, now)
    contact = session.get(ContactPoint, case.contact_point_id) if case.contact_point_id else None
    address = people.address_of(session, case, Purpose.answer)
    offered = case.pending_office_id is not None and (who.offices is None or case.pending_office_id in who.offices)
    entries = history.timeline(session, case)
    rows = attachments.of_case(session, case)
    made = translations.of_case(session, case, entries, language)
    by_entry = files.by_entry(files.for_staff(rows, case.reference))
    acting = {UUID(entry.actor) for entry in entries if entry.actor not in ("citizen", "system", "None")}
    names = names_of(session, acting | ({case.assignee_id} if case.assignee_id else set()))
    return {
        "case": {
            "reference": case.reference,
            "title": shorten(case.text, 120) or "(no words)",
            "urgency": case.urgency or "",
            "nature": case.nature or "",
            "state": str(case.state),
            "kind": str(case.kind),
            "channel": str(case.channel),
            "language": case.language,
            "service": name_of(known.services[case.service_id], "en") if case.service_id else "",
            "office": known.name(case.office_id),
            "place": case.place or "",
            "routing_reason": case.routing_reason,
            "routing_confidence": case.routing_confidence,
            "text": case.text,
            "opened_at": case.opened_at,
            "silent_seconds": silent_seconds(case, now),
            "answered_at": case.first_response_at,
            "left_seconds": time_left.seconds if time_left else None,
            "due_at": time_left.due_at if time_left else None,
            "tone": time_left.tone if time_left else "calm",
            "owed": str(time_left.clock.kind) if time_left and time_left.clock.kind in OWED else "",
            "next_rung": _next_rung(session, case),
            "assignee": names.get(case.assignee_id, "") if case.assignee_id else "",
            "mine": case.assignee_id == who.staff_id,
            "confidential": case.integrity,
            "contact": _known_by(contact) if names_citizen(case) else "nobody: wrote in confidence",
            "location": story.location(case),
            "held": case.routing_method == Method.held,
            "imported": _imported(session, case),
            "reachable": address is not None and people.reachable(address),
            "call_back": heard.waits_for_call(session, case),
            "answer_by": str(address.channel) if address is not None else str(case.channel),
            "also": _also(session, case, contact),
            "may_split": people.may_split(case, who),
            "earlier": _earlier(session, who, case),
            "acceptance": offered and who.has(*WORKING),
            "offered": known.name(case.pending_office_id) if case.pending_office_id else "",
        },
        "crowd": crowd_view.bar(session, who, case),
        "together": together(session, who, case),
        "life": life_view.of_case(session, who, case),
        "recordings": heard.recordings(session, case),
        "timeline": [
            line | {"translation": made.get(int(str(line.get("number") or 0)), "")}
            for line in story.tell(entries, known, names, by_entry)
        ],
        "translate": works_on(case, who)
        and translations.offered(case, language)
        and translations.missing(entries, made),
        "pending_files": files.for_staff(files.pending(rows), case.reference),
        "may": may(who, case),
        "offices": choices.offices(known, "en"),
        "people": colleagues(session, case, now),
        "about": accused(session, who, case),
        "outcomes": [str(outcome) for outcome in BY_STAFF],
        "answer": answer_box.view(session, case, who, address, typed, reply, now),
        "news": _news(entries, seen, known, names),
        "fresh": bool(_news(entries, seen, known, names)),
        "version": case.timeline_length,
    }


def _imported(session: Session, case: Case) -> str:
    """Which earlier system it came from, and what it was called there; "" for one of ours."""
    past = bringing.of_case(session, case.id) if case.source == IntakeSource.imported else None
    return f"{past.source} {past.external_id}" if past is not None else ""


def _news(
    entries: Sequence[TimelineEntry], seen: int | None, known: Catalogue, names: dict[UUID, str]
) -> list[dict[str, object]]:
    """What happened since a page was opened and changes what is right to do, as lines of the story."""
    if seen is None:
        return []
    return story.tell([entry for entry in entries if entry.number > seen and entry.kind in MATTERS], known, names)


def together(session: Session, who: Viewer, case: Case) -> dict[str, object]:
    """What this case is a part of, or has parts in; see staff/together.html."""
    known, lead = catalogue(session), parts.lead_of(session, who, case)
    return {
        "part": parts.is_part(case),
        "lead": {
            "reference": lead.reference,
            "office": known.name(lead.office_id),
            "closed": lead.closed,
            "language": lead.language,
            "words": [{"at": at, "text": text} for at, text in lead.words],
        }
        if lead
        else None,
        "parts": [
            {
                "reference": one.reference,
                "office": known.name(one.office_id),
                "offered": one.offered,
                "state": str(one.state),
                "task": one.task,
                "answer": one.answer,
                "due_at": one.due_at,
            }
            for one in parts.parts_of(session, who, case)
        ],
    }


def may(who: Viewer, case: Case) -> set[str]:
    """What this person may do with this case."""
    if not works_on(case, who):
        return {"note"} if who.has(*WORKING) else set()
    allowed = {"answer", "note", "transcribe"}
    if case.state != CaseState.triage:
        allowed |= {"assign"}
        if case.state != CaseState.closed and case.pending_office_id is None:
            allowed |= {"close", "urgent"}
        if case.assignee_id != who.staff_id:
            allowed |= {"take"}
    if case.pending_office_id is None and not case.integrity and case.state != CaseState.closed:
        allowed |= {"transfer"}
    if case.pending_office_id is not None:
        allowed |= {"withdraw"}
    if case.integrity and who.integrity_offices:
        allowed |= {"release", "about"}
    leads = case.state not in (CaseState.triage, CaseState.closed) and case.pending_office_id is None
    if leads and not parts.is_part(case):
        allowed |= {"part"}
    if not case.integrity:
        allowed |= {"restrict"}
    if case.state == CaseState.closed:
        allowed -= {"answer"}
    if relays.is_merged(case):
        allowed -= {"answer", "close", "transfer", "part"}
    return allowed


def accused(session: Session, who: Viewer, case: Case) -> dict[str, object]:
    """Whom a case of integrity is about, and who else it may be; nothing for anybody else."""
    if not (case.integrity and who.integrity_offices):
        return {"office": "", "office_name": "", "person": "", "people": []}
    known = catalogue(session)
    office = known.offices.get(case.about_office_id) if case.about_office_id else None
    found = firewall.people_of(session, case.about_office_id)
    if case.about_staff_id and case.about_staff_id not in {staff_id for staff_id, _ in found}:
        found.append((case.about_staff_id, session.get_one(Staff, case.about_staff_id).name))
    return {
        "office": office.code if office else "",
        "office_name": name_of(office, "en") if office else "",
        "person": str(case.about_staff_id or ""),
        "people": [{"id": str(staff_id), "name": name} for staff_id, name in found],
    }


def colleagues(session: Session, case: Case, now: datetime) -> list[dict[str, object]]:
    """Who works at the office that has the case, without whom it is about; how many open cases each has, and until
    which day they are away."""
    day = local_day(catalogue(session), case.office_id, now)
    away = (
        select(func.max(Absence.last_day))
        .where(col(Absence.staff_id) == col(Staff.id), col(Absence.first_day) <= day, col(Absence.last_day) >= day)
        .correlate(Staff)
        .scalar_subquery()
    )
    load = (
        select(func.count())
        .where(col(Case.assignee_id) == col(Staff.id), col(Case.state).in_(LOAD))
        .correlate(Staff)
        .scalar_subquery()
    )
    found = session.exec(
        select(Staff.id, Staff.name, load, away)
        .join(StaffRole, col(StaffRole.staff_id) == col(Staff.id))
        .where(
            col(StaffRole.office_id) == case.office_id,
            col(StaffRole.role).in_([Role.operator, Role.officer, Role.supervisor, Role.head, Role.integrity]),
            col(Staff.active).is_(True),
            in_force(now),
        )
        .distinct()
        .order_by(col(Staff.name))
    ).all()
    return [
        {"id": str(staff_id), "name": name, "load": load, "away": away}
        for staff_id, name, load, away in found
        if staff_id != case.about_staff_id
    ]


def _also(session: Session, case: Case, contact: ContactPoint | None) -> list[dict[str, str]]:
    """What else a citizen is reachable by, masked; nothing of one who wrote in confidence."""
    if contact is None or not names_citizen(case):
        return []
    return [
        {"id": str(other.id), "channel": str(other.channel), "hint": other.hint.lstrip("…")}
        for other in people.others(session, contact)
    ]


def _known_by(contact: ContactPoint | None) -> str:
    if contact is None:
        return "nobody: anonymous"
    kinds = {"telegram": "Telegram", "voice": "fixed line ending", "email": "e-mail ending"}
    kind = kinds.get(contact.channel, "phone ending")
    said = f"{kind} {contact.hint.lstrip('…')}"
    if contact.opted_out_at is not None:
        return f"{said}; wants no messages"
    return f"{said}; cannot be reached" if contact.unreachable_at is not None else said


def _next_rung(session: Session, case: Case) -> dict[str, object] | None:
    rung = session.exec(
        select(Rung)
        .where(col(Rung.case_id) == case.id, col(Rung.state) == RungState.waiting, col(Rung.due_at).is_not(None))
        .order_by(col(Rung.due_at))
        .limit(1)
    ).first()
    return {"who": story.TOLD.get(rung.tell, rung.tell), "at": rung.due_at} if rung else None


def _earlier(session: Session, who: Viewer, case: Case) -> list[dict[str, object]]:
    others = history.earlier(session, who, case)
    invitations = [other.invitation_id for other in others if other.invitation_id]
    ratings = dict(
        session.exec(
            select(Invitation.id, Answer.value)
            .join(Answer, col(Answer.invitation_id) == col(Invitation.id))
            .where(col(Invitation.id).in_(invitations), col(Answer.question) == "rating")
        ).all()
    )
    return [
        {
            "reference": other.reference,
            "title": shorten(other.text, 70),
            "state": str(other.state),
            "rating": ratings.get(other.invitation_id) if other.invitation_id else None,
        }
        for other in others
    ]
