"""figures

Revision 707f558eff34, after 636a8f316298; made 2026-11-26.
"""

from collections.abc import Sequence

revision: str = "707f558eff34"
down_revision: str | None = "636a8f316298"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
