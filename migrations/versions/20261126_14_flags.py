"""flags

Revision 625f7e205187, after 614e6d1f4076; made 2026-11-26.
"""

from collections.abc import Sequence

revision: str = "625f7e205187"
down_revision: str | None = "614e6d1f4076"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """What looks as if somebody cheated."""
    pass


def downgrade() -> None:
    """And without them."""
    pass
