"""Signs in the database: one office's made-up week is found, once, and judged by those who may."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from sqlmodel import Session, col, select

from channels.values import Channel
from core.crypto import blind_index, mask
from core.errors import BadInput, Conflict, NotAllowed, NotFound
from core.ids import new_id
from core.settings import settings
from domain.catalogue import forget, touch
from domain.citizen import Citizen, ContactPoint
from domain.flag import FlagKind, FlagState, FlagVerdict, MoneyMonth, SurveyFlag, SurveyLook
from domain.office import Office
from domain.outbox import OutboundMessage
from domain.reach import StaffContact
from domain.states import InvitationState, OutboxState, Purpose, Tier
from domain.survey import Answer, Invitation, Survey, Transaction
from surveys import flags, months, signs
from surveys.cheating import Count
from tests.builders import NOW, Government, government
from tests.conftest import Installation

MONDAY = date(2026, 3, 2)
AT = NOW + timedelta(hours=2)
EVENING = datetime(2026, 3, 2, 19, 30, tzinfo=UTC)
WORDS = "I called ten of the numbers; none of them exists."


class Writer:
    """Writes a week of counters."""

    def __init__(self, session: Session, known: Government) -> None:
        self.session, self.known, self.number = session, known, 0
        self.survey = Survey(code="s", questions=[])
        session.add(self.survey)
        for code in ("C2", "C3", "C4", "C5", "C6", "C7"):
            office = Office(
                id=new_id(), code=code, names={"en": code}, tier=Tier.district, parent_id=known.office["GOV"]
            )
            session.add(office)
            known.office[code] = office.id
        touch(session)
        session.flush()
        forget()

    def contact(self, number: str = "") -> UUID:
        self.number += 1
        address = number or f"+35569{1_000_000 + self.number * 7919 % 9_000_000}"
        citizen = Citizen(created_at=AT)
        self.session.add(citizen)
        self.session.flush()
        point = ContactPoint(
            citizen_id=citizen.id, channel=Channel.sms, address=address, created_at=AT,
            address_index=blind_index(str(Channel.sms), address), hint=mask(address),
        )  # fmt: skip
        self.session.add(point)
        self.session.flush()
        return point.id

    def served(self, office: str, contact: UUID | None, operator: str = "", why: str | None = None) -> Transaction:
        self.number += 1
        row = Transaction(
            source="x", external_id=str(self.number), office_id=self.known.office[office], operator=operator or None,
            service_id=self.known.service["passport"], completed_at=AT, received_at=AT, contact_point_id=contact,
            not_asked=why or (None if contact else "no_number"),
        )  # fmt: skip
        self.session.add(row)
        self.session.flush()
        return row

    def asked(self, row: Transaction, state: OutboxState = OutboxState.delivered) -> Invitation:
        assert row.contact_point_id is not None
        invitation = Invitation(
            survey_id=self.survey.id, transaction_id=row.id, contact_point_id=row.contact_point_id, token=str(new_id()),
            language="en", state=InvitationState.sent, sent_at=AT,
        )  # fmt: skip
        self.session.add(invitation)
        self.session.flush()
        self.session.add(
            OutboundMessage(
                dedupe_key=str(invitation.id),
                purpose=Purpose.survey,
                channel=Channel.sms,
                state=state,
                language="en",
                contact_point_id=row.contact_point_id,
                invitation_id=invitation.id,
                body="?",
                created_at=AT,
            )
        )
        return invitation

    def answered(self, office: str, question: str, value: int, at: datetime, invitation: UUID | None = None) -> None:
        self.number += 1
        self.session.add(
            Answer(
                source_id=f"a{self.number}",
                question=question,
                office_id=self.known.office[office],
                value=value,
                channel=Channel.sms if invitation else Channel.kiosk,
                answered_at=at,
                invitation_id=invitation,
            )
        )


def honest_week(writer: Writer) -> None:
    for office in ("WAT1", "C2", "C3", "C4", "C5", "C6", "C7"):
        for place in range(30):
            contact = writer.contact() if place else None
            writer.served(office, contact, f"window {place % 2}")


def found(session: Session, now: datetime = EVENING) -> dict[tuple[str, str], SurveyFlag]:
    flags.look_due(now)
    session.expire_all()
    rows = session.exec(select(SurveyFlag, Office.code).join(Office, col(Office.id) == col(SurveyFlag.office_id)))
    return {(code, str(flag.kind)): flag for flag, code in rows if not flag.operator}


def test_an_office_that_invents_its_numbers_is_named_once_and_honest_ones_are_not(installation: Installation) -> None:
    with installation.database.write() as session:
        writer = Writer(session, government(session))
        honest_week(writer)
        same = writer.contact()
        for place in range(40):
            made_up = writer.contact(f"+35569555{4000 + place // 2}") if place % 2 else same
            writer.served("WAT2", made_up, "window 7")
    with installation.database.read() as session:
        first = found(session)
        assert set(first) == {("WAT2", "repeated"), ("WAT2", "pattern")}
        operators = session.exec(select(SurveyFlag.operator).where(col(SurveyFlag.operator) != "")).all()
        assert set(operators) == {"window 7"}
        flag = first["WAT2", "repeated"]
        assert (flag.period, flag.state) == (MONDAY, FlagState.open)
        assert (flag.evidence["hits"], flag.evidence["of"], flag.evidence["peers"]) == (20, 40, 7)
        assert float(str(flag.evidence["chance"])) < 0.001
        looks = session.exec(select(SurveyLook)).all()
        assert [one.day for one in looks] == [MONDAY]
        assert looks[0].found == len(session.exec(select(SurveyFlag)).all())
    # the same evening again does nothing, the next one adds no second row
    assert flags.look_due(EVENING + timedelta(hours=1)) == 0
    assert flags.look_due(EVENING + timedelta(days=1)) == 1
    with installation.database.read() as session:
        assert len(session.exec(select(SurveyFlag)).all()) == looks[0].found


@pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
def test_each_kind_counts_what_it_says(installation: Installation) -> None:
    with installation.database.write() as session:
        known = government(session)
        writer = Writer(session, known)
        session.add(StaffContact(staff_id=known.staff["officer1"], phone="+355699999123", phone_proven_at=AT))
        writer.asked(writer.served("WAT1", writer.contact()))
        writer.asked(writer.served("WAT1", writer.contact()), OutboxState.failed)
        nobody = writer.contact()
        dead = writer.served("WAT1", nobody)
        session.add(
            Invitation(
                survey_id=writer.survey.id,
                transaction_id=dead.id,
                contact_point_id=nobody,
                token="d",
                language="en",
                state=InvitationState.suppressed,
                why="unreachable",
            )
        )
        writer.served("WAT1", writer.contact("+355699999123"))
        writer.served("WAT1", None, why="landline")
        writer.served("WAT1", None, why="not_drawn")
        for second in (0, 4, 9, 14, 300):
            writer.answered("WAT1", "rating", 5, AT + timedelta(seconds=second))
        frequent = writer.contact()
        for place in range(4):
            row = writer.served("WAT2", frequent)
            invitation = writer.asked(row)
            invitation.answered_at = AT - timedelta(days=20 * place)
            session.add(invitation)
    with installation.database.read() as session:
        counts = signs.count(session, AT - timedelta(hours=12), AT + timedelta(hours=12))
    got = {(one.kind, one.office): (one.hits, one.of) for one in counts if not one.operator}
    one_office, other = known.office["WAT1"], known.office["WAT2"]
    assert got[FlagKind.missing, one_office] == (1, 6)
    assert got[FlagKind.undeliverable, one_office] == (2, 3)
    assert got[FlagKind.staff_owned, one_office] == (1, 4)
    assert got[FlagKind.burst, one_office] == (4, 5)
    assert got[FlagKind.uniform, one_office] == (5, 5)
    assert got[FlagKind.many_voices, other] == (1, 1)
    assert got[FlagKind.repeated, other] == (4, 4)
    assert Count(FlagKind.burst, one_office, "", 4, 5, 4) in counts


def flagged(session: Session, known: Government, office: str = "WAT1") -> UUID:
    flag = SurveyFlag(
        office_id=known.office[office], kind=FlagKind.missing, period=MONDAY, found_at=AT,
        evidence={"hits": 20, "of": 40, "usual": 0.1, "peers": 9, "chance": 1e-5, "most": None},
    )  # fmt: skip
    session.add(flag)
    session.flush()
    return flag.id


def test_who_sees_a_sign_before_and_after_it_was_judged(installation: Installation) -> None:
    with installation.database.write() as session:
        known = government(session)
        flag_id = flagged(session, known)
        touch(session)
    watchers = {"minister", "auditor", "integrity"}

    def readers() -> set[str]:
        with installation.database.read() as session:
            return {name for name in known.staff if flags.seen(session, known.viewer(session, name))}

    assert readers() == watchers
    with installation.database.write() as session:
        for name, error in (("minister", NotAllowed), ("head1", NotAllowed), ("officer1", NotAllowed)):
            with pytest.raises(error):
                flags.judge(session, known.viewer(session, name), flag_id, "confirmed", WORDS, 0, NOW)
        auditor = known.viewer(session, "auditor")
        with pytest.raises(BadInput) as wrong:
            flags.judge(session, auditor, flag_id, "punished", "Bad.", 0, NOW)
        assert set(wrong.value.fields) == {"state", "words"}
        with pytest.raises(NotFound):
            flags.judge(session, auditor, new_id(), "confirmed", WORDS, 0, NOW)
        flags.judge(session, auditor, flag_id, "confirmed", WORDS, 0, NOW)
        with pytest.raises(Conflict):
            flags.judge(session, auditor, flag_id, "confirmed", WORDS, 0, NOW)
        flags.judge(session, known.viewer(session, "integrity"), flag_id, "explained", "A day for the elderly.", 1, NOW)
    assert readers() == watchers | {"head1", "head_water"}
    with installation.database.read() as session:
        flag = session.get_one(SurveyFlag, flag_id)
        assert (flag.state, flag.words) == (FlagState.explained, "A day for the elderly.")
        given = session.exec(select(FlagVerdict).order_by(col(FlagVerdict.id))).all()
        assert [(one.by, one.state, one.words) for one in given] == [
            ("auditor", FlagState.confirmed, WORDS),
            ("integrity", FlagState.explained, "A day for the elderly."),
        ]


@pytest.mark.parametrize("installation", ["sqlite"], indirect=True)
def test_what_a_person_judged_stays_as_they_saw_it(installation: Installation) -> None:
    with installation.database.write() as session:
        known = government(session)
        writer = Writer(session, known)
        honest_week(writer)
        for _ in range(40):
            writer.served("WAT2", None)
    with installation.database.write() as session:
        flag = found(session)["WAT2", "missing"]
        flags.judge(session, known.viewer(session, "auditor"), flag.id, "confirmed", WORDS, 0, EVENING)
    with installation.database.write() as session:
        writer.session = session
        for _ in range(5):
            writer.served("WAT2", None)
    with installation.database.read() as session:
        again = found(session, EVENING + timedelta(days=1))["WAT2", "missing"]
        assert (again.state, again.evidence["hits"]) == (FlagState.confirmed, 40)


def test_a_month_of_the_money_question_is_counted_once(installation: Installation) -> None:
    january = datetime(2026, 1, 10, 12, tzinfo=settings().zone)
    with installation.database.write() as session:
        known = government(session)
        writer = Writer(session, known)
        for place in range(16):
            invitation = writer.asked(writer.served("WAT1", writer.contact()))
            writer.answered("WAT1", "money", int(place < 3), january, invitation.id)
        writer.answered("WAT1", "money", 1, january)  # tapped at the exit: only a yes is ever told there
        months.close(session, datetime(2026, 1, 31, 22, tzinfo=settings().zone))
        assert session.exec(select(MoneyMonth)).all() == []
    for place in range(2):
        with installation.database.write() as session:
            assert months.close(session, NOW) == (0 if place else 2)
            writer.session = session  # what is written in later, and dated back, changes no month that is out
            writer.answered("WAT1", "money", 1, january, invitation.id)
    with installation.database.read() as session:
        rows = {(one.month, one.office_id, one.below): (one.n, one.yes) for one in session.exec(select(MoneyMonth))}
    first, office = date(2026, 1, 1), known.office
    assert rows.pop((first, None, True)) == (16, 3)
    assert rows.pop((first, office["WAT1"], False)) == (16, 3)
    assert rows.pop((first, office["WATER"], True)) == rows.pop((first, office["GOV"], True)) == (16, 3)
    assert rows == {(date(2026, 2, 1), None, True): (0, 0)}
