"""One line of an earlier system told as a case of ours: its timeline, and the clocks that follow from it.

Nothing is sent, nothing is asked and no ladder is hung up for what was due before: the entry `imported` is where our
own time begins (`escalation.clocks`). What the line does not say is not made up: who acted is nobody, and a closing
says only that it was one.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from cases.past.lines import Past
from core.ids import new_id, new_reference
from domain.case import Case
from domain.catalogue import Catalogue
from domain.clock import Clock
from domain.states import CaseState, ClockKind, EntryKind, IntakeSource, Outcome
from domain.timeline import TimelineEntry, next_entry
from escalation.clocks import replay
from escalation.service import events_of
from escalation.terms import rules_of
from escalation.values import ReplayedClock

METHOD = "imported"
_OWN = ("state", "started_at", "target_seconds", "deadline_at", "rungs", "worked_seconds", "idle_seconds",
        "counted_from", "paused_until", "ended_at", "elapsed_seconds", "working_seconds")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Told:
    """A case with its timeline and its clocks, none of it in a session yet."""

    case: Case
    entries: list[TimelineEntry]
    clocks: list[Clock]


@dataclass(frozen=True, slots=True)
class Bringing:
    """What all lines of one bringing-over share. `answer` says what counted as the first human answer, and why."""

    import_id: UUID
    source: str
    answer: str
    drawn_at: datetime
    now: datetime


Happening = tuple[datetime, EntryKind, dict[str, object], str]


def tell(past: Past, known: Catalogue, bringing: Bringing) -> Told:
    """The case that a line becomes. Its office and service are in the catalogue."""
    office = known.office_by_any_code[past.office]
    service = known.service_by_any_code[past.service] if past.service else None
    reason = f"{bringing.source} says that {known.name(office.id)} had it."
    case = Case(
        id=new_id(),
        reference=new_reference(),
        kind=past.kind,
        state=_state(past),
        channel=past.channel,
        language=past.language,
        text=past.text or past.category,
        place=past.place,
        source=IntakeSource.imported,
        location=dict(past.location) if past.location else None,
        office_id=office.id,
        service_id=service.id if service else None,
        routing_method=METHOD,
        routing_reason=reason,
        outcome=Outcome.withdrawn if past.withdrawn else None,
        routing_suggestions=[],
        received_at=past.received_at,
        opened_at=past.received_at,
        closed_at=(past.closed_at or bringing.drawn_at) if past.over else None,
        updated_at=bringing.now,
    )
    entries: list[TimelineEntry] = []
    for at, kind, body, actor in _happenings(past, bringing, service.code if service else None, reason, office.code):
        public = kind not in (EntryKind.clock_started,)
        entries.append(next_entry(case, kind, at, actor=actor, public=public, body=body))
    run = replay(events_of(entries, known, office.id), rules_of(known, past.kind), bringing.now)
    first = run.latest(ClockKind.first_response)
    if first is not None and any(entry.kind == EntryKind.answer_delivered for entry in entries):
        case.first_response_at = first.ended_at
    return Told(case, entries, [_clock(case, clock, known) for clock in run.clocks])


def _state(past: Past) -> CaseState:
    if past.over:
        return CaseState.closed
    reopened = past.reopened_at is not None and (past.answered_at is None or past.reopened_at >= past.answered_at)
    return CaseState.answered if past.answered_at is not None and not reopened else CaseState.open


def _happenings(past: Past, bringing: Bringing, service: str | None, reason: str, office: str) -> Iterable[Happening]:
    """What happened, in order of time; what happened in the same minute in the order it must have."""
    began = past.received_at
    mark: dict[str, object] = {"imported": bringing.source}
    received: dict[str, object] = {"text": past.text or past.category, "channel": past.channel, **mark}
    if not past.text:
        received["wordless"] = True  # the words are the earlier system's name of the topic
    yield began, EntryKind.received, received, "citizen"
    routed = {
        "office": office,
        "service": service,
        "reason": reason,
        "method": METHOD,
        "confidence": None,
        "model": None,
    }
    yield began, EntryKind.routed, routed | mark, "system"
    for clock in (ClockKind.first_response, ClockKind.resolution):
        yield began, EntryKind.clock_started, {"clock": clock, **mark}, "system"
    then: list[Happening] = []
    if past.acknowledged_at is not None:
        then.append((past.acknowledged_at, EntryKind.acknowledged, dict(mark), "system"))
    if past.answered_at is not None:
        said: dict[str, object] = {**mark, "because": bringing.answer, **({"text": past.answer} if past.answer else {})}
        then.append((past.answered_at, EntryKind.answered, said, "system"))
        then.append((past.answered_at, EntryKind.answer_delivered, dict(mark), "system"))
    if past.closed_at is not None or (past.undated and past.over):
        ended = EntryKind.taken_back if past.withdrawn else EntryKind.closed
        body: dict[str, object] = {**mark, "status": past.status, **({"undated": True} if past.undated else {})}
        actor = "citizen" if past.withdrawn else "system"
        then.append((past.closed_at or max(bringing.drawn_at, past.received_at), ended, body, actor))
    if past.reopened_at is not None:
        then.append((past.reopened_at, EntryKind.reopened, dict(mark), "system"))
        if past.over and past.closed_at == past.reopened_at:
            then[-1], then[-2] = then[-2], then[-1]
    yield from sorted(then, key=lambda one: one[0])
    yield (
        bringing.now,
        EntryKind.imported,
        {
            "source": bringing.source,
            "id": past.external_id,
            "import": str(bringing.import_id),
            "answer": bringing.answer,
        },
        "system",
    )


def _clock(case: Case, clock: ReplayedClock, known: Catalogue) -> Clock:
    return Clock(
        id=new_id(),
        case_id=case.id,
        kind=clock.kind,
        entry=clock.entry,
        office_id=known.office_by_any_code[clock.office].id,
        policy_id=clock.policy_id,
        **{name: getattr(clock, name) for name in _OWN},
    )
