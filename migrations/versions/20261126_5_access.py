"""access

Revision 5acce55aa505, after 5a115e4e5504; made 2026-11-26.
"""

from collections.abc import Sequence

revision: str = "5acce55aa505"
down_revision: str | None = "5a115e4e5504"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Nothing to change."""


def downgrade() -> None:
    """Nothing to change."""
