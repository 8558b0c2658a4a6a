"""sums of all, and sums by each dimension

Revision b3d0c58f7a12, after 9867e8287eb3; made 2026-11-26.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "b3d0c58f7a12"
down_revision: str | None = "9867e8287eb3"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Sums of all cases of an office are kept from fewer cases on than those by each dimension; so far they were both."""
    with op.batch_alter_table("figure_office") as batch_op:
        batch_op.add_column(sa.Column("split", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.execute("UPDATE figure_office SET split = celled")


def downgrade() -> None:
    """Only offices with both keep them."""
    op.execute(
        "DELETE FROM figure_cell WHERE office_id IN (SELECT office_id FROM figure_office WHERE celled AND NOT split)"
    )
    op.execute("UPDATE figure_office SET celled = split")
    with op.batch_alter_table("figure_office") as batch_op:
        batch_op.drop_column("split")
