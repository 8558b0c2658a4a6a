"""Two trials among the surveys that were sent: one is finished, one runs.

Who is in which arm was dealt as the program deals; the messages then read as their arm's words, and the finished trial
is judged by the program itself once the rows are written.
"""

import random
import tomllib
from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from importlib import resources
from typing import Any

from sqlmodel import Session, col, func, select

from channels.values import Channel
from cli.sample.ratings import add_answer, rating_of
from cli.sample.world import World
from core.ids import new_id
from core.settings import settings
from domain.citizen import ContactPoint
from domain.outbox import OutboundMessage
from domain.staff import Staff, StaffRole
from domain.states import InvitationState, Role
from domain.survey import Invitation, Transaction
from domain.trial import Moment, Outcome, Trial, TrialAssignment
from notifications import compose
from surveys.trial_arms import Arm, deal, store
from surveys.trial_plan import size
from surveys.trial_protocol import protocol
from surveys.trial_results import tend

DAYS = 7
ALPHA, POWER = 0.05, 0.80


def write(world: World) -> None:
    """Gather the trials, and let each change what its citizens read and how many of them answered."""
    given = tomllib.loads((resources.files("cli.sample") / "data" / "trials.toml").read_text("utf-8"))
    services = [str(world.known.service_by_code[code].id) for code in given["services"]]
    # dice of its own: what was told before stays as it was
    dice = random.Random(f"trials {world.now.isoformat()}")
    entered: set[object] = set()
    for one in given["trial"]:
        _one(world, dice, one, services, entered)


def judge(session: Session) -> None:
    """Have the finished trial judged as the worker would have, on the hour after its last answer was waited for."""
    for trial in session.exec(select(Trial).where(col(Trial.entered) >= col(Trial.planned))):
        last = select(func.max(TrialAssignment.until)).where(col(TrialAssignment.trial_id) == trial.id)
        tend(session, session.exec(last).one() + timedelta(hours=1))


def _one(
    world: World, dice: random.Random, given: Mapping[str, Any], services: list[str], entered: set[object]
) -> None:
    begins = (world.now - timedelta(days=given["begins_days_ago"])).replace(hour=0, minute=0, second=0, microsecond=0)
    arms = _arms(given)
    base, effect = given["base"] / 100, given["effect"] / 100
    each = size(Outcome.response, base, None, base, effect, ALPHA, POWER, len(arms), given["looks"])
    (admin, by), (second, _) = _readers(world)
    trial = Trial(
        id=new_id(),
        title=given["title"],
        hypothesis=given["hypothesis"],
        moment=Moment.survey,
        outcome=Outcome.response,
        secondary=["rating"],
        population={"services": services, "offices": [], "languages": [], "channels": []},
        arms=store(arms),
        base=base,
        response=base,
        effect=effect,
        alpha=ALPHA,
        power=POWER,
        planned=each * len(arms),
        looks=given["looks"],
        days=DAYS,
        seed=f"{dice.getrandbits(128):032x}",
        protocol="",
        registered_at=begins - timedelta(days=1),
        registered_by=admin,
        starts_at=begins,
        confirmed_by=second,
        confirmed_at=begins - timedelta(hours=20),
    )
    trial.protocol = protocol(world.known, trial, by)
    people = {row.id: row.citizen_id for row in world.rows.of(ContactPoint)}
    transactions = {row.id: row for row in world.rows.of(Transaction)}
    bodies = {row.invitation_id: row for row in world.rows.of(OutboundMessage) if row.invitation_id}
    places: Counter[str] = Counter()
    sent = [row for row in world.rows.of(Invitation) if row.sent_at is not None and row.sent_at >= begins]
    for invitation in sorted(sent, key=lambda row: (row.sent_at, row.id)):
        transaction, citizen = transactions[invitation.transaction_id], people[invitation.contact_point_id]
        if str(transaction.service_id) not in services or citizen in entered or trial.entered >= trial.planned:
            continue
        entered.add(citizen)
        office = world.known.offices[transaction.office_id]
        stratum = f"{office.tier}/{invitation.language}"
        arm = deal(trial.seed, stratum, places[stratum], len(arms))
        trial.entered += 1
        world.rows.add(
            TrialAssignment,
            id=new_id(),
            trial_id=trial.id,
            citizen_id=citizen,
            number=trial.entered,
            stratum=stratum,
            position=places[stratum],
            arm=arm,
            invitation_id=invitation.id,
            assigned_at=invitation.sent_at,
            until=invitation.sent_at + timedelta(days=DAYS),
        )
        places[stratum] += 1
        _read(world, bodies[invitation.id], arms[arm], transaction)
        if arm and invitation.answered_at is None and dice.random() < given["more"]:
            _answered(world, dice, invitation, transaction)
    world.rows.add(Trial, **trial.model_dump())


def _arms(given: Mapping[str, Any]) -> tuple[Arm, Arm]:
    spoken = settings().languages
    usual = {language: compose.shipped("survey", language) for language in spoken}
    return Arm(given["control"], usual), Arm(
        given["name"], {one: given["words"].get(one, usual[one]) for one in spoken}
    )


def _readers(world: World) -> tuple[tuple[Any, str], tuple[Any, str]]:
    """Who registers a trial, and who reads it before it begins: an administrator and a head of the top office."""
    people = {row.id: row.name for row in world.rows.of(Staff)}
    admin = next(row for row in world.rows.of(StaffRole) if row.role == Role.admin)
    heads = (row for row in world.rows.of(StaffRole) if row.role == Role.head and row.office_id == admin.office_id)
    others = (row for row in world.rows.of(StaffRole) if row.staff_id != admin.staff_id)
    second = next(heads, None) or next(others)
    return (admin.staff_id, people[admin.staff_id]), (second.staff_id, people[second.staff_id])


def _read(world: World, message: Any, arm: Arm, transaction: Any) -> None:
    service = world.known.services[transaction.service_id]
    language = message.language
    message.body = compose.fill(
        arm.words[language],
        language,
        service=service.names.get(language, service.code),
        office=world.known.name(transaction.office_id, language),
        link=None,
    )


def _answered(world: World, dice: random.Random, invitation: Any, transaction: Any) -> None:
    at = invitation.sent_at + timedelta(minutes=dice.lognormvariate(3.2, 1.2))
    if at > world.now:
        return
    invitation.state, invitation.why, invitation.answered_at = InvitationState.answered, None, at
    office, service = world.known.offices[transaction.office_id], world.known.services[transaction.service_id]
    rating = rating_of(world, office, service, dice)
    add_answer(
        world,
        f"invitation:{invitation.id}",
        "rating",
        rating,
        str(rating),
        office,
        service,
        Channel.sms,
        at,
        invitation.id,
    )
