"""What the figures count, by name: which rows, whose they are, when they happened, and what of them must hold.

A figure and the list of its cases read the same definition, so they cannot differ. Rows of a case are those that its
citizen waits by; rows of an act (an answer, a closing, an appeal, an offer) count for the office that did it, wherever
the case is by now.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, literal, or_, select, true
from sqlalchemy.orm import aliased
from sqlmodel import col

from core.settings import settings
from domain.answer import GivenAnswer
from domain.case import Case
from domain.clock import Clock
from domain.closing import Appeal, AppealOutcome, SolvedQuestion, SolvedState
from domain.states import AUDIT_SOURCES, NOT_LIVE_SOURCES, ClockKind, ClockState, EntryKind, LeadLink, Outcome
from domain.timeline import TimelineEntry
from domain.visibility import Viewer, about_nobody, counted_act, visible

Predicate = Callable[[datetime], ColumnElement[bool]]
"""What must hold at a moment."""

OFFER_ENDS = (EntryKind.accepted, EntryKind.refused, EntryKind.lapsed)
"""How an offer to another office ends that was not taken back."""
_OFFER = (EntryKind.transferred, *OFFER_ENDS, EntryKind.withdrawn)
_offered: Any = aliased(TimelineEntry)
_ended: Any = aliased(TimelineEntry)
_later: Any = aliased(TimelineEntry)


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of one kind, each with its case. `office` is whose they are, `staff` the person (None where it is nobody's),
    `at` when they happened. `ongoing`: they are counted whenever they began, since they are not over."""

    join: Callable[[Select[Any]], Select[Any]]
    office: Any
    at: Any
    staff: Any = None
    act: bool = True
    ongoing: bool = False
    always: Predicate = lambda _: true()

    def scope(self, who: Viewer) -> ColumnElement[bool]:
        """What of them counts for this viewer: an office's own acts do, though the case is no longer its to see."""
        return and_(counted_act(who, self.office) if self.act else visible(who), counted(who))


def unanswered(now: datetime) -> ColumnElement[bool]:
    """Whose silence ran at that moment. An answer given later does not change what was true then."""
    return or_(col(Case.first_response_at).is_(None), col(Case.first_response_at) > now)


def taken_back(now: datetime) -> ColumnElement[bool]:
    """What its citizen had taken back by then: unanswered, but nobody waits for it any more."""
    return and_(col(Case.outcome) == Outcome.withdrawn, col(Case.closed_at) <= now)


def still_wanted(now: datetime) -> ColumnElement[bool]:
    """What its citizen had not taken back by then."""
    return or_(col(Case.outcome).is_distinct_from(Outcome.withdrawn), col(Case.closed_at) > now)


def late(now: datetime) -> ColumnElement[bool]:
    """Whose target for a first answer had passed at that moment; asked of silent cases, so with `unanswered`."""
    return _clock(ClockKind.first_response, now)


def citizens() -> ColumnElement[bool]:
    """What citizens raised. What visitors of our own found is no citizen's silence and stands apart; a part of a case
    is no second citizen who waits: the silence is its lead's. What came from an earlier system counts where the
    deployment says so."""
    apart = AUDIT_SOURCES if settings().figures_imported else NOT_LIVE_SOURCES
    return and_(col(Case.source).not_in(apart), col(Case.lead_link).is_distinct_from(LeadLink.part))


def counted(who: Viewer) -> ColumnElement[bool]:
    """What stands in figures: for all who read them the same, but for those who guard integrity and see what they see.

    Were a case about somebody's conduct in the figure of one reader and not of another, the difference would tell.
    """
    return citizens() if who.integrity_offices else and_(citizens(), about_nobody())


def _clock(kind: ClockKind, now: datetime, *more: ColumnElement[bool]) -> ColumnElement[bool]:
    """That a deadline of that kind had passed by then, and more of its clock."""
    return exists(
        select(literal(1)).where(
            col(Clock.case_id) == col(Case.id),
            col(Clock.kind) == kind,
            col(Clock.state) != ClockState.void,
            col(Clock.deadline_at) <= now,
            *more,
        )
    )


def _due(now: datetime) -> ColumnElement[bool]:
    """The target has passed, and the citizen had not taken the matter back before."""
    wanted = or_(
        col(Case.first_response_at).is_not(None),
        col(Case.outcome).is_distinct_from(Outcome.withdrawn),
        col(Case.closed_at) > col(Clock.deadline_at),
    )
    return _clock(ClockKind.first_response, now, wanted)


def _in_target(now: datetime) -> ColumnElement[bool]:
    return _clock(ClockKind.first_response, now, col(Case.first_response_at) <= col(Clock.deadline_at))


_RUNS_OR_RAN = (ClockState.running, ClockState.met, ClockState.missed)


def _resolution_due(now: datetime) -> ColumnElement[bool]:
    return _clock(ClockKind.resolution, now, col(Clock.state).in_(_RUNS_OR_RAN))


def _resolved_in_target(now: datetime) -> ColumnElement[bool]:
    over = _clock(ClockKind.resolution, now, col(Clock.state).in_((ClockState.running, ClockState.missed)))
    return and_(_resolution_due(now), ~over)


def _resolved(now: datetime) -> ColumnElement[bool]:
    return and_(col(Case.closed_at) <= now, col(Case.outcome).is_distinct_from(Outcome.withdrawn))


def _opened_again(_: datetime) -> ColumnElement[bool]:
    return exists(
        select(literal(1)).where(
            _later.case_id == col(SolvedQuestion.case_id),
            _later.number > col(SolvedQuestion.entry),
            _later.kind == EntryKind.reopened,
        )
    )


def _appealed(_: datetime) -> ColumnElement[bool]:
    return exists(
        select(literal(1)).where(
            col(Appeal.case_id) == col(SolvedQuestion.case_id),
            col(Appeal.from_office_id) == col(SolvedQuestion.office_id),
            col(Appeal.entry) > col(SolvedQuestion.entry),
        )
    )


def _offers(statement: Select[Any]) -> Select[Any]:
    """Offers of a case to another office and how each ended; one that is open, or was taken back, is left out."""
    after = (
        select(func.min(_later.number))
        .where(_later.case_id == _offered.case_id, _later.number > _offered.number, _later.kind.in_(_OFFER))
        .scalar_subquery()
    )
    return (
        statement.select_from(_offered)
        .join(Case, col(Case.id) == _offered.case_id)
        .join(_ended, and_(_ended.case_id == _offered.case_id, _ended.number == after))
    )


def _offer_ended(_: datetime) -> ColumnElement[bool]:
    return and_(_offered.kind == EntryKind.transferred, _ended.kind.in_(OFFER_ENDS))


ROWS: Mapping[str, Rows] = {
    "received": Rows(
        lambda statement: statement.select_from(Case),
        col(Case.office_id), col(Case.received_at), col(Case.assignee_id), act=False,
    ),
    "waiting": Rows(
        lambda statement: statement.select_from(Case),
        col(Case.office_id), col(Case.received_at), col(Case.assignee_id), act=False, ongoing=True,
        always=lambda now: and_(unanswered(now), still_wanted(now)),
    ),
    "answers": Rows(
        lambda statement: statement.select_from(GivenAnswer).join(Case, col(Case.id) == col(GivenAnswer.case_id)),
        col(GivenAnswer.office_id), col(GivenAnswer.at), col(GivenAnswer.staff_id),
    ),
    "closings": Rows(
        lambda statement: statement.select_from(SolvedQuestion).join(
            Case, col(Case.id) == col(SolvedQuestion.case_id)
        ),
        col(SolvedQuestion.office_id), col(SolvedQuestion.closed_at), col(SolvedQuestion.closed_by),
    ),
    "decisions": Rows(
        lambda statement: statement.select_from(Appeal).join(Case, col(Case.id) == col(Appeal.case_id)),
        col(Appeal.from_office_id), col(Appeal.decided_at),
        always=lambda _: and_(col(Appeal.outcome).is_not(None), col(Appeal.outcome) != AppealOutcome.withdrawn),
    ),
    "offers": Rows(_offers, _offered.office_id, _offered.at, always=_offer_ended),
    "offered": Rows(_offers, _ended.office_id, _offered.at, always=_offer_ended),
}  # fmt: skip
"""`offers` are by the office that made them, `offered` by the one that got them."""


@dataclass(frozen=True, slots=True)
class Counted:
    """Those rows of a kind for which something holds; `words` say what they are, above the list of their cases."""

    rows: str
    words: str
    holds: Predicate = lambda _: true()


COUNTED: Mapping[str, Counted] = {
    "received": Counted("received", "Cases received"),
    "due": Counted("received", "Cases whose first answer was due", _due),
    "in_target": Counted("received", "Cases answered within their target", _in_target),
    "wanted": Counted("received", "Cases not taken back", still_wanted),
    "resolved": Counted("received", "Cases resolved", _resolved),
    "resolution_due": Counted("received", "Cases whose resolution was due", _resolution_due),
    "resolved_in_target": Counted("received", "Cases resolved within their target", _resolved_in_target),
    "silent": Counted("waiting", "Cases silent now"),
    "past_target": Counted("waiting", "Cases silent past their target", late),
    "answers": Counted("answers", "Cases answered by hand"),
    "templated": Counted("answers", "Templated answers", lambda _: col(GivenAnswer.templated).is_not(None)),
    "closings": Counted("closings", "Closings"),
    "reopened": Counted("closings", "Closed and opened again", _opened_again),
    "appealed": Counted("closings", "Closed and appealed", _appealed),
    "told": Counted(
        "closings", "Closings whose citizens said whether it is solved",
        lambda _: col(SolvedQuestion.state).in_((SolvedState.yes, SolvedState.no)),
    ),
    "solved": Counted(
        "closings", "Closings that citizens say are solved", lambda _: col(SolvedQuestion.state) == SolvedState.yes
    ),
    "decisions": Counted("decisions", "Appeals decided"),
    "upheld": Counted(
        "decisions", "Appeals that were upheld",
        lambda _: col(Appeal.outcome).in_((AppealOutcome.allowed, AppealOutcome.partly)),
    ),
    "offers": Counted("offers", "Offers to other offices"),
    "bounced": Counted("offers", "Offers that came back", lambda _: _ended.kind != EntryKind.accepted),
    "offered": Counted("offered", "Offers by other offices"),
    "turned_away": Counted("offered", "Offers turned away", lambda _: _ended.kind != EntryKind.accepted),
}  # fmt: skip
"""Each by the name that `figure:` in a search takes."""


def cases_of(who: Viewer, name: str, now: datetime, *narrower: ColumnElement[bool]) -> Select[Any]:
    """Ids of the cases that a figure counts for this viewer; which of them may be opened is the list's to say."""
    one = COUNTED[name]
    rows = ROWS[one.rows]
    ids = rows.join(select(col(Case.id))).where(rows.scope(who), rows.always(now), one.holds(now), *narrower)
    return ids.correlate(None)
