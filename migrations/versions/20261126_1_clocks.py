"""clocks

Revision 5c10c4a1e501, after 8a61135d0966; made 2026-11-26.
"""

from collections.abc import Sequence

revision: str = "5c10c4a1e501"
down_revision: str | None = "8a61135d0966"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Nothing to change."""


def downgrade() -> None:
    """Nothing to change."""
