"""answers

Revision 5a115e4e5504, after 5f1d1d19a503; made 2026-11-26.
"""

from collections.abc import Sequence

revision: str = "5a115e4e5504"
down_revision: str | None = "5f1d1d19a503"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Nothing to change."""


def downgrade() -> None:
    """Nothing to change."""
