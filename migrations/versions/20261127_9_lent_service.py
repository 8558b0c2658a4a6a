"""lent service

Revision c41f0a7d92be, after b3d0c58f7a12; made 2026-11-26.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "c41f0a7d92be"
down_revision: str | None = "b3d0c58f7a12"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """A dashboard may be lent out of one service alone."""
    with op.batch_alter_table("dashboard_link", schema=None) as batch_op:
        batch_op.add_column(sa.Column("service_id", sa.Uuid(), nullable=True))
        batch_op.create_foreign_key(
            batch_op.f("fk_dashboard_link_service_id_service"), "service", ["service_id"], ["id"]
        )


def downgrade() -> None:
    """And without them: those that were are taken away, or they would show more than they were made for."""
    op.execute(sa.table("dashboard_link", sa.column("service_id")).delete().where(sa.column("service_id").is_not(None)))
    with op.batch_alter_table("dashboard_link", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_dashboard_link_service_id_service"), type_="foreignkey")
        batch_op.drop_column("service_id")
