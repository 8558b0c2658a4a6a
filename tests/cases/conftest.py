"""A small government in a fresh installation, and what citizens and staff do in it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count

import pytest
from sqlmodel import col, select

from cases import holding, intake, outcomes
from cases.acting import Form
from cases.inbox import receive
from channels.errors import Failure, SendFailed
from channels.values import Channel, DeliveryStatus, Inbound, Outgoing, Receipt, Sent
from core.database import Database
from domain.case import Case
from domain.clock import Clock
from domain.outbox import OutboundMessage
from domain.states import ClockKind
from domain.visibility import Viewer
from notifications import deliver
from tests.builders import NOW, Government, government, soonest
from tests.conftest import Installation

CITIZEN = "+355691112233"


@dataclass
class Town:
    """A government at work. `now` moves only when a test says so."""

    database: Database
    known: Government
    now: datetime = NOW
    sent: list[Outgoing] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=lambda: count(1))
    failing: dict[str, Failure] = field(default_factory=dict)

    def arrives(
        self, text: str, *, sender: str = CITIZEN, channel: Channel = Channel.sms, sid: str = "", **details: object
    ) -> str:
        """A message arrives and is processed."""
        sid = sid or f"SM{next(self.numbers)}"
        receive([Inbound(channel, "acc", sid, sender, "+355690000000", text, details=details)], self.now)  # type: ignore[arg-type]
        self.work()
        return sid

    def work(self) -> None:
        """Everything that is due is done, one by one. What a busy machine made late for its moment gets the next."""
        for _ in range(10):
            while (
                intake.process_due(self.now)
                or holding.sweep(self.now)
                or deliver.deliver_due(self.now, send=self._send, on_result=outcomes.on_result, parallel=1)
            ):
                pass
            with self.database.read() as session:
                soon = soonest(session, self.now)
            if soon is None:
                return
            self.now = max(self.now + timedelta(seconds=1), soon)  # a stalled sender has promised moments ahead

    def _send(self, outgoing: Outgoing, channel: Channel) -> Sent:
        if failure := self.failing.get(outgoing.to):
            raise SendFailed(failure)
        self.sent.append(outgoing)
        status = DeliveryStatus.delivered if channel is Channel.telegram else DeliveryStatus.accepted
        return Sent(f"OUT{len(self.sent)}", "acc", status)

    def receipt(self, status: DeliveryStatus, failure: Failure | None = None, which: int = -1) -> None:
        """The provider reports on a message that left."""
        message = self.sent[which]
        place = len(self.sent) if which == -1 else which + 1
        receive([Receipt(Channel.sms, "acc", f"OUT{place}", status, failure, message_id=message.id)], self.now)
        self.work()

    def texts(self, to: str = CITIZEN) -> list[str]:
        """What was sent to somebody."""
        return [message.text for message in self.sent if message.to == to]

    def cases(self) -> list[Case]:
        """All cases, oldest first."""
        with self.database.read() as session:
            return list(session.exec(select(Case).order_by(col(Case.id))))

    def case(self) -> Case:
        """The only case there is."""
        (found,) = self.cases()
        return found

    def clock(self, kind: ClockKind) -> Clock:
        """The newest clock of a kind of the only case."""
        with self.database.read() as session:
            found = session.exec(
                select(Clock)
                .where(col(Clock.case_id) == self.case().id, col(Clock.kind) == kind)
                .order_by(col(Clock.entry))
            ).all()
        return found[-1]

    def outbox(self) -> list[OutboundMessage]:
        """All messages that were written."""
        with self.database.read() as session:
            return list(session.exec(select(OutboundMessage).order_by(col(OutboundMessage.id))))

    def viewer(self, name: str) -> Viewer:
        """A member of staff."""
        with self.database.read() as session:
            return self.known.viewer(session, name)

    def form(self, seen: int | None = None, token: str = "") -> Form:
        """A form opened just now."""
        return Form(self.case().timeline_length if seen is None else seen, token or f"t{next(self.numbers)}")

    def later(self, **by: float) -> None:
        """Time passes."""
        self.now += timedelta(**by)


@pytest.fixture
def town(installation: Installation) -> Town:
    """The town, on each kind of database."""
    with installation.database.write() as session:
        known = government(session)
    return Town(installation.database, known)
