"""causes

Revision 7ec1e121b0b7, after b3c6c05e17c1; made 2026-11-26.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "7ec1e121b0b7"
down_revision: str | None = "b3c6c05e17c1"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    """Causes and the cause of each case; actions that can be given up and moved, that climb, and what happened to them.

    Actions that are to do already get their ladder from the next sweep.
    """
    op.create_table(
        "cause",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("names", JSON, nullable=False),
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column("shared", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("into_id", sa.Uuid(), nullable=True),
        sa.Column("asked_by_id", sa.Uuid(), nullable=True),
        sa.Column("merged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["parent_id"], ["cause.id"], name=op.f("fk_cause_parent_id_cause")),
        sa.ForeignKeyConstraint(["into_id"], ["cause.id"], name=op.f("fk_cause_into_id_cause")),
        sa.ForeignKeyConstraint(["author_id"], ["staff.id"], name=op.f("fk_cause_author_id_staff")),
        sa.ForeignKeyConstraint(["asked_by_id"], ["staff.id"], name=op.f("fk_cause_asked_by_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cause")),
        sa.UniqueConstraint("key", name=op.f("uq_cause_key")),
    )
    op.create_index(op.f("ix_cause_parent_id"), "cause", ["parent_id"])
    op.create_table(
        "case_cause",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("cause_id", sa.Uuid(), nullable=False),
        sa.Column("review_id", sa.Uuid(), nullable=True),
        sa.Column("author_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_case_cause_case_id_case")),
        sa.ForeignKeyConstraint(["cause_id"], ["cause.id"], name=op.f("fk_case_cause_cause_id_cause")),
        sa.ForeignKeyConstraint(["review_id"], ["review.id"], name=op.f("fk_case_cause_review_id_review")),
        sa.ForeignKeyConstraint(["author_id"], ["staff.id"], name=op.f("fk_case_cause_author_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_cause")),
        sa.UniqueConstraint("case_id", name=op.f("uq_case_cause_case_id")),
    )
    op.create_index(op.f("ix_case_cause_cause_id"), "case_cause", ["cause_id"])
    op.create_table(
        "cause_change",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("cause_id", sa.Uuid(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("before", sa.String(), nullable=False),
        sa.Column("after", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["cause_id"], ["cause.id"], name=op.f("fk_cause_change_cause_id_cause")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_cause_change_staff_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cause_change")),
    )
    op.create_index(op.f("ix_cause_change_cause_id"), "cause_change", ["cause_id"])
    with op.batch_alter_table("finding", schema=None) as batch_op:
        batch_op.add_column(sa.Column("cause_id", sa.Uuid(), nullable=True))
        batch_op.create_foreign_key(batch_op.f("fk_finding_cause_id_cause"), "cause", ["cause_id"], ["id"])
        batch_op.create_index(batch_op.f("ix_finding_cause_id"), ["cause_id"])
    with op.batch_alter_table("action", schema=None) as batch_op:
        batch_op.add_column(sa.Column("cause_id", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("dropped_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("moves", sa.Integer(), server_default=sa.text("0"), nullable=False))
        batch_op.add_column(sa.Column("raised_to_id", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("raised_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.create_foreign_key(batch_op.f("fk_action_cause_id_cause"), "cause", ["cause_id"], ["id"])
        batch_op.create_foreign_key(batch_op.f("fk_action_raised_to_id_office"), "office", ["raised_to_id"], ["id"])
        for name in ("cause_id", "owner_id", "raised_to_id"):
            batch_op.create_index(batch_op.f(f"ix_action_{name}"), [name])
    op.create_table(
        "action_rung",
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.String(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("action_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("tell", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("climbed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reached", sa.String(), nullable=False),
        sa.Column("skipped", JSON, nullable=False),
        sa.Column("told", JSON, nullable=False),
        sa.ForeignKeyConstraint(["action_id"], ["action.id"], name=op.f("fk_action_rung_action_id_action")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_action_rung")),
        sa.UniqueConstraint("action_id", "number", name=op.f("uq_action_rung_action_id_number")),
    )
    op.create_index("ix_action_rung_state_due_at", "action_rung", ["state", "due_at"])
    op.create_table(
        "action_entry",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("action_id", sa.Uuid(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("before", sa.String(), nullable=False),
        sa.Column("after", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["action_id"], ["action.id"], name=op.f("fk_action_entry_action_id_action")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_action_entry_staff_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_action_entry")),
    )
    op.create_index(op.f("ix_action_entry_action_id"), "action_entry", ["action_id"])
    with op.batch_alter_table("staff_message", schema=None) as batch_op:
        batch_op.add_column(sa.Column("action_id", sa.Uuid(), nullable=True))
        batch_op.create_foreign_key(batch_op.f("fk_staff_message_action_id_action"), "action", ["action_id"], ["id"])


def downgrade() -> None:
    """And without them. What was given up is marked done with why as its note, as it would come back otherwise."""
    action = sa.table(
        "action", sa.column("done_at", sa.DateTime(timezone=True)), sa.column("dropped_at", sa.DateTime(timezone=True))
    )
    given_up = action.c.dropped_at.is_not(None)
    op.execute(action.update().where(given_up).values(done_at=action.c.dropped_at))
    op.execute(sa.table("staff_message", sa.column("about")).delete().where(sa.column("about") == "action"))
    with op.batch_alter_table("staff_message", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_staff_message_action_id_action"), type_="foreignkey")
        batch_op.drop_column("action_id")
    for name in ("action_entry", "action_rung", "case_cause", "cause_change"):
        op.drop_table(name)
    with op.batch_alter_table("action", schema=None) as batch_op:
        for name in ("raised_to_id", "owner_id", "cause_id"):
            batch_op.drop_index(batch_op.f(f"ix_action_{name}"))
        batch_op.drop_constraint(batch_op.f("fk_action_raised_to_id_office"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("fk_action_cause_id_cause"), type_="foreignkey")
        for name in ("raised_at", "raised_to_id", "moves", "dropped_at", "cause_id"):
            batch_op.drop_column(name)
    with op.batch_alter_table("finding", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_finding_cause_id"))
        batch_op.drop_constraint(batch_op.f("fk_finding_cause_id_cause"), type_="foreignkey")
        batch_op.drop_column("cause_id")
    op.drop_table("cause")
