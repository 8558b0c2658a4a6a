"""wordings

Revision 636a8f316298, after 625f7e205187; made 2026-11-26.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "636a8f316298"
down_revision: str | None = "625f7e205187"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


WORDING = sa.table(
    "wording",
    sa.column("name", sa.String()),
    sa.column("language", sa.String()),
    sa.column("version", sa.Integer()),
    sa.column("active", sa.Boolean()),
    sa.column("state", sa.Text()),
)


def upgrade() -> None:
    """Wordings with four eyes, roles with a last day; words that came in by the command line have nobody who wrote them."""
    with op.batch_alter_table("wording", schema=None) as batch_op:
        batch_op.add_column(sa.Column("state", sa.Text(), server_default=sa.text("'draft'"), nullable=False))
        batch_op.add_column(sa.Column("decided_by", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("reason", sa.String(), server_default=sa.text("''"), nullable=False))
        batch_op.create_foreign_key(batch_op.f("fk_wording_decided_by_staff"), "staff", ["decided_by"], ["id"])
    # the newest active version of each was sent, so it is published
    later = WORDING.alias("later")
    followed = sa.exists().where(
        later.c.name == WORDING.c.name,
        later.c.language == WORDING.c.language,
        later.c.version > WORDING.c.version,
        later.c.active.is_(sa.true()),
    )
    states = sa.case((WORDING.c.active.is_(sa.false()), "withdrawn"), (followed, "replaced"), else_="published")
    op.execute(WORDING.update().values(state=states))
    with op.batch_alter_table("wording", schema=None) as batch_op:
        batch_op.drop_column("active")
    with op.batch_alter_table("saved_reply_version", schema=None) as batch_op:
        batch_op.alter_column("written_by", existing_type=sa.Uuid(), nullable=True)
    with op.batch_alter_table("staff_role", schema=None) as batch_op:
        batch_op.add_column(sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    """Back to versions that count at once; those that waited or were returned do not. Roles that have ended go: without
    the column they would count again."""
    ended = sa.table("staff_role", sa.column("ends_at", sa.DateTime(timezone=True)))
    op.execute(ended.delete().where(ended.c.ends_at <= sa.func.now()))
    with op.batch_alter_table("staff_role", schema=None) as batch_op:
        batch_op.drop_column("ends_at")
    with op.batch_alter_table("saved_reply_version", schema=None) as batch_op:
        batch_op.alter_column("written_by", existing_type=sa.Uuid(), nullable=False)
    with op.batch_alter_table("wording", schema=None) as batch_op:
        batch_op.add_column(sa.Column("active", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.execute(WORDING.update().values(active=WORDING.c.state == "published"))
    with op.batch_alter_table("wording", schema=None) as batch_op:
        batch_op.alter_column("active", existing_type=sa.Boolean(), server_default=None)
        batch_op.drop_constraint(batch_op.f("fk_wording_decided_by_staff"), type_="foreignkey")
        for name in ("reason", "decided_at", "decided_by", "state"):
            batch_op.drop_column(name)
