"""reviews

Revision b3c6c05e17c1, after 707f558eff34; made 2026-11-26.
"""

from collections.abc import Sequence

revision: str = "b3c6c05e17c1"
down_revision: str | None = "707f558eff34"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
