"""Audits are found by the index of them: a handful among millions of cases."""

from datetime import UTC, datetime

from sqlalchemy import text
from sqlmodel import col, select

from domain.case import Case, audited
from domain.states import AUDIT_SOURCES, IntakeSource
from tests.conftest import Installation


def test_audits_are_found_by_their_index(installation: Installation) -> None:
    query = select(Case.reference).where(audited(), col(Case.received_at) >= datetime(2026, 11, 1, tzinfo=UTC))
    with installation.database.read() as session:
        bind = session.get_bind()
        spelled = str(query.compile(bind, compile_kwargs={"literal_binds": True}))
        if bind.dialect.name == "postgresql":
            session.execute(text("SET LOCAL enable_seqscan = off"))  # the table is empty
            plan = session.execute(text(f"EXPLAIN {spelled}")).scalars().all()
        else:
            plan = [row[3] for row in session.execute(text(f"EXPLAIN QUERY PLAN {spelled}"))]
    assert "ix_case_audited" in "\n".join(plan)


def test_its_condition_names_every_source_of_audits() -> None:
    index = next(one for one in Case.__table__.indexes if one.name == "ix_case_audited")  # type: ignore[attr-defined]
    for dialect in ("postgresql", "sqlite"):
        condition = str(index.dialect_options[dialect]["where"])
        assert [source for source in IntakeSource if f"'{source}'" in condition] == list(AUDIT_SOURCES)
