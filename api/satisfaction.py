"""What people said about services: of one's offices, with what each figure stands on, and how offices compare."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlmodel import Session

from api import satisfied
from api.auth import SignedIn, Staffed
from api.pages import choose_language, render
from core.database import database
from core.errors import NotAllowed, NotFound
from core.i18n import Translator, translator
from core.settings import settings
from domain.catalogue import Catalogue, catalogue, name_of
from domain.office import Office
from domain.states import Role
from domain.visibility import Viewer
from reports import money, satisfaction
from reports.in_short import in_short
from reports.standing import said, standings
from reports.weighting import LEAST, Scales, Tally, median, scales
from reports.words import Said as Quote
from reports.words import said as quoted
from surveys.money import tells_of_money

router = APIRouter(include_in_schema=False)

READERS = frozenset(
    {"operator", "officer", "supervisor", "head", "reviewer", "leadership", "auditor", "admin", "integrity"}
)
PERIODS = (1, 4, 13)
USUAL = 4
"""Weeks a page looks back on."""
LOW_WORDS, HIGH_WORDS = 8, 4
"""So many words of those least and most content are shown."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What a page is about. `reach` None is every office."""

    reach: frozenset[UUID] | None
    office: Office | None
    service: UUID | None
    weeks: int

    def holds(self, tally: Tally) -> bool:
        """Whether somebody who was asked belongs to it."""
        return (self.reach is None or tally.office in self.reach) and self.service in (None, tally.service)


@router.get("/staff/satisfaction")
def show_satisfaction(
    request: Request, staff: Staffed, office: str = "", service: str = "", weeks: str = "", month: str = ""
) -> Response:
    """What was said of the offices one works for, leads, or watches over."""
    if not READERS & staff.roles:
        raise NotAllowed(
            "What was said about services is for those who give them.", mend="Ask the head of your office."
        )
    words = translator(choose_language(request, staff)[0])
    now = datetime.now(UTC)
    with database().read() as session:
        known = catalogue(session)
        scope = _scope(known, staff.viewer, office, service, weeks)
        context = _context(session, known, staff, scope, month, now, words)
    return render(request, "staff/satisfaction.html", context)


def _scope(known: Catalogue, who: Viewer, office: str, service: str, weeks: str) -> Scope:
    reach = None if who.offices is None or who.has(Role.integrity) else who.offices
    chosen = known.office_by_code.get(office.strip().upper()) if office else None
    if office and (chosen is None or (reach is not None and chosen.id not in reach)):
        raise NotFound("There is no such office for you to look into.", mend="Go back and choose one of the list.")
    about = known.service_by_code.get(service.strip()) if service else None
    if service and about is None:
        raise NotFound("There is no such service.", mend="Go back and choose one of the list.")
    if chosen is not None:
        below = known.subtree(chosen.id)
        reach = frozenset(below) if reach is None else reach & below
    period = next((one for one in PERIODS if weeks == str(one)), USUAL)
    return Scope(reach, chosen, about.id if about else None, period)


def _context(
    session: Session, known: Catalogue, staff: SignedIn, scope: Scope, month: str, now: datetime, words: Translator
) -> dict[str, object]:
    lang, since = words.language, now - timedelta(weeks=scope.weeks)
    every = satisfaction.tallies(session, "rating", since, now)
    weights = scales(every)
    ours = [tally for tally in every if scope.holds(tally)]
    total = said(ours, weights)
    lines, plot = standings([one for one in every if scope.service in (None, one.service)], weights)
    shown = [one for one in lines if scope.reach is None or one.office_id in scope.reach]
    asked = satisfaction.responses(session, since, now, scope.service)
    responded = satisfaction.together([one for at, one in asked.items() if scope.reach is None or at in scope.reach])
    named = [(known.name(one.office_id, lang), one) for one in shown] if len(shown) > 1 else []
    return {
        "headline": in_short(total, responded, named, plot is not None and plot.widening > 1, lang),
        "scope": _called(known, staff.viewer, scope, lang),
        "weeks": scope.weeks,
        "periods": [{"code": str(one), "name": satisfied.told(one, words)} for one in PERIODS],
        "office": scope.office.code if scope.office else "",
        "service": known.services[scope.service].code if scope.service else "",
        "offices": _offices(known, staff.viewer, every, lang),
        "services": _services(known, every, lang),
        "figures": satisfied.figures(total, responded, _medians(session, scope, weights, since, now), words),
        "weighting": satisfied.weighting(total, words),
        "tapped": satisfied.tapped(satisfaction.tapped(session, since, now, scope.reach, scope.service), words),
        "reasons": satisfied.reasons(
            satisfaction.reasons(session, since, now, scope.reach, scope.service), satisfaction.options(session), words
        ),
        "by_service": _by_service(known, ours, weights, words) if scope.service is None else [],
        "quotes": _quotes(session, staff.viewer, scope, since, now),
        "rows": satisfied.rows(shown, asked, known, words) if len(shown) > 1 else [],
        "few": [known.name(one.office_id, lang) for one in shown if one.said.rating.n < LEAST] if named else [],
        "funnel": satisfied.plot(shown, plot) if len(shown) > 1 and plot else None,
        "operators": _operators(session, known, staff.viewer, scope, weights, since, now, words),
        "money": _money(session, known, staff.viewer, month, words),
        "signs": satisfied.signs(session, known, staff.viewer, shown, since, words),
        "least": LEAST,
    }


def _called(known: Catalogue, who: Viewer, scope: Scope, lang: str) -> str:
    if scope.office is not None:
        return name_of(scope.office, lang)
    if scope.reach is None:
        return settings().government
    return ", ".join(sorted(known.name(office, lang) for office in who.home & scope.reach)) or settings().government


def _offices(known: Catalogue, who: Viewer, every: Sequence[Tally], lang: str) -> list[dict[str, str]]:
    """Offices to choose from: those within reach that somebody was asked about, and those above them."""
    reach = None if who.offices is None or who.has(Role.integrity) else who.offices
    there: set[UUID] = set()
    for office in {tally.office for tally in every}:
        there |= {one.id for one in known.chain(office)}
    found = [known.offices[one] for one in there if one in known.offices and (reach is None or one in reach)]
    return [{"code": one.code, "name": name_of(one, lang)} for one in sorted(found, key=lambda one: name_of(one, lang))]


def _services(known: Catalogue, every: Sequence[Tally], lang: str) -> list[dict[str, str]]:
    found = [known.services[one] for one in {tally.service for tally in every} if one in known.services]
    return sorted(({"code": one.code, "name": name_of(one, lang)} for one in found), key=lambda option: option["name"])


def _medians(
    session: Session, scope: Scope, weights: Scales, since: datetime, now: datetime
) -> dict[str, tuple[float | None, int]]:
    """Medians of the questions that ask for a number, and how many answered each. They are put to some of those who
    rate, so an answer weighs what its rating does."""
    found: dict[str, tuple[float | None, int]] = {}
    for question in ("minutes", "visits"):
        every = satisfaction.told(session, question, since, now)
        answers = weights.weigh(one for one in every if scope.holds(one))
        found[question] = (median(answers), sum(one.count for one in answers))
    return found


def _by_service(known: Catalogue, ours: Sequence[Tally], weights: Scales, words: Translator) -> list[dict[str, object]]:
    services = {tally.service for tally in ours if tally.service in known.services}
    pairs = [
        (name_of(known.services[one], words.language), found)
        for one in services
        if one is not None and (found := said((tally for tally in ours if tally.service == one), weights)) is not None
    ]
    return satisfied.named(sorted(pairs, key=lambda pair: (pair[1].rating.few, pair[1].content.value, pair[0])))


def _operators(
    session: Session,
    known: Catalogue,
    who: Viewer,
    scope: Scope,
    weights: Scales,
    since: datetime,
    now: datetime,
    words: Translator,
) -> list[dict[str, object]]:
    """Operators of one office, for who leads it; in order of their names, since they are too few to be ranked."""
    if scope.reach is None or len(scope.reach) != 1:
        return []
    (office,) = scope.reach
    led = (known.subtree(at) for role, at in who.roles if role in (Role.head, Role.supervisor))
    if not any(office in offices for offices in led):
        return []
    found = satisfaction.by_operator(session, "rating", since, now, office)
    pairs = [
        (name, one)
        for name, some in sorted(found.items())
        if (one := said((tally for tally in some if scope.holds(tally)), weights)) is not None
    ]
    return satisfied.named(pairs)


def _quotes(session: Session, who: Viewer, scope: Scope, since: datetime, now: datetime) -> list[Quote]:
    """Words of the least and of the most content. What tells of money is for others, case or not."""
    found = [
        quote
        for quote in quoted(session, who, scope.reach, since=since, until=now, with_words=True)
        if scope.service in (None, quote.service_id) and not tells_of_money(quote.words)
    ]
    return found if len(found) <= LOW_WORDS + HIGH_WORDS else found[:LOW_WORDS] + found[-HIGH_WORDS:]


def _money(session: Session, known: Catalogue, who: Viewer, month: str, words: Translator) -> dict[str, object] | None:
    out = money.months(session, known, who)
    if not out:
        return None
    chosen = next((one for one in out if f"{one:%Y-%m}" == month), out[0])
    return satisfied.money(money.month(session, chosen), out, known, words)
