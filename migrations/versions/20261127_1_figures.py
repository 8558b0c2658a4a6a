"""figures

One narrow row for each case that counts, sums of them up the tree of offices, and marks that the database itself sets.

Revision 707f558eff34, after 636a8f316298; made 2026-11-26.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "707f558eff34"
down_revision: str | None = "636a8f316298"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

WAITING = sa.text("silence IS NULL AND ended IS NULL")
TO_BE_LATE = sa.text("silence IS NULL AND ended IS NULL AND NOT late")


def upgrade() -> None:
    """Add them, empty: the first refresh builds them. `migrations/env.py` has the database set its marks."""
    op.create_table(
        "figure_mark",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_figure_mark")),
    )
    op.create_table(
        "figure_case",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("office_id", sa.Uuid(), nullable=False),
        sa.Column("service_id", sa.Uuid(), nullable=True),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("received", sa.BigInteger(), nullable=False),
        sa.Column("silence", sa.BigInteger(), nullable=True),
        sa.Column("ended", sa.BigInteger(), nullable=True),
        sa.Column("target", sa.BigInteger(), nullable=True),
        sa.Column("signs", sa.SmallInteger(), nullable=False),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_figure_case")),
    )
    op.create_index(
        "ix_figure_case_office_received",
        "figure_case",
        ["office_id", "received"],
        postgresql_include=["silence", "ended"],
    )
    op.create_index("ix_figure_case_received", "figure_case", ["received"])
    where = {"postgresql_where": WAITING, "sqlite_where": WAITING}
    op.create_index("ix_figure_case_waiting", "figure_case", ["office_id", "received"], **where)
    where = {"postgresql_where": TO_BE_LATE, "sqlite_where": TO_BE_LATE}
    op.create_index("ix_figure_case_target", "figure_case", ["target"], **where)
    op.create_table(
        "figure_cell",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("office_id", sa.Uuid(), nullable=False),
        sa.Column("grain", sa.Text(), nullable=False),
        sa.Column("dimension", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("answered", sa.Integer(), nullable=False),
        sa.Column("templated", sa.Integer(), nullable=False),
        sa.Column("met", sa.Integer(), nullable=False),
        sa.Column("missed", sa.Integer(), nullable=False),
        sa.Column("waiting", sa.Integer(), nullable=False),
        sa.Column("late", sa.Integer(), nullable=False),
        sa.Column("closed", sa.Integer(), nullable=False),
        sa.Column("reopened", sa.Integer(), nullable=False),
        sa.Column("appealed", sa.Integer(), nullable=False),
        sa.Column("upheld", sa.Integer(), nullable=False),
        sa.Column("bounced", sa.Integer(), nullable=False),
        sa.Column("silences", sa.LargeBinary(), nullable=False),
        sa.Column("ended", sa.LargeBinary(), nullable=False),
        sa.Column("waits", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_figure_cell")),
    )
    op.create_index("ix_figure_cell_office", "figure_cell", ["office_id", "grain", "dimension", "since"])
    op.create_table(
        "figure_office",
        sa.Column("office_id", sa.Uuid(), nullable=False),
        sa.Column("below", sa.Boolean(), nullable=False),
        sa.Column("cases", sa.Integer(), nullable=False),
        sa.Column("waiting", sa.Integer(), nullable=False),
        sa.Column("late", sa.Integer(), nullable=False),
        sa.Column("oldest", sa.BigInteger(), nullable=True),
        sa.Column("celled", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("since", sa.Date(), nullable=True),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("answered", sa.Integer(), nullable=False),
        sa.Column("due", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("median", sa.Float(), nullable=True),
        sa.Column("median_low", sa.Float(), nullable=True),
        sa.Column("median_high", sa.Float(), nullable=True),
        sa.Column("p90", sa.Float(), nullable=True),
        sa.Column("drawn", sa.Float(), nullable=True),
        sa.Column("scored_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("office_id", "below", name=op.f("pk_figure_office")),
    )
    for name, columns in (
        ("late", ["below", "late", "waiting", "office_id"]),
        ("oldest", ["below", "oldest", "office_id"]),
        ("drawn", ["below", "drawn", "office_id"]),
        ("median", ["below", "median", "office_id"]),
        ("scored", ["scored_at"]),
    ):
        op.create_index(f"ix_figure_office_{name}", "figure_office", columns)
    op.create_table(
        "figure_tree",
        sa.Column("office_id", sa.Uuid(), nullable=False),
        sa.Column("above_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("office_id", "above_id", name=op.f("pk_figure_tree")),
    )
    op.create_index(op.f("ix_figure_tree_above_id"), "figure_tree", ["above_id"])
    op.create_table(
        "figure_state",
        sa.Column("id", sa.SmallInteger(), nullable=False),
        sa.Column("as_of", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rebuilt_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("zone", sa.String(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("tree", sa.String(), nullable=False),
        sa.Column("prior_a", sa.Float(), nullable=True),
        sa.Column("prior_b", sa.Float(), nullable=True),
        sa.Column("prior_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_figure_state")),
    )


def downgrade() -> None:
    """Take them away: all of it follows from the cases."""
    for table in ("state", "tree", "office", "cell", "case", "mark"):
        op.drop_table(f"figure_{table}")
