# ruff: noqa: E501  (tables of samples)
"""The public's figures, and staff's pages about them."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from api import open_data, open_view
from api.open_view import figure
from domain.publication import FigureScope, Publication, PublicationState, PublishedFigure
from reports.public import ranking
from reports.public.data import FORMATS
from reports.public.tables import TABLES

AT = datetime(2026, 11, 16, 4, 0, tzinfo=UTC)
OFFICES = (
    "Ministry of Health",
    "Electricity Supply Authority",
    "Coast Health Directorate of the Northern Districts",
    "Water Works",
    "Roads",
    "Schools",
)
OUT_ID = UUID(int=101)
LOSS = {"rows": 415, "exact": 0.05, "no_channel": 0.1, "wider_place": 0.35, "no_service": 0.45, "left_out": 0.05}


def publication(month: date, version: int = 1, reason: str = "") -> Publication:
    return Publication(
        id=UUID(int=month.month * 10 + version), month=month, version=version, state=PublicationState.published, as_of=AT, out_at=AT, published_at=AT,
        reason=reason, least=5, digest="9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", loss=LOSS,
    )  # fmt: skip


def line(
    scope: str, code: str = "", name: str = "", *, of: UUID = OUT_ID, n: int = 88, hours: int | None = 31
) -> PublishedFigure:
    return PublishedFigure(
        publication_id=of, scope=FigureScope(scope), code=code, names={"en": name} if name else {}, tier="district", above="GOV", n=n,
        late=9, late_share=0.1, late_low=0.05, late_high=0.18, median_hours=hours, median_low=hours and hours - 9, median_high=hours and hours + 20,
        p90_hours=None, p90_low=90, beyond_hours=400, answers=40, asked_share=0.31, rating=3.6, rating_low=3.2, rating_high=4.0,
    )  # fmt: skip


REASON = "Messages of the last week had not been taken over from another program."
OCTOBER, AUGUST = publication(date(2026, 10, 1)), publication(date(2026, 8, 1))
CORRECTED = publication(date(2026, 8, 1), 2, REASON)
LINES = [
    line("office", f"O{number}", name, hours=None if number == 5 else 14 + number * 31)
    for number, name in enumerate(OFFICES)
]
TREND = open_view.trend(
    [line("whole", of=OCTOBER.id, hours=55), line("whole", of=AUGUST.id, hours=70)],
    {OCTOBER.id: OCTOBER, AUGUST.id: AUGUST},
)
OUT = [open_view.publication(one) for one in (OCTOBER, CORRECTED, AUGUST)]
SAID = [
    {
        "words": "Two people now read new messages, so that none lies for a week.",
        "month": date(2026, 10, 1),
        "office": "Water Works",
        "code": "O3",
    }
]
MISSING = [
    {
        "month": date(2026, 9, 1),
        "withheld": True,
        "since": AT,
        "reason": "Two offices counted the same message twice.",
        "late": False,
    },
    {"month": date(2026, 7, 1), "withheld": False, "since": AT, "reason": "", "late": True},
    {"month": date(2026, 11, 1), "withheld": False, "since": AT, "reason": "", "late": False},
]
WHOLE = figure(line("whole", n=526, hours=55), "en")
FRONT: dict[str, object] = {
    "latest": OUT[0], "months": OUT, "over": OUT[:2], "missing": MISSING, "whole": WHOLE, "trend": TREND,
    "silence": open_view.listed(ranking.by_silence(LINES), "en", 0, hours=True), "ratings": open_view.listed(ranking.by_rating(LINES), "en", 0, hours=False),
    "few": [{"code": "O9", "name": "Land Registry"}], "found": [{"code": "O3", "name": "Water Works"}], "wanted": "water", "page": 0, "more": True,
    "decisions": SAID, "digests": [{"at": AT, "digest": OCTOBER.digest}], "least": 5, "freeze_days": 10, "embargo_days": 5,
}  # fmt: skip
NOTHING: dict[str, object] = FRONT | {
    "latest": None, "months": [], "over": [], "missing": [], "whole": None, "trend": [], "silence": {"rows": [], "most": 0, "all": 0},
    "ratings": {"rows": [], "most": 5, "all": 0}, "few": [], "found": [], "wanted": "nowhere", "more": False, "decisions": [], "digests": [],
}  # fmt: skip
OFFICE: dict[str, object] = {
    "office": {"code": "O3", "name": "Water Works"}, "above": [{"code": "GOV", "name": "Prime Minister's Office"}], "children": [{"code": "O9", "name": "Coast Water Works"}],
    "own": [figure(LINES[3], "en") | {"month": date(2026, 10, 1)}, figure(LINES[5], "en") | {"month": date(2026, 8, 1)}], "below": [WHOLE | {"month": date(2026, 10, 1)}],
    "trend": TREND, "place": {"place": 3, "of": 14}, "ratings_place": {"place": 2, "of": 6}, "over": OUT[:2], "decisions": SAID, "least": 5,
}  # fmt: skip
MONTH: dict[str, object] = {
    "publication": OUT[1], "versions": OUT[1:], "whole": WHOLE, "offices": [figure(one, "en") for one in LINES], "totals": [figure(line("below", "GOV", "Ministries"), "en")],
    "kinds": [figure(line("service", "water", "No water or low pressure"), "en")], "page": 0, "more": True, "least": 5, "tables": list(TABLES), "formats": list(FORMATS),
}  # fmt: skip
DATA: dict[str, object] = {
    "publications": OUT, "formats": list(FORMATS), "package": open_data.PACKAGE, "licence": "CC-BY-4.0", "licence_url": "https://creativecommons.org/licenses/by/4.0/", "dictionary": open_data.DICTIONARY,
    "tables": [{"name": one.name, "title": one.title, "text": one.text, "fields": [{"name": f.name, "kind": f.kind, "text": f.text} for f in one.fields]} for one in TABLES.values()],
}  # fmt: skip
CITIZEN: dict[str, tuple[str, dict[str, object]]] = {
    "open": ("open", FRONT),
    "open-nothing": ("open", NOTHING),
    "open-office": ("open_office", OFFICE),
    "open-office-small": (
        "open_office",
        OFFICE | {"own": [], "below": [], "trend": [], "place": None, "ratings_place": None, "decisions": []},
    ),
    "open-month": ("open_month", MONTH),
    "open-month-corrected": ("open_month", MONTH | {"publication": OUT[2], "page": 1}),
    "open-data": ("open_data", DATA),
}


def staff() -> dict[str, tuple[str, dict[str, object]]]:
    """The list, and a preview in each state."""
    row: dict[str, Any] = OUT[0] | {
        "id": "0192a3",
        "state": "waiting",
        "out_at": AT,
        "embargo": True,
        "approvals": 0,
        "needed": 2,
    }
    decision = {
        "id": "f1", "office": "Water Works", "week": date(2026, 11, 9), "reference": "K7QF-3M9V", "decision": "Every officer names a stand-in.",
        "words": "", "said": "", "state": "", "by": "", "mine": False,
    }  # fmt: skip
    words = {"words": SAID[0]["words"], "said": SAID[0]["words"], "by": "Arta Hoxha"}
    listed: dict[str, object] = {
        "publications": [
            row,
            row | {"state": "withheld", "embargo": False},
            row | {"state": "published", "version": 2},
        ],
        "decides": True,
        "decisions": [
            decision,
            decision | words | {"id": "f2", "state": "proposed"},
            decision | words | {"id": "f3", "state": "published"},
            decision | words | {"id": "f4", "state": "refused", "mine": True},
        ],
        "errors": {"words-f1": "Say it in your own words: these are the citizen's."},
    }
    may = {"approve": True, "withhold": True, "release": False, "correct": False}
    one: dict[str, object] = {
        "publication": row | {"digest": OCTOBER.digest, "loss": LOSS, "least": 5}, "holds": True,
        "acts": [{"kind": "frozen", "by": "", "at": AT, "reason": ""}, {"kind": "approved", "by": "Arta Hoxha", "at": AT, "reason": ""}],
        "whole": WHOLE, "offices": [figure(each, "en") for each in LINES], "totals": [], "before": {}, "may": may, "errors": {}, "reason": "",
    }  # fmt: skip
    corrected = one | {
        "publication": row | {"state": "published", "version": 2, "reason": REASON, "digest": OCTOBER.digest, "loss": LOSS, "least": 5}, "holds": False,
        "before": {"office-O0": figure(LINES[1], "en"), "whole-": WHOLE}, "may": {**may, "approve": False, "withhold": False, "correct": True},
        "errors": {"reason": "Write a sentence or two."}, "reason": "Late",
    }  # fmt: skip
    held = one | {
        "publication": row
        | {"state": "withheld", "embargo": False, "digest": OCTOBER.digest, "loss": LOSS, "least": 5},
        "may": {**may, "approve": False, "withhold": False, "release": True},
    }
    return {
        "publications": ("publications", listed),
        "publications-none": ("publications", {"publications": [], "decides": False, "decisions": [], "errors": {}}),
        "publication": ("publication", one),
        "publication-corrected": ("publication", corrected),
        "publication-held": ("publication", held),
    }
