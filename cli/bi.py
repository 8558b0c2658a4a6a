"""`ombud bi …`: the views for BI tools, and who may read them."""

from typing import Annotated

import typer

from cli.output import Commands, out, print_json

app = typer.Typer(cls=Commands, no_args_is_help=True, help="Views for BI tools, and who may read them.")
Json = Annotated[bool, typer.Option("--json", help="Report as JSON on stdout.")]


@app.command()
def grant(
    role: Annotated[str, typer.Argument(help="A role of the PostgreSQL server that reads no tables.")],
    office: Annotated[str | None, typer.Option(help="Only of this office and those below it.")] = None,
    as_json: Json = False,
) -> None:
    """Let a role read the views: of all, or of one office and those below it in a schema of their own."""
    from core.database import database
    from reports import bi

    with database().connection() as connection:
        schema = bi.grant(connection, role, office)
    if as_json:
        print_json({"role": role, "schema": schema, "views": [view.name for view in bi.VIEWS]})
    else:
        out.print(f"{role} reads {', '.join(f'{schema}.{view.name}' for view in bi.VIEWS)}.", markup=False)


@app.command()
def revoke(
    role: Annotated[str, typer.Argument(help="A role that could read them.")],
    as_json: Json = False,
) -> None:
    """Let a role read none of them any more."""
    from core.database import database
    from reports import bi

    with database().connection() as connection:
        schemas = bi.revoke(connection, role)
    if as_json:
        print_json({"role": role, "schemas": schemas})
    else:
        told = f"read {', '.join(schemas)} until now, and does no more." if schemas else "could read none of them."
        out.print(f"{role} {told}", markup=False)


@app.command()
def make(as_json: Json = False) -> None:
    """Make the views anew, as `ombud init` does."""
    from core.database import database
    from reports import bi

    with database().connection() as connection:
        bi.drop(connection)
        bi.make(connection)
    if as_json:
        print_json({"views": [view.name for view in bi.VIEWS]})
    else:
        out.print(f"{len(bi.VIEWS)} views were made.")
