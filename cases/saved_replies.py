"""Saved replies: which there are for a case, filled in for it, and how often each was sent.

Words are written with a few names in braces, none of which is the citizen's: `{reference}`, `{office}`, `{service}`,
`{place}`, `{date}` (today, there) and `{officer}`.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, or_, select

from core.errors import BadInput
from core.i18n import format_datetime
from core.settings import settings
from core.texts import clean
from domain.answer import SavedReply, SavedReplyVersion
from domain.case import Case
from domain.catalogue import Catalogue, catalogue, name_of
from domain.states import ReplyState
from domain.visibility import Viewer

VARIABLES: Mapping[str, str] = {
    "reference": "the case's reference",
    "office": "the office's name, in the citizen's language",
    "service": "the service's name, in the citizen's language",
    "place": "the place the case is about",
    "date": "today's date, as the citizen writes it",
    "officer": "your name",
}
_NAME = re.compile(r"\{([^{}]*)\}")
LONGEST = 1500
GAP = "…"
"""Stands where a case has no place or service, so that whoever picks the reply sees what is missing."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A saved reply as it would be sent to the citizen of a case: words by language, filled in."""

    id: UUID
    title: str
    bodies: Mapping[str, str]
    office_id: UUID
    service_id: UUID | None

    def body(self, language: str) -> tuple[str, str]:
        """The words in a language, else in the deployment's first, else in any; and which language that is."""
        for wanted in (language, *settings().languages):
            if wanted in self.bodies:
                return self.bodies[wanted], wanted
        return next(((body, other) for other, body in self.bodies.items()), ("", language))


def for_case(session: Session, case: Case, who: Viewer, now: datetime) -> list[Reply]:
    """Published replies of the case's office and those above it, for its service or for any: the nearest and most
    particular first."""
    known = catalogue(session)
    above = [office.id for office in known.chain(case.office_id)]
    rows = session.exec(
        select(SavedReply, SavedReplyVersion)
        .join(SavedReplyVersion, col(SavedReplyVersion.reply_id) == col(SavedReply.id))
        .where(
            col(SavedReplyVersion.state) == ReplyState.published,
            col(SavedReply.office_id).in_(above),
            or_(col(SavedReply.service_id).is_(None), col(SavedReply.service_id) == case.service_id),
        )
    ).all()
    ordered = sorted(
        rows, key=lambda row: (row[0].service_id is None, above.index(row[0].office_id), row[1].title.casefold())
    )
    return [
        Reply(
            reply.id,
            version.title,
            {
                language: fill(body, values_of(known, case, who, language, now))
                for language, body in version.bodies.items()
            },
            reply.office_id,
            reply.service_id,
        )
        for reply, version in ordered
    ]


def known(session: Session, reply_id: UUID | None) -> UUID | None:
    """The id, where there is such a reply."""
    return reply_id if reply_id is not None and session.get(SavedReply, reply_id) is not None else None


def values_of(known: Catalogue, case: Case, who: Viewer, language: str, now: datetime) -> Mapping[str, str]:
    """What stands for the names in braces."""
    service = known.services.get(case.service_id) if case.service_id else None
    return {
        "reference": case.reference,
        "office": known.name(case.office_id, language),
        "service": name_of(service, language) if service else GAP,
        "place": case.place or GAP,
        "date": format_datetime(now, language, settings().zone, "day"),
        "officer": who.name,
    }


def fill(body: str, values: Mapping[str, str]) -> str:
    """A text with its names in braces filled in; what is no such name stays as it is."""
    return _NAME.sub(lambda match: values.get(match[1].strip(), match[0]), body)


def check(title: str, bodies: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """Title and words, cleaned. Raises BadInput that names every fault with its field."""
    faults: dict[str, str] = {}
    title = clean(title)
    if not title:
        faults["title"] = "Give it a short name that you will find it by."
    elif len(title) > 80:
        faults["title"] = f"Shorten the name by {len(title) - 80} letters."
    kept = {language: words for language, body in bodies.items() if (words := clean(body))}
    if not kept:
        faults[f"body-{next(iter(bodies), 'en')}"] = "Write the words in at least one language."
    for language, words in kept.items():
        if fault := _fault(words):
            faults[f"body-{language}"] = fault
    if faults:
        raise BadInput("This reply cannot be kept yet.", mend="See what is marked.", fields=faults)
    return title, kept


def _fault(words: str) -> str:
    if len(words) > LONGEST:
        return f"Shorten it by {len(words) - LONGEST} letters: it must fit into one answer."
    unknown = [name for name in _NAME.findall(words) if name.strip() not in VARIABLES]
    if unknown:
        said = ", ".join("{" + name + "}" for name in dict.fromkeys(unknown))
        offered = ", ".join("{" + name + "}" for name in VARIABLES)
        return f"There is nothing to put in for {said}. You can use {offered}."
    bare = _NAME.sub("", words)
    if "{" in bare or "}" in bare:
        return "A brace is not closed, or not opened."
    return ""


def pick(replies: Sequence[Reply], wanted: str) -> Reply | None:
    """The reply with an id as a form names it."""
    return next((reply for reply in replies if str(reply.id) == wanted), None)
