"""Saved replies of the sample government, and what each answer of its history was worth."""

import tomllib
from datetime import datetime, timedelta
from importlib import resources
from uuid import UUID

from cases.templated import fold
from cli.sample.rows import Rows
from core.ids import new_id
from domain.answer import GivenAnswer, SavedReply, SavedReplyVersion
from domain.office import Office
from domain.staff import StaffRole
from domain.states import EntryKind, ReplyState, Templated
from domain.timeline import TimelineEntry

AGE = timedelta(days=120)
"""The replies are older than the history."""


def write(rows: Rows, now: datetime) -> None:
    """Gather the replies, and a row for every answer among the gathered timelines."""
    given = tomllib.loads((resources.files("cli.sample") / "data" / "replies.toml").read_text("utf-8"))["reply"]
    offices: dict[str, UUID] = {row.code: row.id for row in rows.of(Office)}
    people = [role.staff_id for role in rows.of(StaffRole)]
    made: list[UUID] = []
    for one in given:
        office = offices[one["office"]]
        here = [role.staff_id for role in rows.of(StaffRole) if role.office_id == office] or people
        other = next(person for person in people if person != here[0])
        reply = rows.add(SavedReply, id=new_id(), office_id=office, created_at=now - AGE)
        made.append(reply.id)
        rows.add(
            SavedReplyVersion,
            reply_id=reply.id,
            number=1,
            state=ReplyState.published,
            title=one["title"],
            bodies={language: text for language, text in one.items() if language not in ("title", "office")},
            written_by=here[0],
            written_at=now - AGE,
            published_by=other,
            published_at=now - AGE,
        )
    for entry in rows.of(TimelineEntry):
        if entry.kind == EntryKind.answered and entry.actor not in ("system", "citizen"):
            saved = bool(entry.body.get("templated"))
            rows.add(
                GivenAnswer,
                case_id=entry.case_id,
                entry=entry.number,
                staff_id=UUID(entry.actor),
                office_id=entry.office_id,
                at=entry.at,
                words=fold(str(entry.body["text"])),
                templated=Templated.saved if saved else None,
                reply_id=made[0] if saved else None,
            )
