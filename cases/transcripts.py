"""What staff heard in a recording, written down: it becomes the case's words, and sends it where they belong.

Each version stays on the timeline. The classifier learns nothing from it: a transcript is what one of us understood.
"""

from datetime import datetime
from uuid import UUID

from sqlmodel import Session

import escalation.service
import routing.service
from cases import history, marks, rerouting
from cases.acting import Form, begin, words_of
from cases.attachments import of_case, one_of_case
from core.errors import BadInput
from domain.case import Case
from domain.catalogue import catalogue
from domain.states import CaseState, EntryKind
from domain.timeline import append
from domain.visibility import Viewer

HEARD = frozenset({"voice", "audio", "video"})
"""Kinds of attachment in which something is said."""


def transcribe(
    session: Session, case_id: UUID, who: Viewer, attachment_id: UUID, text: str, now: datetime, form: Form
) -> Case:
    """Keep what was said in a recording. A later, better version replaces an earlier one; both stay in the history."""
    words = words_of(text, "What was said", limit=8000)
    case = begin(session, case_id, who, form)
    sound = one_of_case(session, case, attachment_id)
    if sound.kind not in HEARD:
        raise BadInput("There is nothing to hear in this file.", mend="Choose a recording.")
    before, sound.transcript = sound.transcript, words
    sound.transcript_by, sound.transcript_at = who.staff_id, now
    append(
        session,
        case,
        EntryKind.transcribed,
        now,
        actor=str(who.staff_id),
        public=True,
        body={
            "text": words,
            "attachment": str(sound.id),
            "by": who.name,
            "again": before is not None,
            "token": form.token,
        },
    )
    if history.wordless(session, case):
        heard = [one.transcript for one in of_case(session, case) if one.transcript and one.kind in HEARD]
        case.text = "\n\n".join(heard)
        _route_again(session, case, now)
        if marks.mark_words(session, case, case.text, now):
            escalation.service.restate(session, case, now)
    return case


def _route_again(session: Session, case: Case, now: datetime) -> None:
    """The integrity firewall hears the words too, wherever the case is; a case in triage goes where they lead."""
    if case.integrity:
        return
    known = catalogue(session)
    decision = routing.service.route(
        session, text=case.text, language=case.language, place=case.place, location=case.location, now=now
    )
    if decision.integrity or (case.state == CaseState.triage and not decision.triage):
        rerouting.place_by_words(session, case, decision, now)
    elif case.state == CaseState.triage:
        case.routing_reason = decision.reason
        case.routing_suggestions = routing.service.suggestions_json(known, decision)
