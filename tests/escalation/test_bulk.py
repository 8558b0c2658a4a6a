"""Rows written in bulk come back as they were given, whatever their texts hold."""

from datetime import UTC, datetime

import pytest
from sqlmodel import select

from core.ids import new_id
from domain.clock import Notice
from escalation.bulk import insert_rows, update_rows
from tests.conftest import Installation
from tests.escalation.world import build

NOON = datetime(2026, 3, 2, 12, 0, 0, 123456, tzinfo=UTC)
TEXTS = ['"', "\\", '\\"', "{a,b}", "NULL", "", " ", "line\nline\ttab", "মানুষ", "😀", "'; DROP TABLE notice; --", "%s"]


@pytest.mark.parametrize("once", [False, True])
def test_texts_survive(installation: Installation, once: bool) -> None:
    with installation.database.write() as session:
        staff_id = build(session).staff["olga"]
        table = Notice.__table__  # type: ignore[attr-defined]
        columns = ("id", "staff_id", "case_id", "dedupe_key", "text", "at")
        rows = [(new_id(), staff_id, None, str(number), text, NOON) for number, text in enumerate(TEXTS)]
        insert_rows(session.connection(), table, columns, rows, once=once)
        if once:
            insert_rows(session.connection(), table, columns, [(new_id(), *row[1:]) for row in rows], once=True)
        assert sorted(session.exec(select(Notice.text))) == sorted(TEXTS)
        assert set(session.exec(select(Notice.at))) == {NOON}
        update_rows(
            session.connection(), table, ("id", "text", "read_at"), [(row[0], row[4] * 2, None) for row in rows]
        )
        session.expire_all()
        assert sorted(session.exec(select(Notice.text))) == sorted(text * 2 for text in TEXTS)
        insert_rows(session.connection(), table, columns, [])
