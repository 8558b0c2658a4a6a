"""`ombud staff`: a way back in for who is locked out, when no administrator is left who could send one."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from cli.output import Commands, out, print_json

app = typer.Typer(cls=Commands, no_args_is_help=True, help="Ways back in for staff who are locked out.")


@app.command()
def link(
    email: Annotated[str, typer.Argument(help="The address they sign in with.")],
    lost_telephone: Annotated[
        bool, typer.Option("--lost-telephone", help="Take off their second factor too; they set up another.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Report as JSON on stdout.")] = False,
) -> None:
    """Print a link by which somebody chooses a new password: good once, and written down like any other change."""
    from dataclasses import replace

    from sqlmodel import col, select

    from cases import staff_accounts, staff_links, staff_reach
    from core.database import database
    from core.errors import NotFound
    from domain.staff import Staff, email_index
    from domain.visibility import SYSTEM_KEY

    now, who = datetime.now(UTC), replace(SYSTEM_KEY, name="command line")
    with database().write() as session:
        query = select(Staff).where(col(Staff.email_index) == email_index(email), col(Staff.active).is_(True))
        person = session.exec(query.with_for_update()).first()
        if person is None:
            raise NotFound("Nobody who works here has this address.", mend="`ombud export staff` lists all of them.")
        if lost_telephone and person.factor_secret is not None:
            staff_accounts.drop_factor(session, person)
            staff_accounts.end_sessions(session, person.id, now)
            staff_reach.note(session, who, person, "second factor", "set up", "taken off", now)
        _, token = staff_links.make(session, person, now, by=None, mail=False)
        staff_reach.note(session, who, person, "link to choose a password", "", "handed over", now)
    address = staff_links.address_of(token)
    if as_json:
        print_json({"link": address})
    else:
        out.print(address, markup=False, soft_wrap=True)
