"""causes

Revision 7ec1e121b0b7, after b3c6c05e17c1; made 2026-11-26.
"""

from collections.abc import Sequence

revision: str = "7ec1e121b0b7"
down_revision: str | None = "b3c6c05e17c1"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
