"""Where a survey stands with its citizen, read from its rows: what was asked when, what was answered, what is open."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session

from domain.survey import Answer, Invitation
from surveys import asking, consent, ledger
from surveys.consent import LOW
from surveys.flow import RATING, WORDS, Kind, Question
from surveys.replies import Doubt, Standing


def stands(session: Session, invitation: Invitation) -> tuple[Standing, dict[str, Answer]]:
    """The survey of an invitation as it stands, and its answers by question."""
    questions = asking.questions_of(session, invitation)
    said = ledger.said(session, f"invitation:{invitation.id}")
    put = [(str(one["question"]), datetime.fromisoformat(str(one["at"]))) for one in invitation.asked]
    if not put and invitation.sent_at is not None:
        put = [(questions[0].code if questions else RATING, invitation.sent_at)]  # sent before questions were noted
    given = {code: _given(answer, questions) for code, answer in said.items()}
    if consent.calls(given):
        has_case = consent.case_of(session, invitation.id) is not None
        questions = consent.with_consent(questions, given, has_case=has_case)
    rating = given.get(RATING)
    asks_words = any(one.kind is Kind.text for one in questions)
    low = isinstance(rating, int) and rating <= LOW
    unclear = invitation.unclear or {}
    between = unclear.get("between")
    doubt = (
        Doubt(str(unclear["text"]), tuple(map(str, between)))
        if unclear.get("open") and isinstance(between, list)
        else None
    )
    standing = Standing(
        questions,
        given,
        tuple(put),
        doubt=doubt,
        doubted=bool(unclear),
        wanted=invitation.answered_at if low and not asks_words else None,
    )
    return standing, said


def _given(answer: Answer, questions: Sequence[Question]) -> int | str | None:
    kind = next((one.kind for one in questions if one.code == answer.question), None)
    worded = kind in (Kind.choice, Kind.text) or (kind is None and answer.question == WORDS)
    return answer.text if worded else answer.value
