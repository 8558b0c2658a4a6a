# ruff: noqa: E501  (tables of samples)
"""The pages of transactions: files that are brought in, checked, taken, refused."""

from datetime import date, timedelta

from surveys.upload_lines import COLUMNS, ENCODINGS, NEEDED


def pages() -> dict[str, tuple[str, dict[str, object]]]:
    """Staff's samples; made in a function, as the others import each other."""
    from tests.look.samples import NOW  # that module shows what this one makes

    done: dict[str, object] = {
        "id": "1", "name": "registry-2026-11-24.csv", "source": "civil registry", "state": "done", "by": "Arta Hoxha", "origin": "browser", "at": NOW, "finished_at": NOW,
        "share": 1.0, "read_as": "UTF-8", "problem": "", "again": "", "dry_run": False, "lines": 12_408, "good": 12_408, "bad": 0, "taken": 12_408, "created": 12_400,
        "differing": 2, "refused": False,
    }  # fmt: skip
    checking = {
        **done,
        "state": "checking",
        "share": 0.31,
        "lines": 310_000,
        "good": 309_998,
        "bad": 2,
        "taken": 0,
        "created": 0,
        "differing": 0,
    }
    taking = {
        **checking,
        "state": "taking",
        "share": 0.74,
        "lines": 1_000_000,
        "good": 1_000_000,
        "bad": 0,
        "taken": 480_000,
        "created": 480_000,
        "again": "RuntimeError",
    }
    refused = {
        **done,
        "state": "refused",
        "refused": True,
        "bad": 3,
        "good": 12_405,
        "taken": 0,
        "created": 0,
        "differing": 0,
        "read_as": ENCODINGS["cp1251"],
    }
    torn = {
        **refused,
        "name": "a-file-with-a-name-that-somebody-thought-would-be-a-good-name-2026.csv",
        "lines": 0,
        "good": 0,
        "bad": 0,
        "problem": "A quote that opens in line 17 is never closed, so the rest cannot be split into lines. Close it.",
    }
    partly = {**refused, "state": "partly", "refused": False, "taken": 12_405, "created": 12_405}
    checked = {**done, "state": "checked", "taken": 0, "created": 0, "differing": 0, "dry_run": True}
    errors = [
        {"line": 17, "column": "Office", "what": "There is no office 'CIVI'; did you mean CIV1?"},
        {
            "line": 4031,
            "column": "Completed at",
            "what": "'31.02.2026' is no day and time; write 2026-03-01 09:30 or 01.03.2026 09:30.",
        },
        {
            "line": 9100,
            "column": "",
            "what": "It has 8 cells, the first line 7: a separator or a quote is missing or too many.",
        },
    ]
    one: dict[str, object] = {"running": False, "errors": [], "more": 0, "mendable": False, "same": False}
    columns = [{"name": name, "needed": name in NEEDED, "others": list(others)} for name, others in COLUMNS.items()]
    listed: dict[str, object] = {
        "files": [taking, done, refused, torn, partly, {**checked, "origin": "command"}, {**done, "origin": "folder", "state": "waiting"}],
        "sources": ["civil registry", "files"], "source": "", "how": "whole", "columns": columns, "wide": True, "errors": {},
        "weeks": [{"from": date(2026, 11, 23) + timedelta(days=7 * week), "count": count} for week, count in enumerate((12, 1408, 990, 0, 3, 210, 77, 1))], "coming": 2701,
    }  # fmt: skip
    return {
        "transactions": ("transactions", listed),
        "transactions-none": (
            "transactions",
            {
                **listed,
                "files": [],
                "sources": [],
                "wide": False,
                "weeks": [],
                "coming": 0,
                "how": "good",
                "source": "tax",
                "errors": {"file": "Choose a file."},
            },
        ),
        "transaction-file": ("transaction_file", {**one, "file": done, "same": True}),
        "transaction-file-checking": ("transaction_file", {**one, "file": checking, "running": True}),
        "transaction-file-taking": ("transaction_file", {**one, "file": taking, "running": True}),
        "transaction-file-refused": (
            "transaction_file",
            {**one, "file": refused, "errors": errors, "mendable": True, "more": 120},
        ),
        "transaction-file-torn": ("transaction_file", {**one, "file": torn}),
        "transaction-file-partly": ("transaction_file", {**one, "file": partly, "errors": errors, "mendable": True}),
        "transaction-file-checked": ("transaction_file", {**one, "file": checked}),
    }
