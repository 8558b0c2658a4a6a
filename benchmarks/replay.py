"""Replaying timelines: how many cases a second one core turns from entries into clocks, holdings and steps.

The median timeline of a case that was answered and closed: received, routed, two clocks started, acknowledged, taken
on, answered, delivered, closed. Beside it one that is still silent, and one with nearly everything that can happen: a
question, an accepted transfer, urgency, a failed delivery, a reopening. The reference is 20,000 a second.
"""

import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from benchmarks.figures import Figure, figure
from domain.catalogue import Catalogue
from domain.office import Office
from domain.policy import Calendar, Policy
from domain.service import Service
from domain.states import CaseKind, EntryKind, OfficeFunction, Tier
from escalation.clocks import replay
from escalation.terms import CatalogueRules
from escalation.values import Event

WANTED = 20_000
"""Timelines a second."""
STARTS = 997
"""Different moments at which the cases begin, so that nothing is found where it was a moment ago."""
MONDAY = datetime(2026, 1, 5, 7, 13, 21, tzinfo=UTC)


def run(quick: bool = False) -> list[Figure]:
    """Measure in this process, without a database; `quick` takes a tenth."""
    rules = _rules()
    rounds, each = (3, 200) if quick else (7, 3_000)
    figures = []
    for name, script in (("median", MEDIAN), ("silent", MEDIAN[:6]), ("eventful", EVENTFUL)):
        cases = [_events(script, MONDAY + timedelta(seconds=4_973 * number)) for number in range(STARTS)]
        best = max(_rate(cases, rules, each) for _ in range(rounds))
        least = 1.0 if name == "median" else None
        figures.append(figure(f"replay: {name} timeline", best, WANTED, "timelines/s", least=least))
    return figures


def _rate(cases: list[list[Event]], rules: CatalogueRules, number: int) -> float:
    """Timelines a second of processor time; neighbours on the machine do not count."""
    ends = [events[-1].at + timedelta(hours=1) for events in cases]
    began = time.process_time()
    for place in range(number):
        replay(cases[place % STARTS], rules, ends[place % STARTS])
    return number / (time.process_time() - began)


Script = tuple[tuple[float, EntryKind, str, Mapping[str, object]], ...]
"""Hours after the beginning, what happened, at which office, and what the entry says."""

MEDIAN: Script = (
    (0.0, EntryKind.received, "DST", {"text": "…", "channel": "sms"}),
    (0.0, EntryKind.routed, "DST", {"office": "DST", "service": "water"}),
    (0.0, EntryKind.clock_started, "DST", {"clock": "first_response", "deadline": "…"}),
    (0.0, EntryKind.clock_started, "DST", {"clock": "resolution", "deadline": "…"}),
    (0.0, EntryKind.acknowledged, "DST", {}),
    (3.5, EntryKind.assigned, "DST", {"to": "…"}),
    (26.0, EntryKind.answered, "DST", {"text": "…", "message": "m1", "templated": False}),
    (26.1, EntryKind.answer_delivered, "DST", {"message": "m1", "how": "receipt"}),
    (26.1, EntryKind.clock_ended, "DST", {"clock": "first_response", "met": True}),
    (51.0, EntryKind.closed, "DST", {"outcome": "answered"}),
    (51.0, EntryKind.clock_ended, "DST", {"clock": "resolution", "met": True}),
)
EVENTFUL: Script = (
    *MEDIAN[:6],
    (4.0, EntryKind.asked, "DST", {"message": "q1"}),
    (4.0, EntryKind.clock_paused, "DST", {"clock": "resolution"}),
    (9.0, EntryKind.citizen_wrote, "DST", {"text": "…"}),
    (10.0, EntryKind.transferred, "DST", {"to": "FAR"}),
    (10.0, EntryKind.clock_started, "DST", {"clock": "acceptance"}),
    (30.0, EntryKind.accepted, "FAR", {"office": "FAR"}),
    (31.0, EntryKind.marked_urgent, "FAR", {"urgency": "staff"}),
    (33.0, EntryKind.escalated, "FAR", {"clock": "first_response", "rung": 1}),
    (55.0, EntryKind.answered, "FAR", {"message": "m1", "templated": False}),
    (55.1, EntryKind.answer_delivered, "FAR", {"message": "m1"}),
    (57.0, EntryKind.answer_failed, "FAR", {"message": "m1"}),
    (60.0, EntryKind.answered, "FAR", {"message": "m2", "templated": False}),
    (60.1, EntryKind.answer_delivered, "FAR", {"message": "m2"}),
    (61.0, EntryKind.closed, "FAR", {"outcome": "answered"}),
    (99.0, EntryKind.citizen_wrote, "FAR", {"text": "…", "thanks": False}),
    (99.0, EntryKind.reopened, "FAR", {}),
)


def _events(script: Script, start: datetime) -> list[Event]:
    return [
        Event(number, start + timedelta(hours=hours), kind, office, body)
        for number, (hours, kind, office, body) in enumerate(script, start=1)
    ]


def _rules() -> CatalogueRules:
    hours = [["08:00", "12:00"], ["13:00", "16:30"]]
    home = Calendar(
        name="Home", time_zone="Europe/Tirane", week={str(day): hours for day in range(5)}, days={"11-28": []}
    )
    far = Calendar(name="Far", time_zone="Asia/Dhaka", week={str(day): [["09:00", "17:00"]] for day in (6, 0, 1, 2, 3)})
    nation = Office(code="NAT", names={}, tier=Tier.national, function=OfficeFunction.triage, calendar_id=home.id)
    offices = [
        nation,
        Office(code="DST", names={}, tier=Tier.district, parent_id=nation.id),
        Office(code="FAR", names={}, tier=Tier.district, parent_id=nation.id, calendar_id=far.id),
    ]
    service = Service(code="water", names={})
    ladder: list[dict[str, object]] = [
        {"share": 0.5, "tell": "officer"},
        {"share": 0.8, "tell": "supervisor"},
        {"share": 1.0, "tell": "parent_office"},
        {"share": 2.0, "tell": "leadership"},
    ]
    targets = {"first_response": 16.0, "reply_due": 16.0, "resolution": 80.0, "acceptance": 8.0, "appeal": 80.0}
    policies = (
        Policy(name="General", targets=targets, ladder=ladder),
        Policy(name="Water", targets=targets, ladder=ladder, service_id=service.id),
        Policy(name="Far", targets=targets, ladder=ladder, office_id=offices[2].id),
    )
    known = Catalogue(
        1, {one.id: one for one in offices}, {service.id: service}, (), policies, {home.id: home, far.id: far}
    )
    return CatalogueRules(known, CaseKind.complaint)
