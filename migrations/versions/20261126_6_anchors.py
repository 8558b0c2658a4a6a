"""anchors

Revision 5a2c40125506, after 5acce55aa505; made 2026-11-26.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "5a2c40125506"
down_revision: str | None = "5acce55aa505"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Tables of the daily digests."""
    op.create_table(
        "anchor",
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.String(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("leaves", sa.Integer(), nullable=False),
        sa.Column("root", sa.String(), nullable=False),
        sa.Column("previous", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_anchor")),
        sa.UniqueConstraint("day", name=op.f("uq_anchor_day")),
    )
    op.create_table(
        "anchor_leaf",
        sa.Column("anchor_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("length", sa.Integer(), nullable=False),
        sa.Column("head", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["anchor_id"], ["anchor.id"], name=op.f("fk_anchor_leaf_anchor_id_anchor")),
        sa.PrimaryKeyConstraint("anchor_id", "case_id", name=op.f("pk_anchor_leaf")),
        sa.UniqueConstraint("case_id", "length", name=op.f("uq_anchor_leaf_case_id_length")),
    )
    op.create_index(op.f("ix_anchor_leaf_reference"), "anchor_leaf", ["reference"])


def downgrade() -> None:
    """And without them."""
    op.drop_table("anchor_leaf")
    op.drop_table("anchor")
