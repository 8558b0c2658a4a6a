"""Causes: a catalogue that grows in the meetings. Finding one, adding one, and saying which a case has.

A cause is for everybody once it was shared, or once an ordinary case has it. Before that only those see it who see a
case of it or wrote it: its words may tell of a case that is shut to others. Merging moves nothing: a merged cause
stands for the one it went into, and every reader follows.
"""

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from rapidfuzz import fuzz
from sqlalchemy import ColumnElement, exists, func, or_
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, select

from cases.acting import lock
from cases.persons import Redactor
from cases.rights import works_on
from core.errors import BadInput, Conflict, NotAllowed, NotFound
from core.texts import clean
from domain.case import Case
from domain.cause import CaseCause, Cause, CauseAct, CauseChange
from domain.review import Action, Finding, Review
from domain.states import EntryKind
from domain.timeline import append
from domain.visibility import Viewer, countable, visible
from reviews.chairs import check_chair

LONGEST = 120
DEEPEST = 5
"""Levels of causes: as many as a meeting asks why."""
LIKE, SAME = 62, 88
"""How alike names are, of 100, that are suggested; and that are asked about before another one is added."""


@dataclass(frozen=True)
class Causes:
    """The causes that somebody sees. Merged ones are among them, so that what has them finds what stands for them."""

    by_id: Mapping[UUID, Cause]

    def standing(self, cause_id: UUID) -> UUID:
        """The cause that stands for this one; itself where it was not merged."""
        seen = {cause_id}
        while (one := self.by_id.get(cause_id)) and one.merged_at and one.into_id and one.into_id not in seen:
            cause_id = one.into_id
            seen.add(cause_id)
        return cause_id

    def parent(self, cause_id: UUID) -> UUID | None:
        """The wider cause above, as far as it is seen."""
        one = self.by_id.get(cause_id)
        above = self.standing(one.parent_id) if one is not None and one.parent_id is not None else None
        return above if above in self.by_id and above != cause_id else None

    def chain(self, cause_id: UUID) -> list[UUID]:
        """The cause and those above it, widest last."""
        found = [self.standing(cause_id)]
        while (above := self.parent(found[-1])) is not None and above not in found:
            found.append(above)
        return found

    def below(self, cause_id: UUID) -> frozenset[UUID]:
        """The cause, all narrower ones, and all that were merged into any of them."""
        return frozenset(one for one in self.by_id if cause_id in self.chain(one))

    def active(self) -> list[Cause]:
        """Those that may be chosen: neither merged nor retired."""
        return [one for one in self.by_id.values() if one.merged_at is None and one.retired_at is None]

    def name(self, cause_id: UUID, language: str) -> str:
        """What the cause that stands for this one is called; nothing where it is not seen."""
        one = self.by_id.get(self.standing(cause_id))
        return name_of(one, language) if one else ""


def name_of(cause: Cause, language: str) -> str:
    """What a cause is called in a language, else as it was first written."""
    return cause.names.get(language) or cause.name


def fold(name: str) -> str:
    """A name as it is compared: letters, their signs and digits of any script, small, one space between."""
    # a sign such as a Bengali vowel is no letter to Python, and a word without its vowels is another one
    kept = (one if one.isalnum() or unicodedata.category(one)[0] == "M" else " " for one in clean(name).casefold())
    return " ".join("".join(kept).split())


def seen(who: Viewer) -> ColumnElement[bool]:
    """SQL predicate over `Cause`: which of them a viewer sees."""
    of_case = exists().where(
        col(CaseCause.cause_id) == col(Cause.id),
        col(Case.id) == col(CaseCause.case_id),
        or_(visible(who), countable()),
    )
    own = col(Cause.author_id) == who.staff_id
    return or_(col(Cause.shared).is_(True), own, of_case)


def causes(session: Session, who: Viewer) -> Causes:
    """All causes a viewer sees, in the order of their names."""
    rows = session.exec(select(Cause).where(seen(who)).order_by(col(Cause.key))).all()
    return Causes({row.id: row for row in rows})


def cause(session: Session, who: Viewer, cause_id: UUID) -> Cause:
    """One cause. Raises NotFound for what the viewer does not see."""
    found = session.exec(select(Cause).where(col(Cause.id) == cause_id, seen(who))).first()
    if found is None:
        raise NotFound("There is no such cause.", mend="Look in the list of causes.")
    return found


def suggest(session: Session, who: Viewer, text: str, *, limit: int = 7) -> list[Cause]:
    """Causes whose name in any language is like what is being typed, likest first; for nothing typed the most used."""
    known = causes(session, who)
    active = {one.id: one for one in known.active()}
    typed = fold(text)
    if not typed:
        used = session.exec(
            select(CaseCause.cause_id, func.count())
            .join(Case, col(Case.id) == col(CaseCause.case_id))
            .where(visible(who))
            .group_by(col(CaseCause.cause_id))
        ).all()
        uses: dict[UUID, int] = {}
        for found, number in used:
            uses[known.standing(found)] = uses.get(known.standing(found), 0) + number
        return sorted(active.values(), key=lambda cause: (-uses.get(cause.id, 0), cause.key))[:limit]
    scored: dict[UUID, float] = {}
    for one in known.by_id.values():
        standing = known.standing(one.id)
        for name in map(fold, (one.name, *one.names.values())) if standing in active else ():
            begins = any(part.startswith(typed) for part in (name, *name.split()))
            score = 100.0 if begins else fuzz.WRatio(typed, name)
            if score >= max(LIKE, scored.get(standing, 0.0)):
                scored[standing] = score
    best = sorted(scored, key=lambda one: (-scored[one], active[one].key))
    return [active[one] for one in best[:limit]]


def named(
    session: Session,
    who: Viewer,
    name: str,
    language: str,
    now: datetime,
    *,
    parent_id: UUID | None = None,
    sure: bool = False,
    shared: bool = False,
) -> Cause:
    """The cause of this name: the one there is, or a new one. One that is much alike is asked about, unless `sure`.

    Raises:
        NotAllowed: the viewer is no person.
        BadInput: with `fields` cause: nothing is left, too long, it tells of a person, or there is one much alike.
    """
    if who.staff_id is None:
        raise NotAllowed("Only a person can name a cause.")
    words = checked(session, name)
    key = fold(words)
    found = session.exec(select(Cause).where(Cause.key == key)).first() or _called(session, who, key)
    if found is None and not sure and (near := _nearest(session, who, key)) is not None:
        raise BadInput(
            "There is a cause much like this one.",
            mend="Choose it, or say that yours is another one.",
            fields={"cause": f"There is “{near.name}” already. Choose it, or tick that yours is another one."},
        )
    if found is None:
        row = Cause(
            name=words, key=key, language=language, author_id=who.staff_id, shared=shared, created_at=now,
            parent_id=_under(session, who, parent_id),
        )  # fmt: skip
        insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
        # two meetings may write the same words at the same moment
        session.execute(insert(Cause).values(row.model_dump()).on_conflict_do_nothing(index_elements=["key"]))
        found = session.exec(select(Cause).where(Cause.key == key)).one()
        if found.id == row.id:
            note(session, who, found, CauseAct.added, now, after=words)
    return _standing(session, found)


def choose(
    session: Session, who: Viewer, case_id: UUID, chosen: Cause, now: datetime, *, review_id: UUID | None = None
) -> CaseCause:
    """Say which cause a case has; kept on its timeline, and on the finding where a meeting says so. What it had is
    replaced; the same again changes nothing. `chosen` comes from `cause` or `named`, which look who may know it.

    Raises:
        NotFound: the viewer does not see the case or the meeting.
        NotAllowed: they neither hold the meeting nor work on the case.
        Conflict: the meeting is closed, or the cause was retired.
    """
    if who.staff_id is None:
        raise NotAllowed("Only a person can say why something happened.")
    case = lock(session, case_id, who)
    found = _standing(session, chosen)
    if found.retired_at is not None:
        raise Conflict(f"“{found.name}” is not used any more.", mend="Choose another cause, or bring it back.")
    if review_id is not None:
        _of_meeting(session, who, review_id, case, found)
    elif not works_on(case, who):
        raise NotAllowed("You may read this case but not work on it.", mend="A meeting that you hold can say why.")
    row = session.exec(select(CaseCause).where(CaseCause.case_id == case.id)).first()
    if row is not None and row.cause_id == found.id:
        return row
    if row is None:
        row = CaseCause(case_id=case.id, cause_id=found.id, author_id=who.staff_id, at=now)
    row.cause_id, row.author_id, row.at, row.review_id = found.id, who.staff_id, now, review_id
    session.add(row)
    # what is to be done about the case is against its cause
    for action in session.exec(select(Action).where(Action.case_id == case.id, col(Action.cause_id).is_(None))).all():
        action.cause_id = found.id
        session.add(action)
    _write_down(session, case, who, found.name, now)
    return row


def of_case(session: Session, case_id: UUID) -> UUID | None:
    """The cause a case was given; for whoever sees the case already."""
    return session.exec(select(CaseCause.cause_id).where(CaseCause.case_id == case_id)).first()


def clear(session: Session, who: Viewer, case_id: UUID, now: datetime) -> None:
    """Take back which cause a case has. Raises as `choose` does; what is not there stays not there."""
    case = lock(session, case_id, who)
    if not works_on(case, who):
        raise NotAllowed("You may read this case but not work on it.", mend="A meeting that you hold can say why.")
    row = session.exec(select(CaseCause).where(CaseCause.case_id == case.id)).first()
    if row is not None:
        for finding in session.exec(
            select(Finding).where(Finding.case_id == case.id, Finding.cause_id == row.cause_id)
        ).all():
            finding.cause_id = None
            session.add(finding)
        session.delete(row)
        _write_down(session, case, who, "", now)


def of_cases(session: Session, who: Viewer, case_ids: Iterable[UUID]) -> dict[UUID, Cause]:
    """The cause of each of these cases, as far as the viewer sees the case."""
    rows = session.exec(
        select(CaseCause.case_id, CaseCause.cause_id)
        .join(Case, col(Case.id) == col(CaseCause.case_id))
        .where(col(CaseCause.case_id).in_(list(case_ids)), visible(who))
    ).all()
    known = causes(session, who) if rows else Causes({})
    standing = {case_id: known.by_id.get(known.standing(cause_id)) for case_id, cause_id in rows}
    return {case_id: one for case_id, one in standing.items() if one is not None}


def checked(session: Session, name: str) -> str:
    """A cause's name, cleaned. Raises BadInput (`fields`: cause)."""
    words = " ".join(clean(name).split())
    wrong = ""
    if not fold(words):
        wrong = "Say in a few words why it happens."
    elif len(words) > LONGEST:
        wrong = f"{len(words) - LONGEST} characters too long."
    elif Redactor(session).names_somebody(words):
        wrong = "A cause tells of nobody: leave out names, numbers and addresses."
    if wrong:
        raise BadInput("This is no name of a cause.", mend="Mend what is marked.", fields={"cause": wrong})
    return words


def note(
    session: Session, who: Viewer, about: Cause, act: CauseAct, now: datetime, *, before: str = "", after: str = ""
) -> None:
    """Write down what was done to a cause."""
    session.add(
        CauseChange(cause_id=about.id, act=act, staff_id=who.staff_id, at=now, before=before, after=after),
    )
    session.flush()


def _standing(session: Session, found: Cause) -> Cause:
    """What stands for a cause, whoever sees it: the way through merged ones does not depend on the viewer."""
    visited = {found.id}
    while found.merged_at is not None and found.into_id is not None and found.into_id not in visited:
        visited.add(found.into_id)
        found = session.get_one(Cause, found.into_id)
    return found


def _called(session: Session, who: Viewer, key: str) -> Cause | None:
    """The cause that has this name in another language."""
    every = causes(session, who).by_id.values()
    return next((one for one in every if key in map(fold, one.names.values())), None)


def _nearest(session: Session, who: Viewer, key: str) -> Cause | None:
    known = causes(session, who)
    active = {one.id: one for one in known.active()}
    best: tuple[float, Cause] | None = None
    for one in known.by_id.values():
        standing = active.get(known.standing(one.id))
        score = max(fuzz.ratio(key, fold(name)) for name in (one.name, *one.names.values()))
        if standing is not None and score >= SAME and (best is None or score > best[0]):
            best = (score, standing)
    return best[1] if best else None


def _under(session: Session, who: Viewer, parent_id: UUID | None) -> UUID | None:
    if parent_id is None:
        return None
    known = causes(session, who)
    parent = known.standing(cause(session, who, parent_id).id)
    if len(known.chain(parent)) >= DEEPEST:
        raise BadInput(
            f"Causes stand in at most {DEEPEST} levels.",
            mend="Choose one that is wider.",
            fields={"under": f"This one stands on level {DEEPEST} already. Choose one that is wider."},
        )
    return parent


def _of_meeting(session: Session, who: Viewer, review_id: UUID, case: Case, found: Cause) -> None:
    review = session.get(Review, review_id)
    if review is None:
        raise NotFound("There is no such meeting.", mend="Look in the list of reviews.")
    check_chair(session, who, review.office_id)
    if review.closed_at is not None:
        raise Conflict("This meeting is closed.", mend="Take it up in the next one.")
    finding = session.exec(select(Finding).where(Finding.review_id == review.id, Finding.case_id == case.id)).first()
    if finding is not None:
        finding.cause_id = found.id
        session.add(finding)


def _write_down(session: Session, case: Case, who: Viewer, name: str, now: datetime) -> None:
    append(
        session,
        case,
        EntryKind.cause_found,
        now,
        actor=str(who.staff_id),
        body={"cause": name, "by": who.name},
    )
    session.flush()
