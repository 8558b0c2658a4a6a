"""Sessions: no update is lost, no moment loses its zone, nothing half-done stays."""

import threading
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import Uuid, column, func, text
from sqlalchemy.exc import StatementError
from sqlmodel import select

from channels.values import Channel
from core.claims import claim, retry_at
from core.database import after_commit
from core.ids import new_id
from core.sets import one_of_given
from domain.access import CatalogueRevision
from domain.citizen import Citizen, ContactPoint
from domain.inbox import InboundMessage
from domain.states import InboxState
from tests.conftest import Installation

THREADS, ROUNDS = 8, 25
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def test_eight_threads_lose_no_update(installation: Installation) -> None:
    with installation.database.write() as session:
        session.add(CatalogueRevision(id=1, number=0))

    def count() -> None:
        for _ in range(ROUNDS):
            with installation.database.write() as session:
                row = session.get_one(CatalogueRevision, 1, with_for_update=True)
                row.number += 1

    threads = [threading.Thread(target=count) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with installation.database.read() as session:
        assert session.exec(select(CatalogueRevision.number)).one() == THREADS * ROUNDS


def test_a_failed_write_leaves_nothing(installation: Installation) -> None:
    def attempt() -> None:
        with installation.database.write() as session:
            session.add(CatalogueRevision(id=1, number=7))
            session.flush()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        attempt()
    with installation.database.read() as session:
        assert session.exec(select(CatalogueRevision)).first() is None


def test_a_read_session_changes_nothing(installation: Installation) -> None:
    with installation.database.read() as session:
        session.add(CatalogueRevision(id=1, number=7))
        session.flush()
    with installation.database.read() as session:
        assert session.exec(select(CatalogueRevision)).first() is None


def test_moments_keep_their_zone_and_naive_ones_are_refused(installation: Installation) -> None:
    dhaka = datetime(2026, 3, 2, 15, 0, tzinfo=timezone(timedelta(hours=6)))
    with installation.database.write() as session:
        session.add(Citizen(created_at=dhaka))
    with installation.database.read() as session:
        stored = session.exec(select(Citizen)).one().created_at
        assert stored == NOW
        assert stored.tzinfo is UTC

    def naive() -> None:
        with installation.database.write() as session:
            session.add(Citizen(created_at=datetime(2026, 3, 2)))

    with pytest.raises((StatementError, ValueError)):
        naive()


def test_contact_details_are_unreadable_in_the_database(installation: Installation) -> None:
    citizen = Citizen(name="Arta H.", created_at=NOW)
    with installation.database.write() as session:
        session.add(citizen)
        session.flush()
        session.add(
            ContactPoint(
                citizen_id=citizen.id,
                channel=Channel.sms,
                address="+355690001234",
                address_index="x",
                hint="…234",
                created_at=NOW,
            )
        )
    with installation.database.connection() as connection:
        raw = connection.exec_driver_sql("SELECT address FROM contact_point").scalar_one()
        name = connection.exec_driver_sql("SELECT name FROM citizen").scalar_one()
    assert "690001234" not in raw
    assert "Arta" not in name
    with installation.database.read() as session:
        assert session.exec(select(ContactPoint)).one().address == "+355690001234"


def _waiting(count: int, due: datetime = NOW) -> list[InboundMessage]:
    return [
        InboundMessage(id=new_id(), channel=Channel.sms, account="a", provider_id=str(n), received_at=due, due_at=due)
        for n in range(count)
    ]


def test_claims_are_exclusive_and_expire(installation: Installation) -> None:
    database = installation.database
    with database.write() as session:
        session.add_all(_waiting(10))

    def take(at: datetime, limit: int) -> list[object]:
        with database.write() as session:
            return list(claim(session, InboundMessage, at, state=InboxState.received, limit=limit))

    first, second, third = take(NOW, 6), take(NOW, 6), take(NOW, 6)
    assert (len(first), len(second), third) == (6, 4, [])
    assert not set(first) & set(second)
    assert len(take(NOW + timedelta(minutes=3), 20)) == 10
    with database.read() as session:
        assert {row.attempts for row in session.exec(select(InboundMessage))} == {2}


def test_workers_racing_for_claims_never_share_a_row(installation: Installation) -> None:
    with installation.database.write() as session:
        session.add_all(_waiting(200))
    taken: list[object] = []

    def work() -> None:
        while True:
            with installation.database.write() as session:
                got = claim(session, InboundMessage, NOW, state=InboxState.received, limit=7)
            if not got:
                return
            taken.extend(got)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == len(set(taken)) == 200


def test_nothing_is_claimed_before_it_is_due(installation: Installation) -> None:
    with installation.database.write() as session:
        session.add_all(_waiting(3, NOW + timedelta(seconds=1)))
        assert claim(session, InboundMessage, NOW, state=InboxState.received) == []


@pytest.mark.parametrize(
    ("attempts", "asked", "seconds"), [(0, None, 5), (1, None, 5), (3, None, 120), (99, None, 14400), (1, 42.0, 42)]
)
def test_retries_back_off(attempts: int, asked: float | None, seconds: int) -> None:
    assert (retry_at(NOW, attempts, asked) - NOW).total_seconds() == seconds


def test_after_commit_runs_only_after_a_commit(installation: Installation) -> None:
    heard: list[str] = []
    with installation.database.write() as session:
        session.add(CatalogueRevision(id=1, number=1))
        after_commit(session, lambda: heard.append("committed"))
        session.flush()
        assert heard == []
    assert heard == ["committed"]

    def attempt() -> None:
        with installation.database.write() as session:
            after_commit(session, lambda: heard.append("never"))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        attempt()
    assert heard == ["committed"]


@pytest.mark.parametrize("installation", ["postgresql"], indirect=True)
def test_a_country_is_not_read_by_the_plan_for_an_average_office(installation: Installation) -> None:
    """After ten executions PostgreSQL takes a plan for any value where that seems cheaper: here one that looks up
    40,000 rows one by one, because on average a name has two. What asks for one of some ids is never prepared."""
    big, ids = new_id(), column("id", Uuid())
    count = select(func.count()).select_from(text("place JOIN thing USING (n)")).where(text("kind = 1"))
    with installation.database.engine.connect() as connection:
        for statement in (
            f"CREATE TEMP TABLE place AS SELECT CASE WHEN n <= 40000 THEN '{big}' ELSE gen_random_uuid() END AS id, n"
            " FROM generate_series(1, 60000) n",
            "CREATE TEMP TABLE thing AS SELECT n, mod(n, 7) AS kind FROM generate_series(1, 60000) n",
            "CREATE INDEX ON place (id)",
            "CREATE INDEX ON thing (n)",
            "ANALYZE place, thing",
        ):
            connection.exec_driver_sql(statement)

        def prepared() -> int:
            plans = "SELECT coalesce(sum(generic_plans), 0) FROM pg_prepared_statements"
            kept = f"{plans} WHERE statement LIKE '%%USING (n)%%'"
            return int(connection.exec_driver_sql(kept).scalar_one())

        for _ in range(12):
            connection.execute(count.where(one_of_given(ids, "ids")), {"ids": frozenset({big})})
        assert prepared() == 0
        for _ in range(12):
            connection.execute(count.where(ids == big))
        assert prepared() > 0, "the trap is there"
