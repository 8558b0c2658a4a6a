"""Finding the citizens of stored transactions, and inviting each at most as often as is polite.

Accepting a batch stores its transactions and leaves a task behind; whoever takes the task looks up its contacts and
writes the invitations in one transaction that also takes the task away. So it happens once, whoever is killed.
"""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec.json import encode
from sqlalchemy import Table, bindparam, column, func, update
from sqlmodel import Session, col, delete, select

from core import claims
from core.database import database
from core.logs import logger
from core.sets import array, by_id
from core.settings import settings
from domain.ledger import TaskState, TransactionTask
from domain.survey import Transaction
from surveys import definitions, drawing
from surveys.ledger import among, chunks
from surveys.phones import contacts_of, read_address

SIZE = 2_500
"""Transactions of one task: a fraction of a second of work."""
NO_SURVEY = "no_survey"

log = logger("surveys.lookups")

Contact = tuple[str, str, str]
"""Id of a transaction, the phone and the e-mail address that were reported with it: kept until its citizen is looked
up."""

Row = dict[str, Any]
"""What decides about a transaction: some of its columns by name."""

TABLE: Table = Transaction.__table__  # type: ignore[attr-defined]
DECIDED = ("contact_point_id", "not_asked", "probability")
"""Columns that are written once its citizen is found."""
DECIDING = ("id", "source", "external_id", "office_id", "service_id", "completed_at", "language")


def tasks(source: str, contacts: Sequence[Contact], now: datetime) -> list[TransactionTask]:
    """The tasks of transactions that are being stored, for the session that stores them."""
    return [
        TransactionTask(source=source, contacts=encode(some).decode(), due_at=now, created_at=now)
        for some in chunks(contacts, SIZE)
    ]


def work_off(now: datetime) -> int:
    """Do one task that is due; returns how many there were. One that cannot be done is tried again later."""
    home = database()
    with home.write() as session:
        ids = claims.claim(session, TransactionTask, now, state=TaskState.waiting, limit=1)
    for task_id in ids:
        try:
            with home.write() as session:
                task = session.exec(
                    select(TransactionTask).where(col(TransactionTask.id) == task_id).with_for_update()
                ).one_or_none()
                if task is not None:
                    do(session, task, now)
        except Exception as error:
            log.exception("lookup_failed", task=str(task_id))
            _put_off(task_id, error, now)
    return len(ids)


def do(session: Session, task: TransactionTask, now: datetime) -> None:
    """Look up the contacts of one task and write its invitations. The caller commits."""
    given: dict[UUID, tuple[str, str]] = {UUID(id_): (phone, email) for id_, phone, email in json.loads(task.contacts)}
    rows = _waiting(session, list(given))
    region = settings().region
    phones = {row["id"]: read_address(*given[row["id"]], region) for row in rows}
    languages = {phones[row["id"]].number: row["language"] for row in rows}
    numbers = {number: language for number, language in languages.items() if number}
    contacts = contacts_of(session, set(numbers), numbers, now)
    surveys = definitions.active(session)
    for row in rows:
        phone = phones[row["id"]]
        row["contact_point_id"] = contacts[phone.number].id if phone.number else None
        row["not_asked"] = phone.why or (NO_SURVEY if surveys.of(row["service_id"]) is None else None)
    decide(session, rows, surveys, now)
    session.exec(delete(TransactionTask).where(col(TransactionTask.id) == task.id))


def decide(session: Session, rows: Sequence[Row], surveys: definitions.Choice, now: datetime) -> None:
    """Draw who of a batch is asked, note it in their transactions, and invite them."""
    drawing.draw(session, rows, now)
    _write(session, rows)
    drawing.invite(session, rows, surveys, now)


def _waiting(session: Session, ids: Sequence[UUID]) -> list[Row]:
    """What decides about those of the transactions whose citizens are not looked up yet."""
    return [
        {**row}
        for some in chunks(sorted(ids, key=by_id))
        for row in session.execute(
            select(*(TABLE.c[name] for name in DECIDING)).where(
                among(session, Transaction.id, some), TABLE.c.contact_point_id.is_(None), TABLE.c.not_asked.is_(None)
            )
        ).mappings()
    ]


def _put_off(task_id: UUID, error: Exception, now: datetime) -> None:
    with database().write() as session:
        task = session.get(TransactionTask, task_id)
        if task is not None:
            # of the error only its kind: its words may repeat somebody's number
            task.leased_until, task.last_error = None, type(error).__name__
            task.due_at = claims.retry_at(now, task.attempts)


def _write(session: Session, rows: Sequence[Row]) -> None:
    if not rows:
        return
    if session.get_bind().dialect.name == "sqlite":
        written: dict[str, Any] = {name: bindparam(f"_{name}") for name in DECIDED}
        made = update(TABLE).where(TABLE.c.id == bindparam("_id")).values(written)
        session.connection().execute(made, [{f"_{name}": row[name] for name in ("id", *DECIDED)} for row in rows])
        return
    # one array a column: PostgreSQL writes them in a third of the time that a statement for each row takes
    arrays = [array([row[name] for row in rows], TABLE.c[name].type) for name in ("id", *DECIDED)]
    columns = [column(name, TABLE.c[name].type) for name in ("id", *DECIDED)]
    given = func.unnest(*arrays).table_valued(*columns).render_derived("given")
    session.connection().execute(
        update(TABLE).where(TABLE.c.id == given.c.id).values({name: given.c[name] for name in DECIDED})
    )
