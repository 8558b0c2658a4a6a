"""finding

What the queue is sorted by stands in the case; every case is found by its words; views are kept, and acts on many.

Revision 5f1d1d19a503, after 5ca5e11fe502; made 2026-11-26.
"""

import json
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from domain.words import SQLITE, capped, vector
from nlp.indexing import sought, terms

revision: str = "5f1d1d19a503"
down_revision: str | None = "5ca5e11fe502"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

BATCH = 2000
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
SEARCHED = (
    "'received', 'citizen_wrote', 'edited', 'transcribed', 'answered', 'asked', 'called_back', 'part_answered', 'noted'"
)
CASES = sa.text(
    'SELECT id, reference, place, office_id, pending_office_id, assignee_id, state FROM "case" '
    "WHERE id > :last ORDER BY id LIMIT :batch"
)
SAID = f"SELECT case_id, body FROM timeline_entry WHERE kind IN ({SEARCHED}) AND case_id >= :first AND case_id <= :last ORDER BY case_id, number"  # noqa: S608


def upgrade() -> None:
    """Add them, and fill in what follows from what is there."""
    with op.batch_alter_table("case", schema=None) as batch_op:
        batch_op.add_column(sa.Column("due_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("reopened_at", sa.DateTime(timezone=True), nullable=True))
    op.execute(
        'UPDATE "case" SET due_at = (SELECT min(deadline_at) FROM clock '
        "WHERE clock.case_id = \"case\".id AND clock.state = 'running')"
    )
    op.execute(
        'UPDATE "case" SET reopened_at = (SELECT max(at) FROM timeline_entry WHERE case_id = "case".id '
        "AND kind = 'reopened') WHERE id IN (SELECT case_id FROM timeline_entry WHERE kind = 'reopened')"
    )
    op.create_index("ix_case_due", "case", ["due_at", "id"])
    if op.get_bind().dialect.name == "postgresql":
        waiting = sa.text("state IN ('triage', 'open', 'waiting')")
        op.create_index("ix_case_waiting", "case", ["due_at", "id"], postgresql_where=waiting)
    op.create_table(
        "case_words",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("words", sa.Text().with_variant(postgresql.TSVECTOR(), "postgresql"), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_case_words_case_id_case")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_case_words")),
        sa.UniqueConstraint("case_id", name=op.f("uq_case_words_case_id")),
    )
    if op.get_bind().dialect.name == "sqlite":
        for statement in SQLITE:
            op.execute(statement)
    _fill(op.get_bind())
    if op.get_bind().dialect.name == "postgresql":
        op.create_index("ix_case_words_words", "case_words", ["words"], postgresql_using="gin")
    op.create_table(
        "saved_view",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("office_id", sa.Uuid(), nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("query", sa.String(), nullable=False),
        sa.Column("order", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["office_id"], ["office.id"], name=op.f("fk_saved_view_office_id_office")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_saved_view_staff_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_view")),
    )
    op.create_index("ix_saved_view_staff_id", "saved_view", ["staff_id"])
    op.create_index("ix_saved_view_office_id", "saved_view", ["office_id"])
    op.create_table(
        "bulk_act",
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.String(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("given", JSON, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_bulk_act_staff_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bulk_act")),
    )
    op.create_index("ix_bulk_act_staff_id", "bulk_act", ["staff_id"])
    op.create_index("ix_bulk_act_asked_at", "bulk_act", ["asked_at"])
    op.create_index("ix_bulk_act_state_due_at", "bulk_act", ["state", "due_at"])
    op.create_table(
        "bulk_item",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("act_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("seen", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("before", JSON, nullable=False),
        sa.Column("entry", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["act_id"], ["bulk_act.id"], name=op.f("fk_bulk_item_act_id_bulk_act")),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_bulk_item_case_id_case")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bulk_item")),
        sa.UniqueConstraint("act_id", "case_id", name=op.f("uq_bulk_item_act_id_case_id")),
    )
    op.create_index("ix_bulk_item_act_id", "bulk_item", ["act_id"])


def _fill(connection: sa.Connection) -> None:
    """The words of every case that is there, a batch at a time."""
    exact = connection.dialect.name == "postgresql"
    write = sa.text(
        "INSERT INTO case_words (case_id, words) VALUES (:case_id, "  # noqa: S608
        + ("CAST(:added AS tsvector) || CAST(:scope AS tsvector))" if exact else ":added)")
    )
    last: Any = "00000000-0000-0000-0000-000000000000" if exact else ""
    while cases := connection.execute(CASES, {"last": last, "batch": BATCH}).all():
        said = dict(_said(connection, cases[0].id, cases[-1].id))
        rows = []
        for case in cases:
            found = [*sought(case.reference), *terms(case.place or ""), *said.get(case.id, [])]
            found = capped(found)
            row = {"case_id": case.id, "added": vector(found) if exact else " ".join(found)}
            rows.append(row | ({"scope": vector(_scopes(case), "A")} if exact else {}))
        connection.execute(write, rows)
        last = cases[-1].id


def _said(connection: sa.Connection, first: Any, last: Any) -> Iterator[tuple[Any, list[str]]]:
    entries = connection.execute(sa.text(SAID), {"first": first, "last": last})
    for case_id, of_one in groupby(entries, key=lambda entry: entry.case_id):
        bodies = (json.loads(one.body) if isinstance(one.body, str) else one.body for one in of_one)
        texts = (body.get("text") for body in bodies)
        yield case_id, [term for said in texts if isinstance(said, str) for term in terms(said)]


def _scopes(case: Any) -> list[str]:
    offices = [f"o:{one.hex}" for one in (case.office_id, case.pending_office_id) if one]
    return [
        *offices,
        *([f"a:{case.assignee_id.hex}"] if case.assignee_id else []),
        *(["t:"] * (case.state == "triage")),
    ]


def downgrade() -> None:
    """Take them away again."""
    for table in ("bulk_item", "bulk_act", "saved_view"):
        op.drop_table(table)
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TABLE case_words_fts")
    op.drop_table("case_words")
    with op.batch_alter_table("case", schema=None) as batch_op:
        if op.get_bind().dialect.name == "postgresql":
            batch_op.drop_index("ix_case_waiting")
        batch_op.drop_index("ix_case_due")
        batch_op.drop_column("reopened_at")
        batch_op.drop_column("due_at")
