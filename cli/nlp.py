"""`ombud nlp`: train a model, look at it, put it into use, take it back."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.output import Commands, err, out, print_json

if TYPE_CHECKING:
    from nlp.training.commands import Phrase
    from nlp.training.prepare import Dataset
    from nlp.training.train import Progress

app = typer.Typer(cls=Commands, no_args_is_help=True, help="Teach the classifier, and decide which model is in use.")

Json = Annotated[bool, typer.Option("--json", help="Report as JSON on stdout.")]
Models = Annotated[
    Path | None, typer.Option("--models", "--out", help="Folder of models, instead of the data folder's.")
]
Seed = Annotated[int, typer.Option(help="Seed; the same data and seed give the same model.")]

Anyway = Annotated[bool, typer.Option("--anyway", help="Use it though it is shown to be worse.")]

_STANDINGS = {
    "not_worse": "not worse",
    "worse": "worse",
    "unclear": "it may be worse",
    "few": "too few messages to tell",
}
_STEPS = {"fit": "Learning", "calibrate": "Testing on what it has not seen"}
_FIGURES = (
    ("accuracy", "right"),
    ("top3", "right in the first three"),
    ("macro_f1", "macro F1"),
    ("coverage_at_95", "could be routed at 95% precision"),
    ("ece", "calibration error"),
    ("coverage_at_threshold", "routed without a person"),
    ("precision_at_threshold", "of those right"),
)


def _folder(models: Path | None) -> Path:
    from core.settings import settings

    return models if models is not None else settings().models_dir


def _languages() -> tuple[str, ...]:
    from core.settings import settings

    return settings().languages


@contextmanager
def _progress(quiet: bool) -> Iterator["Progress | None"]:
    if quiet or not err.is_terminal:
        yield None
        return
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    bar = Progress(TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), console=err, transient=True)
    with bar:
        task = bar.add_task("Reading", total=None)
        yield lambda what, done, of: bar.update(task, description=_STEPS.get(what, what), completed=done, total=of)


@app.command()
def train(
    csv: Annotated[
        Path | None,
        typer.Argument(
            help="CSV with the columns text,label and if you like lang,category,split,weight. Default: what this"
            " installation has, its catalogue and what staff said; without a catalogue the messages Ombud ships with."
        ),
    ] = None,
    starter: Annotated[bool, typer.Option("--starter", help="Learn from the messages Ombud ships with alone.")] = False,
    models: Models = None,
    seed: Seed = 0,
    promote: Annotated[bool, typer.Option(help="Put the model into use at once, unless it is worse.")] = True,
    anyway: Anyway = False,
    as_json: Json = False,
) -> None:
    """Train a model and put it into use. Its figures are of messages it had not seen while learning."""
    from nlp.training import commands

    now = datetime.now(UTC)
    own = _installation(now) if csv is None and not starter else None
    with _progress(as_json) as progress:
        report = commands.train(
            csv,
            _folder(models),
            seed=seed,
            now=now,
            promote=promote,
            anyway=anyway,
            phrases=_sample_phrases() if csv is None and own is None else (),
            dataset=own,
            languages=_languages(),
            progress=progress,
        )
    if report["promoted"]:
        _note(models, report["name"], "promoted", "It was trained and put into use", data=report["data"]["sha256"])
    if as_json:
        print_json(report)
        return
    metrics = report["metrics"]
    data = report["data"]
    learnt = f"{data['trained_on'] - data['phrases']} messages"
    learnt += f" and {data['phrases']} phrases of the catalogue" if data["phrases"] else ""
    out.print(f"[bold]{report['name']}[/]: {learnt}, {len(report['labels'])} labels.", soft_wrap=True)
    _show(metrics)
    if report["against"]:
        _say_verdict(report["against"])
    if report["promoted"]:
        out.print("It is in use from the next message on.")
    elif promote:
        out.print("It is worse, so it is not used; `--anyway` would use it all the same.")
    else:
        out.print(f"Use it with: ombud nlp promote {report['name']}")


def _say_verdict(verdict: dict[str, Any]) -> None:
    for words in verdict["words"]:
        out.print(f"  {words}", style="dim", markup=False)


def _installation(now: datetime) -> "Dataset | None":
    """What this installation has to learn from; None where it has no catalogue yet."""
    from sqlalchemy.exc import SQLAlchemyError

    from cases import teaching
    from core.database import database
    from domain.catalogue import catalogue

    if not _database_there():
        return None
    try:
        with database().read() as session:
            return teaching.dataset(session, now) if len(catalogue(session).service_by_code) > 1 else None
    except SQLAlchemyError:  # not migrated yet
        return None


def _database_there() -> bool:
    from core.settings import settings

    kind, _, path = settings().sql_url.partition(":///")
    return not kind.startswith("sqlite") or Path(path).is_file()


def _note(models: Path | None, model: str, result: str, words: str, *, data: str = "") -> None:
    """Tell the installation what was done to its models, for the page of models."""
    from sqlalchemy.exc import SQLAlchemyError

    from cases import training
    from core.database import database
    from domain.training import RunResult

    if models is not None or not _database_there():
        return
    try:
        with database().write() as session:
            training.note(
                session,
                model,
                "At the command line",
                datetime.now(UTC),
                RunResult(result),
                [f"{words} at the command line."],
                data=data,
            )
    except SQLAlchemyError:  # not migrated yet: there is no page either
        return


def _sample_phrases() -> "tuple[Phrase, ...]":
    from cli.sample.government import load

    return load().phrases()


@app.command()
def evaluate(
    data: Annotated[Path, typer.Option(help="CSV of labelled messages to report on.")],
    train: Annotated[
        Path | None, typer.Option(help="CSV to train on from scratch; without it the model in use is measured.")
    ] = None,
    models: Models = None,
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """Measure a model on labelled messages; nothing is stored."""
    from nlp.training import commands

    with _progress(as_json) as progress:
        report = commands.evaluate(
            train, data, _folder(models), seed=seed, now=datetime.now(UTC), languages=_languages(), progress=progress
        )
    if as_json:
        print_json(report)
        return
    out.print(f"[bold]{report['model']}[/] on {report['n']} messages, {report['labels']} labels.")
    _show(report)
    out.print(
        f"{report['messages_per_second']:.0f} messages a second in batch,"
        f" {report['messages_per_second_single']:.0f} one at a time."
    )


def _show(figures: dict[str, Any]) -> None:
    from rich.table import Table

    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    for key, words in _FIGURES:
        value = figures[key]
        shown = "–" if value is None else f"{value:.3f}" if key in ("macro_f1", "ece") else f"{value:.1%}"
        table.add_row(shown, words)
    out.print(table)
    if figures["threshold"] > 1:
        out.print("Too unsure to route alone: every message goes to a person, with three suggestions.")
    else:
        out.print(f"Routes alone from a confidence of {figures['threshold']:.2f}.")
    for language, row in figures["per_language"].items():
        out.print(f"  {language}: {row['accuracy']:.1%} of {row['n']} right", style="dim", markup=False)


@app.command()
def compare(
    names: Annotated[list[str] | None, typer.Argument(help="Models to compare; all if none is named.")] = None,
    data: Annotated[Path | None, typer.Option(help="CSV to measure them on; without it their own cards speak.")] = None,
    models: Models = None,
    as_json: Json = False,
) -> None:
    """Stored models side by side, and whether each is worse than the one in use, overall and in each language."""
    from rich.table import Column, Table

    from nlp.training import commands

    rows = commands.compare(_folder(models), tuple(names or ()), data)
    if as_json:
        print_json(rows)
        return
    table = Table(
        Column("model", no_wrap=True), "trained", "right", "95% interval", "first three", "routed", "n", box=None
    )
    for row in rows:
        low, high = row["accuracy_interval"]
        table.add_row(
            f"{row['model']}{' *' if row['promoted'] else ''}",
            row["trained_at"][:16].replace("T", " "),
            f"{row['accuracy']:.1%}",
            f"{low:.1%} to {high:.1%}",
            f"{row['top3']:.1%}",
            f"{row['coverage_at_threshold']:.1%}",
            str(row["n"]),
        )
    out.print(table)
    out.print("* in use", style="dim")
    for row in rows:
        if row["against"]:
            verdict = row["against"]
            out.print(f"[bold]{row['model']}[/] beside the one in use: {_STANDINGS[verdict['standing']]}.")
            for language, one in {"overall": verdict["overall"], **verdict["languages"]}.items():
                out.print(
                    f"  {language}: {one['after']:.1%} against {one['before']:.1%} of {one['n']};"
                    f" {one['low'] * 100:+.1f} to {one['high'] * 100:+.1f} points: {_STANDINGS[one['standing']]}",
                    markup=False,
                )


@app.command()
def promote(
    name: Annotated[str, typer.Argument(help="Model to put into use, as `ombud nlp compare` names it.")],
    models: Models = None,
    anyway: Anyway = False,
    as_json: Json = False,
) -> None:
    """Put a stored model into use; workers pick it up at their next message. A worse one is refused."""
    from nlp.training import commands

    report = commands.promote(_folder(models), name, anyway=anyway)
    _note(models, name, "promoted", "It was put into use")
    _say(report, as_json)


@app.command()
def rollback(models: Models = None, as_json: Json = False) -> None:
    """Put the model before the current one back into use."""
    from nlp.training import commands

    report = commands.rollback(_folder(models))
    _note(models, report["current"], "rolled_back", "It was put back into use")
    _say(report, as_json)


@app.command()
def export(
    csv: Annotated[Path, typer.Argument(help="File to write: text,label,lang,weight, as `ombud nlp train` reads it.")],
    plain: Annotated[bool, typer.Option(help="Leave the words as they were written, with names and numbers.")] = False,
    as_json: Json = False,
) -> None:
    """Write what staff taught as CSV, with phones, numbers, links and names struck out: for trials elsewhere."""
    from cases import teaching
    from cases.sheets import csvs
    from core.database import database
    from core.settings import settings
    from domain.catalogue import catalogue
    from nlp.names import People
    from nlp.redaction import redact

    people = People(settings().name_models)
    rows = []
    with database().read() as session:
        for example in teaching.corrections(session, catalogue(session).service_by_code, datetime.now(UTC)):
            names = partial(people.find, language=example.lang)
            text = example.text if plain else redact(example.text, names)
            told = {"label": example.label, "lang": example.lang or "", "weight": f"{example.weight:.4f}"}
            rows.append({"text": text, **told})
    csv.write_text(csvs.write(rows, ("text", "label", "lang", "weight")), encoding="utf-8")
    if as_json:
        print_json({"file": str(csv), "rows": len(rows), "redacted": not plain})
    else:
        out.print(f"{len(rows)} messages written to {csv}", markup=False)


def _say(report: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(report)
    else:
        out.print(f"In use: {report['current']}", markup=False)
