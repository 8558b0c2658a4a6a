"""Keeping the catalogue of causes: other names, another place, for everybody; merged by two people, retired.

Nothing is lost by any of it: cases keep the cause they were given, and readers follow what was merged.
"""

from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from core.errors import BadInput, Conflict, NotAllowed
from domain.cause import Cause, CauseAct, CauseChange
from domain.states import Role
from domain.visibility import Viewer
from reviews.causes import DEEPEST, Causes, cause, causes, checked, fold, note

KEEPERS = frozenset({Role.head, Role.supervisor, Role.reviewer, Role.leadership, Role.admin})


def keeps(who: Viewer) -> bool:
    """Whether they look after the catalogue: those who hold reviews, and administrators."""
    return who.staff_id is not None and who.has(*KEEPERS)


def rename(session: Session, who: Viewer, cause_id: UUID, names: dict[str, str], language: str, now: datetime) -> Cause:
    """Call a cause otherwise: `names` by language, that of `language` needed and what it is found by.

    Raises BadInput (`fields`: name-<language>), Conflict where another cause has the name.
    """
    row = _kept(session, who, cause_id)
    wrong: dict[str, str] = {}
    found: dict[str, str] = {}
    for code, name in names.items():
        try:
            if name.strip() or code == language:
                found[code] = checked(session, name)
        except BadInput as error:
            wrong[f"name-{code}"] = error.fields["cause"]
    if wrong:
        raise BadInput("The names are not complete.", mend="Mend what is marked.", fields=wrong)
    name, key = found.pop(language), fold(found.get(language) or names[language])
    twin = session.exec(select(Cause).where(Cause.key == key, Cause.id != row.id)).first()
    if twin is not None:
        raise Conflict("Another cause has this name.", mend="Merge the two instead.")
    before = row.name
    others = {code: row.names[code] for code in row.names if code not in names and code != language}
    if (row.name, row.names) != (name, others | found):
        row.name, row.key, row.language, row.names = name, key, language, others | found
        session.add(row)
        note(session, who, row, CauseAct.renamed, now, before=before, after=name)
    return row


def move(session: Session, who: Viewer, cause_id: UUID, parent_id: UUID | None, now: datetime) -> Cause:
    """Put a cause under a wider one, or under none. Raises BadInput (`fields`: under)."""
    row = _kept(session, who, cause_id)
    known = causes(session, who)
    parent = known.standing(cause(session, who, parent_id).id) if parent_id is not None else None
    if parent is not None:
        deep = len(known.chain(parent)) + _height(known, row.id)
        wrong = ""
        if parent in known.below(row.id):
            wrong = "It cannot stand under itself, or under a cause that stands under it."
        elif deep > DEEPEST:
            wrong = f"Causes stand in at most {DEEPEST} levels; this would make {deep}."
        if wrong:
            raise BadInput("It cannot stand there.", mend="Choose another one.", fields={"under": wrong})
    if row.parent_id != parent:
        before = known.name(row.parent_id, row.language) if row.parent_id else ""
        row.parent_id = parent
        session.add(row)
        note(session, who, row, CauseAct.moved, now, before=before, after=known.by_id[parent].name if parent else "")
    return row


def share(session: Session, who: Viewer, cause_id: UUID, now: datetime) -> Cause:
    """Make a cause everybody's."""
    row = _kept(session, who, cause_id)
    if not row.shared:
        row.shared = True
        session.add(row)
        note(session, who, row, CauseAct.shared, now)
    return row


def retire(session: Session, who: Viewer, cause_id: UUID, now: datetime) -> Cause:
    """Suggest a cause no more. Cases that have it keep it, and it is counted on."""
    row = _kept(session, who, cause_id)
    if row.retired_at is None:
        row.retired_at = now
        session.add(row)
        note(session, who, row, CauseAct.retired, now)
    return row


def bring_back(session: Session, who: Viewer, cause_id: UUID, now: datetime) -> Cause:
    """Suggest a retired cause again."""
    row = _kept(session, who, cause_id)
    if row.retired_at is not None:
        row.retired_at = None
        session.add(row)
        note(session, who, row, CauseAct.brought_back, now)
    return row


def ask_merge(session: Session, who: Viewer, cause_id: UUID, into_id: UUID, now: datetime) -> Cause:
    """Propose that a cause is the same as another; a second person decides.

    Raises BadInput (`fields`: into) for itself or one below it, Conflict where it is merged or proposed already.
    """
    row = _kept(session, who, cause_id)
    known = causes(session, who)
    target = known.standing(cause(session, who, into_id).id)
    if row.merged_at is not None:
        raise Conflict("This cause was merged already.", mend="Take that back first.")
    if row.into_id is not None:
        if row.into_id == target and row.asked_by_id == who.staff_id:
            return row
        raise Conflict("A merge of this cause waits for a decision already.", mend="Decide on that one first.")
    if target in known.below(row.id):
        raise BadInput(
            "A cause cannot go into itself, or into one that stands under it.",
            mend="Choose another one, or merge the other way round.",
            fields={"into": "It cannot go into itself, or into one that stands under it."},
        )
    row.into_id, row.asked_by_id = target, who.staff_id
    session.add(row)
    note(session, who, row, CauseAct.merge_asked, now, after=known.by_id[target].name)
    return row


def decide_merge(session: Session, who: Viewer, cause_id: UUID, agreed: bool, now: datetime) -> Cause:
    """Agree to a merge, or refuse it. Who proposed it may withdraw it, and never agree.

    Raises NotAllowed for agreeing to one's own proposal, Conflict where nothing waits or it makes a circle by now.
    """
    row = _kept(session, who, cause_id)
    if row.into_id is None or row.merged_at is not None:
        raise Conflict("No merge of this cause waits for a decision.", mend="Somebody else decided meanwhile.")
    if agreed and row.asked_by_id == who.staff_id:
        raise NotAllowed("You proposed it, so somebody else decides.", mend="Ask a colleague who holds reviews.")
    known = causes(session, who)
    target = cause(session, who, row.into_id)
    if agreed:
        if known.standing(target.id) in known.below(row.id):
            raise Conflict("The other cause stands under this one by now.", mend="Merge them the other way round.")
        row.merged_at = now
    else:
        row.into_id = row.asked_by_id = None
    session.add(row)
    note(session, who, row, CauseAct.merged if agreed else CauseAct.merge_refused, now, after=target.name)
    return row


def unmerge(session: Session, who: Viewer, cause_id: UUID, now: datetime) -> Cause:
    """Take a merge back: the cause stands for itself again, with the cases it had."""
    row = _kept(session, who, cause_id)
    if row.merged_at is not None and row.into_id is not None:
        before = session.get_one(Cause, row.into_id).name
        row.into_id = row.asked_by_id = row.merged_at = None
        session.add(row)
        note(session, who, row, CauseAct.unmerged, now, before=before)
    return row


def changes(session: Session, who: Viewer, cause_id: UUID) -> list[CauseChange]:
    """What was done to a cause, newest first."""
    about = cause(session, who, cause_id)
    newest = col(CauseChange.at).desc(), col(CauseChange.id).desc()
    return list(session.exec(select(CauseChange).where(CauseChange.cause_id == about.id).order_by(*newest)).all())


def _height(known: Causes, cause_id: UUID) -> int:
    """Levels from a cause down to the narrowest below it."""
    return max((known.chain(one).index(cause_id) for one in known.below(cause_id)), default=0) + 1


def _kept(session: Session, who: Viewer, cause_id: UUID) -> Cause:
    if not keeps(who):
        raise NotAllowed("The causes are kept by those who hold reviews.", mend="Ask the head of your office.")
    seen = cause(session, who, cause_id)
    return session.exec(
        select(Cause).where(Cause.id == seen.id).with_for_update(), execution_options={"populate_existing": True}
    ).one()
