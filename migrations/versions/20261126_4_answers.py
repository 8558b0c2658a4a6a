"""answers

Revision 5a115e4e5504, after 5f1d1d19a503; made 2026-11-26.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "5a115e4e5504"
down_revision: str | None = "5f1d1d19a503"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Saved replies, what answers were worth, drafts, who is on a case, translations."""
    op.create_table(
        "saved_reply",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("office_id", sa.Uuid(), nullable=False),
        sa.Column("service_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["office_id"], ["office.id"], name=op.f("fk_saved_reply_office_id_office")),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], name=op.f("fk_saved_reply_service_id_service")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_reply")),
    )
    op.create_index(op.f("ix_saved_reply_office_id"), "saved_reply", ["office_id"], unique=False)
    op.create_table(
        "saved_reply_version",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("reply_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("bodies", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("written_by", sa.Uuid(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_by", sa.Uuid(), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["reply_id"], ["saved_reply.id"], name=op.f("fk_saved_reply_version_reply_id_saved_reply")
        ),
        sa.ForeignKeyConstraint(["written_by"], ["staff.id"], name=op.f("fk_saved_reply_version_written_by_staff")),
        sa.ForeignKeyConstraint(["published_by"], ["staff.id"], name=op.f("fk_saved_reply_version_published_by_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_reply_version")),
        sa.UniqueConstraint("reply_id", "number", name=op.f("uq_saved_reply_version_reply_id_number")),
    )
    op.create_table(
        "given_answer",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("entry", sa.Integer(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("office_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("words", sa.String(), nullable=False),
        sa.Column("templated", sa.Text(), nullable=True),
        sa.Column("reply_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_given_answer_case_id_case")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_given_answer_staff_id_staff")),
        sa.ForeignKeyConstraint(["office_id"], ["office.id"], name=op.f("fk_given_answer_office_id_office")),
        sa.ForeignKeyConstraint(["reply_id"], ["saved_reply.id"], name=op.f("fk_given_answer_reply_id_saved_reply")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_given_answer")),
        sa.UniqueConstraint("case_id", "entry", name=op.f("uq_given_answer_case_id_entry")),
    )
    op.create_index(op.f("ix_given_answer_staff_at"), "given_answer", ["staff_id", "at"], unique=False)
    op.create_index(op.f("ix_given_answer_at"), "given_answer", ["at"], unique=False)
    op.create_index(op.f("ix_given_answer_reply_id"), "given_answer", ["reply_id"], unique=False)
    op.create_table(
        "answer_draft",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("reply_id", sa.Uuid(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_answer_draft_case_id_case")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_answer_draft_staff_id_staff")),
        sa.ForeignKeyConstraint(["reply_id"], ["saved_reply.id"], name=op.f("fk_answer_draft_reply_id_saved_reply")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_answer_draft")),
        sa.UniqueConstraint("case_id", "staff_id", name=op.f("uq_answer_draft_case_id_staff_id")),
    )
    op.create_index(op.f("ix_answer_draft_staff_id"), "answer_draft", ["staff_id"], unique=False)
    op.create_table(
        "case_presence",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("doing", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_case_presence_case_id_case")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_case_presence_staff_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_presence")),
        sa.UniqueConstraint("case_id", "staff_id", name=op.f("uq_case_presence_case_id_staff_id")),
    )
    op.create_index(op.f("ix_case_presence_staff_id"), "case_presence", ["staff_id"], unique=False)
    op.create_index(op.f("ix_case_presence_changed_at"), "case_presence", ["changed_at"], unique=False)
    op.create_table(
        "translation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("entry", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("original", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case.id"], name=op.f("fk_translation_case_id_case")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_translation")),
        sa.UniqueConstraint("case_id", "entry", "language", name=op.f("uq_translation_case_id_entry_language")),
    )


def downgrade() -> None:
    """All of it goes."""
    op.drop_table("translation")
    op.drop_table("case_presence")
    op.drop_table("answer_draft")
    op.drop_table("given_answer")
    op.drop_table("saved_reply_version")
    op.drop_table("saved_reply")
