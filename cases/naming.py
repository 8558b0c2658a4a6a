"""How an office is called to a citizen: phones are shared, and are looked at."""

from core.settings import settings
from domain.case import Case
from domain.catalogue import Catalogue


def called(known: Catalogue, case: Case, language: str) -> str:
    """The name of the office that has a case, in words for its citizen. What integrity has is told of as the
    government's own: no message says that somebody was accused."""
    return settings().government if case.integrity else known.name(case.office_id, language)
