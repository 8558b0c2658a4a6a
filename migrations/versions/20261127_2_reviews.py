"""reviews

Revision b3c6c05e17c1, after 707f558eff34; made 2026-11-26.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "b3c6c05e17c1"
down_revision: str | None = "707f558eff34"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    """Packs of the weekly review, who came, what was checked, what was handed up, minutes; findings with every why."""
    op.create_table(
        "review_pack",
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.String(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("office_id", sa.Uuid(), nullable=False),
        sa.Column("week", sa.Date(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("body", JSON, server_default=sa.text("'{}'"), nullable=False),
        sa.ForeignKeyConstraint(["office_id"], ["office.id"], name=op.f("fk_review_pack_office_id_office")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_pack")),
        sa.UniqueConstraint("office_id", "week", name=op.f("uq_review_pack_office_id_week")),
    )
    with op.batch_alter_table("review_pack", schema=None) as batch_op:
        batch_op.create_index("ix_review_pack_state_due_at", ["state", "due_at"], unique=False)

    op.create_table(
        "review_plan",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("office_id", sa.Uuid(), nullable=False),
        sa.Column("holds", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("hour", sa.Integer(), server_default=sa.text("7"), nullable=False),
        sa.Column("checks", sa.Integer(), server_default=sa.text("5"), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["changed_by"], ["staff.id"], name=op.f("fk_review_plan_changed_by_staff")),
        sa.ForeignKeyConstraint(["office_id"], ["office.id"], name=op.f("fk_review_plan_office_id_office")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_plan")),
        sa.UniqueConstraint("office_id", name=op.f("uq_review_plan_office_id")),
    )
    op.create_table(
        "review_attendance",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("review_id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("present", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["by"], ["staff.id"], name=op.f("fk_review_attendance_by_staff")),
        sa.ForeignKeyConstraint(["review_id"], ["review.id"], name=op.f("fk_review_attendance_review_id_review")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_review_attendance_staff_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_attendance")),
        sa.UniqueConstraint("review_id", "staff_id", name=op.f("uq_review_attendance_review_id_staff_id")),
    )
    with op.batch_alter_table("review_attendance", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_review_attendance_staff_id"), ["staff_id"], unique=False)

    op.create_table(
        "review_note",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("review_id", sa.Uuid(), nullable=False),
        sa.Column("words", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["by"], ["staff.id"], name=op.f("fk_review_note_by_staff")),
        sa.ForeignKeyConstraint(["review_id"], ["review.id"], name=op.f("fk_review_note_review_id_review")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_note")),
    )
    with op.batch_alter_table("review_note", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_review_note_review_id"), ["review_id"], unique=False)

    op.create_table(
        "review_check",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("review_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("sound", sa.Boolean(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["by"], ["staff.id"], name=op.f("fk_review_check_by_staff")),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_review_check_case_id_case")),
        sa.ForeignKeyConstraint(["review_id"], ["review.id"], name=op.f("fk_review_check_review_id_review")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_check")),
        sa.UniqueConstraint("review_id", "case_id", name=op.f("uq_review_check_review_id_case_id")),
    )
    with op.batch_alter_table("review_check", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_review_check_case_id"), ["case_id"], unique=False)

    op.create_table(
        "review_raised",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("review_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("from_office_id", sa.Uuid(), nullable=False),
        sa.Column("to_office_id", sa.Uuid(), nullable=False),
        sa.Column("week", sa.Date(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.Uuid(), nullable=False),
        sa.Column("taken_back_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["by"], ["staff.id"], name=op.f("fk_review_raised_by_staff")),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_review_raised_case_id_case")),
        sa.ForeignKeyConstraint(["from_office_id"], ["office.id"], name=op.f("fk_review_raised_from_office_id_office")),
        sa.ForeignKeyConstraint(["review_id"], ["review.id"], name=op.f("fk_review_raised_review_id_review")),
        sa.ForeignKeyConstraint(["to_office_id"], ["office.id"], name=op.f("fk_review_raised_to_office_id_office")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_raised")),
        sa.UniqueConstraint("review_id", "case_id", name=op.f("uq_review_raised_review_id_case_id")),
    )
    with op.batch_alter_table("review_raised", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_review_raised_case_id"), ["case_id"], unique=False)
        batch_op.create_index("ix_review_raised_to_office_week", ["to_office_id", "week"], unique=False)

    op.add_column("finding", sa.Column("whys", JSON, server_default=sa.text("'[]'"), nullable=False))
    op.add_column("review", sa.Column("minutes", JSON, nullable=True))
    postgres = op.get_bind().dialect.name == "postgresql"
    array = sa.func.jsonb_build_array if postgres else sa.func.json_array
    finding = sa.table("finding", sa.column("why"), sa.column("whys", JSON))
    op.execute(finding.update().values(whys=array(finding.c.why)))


def downgrade() -> None:
    """Back to meetings without packs and minutes; of the whys the last one stays."""
    op.drop_column("review", "minutes")
    op.drop_column("finding", "whys")

    with op.batch_alter_table("review_raised", schema=None) as batch_op:
        batch_op.drop_index("ix_review_raised_to_office_week")
        batch_op.drop_index(batch_op.f("ix_review_raised_case_id"))

    op.drop_table("review_raised")
    with op.batch_alter_table("review_check", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_review_check_case_id"))

    op.drop_table("review_check")
    with op.batch_alter_table("review_note", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_review_note_review_id"))

    op.drop_table("review_note")
    with op.batch_alter_table("review_attendance", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_review_attendance_staff_id"))

    op.drop_table("review_attendance")
    op.drop_table("review_plan")
    with op.batch_alter_table("review_pack", schema=None) as batch_op:
        batch_op.drop_index("ix_review_pack_state_due_at")

    op.drop_table("review_pack")
