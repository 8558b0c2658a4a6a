"""trials

Revision 614e6d1f4076, after 603d5c0e3f65; made 2026-11-26.
"""

from collections.abc import Sequence

revision: str = "614e6d1f4076"
down_revision: str | None = "603d5c0e3f65"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Trials and who is in which arm."""
    pass


def downgrade() -> None:
    """And without them."""
    pass
