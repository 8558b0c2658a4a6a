"""flags

Revision 625f7e205187, after 614e6d1f4076; made 2026-11-26.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "625f7e205187"
down_revision: str | None = "614e6d1f4076"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    """What looks as if somebody cheated, the verdicts on it, and the months of the money question that are out."""
    op.create_table(
        "survey_flag",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("office_id", sa.Uuid(), nullable=False),
        sa.Column("operator", sa.String(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("period", sa.Date(), nullable=False),
        sa.Column("evidence", JSON, nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reviewer_id", sa.Uuid(), nullable=True),
        sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("words", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["office_id"], ["office.id"], name=op.f("fk_survey_flag_office_id_office")),
        sa.ForeignKeyConstraint(["reviewer_id"], ["staff.id"], name=op.f("fk_survey_flag_reviewer_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_survey_flag")),
        sa.UniqueConstraint(
            "office_id", "operator", "kind", "period", name=op.f("uq_survey_flag_office_id_operator_kind_period")
        ),
    )
    with op.batch_alter_table("survey_flag", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_survey_flag_period"), ["period"], unique=False)
    op.create_table(
        "flag_verdict",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("flag_id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("words", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["flag_id"], ["survey_flag.id"], name=op.f("fk_flag_verdict_flag_id_survey_flag")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_flag_verdict_staff_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_flag_verdict")),
    )
    with op.batch_alter_table("flag_verdict", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_flag_verdict_flag_id"), ["flag_id"], unique=False)
    op.create_table(
        "survey_look",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("judged", sa.Integer(), nullable=False),
        sa.Column("found", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_survey_look")),
        sa.UniqueConstraint("day", name=op.f("uq_survey_look_day")),
    )
    op.create_table(
        "money_month",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("office_id", sa.Uuid(), nullable=True),
        sa.Column("below", sa.Boolean(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("yes", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["office_id"], ["office.id"], name=op.f("fk_money_month_office_id_office")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_money_month")),
        sa.UniqueConstraint("month", "office_id", "below", name=op.f("uq_money_month_month_office_id_below")),
    )
    with op.batch_alter_table("money_month", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_money_month_month"), ["month"], unique=False)


def downgrade() -> None:
    """And without them."""
    for name in ("money_month", "survey_look", "flag_verdict", "survey_flag"):
        op.drop_table(name)
