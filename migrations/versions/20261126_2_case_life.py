"""case life

Revision 5ca5e11fe502, after 5c10c4a1e501; made 2026-11-26.
"""

from collections.abc import Sequence

revision: str = "5ca5e11fe502"
down_revision: str | None = "5c10c4a1e501"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Nothing to change."""


def downgrade() -> None:
    """Nothing to change."""
