"""Cases: one matter a citizen raised."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import BindParameter, ColumnElement, Index, Text, bindparam, false, text
from sqlmodel import Field, col

from channels.values import Channel
from core.types import Json, UtcDateTime
from domain.base import Row
from domain.states import AUDIT_SOURCES, CaseKind, CaseState, IntakeSource, LeadLink, Nature, Outcome, Urgency

_AUDITED = text("source IN (" + ", ".join(f"'{source}'" for source in AUDIT_SOURCES) + ")")


class Case(Row, table=True):
    """One matter, with the office that is accountable for it from its first second to its last.

    `received_at` starts the silence. `timeline_length` and `timeline_head` are the end of its chain and serve as its
    version. `integrity` cases are seen by the integrity office alone; `about_office_id` and `about_staff_id` shut the
    accused out. A transfer names `pending_office_id`; until that office accepts, `office_id` stays accountable.
    `lead_id` is the case this one is `lead_link` of. `appealed_at` is when its citizen took it to the office above.
    `urgency` is why it cannot wait; `nature` what else it is than a matter to answer. `source` is who
    put it in and how; `confidential` hides who the citizen is from the office.
    `triage_by` reads it at the triage desk until `triage_until`, and nobody else meanwhile.
    `location` has `latitude` and `longitude` in degrees (WGS 84). `due_at` is the first deadline of its running clocks,
    kept by `domain.clock`; `reopened_at` when it was last opened again, kept by `domain.timeline`.
    """

    __tablename__ = "case"
    __table_args__ = (
        Index("ix_case_office_state", "office_id", "state"),
        Index("ix_case_contact_opened", "contact_point_id", "opened_at"),
        Index("ix_case_opened", "opened_at"),
        Index("ix_case_assignee_state", "assignee_id", "state"),
        Index("ix_case_assignee_opened", "assignee_id", "opened_at"),
        Index("ix_case_due", "due_at", "id"),
        # else a planner that sees few open cases among a million looks for them everywhere but at the front
        Index(
            "ix_case_waiting", "due_at", "id", postgresql_where=text("state IN ('triage', 'open', 'waiting')")
        ).ddl_if(dialect="postgresql"),
        # a handful among millions: see `audited`
        Index("ix_case_audited", "received_at", postgresql_where=_AUDITED, sqlite_where=_AUDITED),
    )

    reference: str = Field(unique=True, max_length=9)
    kind: CaseKind = Field(default=CaseKind.complaint, sa_type=Text)
    state: CaseState = Field(sa_type=Text)
    channel: Channel = Field(sa_type=Text)
    language: str
    text: str
    place: str | None = None
    source: IntakeSource = Field(
        default=IntakeSource.citizen, sa_type=Text, sa_column_kwargs={"server_default": "citizen"}
    )
    book_page_id: UUID | None = Field(default=None, foreign_key="book_page.id", index=True)
    confidential: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    location: dict[str, float] | None = Field(default=None, sa_type=Json, nullable=True)
    citizen_id: UUID | None = Field(default=None, foreign_key="citizen.id")
    contact_point_id: UUID | None = Field(default=None, foreign_key="contact_point.id")
    office_id: UUID = Field(foreign_key="office.id")
    service_id: UUID | None = Field(default=None, foreign_key="service.id")
    assignee_id: UUID | None = Field(default=None, foreign_key="staff.id")
    integrity: bool = False
    about_office_id: UUID | None = Field(default=None, foreign_key="office.id")
    about_staff_id: UUID | None = Field(default=None, foreign_key="staff.id")
    routing_method: str
    routing_reason: str
    routing_confidence: float | None = None
    routing_model: str | None = None
    routing_suggestions: list[dict[str, object]] = Field(default_factory=list, sa_type=Json)
    hops: int = 0
    pending_office_id: UUID | None = Field(default=None, foreign_key="office.id", index=True)
    lead_id: UUID | None = Field(default=None, foreign_key="case.id", index=True)
    lead_link: LeadLink | None = Field(default=None, sa_type=Text)
    urgency: Urgency | None = Field(default=None, sa_type=Text)
    nature: Nature | None = Field(default=None, sa_type=Text)
    triage_by: UUID | None = Field(default=None, foreign_key="staff.id")
    triage_until: datetime | None = Field(default=None, sa_type=UtcDateTime, nullable=True)
    invitation_id: UUID | None = Field(default=None, foreign_key="invitation.id")
    outcome: Outcome | None = Field(default=None, sa_type=Text)
    received_at: datetime = Field(sa_type=UtcDateTime)
    opened_at: datetime = Field(sa_type=UtcDateTime)
    first_response_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    first_response_templated: bool = False
    closed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    due_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    reopened_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    appealed_at: datetime | None = Field(default=None, sa_type=UtcDateTime, nullable=True)
    updated_at: datetime = Field(sa_type=UtcDateTime, index=True)
    timeline_length: int = 0
    timeline_head: str = ""


def audited() -> ColumnElement[bool]:
    """SQL predicate over `Case`: what the government found out about itself, in the words the index of it is made of.

    SQLite takes a partial index only where the query spells its condition, so the values are written out.
    """
    sources: BindParameter[Sequence[str]] = bindparam(
        "audit_sources", AUDIT_SOURCES, expanding=True, literal_execute=True
    )
    return col(Case.source).in_(sources)
