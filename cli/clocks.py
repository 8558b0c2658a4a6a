"""`ombud clocks`: how a case is counted, line by line."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from cli.output import Commands, out, print_json

app = typer.Typer(cls=Commands, no_args_is_help=True, help="How the time of a case is counted.")


@app.callback()
def clocks() -> None:
    """Keep `explain` a command of its own, however few there are."""


@app.command()
def explain(
    reference: Annotated[str, typer.Argument(help="Reference of a case, such as K7QF-3M9V.")],
    as_json: Annotated[bool, typer.Option("--json", help="Report as JSON on stdout.")] = False,
) -> None:
    """Say every step of a case's clocks, who had it how long, and each working day that was counted."""
    from sqlmodel import col, select

    from core.database import database
    from core.errors import NotFound
    from core.ids import normalise_reference
    from domain.case import Case
    from escalation import service

    wanted = normalise_reference(reference)
    with database().read() as session:
        case = session.exec(select(Case).where(col(Case.reference) == wanted)).first() if wanted else None
        if case is None:
            raise NotFound(f"There is no case {reference}.", mend="Check the reference, letter by letter.")
        lines = service.explain(session, case, datetime.now(UTC))
    if as_json:
        print_json({"reference": case.reference, "lines": lines})
        return
    for line in lines:
        out.print(line, markup=False, highlight=False)
