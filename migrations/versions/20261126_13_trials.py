"""trials

Revision 614e6d1f4076, after 603d5c0e3f65; made 2026-11-26.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "614e6d1f4076"
down_revision: str | None = "603d5c0e3f65"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    """Trials and who is in which arm."""
    op.create_table(
        "trial",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("hypothesis", sa.String(), nullable=False),
        sa.Column("moment", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("secondary", JSON, nullable=False),
        sa.Column("population", JSON, nullable=False),
        sa.Column("arms", JSON, nullable=False),
        sa.Column("base", sa.Float(), nullable=False),
        sa.Column("spread", sa.Float(), nullable=True),
        sa.Column("response", sa.Float(), nullable=False),
        sa.Column("effect", sa.Float(), nullable=False),
        sa.Column("alpha", sa.Float(), nullable=False),
        sa.Column("power", sa.Float(), nullable=False),
        sa.Column("planned", sa.Integer(), nullable=False),
        sa.Column("looks", sa.Integer(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("seed", sa.String(), nullable=False),
        sa.Column("protocol", sa.String(), nullable=False),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("registered_by", sa.Uuid(), nullable=True),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_by", sa.Uuid(), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("entered", sa.Integer(), nullable=False),
        sa.Column("results", JSON, nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stopped", sa.Text(), nullable=True),
        sa.Column("end_reason", sa.String(), nullable=True),
        sa.Column("ended_by", sa.Uuid(), nullable=True),
        sa.Column("promoted_arm", sa.Integer(), nullable=True),
        sa.Column("promoted_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["registered_by"], ["staff.id"], name=op.f("fk_trial_registered_by_staff")),
        sa.ForeignKeyConstraint(["confirmed_by"], ["staff.id"], name=op.f("fk_trial_confirmed_by_staff")),
        sa.ForeignKeyConstraint(["ended_by"], ["staff.id"], name=op.f("fk_trial_ended_by_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trial")),
    )
    with op.batch_alter_table("trial", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_trial_starts_at"), ["starts_at"], unique=False)
    op.create_table(
        "trial_assignment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("trial_id", sa.Uuid(), nullable=False),
        sa.Column("citizen_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("stratum", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("arm", sa.Integer(), nullable=False),
        sa.Column("invitation_id", sa.Uuid(), nullable=True),
        sa.Column("solved_id", sa.Uuid(), nullable=True),
        sa.Column("reminder_id", sa.Uuid(), nullable=True),
        sa.Column("assigned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["trial_id"], ["trial.id"], name=op.f("fk_trial_assignment_trial_id_trial")),
        sa.ForeignKeyConstraint(["citizen_id"], ["citizen.id"], name=op.f("fk_trial_assignment_citizen_id_citizen")),
        sa.ForeignKeyConstraint(
            ["invitation_id"], ["invitation.id"], name=op.f("fk_trial_assignment_invitation_id_invitation")
        ),
        sa.ForeignKeyConstraint(
            ["solved_id"], ["solved_question.id"], name=op.f("fk_trial_assignment_solved_id_solved_question")
        ),
        sa.ForeignKeyConstraint(
            ["reminder_id"], ["reminder.id"], name=op.f("fk_trial_assignment_reminder_id_reminder")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trial_assignment")),
        sa.UniqueConstraint("trial_id", "citizen_id", name=op.f("uq_trial_assignment_trial_id_citizen_id")),
        sa.UniqueConstraint("trial_id", "number", name=op.f("uq_trial_assignment_trial_id_number")),
        sa.UniqueConstraint(
            "trial_id", "stratum", "position", name=op.f("uq_trial_assignment_trial_id_stratum_position")
        ),
    )
    with op.batch_alter_table("trial_assignment", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_trial_assignment_citizen_id"), ["citizen_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_trial_assignment_invitation_id"), ["invitation_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_trial_assignment_reminder_id"), ["reminder_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_trial_assignment_solved_id"), ["solved_id"], unique=False)


def downgrade() -> None:
    """And without them."""
    op.drop_table("trial_assignment")
    op.drop_table("trial")
