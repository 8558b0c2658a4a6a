"""finding

Revision 5f1d1d19a503, after 5ca5e11fe502; made 2026-11-26.
"""

from collections.abc import Sequence

revision: str = "5f1d1d19a503"
down_revision: str | None = "5ca5e11fe502"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Nothing to change."""


def downgrade() -> None:
    """Nothing to change."""
