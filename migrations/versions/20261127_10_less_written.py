"""figures are written with less

Revision d52e9b7c04f3, after c41f0a7d92be; made 2026-11-26.
"""

from collections.abc import Sequence

from alembic import op

revision: str = "d52e9b7c04f3"
down_revision: str | None = "c41f0a7d92be"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Sums have room to change where they lie; what is an hour old is found by looking through all offices, which is
    quicker than to keep an index of it."""
    op.drop_index("ix_figure_office_scored", "figure_office")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE figure_cell SET (fillfactor = 60)")


def downgrade() -> None:
    """As before."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE figure_cell RESET (fillfactor)")
    op.create_index("ix_figure_office_scored", "figure_office", ["scored_at"])
