"""Writes the tables of docs/settings.md, cli.md, kpis.md and bi.md from the code: `python docs/tables.py`."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer
from pydantic_core import PydanticUndefined

from cli.main import app
from core.settings import Settings
from reports.bi import VIEWS
from reports.registry.kpis import KPIS
from reports.registry.values import Better, Dimension, Group, Kpi

DOCS = Path(__file__).parent
SECRET = re.compile(r"secret|token|key|sid")


def settings_table() -> str:
    """Every setting: variable, default, meaning."""
    lines = ["| variable | default | meaning |", "| --- | --- | --- |"]
    for name in dict.fromkeys((*Settings.__annotations__, *Settings.model_fields)):
        if (field := Settings.model_fields.get(name)) is None:
            continue
        default = field.default
        if default in ("", None, PydanticUndefined):
            shown = "empty"
        elif SECRET.search(name):
            shown = "the demo's"
        else:
            shown = f"`{','.join(default) if isinstance(default, tuple) else default}`"
        lines.append(f"| `OMBUD_{name.upper()}` | {shown} | {field.description} |")
    return "\n".join(lines)


def commands(command: Any = None, path: tuple[str, ...] = ("ombud",)) -> Iterator[tuple[str, Any]]:
    """Every command with its full name, groups left out."""
    command = command or typer.main.get_command(app)
    inner = getattr(command, "commands", None)
    if inner is None:
        yield " ".join(path), command
        return
    for name in inner:
        yield from commands(inner[name], (*path, name))


def commands_table() -> str:
    """Every command: how it is called, what it does."""
    lines = ["| command | what it does |", "| --- | --- |"]
    for name, command in commands():
        arguments = [
            f"{'' if p.required else '['}{(p.metavar or p.name).upper()}{'' if p.required else ']'}"
            for p in command.params
            if p.param_type_name == "argument"
        ]
        options = [max(p.opts, key=len) for p in command.params if p.param_type_name == "option"]
        call = " ".join([name, *arguments])
        extra = f" Options: {', '.join(f'`{option}`' for option in options if option != '--help')}." if options else ""
        first = " ".join((command.help or "").split("\n\n")[0].split())
        lines.append(f"| `{call}` | {first}{extra} |")
    return "\n".join(lines)


def views_list() -> str:
    """Every view for BI tools with its columns."""
    parts = []
    for view in VIEWS:
        lines = [f"### {view.name}", "", view.about, "", "| column | meaning |", "| --- | --- |"]
        lines += [f"| `{column}` | {meaning} |" for column, meaning in view.columns]
        parts.append("\n".join(lines))
    return "\n\n".join(parts)


def kpis_list() -> str:
    """Every KPI of the registry, by what it is about."""
    parts = []
    for group in Group:
        parts += [f"## {group.value}", *(kpi_entry(one) for one in KPIS if one.group is group)]
    return "\n\n".join(parts)


def kpi_entry(kpi: Kpi) -> str:
    """One KPI: what it says, how it is worked out, who may see it."""
    better = {Better.low: "lower is better", Better.high: "higher is better", Better.neither: "neither way is better"}
    shown = f"from {kpi.least} on" if kpi.least > 1 else "always"
    compared = f", compared from {kpi.sure} on" if kpi.sure > 1 else ""
    order = f"; offices stand in the order of `{kpi.rank_by}`" if kpi.rank_by else ""
    splits = ", ".join(one.value for one in Dimension if one in kpi.splits and one is not Dimension.officer)
    officers = f"; of one officer from {kpi.personal_least} on" if Dimension.officer in kpi.splits else ""
    readers = ", ".join(sorted(kpi.readers)) if kpi.readers else "whoever may see figures of the office"
    lines = [
        f"### {kpi.title}: `{kpi.name}`",
        kpi.definition,
        "\n".join(
            [
                f"- Formula: {kpi.formula}",
                f"- Unit: {kpi.unit.value}, {better[kpi.better]}{order}",
                f"- From: {kpi.source}",
                f"- Stands on (n): {kpi.n_is}; shown {shown}{compared}{officers}",
                f"- By: {splits}",
                f"- Seen by: {readers}{'' if kpi.by_keys else '; not by programs'}",
            ]
        ),
    ]
    return "\n\n".join(lines)


TABLES = {"settings.md": settings_table, "cli.md": commands_table, "kpis.md": kpis_list, "bi.md": views_list}


def with_table(text: str, table: str) -> str:
    """A page with its table replaced."""
    return re.sub(r"(?s)(<!-- table -->\n).*(\n<!-- /table -->)", lambda m: m[1] + table + m[2], text)


if __name__ == "__main__":
    for name, table in TABLES.items():
        page = DOCS / name
        page.write_text(with_table(page.read_text("utf-8"), table()), "utf-8")
