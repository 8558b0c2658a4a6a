"""open

Revision 17b54116e6ab, after 7ec1e121b0b7; made 2026-11-26.
"""

from collections.abc import Sequence

revision: str = "17b54116e6ab"
down_revision: str | None = "7ec1e121b0b7"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
