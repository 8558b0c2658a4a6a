"""definitions

Revision 5d1a2f7b0c32, after 5c0f1e6a9b21; made 2026-11-26.
"""

from collections.abc import Sequence

revision: str = "5d1a2f7b0c32"
down_revision: str | None = "5c0f1e6a9b21"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Surveys as versions that are drafted and published."""
    pass


def downgrade() -> None:
    """And without them."""
    pass
