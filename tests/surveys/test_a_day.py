"""A day of surveys on the sample government, in simulated time: a batch in the morning, and what stands by evening."""

import random
import re
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
import time_machine
from sqlmodel import Session, col, delete, func, select

import surveys.sweep
from cases.inbox import receive
from channels.values import Channel, Inbound
from cli.sample import government as files
from cli.sample.load import put_government
from cli.sample.rows import Rows
from domain import catalogue
from domain.case import Case
from domain.flag import SurveyFlag
from domain.office import Office
from domain.outbox import OutboundMessage
from domain.service import Service
from domain.staff import Staff, StaffRole, StaffSession
from domain.states import Purpose
from domain.survey import Answer, Invitation, Transaction
from domain.trial import TrialAssignment
from surveys import flags, lookups
from tests.api.site import Web, sign_in_all, web_over
from tests.builders import Government
from tests.conftest import Installation
from tests.surveys.trial_world import trial

MORNING = datetime(2026, 11, 24, 7, 30, tzinfo=UTC)  # a Tuesday
CENTRES = ("CIV1", "CIV2", "CIV3", "CIV4", "CIV5", "CIV6")
FAKING = "CIV3"
MINISTER = "nasrin.tolukder"
EACH = 60
"""Transactions of an office."""


def sample(session: Session) -> Government:
    """The sample government, without its history."""
    rows = Rows()
    put_government(rows, files.load())
    rows.write(session)
    session.flush()
    catalogue.touch(session)
    return Government(
        office={row.code: row.id for row in session.exec(select(Office))},
        service={row.code: row.id for row in session.exec(select(Service))},
        staff={str(row.email).split("@", maxsplit=1)[0]: row.id for row in session.exec(select(Staff))},
    )


def batch(offices: list[str]) -> list[dict[str, str]]:
    """What agencies report: in one office two of three numbers are made up, and are a few that repeat."""
    dice, lines = random.Random(24), []
    for place, office in enumerate(offices):
        for index in range(EACH):
            number = f"+35569{place + 2}{dice.randrange(100_000):05}{index % 10}"
            if office == FAKING and index % 3:
                number = f"+355692222{index % 4:03}"
            lines.append(
                {
                    "external_id": f"{office}-{index}",
                    "office": office,
                    "service": "passport",
                    "completed_at": (MORNING - timedelta(minutes=90 + index)).isoformat(),
                    "phone": number,
                    "language": "en",
                    "operator": f"window {index % 3}",
                }
            )
    return lines


def rendered(text: str) -> str:
    """What a page says, without its tags."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text))


@pytest.mark.parametrize("installation", ["postgresql"], indirect=True)
def test_a_batch_of_the_morning_is_ratings_cases_a_sign_and_a_trial_by_evening(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    with time_machine.travel(MORNING, tick=False) as clock, web_over(sample, installation, monkeypatch, {}) as web:
        with installation.database.write() as session:
            trial(session, registered_at=MORNING, confirmed_at=MORNING, starts_at=MORNING, planned=400)
        offices = [code for code in CENTRES if code in web.known.office]
        answer = web.api("POST", "/transactions", json={"transactions": batch(offices)})
        assert (answer.status_code, answer.json()["created"]) == (201, EACH * len(offices))
        citizens = Crowd(web)
        while (now := datetime.now(UTC)) < MORNING + timedelta(hours=11):
            while lookups.work_off(now) or surveys.sweep.sweep(now):
                pass
            web.work(now)
            citizens.answer(now)
            web.work(now)
            clock.shift(timedelta(minutes=30))
        evening = MORNING + timedelta(hours=12)
        clock.move_to(evening)
        web.work(evening)
        flags.look_due(evening)
        with installation.database.write() as session:
            session.exec(delete(StaffSession))  # those of the morning are over
        sign_in_all(web.known)
        check(web, installation)


class Crowd:
    """Citizens who answer what they are asked: most in a number, some in words, some not at all."""

    def __init__(self, web: Web) -> None:
        self.web, self.heard, self.dice = web, 0, random.Random(5)
        self.kind: dict[str, str] = {}

    def answer(self, now: datetime) -> None:
        """Answer everything that came since the last time."""
        fresh, self.heard = self.web.sent[self.heard :], len(self.web.sent)
        found: list[Inbound] = []
        for message in fresh:
            manner = self.kind.setdefault(
                message.to, self.dice.choices(["silent", "content", "bribed", "unhappy", "lift"], [50, 30, 5, 10, 5])[0]
            )
            if said := self._says(manner, message.text):
                sid = f"SM{self.heard}-{len(found)}"
                found.append(Inbound(Channel.sms, "acc", sid, message.to, "+355690000000", said, details={}))
        if found:
            receive(found, now)

    def _says(self, manner: str, asked: str) -> str:
        if manner == "silent":
            return ""
        if "how was it" in asked or "1 to 5" in asked:
            return {"content": "5", "bribed": "2", "unhappy": "2", "lift": "4 but the lift is broken"}[manner]
        if "extra money" in asked:
            return "yes" if manner == "bribed" else "no"
        if "look into it" in asked:
            return "yes" if manner == "bribed" else "no"
        return "1" if "went wrong" in asked else ""


def check(web: Web, installation: Installation) -> None:
    """What stands in the evening, in the rows and on the pages."""
    with installation.database.read() as session:

        def count(table: type, *where: object) -> int:
            return session.exec(select(func.count()).select_from(table).where(*where)).one()  # type: ignore[arg-type]

        ratings = count(Answer, col(Answer.question) == "rating")
        assert ratings > 60
        assert count(Invitation) + count(Transaction, col(Transaction.not_asked).is_not(None)) >= count(Transaction)
        asked = session.exec(
            select(OutboundMessage.contact_point_id).where(
                col(OutboundMessage.purpose) == Purpose.survey, col(OutboundMessage.body).contains("1 to 5")
            )
        ).all()
        assert asked, "one arm reads otherwise"
        assert len(set(asked)) == len(asked), "and nobody is asked twice"
        cases = session.exec(select(Case)).all()
        bribed, broken = [one for one in cases if one.integrity], [one for one in cases if "lift" in one.text]
        assert bribed
        assert broken
        assert len(cases) < ratings / 2, "who only answered is counted, and not a case"
        assert all(one.invitation_id is not None for one in cases)
        flagged = set(session.exec(select(SurveyFlag.office_id)))
        assert flagged == {web.known.office[FAKING]}
        assert count(TrialAssignment) > 100

    said = rendered(web.get("/staff/satisfaction?lang=en", MINISTER).text)
    assert re.search(r"\d+% of the people served were content \(\d+% to \d+%\), by \d+ answers", said)
    assert "at one office nobody has looked yet" in said
    signs = rendered(web.get("/staff/numbers?lang=en", MINISTER).text)
    with installation.database.read() as session:
        names = {code: catalogue.catalogue(session).name(web.known.office[code]) for code in (FAKING, "CIV1")}
    assert names[FAKING] in signs
    assert names["CIV1"] not in signs
    assert re.search(r"Short wording running \d+ of 400 citizens", rendered(web.get("/staff/trials", MINISTER).text))
    officer = next(iter(officers_of(installation, web, web.known.office["CIV1"])))
    told = rendered(web.get("/staff/satisfaction?lang=en", officer).text)
    assert f"of {EACH} asked" in told
    assert "but the lift is broken" in told
    assert names[FAKING] not in told, "another office's figures are not theirs"


def officers_of(installation: Installation, web: Web, office: UUID) -> list[str]:
    """Those who work in an office, by name."""
    with installation.database.read() as session:
        ids = set(session.exec(select(StaffRole.staff_id).where(col(StaffRole.office_id) == office)))
    return [name for name, staff_id in web.known.staff.items() if staff_id in ids]
