"""sampling

Revision 603d5c0e3f65, after 5f3c4b9d2e54; made 2026-11-26.
"""

from collections.abc import Sequence

revision: str = "603d5c0e3f65"
down_revision: str | None = "5f3c4b9d2e54"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Who is asked, how often, and within which budget."""
    pass


def downgrade() -> None:
    """And without them."""
    pass
