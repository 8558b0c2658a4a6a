"""Trials at work: who enters with which arm, what the arm changes, and what has become the default.

Whoever sends asks `enter` about all it is about to send, in one call. The answer never changes: an assignment is a row,
written in the transaction that sends or puts off, and found again by every later one.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, or_
from sqlmodel import Session, col, func, select

from channels.values import Channel
from core.ids import new_id
from domain.catalogue import Catalogue, catalogue
from domain.citizen import ContactPoint
from domain.trial import Moment, Trial, TrialAssignment
from notifications import compose
from surveys.ledger import among, chunks
from surveys.trial_arms import Arm, Population, Subject, arms_of, deal

_ENTERED_WITH = {
    Moment.survey: "invitation_id",
    Moment.survey_reminder: "invitation_id",
    Moment.solved: "solved_id",
    Moment.expiring: "reminder_id",
}


@dataclass(frozen=True, slots=True)
class Treatment:
    """What is done otherwise for somebody. `since` is when they entered the trial; None where the arm is the default by
    now, with no trial running."""

    arm: Arm
    trial_id: UUID
    since: datetime | None

    def starts(self, usual: datetime, zone: ZoneInfo) -> datetime:
        """When the message may leave, counted from the entering; without a trial from when it usually would."""
        return self.arm.starts(self.since or usual, zone)


def enter(session: Session, moment: Moment, subjects: Sequence[Subject], now: datetime) -> dict[UUID, Treatment]:
    """How each of the subjects is treated who is not treated as always, by invitation; in the order given."""
    dealing = Dealing(session, now, {one.citizen_id for one in subjects})
    found = {one.id: dealing.treat(moment, one) for one in subjects}
    session.flush()
    return {invitation: treatment for invitation, treatment in found.items() if treatment is not None}


class Dealing:
    """Entering trials within one transaction: what it read and locked once serves all its messages.

    Somebody new to a running trial enters it, and the rest of the transaction then holds the trial. Who is in it stays
    in their arm, for other messages of theirs too, until the trial ends. What was promoted holds for those in no trial.
    `citizens` are all that will be asked about.
    """

    def __init__(self, session: Session, now: datetime, citizens: Collection[UUID]) -> None:
        rows = session.exec(
            select(Trial)
            .where(
                or_(
                    and_(*under_way(now)),
                    col(Trial.promoted_arm).is_not(None),
                )
            )
            .order_by(col(Trial.id))
        ).all()
        known = catalogue(session) if rows else None
        self._running = [_Table(session, known, row, now, citizens) for row in rows if known and row.ended_at is None]
        # what was promoted later overrules what was before
        self._promoted = [
            (row, population_of(known, row))
            for row in sorted(rows, key=_promotion, reverse=True)
            if known and row.promoted_arm is not None
        ]

    def treat(self, moment: Moment, one: Subject) -> Treatment | None:
        """How somebody is treated; None as always."""
        for table in self._running:
            if table.trial.moment == moment and (found := table.treat(one)) is not None:
                return found
        for trial, whom in self._promoted:
            if trial.moment == moment and whom.has(one):
                return Treatment(arms_of(trial)[trial.promoted_arm or 0], trial.id, None)
        return None


def under_way(now: datetime) -> tuple[ColumnElement[bool], ...]:
    """SQL predicates over `Trial`: begun, as somebody else has read it and its day has come, and not over."""
    return col(Trial.ended_at).is_(None), col(Trial.confirmed_at) <= now, col(Trial.starts_at) <= now


def words(treatment: Treatment | None, language: str, **values: object) -> str | None:
    """The message an arm has in a language, filled in; None for the usual words."""
    body = treatment.arm.words.get(language) if treatment else None
    return None if body is None else compose.fill(body, language, **values)


def population_of(known: Catalogue, trial: Trial) -> Population:
    """Whom a trial is about, as the offices lie today."""
    return population(known, trial.population)


def population(known: Catalogue, stored: dict[str, list[str]]) -> Population:
    """A population as a row keeps it: ids as text, offices with all below them."""

    def given(name: str) -> list[str]:
        return stored.get(name) or []

    return Population(
        frozenset(map(UUID, given("services"))) or None,
        frozenset[UUID]().union(*(known.subtree(UUID(one)) for one in given("offices"))) or None,
        frozenset(given("languages")) or None,
        frozenset(given("channels")) or None,
    )


def reachable(session: Session, citizen_id: UUID, channel: Channel) -> ContactPoint | None:
    """Where somebody takes surveys on a channel, the one they have had longest."""
    return session.exec(
        select(ContactPoint)
        .where(
            col(ContactPoint.citizen_id) == citizen_id,
            col(ContactPoint.channel) == channel,
            col(ContactPoint.opted_out_at).is_(None),
            col(ContactPoint.no_surveys_at).is_(None),
            col(ContactPoint.unreachable_at).is_(None),
        )
        .order_by(col(ContactPoint.created_at), col(ContactPoint.id))
        .limit(1)
    ).first()


def _promotion(trial: Trial) -> tuple[datetime, UUID]:
    return trial.promoted_at or trial.registered_at, trial.id


class _Table:
    """One running trial, its arms dealt to whoever comes."""

    def __init__(
        self, session: Session, known: Catalogue, trial: Trial, now: datetime, citizens: Collection[UUID]
    ) -> None:
        self.trial = trial
        self._session, self._now, self._citizens = session, now, citizens
        self._arms, self._whom = arms_of(trial), population_of(known, trial)
        self._rows = _rows(session, trial, citizens)
        self._next: dict[str, int] | None = None

    def treat(self, one: Subject) -> Treatment | None:
        if not self._whom.has(one):
            return None
        row = self._rows.get(one.citizen_id)
        if row is None and self.trial.entered < self.trial.planned and reaches_all(self._session, self._arms, one):
            row = self._deal(one)
        return Treatment(self._arms[row.arm], self.trial.id, row.assigned_at) if row else None

    def _deal(self, one: Subject) -> TrialAssignment | None:
        trial, places = self.trial, self._next if self._next is not None else self._hold()
        if trial.ended_at is not None:
            return None
        if one.citizen_id in self._rows or trial.entered >= trial.planned:
            return self._rows.get(one.citizen_id)
        position = places.get(one.stratum, 0)
        places[one.stratum] = position + 1
        trial.entered += 1
        row = TrialAssignment(
            id=new_id(),
            trial_id=trial.id,
            citizen_id=one.citizen_id,
            number=trial.entered,
            stratum=one.stratum,
            position=position,
            arm=deal(trial.seed, one.stratum, position, len(self._arms)),
            **{_ENTERED_WITH[Moment(trial.moment)]: one.id},
            assigned_at=self._now,
            until=self._now + timedelta(days=trial.days),
        )
        self._rows[one.citizen_id] = row
        self._session.add_all([trial, row])
        return row

    def _hold(self) -> dict[str, int]:
        """Lock the trial: who else enters somebody waits here, and what others wrote before is seen afterwards."""
        query = select(Trial).where(col(Trial.id) == self.trial.id).with_for_update()
        self._session.exec(query.execution_options(populate_existing=True)).one()
        self._rows |= _rows(self._session, self.trial, self._citizens)
        last = (
            select(TrialAssignment.stratum, func.max(TrialAssignment.position))
            .where(col(TrialAssignment.trial_id) == self.trial.id)
            .group_by(col(TrialAssignment.stratum))
        )
        self._next = {stratum: place + 1 for stratum, place in self._session.exec(last)}
        return self._next


def _rows(session: Session, trial: Trial, citizens: Collection[UUID]) -> dict[UUID, TrialAssignment]:
    return {
        row.citizen_id: row
        for chunk in chunks(sorted(citizens))
        for row in session.exec(
            select(TrialAssignment).where(
                col(TrialAssignment.trial_id) == trial.id, among(session, TrialAssignment.citizen_id, chunk)
            )
        )
    }


def reaches_all(session: Session, arms: Sequence[Arm], one: Subject) -> bool:
    """Whether every arm could reach somebody: who cannot be written to by Telegram tells nothing of Telegram."""
    wanted = {arm.channel for arm in arms if arm.channel is not None}
    return all(reachable(session, one.citizen_id, channel) is not None for channel in wanted)
