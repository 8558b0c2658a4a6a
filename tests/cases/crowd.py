"""Citizens who report the same, and an office that answers them together."""

from collections.abc import Sequence
from itertools import count
from uuid import UUID

from sqlmodel import col, select

from cases import crowds, lifecycle, proposals, relaying
from cases.acting import Form
from domain.case import Case
from domain.crowd import Likeness, Relay
from domain.outbox import OutboundMessage
from domain.states import Purpose, RelayState
from tests.cases.conftest import Town

PIPE = "WAT1 The main pipe burst on Mill Street in Lumas, water everywhere"
TOLD = (
    "WAT1 burst pipe at Mill Street Lumas, water all over the road",
    "WAT1 the pipe burst on mill street, water runs down to the school",
    "WAT1 Mill Street Lumas: water main burst, road is under water",
)
OTHER = "WAT1 No water in the pipes at Pine Street, Lumas"
ANSWER = "The pipe is mended. Water is back by six."
citizens = (f"+3556911{number:05}" for number in count(1))


def report(town: Town, text: str, **details: object) -> UUID:
    """Somebody new reports; gives the case."""
    known = {case.id for case in town.cases()}
    details = {"service": "water", "place": "Lumas", "sender": next(citizens), **details}
    town.arrives(text, **details)  # type: ignore[arg-type]
    (fresh,) = {case.id for case in town.cases()} - known
    return fresh


def work(town: Town) -> None:
    town.later(minutes=2)
    while proposals.compare_due(town.now) or relaying.relay_due(town.now):
        pass
    town.work()


def case(town: Town, case_id: UUID) -> Case:
    return next(one for one in town.cases() if one.id == case_id)


def likeness(town: Town, case_id: UUID) -> Likeness:
    with town.database.read() as session:
        return session.exec(select(Likeness).where(col(Likeness.case_id) == case_id)).one()


def proposed(town: Town, lead: UUID, who: str = "officer1") -> set[UUID]:
    with town.database.read() as session:
        found = crowds_of(session, town, lead, who)
        return {one.id for one, _ in found}


def crowds_of(session, town: Town, lead: UUID, who: str):  # type: ignore[no-untyped-def]
    return proposals.proposed(session, town.viewer(who), session.get_one(Case, lead))


def join(town: Town, lead: UUID, others: Sequence[UUID], who: str = "officer1", form: Form | None = None) -> int:
    form = form or town.form(10**6)
    with town.database.write() as session:
        return crowds.join(session, lead, town.viewer(who), others, town.now, form)


def answer(town: Town, lead: UUID, text: str = ANSWER, who: str = "officer1", form: Form | None = None) -> None:
    form = form or town.form(10**6)
    with town.database.write() as session:
        lifecycle.reply(session, lead, town.viewer(who), text, town.now, form)


def answers(town: Town) -> list[OutboundMessage]:
    return [message for message in town.outbox() if message.purpose == Purpose.answer]


def crowd(town: Town, number: int = 3) -> tuple[UUID, list[UUID]]:
    """A lead with so many members, joined by the officer."""
    lead = report(town, PIPE)
    others = [report(town, f"{TOLD[n % len(TOLD)]} {n}") for n in range(number)]
    join(town, lead, others)
    return lead, others


def relays_of(town: Town, state: RelayState) -> int:
    with town.database.read() as session:
        return len(session.exec(select(Relay).where(col(Relay.state) == state)).all())
