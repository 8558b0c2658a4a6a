"""dashboards

Revision 7bf38b500386, after e94d0ba6316f; made 2026-11-26.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "7bf38b500386"
down_revision: str | None = "e94d0ba6316f"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
AUDITED = sa.text("source IN ('mystery_shopper', 'quality_audit')")


def upgrade() -> None:
    """Dashboards that are mailed every Monday or shown elsewhere, and an index of the few cases that are audits."""
    op.create_index("ix_case_audited", "case", ["received_at"], postgresql_where=AUDITED, sqlite_where=AUDITED)
    op.create_table(
        "dashboard_mail",
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.String(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=False),
        sa.Column("office_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("week", sa.Date(), nullable=True),
        sa.Column("stopped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("why", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_dashboard_mail_staff_id_staff")),
        sa.ForeignKeyConstraint(["office_id"], ["office.id"], name=op.f("fk_dashboard_mail_office_id_office")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dashboard_mail")),
        sa.UniqueConstraint("staff_id", "office_id", name=op.f("uq_dashboard_mail_staff_id_office_id")),
    )
    op.create_index("ix_dashboard_mail_state_due_at", "dashboard_mail", ["state", "due_at"])
    op.create_table(
        "dashboard_link",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("office_id", sa.Uuid(), nullable=False),
        sa.Column("weeks", sa.Integer(), nullable=False),
        sa.Column("sites", JSON, nullable=False),
        sa.Column("made_by", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["office_id"], ["office.id"], name=op.f("fk_dashboard_link_office_id_office")),
        sa.ForeignKeyConstraint(["made_by"], ["staff.id"], name=op.f("fk_dashboard_link_made_by_staff")),
        sa.ForeignKeyConstraint(["ended_by"], ["staff.id"], name=op.f("fk_dashboard_link_ended_by_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dashboard_link")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_dashboard_link_token_hash")),
    )
    op.create_index(op.f("ix_dashboard_link_office_id"), "dashboard_link", ["office_id"])
    with op.batch_alter_table("staff_message", schema=None) as batch_op:
        batch_op.add_column(sa.Column("dashboard_mail_id", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("week", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("html", sa.String(), nullable=True))
        batch_op.create_foreign_key(
            batch_op.f("fk_staff_message_dashboard_mail_id_dashboard_mail"),
            "dashboard_mail",
            ["dashboard_mail_id"],
            ["id"],
        )
        batch_op.create_unique_constraint(
            batch_op.f("uq_staff_message_dashboard_mail_id_week"), ["dashboard_mail_id", "week"]
        )


def downgrade() -> None:
    """And without them."""
    op.execute(sa.table("staff_message", sa.column("about")).delete().where(sa.column("about") == "figures"))
    with op.batch_alter_table("staff_message", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("uq_staff_message_dashboard_mail_id_week"), type_="unique")
        batch_op.drop_constraint(batch_op.f("fk_staff_message_dashboard_mail_id_dashboard_mail"), type_="foreignkey")
        for name in ("html", "week", "dashboard_mail_id"):
            batch_op.drop_column(name)
    op.drop_table("dashboard_link")
    op.drop_table("dashboard_mail")
    op.drop_index("ix_case_audited", table_name="case")
