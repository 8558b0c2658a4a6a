"""`ombud api-key`: keys for the systems of agencies."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

import typer

from cli.output import Commands, out, print_json

app = typer.Typer(cls=Commands, no_args_is_help=True, help="Keys for the systems of agencies.")


class Scope(StrEnum):
    """What a key may do; each includes the one before."""

    read = "read"
    write = "write"
    admin = "admin"


Json = Annotated[bool, typer.Option("--json", help="Report as JSON on stdout.")]


@app.command()
def create(
    name: Annotated[str, typer.Option(help="Whose key it is, for the list.")],
    scope: Annotated[Scope, typer.Option(help="What it may do; each scope includes the one before.")],
) -> None:
    """Make a key and print it once, as JSON: {"key": …}."""
    from api import keys
    from core.database import database
    from domain import access

    with database().write() as session:
        made = keys.create(session, name, access.Scope(scope), datetime.now(UTC))
    print_json({"key": made.secret})


@app.command(name="list")
def list_(as_json: Json = False) -> None:
    """List the keys; the keys themselves are not stored."""
    from rich.table import Table
    from sqlmodel import col, select

    from core.database import database
    from domain.access import ApiKey

    with database().read() as session:
        keys = session.exec(select(ApiKey).order_by(col(ApiKey.created_at))).all()
    if as_json:
        print_json(
            [
                {
                    "prefix": key.prefix,
                    "name": key.name,
                    "scope": key.scope,
                    "created_at": key.created_at.isoformat(),
                    "revoked_at": key.revoked_at.isoformat() if key.revoked_at else None,
                }
                for key in keys
            ]
        )
        return
    table = Table("Begins with", "Name", "Scope", "Made", "Revoked", box=None)
    for key in keys:
        table.add_row(
            key.prefix,
            key.name,
            key.scope,
            f"{key.created_at:%Y-%m-%d}",
            f"{key.revoked_at:%Y-%m-%d}" if key.revoked_at else "",
        )
    out.print(table)


@app.command()
def revoke(
    prefix: Annotated[str, typer.Argument(help="The eight characters after ombud_, as the list shows them.")],
) -> None:
    """Make a key useless from now on."""
    from api import keys
    from core.database import database

    with database().write() as session:
        name = keys.revoke(session, prefix, datetime.now(UTC)).name
    out.print(f"Revoked: {name}", markup=False)
