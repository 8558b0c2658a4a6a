"""definitions

Revision 5d1a2f7b0c32, after 5c0f1e6a9b21; made 2026-11-26.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "5d1a2f7b0c32"
down_revision: str | None = "5c0f1e6a9b21"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    """Surveys as versions that are drafted and published. The newest active one of a service is the published one."""
    with op.batch_alter_table("survey") as table:
        table.add_column(sa.Column("kind", sa.Text(), server_default="service", nullable=False))
        table.add_column(sa.Column("title", sa.String(), server_default="", nullable=False))
        table.add_column(sa.Column("note", sa.String(), server_default="", nullable=False))
        table.add_column(sa.Column("state", sa.Text(), server_default="published", nullable=False))
        table.add_column(sa.Column("writers", JSON, server_default="[]", nullable=False))
        table.add_column(sa.Column("written_at", sa.DateTime(timezone=True), nullable=True))
        table.add_column(sa.Column("published_by", sa.Uuid(), nullable=True))
        table.add_column(sa.Column("published_at", sa.DateTime(timezone=True), nullable=True))
        table.create_foreign_key(op.f("fk_survey_published_by_staff"), "staff", ["published_by"], ["id"])
    op.execute("UPDATE survey SET state = 'retired' WHERE NOT active")
    op.execute(
        "UPDATE survey SET state = 'replaced' WHERE active AND EXISTS (SELECT 1 FROM survey AS newer WHERE newer.active "
        "AND newer.version > survey.version AND (newer.service_id = survey.service_id "
        "OR (newer.service_id IS NULL AND survey.service_id IS NULL)))"
    )
    with op.batch_alter_table("survey") as table:
        table.drop_column("active")
        for name in ("title", "note"):  # the rows that are there have theirs now
            table.alter_column(name, server_default=None, existing_type=sa.String(), existing_nullable=False)


def downgrade() -> None:
    """Only whether a version is in force is kept, and no exit surveys or drafts are."""
    op.execute("DELETE FROM survey WHERE kind <> 'service' OR state = 'draft'")
    op.add_column("survey", sa.Column("active", sa.Boolean(), server_default=sa.true(), nullable=False))
    op.execute("UPDATE survey SET active = (state = 'published')")
    with op.batch_alter_table("survey") as table:
        table.alter_column("active", server_default=None, existing_type=sa.Boolean(), existing_nullable=False)
        table.drop_constraint(op.f("fk_survey_published_by_staff"), type_="foreignkey")
        for name in ("published_at", "published_by", "written_at", "writers", "state", "note", "title", "kind"):
            table.drop_column(name)
