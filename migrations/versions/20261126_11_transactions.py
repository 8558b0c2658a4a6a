"""transactions

Revision 5f3c4b9d2e54, after 5e2b3a8c1d43; made 2026-11-26.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "5f3c4b9d2e54"
down_revision: str | None = "5e2b3a8c1d43"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
LIVE = sa.text("state IN ('waiting', 'checking', 'taking', 'done') AND NOT dry_run")
EXPIRING = sa.text("expires_on IS NOT NULL")
REACHED = sa.text("contact_point_id IS NOT NULL")


def upgrade() -> None:
    """Files of transactions, and what is issued until when."""
    with op.batch_alter_table("transaction") as table:
        table.add_column(sa.Column("expires_on", sa.Date(), nullable=True))
        table.add_column(sa.Column("given_mark", sa.String(), nullable=True))
        table.drop_constraint("fk_transaction_office_id_office", type_="foreignkey")
        table.drop_constraint("fk_transaction_service_id_service", type_="foreignkey")
    op.create_index(
        "ix_transaction_expires_on", "transaction", ["expires_on"], postgresql_where=EXPIRING, sqlite_where=EXPIRING
    )
    op.create_index(
        "ix_transaction_contact_point_id",
        "transaction",
        ["contact_point_id"],
        postgresql_where=REACHED,
        sqlite_where=REACHED,
    )
    op.add_column("service", sa.Column("reminders", JSON, server_default="[]", nullable=False))
    op.add_column("service", sa.Column("next_steps", JSON, server_default="{}", nullable=False))
    op.create_table(
        "transaction_task",
        *_claimable(),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("contacts", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_transaction_task"),
    )
    op.create_index("ix_transaction_task_state_due_at", "transaction_task", ["state", "due_at"])
    op.create_table(
        "transaction_upload",
        *_claimable(),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("source", "name", "sha256", "origin", "by")),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=True),
        sa.Column("office_ids", JSON, nullable=True),
        sa.Column("dry_run", sa.Boolean(), nullable=False),
        sa.Column("take_good", sa.Boolean(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("read_as", sa.String(), nullable=False),
        *(
            sa.Column(name, sa.Integer(), nullable=False)
            for name in ("expected", "lines", "good", "bad", "taken", "created", "differing")
        ),
        sa.Column("problem", sa.String(), nullable=False),
        sa.Column("errors", JSON, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("filed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name="fk_transaction_upload_staff_id_staff"),
        sa.PrimaryKeyConstraint("id", name="pk_transaction_upload"),
    )
    op.create_index("ix_transaction_upload_state_due_at", "transaction_upload", ["state", "due_at"])
    op.create_index("ix_transaction_upload_at", "transaction_upload", ["at"])
    op.create_index(
        "uq_transaction_upload_source_sha256_live",
        "transaction_upload",
        ["source", "sha256"],
        unique=True,
        postgresql_where=LIVE,
        sqlite_where=LIVE,
    )
    op.create_table(
        "transaction_upload_part",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("upload_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("key_id", sa.String(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["upload_id"], ["transaction_upload.id"], name="fk_transaction_upload_part_upload_id_transaction_upload"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_transaction_upload_part"),
        sa.UniqueConstraint("upload_id", "kind", "number", name="uq_transaction_upload_part_upload_id_kind_number"),
    )
    op.create_table(
        "reminder",
        *_claimable(),
        sa.Column("transaction_id", sa.Uuid(), nullable=False),
        sa.Column("days_before", sa.Integer(), nullable=False),
        sa.Column("contact_point_id", sa.Uuid(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("why", sa.String(), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["contact_point_id"], ["contact_point.id"], name="fk_reminder_contact_point_id_contact_point"
        ),
        sa.ForeignKeyConstraint(["transaction_id"], ["transaction.id"], name="fk_reminder_transaction_id_transaction"),
        sa.PrimaryKeyConstraint("id", name="pk_reminder"),
        sa.UniqueConstraint("transaction_id", "days_before", name="uq_reminder_transaction_id_days_before"),
    )
    op.create_index("ix_reminder_state_due_at", "reminder", ["state", "due_at"])
    op.create_index("ix_reminder_contact_point_id", "reminder", ["contact_point_id"])


def _claimable() -> list["sa.Column[object]"]:
    return [
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.String(), nullable=True),
    ]


def downgrade() -> None:
    """And without them."""
    for table in ("reminder", "transaction_upload_part", "transaction_upload", "transaction_task"):
        op.drop_table(table)
    op.drop_column("service", "next_steps")
    op.drop_column("service", "reminders")
    op.drop_index("ix_transaction_contact_point_id", "transaction")
    op.drop_index("ix_transaction_expires_on", "transaction")
    with op.batch_alter_table("transaction") as batch:
        batch.create_foreign_key("fk_transaction_service_id_service", "service", ["service_id"], ["id"])
        batch.create_foreign_key("fk_transaction_office_id_office", "office", ["office_id"], ["id"])
        batch.drop_column("given_mark")
        batch.drop_column("expires_on")
