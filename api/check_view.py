"""Calls that check whether it is solved, as the list of call-backs shows them."""

from collections.abc import Mapping
from uuid import UUID

from sqlmodel import Session

from cases import checks
from channels.phones import readable
from core.texts import shorten
from domain.catalogue import catalogue
from domain.closing import SolvedState
from domain.visibility import Viewer


def waiting(session: Session, who: Viewer, shown: Mapping[UUID, str]) -> list[dict[str, object]]:
    """Calls to be made, as the page lists them; `shown` are numbers just looked at, by call."""
    known = catalogue(session)
    return [
        {
            "id": str(one.check.id),
            "reference": one.case.reference,
            "title": shorten(one.case.text, 120),
            "language": one.case.language,
            "office": known.name(one.question.office_id),
            "closed_at": one.question.closed_at,
            "said": "yes" if one.question.state == SolvedState.yes else "",
            "hint": one.contact.hint.lstrip("…"),
            "number": readable(shown[one.check.id]) if one.check.id in shown else "",
            "dial": shown.get(one.check.id, ""),
            "version": one.case.timeline_length,
            "tries": len(one.check.tries),
        }
        for one in checks.waiting(session, who)
    ]
