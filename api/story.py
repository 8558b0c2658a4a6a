"""A case's timeline as a story: what people said in full, what the system did folded into a line with its steps."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from api.story_life import AFTERWARDS, afterwards, reviewed
from api.words import CHANNELS, CLOCKS, NATURES, OUTCOMES, SOURCES, STAFF_EVENTS, URGENCIES
from cases.recall import recalled
from channels.errors import Failure
from core.i18n import format_datetime, format_duration
from domain.case import Case
from domain.catalogue import Catalogue, name_of
from domain.states import ClockKind, EntryKind, Templated
from domain.timeline import TimelineEntry
from escalation.terms import calendar_of

TOLD = {
    "officer": "the officer",
    "supervisor": "the supervisor",
    "head": "the head of the office",
    "parent_office": "the office above",
    "leadership": "the leadership",
}
STILL = {
    ClockKind.first_response: "No answer yet",
    ClockKind.reply_due: "No reply yet",
    ClockKind.resolution: "Not settled yet",
    ClockKind.acceptance: "Not accepted yet",
    ClockKind.appeal: "Appeal not decided yet",
}
FAILED = {failure.value: str(failure.__doc__) for failure in Failure}
SPOKEN = frozenset(
    {
        EntryKind.received,
        EntryKind.citizen_wrote,
        EntryKind.answered,
        EntryKind.asked,
        EntryKind.noted,
        EntryKind.transcribed,
        EntryKind.called_back,
        EntryKind.part_answered,
        EntryKind.appealed,
    }
)
QUIET = frozenset(
    {
        EntryKind.clock_started,
        EntryKind.clock_ended,
        EntryKind.clock_paused,
        EntryKind.clock_resumed,
        EntryKind.acknowledged,
    }
)
"""Kinds that follow from another entry and are told in its line."""
TOLD_ELSEWHERE = frozenset(
    {EntryKind.acknowledged, EntryKind.answered, EntryKind.answer_delivered, EntryKind.closed, EntryKind.reopened}
)
"""Kinds of which an earlier system says less than ours."""


@dataclass(slots=True)
class Chapter:
    """Entries without words that belong together."""

    entries: list[TimelineEntry] = field(default_factory=list)

    @property
    def first(self) -> TimelineEntry:
        return self.entries[0]

    def takes(self, entry: TimelineEntry) -> bool:
        """Whether an entry is part of what this chapter tells."""
        if self.first.kind == EntryKind.escalated:
            return entry.kind == EntryKind.escalated and entry.body.get("clock") == self.first.body.get("clock")
        return EntryKind(entry.kind) in QUIET


def tell(
    entries: Sequence[TimelineEntry],
    known: Catalogue,
    names: dict[UUID, str],
    files: Mapping[int, dict[str, object]] | None = None,
) -> list[dict[str, object]]:
    """Lines of the story, oldest first; the context is described in staff/desk.html.

    `files` by the number of the entry that tells of them stand with the citizen's words they came with.
    """
    told: list[dict[str, object]] = []
    run: list[Chapter] = []
    messages: list[tuple[datetime, list[dict[str, object]]]] = []
    gone = {entry.body.get("note") for entry in entries if entry.kind == EntryKind.note_taken_back}
    back = recalled(entries)
    for entry in entries:
        file = (files or {}).get(entry.number) if entry.kind == EntryKind.attached else None
        if file is not None and messages:
            _beside(messages, file.get("sent_at")).append(file)
            continue
        if _from_citizen(entry):
            told += [_folded(chapter, known, names) for chapter in run]
            run = []
            messages.append((entry.at, []))
            told.append(_said(entry, names) | {"files": messages[-1][1]})
            continue
        if entry.kind in SPOKEN and entry.body.get("text") and entry.number not in gone:
            told += [_folded(chapter, known, names) for chapter in run]
            run = []
            told.append(_said(entry, names) | ({"text": "answered, but took it back"} if entry.number in back else {}))
            continue
        open_to_it = next((chapter for chapter in reversed(run) if chapter.takes(entry)), None)
        if open_to_it is None:
            run.append(Chapter([entry]))
        else:
            open_to_it.entries.append(entry)
    return told + [_folded(chapter, known, names) for chapter in run]


def location(case: Case) -> str:
    """Where the citizen stood, as a map reads it; empty when they did not say."""
    return f"{case.location['latitude']:.3f},{case.location['longitude']:.3f}" if case.location else ""


def _from_citizen(entry: TimelineEntry) -> bool:
    """Whether an entry is a message of the citizen's; one that was only a picture has no words."""
    if entry.kind == EntryKind.citizen_wrote:
        return True
    return entry.kind == EntryKind.received and bool(entry.body.get("text") or entry.body.get("attachments"))


def _beside(messages: Sequence[tuple[datetime, list[dict[str, object]]]], sent_at: object) -> list[dict[str, object]]:
    """The files of the message that one came with; it may have been fetched only after the next message came."""
    if isinstance(sent_at, datetime):
        for at, files in reversed(messages):
            if at <= sent_at:
                return files
    return messages[-1][1]


def _said(entry: TimelineEntry, names: dict[UUID, str]) -> dict[str, object]:
    text = _judged(entry) if entry.body.get("templated") else STAFF_EVENTS[entry.kind]
    if entry.kind == EntryKind.received and entry.body.get("source"):
        text = _keyed(entry)
    if entry.body.get("imported"):
        text += f", says {entry.body['imported']}"
    if entry.body.get("same_as_others"):
        text += ", and says that others told us the same"
    if entry.kind == EntryKind.called_back:
        text = "spoke with the citizen" if entry.body.get("spoke") else "called, nobody picked up"
    return {
        "kind": EntryKind(entry.kind),
        "number": entry.number,
        "at": entry.at,
        "until": None,
        "by": _by(entry, names),
        "text": text,
        "said": str(entry.body.get("text") or ""),
        "files": [],
        "ours": entry.actor != "citizen",
        "note": entry.kind in (EntryKind.noted, EntryKind.part_answered) or entry.body.get("spoke") is False,
        "late": False,
        "steps": [],
    }


def _judged(entry: TimelineEntry) -> str:
    """An answer that may not count, and why."""
    judged = entry.body.get("judged")
    found = judged if isinstance(judged, dict) else {"why": Templated.saved}
    like = f" “{found['like']}”" if found.get("like") else ""
    if found["why"] == Templated.empty:
        return "answered, but said nothing about the matter"
    if found["why"] == Templated.copy:
        known = "the saved reply" if like else "an earlier answer"
        return f"answered, nearly as in {known}{like} ({found['alike']} of 100)"
    return f"answered with {'the' if like else 'a'} saved reply{like}"


def _keyed(entry: TimelineEntry) -> str:
    """How a case came that staff wrote in, who did, and how late."""
    body = entry.body
    told = [SOURCES[str(body["source"])], f"written in by {body.get('by')}"]
    if keyed_at := body.get("keyed_at"):
        late = (datetime.fromisoformat(str(keyed_at)) - entry.at).total_seconds()
        told.append(f"{format_duration(late, 'en')} after it was received")
    if isinstance(visit := body.get("visit"), dict):
        if visit.get("waited") is not None:
            told.append(f"waited {visit['waited']} min")
        if visit.get("politeness") is not None:
            told.append(f"politeness {visit['politeness']} of 5")
        if visit.get("money") is not None:
            told.append("asked for money" if visit["money"] else "not asked for money")
    return ", ".join(told)


def _folded(chapter: Chapter, known: Catalogue, names: dict[UUID, str]) -> dict[str, object]:
    first, last = chapter.first, chapter.entries[-1]
    steps = [{"at": entry.at, "text": _step(entry, known)} for entry in chapter.entries]
    ladder = first.kind == EntryKind.escalated
    if ladder:
        rungs = list(dict.fromkeys(_rung(entry) for entry in chapter.entries))
        told = " and ".join(filter(None, (", ".join(rungs[:-1]), rungs[-1])))
        text = f"{STILL[ClockKind(str(first.body['clock']))]}: {told} {'were' if len(rungs) > 1 else 'was'} told"
    else:
        aside = filter(None, (_aside(entry) for entry in chapter.entries[1:]))
        text = ", ".join([_step(first, known), *dict.fromkeys(aside)])
    return {
        "kind": EntryKind(first.kind),
        "at": first.at,
        "until": last.at if ladder and last.at.date() != first.at.date() else None,
        "by": _by(first, names),
        "text": text[:1].upper() + text[1:],
        "said": "",
        "files": [],
        "ours": True,
        "note": False,
        "late": first.kind in (EntryKind.escalated, EntryKind.answer_failed)
        or (first.kind == EntryKind.marked_urgent and bool(first.body.get("urgency"))),
        "steps": steps if len(steps) > 1 else [],
    }


def _by(entry: TimelineEntry, names: dict[UUID, str]) -> str:
    if entry.actor == "citizen":
        return "Citizen"
    if entry.actor == "system":
        return ""
    return names.get(UUID(entry.actor), "") or str(entry.body.get("by") or "")


def _rung(entry: TimelineEntry) -> str:
    tell, people = str(entry.body.get("tell")), entry.body.get("told")
    who = TOLD.get(tell, tell.replace("_", " "))
    return f"{who} ({len(people)} people)" if isinstance(people, list) and len(people) > 1 else who


def _clock(entry: TimelineEntry) -> str:
    return CLOCKS[str(entry.body["clock"])].lower()


def _aside(entry: TimelineEntry) -> str:
    """What a quiet entry adds to the line of the one it follows from; "" for nothing worth saying there."""
    if entry.kind == EntryKind.acknowledged and not entry.body.get("imported"):
        return "the citizen has the reference"
    if entry.kind == EntryKind.clock_ended:
        return f"{_clock(entry)} {_in_time(entry)}"
    return ""


def _in_time(entry: TimelineEntry) -> str:
    return "in time" if entry.body.get("met") else "too late"


def _step(entry: TimelineEntry, known: Catalogue) -> str:
    """One entry in words."""
    body = entry.body
    match EntryKind(entry.kind):
        case EntryKind.transferred:
            return f"offered to {_office(known, body.get('to'))}: {_bare(body.get('reason'))}"
        case EntryKind.split_off if body.get("part"):
            return f"a part given to {_office(known, body.get('office'))}: {_bare(body.get('text'))}"
        case EntryKind.split_off:
            return f"a part of {body.get('lead')}"
        case EntryKind.withdrawn:
            return f"offer to {_office(known, body.get('office'))} taken back"
        case EntryKind.lapsed:
            return f"{_office(known, body.get('office'))} did not answer in time, triage decides"
        case EntryKind.refused | EntryKind.released as kind:
            return f"{STAFF_EVENTS[kind]}: {_bare(body.get('reason'))}"
        case EntryKind.restricted:
            said = f"{STAFF_EVENTS[EntryKind.restricted]}: {_bare(body.get('reason'))}"
            return f"{said}; {body.get('seen_by')} could read it until then, and no list is kept of who did"
        case EntryKind.cause_found:
            return f"cause: {body['cause']}" if body.get("cause") else "cause taken back"
        case EntryKind.reviewed:
            return reviewed(body, _office(known, body.get("raised_to") or body.get("raised_back")))
        case EntryKind.routed:
            return f"sent to {_office(known, body.get('office'))}"
        case EntryKind.escalated:
            return f"{_rung(entry)} was told" if not _rung(entry).endswith("people)") else f"{_rung(entry)} were told"
        case EntryKind.assigned:
            return f"given to {body.get('to')}" + (f", as {body['why']}" if body.get("why") else "")
        case EntryKind.edited if body.get("book"):
            return f"read again in the book and corrected by {body.get('by')}"
        case EntryKind.recounted:
            return _recounted(entry, known)
        case EntryKind.imported:
            return f"brought over from {body.get('source')}, where it was {body.get('id')}"
        case kind if body.get("imported") and kind in TOLD_ELSEWHERE:
            undated = "; nobody says when" if body.get("undated") else ""
            return f"{STAFF_EVENTS[kind]}, says {body['imported']}{undated}"
        case EntryKind.acknowledged:
            return "the citizen was sent the reference"
        case EntryKind.clock_started:
            return f"clock started: {_clock(entry)}"
        case EntryKind.clock_ended:
            return f"clock ended: {_clock(entry)}, {_in_time(entry)}"
        case EntryKind.marked_urgent:
            return _urgent(body)
        case EntryKind.answer_delivered:
            return "the answer reached the citizen"
        case EntryKind.answer_failed:
            failure = str(body.get("failure") or body.get("why") or "")
            return f"the answer did not arrive, the silence goes on. {FAILED.get(failure, failure)}".strip()
        case EntryKind.fell_back:
            again = f"sent again by {body['by']}" if body.get("by") else "sent another way"
            return f"{again}, by {CHANNELS.get(str(body.get('channel')), str(body.get('channel')))}"
        case EntryKind.joined if body.get("lead"):
            why = f": {_bare(body['why'])}" if body.get("why") else ""
            return f"joined to {body['lead']}, answered together{why}"
        case EntryKind.joined:
            number = int(str(body.get("number") or 1))
            return f"{number} {'others' if number > 1 else 'other'} joined: one answer for all"
        case EntryKind.parted:
            return f"answered by itself again, not with {body.get('lead')}: {_bare(body.get('why'))}"
        case EntryKind.closed:
            outcome = str(body.get("outcome"))
            why = f", because: {_bare(body['reason'])}" if body.get("reason") else ""
            return f"closed. The citizen reads: “{OUTCOMES.get(outcome, outcome)}”{why}"
        case kind if kind in AFTERWARDS:
            return afterwards(kind, body, _office(known, body.get("to")))
        case EntryKind.marked:
            nature = NATURES.get(str(body.get("nature")))
            return f"marked as {nature}" if nature else "marked as a matter to answer after all"
        case kind:
            return STAFF_EVENTS[kind]


def _recounted(entry: TimelineEntry, known: Catalogue) -> str:
    """What was counted anew, and why."""
    moved = []
    zone = calendar_of(known, entry.office_id).zone if entry.office_id else UTC
    clocks = entry.body.get("clocks")
    for one in clocks if isinstance(clocks, list) else []:
        name = CLOCKS[str(one["clock"])].lower()
        if "is" in one:
            verdicts = {"met": "in time", "missed": "too late"}
            moved.append(f"{name} {verdicts.get(str(one['is']), str(one['is']))} after all")
        elif one["before"] != one["after"]:
            before, after = (datetime.fromisoformat(str(one[name])) for name in ("before", "after"))
            shown = [format_datetime(at, "en", zone, "short") for at in (after, before)]
            moved.append(f"{name} due {shown[0]} instead of {shown[1]}")
        else:
            moved.append(f"{name} by another working time")
    why = entry.body.get("why")
    reasons = " ".join(map(str, why)) if isinstance(why, list) else ""
    return f"counted anew: {', '.join(moved)}. {reasons}".rstrip(" .")


def _urgent(body: Mapping[str, object]) -> str:
    """Why a case cannot wait, or can after all."""
    why, words = body.get("urgency"), body.get("words")
    if not why:
        return f"not urgent after all: {_bare(body.get('reason'))}"
    if isinstance(words, list):
        return f"urgent, {URGENCIES[str(why)]}: " + ", ".join(f"“{word}”" for word in words)
    return f"marked as urgent: {_bare(body.get('reason'))}"


def _bare(reason: object) -> str:
    """A reason without its full stop: the line goes on behind it."""
    return str(reason).rstrip(" .")


def _office(known: Catalogue, code: object) -> str:
    office = known.office_by_code.get(str(code).upper())
    return name_of(office, "en") if office else str(code)
