"""Trials at work: who enters with which arm, what the arm changes, and what has become the default.

Whoever sends asks `enter` about all it is about to send, in one call. The answer never changes: an assignment is a row,
written in the transaction that sends or puts off, and found again by every later one.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session, col, func, select

from channels.values import Channel
from core.ids import new_id
from domain.catalogue import Catalogue, catalogue
from domain.citizen import ContactPoint
from domain.trial import Moment, Trial, TrialAssignment
from notifications import compose
from surveys.ledger import among, chunks
from surveys.trial_arms import Arm, Population, Subject, arms_of, deal


@dataclass(frozen=True, slots=True)
class Treatment:
    """What is done otherwise for somebody. `since` is when they entered the trial; None where the arm is the default by
    now, with no trial running."""

    arm: Arm
    trial_id: UUID
    since: datetime | None


def enter(session: Session, moment: Moment, subjects: Sequence[Subject], now: datetime) -> dict[UUID, Treatment]:
    """How each of the subjects is treated who is not treated as always, by invitation.

    Somebody new to a running trial enters it, in the order given; the rest of this transaction holds the trial. Who is
    in it stays in their arm, for other messages of theirs too, until the trial ends. What was promoted holds for those
    in no trial.
    """
    if not subjects:
        return {}
    known = catalogue(session)
    found: dict[UUID, Treatment] = {}
    for trial in _running(session, moment, now):
        population = population_of(known, trial)
        within = [one for one in subjects if one.id not in found and population.has(one)]
        if within:
            found |= _assign(session, trial, within, now)
    for trial in _promoted(session, moment):
        population, arm = population_of(known, trial), arms_of(trial)[trial.promoted_arm or 0]
        for one in subjects:
            if one.id not in found and population.has(one):
                found[one.id] = Treatment(arm, trial.id, None)
    return found


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


def _running(session: Session, moment: Moment, now: datetime) -> Sequence[Trial]:
    return session.exec(
        select(Trial)
        .where(col(Trial.moment) == moment, col(Trial.ended_at).is_(None), col(Trial.starts_at) <= now)
        .order_by(col(Trial.id))
    ).all()


def _promoted(session: Session, moment: Moment) -> Sequence[Trial]:
    """Newest first: what was promoted later overrules what was before."""
    return session.exec(
        select(Trial)
        .where(col(Trial.moment) == moment, col(Trial.promoted_arm).is_not(None))
        .order_by(col(Trial.promoted_at).desc(), col(Trial.id).desc())
    ).all()


def _assign(session: Session, trial: Trial, subjects: Sequence[Subject], now: datetime) -> dict[UUID, Treatment]:
    arms = arms_of(trial)
    rows = _rows(session, trial, {one.citizen_id for one in subjects})
    fresh = [one for one in subjects if one.citizen_id not in rows]
    fresh = _eligible(session, arms, fresh) if fresh and trial.entered < trial.planned else []
    if fresh:
        # who else enters somebody waits here; what they wrote is there to be seen afterwards
        session.exec(
            select(Trial).where(col(Trial.id) == trial.id).with_for_update().execution_options(populate_existing=True)
        ).one()
        if trial.ended_at is not None:
            return {}
        rows |= _rows(session, trial, {one.citizen_id for one in fresh})
        rows |= _deal_to(session, trial, [one for one in fresh if one.citizen_id not in rows], len(arms), now)
    return {
        one.id: Treatment(arms[rows[one.citizen_id].arm], trial.id, rows[one.citizen_id].assigned_at)
        for one in subjects
        if one.citizen_id in rows
    }


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


def _deal_to(
    session: Session, trial: Trial, subjects: Sequence[Subject], arms: int, now: datetime
) -> dict[UUID, TrialAssignment]:
    """Rows for those who are new, of a trial that is held locked; each citizen once, up to the planned number."""
    made: dict[UUID, TrialAssignment] = {}
    next_by_stratum: dict[str, int] = {
        stratum: last + 1
        for stratum, last in session.exec(
            select(TrialAssignment.stratum, func.max(TrialAssignment.position))
            .where(
                col(TrialAssignment.trial_id) == trial.id,
                col(TrialAssignment.stratum).in_({one.stratum for one in subjects}),
            )
            .group_by(col(TrialAssignment.stratum))
        )
    }
    for one in subjects:
        if one.citizen_id in made or trial.entered >= trial.planned:
            continue
        position = next_by_stratum.get(one.stratum, 0)
        next_by_stratum[one.stratum] = position + 1
        trial.entered += 1
        made[one.citizen_id] = TrialAssignment(
            id=new_id(),
            trial_id=trial.id,
            citizen_id=one.citizen_id,
            number=trial.entered,
            stratum=one.stratum,
            position=position,
            arm=deal(trial.seed, one.stratum, position, arms),
            invitation_id=one.id,
            assigned_at=now,
            until=now + timedelta(days=trial.days),
        )
    session.add(trial)
    session.add_all(made.values())
    session.flush()
    return made


def _eligible(session: Session, arms: Sequence[Arm], subjects: Sequence[Subject]) -> list[Subject]:
    """Those whom every arm could reach: somebody who cannot be written to by Telegram tells nothing of Telegram."""
    wanted = {arm.channel for arm in arms if arm.channel is not None}
    if not wanted:
        return list(subjects)
    has: dict[UUID, set[Channel]] = {}
    for chunk in chunks(sorted({one.citizen_id for one in subjects})):
        for citizen, channel in session.exec(
            select(ContactPoint.citizen_id, ContactPoint.channel).where(
                among(session, ContactPoint.citizen_id, chunk),
                col(ContactPoint.channel).in_(wanted),
                col(ContactPoint.opted_out_at).is_(None),
                col(ContactPoint.no_surveys_at).is_(None),
                col(ContactPoint.unreachable_at).is_(None),
            )
        ):
            has.setdefault(citizen, set()).add(Channel(channel))
    return [one for one in subjects if wanted <= has.get(one.citizen_id, set())]
