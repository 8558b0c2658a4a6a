"""dashboards

Revision 7bf38b500386, after e94d0ba6316f; made 2026-11-26.
"""

from collections.abc import Sequence

revision: str = "7bf38b500386"
down_revision: str | None = "e94d0ba6316f"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
