"""sampling

Revision 603d5c0e3f65, after 5f3c4b9d2e54; made 2026-11-26.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "603d5c0e3f65"
down_revision: str | None = "5f3c4b9d2e54"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
SENT = sa.text("state = 'sent'")
ANSWERED = sa.text("answered_at IS NOT NULL")
SURVEY = sa.text("purpose = 'survey'")
FIRST = sa.text("state = 'queued' AND NOT bulk")


def upgrade() -> None:
    """Who is asked, how often, and within which budget."""
    op.create_table(
        "asking_plan",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("service_id", sa.Uuid(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("ended", sa.Boolean(), nullable=False),
        sa.Column("share", sa.Float(), nullable=False),
        sa.Column("target", sa.Integer(), nullable=True),
        sa.Column("delay_minutes", sa.Integer(), nullable=False),
        sa.Column("rest_days", sa.Integer(), nullable=False),
        sa.Column("reminder_days", sa.Integer(), nullable=False),
        sa.Column("notice_hours", sa.Integer(), nullable=False),
        sa.Column("channels", JSON, nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], name=op.f("fk_asking_plan_service_id_service")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_asking_plan")),
        sa.UniqueConstraint("service_id", "version", name=op.f("uq_asking_plan_service_id_version")),
    )
    op.create_index(op.f("ix_asking_plan_service_id"), "asking_plan", ["service_id"])
    op.create_table(
        "asking_budget",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("office_id", sa.Uuid(), nullable=True),
        sa.Column("amount", sa.Float(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["office_id"], ["office.id"], name=op.f("fk_asking_budget_office_id_office")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_asking_budget")),
        sa.UniqueConstraint("office_id", name=op.f("uq_asking_budget_office_id")),
    )
    op.create_table(
        "asking_day",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("office_id", sa.Uuid(), nullable=False),
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("seen", sa.Integer(), nullable=False),
        sa.Column("drawn", sa.Integer(), nullable=False),
        sa.Column("sent", sa.Integer(), nullable=False),
        sa.Column("answered", sa.Integer(), nullable=False),
        sa.Column("segments", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["office_id"], ["office.id"], name=op.f("fk_asking_day_office_id_office")),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], name=op.f("fk_asking_day_service_id_service")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_asking_day")),
        sa.UniqueConstraint("day", "office_id", "service_id", name=op.f("uq_asking_day_day_office_id_service_id")),
    )
    op.add_column("transaction", sa.Column("probability", sa.Float(), nullable=True))
    op.create_index("ix_transaction_received", "transaction", ["received_at"], postgresql_using="brin")
    op.add_column("invitation", sa.Column("noticed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("invitation", sa.Column("reminded_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index("ix_invitation_open", "invitation", ["sent_at"], postgresql_where=SENT, sqlite_where=SENT)
    op.create_index(
        "ix_invitation_answered", "invitation", ["answered_at"], postgresql_where=ANSWERED, sqlite_where=ANSWERED
    )
    op.create_index(
        "ix_outbound_message_survey", "outbound_message", ["created_at"], postgresql_where=SURVEY, sqlite_where=SURVEY
    )
    op.add_column("outbound_message", sa.Column("bulk", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_index(
        "ix_outbound_message_first", "outbound_message", ["due_at"], postgresql_where=FIRST, sqlite_where=FIRST
    )


def downgrade() -> None:
    """And without them."""
    op.drop_index("ix_outbound_message_first", table_name="outbound_message")
    with op.batch_alter_table("outbound_message") as table:
        table.drop_column("bulk")
    op.drop_index("ix_outbound_message_survey", table_name="outbound_message")
    op.drop_index("ix_invitation_answered", table_name="invitation")
    op.drop_index("ix_invitation_open", table_name="invitation")
    with op.batch_alter_table("invitation") as table:
        table.drop_column("reminded_at")
        table.drop_column("noticed_at")
    op.drop_index("ix_transaction_received", table_name="transaction")
    with op.batch_alter_table("transaction") as table:
        table.drop_column("probability")
    for name in ("asking_day", "asking_budget", "asking_plan"):
        op.drop_table(name)
