"""Which questions are asked: the surveys that came with Ombud, and the versions in force, by service and at doors."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlmodel import Session, col, select

from core.i18n import translator
from core.ids import new_id
from domain.states import SurveyKind, SurveyState
from domain.survey import Survey
from surveys import asking
from surveys.flow import MONEY, RATING, WORDS, Condition, Kind, Option, Question, read, store
from surveys.ledger import insert_new
from surveys.reach import answers_of

STANDARD = "service"
"""Code of the survey after a service that every installation begins with."""
EXIT = "exit"
"""Code of the one at doors."""
BAD = 3
"""A rating up to this is asked for its reason."""

_WAIT, _STAFF, _PAPERS, _UNCLEAR, _CLOSED, _MONEY = (
    Option(code, {}) for code in ("wait", "staff", "papers", "unclear", "closed", "money")
)
_UNHAPPY = (Condition(RATING, low=1, high=BAD),)

SERVICE_QUESTIONS = (
    Question(RATING, Kind.rating),
    Question("reason", Kind.choice, options=(_WAIT, _STAFF, _PAPERS, _UNCLEAR, _CLOSED), when=_UNHAPPY),
    Question(MONEY, Kind.yes_no),
    Question("minutes", Kind.number, when=(Condition("reason", frozenset({"wait"})),)),
    Question("visits", Kind.number, when=(Condition("reason", frozenset({"papers"})),)),
    Question(WORDS, Kind.text, when=_UNHAPPY),
)
"""After a service. Each question by SMS costs money and patience, so only what the answers so far call for is asked."""
EXIT_QUESTIONS = (
    Question(RATING, Kind.rating),
    Question("reason", Kind.choice, options=(_WAIT, _STAFF, _PAPERS, _UNCLEAR, _CLOSED, _MONEY), when=_UNHAPPY),
    Question(
        "liked",
        Kind.choice,
        options=tuple(Option(code, {}) for code in ("fast", "kind", "clear", "once")),
        when=(Condition(RATING, low=BAD + 1, high=5),),
    ),
)
"""At a door: a face, one reason, done. Own words and a number may follow on every exit survey."""
SHIPPED: Mapping[SurveyKind, tuple[str, str, Sequence[Question]]] = {
    SurveyKind.service: (STANDARD, "After a service", SERVICE_QUESTIONS),
    SurveyKind.exit: (EXIT, "At the door", EXIT_QUESTIONS),
}
"""Code, title and questions of the survey of each kind that came with Ombud."""
QUESTIONS: list[dict[str, object]] = store(SERVICE_QUESTIONS)


def shipped_question(code: str, language: str) -> str:
    """The words that Ombud ships for a question, by its code; empty for a code it has none for."""
    return translator(language).gettext(asking.SHIPPED[code]) if code in asking.SHIPPED else ""


def shipped_option(code: str, language: str) -> str:
    """The words that Ombud ships for a choice."""
    return translator(language).gettext(asking.OPTIONS[code]) if code in asking.OPTIONS else ""


class Choice:
    """The survey in force of each service, and the one for all others."""

    def __init__(self, by_service: Mapping[UUID | None, UUID]) -> None:
        self._by_service = by_service

    def of(self, service_id: UUID | None) -> UUID | None:
        """Id of the survey that a service is asked with; None when it is not asked about."""
        return self._by_service.get(service_id, self._by_service.get(None))


def active(session: Session) -> Choice:
    """The surveys in force after a service. An installation that never had one gets the standard one; one that was
    retired stays so."""
    install(session, SurveyKind.service)
    found = session.exec(
        select(Survey.service_id, Survey.id)
        .where(col(Survey.kind) == SurveyKind.service, col(Survey.state) == SurveyState.published)
        .order_by(col(Survey.version), col(Survey.id))
    ).all()
    return Choice(dict(found))


def install(session: Session, kind: SurveyKind) -> bool:
    """Write the survey of a kind that came with Ombud where there is none of the kind; whether there was none."""
    if session.exec(select(Survey.id).where(col(Survey.kind) == kind).limit(1)).first() is not None:
        return False
    code, title, questions = SHIPPED[kind]
    row = {"id": new_id(), "code": code, "version": 1, "kind": kind, "title": title, "questions": store(questions)}
    row |= {"service_id": None, "note": "", "state": SurveyState.published, "writers": []}
    insert_new(session, Survey, [row], ["code", "version"])
    return True


def at_the_door(session: Session) -> tuple[Question, ...]:
    """The questions of exit surveys. A door always has its faces: where none is in force, the shipped one is asked."""
    found = session.exec(
        select(Survey)
        .where(
            col(Survey.kind) == SurveyKind.exit,
            col(Survey.state) == SurveyState.published,
            col(Survey.service_id).is_(None),
        )
        .order_by(col(Survey.version).desc())
        .limit(1)
    ).first()
    return read(found.questions) if found is not None else EXIT_QUESTIONS


def ever_at_doors(session: Session) -> list[Question]:
    """Every question that a door asks or asked: a tablet without a network asks last month's, and sends them in time.

    A code that several versions have comes once, with all its choices.
    """
    versions = session.exec(
        select(Survey.questions)
        .where(col(Survey.kind) == SurveyKind.exit, col(Survey.state) != SurveyState.draft)
        .order_by(col(Survey.version))
    ).all()
    known: dict[str, Question] = {}
    for one in [*EXIT_QUESTIONS, *(question for stored in versions for question in read(stored))]:
        before = known.get(one.code, one)
        options = {option.code: option for option in (*before.options, *one.options)}
        known[one.code] = Question(one.code, one.kind, one.words, tuple(options.values()), one.when)
    return list(known.values())


def answers_at_doors(session: Session) -> dict[str, frozenset[str]]:
    """The answers that a door may bring besides the face, by the code of their question."""
    return {one.code: answers_of(one).among or frozenset() for one in ever_at_doors(session) if one.code != RATING}
