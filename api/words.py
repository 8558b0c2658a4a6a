"""Codes in words, for citizens and for staff: states, entries, channels, outcomes. Translated where shown."""

from channels.values import Channel
from core.i18n import translator
from domain.closing import AppealOutcome
from domain.states import (
    CaseKind,
    CaseState,
    ClockKind,
    EntryKind,
    IntakeSource,
    Nature,
    OfficeFunction,
    Outcome,
    Role,
    Tier,
    Urgency,
)
from surveys import asking
from surveys.flow import Kind, Question


def N_(message: str) -> str:  # noqa: N802  (gettext's own name for it)
    """Mark a message for translation without translating it yet."""
    return message


STATES: dict[str, str] = {
    CaseState.triage: N_("We are finding the right office"),
    CaseState.open: N_("An office is working on it"),
    CaseState.waiting: N_("We asked you a question"),
    CaseState.answered: N_("You have an answer"),
    CaseState.closed: N_("Closed"),
}
"""Where a case stands, as its citizen reads it."""

STAFF_STATES: dict[str, str] = {
    CaseState.triage: N_("in triage"),
    CaseState.open: N_("open"),
    CaseState.waiting: N_("waiting for citizen"),
    CaseState.answered: N_("answered"),
    CaseState.closed: N_("closed"),
}

EVENTS: dict[str, str] = {
    EntryKind.received: N_("We received your message"),
    EntryKind.routed: N_("It went to the office in charge"),
    EntryKind.assigned: N_("A person there took it on"),
    EntryKind.clock_started: N_("The clock for an answer started"),
    EntryKind.clock_ended: N_("The clock stopped"),
    EntryKind.clock_paused: N_("The clock waits for your answer"),
    EntryKind.clock_resumed: N_("The clock runs again"),
    EntryKind.acknowledged: N_("We sent you this number"),
    EntryKind.citizen_wrote: N_("You wrote"),
    EntryKind.answered: N_("The office answered"),
    EntryKind.recalled: N_("The office took an answer back before it was sent"),
    EntryKind.asked: N_("The office asked you"),
    EntryKind.answer_delivered: N_("The answer reached you"),
    EntryKind.answer_failed: N_("The answer could not be delivered. The clock runs on"),
    EntryKind.noted: N_("The office made a note"),
    EntryKind.note_taken_back: N_("The office took a note back"),
    EntryKind.transferred: N_("It was sent on to another office"),
    EntryKind.refused: N_("That office gave it back. We are finding the right one"),
    EntryKind.accepted: N_("The office accepted it"),
    EntryKind.withdrawn: N_("It stays at the office that has it"),
    EntryKind.lapsed: N_("That office did not answer. We are finding the right one"),
    EntryKind.part_answered: N_("Another office told its part"),
    EntryKind.escalated: N_("The office was late, so a superior was told"),
    EntryKind.closed: N_("The office closed it"),
    EntryKind.reopened: N_("It was opened again"),
    EntryKind.released: N_("It is free for somebody else to take on"),
    EntryKind.restricted: N_("It went to another team"),
    EntryKind.reviewed: N_("The weekly review discussed it"),
    EntryKind.attached: N_("A photo or file was added"),
    EntryKind.edited: N_("You changed your message"),
    EntryKind.transcribed: N_("The office wrote down what you said"),
    EntryKind.called_back: N_("The office called you back"),
    EntryKind.fell_back: N_("We tried another way to reach you"),
    EntryKind.marked_urgent: N_("It was looked at how urgent it is"),
    EntryKind.marked: N_("The office looked at what kind of message it is"),
    EntryKind.split_off: N_("Another office helps with a part of it"),
    EntryKind.joined: N_("It is handled together with other messages about the same"),
    EntryKind.parted: N_("It is handled by itself again"),
    EntryKind.relabelled: N_("The office corrected what it is about"),
    EntryKind.recounted: N_("The time for an answer was counted anew, as opening days or rules were corrected"),
    EntryKind.asked_solved: N_("We asked you whether it is solved"),
    EntryKind.solved: N_("You said that it is solved"),
    EntryKind.appealed: N_("You asked the office above to decide"),
    EntryKind.appeal_decided: N_("The office above decided"),
    EntryKind.taken_back: N_("You took it back"),
    EntryKind.merged: N_("It is answered together with your other message about the same"),
    EntryKind.unmerged: N_("It is answered by itself again"),
    EntryKind.passed_on: N_("You wrote. It went to the number it is answered with"),
    EntryKind.divided: N_("What you wrote about another matter got a number of its own"),
    EntryKind.linked: N_("The office noted what else it has to do with"),
    EntryKind.checked: N_("Somebody from another office asked you whether it is solved"),
    EntryKind.cause_found: N_("The office noted why it happened"),
    EntryKind.imported: N_("It was brought over from the system used before"),
}
"""What happened, as the citizen reads it."""

STAFF_EVENTS: dict[str, str] = {
    EntryKind.received: N_("received"),
    EntryKind.routed: N_("routed"),
    EntryKind.assigned: N_("assigned"),
    EntryKind.clock_started: N_("clock started"),
    EntryKind.clock_ended: N_("clock ended"),
    EntryKind.clock_paused: N_("clock paused"),
    EntryKind.clock_resumed: N_("clock resumed"),
    EntryKind.acknowledged: N_("acknowledged"),
    EntryKind.citizen_wrote: N_("citizen wrote"),
    EntryKind.answered: N_("answered"),
    EntryKind.recalled: N_("answer taken back before it left"),
    EntryKind.asked: N_("asked the citizen"),
    EntryKind.answer_delivered: N_("answer delivered"),
    EntryKind.answer_failed: N_("answer not delivered"),
    EntryKind.noted: N_("note"),
    EntryKind.note_taken_back: N_("note taken back"),
    EntryKind.transferred: N_("transferred"),
    EntryKind.refused: N_("refused"),
    EntryKind.accepted: N_("accepted"),
    EntryKind.withdrawn: N_("offer taken back"),
    EntryKind.lapsed: N_("not answered in time"),
    EntryKind.part_answered: N_("part answered"),
    EntryKind.escalated: N_("escalated"),
    EntryKind.closed: N_("closed"),
    EntryKind.reopened: N_("reopened"),
    EntryKind.released: N_("released"),
    EntryKind.restricted: N_("given to integrity alone"),
    EntryKind.reviewed: N_("reviewed"),
    EntryKind.attached: N_("file added"),
    EntryKind.edited: N_("citizen changed their message"),
    EntryKind.transcribed: N_("written down"),
    EntryKind.called_back: N_("called back"),
    EntryKind.fell_back: N_("sent another way"),
    EntryKind.marked_urgent: N_("marked as urgent"),
    EntryKind.marked: N_("marked"),
    EntryKind.split_off: N_("a part given to another office"),
    EntryKind.joined: N_("joined with others"),
    EntryKind.parted: N_("taken apart from others"),
    EntryKind.relabelled: N_("topic corrected"),
    EntryKind.recounted: N_("counted anew"),
    EntryKind.asked_solved: N_("asked whether it is solved"),
    EntryKind.solved: N_("solved, says the citizen"),
    EntryKind.appealed: N_("appealed"),
    EntryKind.appeal_decided: N_("appeal decided"),
    EntryKind.taken_back: N_("taken back by the citizen"),
    EntryKind.merged: N_("merged"),
    EntryKind.unmerged: N_("taken apart again"),
    EntryKind.passed_on: N_("citizen wrote, passed on"),
    EntryKind.divided: N_("split in two matters"),
    EntryKind.linked: N_("linked with another case"),
    EntryKind.checked: N_("checked by a call"),
    EntryKind.cause_found: N_("cause found"),
    EntryKind.imported: N_("brought over from an earlier system"),
}

URGENCIES: dict[str, str] = {
    Urgency.life: N_("danger to life"),
    Urgency.child: N_("a child in danger"),
    Urgency.supply: N_("nothing to live on for days"),
    Urgency.staff: N_("urgent"),
}
"""Why a case cannot wait, on a tag."""

NATURES: dict[str, str] = {
    Nature.thanks: N_("thanks"),
    Nature.not_a_case: N_("says nothing yet"),
    Nature.abuse: N_("insults or threats"),
}

CHANNELS: dict[str, str] = {
    Channel.sms: N_("SMS"),
    Channel.whatsapp: N_("WhatsApp"),
    Channel.telegram: N_("Telegram"),
    Channel.email: N_("E-mail"),
    Channel.web: N_("Web"),
    Channel.kiosk: N_("Kiosk"),
    Channel.voice: N_("Phone"),
    Channel.api: N_("Other system"),
    Channel.assisted: N_("At a counter"),
}

KINDS: dict[str, str] = {
    CaseKind.complaint: N_("Complaint"),
    CaseKind.suggestion: N_("Suggestion"),
    CaseKind.compliment: N_("Compliment"),
    CaseKind.question: N_("Question"),
    CaseKind.request: N_("Request"),
}

GROUPS: dict[str, str] = {
    "water": N_("Water and sewage"),
    "roads": N_("Roads, lights and buses"),
    "municipal": N_("Rubbish, parks and noise"),
    "energy": N_("Electricity"),
    "health": N_("Health"),
    "education": N_("Schools and studies"),
    "documents": N_("Passports and papers"),
    "property": N_("Land, houses and permits"),
    "vehicles": N_("Cars and driving"),
    "social": N_("Pensions and support"),
    "business": N_("Shops and business"),
}
"""Usual groups of a service catalogue; a group with another name is shown by that name."""

SOURCES: dict[str, str] = {
    IntakeSource.citizen: N_("the citizen"),
    IntakeSource.hotline: N_("hotline call"),
    IntakeSource.walk_in: N_("walk-in"),
    IntakeSource.open_day: N_("open-door day"),
    IntakeSource.letter: N_("letter"),
    IntakeSource.video: N_("video chat"),
    IntakeSource.complaint_book: N_("complaint book"),
    IntakeSource.mystery_shopper: N_("mystery shopper"),
    IntakeSource.quality_audit: N_("quality audit"),
    IntakeSource.imported: N_("an earlier system"),
}
"""Who put a case in, as staff read it."""

OUTCOMES: dict[str, str] = {
    Outcome.upheld: N_("Put right"),
    Outcome.partly_upheld: N_("Partly put right"),
    Outcome.not_upheld: N_("Looked into; nothing was done wrong"),
    Outcome.answered: N_("Question answered"),
    Outcome.duplicate: N_("Handled together with another message of yours"),
    Outcome.withdrawn: N_("You took it back"),
}

APPEALS: dict[str, str] = {
    AppealOutcome.allowed: N_("You are right"),
    AppealOutcome.partly: N_("You are partly right"),
    AppealOutcome.dismissed: N_("The first decision stands"),
    AppealOutcome.withdrawn: N_("You took it back"),
}
"""How an appeal was decided, as the citizen reads it."""

STAFF_APPEALS: dict[str, str] = {
    AppealOutcome.allowed: N_("the citizen is right"),
    AppealOutcome.partly: N_("partly right"),
    AppealOutcome.dismissed: N_("first decision stands"),
    AppealOutcome.withdrawn: N_("taken back"),
}

TIERS: dict[str, str] = {
    Tier.national: N_("National"),
    Tier.region: N_("Region"),
    Tier.district: N_("District"),
    Tier.service_centre: N_("Service centre"),
}

FUNCTIONS: dict[str, str] = {
    OfficeFunction.service: N_("Answers citizens"),
    OfficeFunction.triage: N_("Triage desk"),
    OfficeFunction.integrity: N_("Integrity office"),
    OfficeFunction.leadership: N_("Leadership"),
}

CLOCKS: dict[str, str] = {
    ClockKind.first_response: N_("First answer"),
    ClockKind.reply_due: N_("Reply"),
    ClockKind.resolution: N_("Solution"),
    ClockKind.acceptance: N_("Acceptance"),
    ClockKind.appeal: N_("Appeal"),
}

ROLES: dict[str, str] = {
    Role.operator: N_("operator"),
    Role.officer: N_("officer"),
    Role.supervisor: N_("supervisor"),
    Role.head: N_("head"),
    Role.triage: N_("triage"),
    Role.integrity: N_("integrity"),
    Role.reviewer: N_("reviewer"),
    Role.leadership: N_("leadership"),
    Role.auditor: N_("auditor"),
    Role.admin: N_("administrator"),
}

REASONS: dict[str, str] = {
    "wait": N_("The wait was long"),
    "staff": N_("How I was treated"),
    "papers": N_("Too many papers or trips"),
    "unclear": N_("Nobody explained what to do"),
    "closed": N_("It was closed, or nobody was there"),
    "money": N_("I was asked for extra money"),
    "fast": N_("It was quick"),
    "kind": N_("The staff were kind"),
    "clear": N_("I was told clearly what to do"),
    "once": N_("One visit was enough"),
}
"""Why a visit was good or bad, as the citizen picks it."""


def options_of(question: Question, lang: str) -> list[dict[str, str]]:
    """What can be chosen for a survey's question, translated: {"code", "text"}. A page has room for whole sentences
    where an SMS has not."""
    speak = translator(lang).gettext
    if question.kind is not Kind.choice:
        labels = asking.choices_of(question, lang)
        codes = ["1", "0"] if question.kind is Kind.yes_no else [str(number) for number in range(1, len(labels) + 1)]
        return [{"code": code, "text": text} for code, text in zip(codes, labels, strict=True)]
    return [
        {
            "code": option.code,
            "text": speak(REASONS[option.code])
            if option.code in REASONS and not option.words
            else asking.option_words(option, lang),
        }
        for option in question.options
    ]


RATINGS: dict[int, str] = {1: N_("Very bad"), 2: N_("Bad"), 3: N_("So-so"), 4: N_("Good"), 5: N_("Very good")}

FILES: dict[str, str] = {
    "photo": N_("Photo"),
    "voice": N_("Voice message"),
    "audio": N_("Sound recording"),
    "video": N_("Video"),
    "document": N_("Document"),
    "sticker": N_("Sticker"),
    "contact": N_("Contact card"),
}
"""What a file is, by the words of `channels.values.Attachment`."""

VOCABULARIES: dict[str, dict[str, str]] = {
    "state": STATES,
    "staff_state": STAFF_STATES,
    "event": EVENTS,
    "staff_event": STAFF_EVENTS,
    "channel": CHANNELS,
    "kind": KINDS,
    "group": GROUPS,
    "source": SOURCES,
    "outcome": OUTCOMES,
    "urgency": URGENCIES,
    "nature": NATURES,
    "appeal": APPEALS,
    "staff_appeal": STAFF_APPEALS,
    "tier": TIERS,
    "function": FUNCTIONS,
    "clock": CLOCKS,
    "role": ROLES,
    "reason": REASONS,
    "file": FILES,
    "rating": {str(number): word for number, word in RATINGS.items()},
}
"""What the `words` filter of the templates looks in: `{{ case.state|words("state") }}`."""

CITIZEN_VOCABULARIES = ("state", "event", "channel", "outcome", "appeal", "rating", "reason", "group", "file")
"""Those that citizens read, so that every language has them."""
