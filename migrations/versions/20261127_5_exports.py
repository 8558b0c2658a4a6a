"""exports

Revision e94d0ba6316f, after 17b54116e6ab; made 2026-11-26.
"""

from collections.abc import Sequence

revision: str = "e94d0ba6316f"
down_revision: str | None = "17b54116e6ab"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
