"""What each kind of export holds: its columns, and its rows in batches, under what the viewer may see.

Rows are read step by step in order of their id, so however many there are, neither memory nor a snapshot of the
database is held for long; each row is as it was at its step. Nothing of a contact is ever among them, and nothing
somebody said about money (ADR 36).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select, true
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from cases.filters import conditions
from cases.history import silent_until
from domain.case import Case
from domain.catalogue import Catalogue, catalogue
from domain.export import ExportKind
from domain.review import Action, Review
from domain.staff import Staff
from domain.states import EntryKind, Role
from domain.survey import Answer, Transaction
from domain.timeline import TimelineEntry
from domain.visibility import Viewer, visible
from reports.answers import led_by
from reports.exports.formats import Column, Row, Type
from reports.exports.rows import Asked, Names, narrowed, stepped, theirs

Batches = Callable[[Session, Asked], Iterator[Sequence[Row]]]


@dataclass(frozen=True, slots=True)
class Table:
    """One kind of export; `about` says in a sentence what its rows are."""

    title: str
    about: str
    columns: tuple[Column, ...]
    batches: Batches


_PLACE = (
    Column("office", Type.text, "Code of the office that answers for it now."),
    Column("office_name", Type.text, "Its name."),
    Column("service", Type.text, "Code of the service; empty where none is named."),
    Column("service_name", Type.text, "Its name."),
)


CASES = (
    Column("reference", Type.text, "The public reference."),
    Column("kind", Type.text, "complaint, suggestion, compliment, question or request."),
    Column("state", Type.text, "triage, open, waiting, answered or closed."),
    Column("outcome", Type.text, "How it was disposed of; empty while it is open."),
    Column("channel", Type.text, "How it came."),
    Column("source", Type.text, "Who put it in: citizen, or staff for them; imported: from an earlier system."),
    Column("language", Type.text, "The citizen's language."),
    *_PLACE,
    Column("place", Type.text, "Where it is, in words."),
    Column("text", Type.text, "What the citizen wrote; contact details, numbers and names struck out."),
    Column("urgency", Type.text, "Why it cannot wait; empty if it can."),
    Column("received_at", Type.moment, "When the message arrived: the silence starts."),
    Column("first_response_at", Type.moment, "When the first human answer reached the citizen."),
    Column("silence_seconds", Type.whole, "Elapsed time from receipt to that answer; so far, where there is none yet."),
    Column("silent", Type.truth, "Whether the citizen still waits for a first answer."),
    Column("templated", Type.truth, "Whether that answer was a saved reply sent unedited."),
    Column("due_at", Type.moment, "The deadline that comes first."),
    Column("closed_at", Type.moment, "When it was closed."),
    Column("reopened_at", Type.moment, "When it was last opened again."),
    Column("appealed_at", Type.moment, "When its citizen took it to the office above."),
    Column("routed_by", Type.text, "How it found its office."),
    Column("routing_confidence", Type.number, "How sure the classifier was, from 0 to 1."),
    Column("link", Type.text, "part, same or merged where it belongs to another case."),
    Column("updated_at", Type.moment, "When something last happened to it."),
)


def _cases(session: Session, asked: Asked) -> Iterator[Sequence[Row]]:
    names = Names(session, asked.language)
    query = select(Case, col(Case.id)).where(*conditions(session, asked.who, asked.chosen))
    for found in stepped(session, query, col(Case.id)):
        asked.learn(case.citizen_id for case, _ in found)
        yield [_case(case, names, asked) for case, _ in found]


def _case(case: Case, names: Names, asked: Asked) -> Row:
    silent = silent_until(case, asked.now)
    until = case.first_response_at or silent or case.received_at
    return (
        case.reference,
        str(case.kind),
        str(case.state),
        str(case.outcome) if case.outcome else None,
        str(case.channel),
        str(case.source),
        case.language,
        *names.office(case.office_id),
        *names.service(case.service_id),
        asked.words(case.place, case.office_id, case.citizen_id),
        asked.words(case.text, case.office_id, case.citizen_id),
        str(case.urgency) if case.urgency else None,
        case.received_at,
        case.first_response_at,
        max(0, int((until - case.received_at).total_seconds())),
        silent == asked.now,
        case.first_response_templated,
        case.due_at,
        case.closed_at,
        case.reopened_at,
        case.appealed_at,
        case.routing_method,
        case.routing_confidence,
        str(case.lead_link) if case.lead_link else None,
        case.updated_at,
    )


TIMELINES = (
    Column("reference", Type.text, "The case's public reference."),
    Column("number", Type.whole, "Place of the entry in its timeline; entries for staff alone are left out."),
    Column("at", Type.moment, "When it happened."),
    Column("entry", Type.text, "What happened."),
    Column("by", Type.text, "citizen, office or system; never a person's name."),
    Column("office", Type.text, "Code of the office that was accountable then."),
    Column("office_name", Type.text, "Its name."),
    Column("text", Type.text, "The words that go with it; contact details, numbers and names struck out."),
    Column("imported", Type.truth, "Whether an earlier system says so."),
)


def _timelines(session: Session, asked: Asked) -> Iterator[Sequence[Row]]:
    """The public entries of the cases, case by case."""
    names = Names(session, asked.language)
    columns = (col(Case.reference), col(Case.citizen_id), col(Case.id))
    query = select(*columns).where(*conditions(session, asked.who, asked.chosen))
    for some in stepped(session, query, col(Case.id)):
        cases = {case_id: (reference, citizen_id) for reference, citizen_id, case_id in some}
        asked.learn(citizen_id for _, citizen_id in cases.values())
        ids = list(cases)
        for start in range(0, len(ids), 200):
            entries = session.scalars(
                select(TimelineEntry)
                .where(col(TimelineEntry.case_id).in_(ids[start : start + 200]), col(TimelineEntry.public).is_(True))
                .order_by(col(TimelineEntry.case_id), col(TimelineEntry.number))
            ).all()
            yield [_entry(*cases[entry.case_id], entry, names, asked) for entry in entries]
            session.expunge_all()


def _entry(reference: str, citizen_id: UUID | None, entry: TimelineEntry, names: Names, asked: Asked) -> Row:
    text = entry.body.get("text") or entry.body.get("reason" if entry.kind != EntryKind.routed else "")
    by = entry.actor if entry.actor in ("citizen", "system") else "office"
    return (
        reference,
        entry.number,
        entry.at,
        str(entry.kind),
        by,
        *names.office(entry.office_id),
        asked.words(text, entry.office_id, citizen_id) if isinstance(text, str) else None,
        bool(entry.body.get("imported")) or entry.kind == EntryKind.imported,
    )


RATINGS = (
    Column("answered_at", Type.moment, "When it was given."),
    *_PLACE,
    Column("channel", Type.text, "How it came: a survey by message or link, or a tap at the exit (kiosk)."),
    Column("rating", Type.whole, "1 (very bad) to 5 (very good)."),
    Column("reason", Type.text, "Why, as it was picked; never that money was asked for."),
    Column("waiting_minutes", Type.whole, "How long they say they waited."),
    Column("visits", Type.whole, "How often they say they had to come."),
)
_REASONS = ("reason", "liked")
_UNSAID = "money"


def _ratings(session: Session, asked: Asked) -> Iterator[Sequence[Row]]:
    names = Names(session, asked.language)
    rating: Any = aliased(Answer)
    query = (
        select(rating, rating.id)
        .where(rating.question == "rating", theirs(asked.who, rating.office_id))
        .where(*narrowed(asked.chosen, rating.office_id, rating.service_id, rating.answered_at, rating.channel))
    )
    for found in stepped(session, query, rating.id):
        sources = [one.source_id for one, _ in found]
        more: dict[str, dict[str, Answer]] = {}
        wanted = (*_REASONS, "minutes", "visits")
        for start in range(0, len(sources), 500):
            others = select(Answer).where(
                col(Answer.source_id).in_(sources[start : start + 500]), col(Answer.question).in_(wanted)
            )
            for other in session.scalars(others):
                more.setdefault(other.source_id, {})[other.question] = other
        yield [_rating(one, more.get(one.source_id, {}), names) for one, _ in found]


def _rating(one: Answer, more: Mapping[str, Answer], names: Names) -> Row:
    reason = next((more[name].text for name in _REASONS if name in more), None)
    return (
        one.answered_at,
        *names.office(one.office_id),
        *names.service(one.service_id),
        str(one.channel),
        one.value,
        reason if reason != _UNSAID else None,
        more["minutes"].value if "minutes" in more else None,
        more["visits"].value if "visits" in more else None,
    )


TRANSACTIONS = (
    Column("source", Type.text, "The system that reported it."),
    Column("external_id", Type.text, "What that system calls it."),
    *_PLACE,
    Column("operator", Type.text, "Who served, as that system knows them; empty unless you lead that office."),
    Column("completed_at", Type.moment, "When the service was completed."),
    Column("received_at", Type.moment, "When it was reported."),
    Column("language", Type.text, "The citizen's language, if it was reported."),
    Column("not_asked", Type.text, "Why nobody was asked how it was; empty where somebody was, or will be."),
    Column("expires_on", Type.day, "Last day of what was issued."),
)


def _transactions(session: Session, asked: Asked) -> Iterator[Sequence[Row]]:
    names = Names(session, asked.language)
    led = led_by(session, asked.who)
    every = asked.plain and asked.who.staff_id is None
    query = (
        select(Transaction, col(Transaction.id))
        .where(theirs(asked.who, col(Transaction.office_id)))
        .where(
            *narrowed(
                asked.chosen,
                col(Transaction.office_id),
                col(Transaction.service_id),
                col(Transaction.completed_at),
                None,
            )
        )
    )
    for found in stepped(session, query, col(Transaction.id)):
        yield [
            (
                one.source,
                one.external_id,
                *names.office(one.office_id),
                *names.service(one.service_id),
                one.operator if every or one.office_id in led else None,
                one.completed_at,
                one.received_at,
                one.language,
                one.not_asked,
                one.expires_on,
            )
            for one, _ in found
        ]


ACTIONS = (
    Column("week", Type.day, "The Monday of the week that the review was about."),
    Column("office", Type.text, "Code of the office whose review it was."),
    Column("office_name", Type.text, "Its name."),
    Column("what", Type.text, "What somebody will do."),
    Column("owner", Type.text, "Who."),
    Column("due_on", Type.day, "By when."),
    Column("state", Type.text, "open, done, or dropped."),
    Column("settled_at", Type.moment, "When it was done or given up."),
    Column("note", Type.text, "What was done, or why it was given up."),
    Column("moves", Type.whole, "How often it was given a new day."),
    Column("raised_to", Type.text, "Code of the office above whose review it climbed to."),
    Column("reference", Type.text, "The case it is about; empty where it is about none."),
    Column("created_at", Type.moment, "When it was agreed."),
)


def _actions(session: Session, asked: Asked) -> Iterator[Sequence[Row]]:
    names = Names(session, asked.language)
    query = (
        select(Action, col(Review.week), col(Staff.name), col(Case.reference), col(Action.id))
        .join(Review, col(Review.id) == col(Action.review_id))
        .join(Staff, col(Staff.id) == col(Action.owner_id))
        .outerjoin(Case, col(Case.id) == col(Action.case_id))
        .where(
            _of_reviews(catalogue(session), asked.who),
            or_(col(Action.case_id).is_(None), visible(asked.who)),
            *narrowed(asked.chosen, col(Action.office_id), None, col(Action.created_at), None),
        )
    )
    for found in stepped(session, query, col(Action.id)):
        yield [
            (
                week,
                *names.office(one.office_id),
                one.what,
                owner,
                one.due_on,
                "done" if one.done_at else "dropped" if one.dropped_at else "open",
                one.settled_at,
                one.done_note,
                one.moves,
                names.office(one.raised_to_id)[0],
                reference,
                one.created_at,
            )
            for one, week, owner, reference, _ in found
        ]


_READ_BELOW = frozenset({Role.head, Role.supervisor, Role.reviewer})


def _of_reviews(known: Catalogue, who: Viewer) -> ColumnElement[bool]:
    """Of offices whose review the viewer may read, as on the reviews' pages; a key reads what its offices have."""
    if who.has(Role.leadership, Role.auditor) or (who.staff_id is None and who.offices is None):
        return true()
    below = frozenset(office for role, at in who.roles if role in _READ_BELOW for office in known.subtree(at))
    own = frozenset(at for role, at in who.roles if role is Role.admin)
    return col(Action.office_id).in_(below | own if who.staff_id is not None else who.offices or ())


TABLES: Mapping[ExportKind, Table] = {
    ExportKind.cases: Table("Cases", "One row for each case you may see.", CASES, _cases),
    ExportKind.timelines: Table(
        "Timelines", "One row for each entry of those cases that their citizens may read.", TIMELINES, _timelines
    ),
    ExportKind.ratings: Table("Ratings", "One row for each rating of a service or a visit.", RATINGS, _ratings),
    ExportKind.transactions: Table(
        "Transactions", "One row for each completed service that was reported.", TRANSACTIONS, _transactions
    ),
    ExportKind.actions: Table("Actions", "One row for each action that a review agreed on.", ACTIONS, _actions),
}
