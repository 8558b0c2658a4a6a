"""Why a case is where it is: each hop as the timeline recorded it, and what routing would do with it today."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

import routing.service
from cases import history
from domain.case import Case
from domain.catalogue import Catalogue, catalogue
from domain.states import EntryKind
from domain.timeline import TimelineEntry
from domain.visibility import Viewer
from routing.rules import Decision, Method, Step, explain

HOPS = (
    EntryKind.routed,
    EntryKind.transferred,
    EntryKind.accepted,
    EntryKind.refused,
    EntryKind.withdrawn,
    EntryKind.lapsed,
    EntryKind.released,
)


@dataclass(frozen=True, slots=True)
class Hop:
    """One entry that sent the case somewhere, or kept it where it was. `by` is a person's name, empty for routing.

    `rule` is the line of the routing table in the words it had then, `rule_id` the line as it stands now, if it does.
    `kept_back`: the reason is read by the integrity office only.
    """

    kind: EntryKind
    at: datetime
    office: str
    reason: str
    by: str
    confidence: float | None
    model: str
    rule: str
    rule_id: UUID | None
    given: dict[str, object]
    kept_back: bool


def hops(session: Session, case: Case, who: Viewer | None) -> list[Hop]:
    """What happened to a case that this viewer may see; None is who runs the command line and sees all."""
    known = catalogue(session)
    reads_all = who is None or bool(who.integrity_offices)
    found, caught = [], False
    for entry in history.timeline(session, case):
        if entry.kind in HOPS:
            caught = caught or entry.body.get("method") == Method.integrity
            found.append(_hop(entry, known, kept_back=caught and not reads_all))
        if entry.kind == EntryKind.released:
            caught = False
    return found


def _hop(entry: TimelineEntry, known: Catalogue, *, kept_back: bool) -> Hop:
    body = entry.body
    code = str(body.get("to") or body.get("office") or "")
    office = known.office_by_code.get(code.upper())
    confidence = body.get("confidence")
    rule = routing.service.rule_of(known, UUID(str(body["rule"]))) if body.get("rule") else None
    given = body.get("given")
    return Hop(
        kind=EntryKind(entry.kind),
        at=entry.at,
        office=known.name(office.id) if office else code,
        reason="" if kept_back else str(body.get("reason") or body.get("why") or ""),
        by=str(body.get("by") or ""),
        confidence=float(confidence) if isinstance(confidence, int | float) and not kept_back else None,
        model="" if kept_back else str(body.get("model") or ""),
        rule="" if kept_back else str(body.get("rule_said") or ""),
        rule_id=rule.id if rule is not None and not kept_back else None,
        given=dict(given) if isinstance(given, dict) and not kept_back else {},
        kept_back=kept_back,
    )


def today(session: Session, case: Case, now: datetime, who: Viewer | None) -> tuple[Decision, tuple[Step, ...]] | None:
    """Where a case would go if it came now, and why. None where that is for the integrity office alone to know."""
    entries = history.timeline(session, case)
    opened = next((entry.body.get("given") for entry in entries if entry.kind == EntryKind.routed), None)
    given = opened if isinstance(opened, dict) else {}
    known = catalogue(session)
    service = known.services.get(case.service_id) if case.service_id else None
    picked = service.code if service is not None and case.routing_method == Method.picked_service else None
    words = str(entries[0].body.get("text") or "") if entries else None
    ours = case.text == words and history.wordless(session, case)
    gathered = routing.service.gather(
        session,
        text="" if ours else case.text,
        language=case.language,
        service=str(given.get("service") or "") or picked,
        place=str(given.get("place") or "") or case.place,
        office_code=str(given.get("office") or "") or None,
        about_staff=bool(given.get("about_staff")),
        last_place=str(given.get("last_place") or "") or None,
        location=case.location,
        cleared=any(entry.kind == EntryKind.released for entry in entries),
        now=now,
    )
    decision, steps = explain(*gathered)
    if decision.method is Method.integrity and who is not None and not who.integrity_offices:
        return None
    return decision, steps
