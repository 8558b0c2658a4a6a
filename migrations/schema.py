"""Bringing a database to the newest schema, from the checkout or from an installed wheel alike."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Engine, inspect, text

if TYPE_CHECKING:
    from alembic.config import Config

_HERE = Path(__file__).parent
_NAMED = re.compile(r"""^(down_)?revision\b[^=]*=\s*["'](\w+)["']""", re.MULTILINE)


def config(url: str) -> "Config":
    """Alembic's configuration for one database."""
    from alembic.config import Config

    made = Config()
    # alembic reads % as interpolation
    made.set_main_option("script_location", str(_HERE).replace("%", "%%"))
    made.attributes["url"] = url
    return made


def upgrade(url: str) -> None:
    """Apply every migration that is missing, all in one transaction."""
    from alembic import command

    command.upgrade(config(url), "head")


def newest() -> str:
    """The revision that no other follows. Raises ValueError when there is not exactly one.

    Read from the text of the migrations: Alembic itself would cost every serving process 10 MB.
    """
    found = [_NAMED.findall(file.read_text("utf-8")) for file in (_HERE / "versions").glob("*.py")]
    named = {name for one in found for down, name in one if not down}
    followed = {name for one in found for down, name in one if down}
    head: str
    (head,) = named - followed
    return head


def pending(engine: Engine) -> str | None:
    """None when the schema is the newest, else what is missing, in words."""
    with engine.connect() as connection:
        known = inspect(connection).has_table("alembic_version")
        current = connection.scalar(text("SELECT version_num FROM alembic_version")) if known else None
    wanted = newest()
    if current == wanted:
        return None
    return f"the schema is at {current or 'nothing'}, this version of Ombud needs {wanted}"
