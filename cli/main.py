"""The `ombud` command. Each command imports what it needs when it runs, so that `--help` comes at once."""

import gc
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

import cli.bi
import cli.clocks
import cli.figures
import cli.keys
import cli.nlp
import cli.routes
import cli.staff
from cli.output import HOLDS_NOT, Commands, err, out, print_json

gc.set_threshold(50_000, 20, 20)  # with Python's own, looking for garbage in what is loaded is a fifth of a start

app = typer.Typer(
    name="ombud",
    cls=Commands,
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Citizen feedback and grievance redress. Settings come from OMBUD_* in the environment.",
)
app.add_typer(cli.nlp.app, name="nlp")
app.add_typer(cli.routes.app, name="routing")
app.add_typer(cli.clocks.app, name="clocks")
app.add_typer(cli.figures.app, name="figures")
app.add_typer(cli.bi.app, name="bi")
app.add_typer(cli.keys.app, name="api-key")
app.add_typer(cli.staff.app, name="staff")

WHAT = "offices, services, areas, jurisdictions, staff, absences, calendars, policies, wordings, or templates (replies)"
HAPPENED = "cases, timelines, ratings, transactions, actions"
BROUGHT = f"{WHAT}; transactions; or history (cases of an earlier system)"
Json = Annotated[bool, typer.Option("--json", help="Report as JSON on stdout.")]


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"ombud {version('ombud')}")
        raise typer.Exit


@app.callback()
def main(
    _: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    """Log as JSON lines on stderr, redacted."""
    from core import logs
    from core.settings import settings

    logs.configure(settings().log_level)


@app.command()
def init(
    admin_email: Annotated[
        str | None, typer.Option(help="Make the first administrator, with a one-time password printed once.")
    ] = None,
    admin_name: Annotated[str, typer.Option(help="Name of that administrator.")] = "Administrator",
) -> None:
    """Make the data folder and bring the database to the newest schema; safe to repeat, and how one upgrades."""
    from cli import setup

    setup.prepare()
    out.print("The database is at the newest schema.")
    if admin_email:
        password = setup.first_admin(admin_email, admin_name)
        out.print(f"{admin_email} signs in once with this password and then chooses another:", markup=False)
        out.print(password, markup=False)


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on, instead of OMBUD_HOST.")] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="Port, instead of OMBUD_PORT.")] = None,
) -> None:
    """Serve the pages, webhooks and API; with broker memory:// the worker lives in this process too."""
    from cli import server

    server.serve(host=host, port=port)


@app.command()
def worker(
    concurrency: Annotated[int, typer.Option(min=1, help="Processes of this worker.")] = 2,
    beat: Annotated[bool, typer.Option(help="Also keep the schedule; any number of workers may.")] = True,
) -> None:
    """Run a Celery worker for an installation whose broker is Redis."""
    from cli import server

    server.work(concurrency=concurrency, beat=beat)


@app.command()
def demo(
    seed: Annotated[int, typer.Option(help="Seed of the sample history.")] = 1,
) -> None:
    """Prepare the database, load the sample government where there is none, and serve. What `make run` does."""
    from cli import demonstration

    demonstration.run(seed, datetime.now(UTC))


@app.command()
def doctor(as_json: Json = False) -> None:
    """Check database, broker, model, public address, Twilio and Telegram; say what is wrong and how to mend it."""
    from cli import checkup

    findings = checkup.examine()
    if as_json:
        print_json([finding.as_json() for finding in findings])
    else:
        checkup.show(findings)
    if any(finding.state == "bad" for finding in findings):
        raise typer.Exit(HOLDS_NOT)


@app.command()
def verify(
    as_json: Json = False,
    published: Annotated[
        Path | None, typer.Option(help="CSV of digests that somebody kept, as /check/days.csv gives it.")
    ] = None,
) -> None:
    """Prove that no timeline entry was changed, removed, inserted or reordered, that every file is there, and that
    queues and searches stand on what the timelines say."""
    from sqlmodel import func, select

    from cases import anchors, attachments, history, kept
    from cli.published import digests
    from core.database import database
    from domain.case import Case
    from domain.timeline import TimelineEntry

    told = digests(published) if published is not None else []
    with database().read() as session:
        cases = session.exec(select(func.count()).select_from(Case)).one()
        entries = session.exec(select(func.count()).select_from(TimelineEntry)).one()
        faults = [
            *history.verify(session),
            *anchors.verify(session),
            *attachments.faults(session),
            *kept.faults(session),
        ]
        if published is not None:
            faults += anchors.unlike(session, told)
    if as_json:
        print_json({"holds": not faults, "cases": cases, "entries": entries, "faults": faults})
    elif faults:
        for fault in faults:
            err.print(fault, style="red", markup=False)
        err.print(f"{len(faults)} faults in the timelines of {cases:,} cases.")
    else:
        out.print(f"Every timeline holds: {cases:,} cases, {entries:,} entries.")
    if faults:
        raise typer.Exit(HOLDS_NOT)


@app.command()
def reindex(as_json: Json = False) -> None:
    """Make anew what searches find cases by and queues are sorted by; needed where `ombud verify` says so."""
    from cases import kept
    from core.database import database

    done = kept.rebuild(database())
    if as_json:
        print_json({"cases": done})
    else:
        out.print(f"{done:,} cases are found by their words again.")


@app.command(name="import")
def import_(
    kind: Annotated[str, typer.Argument(help=BROUGHT)],
    file: Annotated[Path, typer.Argument(help="CSV in UTF-8 (areas: GeoJSON) as `ombud export` writes; - for stdin")],
    dry_run: Annotated[bool, typer.Option(help="Say what would change, and change nothing.")] = False,
    as_json: Json = False,
    source: Annotated[str, typer.Option(help="Of transactions: the system they are from.")] = "",
    take_good: Annotated[
        bool, typer.Option(help="Of transactions and a history: take the lines that can be used.")
    ] = False,
    map_file: Annotated[
        Path | None, typer.Option("--map", help="Of a history: the TOML that says how its lines are read.")
    ] = None,
    suggest: Annotated[bool, typer.Option(help="Of a history: write a first map to --map, or to stdout.")] = False,
    create: Annotated[bool, typer.Option(help="Of a history: set up the offices and services it lacks.")] = False,
) -> None:
    """Add and change rows from a file, all or none; every line that cannot be used is named, with the reason."""
    if kind == "history":
        import cli.past

        wanted = cli.past.Wanted(map_file, suggest, create, dry_run, take_good, as_json)
        cli.past.bring(file, wanted)
        return
    if kind == "transactions":
        from cli import ledger

        ledger.bring(file, source=source, dry_run=dry_run, take_good=take_good, as_json=as_json)
        return
    from cases.sheets import kinds, tables
    from cli import files
    from cli.effects import effects_of

    name, raw = files.read(file)
    report = tables.import_file(kinds.kind_of(kind), name, raw, datetime.now(UTC), dry_run=dry_run)
    if as_json:
        print_json(report.as_json())
        return
    for told in effects_of(report) if dry_run else ():
        out.print(told, markup=False)
    done = "would be" if dry_run else "were"
    added, changed, same = (report.count(what) for what in ("added", "changed", "same"))
    out.print(f"{added} {kind} {done} added, {changed} changed, {same} were the same already.")
    if report.moved:
        out.print(f"{report.moved} open cases went to others because of it.")
    for email, password in report.passwords.items():
        out.print(f"{email} signs in with {password}", markup=False)


@app.command()
def export(
    kind: Annotated[str, typer.Argument(help=f"{WHAT}; or {HAPPENED}")],
    file: Annotated[Path | None, typer.Argument(help="Where to write; stdout if left out.")] = None,
    file_format: Annotated[
        str | None, typer.Option("--format", help="Of what happened: csv, xlsx or parquet; else by the file's name.")
    ] = None,
    q: Annotated[str, typer.Option("--q", help="Of what happened: a search as at the desk, such as office:WAT1.")] = "",
    last: Annotated[str | None, typer.Option(help="Of what happened: only the last whole day, week or month.")] = None,
    plain: Annotated[bool, typer.Option(help="Of what happened: citizens' words as they wrote them.")] = False,
) -> None:
    """Write what is set up as CSV (areas: GeoJSON), as `ombud import` reads it; or what happened, as a table."""
    if kind in HAPPENED.replace(",", "").split():
        import cli.exports

        cli.exports.write(kind, file, file_format, q, last, plain)
        return
    from cases.sheets import kinds, tables

    text = tables.export_text(kinds.kind_of(kind))
    if file is None:
        typer.echo(text, nl=False)
    else:
        file.write_text(text, encoding="utf-8")


@app.command()
def posters(
    out_dir: Annotated[Path, typer.Option("--out", help="Folder to write to, one PDF an office.")],
    office: Annotated[list[str] | None, typer.Option(help="Code of an office; may be repeated.")] = None,
    everywhere: Annotated[bool, typer.Option("--all", help="Every office that citizens come to.")] = False,
    paper: Annotated[str, typer.Option(help="a4 or a5.")] = "a4",
    language: Annotated[
        list[str] | None, typer.Option(help="Language on it, the first one largest; else the deployment's.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Draw posters with the squares that lead to an office: web form, Telegram, SMS, exit survey."""
    import cli.posters
    from reports.posters import why_no_bot

    made = cli.posters.write(office or [], everywhere, paper.lower(), language or [], out_dir)
    lacking = why_no_bot()
    if as_json:
        print_json({"files": [str(path) for path in made], "lacking": lacking})
        return
    for path in made:
        out.print(str(path), markup=False)
    if lacking:
        err.print(lacking, style="yellow", markup=False)


@app.command(name="rotate-keys")
def rotate_keys(as_json: Json = False) -> None:
    """Encrypt every stored contact detail anew under the first key of OMBUD_ENCRYPTION_KEYS."""
    from cli import rotation

    counts = rotation.rotate()
    if as_json:
        print_json(counts)
        return
    out.print(f"{sum(counts.values()):,} values were encrypted anew; older keys may be taken out of the settings now.")
