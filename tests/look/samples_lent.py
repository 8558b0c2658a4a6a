# ruff: noqa: E501  (tables of samples)
"""Dashboards that leave the program: links to them, what a link shows, the end of a weekly mail."""

from datetime import date

from tests.look.samples import ago
from tests.look.samples_figures import week

_LINK: dict[str, object] = {
    "id": "0192f1c2-5f3e-7c11-9d0a-3f5e1c2b7a90", "name": "Front page of the ministry", "office": "Ministry of Water", "service": "", "period": "this week and the 4 before",
    "sites": ["https://www.water.example", "https://open.gov.example"], "made": ago(days=12), "by": "Arben Gjolleshi", "used": ago(hours=1), "ended": None, "ended_by": "",
}  # fmt: skip
_PAGE: dict[str, object] = {
    "links": [
        _LINK,
        {**_LINK, "id": "2", "name": "Open day", "service": "Water bill and meter", "sites": [], "used": None, "ended": ago(days=1), "ended_by": "Nasrin Tolukder"},
    ],
    "secret": "", "offices": ["Ministry of Water (WAT)", "Water, District 1 (WAT1)"],
    "services": [{"code": "water-bill", "name": "Water bill and meter"}],
    "periods": [{"weeks": 1, "text": "this week and the one before"}, {"weeks": 4, "text": "this week and the 4 before"}],
    "given": {"office": "Ministry of Water (WAT)", "service": "", "weeks": "4", "name": "", "sites": ""}, "errors": {},
}  # fmt: skip
_FEW: dict[str, object] = {
    "scope": "Service Centre Kombinat",
    "service": "",
    "weeks": 1,
    "as_of": ago(minutes=1),
    "headline": "",
}
_SHOWN: dict[str, object] = {
    "scope": "Ministry of Water", "service": "", "weeks": 4, "as_of": ago(minutes=1), "headline": "Half of all citizens now wait 31 h or more for an answer, 6 h longer than before.",
    "tiles": [
        {"value": "31 h", "text": "Half of them had an answer after so long, counting those who still wait"},
        {"value": "71%", "text": "answered in time, of 3,950 whose time is over"},
        {"value": "1,206", "text": "wait for an answer now"},
        {"value": "under 10", "text": "of these past their target"},
        {"value": "4,812", "text": "wrote in this time"},
    ],
    "medians": {**week("31 h", [26.0, 25.0, 28.0, None, 27.0, 31.0], (22.0, 30.0)), "rows": [{"monday": date(2026, 11, 16), "n": 84, "value": "31 h", "small": False}, {"monday": date(2026, 11, 9), "n": 0, "value": "–", "small": True}]},
    "in_time": week("71%", [0.78, 0.77, 0.8, None, 0.76, 0.71], (0.72, 0.84)),
}  # fmt: skip
PAGES: dict[str, tuple[str, dict[str, object]]] = {
    "links": ("links", _PAGE),
    "links-made": ("links", {**_PAGE, "secret": "https://voice.velmora.example/embed/mJt0c1q5o2m7Q3cXlq8m2kYw5mJt0c1q5o2m7Q3cXlq"}),
    "links-wrong": ("links", {**_PAGE, "errors": {"sites": "“gov.example” is no site.", "weeks": "Choose a period."}}),
    "links-none": ("links", {**_PAGE, "links": []}),
    "embedded": ("embedded", _SHOWN),
    "embedded-service": ("embedded", {**_SHOWN, "service": "Water bill and meter"}),
    "embedded-few": ("embedded", _FEW),
    "embedded-gone": ("embedded_gone", {}),
    **{f"weekly-stop-{step}": ("weekly_stop", {"step": step, "token": "AZvN", "office": "Ministry of Water"}) for step in ("ask", "done", "gone")},
}  # fmt: skip
