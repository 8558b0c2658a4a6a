"""Plans, transactions and what was written, for the tests of how citizens are asked."""

from datetime import datetime, timedelta
from typing import Any

from msgspec.structs import replace
from sqlmodel import Session, col, select

from domain.asking import AskingBudget, AskingPlan
from domain.citizen import ContactPoint
from domain.outbox import OutboundMessage
from domain.survey import Invitation, Transaction
from surveys import lookups
from surveys.checking import TransactionIn
from surveys.transactions import accept
from tests.builders import NOW, Government
from tests.conftest import Installation

DUE = NOW + timedelta(hours=1)


def plan(installation: Installation, known: Government, service: str | None = None, **values: Any) -> None:
    """Put a plan into force, for a service or for all others."""
    with installation.database.write() as session:
        made = {"delay_minutes": 60, "rest_days": 30, "made_at": NOW, **values}
        session.add(AskingPlan(service_id=known.service[service] if service else None, **made))


def limit(installation: Installation, known: Government, amount: float, office: str | None = None) -> None:
    """Put a budget into force."""
    with installation.database.write() as session:
        session.add(AskingBudget(office_id=known.office[office] if office else None, amount=amount, changed_at=NOW))


def post(installation: Installation, *numbers: int, now: datetime = NOW, **values: Any) -> None:
    """Transactions of different citizens, completed now."""
    base = TransactionIn("", "CIV1", "passport", now, "", "en")
    items = [replace(base, external_id=f"T-{n}", phone=f"+35569{1000000 + n}") for n in numbers]
    with installation.database.write() as session:
        accept(session, "registry", [replace(item, **values) for item in items], now)
    while lookups.work_off(now):
        pass


def sent(installation: Installation) -> list[OutboundMessage]:
    """What was written, first to last."""
    with installation.database.read() as session:
        return list(session.exec(select(OutboundMessage).order_by(col(OutboundMessage.created_at))))


def one(session: Session) -> Invitation:
    """The only invitation."""
    return session.exec(select(Invitation)).one()


def contact(session: Session) -> ContactPoint:
    """The first contact point."""
    return session.exec(select(ContactPoint).order_by(col(ContactPoint.id))).first()  # type: ignore[return-value]


def transactions(installation: Installation) -> list[Transaction]:
    """All of them, by the agency's id."""
    with installation.database.read() as session:
        return list(session.exec(select(Transaction).order_by(col(Transaction.external_id))))
