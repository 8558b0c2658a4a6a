"""Bringing a database to the newest schema, from the checkout or from an installed wheel alike."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine


def config(url: str) -> Config:
    """Alembic's configuration for one database."""
    made = Config()
    # alembic reads % as interpolation
    made.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    made.attributes["url"] = url
    return made


def upgrade(url: str) -> None:
    """Apply every migration that is missing, all in one transaction."""
    command.upgrade(config(url), "head")


def pending(engine: Engine) -> str | None:
    """None when the schema is the newest, else what is missing, in words."""
    newest = ScriptDirectory.from_config(config("")).get_current_head()
    with engine.connect() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
    if current == newest:
        return None
    return f"the schema is at {current or 'nothing'}, this version of Ombud needs {newest}"
