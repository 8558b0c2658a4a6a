"""The field in which a cause is named: what it offers, and what was typed. For every form that asks why."""

from collections.abc import Mapping
from datetime import datetime

from sqlmodel import Session

from api.auth import SignedIn
from domain.cause import Cause
from domain.visibility import Viewer
from reviews import causes

OFFERED = 60
"""Names that a browser offers by itself; `causes.js` asks for what is like the letters typed."""
FIELD, ANOTHER = "cause", "another"


def offered(session: Session, who: Viewer, language: str) -> list[str]:
    """Names of the causes used most, for `cause_part.html`."""
    return [causes.name_of(one, language) for one in causes.suggest(session, who, "", limit=OFFERED)]


def typed(session: Session, staff: SignedIn, form: Mapping[str, str], now: datetime) -> Cause | None:
    """The cause a form names; None where it names none. Raises BadInput (`fields`: cause), also where one much like
    it is there: then the form shows a box to tick that this is another one."""
    name = form.get(FIELD, "").strip()
    if not name:
        return None
    return causes.named(session, staff.viewer, name, staff.language, now, sure=form.get(ANOTHER) == "yes")


def asks(errors: Mapping[str, str]) -> bool:
    """Whether the form has to ask if it is another cause than the one that is much like it."""
    return "already" in errors.get(FIELD, "")
