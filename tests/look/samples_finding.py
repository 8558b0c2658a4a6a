# ruff: noqa: E501  (tables of samples)
"""Sample context of the queue: views, search, many at once, one citizen's history."""

from tests.look.samples import ago

VIEWS = [
    {"key": "todo", "name": "To do", "digit": "1", "count": 42, "more": False, "shared": False, "current": True},
    {"key": "mine", "name": "Mine", "digit": "2", "count": 9, "more": False, "shared": False, "current": False},
    {
        "key": "unassigned",
        "name": "Nobody on it",
        "digit": "3",
        "count": 0,
        "more": False,
        "shared": False,
        "current": False,
    },
    {"key": "late", "name": "Late", "digit": "5", "count": 500, "more": True, "shared": False, "current": False},
    {
        "key": "0192",
        "name": "Rruga e Kavajës, nata",
        "digit": "",
        "count": None,
        "more": False,
        "shared": True,
        "current": False,
    },
]
ORDERS = [
    {"code": "due", "name": "Due first"},
    {"code": "newest", "name": "Newest first"},
    {"code": "oldest", "name": "Oldest first"},
]
ASKED: dict[str, object] = {
    "q": "",
    "view": "todo",
    "title": "To do",
    "order": "due",
    "odd": [],
    "meant": "",
    "query": "",
}
QUEUE_COLUMN: dict[str, object] = {
    "views": VIEWS, "orders": ORDERS, "asked": ASKED, "choosing": True, "queue_more": False,
    "acts": [{"code": "take", "name": "Take them on"}, {"code": "transfer", "name": "Transfer"}],
}  # fmt: skip
SEARCHED: dict[str, object] = {
    **ASKED, "q": "pompa brust -fatura state:lost", "view": "", "title": "", "order": "newest", "odd": ["state:lost is not known."],
    "meant": "pompa burst -fatura", "query": "q=pompa+brust",
}  # fmt: skip
KEPT_VIEW: dict[str, object] = {
    "key": "0192",
    "name": "Kavaja",
    "query": "kavajes is:late",
    "ready": False,
    "shared": True,
    "own": True,
    "count": 3,
    "more": False,
}
VIEWS_PAGE: dict[str, object] = {
    "views": [
        {"key": "todo", "name": "To do", "query": "is:todo", "ready": True, "shared": False, "own": False, "count": 500, "more": True},
        KEPT_VIEW,
        {**KEPT_VIEW, "key": "0193", "name": "Mistyped <b>", "query": '"no water" -bill from:2026-03-01 office:WAT1', "shared": False, "count": None},
    ],
    "orders": ORDERS, "offices": [{"code": "WAT1", "name": "Water, District 1"}],
    "given": {"name": "", "query": "is:late service:water", "order": "due", "office": ""}, "errors": {"name": "Give it a name."},
}  # fmt: skip
ACT = {
    "id": "0194", "what": "transfer", "name": "Transfer", "state": "draft", "needs": ["office", "reason"], "complete": True,
    "may_undo": False, "for_good": False, "until": None,
}  # fmt: skip
LINE = {
    "reference": "K7QF-3M9X", "title": "S'kemi ujë në Rrugën e Kavajës që të hënën", "language": "sq", "case_state": "open",
    "assignee": "Arta Hoxha", "state": "planned", "why": "", "effect": "Offered to Water, District 3. It stays where it is until they accept.",
}  # fmt: skip
OTHER = {**LINE, "reference": "T3VN-62QE", "title": "Мастер не пришёл второй раз", "language": "ru", "assignee": ""}
BULK: dict[str, object] = {
    "act": ACT, "most": 200,
    "lines": [LINE, {**OTHER, "why": "It is already offered to another office. Wait for its answer, or take it back."}],
    "people": [], "offices": [{"label": "Districts", "options": [{"code": "water-d3", "name": "Water, District 3"}]}],
    "outcomes": ["upheld", "answered"], "errors": {},
    "given": {"staff": "", "office": "water-d3", "reason": "It is on their side of the river", "outcome": "", "text": ""},
}  # fmt: skip
GONE = {
    **LINE,
    "reference": "",
    "title": "",
    "case_state": "",
    "state": "refused",
    "why": "You do not see this case any more.",
}
PAST_LINE = {
    "reference": "D4KM-77RS", "title": "Low pressure on the fourth floor", "language": "en", "state": "closed", "outcome": "upheld", "office": "Water, District 3",
    "service": "Water supply", "channel": "telegram", "opened_at": ago(days=40), "answered_seconds": 90000, "silent_seconds": None, "reopened": True, "rating": 2,
}  # fmt: skip
PAST: dict[str, object] = {
    "reference": "K7QF-3M9X", "told": True, "offices": 2, "since": ago(days=40), "channels": ["sms", "telegram"],
    "lines": [PAST_LINE, {**PAST_LINE, "reference": "T3VN-62QE", "state": "open", "outcome": "", "service": "", "answered_seconds": None, "silent_seconds": 90000, "reopened": False, "rating": None}],
}  # fmt: skip
FINDING: dict[str, tuple[str, dict[str, object]]] = {
    "views": ("views", VIEWS_PAGE),
    "past": ("past", PAST),
    "past-confidential": ("past", {**PAST, "told": False, "lines": []}),
    "bulk": ("bulk", BULK),
    "bulk-needs": (
        "bulk",
        {
            **BULK,
            "act": {
                **ACT,
                "what": "close",
                "name": "Close with an answer",
                "needs": ["outcome", "text"],
                "complete": False,
                "for_good": True,
            },
            "errors": {"text": "The text is empty"},
        },
    ),
    "bulk-done": (
        "bulk",
        {
            **BULK,
            "act": {
                **ACT,
                "what": "assign",
                "state": "done",
                "needs": ["staff"],
                "may_undo": True,
                "until": ago(minutes=-7),
            },
            "lines": [{**LINE, "state": "done"}, GONE],
        },
    ),
}
