"""Posted forms: read in one place, and from staff only when they come from our own page."""

from typing import Annotated

from fastapi import Depends, Request
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException

from api.auth import Staffed
from core.crypto import same
from core.errors import BadInput, NotAllowed


async def form_of(request: Request) -> dict[str, str]:
    """The posted form as text; the last value of a repeated field. Raises BadInput for what is no form."""
    form = await read_form(request)
    return {name: value for name, value in form.multi_items() if isinstance(value, str)}


async def read_form(request: Request, *, files: int = 0, fields: int = 100) -> FormData:
    """The posted form, with at most so many files and fields. Raises BadInput for a body that is none."""
    try:
        form = await request.form(max_files=files, max_fields=fields)
    except HTTPException as error:
        if error.status_code == 413:  # longer than the application takes; it has words for that
            raise
        raise BadInput("This form could not be read.", mend="Go back, reload the page and send it again.") from error
    except Exception as error:  # the parsers raise what they like on broken bodies
        raise BadInput("This form could not be read.", mend="Go back, reload the page and send it again.") from error
    if not files and any(isinstance(value, UploadFile) for value in form.values()):
        raise BadInput("This form takes no files.", mend="Describe it in words.")
    return form


Posted = Annotated[dict[str, str], Depends(form_of)]


def checked_form(staff: Staffed, form: Posted) -> dict[str, str]:
    """Dependency: the posted form of somebody signed in, sent from our own page. Raises NotAllowed."""
    if not same(form.get("csrf", ""), staff.csrf):
        raise NotAllowed("This form is from another session.", mend="Go back, reload the page, and send it again.")
    return form


Filled = Annotated[dict[str, str], Depends(checked_form)]


def text_of(form: FormData, name: str, limit: int = 2000) -> str:
    """A field as text, cut; a file is none."""
    value = form.get(name, "")
    return value[:limit] if isinstance(value, str) else ""
