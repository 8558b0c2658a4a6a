"""The words every case is found by, written in the transaction that writes what they are taken from.

PostgreSQL keeps them as a `tsvector` of our own words, in order, under a GIN index; SQLite as the same words with
spaces between them, which FTS5 indexes by triggers. On PostgreSQL the vector also says whose case it is (`scopes`):
else a common word would have to be looked up in a million cases to find the few hundred of one office. That only
narrows; what may be seen is decided by `domain.visibility` alone.
"""

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from sqlalchemy import DDL, Connection, Index, Text, event, inspect, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session
from sqlmodel import Field, SQLModel

from domain.case import Case
from domain.states import CaseState
from nlp.indexing import sought, terms

_LAST_POSITION = 16383
"""PostgreSQL keeps no higher one."""
MOST_WORDS = 4000
"""Different words of one case that count: PostgreSQL keeps a megabyte, and no message may fail for those before it."""
_SCOPED = ("office_id", "pending_office_id", "assignee_id", "state")
FTS = "case_words_fts"


class CaseWords(SQLModel, table=True):
    """The words of one case. `number` is how FTS5 knows it."""

    __tablename__ = "case_words"
    __table_args__ = (Index("ix_case_words_words", "words", postgresql_using="gin").ddl_if(dialect="postgresql"),)

    number: int | None = Field(default=None, primary_key=True)
    case_id: UUID = Field(foreign_key="case.id", unique=True)
    words: str = Field(sa_type=Text().with_variant(postgresql.TSVECTOR(), "postgresql"))


# ruff: noqa: S608  (our own names)
# every mark belongs to its word (else Bengali is cut at its vowel signs), and so do emoji; the folding is done already
SQLITE = (
    f"CREATE VIRTUAL TABLE {FTS} USING fts5(words, content='case_words', content_rowid='number', prefix='2 3', "
    "tokenize=\"unicode61 remove_diacritics 0 categories 'L* N* Co M* S* Pc'\")",
    f"CREATE TRIGGER case_words_added AFTER INSERT ON case_words BEGIN "
    f"INSERT INTO {FTS}(rowid, words) VALUES (new.number, new.words); END",
    f"CREATE TRIGGER case_words_gone AFTER DELETE ON case_words BEGIN "
    f"INSERT INTO {FTS}({FTS}, rowid, words) VALUES ('delete', old.number, old.words); END",
    f"CREATE TRIGGER case_words_changed AFTER UPDATE ON case_words BEGIN "
    f"INSERT INTO {FTS}({FTS}, rowid, words) VALUES ('delete', old.number, old.words); "
    f"INSERT INTO {FTS}(rowid, words) VALUES (new.number, new.words); END",
)
"""What SQLite needs beside the table."""
for _statement in SQLITE:
    event.listen(CaseWords.__table__, "after_create", DDL(_statement.replace("%", "%%")).execute_if(dialect="sqlite"))  # type: ignore[attr-defined, no-untyped-call]

_POSTGRESQL_WRITE = text(
    "INSERT INTO case_words (case_id, words) VALUES (:case_id, CAST(:added AS tsvector) || CAST(:scope AS tsvector)) "
    # whose it was goes, and whose it is comes behind the words: so these keep their places
    "ON CONFLICT (case_id) DO UPDATE SET words = ts_filter(case_words.words, '{d}') "
    f"|| CASE WHEN length(case_words.words) < {MOST_WORDS} THEN CAST(:added AS tsvector) ELSE ''::tsvector END "
    "|| CAST(:scope AS tsvector)"
)
_SQLITE_WRITE = text(
    "INSERT INTO case_words (case_id, words) VALUES (:case_id, :added) "
    "ON CONFLICT (case_id) DO UPDATE SET words = case_words.words || ' ' || excluded.words"
)


def scope_of_office(office_id: UUID) -> str:
    """What the vector of a case says that an office has it, or is offered it."""
    return f"o:{office_id.hex}"


def scope_of_staff(staff_id: UUID) -> str:
    """What the vector of a case says that somebody is on it."""
    return f"a:{staff_id.hex}"


SCOPE_OF_TRIAGE = "t:"


def scopes(case: Case) -> list[str]:
    """Whose a case is: a superset of all that `domain.visibility` asks of it, but what it is about."""
    found = [scope_of_office(case.office_id)]
    if case.pending_office_id is not None:
        found.append(scope_of_office(case.pending_office_id))
    if case.assignee_id is not None:
        found.append(scope_of_staff(case.assignee_id))
    if case.state == CaseState.triage:
        found.append(SCOPE_OF_TRIAGE)
    return found


def of_case(case: Case) -> list[str]:
    """What a case is found by before anybody said a word: its reference and its place."""
    return [*sought(case.reference), *terms(case.place or "")]


def capped(found: Sequence[str]) -> list[str]:
    """The words up to the last that still counts."""
    known: set[str] = set()
    kept: list[str] = []
    for word in found:
        known.add(word)
        if len(known) > MOST_WORDS:
            break
        kept.append(word)
    return kept


def vector(found: Sequence[str], weight: str = "") -> str:
    """Words in order, as PostgreSQL writes a `tsvector`."""
    quoted = (word.replace("\\", "\\\\").replace("'", "''") for word in found)
    return " ".join(f"'{word}':{min(at, _LAST_POSITION)}{weight}" for at, word in enumerate(quoted, 1))


def follow(
    session: Session, fresh: Iterable[Case], changed: Iterable[Case], said: Mapping[UUID, Sequence[str]]
) -> None:
    """Write what a flush has brought: new cases, cases that went elsewhere, words that were said."""
    added: dict[UUID, list[str]] = {case.id: of_case(case) for case in fresh}
    cases = {case.id: case for case in fresh}
    for case in changed:
        known = inspect(case).attrs
        if known["place"].history.has_changes():
            added.setdefault(case.id, []).extend(terms(case.place or ""))
        if any(known[name].history.has_changes() for name in _SCOPED):
            added.setdefault(case.id, [])
        cases[case.id] = case
    for case_id, texts in said.items():
        found = added.setdefault(case_id, [])
        for one in texts:
            found.extend(terms(one))
    with session.no_autoflush:
        told = [(cases.get(case_id) or session.get_one(Case, case_id), found) for case_id, found in added.items()]
    # in one order everywhere, so that two who write the same cases wait for each other instead of for ever
    write(session.connection(), sorted(told, key=lambda one: one[0].id))


def write(connection: Connection, added: Iterable[tuple[Case, Sequence[str]]]) -> None:
    """Add words to cases, and bring in line whose they are."""
    if connection.dialect.name == "postgresql":
        rows = [
            {"case_id": case.id, "scope": vector(scopes(case), "A"), "added": vector(capped(found))}
            for case, found in added
        ]
        if rows:
            connection.execute(_POSTGRESQL_WRITE, rows)
        return
    plain = [{"case_id": case.id.hex, "added": " ".join(found)} for case, found in added if found]
    if plain:
        connection.execute(_SQLITE_WRITE, plain)
