"""Which survey a service is asked with."""

from collections.abc import Mapping
from uuid import UUID

from sqlmodel import Session, col, select

from core.ids import new_id
from domain.survey import Survey
from surveys.ledger import insert_new

STANDARD = "service"
QUESTIONS: list[dict[str, object]] = [
    {"code": "rating", "kind": "rating"},
    {"code": "words", "kind": "text"},
    {"code": "money", "kind": "yes_no"},
]


class Choice:
    """The newest active survey of each service, and the one for all others."""

    def __init__(self, by_service: Mapping[UUID | None, UUID]) -> None:
        self._by_service = by_service

    def of(self, service_id: UUID) -> UUID | None:
        """Id of the survey that a service is asked with; None when it is not asked about."""
        return self._by_service.get(service_id, self._by_service.get(None))


def active(session: Session) -> Choice:
    """The surveys in force. An installation that never had one gets the standard one; one switched off stays off."""
    found = session.exec(select(Survey).order_by(col(Survey.version))).all()
    if not found:
        insert_new(
            session,
            Survey,
            [
                {
                    "id": new_id(),
                    "code": STANDARD,
                    "version": 1,
                    "service_id": None,
                    "questions": QUESTIONS,
                    "active": True,
                }
            ],
            ["code", "version"],
        )
        found = session.exec(select(Survey)).all()
    return Choice({survey.service_id: survey.id for survey in found if survey.active})
