"""transactions

Revision 5f3c4b9d2e54, after 5e2b3a8c1d43; made 2026-11-26.
"""

from collections.abc import Sequence

revision: str = "5f3c4b9d2e54"
down_revision: str | None = "5e2b3a8c1d43"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Files of transactions, and what is issued until when."""
    pass


def downgrade() -> None:
    """And without them."""
    pass
