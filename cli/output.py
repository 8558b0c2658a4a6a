"""How the command line speaks: plain words, JSON where asked, errors without a traceback."""

import json
import sys
from typing import Any

import typer
from rich.console import Console
from typer.core import TyperGroup

from core.errors import BadInput, OmbudError, Tampered

HOLDS_NOT = 1
UNUSABLE = 2

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False)


class Commands(TyperGroup):
    """Commands whose OmbudErrors end in a sentence and a code: 1 what was checked does not hold, 2 unusable input."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except OmbudError as error:
            complain(error)
            raise typer.Exit(HOLDS_NOT if isinstance(error, Tampered) else UNUSABLE) from error


def complain(error: OmbudError) -> None:
    """Say what is wrong and how to mend it, on stderr."""
    err.print(f"[bold red]{error.title}.[/] ", end="")
    err.print(error.message, markup=False)
    if isinstance(error, BadInput):
        for where, what in error.fields.items():
            err.print(f"  {where}: {what}", markup=False)
    if error.mend:
        err.print(error.mend, style="dim", markup=False)


def print_json(value: Any) -> None:
    """One JSON document on stdout, unwrapped and uncoloured."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2, default=str) + "\n")
