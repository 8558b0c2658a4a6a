"""case life

Revision 5ca5e11fe502, after 5c10c4a1e501; made 2026-11-26.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "5ca5e11fe502"
down_revision: str | None = "5c10c4a1e501"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    """What becomes of a case after its closing: the question, the check, the appeal; and cases that belong together."""
    op.create_table(
        "solved_question",
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.String(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("entry", sa.Integer(), nullable=False),
        sa.Column("office_id", sa.Uuid(), nullable=False),
        sa.Column("closed_by", sa.Uuid(), nullable=True),
        sa.Column("contact_point_id", sa.Uuid(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("why", sa.String(), nullable=True),
        sa.Column("draw", sa.Float(), nullable=True),
        sa.Column("share", sa.Float(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_solved_question_case_id_case")),
        sa.ForeignKeyConstraint(["office_id"], ["office.id"], name=op.f("fk_solved_question_office_id_office")),
        sa.ForeignKeyConstraint(["closed_by"], ["staff.id"], name=op.f("fk_solved_question_closed_by_staff")),
        sa.ForeignKeyConstraint(
            ["contact_point_id"], ["contact_point.id"], name=op.f("fk_solved_question_contact_point_id_contact_point")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_solved_question")),
        sa.UniqueConstraint("case_id", "entry", name=op.f("uq_solved_question_case_id_entry")),
    )
    with op.batch_alter_table("solved_question", schema=None) as batch:
        batch.create_index("ix_solved_question_state_due_at", ["state", "due_at"], unique=False)
        batch.create_index("ix_solved_question_office_closed", ["office_id", "closed_at"], unique=False)
        batch.create_index(batch.f("ix_solved_question_contact_point_id"), ["contact_point_id"], unique=False)
    op.create_table(
        "solved_check",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("question_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("claimed", sa.Boolean(), nullable=False),
        sa.Column("tries", JSON, nullable=False),
        sa.Column("result", sa.Text(), nullable=True),
        sa.Column("drawn_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("staff_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["question_id"], ["solved_question.id"], name=op.f("fk_solved_check_question_id_solved_question")
        ),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_solved_check_case_id_case")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_solved_check_staff_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_solved_check")),
        sa.UniqueConstraint("question_id", name=op.f("uq_solved_check_question_id")),
    )
    with op.batch_alter_table("solved_check", schema=None) as batch:
        batch.create_index("ix_solved_check_result_drawn", ["result", "drawn_at"], unique=False)
        batch.create_index(batch.f("ix_solved_check_case_id"), ["case_id"], unique=False)
    op.create_table(
        "appeal",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("entry", sa.Integer(), nullable=False),
        sa.Column("from_office_id", sa.Uuid(), nullable=False),
        sa.Column("office_id", sa.Uuid(), nullable=False),
        sa.Column("not_by", JSON, nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("lodged_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("words", sa.String(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_appeal_case_id_case")),
        sa.ForeignKeyConstraint(["from_office_id"], ["office.id"], name=op.f("fk_appeal_from_office_id_office")),
        sa.ForeignKeyConstraint(["office_id"], ["office.id"], name=op.f("fk_appeal_office_id_office")),
        sa.ForeignKeyConstraint(["decided_by"], ["staff.id"], name=op.f("fk_appeal_decided_by_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appeal")),
        sa.UniqueConstraint("case_id", name=op.f("uq_appeal_case_id")),
    )
    with op.batch_alter_table("appeal", schema=None) as batch:
        batch.create_index("ix_appeal_from_office_lodged", ["from_office_id", "lodged_at"], unique=False)
    op.create_table(
        "case_link",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("other_id", sa.Uuid(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_case_link_case_id_case")),
        sa.ForeignKeyConstraint(["other_id"], ["case.id"], name=op.f("fk_case_link_other_id_case")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_case_link_staff_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_link")),
        sa.UniqueConstraint("case_id", "other_id", name=op.f("uq_case_link_case_id_other_id")),
    )
    with op.batch_alter_table("case_link", schema=None) as batch:
        batch.create_index(batch.f("ix_case_link_other_id"), ["other_id"], unique=False)
    with op.batch_alter_table("case", schema=None) as batch:
        batch.add_column(sa.Column("appealed_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    """Back to a closing that is the end."""
    with op.batch_alter_table("case", schema=None) as batch:
        batch.drop_column("appealed_at")
    for table in ("case_link", "appeal", "solved_check", "solved_question"):
        op.drop_table(table)
