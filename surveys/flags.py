"""Signs of cheating, as rows: looked for once a day, judged by people, and read by nothing else that acts."""

from datetime import date, datetime, timedelta
from datetime import time as clock
from uuid import UUID

from sqlmodel import Session, col, func, select

from core.database import database
from core.errors import BadInput, Conflict, NotAllowed, NotFound
from core.ids import new_id
from core.settings import settings
from core.texts import clean
from domain.catalogue import catalogue
from domain.flag import FlagState, FlagVerdict, SurveyFlag, SurveyLook
from domain.states import Role
from domain.visibility import Viewer, signs
from surveys import months
from surveys.cheating import Found, Looked, look
from surveys.ledger import insert_new
from surveys.signs import count

FROM_HOUR = 19
"""A day is looked at from this hour on, when its counters are closed."""
SETTLED = 1
"""On Tuesdays (0 is Monday) the week before is looked at once more: by then late receipts and answers are there."""
LEAST_WORDS, MOST_WORDS = 15, 1_000
JUDGES = (Role.integrity, Role.auditor)


def look_due(now: datetime) -> int:
    """Look at the day, once and in the evening; gives 1 when it was looked at now.

    Months of the money question that are over are counted on the same occasion.
    """
    local = now.astimezone(settings().zone)
    day = local.date() if local.hour >= FROM_HOUR else local.date() - timedelta(days=1)
    with database().read() as session:
        if session.exec(select(SurveyLook.id).where(col(SurveyLook.day) == day)).first() is not None:
            return 0
    return look_at(day, now)


def look_at(day: date, now: datetime) -> int:
    """Look at the week of a day up to its end; gives 1, or 0 where another process did."""
    weeks = [day - timedelta(days=day.weekday())]
    if day.weekday() == SETTLED:
        weeks.append(weeks[0] - timedelta(days=7))
    with database().read() as session:
        looked = {week: _look(session, week, min(now, _start(day + timedelta(days=1)))) for week in weeks}
    judged = sum(one.judged for one in looked.values())
    number = sum(len(one.found) for one in looked.values())
    with database().write() as session:
        row = {"id": new_id(), "day": day, "at": now, "judged": judged, "found": number}
        if not insert_new(session, SurveyLook, [row], ["day"]):
            return 0
        for week, one in looked.items():
            _keep(session, week, one.found, now)
        months.close(session, now)
    return 1


def _look(session: Session, week: date, until: datetime) -> Looked:
    return look(count(session, _start(week), min(until, _start(week + timedelta(days=7)))))


def _start(day: date) -> datetime:
    """The first moment of a day at the government."""
    return datetime.combine(day, clock(), settings().zone)


def _keep(session: Session, week: date, found: tuple[Found, ...], now: datetime) -> None:
    """One row for each finding of a week. What a person has judged stays as they saw it."""
    rows = [
        {
            "id": new_id(),
            "office_id": one.count.office,
            "operator": one.count.operator,
            "kind": one.count.kind,
            "period": week,
            "evidence": _evidence(one),
            "found_at": now,
            "state": FlagState.open,
            "words": "",
        }
        for one in found
    ]
    fresh = insert_new(session, SurveyFlag, rows, ["office_id", "operator", "kind", "period"])
    seen = {(row["office_id"], row["operator"], row["kind"]): row for row in rows if row["id"] not in fresh}
    if not seen:
        return
    for flag in session.exec(
        select(SurveyFlag)
        .where(col(SurveyFlag.period) == week, col(SurveyFlag.state) == FlagState.open)
        .with_for_update()
    ):
        if (row := seen.get((flag.office_id, flag.operator, flag.kind))) is not None:
            flag.evidence = row["evidence"]  # type: ignore[assignment]
            session.add(flag)


def _evidence(one: Found) -> dict[str, object]:
    return {
        "hits": one.count.hits,
        "of": one.count.of,
        "most": one.count.most,
        "usual": round(one.usual.share, 5),
        "peers": one.usual.peers,
        "chance": one.chance,
    }


# -- judged by people -----------------------------------------------------------------------------------------------


def seen(session: Session, who: Viewer, limit: int = 200) -> list[SurveyFlag]:
    """Signs this viewer may see: those nobody has judged first, then the newest."""
    return list(
        session.exec(
            select(SurveyFlag)
            .where(signs(catalogue(session), who))
            .order_by(
                (col(SurveyFlag.state) != FlagState.open),
                col(SurveyFlag.period).desc(),
                col(SurveyFlag.operator),
                col(SurveyFlag.id),
            )
            .limit(limit)
        )
    )


def verdicts(session: Session, flags: list[UUID]) -> dict[UUID, list[FlagVerdict]]:
    """All verdicts on these signs, oldest first."""
    found: dict[UUID, list[FlagVerdict]] = {}
    for verdict in session.exec(
        select(FlagVerdict)
        .where(col(FlagVerdict.flag_id).in_(flags))
        .order_by(col(FlagVerdict.at), col(FlagVerdict.id))
    ):
        found.setdefault(verdict.flag_id, []).append(verdict)
    return found


def last_look(session: Session) -> SurveyLook | None:
    """The newest look."""
    return session.exec(select(SurveyLook).order_by(col(SurveyLook.day).desc()).limit(1)).first()


def check_judge(who: Viewer) -> UUID:
    """Who judges. Raises NotAllowed for whoever only reads signs."""
    if not who.has(*JUDGES) or who.staff_id is None:
        raise NotAllowed("Signs are judged by auditors and the integrity office.", mend="You can read them here.")
    return who.staff_id


def judge(
    session: Session, who: Viewer, flag_id: UUID, state: str, words: str, given_before: int, now: datetime
) -> SurveyFlag:
    """Write a verdict down. It changes what the sign is called and nothing else. The caller commits.

    `given_before` is how many verdicts its writer saw: a second press, or somebody quicker, is told.

    Raises:
        NotAllowed: the viewer only reads signs.
        NotFound: there is no such sign for the viewer to see.
        BadInput: no verdict was chosen, or it has no reason in words.
        Conflict: somebody else judged it meanwhile.
    """
    staff_id = check_judge(who)
    flag = session.exec(
        select(SurveyFlag).where(col(SurveyFlag.id) == flag_id, signs(catalogue(session), who)).with_for_update()
    ).first()
    if flag is None:
        raise NotFound("There is no such sign for you to judge.", mend="Go back to the list.")
    text, faults = clean(words, MOST_WORDS), {}
    if state not in (FlagState.explained, FlagState.confirmed):
        faults["state"] = "Choose what you found: an explanation, or that it is as it seems."
    if len(text) < LEAST_WORDS:
        faults["words"] = f"Say in at least {LEAST_WORDS} letters what you looked at and what you found."
    if faults:
        raise BadInput("The verdict is not complete.", mend="Nothing was saved.", fields=faults)
    given = session.exec(select(func.count()).where(col(FlagVerdict.flag_id) == flag.id)).one()
    if given != given_before:
        raise Conflict("Somebody judged this after you opened it.", mend="Read their verdict, then add yours.")
    flag.state, flag.words, flag.reviewer_id, flag.reviewed_at = FlagState(state), text, staff_id, now
    session.add(flag)
    session.add(FlagVerdict(flag_id=flag.id, staff_id=staff_id, by=who.name, at=now, state=flag.state, words=text))
    return flag
