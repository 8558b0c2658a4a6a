"""clocks

Revision 5c10c4a1e501, after 8a61135d0966; made 2026-11-26.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "5c10c4a1e501"
down_revision: str | None = "8a61135d0966"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    """Calendars have dated weeks and named days, policies ages and a day of entry, and corrections are jobs."""
    op.create_table(
        "correction",
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.String(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("row_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("why", JSON, nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=True),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("office_ids", JSON, nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("last_case_id", sa.Uuid(), nullable=True),
        sa.Column("looked_at", sa.Integer(), nullable=False),
        sa.Column("moved", sa.Integer(), nullable=False),
        sa.Column("became_late", sa.Integer(), nullable=False),
        sa.Column("no_longer_late", sa.Integer(), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_correction_staff_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_correction")),
    )
    with op.batch_alter_table("correction", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_correction_at"), ["at"], unique=False)
        batch_op.create_index(batch_op.f("ix_correction_row_id"), ["row_id"], unique=False)
        batch_op.create_index("ix_correction_state_due_at", ["state", "due_at"], unique=False)
    with op.batch_alter_table("calendar", schema=None) as batch_op:
        batch_op.add_column(sa.Column("weeks", JSON, server_default="[]", nullable=False))
        batch_op.add_column(sa.Column("notes", JSON, server_default="{}", nullable=False))
    with op.batch_alter_table("policy", schema=None) as batch_op:
        batch_op.add_column(sa.Column("entered_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("end_entered_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("rungs_from", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("note", sa.String(), server_default=sa.text("''"), nullable=False))
    with op.batch_alter_table("clock", schema=None) as batch_op:
        batch_op.add_column(sa.Column("idle_seconds", sa.Integer(), server_default="0", nullable=False))


def downgrade() -> None:
    """Back to one undated week."""
    with op.batch_alter_table("clock", schema=None) as batch_op:
        batch_op.drop_column("idle_seconds")
    with op.batch_alter_table("policy", schema=None) as batch_op:
        for name in ("note", "rungs_from", "end_entered_at", "entered_at"):
            batch_op.drop_column(name)
    with op.batch_alter_table("calendar", schema=None) as batch_op:
        batch_op.drop_column("notes")
        batch_op.drop_column("weeks")
    op.drop_table("correction")
