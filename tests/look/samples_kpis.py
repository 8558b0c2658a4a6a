"""Samples of the registry's pages."""

from tests.look.samples import ago

OFFICES = [{"code": "WAT", "name": "Ministry of Water"}, {"code": "WAT1", "name": "Water, District 1"}]
MEDIAN: dict[str, object] = {
    "name": "silence_median",
    "title": "Median silence",
    "value": "31 h",
    "note": "95% interval 26 h to 2 days, n 1,312",
    "tone": "",
    "url": "/staff?q=figure:received%20office:WAT",
    "n": 1312,
    "n_is": "cases received",
    "of_these": "",
    "definition": "Half of all citizens who wrote in this time got a human answer within it.",
    "formula": "Smallest t with S(t) ≤ 0.5; S is the Kaplan–Meier estimate over elapsed time, silent cases censored",
    "source": "Cases and the first delivered human answer (case.received_at, case.first_response_at)",
    "as_of": ago(minutes=1),
    "error": "exact",
    "since": ago(days=28),
    "until": ago(minutes=1),
    "small": False,
    "split": "/staff/kpis/silence_median?by=branch",
}
SHARE = {
    **MEDIAN,
    "name": "templated",
    "title": "Templated answers",
    "value": "7%",
    "of_these": "/staff?q=figure:templated",
    "tone": "late",
}
FEW = {**MEDIAN, "name": "solved", "title": "Solved, citizens say", "value": "–", "note": "n 7: too few to say", "n": 7}
NONE = {
    **MEDIAN,
    "name": "money_asked",
    "title": "Asked for money",
    "value": "–",
    "note": "told by whole months",
    "url": "",
    "n": 0,
}
CHOICES: dict[str, object] = {
    "scope": "Ministry of Water",
    "office": "WAT",
    "offices": OFFICES,
    "many": False,
    "since": "2026-10-27",
    "until": "",
    "as_of": ago(minutes=1),
}
KPIS: dict[str, object] = {
    **CHOICES,
    "groups": [
        {"title": "Silence", "figures": [MEDIAN, FEW]},
        {"title": "Answers and hand-overs", "figures": [SHARE, NONE]},
    ],
}
ROW: dict[str, object] = {
    "name": "Water, District 1",
    "key": "WAT1",
    "value": "3 days",
    "why": "",
    "n": 412,
    "small": False,
    "url": "/staff?q=figure:received%20office:WAT1",
    "rank": 1,
    "at": 259200.0,
    "low": 220000.0,
    "high": 300000.0,
    "interval": "2 days to 3 days",
    "drawn": "3 days",
    "tone": "late",
}
OVER = {
    **ROW,
    "name": "Water, District 2",
    "rank": 2,
    "value": "over 12 days",
    "at": None,
    "high": float("inf"),
    "interval": "from 9 days",
    "tone": "",
}
TOO_FEW = {
    **ROW,
    "name": "Water, District 3",
    "rank": None,
    "value": "–",
    "why": "n 4: too few to say",
    "n": 4,
    "at": None,
    "interval": "",
    "drawn": "",
    "tone": "",
}
SPLIT: dict[str, object] = {
    **CHOICES,
    "kpi": "silence_median",
    "figure": MEDIAN,
    "by": "branch",
    "by_name": "Office with all below it",
    "splits": [{"code": "branch", "name": "Office with all below it"}, {"code": "week", "name": "Week"}],
    "narrowed": {"tier": "", "service": "", "channel": "sms", "language": "", "kind": ""},
    "tiers": ["national", "region", "district", "service_centre"],
    "kinds": ["complaint", "question"],
    "services": [{"code": "water", "name": "Water supply"}],
    "rows": [
        ROW,
        OVER,
        TOO_FEW,
    ],
    "more": 3,
    "scale": 600000.0,
    "middle": 111600.0,
    "ranked": True,
    "order": "Mean silence",
    "drawn": True,
    "csv": "/staff/kpis/silence_median.csv?by=branch",
}
CELL = {"value": "74%", "note": "58% to 85%, n 38", "url": "/staff?q=figure:due"}
EMPTY = {"value": "", "note": "", "url": ""}
OFFICERS: dict[str, object] = {
    **CHOICES,
    "own": [SHARE],
    "few": ["Median silence", "Opened again"],
    "columns": [
        {"name": "answered_in_target", "title": "Answered within target"},
        {"name": "x", "title": "Opened again"},
    ],
    "total": [CELL, CELL],
    "rows": [{"name": "Arta Hoxha", "cells": [CELL, EMPTY]}, {"name": "Ilir Meta", "cells": [EMPTY, CELL]}],
    "least": 30,
    "exported": True,
    "taken": [{"by": "Ilir Meta", "at": ago(days=2), "office": "Water, District 1", "why": "Pay of November"}],
    "errors": {},
}
PAGES: dict[str, tuple[str, dict[str, object]]] = {
    "kpis": ("kpis", KPIS),
    "kpis-many-offices": ("kpis", {**KPIS, "offices": [], "many": True}),
    "kpi": ("kpi", SPLIT),
    "officers": ("officers", OFFICERS),
    "officers-wrong": ("officers", {**OFFICERS, "errors": {"why": "Say what they are for."}}),
    "officers-own": (
        "officers",
        {**OFFICERS, "own": [], "few": [], "total": [], "rows": [], "exported": False, "taken": []},
    ),
    "kpi-whole": ("kpi", {**SPLIT, "by": "", "by_name": "", "rows": [], "tiers": [], "kinds": [], "services": []}),
    "kpi-nothing": ("kpi", {**SPLIT, "rows": [], "more": 0, "middle": None, "ranked": False, "drawn": False}),
}
