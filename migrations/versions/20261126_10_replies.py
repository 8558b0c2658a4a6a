"""replies

Revision 5e2b3a8c1d43, after 5d1a2f7b0c32; made 2026-11-26.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "5e2b3a8c1d43"
down_revision: str | None = "5d1a2f7b0c32"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    """A survey remembers the one reply it asked about."""
    with op.batch_alter_table("invitation", schema=None) as batch_op:
        batch_op.add_column(sa.Column("unclear", JSON, nullable=True))


def downgrade() -> None:
    """Without it."""
    with op.batch_alter_table("invitation", schema=None) as batch_op:
        batch_op.drop_column("unclear")
