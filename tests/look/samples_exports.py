# ruff: noqa: E501  (tables of samples)
"""The page of exports: none, some under way, and everybody's for who audits."""

from datetime import timedelta

from api.exports import FORMATS, PERIODS, WHEN
from reports.exports.tables import TABLES


def pages() -> dict[str, tuple[str, dict[str, object]]]:
    """Staff's samples; made in a function, as the others import each other."""
    from tests.look.samples import NOW  # that module shows what this one makes

    done: dict[str, object] = {
        "id": "1", "title": "Cases", "format": "CSV", "chosen": "office:WAT1 is:late, the last month", "state": "done", "planned": False, "plain": False,
        "at": NOW, "rows": 12_408, "size": 3_482_112, "expires_at": NOW + timedelta(days=7), "problem": "", "again": "",
    }  # fmt: skip
    waiting = {
        **done,
        "id": "2",
        "title": "Timelines",
        "format": "PARQUET",
        "state": "waiting",
        "rows": 480_000,
        "chosen": "",
    }
    failed = {
        **done,
        "id": "3",
        "state": "failed",
        "rows": 0,
        "problem": "Not all of the filter is understood. office:WAT9 is not known.",
    }
    gone = {**done, "id": "4", "title": "Ratings", "format": "XLSX", "state": "expired", "plain": True, "rows": 1}
    again = {**waiting, "id": "5", "rows": 0, "again": "OSError"}
    given = {"kind": "cases", "format": "csv", "when": "once", "last": "", "q": "", "tell": True}
    usual: dict[str, object] = {
        "kinds": [{"code": str(kind), "title": one.title, "about": one.about, "columns": one.columns} for kind, one in TABLES.items()],
        "formats": [{"code": str(code), "text": text} for code, text in FORMATS.items()],
        "times": [{"code": str(code), "text": text} for code, text in WHEN.items()],
        "periods": [{"code": str(code), "text": text} for code, text in PERIODS.items()],
        "given": given,
        "exports": [], "plans": [], "audits": False, "register": [], "errors": {},
    }  # fmt: skip
    plans = [
        {
            "id": "7",
            "title": "Cases",
            "format": "XLSX",
            "chosen": "the last week that is over",
            "every": "Each Monday",
            "next": NOW + timedelta(days=5),
            "tell": True,
        },
        {
            "id": "8",
            "title": "Transactions",
            "format": "CSV",
            "chosen": "",
            "every": "On the first of each month",
            "next": NOW + timedelta(days=9),
            "tell": False,
        },
    ]
    register = [
        {
            **done,
            "by": "Arta Hoxha",
            "way": "person",
            "fetched": [{"by": "Arta Hoxha", "at": NOW}, {"by": "Arta Hoxha", "at": NOW + timedelta(hours=2)}],
        },
        {**gone, "by": "civil registry", "way": "key", "fetched": []},
        {**failed, "by": "root (command line)", "way": "command", "fetched": [], "chosen": ""},
    ]
    return {
        "exports": ("exports", usual),
        "exports-some": (
            "exports",
            {
                **usual,
                "exports": [waiting, again, done, failed, gone],
                "plans": plans,
                "audits": True,
                "register": register,
            },
        ),
        "exports-wrong": (
            "exports",
            {
                **usual,
                "given": {**given, "kind": "ratings", "q": "state:closed"},
                "audits": True,
                "errors": {"q": "ratings are not narrowed by state:", "format": "Choose one of these."},
            },
        ),
    }
