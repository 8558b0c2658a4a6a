"""replies

Revision 5e2b3a8c1d43, after 5d1a2f7b0c32; made 2026-11-26.
"""

from collections.abc import Sequence

revision: str = "5e2b3a8c1d43"
down_revision: str | None = "5d1a2f7b0c32"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """What understanding replies needs."""
    pass


def downgrade() -> None:
    """And without them."""
    pass
