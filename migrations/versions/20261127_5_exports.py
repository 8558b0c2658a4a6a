"""exports

Revision e94d0ba6316f, after 17b54116e6ab; made 2026-11-26.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "e94d0ba6316f"
down_revision: str | None = "17b54116e6ab"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def _job() -> list[sa.Column[object]]:
    """Columns of a row that is a job."""
    return [
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.String(), nullable=True),
    ]


def _asker(table: str) -> list[sa.schema.SchemaItem]:
    """Who asked for it."""
    return [
        sa.Column("staff_id", sa.Uuid(), nullable=True),
        sa.Column("key_id", sa.Uuid(), nullable=True),
        sa.Column("by", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f(f"fk_{table}_staff_id_staff")),
        sa.ForeignKeyConstraint(["key_id"], ["api_key.id"], name=op.f(f"fk_{table}_key_id_api_key")),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    ]


def upgrade() -> None:
    """Cases of earlier systems; exports, those that come again, and who fetched which."""
    op.create_table(
        "past_import",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("map", sa.Text(), nullable=False),
        sa.Column("answer", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.Column("known", sa.Integer(), nullable=False),
        sa.Column("differing", sa.Integer(), nullable=False),
        sa.Column("refused", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_past_import")),
    )
    op.create_table(
        "past_case",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("external_id", sa.String(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_past_case_case_id_case")),
        sa.ForeignKeyConstraint(["import_id"], ["past_import.id"], name=op.f("fk_past_case_import_id_past_import")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_past_case")),
        sa.UniqueConstraint("case_id", name=op.f("uq_past_case_case_id")),
        sa.UniqueConstraint("source", "external_id", name=op.f("uq_past_case_source_external_id")),
    )
    with op.batch_alter_table("past_case", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_past_case_import_id"), ["import_id"], unique=False)
    op.create_table(
        "export_plan",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column("chosen", JSON, nullable=False),
        sa.Column("every", sa.Text(), nullable=False),
        sa.Column("tell", sa.Boolean(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stopped_at", sa.DateTime(timezone=True), nullable=True),
        *_job(),
        *_asker("export_plan"),
    )
    with op.batch_alter_table("export_plan", schema=None) as batch_op:
        batch_op.create_index("ix_export_plan_state_due_at", ["state", "due_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_export_plan_staff_id"), ["staff_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_export_plan_key_id"), ["key_id"], unique=False)
    op.create_table(
        "export",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column("chosen", JSON, nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=True),
        sa.Column("plain", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("reach", sa.String(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("problem", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["plan_id"], ["export_plan.id"], name=op.f("fk_export_plan_id_export_plan")),
        *_job(),
        *_asker("export"),
    )
    with op.batch_alter_table("export", schema=None) as batch_op:
        batch_op.create_index("ix_export_state_due_at", ["state", "due_at"], unique=False)
        for name in ("plan_id", "staff_id", "key_id", "at"):
            batch_op.create_index(batch_op.f(f"ix_export_{name}"), [name], unique=False)
    op.create_table(
        "export_fetch",
        sa.Column("export_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["export_id"], ["export.id"], name=op.f("fk_export_fetch_export_id_export")),
        *_asker("export_fetch"),
    )
    with op.batch_alter_table("export_fetch", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_export_fetch_export_id"), ["export_id"], unique=False)


def downgrade() -> None:
    """And without them."""
    for name in ("export_fetch", "export", "export_plan", "past_case", "past_import"):
        op.drop_table(name)
