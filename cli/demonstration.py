"""`ombud demo`: everything ready to look at, with one command."""

import importlib
import os
import threading
from datetime import datetime

from rich.console import Group
from rich.panel import Panel
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from cli import beside, server, setup
from cli.beside import Told
from cli.output import err, out
from cli.sample.constants import PASSWORD, is_empty
from core import logs
from core.database import database
from core.errors import Misconfigured
from core.settings import settings
from nlp.classifier import promoted

LOOK = (
    ("/", "what a citizen sees first"),
    ("/simulator/phone", "a phone: text or chat as a citizen, answers arrive on it"),
    ("/exit/CIV1", "the kiosk at the exit of a service centre"),
    ("/staff", "an officer's desk"),
    ("/leadership", "who answers and who does not"),
    ("/staff/reviews", "Monday's complaint review"),
    ("/open", "what everybody may read of it"),
    ("/styleguide", "every component of the pages"),
)
WIDTH = 100
# one of each kind of person; the offices are those where there is most to see
PEOPLE = (
    ("officer", "WAT3", "an inbox with long silences"),
    ("supervisor", "WAT3", "the same office, one rung up"),
    ("head", "MUN3", "the whole municipality"),
    ("triage", "TRI", "what nobody could place"),
    ("integrity", "INT", "cases about conduct, which nobody else sees"),
    ("leadership", "PMO", "silences by office"),
    ("auditor", "PMO", "reads everything, changes nothing"),
    ("admin", "PMO", "offices, staff and keys"),
)


def run(seed: int, now: datetime) -> None:
    """Prepare, load, say where to look, and serve until told to stop.

    Raises:
        Misconfigured: in production, where simulators and shared passwords have no place.
    """
    if settings().environment == "production":
        raise Misconfigured(
            "The demo does not run with OMBUD_ENVIRONMENT=production.", mend="Use `ombud init` and `ombud serve`."
        )
    if "OMBUD_LOG_LEVEL" not in os.environ:  # a terminal to read, not a log
        os.environ["OMBUD_LOG_LEVEL"] = "warning"
        settings.cache_clear()
    logs.configure(settings().log_level)
    server.stop_politely()
    prepare(seed, now)
    server.check_ready()
    welcome()
    server.serve()


def prepare(seed: int, now: datetime) -> None:
    """Schema, model and sample government, each only where it is missing."""
    setup.prepare()
    jobs: list[beside.Job] = []
    with database().read() as session:
        if is_empty(session):
            jobs.append(beside.Job("Sample government", load_sample, (seed, now)))
    if not promoted(settings().models_dir):
        jobs.append(beside.Job("Classifier", train, (now,)))
    if not jobs:
        return
    # the pages' code is read meanwhile, so that serving begins at once
    threading.Thread(target=importlib.import_module, args=("api.app",), daemon=True).start()
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(bar_width=32), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as progress:
        tasks = {job.name: progress.add_task(job.name, total=1.0) for job in jobs}
        beside.run(
            jobs,
            lambda name, what, share: progress.update(tasks[name], description=f"{name}: {what}", completed=share),
        )


def load_sample(seed: int, now: datetime, progress: Told) -> None:
    """Load the sample government; in a process of its own, since it takes memory that serving does not need."""
    from cli.sample import load

    load.load(seed, now, progress)


def train(now: datetime, progress: Told) -> None:
    """Train on the starter set and the sample's catalogue, and put the model into use."""
    from cli.sample import government
    from nlp.training import commands

    commands.train(
        None,
        settings().models_dir,
        seed=1,
        now=now,
        phrases=government.load().phrases(),
        progress=lambda what, done, of: progress(what, done / max(of, 1)),
    )


def welcome() -> None:
    """Where to look, whom to sign in as, how to stop."""
    current = settings()
    places = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    places.add_column(no_wrap=True)
    places.add_column()
    for path, what in LOOK:
        places.add_row(f"[bold]{current.site_url}{path}[/]", what)
    people = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", title_justify="left")
    for heading in ("Sign in as", "role", "what there is to see"):
        people.add_column(heading, no_wrap=heading != "what there is to see")
    for role, email, what in sign_ins():
        people.add_row(f"[bold]{email}[/]", role, what)
    body = Group(
        places,
        "",
        people,
        "",
        f"The password of all of them: [bold]{PASSWORD}[/]",
        "Stop with Ctrl+C; the data stays in [bold]" + str(current.data_dir.absolute()) + "[/].",
    )
    panel = Panel(body, title=f"Ombud for {current.government}", title_align="left", padding=(1, 2), expand=False)
    out.print(panel, width=max(out.width, WIDTH))  # addresses are for copying, so they are never cut


def sign_ins() -> list[tuple[str, str, str]]:
    """Role, e-mail and what to see, of sample staff who are there."""
    from sqlmodel import col, select

    from domain.office import Office
    from domain.staff import Staff, StaffRole

    found = []
    with database().read() as session:
        for role, code, what in PEOPLE:
            email = session.exec(
                select(Staff.email)
                .join(StaffRole, col(StaffRole.staff_id) == col(Staff.id))
                .join(Office, col(Office.id) == col(StaffRole.office_id))
                .where(col(StaffRole.role) == role, col(Office.code) == code)
                .order_by(col(Staff.name))
                .limit(1)
            ).first()
            if email is not None:
                found.append((role, email, what))
    return found
