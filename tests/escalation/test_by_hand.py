# ruff: noqa: E501  (a table of sums in words)
"""Whole histories of cases against sums done by hand: each row says the sum in words, so that a person can check it.

The offices: HOME works in Tirana, Monday to Friday 08:00–12:00 and 13:00–16:30, which is 7 h 30 min a day; FAR in Dhaka,
Sunday to Thursday 09:00–17:00, which is 8 h; NIGHT in Tirana, every night 22:00–06:00; TRI is the desk of triage, as HOME.
In March 2026 Tirana is UTC+1, Dhaka UTC+6: 08:00 in Tirana is 13:00 in Dhaka. 2 March is a Monday.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

import pytest

from domain.catalogue import Catalogue
from domain.office import Office
from domain.policy import Calendar, Policy
from domain.states import CaseKind, ClockKind, ClockState, EntryKind, OfficeFunction, Tier
from escalation.clocks import replay
from escalation.explanation import accounts_of
from escalation.terms import CatalogueRules
from escalation.values import Event
from tests.escalation.world import OTHER_WEEK, WEEK

H, M = 3600, 60
NIGHTS = {str(day): [["00:00", "06:00"], ["22:00", "24:00"]] for day in range(7)}


@dataclass(frozen=True)
class World:
    """A government whose calendars and policies a row may change."""

    days: Mapping[str, list[list[str]]] = field(default_factory=dict)
    weeks: tuple[Mapping[str, object], ...] = ()
    policies: tuple[Policy, ...] = ()

    def rules(self) -> CatalogueRules:
        """What a replay asks."""
        home = Calendar(
            name="home", time_zone="Europe/Tirane", week=WEEK, days=dict(self.days), weeks=[dict(w) for w in self.weeks]
        )
        far = Calendar(name="far", time_zone="Asia/Dhaka", week=OTHER_WEEK)
        night = Calendar(name="night", time_zone="Europe/Tirane", week=NIGHTS)
        offices = [
            Office(code=code, names={}, tier=Tier.district, function=function, calendar_id=calendar.id)
            for code, calendar, function in (
                ("HOME", home, OfficeFunction.service),
                ("FAR", far, OfficeFunction.service),
                ("NIGHT", night, OfficeFunction.service),
                ("TRI", home, OfficeFunction.triage),
            )
        ]
        known = Catalogue(
            1,
            {one.id: one for one in offices},
            {},
            (),
            self.policies or (policy(),),
            {one.id: one for one in (home, far, night)},
        )
        return CatalogueRules(known, CaseKind.complaint)


def policy(hours: float = 15, **values: object) -> Policy:
    """So many working hours for a first answer and a reply, five times as many for the solution."""
    targets = {"first_response": hours, "reply_due": hours, "resolution": 5 * hours, "acceptance": 4.0}
    usual: dict[str, object] = {"targets": targets, "ladder": [{"share": 1.0, "tell": "head"}], "pause_days": 7}
    return Policy(name="P", **(usual | values))  # type: ignore[arg-type]


def at(text: str) -> datetime:
    """A moment in Tirana's winter, day of March and time: "02 08:00"; or any moment in full."""
    if len(text) > 8:
        return datetime.fromisoformat(text)
    return datetime.fromisoformat(f"2026-03-{text[:2]}T{text[3:]}:00+01:00")


R, RT, A, D = EntryKind.received, EntryKind.routed, EntryKind.answered, EntryKind.answer_delivered
ASK, W, T, ACC = EntryKind.asked, EntryKind.citizen_wrote, EntryKind.transferred, EntryKind.accepted
CS, CL, RE, U, F = (
    EntryKind.clock_started, EntryKind.closed, EntryKind.reopened, EntryKind.marked_urgent, EntryKind.answer_failed,
)  # fmt: skip
MSG = {"message": "m"}
SOLVE = (CS, {"clock": "resolution"})

# (what happened, at which office, body), the moment asked for, the clock, and what it must be
Story = list[tuple[str, EntryKind, str, Mapping[str, object]]]


def opened(moment: str, office: str = "HOME", *more: tuple[str, EntryKind, str, Mapping[str, object]]) -> Story:
    """A message arrives, and what follows."""
    return [(moment, R, office, {}), *more]


def answer(moment: str, office: str = "HOME") -> list[tuple[str, EntryKind, str, Mapping[str, object]]]:
    """A human answer that is delivered in the same minute."""
    return [(moment, A, office, MSG), (moment, D, office, MSG)]


FIRST, REPLY, SOLUTION = ClockKind.first_response, ClockKind.reply_due, ClockKind.resolution
EID: dict[str, list[list[str]]] = {"2026-03-03": []}
HALF = {"2026-03-03": [["08:00", "12:00"]]}
SHORT = ({"from": "2026-03-03", "week": {str(day): [["08:00", "12:00"]] for day in range(5)}},)
TWO = (policy(15, valid_to=date(2026, 3, 3)), policy(4, valid_from=date(2026, 3, 3)))
LATE = (
    policy(15, valid_to=date(2026, 3, 2), end_entered_at=at("04 12:00")),
    policy(4, valid_from=date(2026, 3, 2), entered_at=at("04 12:00"), rungs_from=1000),
)
YEARLY: dict[str, list[list[str]]] = {"03-03": []}

# world, story, until, clock, deadline, working seconds, elapsed seconds, state, the sum in words
TABLE: list[tuple[World, Story, str, ClockKind, str, int, int, ClockState, str]] = [
    (World(), opened("02 08:00"), "02 10:00", FIRST, "03 16:30", 2 * H, 2 * H, ClockState.running,
     "two full days of 7 h 30 make 15 h: Tuesday's end; from 8 to 10 all two hours are worked"),
    (World(), opened("02 08:00", "HOME", *answer("02 14:00")), "09 08:00", FIRST, "03 16:30", 5 * H, 6 * H, ClockState.met,
     "8 to 12 is 4 h, 13 to 14 is 1 h; elapsed 6 h with lunch"),
    (World(), opened("02 23:59"), "03 09:00", FIRST, "04 16:30", 1 * H, 9 * H + M, ClockState.running,
     "after closing nothing is worked until Tuesday 8:00; 15 h are all of Tuesday and Wednesday; by 9:00 one hour"),
    (World(), opened("06 16:00"), "09 08:30", FIRST, "10 16:00", 1 * H, 64 * H + 30 * M, ClockState.running,
     "Friday 30 min, Monday 7 h 30, Tuesday 7 h: 8–12 and 13–16; by Monday 8:30 30 + 30 min"),
    (World(days=EID), opened("02 08:00"), "04 09:00", FIRST, "04 16:30", 8 * H + 30 * M, 49 * H, ClockState.running,
     "a holiday found late: Monday 7 h 30, Tuesday none, Wednesday 7 h 30"),
    (World(days=EID), opened("02 08:00", "HOME", *answer("04 12:00")), "09 08:00", FIRST, "04 16:30", 11 * H + 30 * M,
     52 * H, ClockState.met, "Monday 7 h 30 + Wednesday 4 h = 11 h 30 of 15 h; without the holiday it were 19 h, too late"),
    (World(days=HALF), opened("02 08:00"), "03 13:00", FIRST, "04 11:30", 11 * H + 30 * M, 29 * H, ClockState.running,
     "half a holiday: Monday 7 h 30, Tuesday 4 h, Wednesday 3 h 30: until 11:30"),
    (World(days=YEARLY), opened("02 08:00"), "02 09:00", FIRST, "04 16:30", 1 * H, 1 * H, ClockState.running,
     "3 March is free every year: Monday and Wednesday"),
    (World(weeks=SHORT), opened("02 08:00"), "02 09:00", FIRST, "04 11:30", 1 * H, 1 * H, ClockState.running,
     "mornings only from Tuesday on: Monday 7 h 30, Tuesday 4 h, Wednesday 3 h 30"),
    (World(policies=TWO), opened("02 08:00"), "03 09:00", FIRST, "03 16:30", 8 * H + 30 * M, 25 * H, ClockState.running,
     "the policy changed on Tuesday, and this began on Monday: 15 h"),
    (World(policies=TWO), opened("03 08:00"), "03 09:00", FIRST, "03 12:00", 1 * H, 1 * H, ClockState.running,
     "it began on the day of the new policy: 4 h, the morning"),
    (World(policies=TWO), opened("2026-03-02T23:59:59+01:00"), "03 09:00", FIRST, "04 16:30", 1 * H, 9 * H + 1,
     ClockState.running, "one second before midnight it is still Monday's policy: 15 h"),
    (World(policies=TWO), opened("2026-03-02T23:00:00+00:00"), "03 09:00", FIRST, "03 12:00", 1 * H, 9 * H,
     ClockState.running, "23:00 in UTC is midnight in Tirana: Tuesday's policy, 4 h"),
    (World(policies=LATE), opened("02 08:00"), "04 13:00", FIRST, "02 12:00", 19 * H, 53 * H, ClockState.running,
     "entered on Wednesday for Monday: it runs still, so it has 4 h and was due on Monday noon; 7 h 30 + 7 h 30 + 4 h"),
    (World(policies=LATE), opened("02 08:00", "HOME", *answer("03 12:00")), "09 08:00", FIRST, "03 16:30",
     11 * H + 30 * M, 28 * H, ClockState.met, "it had ended when the new policy was entered: judged by 15 h"),
    (World(), opened("02 08:00", "HOME", ("02 12:00", ACC, "FAR", {"office": "FAR"})), "04 12:00", FIRST, "04 07:00",
     20 * H, 52 * H, ClockState.running, "4 h in Tirana; 11 h are left, in Dhaka it is 17:00: Tuesday 8 h, Wednesday 3 h, "
     "until 12:00 there, 7:00 here; by Wednesday noon, 17:00 there, 4 + 8 + 8 h are worked"),
    (World(), opened("02 08:00", "HOME", ("02 09:00", T, "HOME", {"to": "FAR"})), "02 10:00", FIRST, "03 16:30", 2 * H,
     2 * H, ClockState.running, "an offer moves nothing: two hours at home, due as before"),
    (World(), opened("02 08:00", "FAR"), "02 10:00", FIRST, "04 07:00", 2 * H, 2 * H, ClockState.running,
     "in Dhaka it is 13:00: 4 h on Monday, 8 h on Tuesday, 3 h on Wednesday until 12:00 there, 07:00 here"),
    (World(), opened("05 12:00", "FAR"), "08 05:00", FIRST, "09 11:00", 1 * H, 65 * H, ClockState.running,
     "Thursday 17:00 there, closed on Friday and Saturday: Sunday 8 h, Monday 7 h"),
    (World(), opened("02 23:00", "NIGHT"), "03 05:00", FIRST, "04 06:00", 6 * H, 6 * H, ClockState.running,
     "a night is 8 h: 7 h are left of the first, 8 h of the second make 15"),
    (World(), opened("2026-03-28T23:00:00+01:00", "NIGHT"), "2026-03-29T07:00:00+02:00", FIRST, "2026-03-30T23:00:00+02:00",
     6 * H, 7 * H, ClockState.running, "the clock jumps from 2 to 3: that night has 7 h, 6 of them from 23:00; then 8 h "
     "until Monday 6:00 make 14; the last from 22:00 on"),
    (World(), opened("2026-10-24T23:00:00+02:00", "NIGHT"), "2026-10-25T07:00:00+01:00", FIRST, "2026-10-26T05:00:00+01:00",
     8 * H, 9 * H, ClockState.running, "the hour from 2 to 3 comes twice: 8 h from 23:00 on; 7 of the next night: 5:00"),
    (World(), opened("2026-12-31T16:00:00+01:00"), "2027-01-01T09:00:00+01:00", FIRST, "2027-01-04T16:00:00+01:00",
     90 * M, 17 * H, ClockState.running, "30 min on the last day of the year, 7 h 30 on Friday, Monday 7 h: until 16:00"),
    (World(), opened("2026-03-27T16:00:00+01:00"), "2026-03-30T08:30:00+02:00", FIRST, "2026-03-31T16:00:00+02:00", 1 * H,
     63 * H + 30 * M, ClockState.running, "as over any weekend, though this one has an hour less"),
    (World(), opened("02 08:00", "HOME", ("02 08:00", CS, "HOME", SOLVE[1]), ("02 10:00", ASK, "HOME", {"message": "q"}),
                     ("04 10:00", W, "HOME", {})), "04 12:00", SOLUTION, "17 16:30", 4 * H, 52 * H, ClockState.running,
     "75 h are ten days; 2 h gone before the question; 73 h from Wednesday 10:00 on: 5 h 30 that day, nine days more: the 17th"),
    (World(days=EID), opened("02 08:00", "HOME", ("02 08:00", CS, "HOME", SOLVE[1]), ("02 10:00", ASK, "HOME", {"message": "q"}),
                             ("04 10:00", W, "HOME", {})), "04 12:00", SOLUTION, "17 16:30", 4 * H, 52 * H,
     ClockState.running, "the holiday lies in the pause, so it moves nothing"),
    (World(days={"2026-03-05": []}), opened("02 08:00", "HOME", ("02 08:00", CS, "HOME", SOLVE[1]),
                                            ("02 10:00", ASK, "HOME", {"message": "q"}), ("04 10:00", W, "HOME", {})),
     "04 12:00", SOLUTION, "18 16:30", 4 * H, 52 * H, ClockState.running, "the holiday lies after the pause: a day later"),
    (World(), opened("02 08:00", "HOME", ("02 08:00", CS, "HOME", SOLVE[1]), ("02 10:00", ASK, "HOME", {"message": "q"})),
     "10 10:00", SOLUTION, "20 16:30", 9 * H + 30 * M, 194 * H, ClockState.running,
     "nobody wrote: after 7 days, Monday 9 at 10:00, it runs again: 5 h 30, nine days more: the 20th; by Tuesday 10:00 2 h + 5 h 30 + 2 h are worked"),
    (World(), opened("02 08:00", "HOME", ("02 10:00", ASK, "HOME", {"message": "q"})), "03 09:00", FIRST, "03 16:30",
     8 * H + 30 * M, 25 * H, ClockState.running, "a question does not pause the silence"),
    (World(), opened("02 08:00", "HOME", *answer("02 10:00"), ("02 11:00", F, "HOME", MSG)), "02 14:00", FIRST, "03 16:30",
     5 * H, 6 * H, ClockState.running, "the answer did not arrive after all: it runs as if there had been none"),
    (World(), opened("02 08:00", "HOME", *answer("02 10:00"), ("03 10:00", W, "HOME", {})), "03 12:00", REPLY, "05 10:00",
     2 * H, 2 * H, ClockState.running, "the citizen wrote again: 15 h from Tuesday 10:00: 5 h 30, 7 h 30, 2 h on Thursday"),
    (World(), opened("02 08:00", "HOME", ("02 09:00", CL, "HOME", {})), "03 09:00", FIRST, "03 16:30", 8 * H + 30 * M,
     25 * H, ClockState.running, "closing ends no silence"),
    (World(), opened("02 08:00", "HOME", ("02 10:00", U, "HOME", {"urgency": "life"})), "02 11:00", FIRST, "02 14:45",
     3 * H, 3 * H, ClockState.running, "a quarter of 15 h is 3 h 45, from when it was known: 2 h to noon, 1 h 45 after 13:00"),
    (World(), opened("02 08:00", "HOME", ("02 08:00", CS, "HOME", SOLVE[1]), ("03 08:00", CL, "HOME", {}),
                     ("05 08:00", RE, "HOME", {})), "05 09:00", SOLUTION, "17 16:30", 8 * H + 30 * M, 73 * H,
     ClockState.running, "7 h 30 before it was closed; 67 h 30 are nine days from Thursday on: until Tuesday the 17th"),
    (World(), opened("07 10:00"), "08 10:00", FIRST, "10 16:30", 0, 24 * H, ClockState.running,
     "on Saturday and Sunday nothing is worked: all of Monday and Tuesday"),
    (World(), opened("02 08:00", "HOME", *answer("03 16:30")), "09 08:00", FIRST, "03 16:30", 15 * H, 32 * H + 30 * M,
     ClockState.met, "answered in the last second is in time"),
    (World(), opened("02 08:00", "HOME", *answer("04 08:00")), "09 08:00", FIRST, "03 16:30", 15 * H, 48 * H,
     ClockState.missed, "8:00 the next day is not a working second later, and after the deadline all the same"),
]  # fmt: skip


@pytest.mark.parametrize(("row"), TABLE, ids=[str(number) for number in range(len(TABLE))])
def test_a_history_comes_to_what_was_worked_out_by_hand(
    row: tuple[World, Story, str, ClockKind, str, int, int, ClockState, str],
) -> None:
    world, story, until, kind, deadline, working, elapsed, state, words = row
    events = [
        Event(number, at(moment), what, office, body)
        for number, (moment, what, office, body) in enumerate(story, start=1)
    ]
    rules = world.rules()
    told = replay(events, rules, at(until))
    clock = told.latest(kind)
    assert clock is not None
    account = next(one for one in accounts_of(told, rules, at(until)) if one.clock is clock)
    found = (clock.deadline_at, account.worked, account.elapsed, clock.state)
    assert found == (at(deadline), working, elapsed, state), words
    assert sum(day.seconds for day in account.days) == working, "the days add up to the figure"


def test_the_table_is_long_enough() -> None:
    assert len(TABLE) >= 35
