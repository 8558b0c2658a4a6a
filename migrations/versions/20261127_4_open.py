"""open

Revision 17b54116e6ab, after 7ec1e121b0b7; made 2026-11-26.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "17b54116e6ab"
down_revision: str | None = "7ec1e121b0b7"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    """Publications with their figures and what was done to them, and decisions of reviews in words for the public."""
    op.create_table(
        "publication",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("as_of", sa.DateTime(timezone=True), nullable=False),
        sa.Column("out_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("asked_by", sa.Uuid(), nullable=True),
        sa.Column("least", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("classes", JSON, nullable=False),
        sa.Column("loss", JSON, nullable=False),
        sa.Column("basis", JSON, nullable=False),
        sa.ForeignKeyConstraint(["asked_by"], ["staff.id"], name=op.f("fk_publication_asked_by_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_publication")),
        sa.UniqueConstraint("month", "version", name=op.f("uq_publication_month_version")),
    )
    with op.batch_alter_table("publication", schema=None) as batch_op:
        batch_op.create_index("ix_publication_state_out_at", ["state", "out_at"], unique=False)

    op.create_table(
        "publication_act",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("publication_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=True),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["publication_id"], ["publication.id"], name=op.f("fk_publication_act_publication_id_publication")
        ),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_publication_act_staff_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_publication_act")),
    )
    with op.batch_alter_table("publication_act", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_publication_act_publication_id"), ["publication_id"], unique=False)

    op.create_table(
        "published_figure",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("publication_id", sa.Uuid(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("names", JSON, nullable=False),
        sa.Column("tier", sa.String(), nullable=False),
        sa.Column("above", sa.String(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=True),
        sa.Column("late", sa.Integer(), nullable=True),
        sa.Column("late_share", sa.Float(), nullable=True),
        sa.Column("late_low", sa.Float(), nullable=True),
        sa.Column("late_high", sa.Float(), nullable=True),
        sa.Column("median_hours", sa.Integer(), nullable=True),
        sa.Column("median_low", sa.Integer(), nullable=True),
        sa.Column("median_high", sa.Integer(), nullable=True),
        sa.Column("p90_hours", sa.Integer(), nullable=True),
        sa.Column("p90_low", sa.Integer(), nullable=True),
        sa.Column("p90_high", sa.Integer(), nullable=True),
        sa.Column("beyond_hours", sa.Integer(), nullable=True),
        sa.Column("answers", sa.Integer(), nullable=True),
        sa.Column("asked_share", sa.Float(), nullable=True),
        sa.Column("rating", sa.Float(), nullable=True),
        sa.Column("rating_low", sa.Float(), nullable=True),
        sa.Column("rating_high", sa.Float(), nullable=True),
        sa.ForeignKeyConstraint(
            ["publication_id"], ["publication.id"], name=op.f("fk_published_figure_publication_id_publication")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_published_figure")),
        sa.UniqueConstraint(
            "publication_id", "scope", "code", name=op.f("uq_published_figure_publication_id_scope_code")
        ),
    )
    with op.batch_alter_table("published_figure", schema=None) as batch_op:
        batch_op.create_index("ix_published_figure_code", ["code"], unique=False)

    op.create_table(
        "public_decision",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("finding_id", sa.Uuid(), nullable=False),
        sa.Column("office_id", sa.Uuid(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("words", sa.String(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("judged_by", sa.Uuid(), nullable=True),
        sa.Column("judged_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["by_id"], ["staff.id"], name=op.f("fk_public_decision_by_id_staff")),
        sa.ForeignKeyConstraint(["finding_id"], ["finding.id"], name=op.f("fk_public_decision_finding_id_finding")),
        sa.ForeignKeyConstraint(["judged_by"], ["staff.id"], name=op.f("fk_public_decision_judged_by_staff")),
        sa.ForeignKeyConstraint(["office_id"], ["office.id"], name=op.f("fk_public_decision_office_id_office")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_public_decision")),
        sa.UniqueConstraint("finding_id", name=op.f("uq_public_decision_finding_id")),
    )
    with op.batch_alter_table("public_decision", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_public_decision_office_id"), ["office_id"], unique=False)


def downgrade() -> None:
    """And without them."""
    for name in ("public_decision", "published_figure", "publication_act", "publication"):
        op.drop_table(name)
