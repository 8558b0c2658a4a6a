"""Pictures of a report that is being written, and of a case that is known already."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request
from sqlmodel import Session
from starlette.datastructures import UploadFile

from api.forms import read_form
from cases import attachments
from channels.forms import N_
from channels.values import Channel
from core.database import database
from core.errors import BadInput
from core.settings import settings
from domain.attachment import AttachmentState

TOO_BIG = N_("This file is too big. Choose a smaller one, or take the picture with fewer pixels.")


@dataclass(frozen=True, slots=True)
class File:
    """One uploaded file: its name as the person's device has it, and its bytes."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Form:
    """A form with files: its fields as text, and what was chosen."""

    fields: Mapping[str, str]
    files: Sequence[File]


async def uploaded_form(request: Request) -> Form:
    """Dependency: a posted form that may have files in its field `file`. Raises BadInput for what is no form."""
    return await form_with_files(request)


async def form_with_files(request: Request, *, most_fields: int = 100) -> Form:
    """The same for forms with more fields than most."""
    most = settings().attachment_count
    form = await read_form(request, files=max(1, most * 2), fields=most_fields)
    fields: dict[str, str] = {}
    found: list[File] = []
    for name, value in form.multi_items():
        if isinstance(value, UploadFile):
            # one byte more than fits shows that it does not, without reading what is beyond
            data = await value.read(settings().attachment_limit_bytes + 1)
            if name == "file" and (data or value.filename):
                found.append(File(value.filename or "", data))
        else:
            fields[name] = value
    await form.close()
    return Form(fields, found)


Uploaded = Annotated[Form, Depends(uploaded_form)]


@dataclass(frozen=True, slots=True)
class Kept:
    """An upload as the page lists it."""

    id: str
    name: str
    kind: str
    size: int
    waiting: bool


def kept(session: Session, upload_key: str) -> list[Kept]:
    """What was uploaded for a form so far."""
    return [
        Kept(str(one.id), one.name, one.kind, one.size or 0, one.state == AttachmentState.waiting)
        for one in attachments.uploads(session, upload_key)
    ]


def keep(upload_key: str, files: Sequence[File], now: datetime, channel: Channel = Channel.web) -> dict[str, str]:
    """Keep what was chosen; what cannot be kept is said under `file`, and costs the others nothing."""
    wrong: list[str] = []
    for file in files:
        if len(file.data) > settings().attachment_limit_bytes:
            wrong.append(TOO_BIG)
            continue
        try:
            with database().write() as session:
                attachments.keep_upload(
                    session, data=file.data, name=file.name, upload_key=upload_key, channel=channel, now=now
                )
        except BadInput as error:
            wrong.append(error.fields.get("file") or error.message)
    return {"file": wrong[0]} if wrong else {}


def remove(upload_key: str, attachment_id: str) -> None:
    """Take one upload away again; what is no id, or gone already, is no matter."""
    try:
        wanted = UUID(attachment_id)
    except ValueError:
        return
    with database().write() as session:
        attachments.drop_upload(session, upload_key, wanted)


def room() -> int:
    """How many files a report takes."""
    return settings().attachment_count
