"""kpis

Revision 9867e8287eb3, after 7bf38b500386; made 2026-11-26.
"""

from collections.abc import Sequence

revision: str = "9867e8287eb3"
down_revision: str | None = "7bf38b500386"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
