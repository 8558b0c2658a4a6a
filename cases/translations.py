"""A citizen's words in the language of who works on them, made by a machine and kept beside the original.

Only where a translator is set, only when somebody asks, and never for a case of integrity, one in confidence or one
about somebody's conduct: those words leave for nobody. Of others, contact details and names are struck out first.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, select

from cases import history
from cases.persons import Redactor
from cases.rights import works_on
from channels import translator
from core.database import database
from core.errors import Conflict, NotAllowed
from core.ids import new_id
from core.settings import settings
from domain.answer import Translation
from domain.case import Case
from domain.states import EntryKind
from domain.timeline import TimelineEntry
from domain.visibility import Viewer

THEIRS = frozenset({EntryKind.received, EntryKind.citizen_wrote, EntryKind.edited, EntryKind.transcribed})
"""Entries whose words are the citizen's."""


def offered(case: Case, language: str) -> bool:
    """Whether a translation of a case into a language may be asked for at all."""
    private = case.integrity or case.confidential or case.about_office_id is not None or case.about_staff_id is not None
    return bool(settings().translator_url) and not private and case.language != language


def of_case(session: Session, case: Case, entries: Sequence[TimelineEntry], language: str) -> Mapping[int, str]:
    """What was translated, by the number of its entry; not what was changed since."""
    if not offered(case, language):
        return {}
    rows = session.exec(
        select(Translation).where(col(Translation.case_id) == case.id, col(Translation.language) == language)
    ).all()
    words = {number: digest(text) for number, text in _words(entries)}
    return {row.entry: row.text for row in rows if words.get(row.entry) == row.original}


def missing(entries: Sequence[TimelineEntry], have: Mapping[int, str]) -> bool:
    """Whether some words of the citizen's are not translated yet."""
    return any(number not in have for number, _ in _words(entries))


def translate(who: Viewer, reference: str, language: str, now: datetime) -> int:
    """Translate what is not translated yet; gives how many texts. No connection is held while the translator is asked.

    Raises:
        TranslatorAway: nobody translates now; what was translated before that is kept.
        Conflict: this case is not translated.
    """
    with database().read() as session:
        case = history.load(session, who, reference)
        if not works_on(case, who):
            raise NotAllowed("You may read this case but not work on it.", mend="Ask the office that has it.")
        if not offered(case, language):
            raise Conflict("This case is not given to a translator.", mend="Ask a colleague who reads it.")
        entries = history.timeline(session, case)
        have = of_case(session, case, entries, language)
        without = Redactor(session)
        wanted = [
            (number, text, without.words(text, case.office_id, case.citizen_id))
            for number, text in _words(entries)
            if number not in have
        ]
    current = settings()
    for number, text, shown in wanted:
        done = translator.translate(
            shown, case.language, language, url=current.translator_url, key=current.translator_key
        )
        with database().write() as session:
            _keep(session, case, number, language, text, done, now)
    return len(wanted)


def digest(text: str) -> str:
    """Names a text, so that its translation is not shown beside another."""
    return hashlib.sha256(text.encode()).hexdigest()


def _words(entries: Sequence[TimelineEntry]) -> list[tuple[int, str]]:
    found = ((entry.number, str(entry.body.get("text") or "").strip()) for entry in entries if entry.kind in THEIRS)
    return [(number, text) for number, text in found if text]


def _keep(session: Session, case: Case, number: int, language: str, original: str, text: str, now: datetime) -> None:
    values = {"original": digest(original), "text": text, "at": now}
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    session.execute(
        dialect.insert(Translation)
        .values(id=new_id(), case_id=case.id, entry=number, language=language, **values)
        .on_conflict_do_update(index_elements=["case_id", "entry", "language"], set_=values)
    )
