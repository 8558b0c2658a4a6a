"""The routing table's rules: added, changed from a day on, ended on a day.

What was decided before stays as it was and can be explained: a rule that applied already is never rewritten but ends,
and another begins where it ended.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from sqlmodel import Session

from cases import administration
from cases.administration import Values
from core.errors import Conflict, NotAllowed, NotFound
from core.texts import clean
from domain.catalogue import Catalogue, name_of
from domain.service import Jurisdiction
from domain.states import OfficeFunction
from domain.visibility import Viewer
from routing.places import index_of
from routing.table import place_words, rule_words, topic_of, topic_words

LONGEST_NOTE = 300
LATEST = date(2199, 12, 31)
"""A later day is a slip of the keyboard."""
_DECIDING = ("service_id", "group", "places", "area_id", "within_id", "office_id", "valid_from", "valid_to")
ALL, GROUP, SERVICE = "all", "group:", "service:"
"""Topics as a form says them: all of them, or one group or service by its name or code."""


@dataclass(frozen=True, slots=True)
class Given:
    """A rule as typed into its form. `where` is everywhere, places, area or within; days are as in 2026-03-31."""

    topic: str = ""
    where: str = "everywhere"
    places: str = ""
    area: str = ""
    within: str = ""
    office: str = ""
    begins: str = ""
    ends: str = ""
    note: str = ""


def values_of(known: Catalogue, rule: Jurisdiction) -> Values:
    """A rule as people read it."""
    office = known.offices.get(rule.office_id)
    return {
        "topic": topic_words(known, rule),
        "place": ", ".join(rule.places) if rule.places else place_words(known, rule),
        "office": f"{name_of(office, 'en')} ({office.code})" if office else "",
        "from": rule.valid_from.isoformat(),
        "until": rule.valid_to.isoformat() if rule.valid_to else "",
        "note": rule.note,
    }


def typed(known: Catalogue, rule: Jurisdiction) -> Given:
    """A rule as its form shows it."""
    service = known.services.get(rule.service_id) if rule.service_id else None
    area = known.areas.get(rule.area_id) if rule.area_id else None
    within, office = known.offices.get(rule.within_id) if rule.within_id else None, known.offices.get(rule.office_id)
    return Given(
        topic=f"{SERVICE}{service.code}" if service else f"{GROUP}{rule.group}" if rule.group else ALL,
        where="area" if area else "places" if rule.places else "within" if within else "everywhere",
        places="\n".join(rule.places),
        area=area.code if area else "",
        within=f"{name_of(within, 'en')} ({within.code})" if within else "",
        office=f"{name_of(office, 'en')} ({office.code})" if office else "",
        begins=rule.valid_from.isoformat(),
        ends=rule.valid_to.isoformat() if rule.valid_to else "",
        note=rule.note,
    )


def draft(known: Catalogue, given: Given, rule_id: UUID, today: date, old: Jurisdiction | None = None) -> Jurisdiction:
    """The rule that a form describes, checked and not saved; `old` is the one it takes the place of.

    Raises BadInput, with what is wrong by field.
    """
    faults: dict[str, str] = {}
    rule = Jurisdiction(id=rule_id, office_id=rule_id)
    _fill_topic(known, rule, given, faults, old)
    _fill_place(known, rule, given, faults)
    office = known.office_by_code.get(given.office.strip().upper())
    if office is None:
        faults["office"] = (
            "Choose the office that answers." if not given.office.strip() else "No open office is so called."
        )
    elif office.function == OfficeFunction.integrity:
        faults["office"] = "What is for integrity is recognised by what it says, not by a rule."
    else:
        rule.office_id = office.id
    rule.note = clean(given.note, LONGEST_NOTE)
    begins, ends = _day(given.begins, "begins", today, faults), _day(given.ends, "ends", None, faults)
    if begins is not None and begins < today and not (old is not None and old.valid_from == begins):
        faults["begins"] = "A rule begins today or later: what was decided before stays as it was."
    if begins is not None and ends is not None and ends <= begins:
        faults["ends"] = "This is the first day on which it does not count any more, so it comes after the first day."
    rule.valid_from, rule.valid_to = begins or today, ends
    if not faults and (twin := _twin(known, rule, old)) is not None:
        faults["topic"] = f"There is a rule for just this on the same days: {rule_words(known, twin)}. Change that one."
    administration.check(faults)
    return rule


def after(known: Catalogue, rule: Jurisdiction, old: Jurisdiction | None = None) -> Catalogue:
    """The catalogue as it would be with a rule, and with the one whose place it takes ended before it begins."""
    lines = [line for line in known.jurisdictions if old is None or line.id != old.id]
    if old is not None and old.valid_from < rule.valid_from:
        ended = administration.copied(old)
        ended.valid_to = rule.valid_from
        lines.append(ended)
    return replace(known, jurisdictions=(*lines, rule))


def add(session: Session, who: Viewer, rule_id: UUID, given: Given, now: datetime) -> Jurisdiction:
    """A new rule under the id its form was given, so that a form sent twice adds one.

    Raises BadInput, NotAllowed.
    """
    known = administration.begin(session, who)
    if (there := session.get(Jurisdiction, rule_id)) is not None:
        return there
    rule = draft(known, given, rule_id, administration.today(now))
    _check_rights(known, who, None, rule)
    _keep(session, known, who, rule, now)
    return rule


def change(
    session: Session, who: Viewer, rule_id: UUID, new_id: UUID, given: Given, seen: str, now: datetime
) -> Jurisdiction:
    """Another rule in place of one, from the first day given on; one that has not begun by then is changed itself.

    Raises BadInput, Conflict, NotAllowed, NotFound.
    """
    known = administration.begin(session, who)
    old, today = _load(session, known, rule_id), administration.today(now)
    if (there := session.get(Jurisdiction, new_id)) is not None:
        return there
    wanted = draft(known, given, new_id, today, old)
    _check_rights(known, who, old, wanted)
    before = values_of(known, old)
    same = _same_but_note(old, wanted)
    if not same and old.valid_to is not None and old.valid_to <= wanted.valid_from:
        raise Conflict(f"This rule ends on {old.valid_to.isoformat()}.", mend="Add a new one that begins then.")
    if same or old.valid_from >= max(today, wanted.valid_from):
        after_it = values_of(known, wanted)
        if administration.agreed(session, old.id, seen, before, after_it):
            for name in (
                "service_id",
                "group",
                "places",
                "area_id",
                "within_id",
                "office_id",
                "valid_from",
                "valid_to",
                "note",
            ):
                setattr(old, name, getattr(wanted, name))
            administration.record(session, who, "rule", old.id, _title(known, old), before, after_it, now)
        return old
    if seen != administration.stamp(before):
        administration.agreed(session, old.id, seen, before, {})
    old.valid_to = wanted.valid_from
    administration.record(session, who, "rule", old.id, _title(known, old), before, values_of(known, old), now)
    _keep(session, known, who, wanted, now)
    return wanted


def end(session: Session, who: Viewer, rule_id: UUID, day: str, seen: str, now: datetime) -> Jurisdiction:
    """Have a rule count no more from a day on; one that has not begun by then never counts.

    Raises BadInput, Conflict, NotAllowed, NotFound.
    """
    known = administration.begin(session, who)
    rule, today = _load(session, known, rule_id), administration.today(now)
    faults: dict[str, str] = {}
    last = _day(day, "end_day", today, faults)
    if last is not None and last < today:
        faults["end_day"] = "A rule ends today or later: what was decided before stays as it was."
    administration.check(faults)
    _check_rights(known, who, rule, None)
    before = values_of(known, rule)
    until = max(last or today, rule.valid_from)
    if administration.agreed(session, rule.id, seen, before, before | {"until": until.isoformat()}):
        rule.valid_to = until
        administration.record(session, who, "rule", rule.id, _title(known, rule), before, values_of(known, rule), now)
    return rule


def _keep(session: Session, known: Catalogue, who: Viewer, rule: Jurisdiction, now: datetime) -> None:
    session.add(rule)
    session.flush()
    administration.record(session, who, "rule", rule.id, _title(known, rule), None, values_of(known, rule), now)


def _title(known: Catalogue, rule: Jurisdiction) -> str:
    office = known.offices.get(rule.office_id)
    return f"{topic_words(known, rule)} {place_words(known, rule)} → {office.code if office else ''}"


def _load(session: Session, known: Catalogue, rule_id: UUID) -> Jurisdiction:
    rule = session.get(Jurisdiction, rule_id, with_for_update=True)
    if rule is None:
        raise NotFound("There is no such rule.", mend="Choose one from the list.")
    return rule


def _check_rights(known: Catalogue, who: Viewer, old: Jurisdiction | None, new: Jurisdiction | None) -> None:
    """An administrator of a part shares out among its own offices what is theirs already. Raises NotAllowed."""
    if administration.wide(known, who):
        return
    mine = administration.offices_of(known, who)
    inside = [rule.office_id in mine and rule.within_id in mine for rule in (old, new) if rule is not None]
    theirs = old is not None and new is not None and {old.office_id, new.office_id} <= mine
    if not all(inside) and not (theirs and old and new and _covers(known, old) == _covers(known, new)):
        raise NotAllowed(
            "This rule reaches beyond the offices you administer.",
            mend="You may lead a rule from one of your offices to another, and make rules within an office of yours; "
            "for others ask an administrator of the whole government.",
        )


def _covers(known: Catalogue, rule: Jurisdiction) -> tuple[object, ...]:
    """What a rule is about and where."""
    key = index_of(known).key
    return topic_of(rule), frozenset(map(key, rule.places)), rule.area_id, rule.within_id if not rule.places else None


def _same_but_note(old: Jurisdiction, new: Jurisdiction) -> bool:
    return all(getattr(old, name) == getattr(new, name) for name in _DECIDING)


def _twin(known: Catalogue, rule: Jurisdiction, old: Jurisdiction | None) -> Jurisdiction | None:
    """Another rule for the same on days they share; of two places named in both it is enough."""
    topic, places, area, within = _covers(known, rule)
    for other in known.jurisdictions:
        if old is not None and other.id == old.id:
            continue
        apart = other.valid_from >= (rule.valid_to or date.max) or rule.valid_from >= (other.valid_to or date.max)
        if apart or other.valid_from == other.valid_to:
            continue
        its_topic, its_places, its_area, its_within = _covers(known, other)
        if (topic, area, within) != (its_topic, its_area, its_within):
            continue
        if places == its_places or (places and its_places and places & its_places):  # type: ignore[operator]
            return other
    return None


def _fill_topic(
    known: Catalogue, rule: Jurisdiction, given: Given, faults: dict[str, str], old: Jurisdiction | None
) -> None:
    if given.topic.startswith(SERVICE):
        service = known.service_by_code.get(given.topic.removeprefix(SERVICE))
        rule.service_id = service.id if service else None
        if service is None:
            faults["topic"] = "This service is not in use any more."
    elif given.topic.startswith(GROUP):
        rule.group = given.topic.removeprefix(GROUP)
        if not any(service.group == rule.group for service in known.services.values()) or not rule.group:
            faults["topic"] = "No service is in this group."
    elif given.topic != ALL:
        faults["topic"] = "Choose what the rule is about."


def _fill_place(known: Catalogue, rule: Jurisdiction, given: Given, faults: dict[str, str]) -> None:
    if given.where == "places":
        rule.places = administration.lines_from(given.places, "places", faults)
        if not rule.places:
            faults.setdefault("places", "Name at least one place.")
    elif given.where == "area":
        area = next((one for one in known.areas.values() if one.code == given.area), None)
        rule.area_id = area.id if area else None
        if area is None:
            faults["area"] = "Choose an area of the map."
    elif given.where == "within":
        within = known.office_by_code.get(given.within.strip().upper())
        rule.within_id = within.id if within else None
        if within is None:
            faults["within"] = "Choose the office whose places are meant."
    elif given.where != "everywhere":
        faults["where"] = "Choose where the rule counts."


def _day(text: str, field: str, empty: date | None, faults: dict[str, str]) -> date | None:
    text = text.strip()
    if not text:
        return empty
    try:
        day = date.fromisoformat(text)
    except ValueError:
        faults[field] = "Write the day as year-month-day, such as 2026-03-31."
        return empty
    if day > LATEST:
        faults[field] = "This day is too far away."
    return day
