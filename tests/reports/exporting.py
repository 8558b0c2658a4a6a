"""Cases to export, and what came of it."""

import csv
import io

import pytest

from core import streams
from domain.export import Export, ExportFormat, ExportKind, ExportState
from domain.states import CaseState, EntryKind
from domain.timeline import append
from reports.exports import asking, making
from reports.exports.asking import Asker
from reports.exports.choice import Choice
from tests.builders import NOW, Government, government, plain_case
from tests.conftest import Installation

HIDDEN = "about the head"
SECRET = "kept for integrity"


@pytest.fixture
def governed(installation: Installation) -> Government:
    """Six cases: two of WAT1, one of CIV1, one about WAT1's conduct, one for integrity, one of the triage desk."""
    with installation.database.write() as session:
        known = government(session)
        for office, values in (
            ("WAT1", {"text": "Call me on 069 123 4567, my name is Arta Hoxha"}),
            ("WAT1", {"text": "=1+1", "channel": "sms", "state": CaseState.closed, "closed_at": NOW}),
            ("CIV1", {"text": "Passport", "service_id": known.service["passport"]}),
            ("CIV1", {"text": HIDDEN, "about_office_id": known.office["WAT1"]}),
            ("INTEG", {"text": SECRET, "integrity": True}),
            ("TRIAGE", {"text": "Whose is it?", "state": CaseState.triage}),
        ):
            case = plain_case(known, office, **values)
            append(session, case, EntryKind.received, NOW, actor="citizen", public=True, body={"text": case.text})
            append(session, case, EntryKind.noted, NOW, actor=str(known.staff["officer1"]), body={"text": "for us"})
            session.add(case)
    return known


def asker_of(known: Government, name: str) -> Asker:
    return Asker(known.staff[name], None, name)


def made(known: Government, name: str, kind: str = "cases", file: str = "csv", choice: Choice = Choice()) -> Export:  # noqa: B008
    """An export of somebody's, made."""
    from core.database import database

    with database().write() as session:
        row = asking.ask(session, asker_of(known, name), ExportKind(kind), ExportFormat(file), choice, NOW)
    assert making.make_due(lambda: NOW) == 1
    with database().read() as session:
        return session.get_one(Export, row.id)


def bytes_of(row: Export) -> bytes:
    assert row.state == ExportState.done, (row.state, row.problem)
    whole = b"".join(streams.read(row.id))
    assert len(whole) == row.size
    return whole


def lines(row: Export) -> list[dict[str, str]]:
    found = list(csv.DictReader(io.StringIO(bytes_of(row).decode("utf-8-sig"), newline="")))
    assert len(found) == row.rows
    return found
