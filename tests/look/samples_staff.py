"""Every staff page in its states, by name."""

from datetime import date

from tests.look import (
    samples_answers,
    samples_asking,
    samples_causes,
    samples_exports,
    samples_kpis,
    samples_ledger,
    samples_lent,
    samples_life,
    samples_models,
    samples_open,
    samples_results,
    samples_timing,
)
from tests.look.samples import NOW, REFERENCE, ago
from tests.look.samples_access import ACCESS
from tests.look.samples_admin import ADMIN
from tests.look.samples_calls import CALLBACKS
from tests.look.samples_counter import COUNTER
from tests.look.samples_desk import (
    CROWD,
    CROWD_PAGE,
    DESK,
    HISTORY,
    LEADS,
    PART,
    PROPOSED,
    QUEUE,
    RECORDINGS,
    STAFF_CASE,
    SURGE,
    TALKED,
)
from tests.look.samples_doors import ABSENCES, HANDOVERS
from tests.look.samples_figures import LEADERSHIP, LEADERSHIP_SERVICE, MEETING, REVIEW, SHELL, week
from tests.look.samples_finding import FINDING, QUEUE_COLUMN, SEARCHED
from tests.look.samples_kiosk import KIOSK
from tests.look.samples_ladder import LADDER
from tests.look.samples_messages import PAGES
from tests.look.samples_reviews import REVIEWS
from tests.look.samples_routing import ROUTING
from tests.look.samples_surveys import PAGES as SURVEYS
from tests.look.samples_triage import PAGES as TRIAGE
from tests.look.samples_trials import TRIALS

FRAGMENTS = ("queue", "intake-known", "triage-next", "triage-message", *samples_answers.FRAGMENTS)
"""Parts of a page, fetched on their own."""

STAFF: dict[str, tuple[str, dict[str, object]]] = {
    **COUNTER,
    **PAGES,
    **samples_models.PAGES,
    **SURVEYS,
    **samples_results.PAGES,
    **samples_kpis.PAGES,
    **samples_lent.PAGES,
    **ADMIN,
    **ACCESS,
    **ROUTING,
    **TRIAGE,
    **TRIALS,
    **samples_answers.PAGES,
    **samples_timing.pages()[1],
    **samples_asking.pages(),
    **samples_exports.pages(),
    **samples_ledger.pages(),
    **samples_open.staff(),
    **LADDER,
    **FINDING,
    "desk-found": (
        "desk",
        {
            **DESK,
            "explicit": False,
            "asked": SEARCHED,
            "queue": [
                {**QUEUE[1], "pieces": [("… rruga e ", False), ("Kavajës", True), (" <b> …", False)]},
                *QUEUE[2:],
            ],
        },
    ),
    **samples_life.staff(DESK),
    "desk": ("desk", DESK),
    "desk-overview": (
        "desk",
        {
            **DESK,
            "explicit": False,
            "may": {"note"},
            "flash": {"text": "Transferred to Water, District 7.", "tone": "well", "undo": "/staff/undo/1"},
        },
    ),
    "desk-recordings": (
        "desk",
        {
            **DESK,
            "recordings": RECORDINGS,
            "may": DESK["may"] | {"transcribe"},  # type: ignore[operator]
            "case": {
                **STAFF_CASE,
                "channel": "voice",
                "call_back": True,
                "also": [{"id": "p1", "channel": "telegram", "hint": "101"}],
                "may_split": True,
            },
        },
    ),
    "desk-crowd": (
        "desk",
        {
            **DESK,
            "crowd": PROPOSED,
            "surges": [SURGE],
            "queue": [{**QUEUE[0], "crowd": 28}, *QUEUE[1:]],
            "flash": {"text": "Joined. One answer goes to all of them.", "tone": "well", "undo": "/staff/undo/1"},
        },
    ),
    "desk-member": ("desk", {**DESK, "crowd": {**CROWD, "lead": "M2HD-88TA", "lead_members": 27}}),
    "desk-like": (
        "desk",
        {**DESK, "crowd": {**CROWD, "like": "M2HD-88TA", "why": "same service, same place (Torvin), 2 hours apart"}},
    ),
    "surges": (
        "surges",
        {"surges": [SURGE, {**SURGE, "id": "s2", "service": "", "over": NOW, "lead": "", "words": []}]},
    ),
    "surges-none": ("surges", {"surges": []}),
    "crowd": ("crowd", CROWD_PAGE),
    "crowd-member": ("crowd", {**CROWD_PAGE, "lead": "M2HD-88TA", "members": [], "proposed": [], "may": False}),
    "crowd-wrong": ("crowd", {**CROWD_PAGE, "errors": {"number": "Eight letters and digits."}, "owed": 0}),
    "desk-leads": ("desk", {**DESK, "together": LEADS, "case": {**STAFF_CASE, "offered": "Roads, District 3"}}),
    "desk-part": (
        "desk",
        {**DESK, "together": PART, "case": {**STAFF_CASE, "silent_seconds": None, "service": "", "tone": "calm"}},
    ),
    "absences": ("absences", ABSENCES),
    "absences-wrong": (
        "absences",
        {
            **ABSENCES,
            "absences": [],
            "meaning": {"open": 1, "going": 1, "all": True, "to": ""},
            "errors": {"last_day": "The last day is before the first."},
        },
    ),
    "handovers": ("handovers", HANDOVERS),
    "handovers-none": ("handovers", {**HANDOVERS, "rows": [], "chosen": None}),
    "callbacks": ("callbacks", CALLBACKS),
    "callbacks-none": ("callbacks", {**CALLBACKS, "items": [], "errors": {}}),
    "desk-empty": ("desk", {**DESK, "case": None, "queue": [], "queue_total": 0, "opened": ""}),
    "desk-wrong": (
        "desk",
        {**DESK, "errors": {"office": "Choose the office it belongs to.", "reason": "Say why it is theirs."}},
    ),
    "desk-answered": (
        "desk",
        {
            **DESK,
            "timeline": [*HISTORY, TALKED],
            "case": {
                **STAFF_CASE,
                "state": "answered",
                "silent_seconds": None,
                "left_seconds": None,
                "due_at": None,
                "answered_at": NOW,
                "next_rung": None,
                "earlier": [],
                "confidential": True,
                "acceptance": True,
                "reachable": False,
            },
        },
    ),
    "queue": ("queue", {**QUEUE_COLUMN, "queue": QUEUE, "opened": REFERENCE, "queue_total": 5}),
    "notices": (
        "notices",
        {
            "newer": "",
            "older": "/staff/notices?before=1",
            "notices": [
                {
                    "text": "M2HD-88TA is 4 hours over its target.",
                    "at": ago(hours=1),
                    "reference": "M2HD-88TA",
                    "unread": True,
                    "url": "",
                },
                {
                    "text": "Surge at Water, District 3: 37 messages in 2 h, where about 3 are usual.",
                    "at": ago(days=1),
                    "reference": "",
                    "unread": False,
                    "url": "/staff/surges",
                },
            ],
        },
    ),
    "notices-empty": ("notices", {"newer": "", "older": "", "notices": []}),
    "leadership": ("leadership", LEADERSHIP),
    "leadership-office": (
        "leadership",
        {
            **LEADERSHIP,
            "trail": [{"name": "Republic of Velmora", "office": "PMO"}],
            "tops": [{"name": "Water", "office": "WAT"}, {"name": "Roads", "office": "ROAD"}],
        },
    ),
    "leadership-empty": (
        "leadership",
        {
            **LEADERSHIP,
            "changed": [],
            "figures": [],
            "coming": {"number": 0, "text": ""},
            "ranked": [],
            "heat": None,
            "services": [],
            "ratings": [],
            "visits": [],
            "share": None,
            "error": 0.0,
            "medians": {**week("–", [None, 3.0], None), "rows": []},
        },
    ),
    "leadership-months": (
        "leadership",
        {
            **LEADERSHIP,
            "weeks": "",
            "first": "2026-03",
            "last": "2026-05",
            "period": "March 2026 to May 2026",
            "coming": None,
            "changed": [],
            "ranked": [],
        },
    ),
    "leadership-service": ("leadership_service", LEADERSHIP_SERVICE),
    "leadership-first": ("leadership_first", SHELL),
    "survey-results": (
        "survey_results",
        {
            "period": "November 2026",
            "asked": 420,
            "answered": 95,
            "rows": [
                {
                    "service": "Water supply",
                    "office": "",
                    "n": 310,
                    "mean": 2.6,
                    "low": 2.4,
                    "high": 2.8,
                    "tone": "late",
                    "words": ["waited two hours"],
                }
            ],
        },
    ),
    "survey-results-empty": ("survey_results", {"period": "November 2026", "asked": 0, "answered": 0, "rows": []}),
    "review": ("review", REVIEW),
    "review-closed": ("review", {**REVIEW, "carried": [], "review": {**MEETING, "closed": True, "may": False}}),
    "review-wrong": (
        "review",
        {
            **REVIEW,
            "opened": f"new-{REFERENCE}",
            "errors": {"decision": "Say what is decided.", "owner": "Choose who does it."},
            "typed": {"why": "No key.", "decision": "", "what": "Get one", "owner": "", "due_on": "2026-12-01"},
        },
    ),
    "review-wrong-action": ("review", {**REVIEW, "opened": "meeting", "errors": {"what": "Say what will be done."}}),
    "review-list": (
        "review_list",
        {
            "newer": "",
            "older": "",
            "reviews": [
                {
                    "url": "/staff/reviews/WAT-3/2026-11-16",
                    "week": date(2026, 11, 16),
                    "office": "Water, District 3",
                    "closed": False,
                    "cases": 14,
                    "open_actions": 2,
                },
                {
                    "url": "/staff/reviews/WAT-3/2026-11-09",
                    "week": date(2026, 11, 9),
                    "office": "Water, District 3",
                    "closed": True,
                    "cases": 1,
                    "open_actions": 0,
                },
            ],
        },
    ),
    **KIOSK,
    **REVIEWS,
    **samples_causes.PAGES,
}
