# ruff: noqa: E501  (tables of samples)
"""The administration pages: offices, services, rules, areas, changes."""

from datetime import date

from api.rule_rows import Asked
from cases import area_map, office_tree, routing_table, service_catalogue
from tests.look.samples import NOW, ago

NAMES = [
    {"code": "en", "name": "English"},
    {"code": "sq", "name": "shqip"},
    {"code": "bn", "name": "বাংলা"},
    {"code": "ru", "name": "русский"},
]
CHANGE: dict[str, object] = {
    "kind": "Offices", "title": "Torvin Water Works (WAT2)", "by": "Rupert Saltmarsh", "at": NOW, "what": "changed",
    "differences": [{"what": "places", "before": "Torvin/Торвин", "after": "Torvin/Торвин, Sanska/Санска, Melit/Мелит"}],
}  # fmt: skip
CHANGES = [
    CHANGE,
    {**CHANGE, "what": "added", "at": ago(days=2), "differences": [{"what": "code", "before": "", "after": "WAT2"}]},
]
ROW = {
    "depth": 0, "code": "PMO", "name": "Prime Minister's Office", "open": True, "tier": "national", "function": "leadership",
    "people": 4, "calendar": "Office hours", "own_calendar": True, "places": 0, "below": 9, "editable": True,
}  # fmt: skip
OFFICES: dict[str, object] = {
    "rows": [
        ROW,
        {**ROW, "depth": 1, "code": "INT", "name": "Integrity Office", "function": "integrity", "below": 0, "own_calendar": False},
        {**ROW, "depth": 1, "code": "WAT", "name": "National Water Authority", "function": "service", "below": 2},
        {**ROW, "depth": 2, "code": "WAT2", "name": "Torvin Water Works and Sewage Treatment", "function": "service", "tier": "district",
         "places": 5, "below": 0, "people": 0, "open": False},
    ],
    "q": "", "whole": False, "trail": [{"code": "PMO", "name": "Prime Minister's Office"}], "total": 30, "may_add": True,
}  # fmt: skip
OFFICE: dict[str, object] = {
    "code": "WAT2", "title": "Torvin Water Works", "open": True,
    "given": office_tree.Given("WAT2", {"en": "Torvin Water Works", "ru": "Водоканал Торвина"}, "district", "service",
                               "National Water Authority (WAT)", "", "Torvin/Торвин\nSanska"),
    "seen": "x", "id": "0192", "editable": True, "whole": True, "names": NAMES,
    "tiers": ["national", "region", "district", "service_centre"], "functions": ["service", "triage", "integrity", "leadership"],
    "calendars": ["Office hours"], "offices": ["National Water Authority (WAT)", "Prime Minister's Office (PMO)"], "parents": [],
    "facts": {
        "people": [{"role": "officer", "count": 3}, {"role": "head", "count": 1}], "calendar": "Office hours", "own_calendar": False,
        "below": [{"code": "WAT21", "name": "Torvin Pumps", "open": False}], "rules": 12,
    },
    "changes": CHANGES, "errors": {},
}  # fmt: skip
SERVICE: dict[str, object] = {
    "code": "stray-animals", "title": "Stray animals", "in_use": True,
    "given": service_catalogue.Given("stray-animals", {"en": "Stray animals"}, "municipal", "stray dogs\npack of dogs",
                                     "A pack of dogs sits at the school gate every morning"),
    "seen": "x", "id": "0192", "editable": True, "names": NAMES, "groups": ["municipal", "water"], "enough": 3,
    "offered": ["wild bees", "bees", "swarm", "beekeeper"], "deciding": False,
    "facts": {
        "understood": 214, "days": 90, "rules": 3, "offices": ["Kelda Municipality", "Torvin Municipality"],
        "shared": [{"words": "dogs", "of": "Parks"}],
        "model": {"there": True, "learnt_at": NOW, "waiting": False, "figures": {"n": 14, "precision": 0.93, "recall": 0.86}},
    },
    "changes": CHANGES, "errors": {},
}  # fmt: skip
LEARNING = {"there": True, "learnt_at": None, "waiting": True, "figures": None}
ADMIN: dict[str, tuple[str, dict[str, object]]] = {
    "administration": (
        "administration",
        {
            "offices": 30, "services": 40, "rules": 267, "areas": 2, "calendars": 1, "policies": 3, "people": 128, "keys": 3, "changed": 12, "changes": CHANGES,
            "warnings": [
                {"text": "2 services have no rule, so messages about them go to triage: Bees and swarms, Noise.", "url": "/staff/services?show=norule", "grave": True},
                {"text": "1 rule leads to Torvin Water Works, which is closed; the office above it answers.", "url": "/staff/rules?office=WAT2", "grave": False},
            ],
        },
    ),
    "administration-sound": ("administration", {"offices": 3, "services": 4, "rules": 5, "areas": 0, "calendars": 1, "policies": 0, "people": 9, "keys": 0, "changed": 0, "changes": [], "warnings": []}),
    "changes": ("changes", {"changes": CHANGES, "kinds": {"office": "Offices", "rule": "Rules"}, "kind": "office", "person": "", "total": 2, "newer": "", "older": "/staff/changes?page=1"}),
    "changes-none": ("changes", {"changes": [], "kinds": {}, "kind": "", "person": "", "total": 0, "newer": "", "older": ""}),
    "offices": ("offices", OFFICES),
    "offices-none": ("offices", {**OFFICES, "rows": [], "q": "xyz", "trail": [], "whole": True}),
    "office": ("office", OFFICE),
    "office-new": (
        "office",
        {
            **OFFICE, "code": "", "title": "", "given": office_tree.Given(parent="torvin"), "facts": None, "changes": [],
            "parents": [{"code": "WAT2", "name": "Torvin Water Works", "above": "National Water Authority · Prime Minister's Office"},
                        {"code": "CIV2", "name": "Torvin Service Centre", "above": "Prime Minister's Office"}],
            "errors": {"name-en": "Give it a name.", "code": "Give it a short code, such as WAT3.", "tier": "Choose what kind of office it is.",
                       "parent": "Several offices may be meant: choose one.", "places": "“x…” has 200 letters; a line has at most 120."},
        },
    ),
    "office-read": ("office", {**OFFICE, "open": False, "editable": False, "whole": False, "facts": {**OFFICE["facts"], "people": [], "below": []}}),  # type: ignore[dict-item]
    "services": (
        "services",
        {
            "groups": [{"name": "Rubbish, parks and noise", "services": [
                {"code": "stray-animals", "name": "Stray animals", "in_use": True, "keywords": 12, "examples": 3, "understood": 214},
                {"code": "noise", "name": "Noise from bars, building sites and neighbours", "in_use": True, "keywords": 1, "examples": 0, "understood": 0}]}],
            "q": "", "show": "", "total": 40, "days": 90, "may_add": True,
        },
    ),
    "services-none": ("services", {"groups": [], "q": "xyz", "show": "retired", "total": 40, "days": 90, "may_add": False}),
    "service": ("service", SERVICE),
    "service-new": ("service", {**SERVICE, "code": "", "title": "", "given": service_catalogue.Given(), "facts": None, "offered": [], "changes": [],
                                "errors": {"name-en": "Give it a name.", "keywords": "“x…” has 90 letters; a line has at most 80."}}),
    "service-deciding": ("service", {**SERVICE, "code": "", "title": "", "deciding": True, "facts": None, "changes": []}),
    "service-learning": ("service", {**SERVICE, "in_use": False, "facts": {**SERVICE["facts"], "rules": 0, "shared": [], "model": LEARNING}}),  # type: ignore[dict-item]
}  # fmt: skip
RULE_ROW: dict[str, object] = {
    "id": "0192-a", "what": "Water supply in Torvin, Sanska, Melit, Kelda and 3 more", "office": "Torvin Water Works (WAT2)", "office_code": "WAT2",
    "closed": False, "begins": None, "ends": None, "state": "now", "note": "",
}  # fmt: skip
TOPICS = [
    {"label": "", "options": [{"code": "all", "name": "Every topic"}]},
    {"label": "A whole group", "options": [{"code": "group:water", "name": "All of “Water and sewage”"}]},
    {"label": "Water and sewage", "options": [{"code": "service:water", "name": "Water supply"}]},
]
RULE: dict[str, object] = {
    "id": "0192-a", "title": "Water supply in Torvin, Sanska", "row": RULE_ROW, "over": False, "today": "2026-11-25",
    "given": routing_table.Given("service:water", "places", "Torvin\nSanska", "", "", "Torvin Water Works (WAT2)", "2026-12-01", "", "Works move"),
    "seen": "x", "new_id": "0193", "editable": True, "topics": TOPICS, "areas": [{"code": "old-town", "name": "Old town"}],
    "offices": ["Torvin Water Works (WAT2)", "National Water Authority (WAT)"], "office_matches": [], "within_matches": [], "preview": None,
    "test": {"text": "", "place": ""}, "end_day": "2026-11-25", "changes": CHANGES, "errors": {},
}  # fmt: skip
PREVIEW: dict[str, object] = {
    "day": date(2026, 12, 1),
    "moves": [{"topics": "Water supply", "place": "Torvin", "before": "Torvin Water Works (WAT2)", "after": "National Water Authority (WAT)"},
              {"topics": "all of “water”", "place": "", "before": "", "after": "National Water Authority (WAT)"}],
    "same": 3, "staying": 14, "unknown": ["Torvn"],
    "test": {"before": "Torvin Water Works (WAT2)", "after": "National Water Authority (WAT)",
             "reason": "Water supply in Torvin is answered by National Water Authority; the text has the words “no water” of Water supply."},
}  # fmt: skip
SHAPE = "M4.0 236.0L316.0 236.0L280.0 4.0L90.0 40.0Z"
AREA: dict[str, object] = {
    "code": "old-town", "title": "Old town", "in_use": True, "given": area_map.Given("old-town", {"en": "Old town"}, '{"type": "Polygon"}'),
    "seen": "x", "id": "0192", "editable": True, "names": NAMES, "path": SHAPE, "box": "0 0 320 240", "bounds": "41.3000, 19.8000 – 41.4000, 19.9000",
    "rules": [{"id": "0192-a", "words": "Water supply inside Old town on the map → WAT2"}], "changes": CHANGES, "errors": {},
}  # fmt: skip
ADMIN |= {
    "rules": (
        "rules",
        {
            "rows": [RULE_ROW, {**RULE_ROW, "id": "b", "state": "coming", "begins": date(2026, 12, 1), "note": "Works move in winter"},
                     {**RULE_ROW, "id": "c", "state": "past", "closed": True, "begins": date(2025, 1, 1), "ends": date(2026, 1, 1)}],
            "total": 3, "all": 267, "services": TOPICS, "offices": ["Torvin Water Works (WAT2)"], "asked": Asked("water", "WAT2", "Torvin", "all"),
            "newer": "", "older": "/staff/rules?page=1", "may_add": True,
        },
    ),
    "rules-none": ("rules", {"rows": [], "total": 0, "all": 0, "services": [], "offices": [], "asked": Asked(), "newer": "", "older": "", "may_add": False}),
    "rule": ("rule", RULE),
    "rule-look": ("rule", {**RULE, "preview": PREVIEW, "test": {"text": "no water in Torvin", "place": ""}}),
    "rule-over": ("rule", {**RULE, "over": True, "editable": False, "row": {**RULE_ROW, "state": "past", "ends": date(2026, 1, 1)}}),
    "rule-new": (
        "rule",
        {
            **RULE, "id": "", "title": "", "row": None, "changes": [], "areas": [], "given": routing_table.Given(office="torvin"),
            "preview": {**PREVIEW, "moves": [], "staying": 0, "test": None, "unknown": []},
            "office_matches": [{"code": "WAT2", "name": "Torvin Water Works", "above": "National Water Authority"}],
            "errors": {"topic": "Choose what the rule is about.", "where": "Choose where the rule counts.", "places": "Name at least one place.",
                       "office": "Several offices may be meant: choose one.", "begins": "A rule begins today or later."},
        },
    ),
    "areas": ("areas", {"areas": [{"code": "old-town", "name": "Old town", "in_use": True, "path": SHAPE}, {"code": "harbour", "name": "Harbour", "in_use": False, "path": ""}],
                        "may_add": True, "box": "0 0 320 240"}),
    "areas-none": ("areas", {"areas": [], "may_add": False, "box": "0 0 320 240"}),
    "area": ("area", AREA),
    "area-new": ("area", {**AREA, "code": "", "title": "", "path": "", "rules": [], "changes": [], "given": area_map.Given(),
                          "errors": {"code": "Give it a short code.", "drawing": "This is no GeoJSON. Export the area as GeoJSON and paste all of the file."}}),
}  # fmt: skip
