"""`ombud figures`: the tables that figures of silence are read from."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from cli.output import HOLDS_NOT, Commands, err, out, print_json

app = typer.Typer(cls=Commands, no_args_is_help=True, help="The tables that figures of silence are read from.")
Json = Annotated[bool, typer.Option("--json", help="Report as JSON on stdout.")]


@app.command()
def rebuild(as_json: Json = False) -> None:
    """Build all figures anew from the cases. They can be read meanwhile, as they were."""
    from core.database import database
    from reports import rebuild as figures

    with database().write() as session:
        figures.mend_marks(session)
    with database().write() as session:
        cases = figures.everything(session, datetime.now(UTC))
    if as_json:
        print_json({"cases": cases})
    else:
        out.print(f"Figures are built anew of {cases:,} cases.")


@app.command()
def check(as_json: Json = False) -> None:
    """Bring figures up to now, and say where they differ from what building them anew would give."""
    from core.database import database
    from reports import footing, refresh
    from reports import rebuild as figures

    now = datetime.now(UTC)
    with database().write() as session:
        footing.lock(session, wait=True)
        while refresh.refresh(session, now):
            pass
        found = list(figures.differences(session, now))
    if as_json:
        print_json({"holds": not found, "differences": found})
    else:
        for one in found:
            err.print(one, style="red", markup=False)
        out.print("`ombud figures rebuild` mends it." if found else "Figures are what building them anew would give.")
    if found:
        raise typer.Exit(HOLDS_NOT)
