"""States and the ways between them, as data: (from, to) → when that way is taken. Whatever is not listed is refused."""

from enum import StrEnum

from core.errors import Conflict


class Tier(StrEnum):
    """Level of an office in the government tree."""

    national = "national"
    region = "region"
    district = "district"
    service_centre = "service_centre"


class OfficeFunction(StrEnum):
    """What an office is for."""

    service = "service"
    triage = "triage"
    integrity = "integrity"
    leadership = "leadership"


class Role(StrEnum):
    """What a staff member may do, held per office."""

    operator = "operator"
    officer = "officer"
    supervisor = "supervisor"
    head = "head"
    triage = "triage"
    integrity = "integrity"
    reviewer = "reviewer"
    leadership = "leadership"
    auditor = "auditor"
    admin = "admin"


class CaseKind(StrEnum):
    """What the citizen raised."""

    complaint = "complaint"
    suggestion = "suggestion"
    compliment = "compliment"
    question = "question"
    request = "request"


class IntakeSource(StrEnum):
    """Who put a case in, and how: the citizen, or staff for them."""

    citizen = "citizen"
    hotline = "hotline"
    walk_in = "walk_in"
    open_day = "open_day"
    letter = "letter"
    video = "video"
    complaint_book = "complaint_book"
    mystery_shopper = "mystery_shopper"
    quality_audit = "quality_audit"
    imported = "imported"


AUDIT_SOURCES = (IntakeSource.mystery_shopper, IntakeSource.quality_audit)
"""Sources that are the government looking at itself: kept apart in figures about citizens."""
NOT_LIVE_SOURCES = (*AUDIT_SOURCES, IntakeSource.imported)
"""Sources of what no citizen raises now: never a surge, never joined to what one did."""


class Urgency(StrEnum):
    """Why a case cannot wait, gravest first."""

    life = "life"
    child = "child"
    supply = "supply"
    staff = "staff"


class Nature(StrEnum):
    """What a message is where it is no matter to answer, or should be read with care. It stays a case either way."""

    thanks = "thanks"
    not_a_case = "not_a_case"
    abuse = "abuse"


class LeadLink(StrEnum):
    """What a case is to its lead."""

    part = "part"
    same = "same"
    merged = "merged"


class LikenessState(StrEnum):
    """What comparing a case with its neighbours came to."""

    waiting = "waiting"
    alone = "alone"
    proposed = "proposed"
    joined = "joined"
    refused = "refused"


class RelayWhat(StrEnum):
    """What happens to the members of a crowd because it happened to their lead."""

    answer = "answer"
    close = "close"
    move = "move"
    hear = "hear"


class RelayState(StrEnum):
    """Life of a relay; what no longer fits its member is dropped."""

    waiting = "waiting"
    done = "done"
    dropped = "dropped"


class Templated(StrEnum):
    """Why an answer may not count as one: it says nothing, is a saved reply as it was, or is much like another of the
    same officer's."""

    empty = "empty"
    saved = "saved"
    copy = "copy"


class ReplyState(StrEnum):
    """Life of one version of a saved reply."""

    draft = "draft"
    published = "published"
    replaced = "replaced"
    withdrawn = "withdrawn"


class SurveyKind(StrEnum):
    """When a survey is asked: after a service by message and link, or at the door as one leaves."""

    service = "service"
    exit = "exit"


class SurveyState(StrEnum):
    """Life of one version of a survey. Only a draft changes; of each kind and service one version is published."""

    draft = "draft"
    published = "published"
    replaced = "replaced"
    retired = "retired"


class Doing(StrEnum):
    """What somebody does with a case that is open before them."""

    reading = "reading"
    writing = "writing"


class CaseState(StrEnum):
    """Where a case stands. In each of them one office is accountable."""

    triage = "triage"
    open = "open"
    waiting = "waiting"
    answered = "answered"
    closed = "closed"


CASE_TRANSITIONS: dict[tuple[CaseState, CaseState], str] = {
    (CaseState.triage, CaseState.open): "triage or an accepting office says whose it is",
    (CaseState.open, CaseState.triage): "an office refuses it by name, or nobody knows whose it is",
    (CaseState.open, CaseState.waiting): "a question to the citizen was sent",
    (CaseState.waiting, CaseState.open): "the citizen wrote, or the question expired",
    (CaseState.open, CaseState.answered): "a human answer was sent",
    (CaseState.triage, CaseState.answered): "triage answered it itself",
    (CaseState.waiting, CaseState.answered): "a human answer was sent without waiting longer",
    (CaseState.answered, CaseState.open): "the citizen wrote again, the answer was not delivered, or it went elsewhere",
    (CaseState.answered, CaseState.waiting): "a question followed the answer",
    (CaseState.answered, CaseState.triage): "triage took its answer back before it left",
    (CaseState.answered, CaseState.closed): "staff closed it with an outcome",
    (CaseState.open, CaseState.closed): "staff closed it; the silence goes on if no answer was delivered",
    (CaseState.waiting, CaseState.closed): "staff closed it; the silence goes on if no answer was delivered",
    (CaseState.triage, CaseState.closed): "the citizen took it back; staff never close what nobody has placed",
    (CaseState.closed, CaseState.open): "the citizen wrote again, says it is not solved, or appealed",
}

OPEN_STATES = (CaseState.triage, CaseState.open, CaseState.waiting, CaseState.answered)


class Outcome(StrEnum):
    """How a case was disposed of. "Not our responsibility" is none: that is a transfer."""

    upheld = "upheld"
    partly_upheld = "partly_upheld"
    not_upheld = "not_upheld"
    answered = "answered"
    duplicate = "duplicate"
    withdrawn = "withdrawn"


class InboxState(StrEnum):
    """Life of an inbox row."""

    received = "received"
    processed = "processed"
    failed = "failed"


class OutboxState(StrEnum):
    """Life of an outbox row."""

    queued = "queued"
    sending = "sending"
    accepted = "accepted"
    sent = "sent"
    delivered = "delivered"
    failed = "failed"
    unknown = "unknown"
    cancelled = "cancelled"


OUTBOX_TRANSITIONS: dict[tuple[OutboxState, OutboxState], str] = {
    (OutboxState.queued, OutboxState.sending): "a worker claimed it",
    (OutboxState.queued, OutboxState.cancelled): "the citizen opted out, or it is no longer wanted",
    (OutboxState.queued, OutboxState.accepted): "a cut-off try taken for none had reached the provider after all",
    (OutboxState.queued, OutboxState.sent): "a receipt shows that a cut-off try had left after all",
    (OutboxState.queued, OutboxState.delivered): "a receipt shows that a cut-off try had arrived after all",
    (OutboxState.sending, OutboxState.queued): "a failure that may pass; tried again later",
    (OutboxState.sending, OutboxState.accepted): "the provider took it",
    (OutboxState.sending, OutboxState.sent): "the receipt was quicker than the reply",
    (OutboxState.sending, OutboxState.delivered): "the receipt was quicker than the reply",
    (OutboxState.sending, OutboxState.failed): "the provider refused it for good",
    (OutboxState.sending, OutboxState.unknown): "cut off, and the provider cannot say; a person decides",
    (OutboxState.sending, OutboxState.cancelled): "the citizen opted out in between",
    (OutboxState.unknown, OutboxState.accepted): "a receipt or look-up found it",
    (OutboxState.unknown, OutboxState.sent): "a receipt found it",
    (OutboxState.unknown, OutboxState.delivered): "a receipt found it, or a person knows that it arrived",
    (OutboxState.unknown, OutboxState.failed): "a receipt found it, or a person gave it up",
    (OutboxState.accepted, OutboxState.sent): "receipt",
    (OutboxState.accepted, OutboxState.delivered): "receipt",
    (OutboxState.accepted, OutboxState.failed): "receipt",
    (OutboxState.sent, OutboxState.delivered): "receipt",
    (OutboxState.sent, OutboxState.failed): "receipt",
    (OutboxState.failed, OutboxState.delivered): "a receipt out of order: it was delivered after all",
}


class Purpose(StrEnum):
    """Why a message leaves."""

    acknowledgement = "acknowledgement"
    answer = "answer"
    question = "question"
    status = "status"
    transfer = "transfer"
    survey = "survey"
    survey_thanks = "survey_thanks"
    help = "help"
    resumed = "resumed"
    stopped = "stopped"
    conversation = "conversation"
    proof = "proof"
    declined = "declined"
    solved = "solved"
    aftercare = "aftercare"
    raised = "raised"
    reminder = "reminder"


class ClockKind(StrEnum):
    """Which deadline a clock counts down to."""

    first_response = "first_response"
    reply_due = "reply_due"
    resolution = "resolution"
    acceptance = "acceptance"
    appeal = "appeal"


class ClockState(StrEnum):
    """Life of a clock."""

    running = "running"
    paused = "paused"
    met = "met"
    missed = "missed"
    void = "void"


class RungState(StrEnum):
    """Life of one rung of a clock's ladder."""

    waiting = "waiting"
    climbed = "climbed"
    void = "void"


class AnchorState(StrEnum):
    """Life of a day's anchor."""

    waiting = "waiting"
    made = "made"


class InvitationState(StrEnum):
    """Life of a survey invitation."""

    scheduled = "scheduled"
    sent = "sent"
    answered = "answered"
    suppressed = "suppressed"
    expired = "expired"


class EntryKind(StrEnum):
    """What a timeline entry tells."""

    received = "received"
    routed = "routed"
    assigned = "assigned"
    clock_started = "clock_started"
    clock_ended = "clock_ended"
    clock_paused = "clock_paused"
    clock_resumed = "clock_resumed"
    acknowledged = "acknowledged"
    citizen_wrote = "citizen_wrote"
    answered = "answered"
    recalled = "recalled"
    asked = "asked"
    answer_delivered = "answer_delivered"
    answer_failed = "answer_failed"
    noted = "noted"
    note_taken_back = "note_taken_back"
    transferred = "transferred"
    refused = "refused"
    accepted = "accepted"
    withdrawn = "withdrawn"
    lapsed = "lapsed"
    part_answered = "part_answered"
    escalated = "escalated"
    closed = "closed"
    reopened = "reopened"
    released = "released"
    restricted = "restricted"
    reviewed = "reviewed"
    attached = "attached"
    edited = "edited"
    transcribed = "transcribed"
    called_back = "called_back"
    fell_back = "fell_back"
    marked_urgent = "marked_urgent"
    marked = "marked"
    split_off = "split_off"
    joined = "joined"
    parted = "parted"
    relabelled = "relabelled"
    recounted = "recounted"
    asked_solved = "asked_solved"
    solved = "solved"
    appealed = "appealed"
    appeal_decided = "appeal_decided"
    taken_back = "taken_back"
    merged = "merged"
    unmerged = "unmerged"
    passed_on = "passed_on"
    divided = "divided"
    linked = "linked"
    checked = "checked"
    cause_found = "cause_found"
    imported = "imported"


def check_transition(before: CaseState, after: CaseState) -> None:
    """Raise Conflict unless a case may go from `before` to `after`; staying is always allowed."""
    if before != after and (before, after) not in CASE_TRANSITIONS:
        raise Conflict(
            f"A case that is {before} cannot become {after}.",
            mend="Reload the case to see what happened to it meanwhile.",
        )
