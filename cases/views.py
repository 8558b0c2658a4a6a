"""Views of the queue: those that everybody has, those that somebody keeps, and those that an office shares.

A view is a question in the language of `cases.asking` with a name, so it shows exactly what the same words show in the
search.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy
from sqlalchemy import and_, func, nulls_last
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, or_, select

from cases import asking
from cases.filters import TO_DO, Filter, Mark, first_of_crowd, narrowed
from core.errors import BadInput, NotAllowed, NotFound
from core.texts import clean
from domain.case import Case
from domain.catalogue import Catalogue
from domain.queue import Order, SavedView
from domain.states import Role
from domain.visibility import Viewer, visible

DEFAULT = "todo"
CAP = 500
"""What waits is counted up to here, most urgent first; beyond, a plus says that there is more."""
MOST = 30
"""Views one person may keep."""
SHARING = frozenset({Role.supervisor, Role.head, Role.admin})


@dataclass(frozen=True, slots=True)
class View:
    """One view. `key` names it in addresses; `own` may be renamed and thrown away by this person."""

    key: str
    name: str
    query: str
    order: Order = Order.due
    shared: bool = False
    own: bool = False


READY = (
    View(DEFAULT, "To do", "is:todo"),
    View("mine", "Mine", "is:todo is:mine"),
    View("unassigned", "Nobody on it", "is:todo is:unassigned"),
    View("today", "Due today", "is:todo is:today"),
    View("late", "Late", "is:todo is:late"),
    View("waiting", "Waiting for the citizen", "state:waiting"),
    View("offered", "Offered to us", "is:todo is:offered"),
    View("urgent", "Urgent", "is:todo is:urgent"),
    View("reopened", "Opened again", "is:todo is:reopened"),
    View("appeals", "Appeals", "is:todo is:appeal"),
)
"""What everybody has; the digits open them in this order, 0 the tenth."""


def views(session: Session, who: Viewer) -> list[View]:
    """The views a person has: everybody's, then what their offices share, then their own."""
    kept = session.exec(
        select(SavedView)
        .where(or_(col(SavedView.staff_id) == who.staff_id, col(SavedView.office_id).in_(who.home)))
        .order_by(col(SavedView.office_id).is_(None), col(SavedView.name), col(SavedView.id))
    ).all()
    return [*READY, *(_view(row, who) for row in kept)]


def _view(row: SavedView, who: Viewer) -> View:
    shared = row.office_id is not None
    return View(str(row.id), row.name, row.query, Order(row.order), shared, _may_change(row, who))


def _may_change(row: SavedView, who: Viewer) -> bool:
    return row.staff_id == who.staff_id or (row.office_id is not None and may_share(who, row.office_id))


def may_share(who: Viewer, office_id: UUID) -> bool:
    """Whether somebody may give an office a view, or take one away from it."""
    return any(role in SHARING and office == office_id for role, office in who.roles)


def among(every: Sequence[View], key: str) -> View | None:
    """The view of that key, of those a person has; None for one that was thrown away."""
    return next((view for view in every if view.key == key), None)


def filter_of(view: View, known: Catalogue, now: datetime) -> Filter:
    """What a view shows. Everybody's first one shows of a crowd one case, as one answer goes to all."""
    return replace(asking.read(view.query, known, now).chosen, folded=view.key == DEFAULT)


def counts(
    session: Session, who: Viewer, every: Sequence[View], known: Catalogue, now: datetime
) -> dict[str, tuple[int, bool]]:
    """How many cases each view has, and whether there may be more; without those that need a look beyond what waits.

    One statement that looks at no more than the `CAP` most urgent cases that wait, however many views or cases.
    """
    waiting = (
        select(Case, first_of_crowd(TO_DO).label("first"))
        .where(visible(who), col(Case.state).in_(TO_DO))
        .order_by(nulls_last(col(Case.due_at).asc()), col(Case.id))
        .limit(CAP + 1)
        .subquery()
    )
    row = aliased(Case, waiting)
    wanted = {}
    for view in every:
        asked = filter_of(view, known, now)
        within = Mark.todo in asked.marks or (asked.states is not None and asked.states <= TO_DO)
        if within and not asked.words:
            holds = and_(*narrowed(who, asked, row), *([waiting.c.first] if asked.folded else []))
            wanted[view.key] = func.count().filter(holds)
    columns: list[Any] = [func.count(), *wanted.values()]
    found = session.execute(sqlalchemy.select(*columns).select_from(row)).one()
    more = found[0] > CAP
    return {key: (min(number, CAP), more) for key, number in zip(wanted, found[1:], strict=True)}


def keep(
    session: Session, who: Viewer, known: Catalogue, name: str, query: str, order: str, office: str, now: datetime
) -> SavedView:
    """Keep a question as a view, or give it to an office by its code.

    Raises:
        BadInput: it has no name or no words, or says something that is not understood.
        NotAllowed: only who leads an office gives it views.
    """
    name, query = clean(name, 60), clean(query, asking.LONGEST)
    wrong = {}
    if not name:
        wrong["name"] = "Give it a name."
    if not query:
        wrong["query"] = "Write what it shows, such as is:late service:water."
    elif odd := asking.read(query, known, now).odd:
        wrong["query"] = " ".join(odd)
    if order not in set(Order):
        wrong["order"] = "Choose an order."
    if wrong:
        raise BadInput("The view cannot be kept as it is.", mend="Mend what is marked.", fields=wrong)
    office_id = None
    if office:
        found = known.office_by_code.get(office.upper())
        if found is None or not may_share(who, found.id):
            raise NotAllowed("Only who leads an office gives it views.", mend="Keep it for yourself.")
        office_id = found.id
    assert who.staff_id is not None  # noqa: S101  (only staff sign in)
    mine = session.exec(select(func.count()).where(col(SavedView.staff_id) == who.staff_id)).one()
    if mine >= MOST:
        raise BadInput(f"You keep {MOST} views already.", mend="Throw one away first.")
    row = SavedView(staff_id=who.staff_id, office_id=office_id, name=name, query=query, order=Order(order), made_at=now)
    session.add(row)
    session.flush()
    return row


def throw_away(session: Session, who: Viewer, key: UUID) -> None:
    """Throw a view away: one's own, or one of an office one leads. Raises NotFound."""
    row = session.get(SavedView, key)
    if row is None or not _may_change(row, who):
        raise NotFound("There is no such view of yours.")
    session.delete(row)
