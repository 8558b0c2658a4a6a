"""asking

Revision 5c0f1e6a9b21, after 5b1adde7e507; made 2026-11-26.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "5c0f1e6a9b21"
down_revision: str | None = "5b1adde7e507"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    """Where a survey's conversation stands, and with what chance somebody was drawn."""
    op.add_column("invitation", sa.Column("asking", sa.String(), nullable=True))
    op.add_column("invitation", sa.Column("asked", JSON, server_default="[]", nullable=False))
    op.add_column("invitation", sa.Column("probability", sa.Float(), nullable=True))


def downgrade() -> None:
    """And without them."""
    with op.batch_alter_table("invitation") as table:
        table.drop_column("probability")
        table.drop_column("asked")
        table.drop_column("asking")
