# ruff: noqa: E501  (tables of samples)
"""The pages about time: how a case is counted, calendars, policies, ladders."""

from datetime import UTC, date, datetime, timedelta

from cases.calendar_form import WEEKDAYS

NOW_DAY = date(2026, 11, 24)
TOPICS = [{"label": "Water and sewage", "options": [{"code": "water", "name": "Water supply"}]}]
CHANGES: list[dict[str, object]] = [
    {"kind": "Calendars", "title": "Offices of Velmora", "by": "Rupert Saltmarsh", "at": datetime(2026, 11, 24, 9, tzinfo=UTC), "what": "changed",
     "differences": [{"what": "days", "before": "", "after": "2026-11-27: "}]},
]  # fmt: skip
DAYS: list[dict[str, object]] = [
    {
        "day": NOW_DAY - timedelta(days=4),
        "office": "WAT2",
        "hours": "08:00–12:00, 13:00–16:30",
        "name": "",
        "seconds": 27_000,
    },
    {
        "day": NOW_DAY - timedelta(days=3),
        "office": "WAT2",
        "hours": "",
        "name": "Spring Day (announced late)",
        "seconds": 0,
    },
    {"day": NOW_DAY, "office": "WAT2", "hours": "08:00–12:00", "name": "", "seconds": 7_800},
]


def pages() -> tuple[dict[str, tuple[str, dict[str, object]]], dict[str, tuple[str, dict[str, object]]]]:
    """Citizens' and staff's samples; made in a function, as the others import each other."""
    from tests.look.samples import NOW, REFERENCE, ago  # that module shows what this one makes

    rungs: list[dict[str, object]] = [
        {"who": "The officer", "what": "after 8 h of working time, 50%", "at": ago(hours=20), "state": "climbed"},
        {
            "who": "The head of the office",
            "what": "after 24 h, day and night",
            "at": NOW + timedelta(hours=2),
            "state": "next",
        },
        {
            "who": "The leadership",
            "what": "after 32 h of working time, 200%",
            "at": NOW + timedelta(days=3),
            "state": "coming",
        },
    ]
    counted: dict[str, object] = {
        "reference": REFERENCE, "office": "Water, District 3", "since": ago(days=4), "until": None, "due_at": NOW + timedelta(hours=3),
        "target": 57_600, "passed": 345_600, "worked": 34_800, "days": DAYS, "before": 2,
        "holdings": [{"office": "Service Centre Kombinat", "seconds": 7_200, "now": False}, {"office": "Water, District 3", "seconds": 338_400, "now": True}],
    }  # fmt: skip
    citizen: dict[str, tuple[str, dict[str, object]]] = {
        "counted": ("counted", counted),
        "counted-answered": ("counted", {**counted, "until": NOW, "office": "", "holdings": [], "before": 0}),
    }
    clock: dict[str, object] = {
        "kind": "first_response", "state": "running", "late": False, "policy": "Standard targets", "policy_url": "/staff/policies/0192", "target": 57_600,
        "due_at": NOW + timedelta(hours=3), "passed": 345_600, "worked": 34_800,
        "lines": [{"at": ago(days=4), "text": "Starts at WAT2, as the citizen's message was received; Standard targets gives it 16 h 00 min of working time"}],
        "days": DAYS, "rungs": rungs,
    }  # fmt: skip
    staff: dict[str, tuple[str, dict[str, object]]] = {
        "case-clocks": (
            "case_clocks",
            {
                "reference": REFERENCE, "clocks": [clock, {**clock, "kind": "resolution", "state": "too late", "late": True, "policy_url": "", "rungs": []}],
                "holdings": [{"office": "Torvin Water Works", "since": ago(days=4), "until": None, "elapsed": 345_600, "worked": 34_800}],
            },
        ),
        **_calendars(NOW),
        **_policies(NOW, rungs),
    }  # fmt: skip
    return citizen, staff


PREVIEW: dict[str, object] = {
    "total": 48_210, "n": 1_000, "sample": True, "moved": 312, "share": (0.312, 0.284, 0.341), "earlier": 4, "later": 330, "usual": 86_400, "most": 259_200,
    "became_late": 2, "no_longer_late": 31, "ended": 12,
}  # fmt: skip
FEW: dict[str, object] = {
    **PREVIEW,
    "total": 3,
    "n": 3,
    "sample": False,
    "share": None,
    "moved": 0,
    "earlier": 0,
    "later": 0,
    "usual": 0,
    "became_late": 0,
    "no_longer_late": 0,
    "ended": 0,
    "lines": [],
}


def _lines(now: datetime) -> list[dict[str, object]]:
    moved = {
        "reference": "K7QF-3M9V",
        "clock": "first_response",
        "before": now,
        "after": now + timedelta(days=1),
        "was": "",
        "is": "",
    }
    return [moved, {**moved, "clock": "resolution", "was": "too late", "is": "in time"}]


def _corrections(now: datetime) -> list[dict[str, object]]:
    one: dict[str, object] = {
        "title": "Offices of Velmora",
        "why": "Offices of Velmora: 2026-11-27 is Moon feast, closed.",
        "by": "Rupert Saltmarsh",
        "at": now,
        "done": True,
        "looked_at": 371,
        "moved": 69,
        "became_late": 0,
        "no_longer_late": 14,
        "error": "",
    }
    return [
        one,
        {**one, "done": False, "looked_at": 50, "became_late": 2, "error": "OperationalError: the database is busy"},
    ]


def _calendars(now: datetime) -> dict[str, tuple[str, dict[str, object]]]:
    hours = ("08:00–12:00, 13:00–16:30",) * 5 + ("", "")
    day = {
        "day": "2026-11-27",
        "what": "hours",
        "hours": "08:00–12:00",
        "name": "Moon feast",
        "announced": "2026-11-26",
        "yearly": False,
    }
    page: dict[str, object] = {
        "id": "0192", "title": "Offices of Velmora", "new_id": "0193", "seen": "x", "weekdays": WEEKDAYS, "editable": True, "today": "2026-11-26",
        "given": {"name": "Offices of Velmora", "time_zone": "Europe/Tirane", "country": "AL", "hours": hours, "begins": "2026-11-26"},
        "day": day, "picked": True, "year": 2026,
        "days": [{"day": NOW_DAY, "name": "Spring Day", "hours": "", "by": "every year", "announced": ""},
                 {"day": NOW_DAY + timedelta(days=3), "name": "Moon feast", "hours": "08:00–12:00", "by": "by hand", "announced": "2026-11-26"}],
        "weeks": [{"from": NOW_DAY, "words": "Mon 08:00–12:00"}, {"from": None, "words": "Mon 08:00–16:00"}],
        "offices": ["Torvin Water Works", "Service Centre Kombinat"], "preview": None, "changes": CHANGES, "undo": "0194", "corrections": _corrections(now), "errors": {},
    }  # fmt: skip
    line = {
        "id": "0192",
        "name": "Offices of Velmora",
        "zone": "Europe/Tirane",
        "offices": 30,
        "week": "Mon 08:00–12:00, 13:00–16:30; Tue 08:00–12:00, 13:00–16:30",
        "coming": [{"day": NOW_DAY, "name": "Spring Day"}, {"day": NOW_DAY, "name": ""}],
    }
    return {
        "calendars": ("calendars", {"rows": [line, {**line, "coming": []}], "may_add": True}),
        "calendars-none": ("calendars", {"rows": [], "may_add": False}),
        "calendar": ("calendar", page),
        "calendar-look": (
            "calendar",
            {
                **page,
                "preview": {
                    "said": ["Offices of Velmora: 2026-11-27 is Moon feast, closed."],
                    "recount": {**PREVIEW, "lines": _lines(now)},
                },
                "corrections": [],
            },
        ),
        "calendar-same": (
            "calendar",
            {
                **page,
                "preview": {"said": [], "recount": {**FEW, "total": 0}},
                "picked": False,
                "editable": False,
                "days": [],
                "weeks": [],
                "offices": [],
                "undo": "",
                "changes": [],
            },
        ),
        "calendar-new": (
            "calendar",
            {
                **page,
                "id": "",
                "title": "",
                "days": [],
                "weeks": [],
                "offices": [],
                "corrections": [],
                "changes": [],
                "undo": "",
                "errors": {
                    "name": "Give it a name.",
                    "hours-1": "the span 12:00–09:00 on Tuesday ends before it begins",
                    "time_zone": "'Mars' is no time zone",
                },
            },
        ),
        "calendar-wrong": (
            "calendar",
            {
                **page,
                "preview": {"said": ["x"], "recount": FEW},
                "errors": {"day": "Choose the day.", "what": "Choose what the day is.", "hours": "Give its hours."},
            },
        ),
    }


def _policies(now: datetime, rungs: list[dict[str, object]]) -> dict[str, tuple[str, dict[str, object]]]:
    row: dict[str, object] = {
        "id": "0192", "name": "Water first", "scope": "complaints about Water supply at National Water Authority and below", "begins": NOW_DAY, "ends": None, "state": "now",
        "targets": [{"clock": "First answer", "hours": 8.0}, {"clock": "Solution", "hours": 37.5}], "ladder": ["officer at 50%", "head after 24 hours, day and night"], "note": "Works move",
    }  # fmt: skip
    steps = [
        {"amount": "50", "measure": "share", "tell": "officer", "by": "email", "citizen": False},
        {"amount": "24", "measure": "elapsed", "tell": "head", "by": "email+sms+telegram", "citizen": True},
        {"amount": "", "measure": "share", "tell": "", "by": None, "citizen": False},
    ]
    given = {
        "name": "Water first",
        "office": "National Water Authority (WAT)",
        "service": "water",
        "kind": "complaint",
        "targets": {"first_response": "8"},
        "urgent": "25",
        "pause_days": "14",
        "counts_templated": False,
        "ladder": [],
        "begins": "2026-11-26",
        "note": "",
    }
    ladder = {
        "urgent": False,
        "clock": "first_response",
        "target": 28_800,
        "due_at": now,
        "rungs": rungs,
        "office": "National Water Authority",
    }
    clocks = [{"code": "first_response", "name": "First answer"}, {"code": "reply_due", "name": "Reply"}]
    page: dict[str, object] = {
        "id": "0192", "new_id": "0193", "title": "Water first", "row": row, "given": given, "steps": steps, "clocks": clocks,
        "measures": {"share": "% of the target", "working": "working hours", "elapsed": "hours, day and night"}, "tells": ["officer", "head", "parent_office"],
        "ways": {"none": "in the program alone", "email": "by e-mail", "email+sms+telegram": "by e-mail and SMS and Telegram"},
        "seen": "x", "editable": True, "services": TOPICS, "kinds": ["complaint", "question"], "offices": ["National Water Authority (WAT)"], "office_matches": [],
        "ladders": [ladder, {**ladder, "urgent": True}], "preview": None, "versions": [row, {**row, "id": "0191", "ends": NOW_DAY, "state": "past"}],
        "corrections": _corrections(now), "changes": CHANGES, "today": "2026-11-26", "end_day": "2026-11-26", "errors": {},
    }  # fmt: skip
    step = {"id": "0192", "name": "Water first", "scope": "everything at every office", "why": "holds"}
    answer = {
        "clock": "first_response",
        "name": "Water first",
        "id": "0192",
        "scope": "everything at every office",
        "target": 28_800,
        "due_at": now,
        "rungs": rungs,
        "steps": [step, {**step, "why": "is wider"}],
    }
    asked = {"office": "WAT2", "service": "", "kind": "complaint", "day": "2026-11-26"}
    which = {
        "asked": asked,
        "offices": ["WAT2"],
        "services": TOPICS,
        "kinds": ["complaint"],
        "matches": [],
        "answers": [answer, {**answer, "clock": "appeal", "id": "", "steps": []}],
        "office": "Torvin Water Works",
        "links": True,
        "errors": {},
    }
    wrong = {
        "name": "Give it a name.",
        "office": "Several offices may be meant: choose one.",
        "target-first_response": "Write a number.",
        "amount-1": "Choose whom it tells.",
        "begins": "It may begin at most 366 days ago.",
    }
    return {
        "policies": (
            "policies",
            {
                "rows": [row, {**row, "state": "coming"}, {**row, "state": "past", "ends": NOW_DAY}],
                "past": 1,
                "all": False,
                "may_add": True,
            },
        ),
        "policies-none": ("policies", {"rows": [], "past": 0, "all": True, "may_add": False}),
        "policy": ("policy", page),
        "policy-look": ("policy", {**page, "preview": {**PREVIEW, "lines": _lines(now)}}),
        "policy-over": (
            "policy",
            {
                **page,
                "row": {**row, "state": "past"},
                "editable": False,
                "ladders": [],
                "changes": [],
                "corrections": [],
                "versions": [],
            },
        ),
        "policy-new": (
            "policy",
            {
                **page,
                "id": "",
                "title": "",
                "row": None,
                "versions": [],
                "changes": [],
                "corrections": [],
                "preview": FEW,
                "errors": wrong,
                "office_matches": [{"code": "WAT2", "name": "Torvin Water Works", "above": "National Water Authority"}],
            },
        ),
        "policy-which": ("policy_which", which),
        "policy-which-none": (
            "policy_which",
            {
                **which,
                "answers": [],
                "office": "",
                "links": False,
                "errors": {"office": "Several offices may be meant."},
                "matches": [{"code": "WAT2", "name": "Torvin Water Works", "above": "National Water Authority"}],
            },
        ),
    }
