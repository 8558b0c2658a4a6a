"""Writing and publishing surveys: drafts that change, versions that do not, and four eyes, since one survey speaks to a
whole country.

Whoever administers, or heads the government, writes; somebody else of them who changed nothing in a draft publishes it.
Every change is in the record of changes.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, func, select

from cases import administration
from cases.administration import Values
from core.errors import BadInput, Conflict, NotAllowed, NotFound
from core.i18n import english_name
from core.settings import settings
from core.texts import clean
from domain.catalogue import Catalogue, catalogue
from domain.states import Role, SurveyKind, SurveyState
from domain.survey import Invitation, Survey
from domain.visibility import Viewer
from surveys import definitions
from surveys.definitions import SHIPPED
from surveys.differences import KINDS, conditions
from surveys.faults import CODE, Finding, findings
from surveys.flow import Question, read, store

KIND = "survey"
LONGEST_TITLE = 120
LONGEST_NOTE = 500
READERS = frozenset({Role.admin, Role.head, Role.supervisor, Role.leadership, Role.auditor})
"""Who may read the surveys: those who read the words of messages."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A survey as its form has it."""

    title: str
    note: str
    questions: Sequence[Question]


def may_read(who: Viewer) -> None:
    """Raises NotAllowed for whoever the surveys are not for."""
    if not who.has(*READERS):
        raise NotAllowed("The surveys are for those who lead or administer.", mend="Ask your administrator.")


def writes(known: Catalogue, who: Viewer) -> bool:
    """Whether somebody writes and publishes surveys: administrators, and who heads the whole government."""
    tops = {office.id for office in known.children.get(None, ())}
    return who.has(Role.admin) or any(role is Role.head and office in tops for role, office in who.roles)


def publishes(known: Catalogue, who: Viewer) -> bool:
    """Whether somebody may publish: who administers the whole government, or heads it."""
    tops = {office.id for office in known.children.get(None, ())}
    return administration.wide(known, who) or any(role is Role.head and office in tops for role, office in who.roles)


def versions(session: Session, code: str) -> list[Survey]:
    """All versions of a survey, newest first. Raises NotFound."""
    named = select(Survey).where(col(Survey.code) == clean(code, 40))
    found = list(session.exec(named.order_by(col(Survey.version).desc())))
    if not found:
        raise NotFound("There is no such survey.", mend="Choose one from the list.")
    return found


def stamp(survey: Survey) -> str:
    """What a form carries to tell which state of a version its reader saw."""
    told = json.dumps([survey.version, survey.state, survey.title, survey.note, survey.questions], sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def create(
    session: Session, who: Viewer, code: str, title: str, kind: SurveyKind, service_id: UUID | None, now: datetime
) -> Survey:
    """A first draft of a new survey, with the questions that are shipped. Raises BadInput, NotAllowed."""
    _check_writer(session, who)
    faults: dict[str, str] = {}
    if not CODE.fullmatch(code):
        faults["code"] = "A code is small letters a to z, digits and _, a letter first, at most 30."
    elif session.exec(select(Survey.id).where(col(Survey.code) == code).limit(1)).first():
        faults["code"] = "There is a survey with this code; open it to write its next version."
    if kind is SurveyKind.exit and service_id is not None:
        faults["service"] = "At a door nobody knows yet which service it was; leave this at every service."
    if not (title := clean(title, LONGEST_TITLE)):
        faults["title"] = "Give it a name that your colleagues know it by."
    administration.check(faults)
    draft = Survey(
        code=code,
        version=1,
        kind=kind,
        service_id=service_id,
        title=title,
        questions=store(SHIPPED[kind][2]),
        state=SurveyState.draft,
        writers=[str(who.staff_id)],
        written_at=now,
    )
    session.add(draft)
    session.flush()
    administration.record(session, who, KIND, draft.id, _named(draft), None, values_of(draft), now)
    return draft


def change(session: Session, who: Viewer, code: str, seen: str, given: Draft, now: datetime) -> Survey:
    """Write a draft: the one there is, or the next version where the newest is published or retired.

    What is wrong with it is shown and stops only its publishing, so that half a thought can be kept. `seen` is the
    stamp of the newest version on the page.

    Raises:
        BadInput: it has no name, or is too long.
        Conflict: somebody else changed it meanwhile.
    """
    _check_writer(session, who)
    newest = _newest(session, code, seen)
    title, note = clean(given.title, LONGEST_TITLE), clean(given.note, LONGEST_NOTE)
    if not title:
        raise BadInput("It needs a name.", fields={"title": "Give it a name that your colleagues know it by."})
    before: Values | None = None
    if newest.state == SurveyState.draft:
        before, draft = values_of(newest), newest
    else:
        draft = Survey(
            code=code,
            version=newest.version + 1,
            kind=newest.kind,
            service_id=newest.service_id,
            state=SurveyState.draft,
        )
    draft.title, draft.note, draft.questions = title, note, store(given.questions)
    draft.writers = [*draft.writers, *({str(who.staff_id)} - set(draft.writers))]
    draft.written_at = now
    session.add(draft)
    session.flush()
    if before != values_of(draft):
        administration.record(session, who, KIND, draft.id, _named(draft), before, values_of(draft), now)
    return draft


def discard(session: Session, who: Viewer, code: str, seen: str, now: datetime) -> bool:
    """Throw the draft away; whether the survey has other versions left."""
    _check_writer(session, who)
    draft = _newest(session, code, seen)
    if draft.state != SurveyState.draft:
        raise Conflict("There is no draft.", mend="Only what was never published is thrown away.")
    administration.record(session, who, KIND, draft.id, _named(draft), values_of(draft), None, now)
    session.delete(draft)
    return draft.version > 1


def publish(session: Session, who: Viewer, code: str, seen: str, now: datetime) -> Survey:
    """Ask with the draft from now on, in the place of whatever was asked of the same kind for the same service.

    Who was invited before keeps the version they were invited with.

    Raises:
        NotAllowed: who changed it, or does not lead the government.
        BadInput: something is wrong with it.
    """
    known = catalogue(session)
    if not publishes(known, who):
        raise NotAllowed(
            "Surveys are published by who administers or heads the whole government.",
            mend="Ask one of them to read it.",
        )
    draft = _newest(session, code, seen)
    if draft.state != SurveyState.draft:
        raise Conflict("There is nothing new to publish.", mend="Change something first; that makes a draft.")
    if str(who.staff_id) in draft.writers:
        raise NotAllowed(
            "You wrote at this version, so somebody else publishes it.", mend="Ask a colleague to read it."
        )
    if faults := [one.text for one in check(draft) if one.wrong]:
        raise BadInput(f"It cannot be asked like this: {faults[0]}", mend="Mend what is listed first.")
    before = values_of(draft)
    _end(session, who, draft.kind, draft.service_id, code, SurveyState.replaced, now)
    draft.state, draft.published_by, draft.published_at = SurveyState.published, who.staff_id, now
    session.add(draft)
    administration.record(session, who, KIND, draft.id, _named(draft), before, values_of(draft), now)
    return draft


def retire(session: Session, who: Viewer, code: str, seen: str, now: datetime) -> None:
    """Ask with it no more; surveys that were sent already are answered as before."""
    if not publishes(catalogue(session), who):
        raise NotAllowed(
            "Surveys are retired by who administers or heads the whole government.", mend="Ask one of them."
        )
    _newest(session, code, seen)
    live = [one for one in versions(session, code) if one.state == SurveyState.published]
    if not live:
        raise Conflict("It is not in use.", mend="There is nothing to retire.")
    for one in live:
        before = values_of(one)
        one.state = SurveyState.retired
        session.add(one)
        administration.record(session, who, KIND, one.id, _named(one), before, values_of(one), now)


def _end(
    session: Session,
    who: Viewer,
    kind: SurveyKind,
    service_id: UUID | None,
    code: str,
    state: SurveyState,
    now: datetime,
) -> None:
    """End what is in force of a kind for a service, and every other version of the code."""
    live = session.exec(
        select(Survey).where(
            col(Survey.state) == SurveyState.published,
            col(Survey.kind) == kind,
            (col(Survey.service_id).is_(None) if service_id is None else col(Survey.service_id) == service_id)
            | (col(Survey.code) == code),
        )
    ).all()
    for one in live:
        before = values_of(one)
        one.state = state
        session.add(one)
        administration.record(session, who, KIND, one.id, _named(one), before, values_of(one), now)


def check(survey: Survey) -> list[Finding]:
    """What is wrong or unwise about a version, in this deployment's languages."""
    return check_questions(read(survey.questions), SurveyKind(survey.kind))


def check_questions(questions: Sequence[Question], kind: SurveyKind) -> list[Finding]:
    """What is wrong or unwise about questions."""
    languages = settings().languages
    return findings(
        questions,
        languages,
        kind,
        question_words=definitions.shipped_question,
        option_words=definitions.shipped_option,
        names={language: english_name(language) for language in languages},
    )


def invited(session: Session, survey_ids: Sequence[UUID]) -> dict[UUID, int]:
    """How many were invited with each version."""
    rows = session.exec(
        select(Invitation.survey_id, func.count())
        .where(col(Invitation.survey_id).in_(survey_ids))
        .group_by(col(Invitation.survey_id))
    )
    return dict(rows.all())


def values_of(survey: Survey) -> Values:
    """A version as the record of changes keeps it: each question by itself, so that a change of one is told alone."""
    questions = {f"question {place}, {one.code}": _told(one) for place, one in enumerate(read(survey.questions), 1)}
    return {"state": str(survey.state), "title": survey.title, "note": survey.note, **questions}


def _told(question: Question) -> str:
    words = "; ".join(f"{language}: {text}" for language, text in question.words.items()) or "shipped words"
    choices = ", ".join(option.code for option in question.options)
    return ". ".join(one for one in (KINDS[question.kind], conditions(question), words, choices) if one)


def _named(survey: Survey) -> str:
    return f"{survey.title or survey.code}, version {survey.version}"


def _newest(session: Session, code: str, seen: str) -> Survey:
    """The newest version of a survey, all of them locked. Raises NotFound, Conflict."""
    session.exec(select(Survey.id).where(col(Survey.code) == code).order_by(col(Survey.id)).with_for_update()).all()
    newest = versions(session, code)[0]
    if stamp(newest) != seen:
        raise Conflict("Somebody changed this survey meanwhile.", mend="Reload the page and look at it first.")
    return newest


def _check_writer(session: Session, who: Viewer) -> None:
    if who.staff_id is None or not writes(catalogue(session), who):
        raise NotAllowed("Only administrators write surveys.", mend="Tell yours what should be asked.")
