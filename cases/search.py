"""Finding cases by their words: what somebody typed as a question to the index, and why a case was found.

A question is words that must all be there, "phrases in quotes", and -words that must not be. The last word may be the
beginning of one.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from rapidfuzz import process
from rapidfuzz.distance import DamerauLevenshtein
from sqlalchemy import ColumnElement, and_, bindparam, cast, false, literal, literal_column, not_, text, true
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlmodel import Session, col, select

from domain.case import Case
from domain.timeline import SEARCHED, TimelineEntry, searched
from domain.visibility import Viewer, visible
from domain.words import FTS, SCOPE_OF_TRIAGE, CaseWords, scope_of_office, scope_of_staff
from nlp.indexing import sought
from nlp.tokens import pieces

_PART = re.compile(r'(-?)(?:"([^"]*)"?|(\S+))')
_ALONE = "search_alone"
MOST_PARTS = 12
MOST_OFFICES = 60
"""Offices up to which a question names them; whoever has more sees so much that it narrows nothing."""
NEWEST = 2000
"""Cases whose words are looked through for the one that was meant."""
BEFORE, AFTER = 50, 130
"""Characters shown before and after the first word that was found."""


@dataclass(frozen=True, slots=True)
class Part:
    """Words in a row. `begins`: the last may be the beginning of one."""

    words: tuple[str, ...]
    begins: bool = False
    unwanted: bool = False


def read(typed: str) -> tuple[Part, ...]:
    """What is asked for, in parts."""
    found = []
    for match in list(_PART.finditer(typed))[:MOST_PARTS]:
        minus, quoted, plain = match.groups()
        words = tuple(sought(quoted if quoted is not None else plain))
        if words:
            last = match.end() == len(typed.rstrip()) and plain is not None and not minus
            found.append(Part(words, last and (len(words[-1]) > 1 or not words[-1].isascii()), bool(minus)))
    return tuple(found)


def matching(session: Session, who: Viewer, asked: Sequence[Part]) -> ColumnElement[bool]:
    """SQL predicate over `Case`: its words are those asked for. What holds no words is found nowhere."""
    if not asked:
        return false()
    wanted = [part for part in asked if not part.unwanted]
    unwanted = [part for part in asked if part.unwanted]
    if session.get_bind().dialect.name == "postgresql":
        if not session.info.get(_ALONE):  # a page of sixty is there before a parallel worker has started
            session.execute(text("SET LOCAL max_parallel_workers_per_gather = 0"))
            session.info[_ALONE] = True
        ask, is_in, scope = _tsquery, _in_postgresql, _scope(who)
    else:
        ask, is_in, scope = _match, _in_sqlite, ""
    joined = " & " if is_in is _in_postgresql else " AND "
    found: list[ColumnElement[bool]] = []
    if wanted:
        found.append(is_in(joined.join(([scope] if scope else []) + [ask(part) for part in wanted])))
    found += [not_(is_in(ask(part))) for part in unwanted]
    return and_(true(), *found)


def _in_postgresql(query: str) -> ColumnElement[bool]:
    # as a literal: how common the words are decides the way to them, and a prepared statement would be blind to it
    asked = col(CaseWords.words).op("@@")(cast(literal(query, literal_execute=True), TSQUERY))
    return col(Case.id).in_(select(CaseWords.case_id).where(asked))


def _in_sqlite(query: str) -> ColumnElement[bool]:
    asked = text(f"case_words.number IN (SELECT rowid FROM {FTS} WHERE {FTS} MATCH :asked)")  # noqa: S608
    asked = asked.bindparams(bindparam("asked", query, unique=True))
    return col(Case.id).in_(select(CaseWords.case_id).where(asked))


def _tsquery(part: Part) -> str:
    quoted = [_quoted(word) for word in part.words]
    return "(" + " <-> ".join([*quoted[:-1], quoted[-1] + (":*" if part.begins else "")]) + ")"


def _quoted(word: str) -> str:
    escaped = word.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"


def _match(part: Part) -> str:
    phrase = " ".join(word.replace('"', "") for word in part.words)
    return f'("{phrase}"{" *" if part.begins else ""})'


def _scope(who: Viewer) -> str:
    """Whose cases a viewer may see, so that a common word is not looked up in everybody's; nothing for who sees most.

    A superset of `domain.visibility.visible`, which decides.
    """
    if who.offices is None or len(who.offices) + len(who.integrity_offices) > MOST_OFFICES:
        return ""
    theirs = [scope_of_office(office) for office in sorted(who.offices | who.integrity_offices)]
    theirs += [scope_of_staff(who.staff_id)] if who.staff_id is not None else []
    theirs += [SCOPE_OF_TRIAGE] if who.triage else []
    return "(" + " | ".join(map(_quoted, theirs)) + ")" if theirs else ""


def meant(session: Session, who: Viewer, typed: str) -> str:
    """The question with words that stand in nothing this person may see put right; empty where nothing is near.

    Only the words of the newest cases they may see are looked through: so it tells nothing of any other case.
    """
    there = _vocabulary(session, who)
    changed = typed
    for part in read(typed):
        if part.unwanted:
            continue
        for word in part.words:
            if word in there or (part.begins and any(known.startswith(word) for known in there)):
                continue
            near = _near(word, there)
            if not near:
                return ""
            changed = re.sub(rf"(?<!\w){re.escape(word)}(?!\w)", near, changed, flags=re.IGNORECASE)
    return changed if changed != typed else ""


def _near(word: str, there: Iterable[str]) -> str:
    if len(word) < 3 or any(letter.isdigit() for letter in word):
        return ""
    slips = 1 if len(word) < 6 else 2
    found = process.extractOne(word, there, scorer=DamerauLevenshtein.distance, score_cutoff=slips)
    return str(found[0]) if found else ""


def _vocabulary(session: Session, who: Viewer) -> frozenset[str]:
    newest = (
        select(CaseWords.words)
        .join(Case, col(Case.id) == col(CaseWords.case_id))
        .where(visible(who))
        .order_by(col(Case.opened_at).desc())
        .limit(NEWEST)
        .subquery()
    )
    if session.get_bind().dialect.name == "postgresql":
        each: Any = literal_column("DISTINCT unnest(tsvector_to_array(words))")
        return frozenset(word for word in session.exec(select(each).select_from(newest)) if ":" not in word)
    return frozenset(word for words in session.exec(select(newest.c.words)) for word in words.split())


def snippets(session: Session, cases: Sequence[Case], typed: str) -> dict[UUID, list[tuple[str, bool]]]:
    """Where each of these cases has the words, as pieces of what was said and whether each was asked for.

    Its first message where the words stand there, else whatever else was said in it.
    """
    asked = [part for part in read(typed) if not part.unwanted]
    found = {case.id: marked(case.text, asked) for case in cases}
    others = [case_id for case_id, shown in found.items() if not any(hit for _, hit in shown)]
    if others and asked:
        entries = session.exec(
            select(TimelineEntry)
            .where(col(TimelineEntry.case_id).in_(others), col(TimelineEntry.kind).in_(SEARCHED))
            .order_by(col(TimelineEntry.case_id), col(TimelineEntry.number))
        )
        for entry in entries:
            if not any(hit for _, hit in found[entry.case_id]):
                shown = marked(searched(entry), asked)
                if any(hit for _, hit in shown):
                    found[entry.case_id] = shown
    return found


def marked(said: str, asked: Sequence[Part]) -> list[tuple[str, bool]]:
    """A text in pieces around the first word that was asked for, each with whether it was; cut at words."""
    whole = {word for part in asked for word in part.words}
    starts = tuple(part.words[-1] for part in asked if part.begins)
    parts: list[tuple[str, bool]] = []
    at = 0
    for written, _ in pieces(said):
        place = said.find(written, at)
        if place < 0:
            continue
        words = sought(written)
        hit = any(word in whole or word.startswith(starts) for word in words) if words else False
        if place > at:
            parts.append((said[at:place], False))
        parts.append((written, hit))
        at = place + len(written)
    parts.append((said[at:], False))
    return _cut(parts)


def _cut(parts: list[tuple[str, bool]]) -> list[tuple[str, bool]]:
    first = next((number for number, (_, hit) in enumerate(parts) if hit), 0)
    begin, length = first, 0
    while begin > 0 and length + len(parts[begin - 1][0]) <= BEFORE:
        begin -= 1
        length += len(parts[begin][0])
    shown: list[tuple[str, bool]] = [("… ", False)] if begin else []
    length = 0
    for words, hit in parts[begin:]:
        if length > AFTER + BEFORE:
            shown.append((" …", False))
            break
        length += len(words)
        if shown and shown[-1][1] == hit:
            shown[-1] = (shown[-1][0] + words, hit)
        else:
            shown.append((words, hit))
    return [(words, hit) for words, hit in shown if words]
