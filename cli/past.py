"""`ombud import history FILE`: the cases of an earlier system, looked at first and then brought over."""

import getpass
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from rich.progress import Progress

import domain.tables  # noqa: F401  (so that the metadata is whole)
from cases.past import bringing, maps, suggesting
from cases.past.bringing import Checked, check
from cases.past.lines import table_of
from cases.past.reporting import PastReport, Reason, report, silences
from cases.past.setting_up import set_up
from cli import files
from cli.output import err, out, print_json
from core.database import database
from core.errors import BadInput, Conflict
from core.i18n import format_duration
from core.settings import settings
from domain.catalogue import catalogue
from domain.past import PastImport
from reports import survival

SHOWN = 12
FEW = 10


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be done with the file, as it was typed."""

    map_file: Path | None
    suggest: bool
    create: bool
    dry_run: bool
    take_good: bool
    as_json: bool


def bring(file: Path, wanted: Wanted) -> None:
    """Suggest a map, look at a file by one, or bring it over; exit 2 where lines cannot be used and nothing was done.

    Raises BadInput for a file or a map that cannot be read.
    """
    name, raw = files.read(file)
    if wanted.suggest:
        _suggest(name, raw, file, wanted.map_file)
        return
    if wanted.map_file is None:
        raise BadInput(
            "It needs a map.",
            mend=f"Write one with `ombud import history {file} --suggest --map MAP.toml`, and mend it.",
        )
    chosen = maps.read(wanted.map_file.read_text("utf-8"), wanted.map_file.name)
    now = datetime.now(UTC)
    checked = check(raw, name, chosen, now, create=wanted.create)
    told = report(checked, create=wanted.create)
    refused = bool(told.refused) and not wanted.take_good
    made = None if wanted.dry_run or refused else _write(raw, name, chosen, checked, wanted, now)
    if wanted.as_json:
        print_json(told.as_json() | {"figures": _figures(checked, now), **_done(made, wanted)})
    else:
        _say(told, checked, now)
        _say_done(made, told, wanted)
    if refused:
        sys.exit(2)


def _suggest(name: str, raw: bytes, file: Path, target: Path | None) -> None:
    table = table_of(raw, name)
    with database().read() as session:
        known = catalogue(session)
    text = suggesting.suggest(table, known, settings().zone, settings().languages[0], file.stem)
    if target is None:
        print(text, end="")  # noqa: T201  (it is the output)
    elif target.exists():
        raise Conflict(
            f"{target} is there already.", mend="Name another file: a map that was mended is not overwritten."
        )
    else:
        target.write_text(text, encoding="utf-8")
        out.print(f"{target} is a first map. Look at every line of it, then:", markup=False)
        out.print(f"ombud import history {file} --map {target} --dry-run", markup=False)


def _write(raw: bytes, name: str, chosen: maps.PastMap, checked: Checked, wanted: Wanted, now: datetime) -> PastImport:
    if wanted.create and (checked.missing.offices or checked.missing.services):
        with database().read() as session:
            known = catalogue(session)
        set_up(chosen, checked.missing, known, now)
        checked = check(raw, name, chosen, now, create=False)  # by the codes that are there now
    with Progress(console=err, transient=True) as bar:
        task = bar.add_task("Cases", total=len(checked.fresh))
        return bringing.bring(checked, getpass.getuser(), now, lambda done, of: bar.update(task, completed=done))


def _figures(checked: Checked, now: datetime) -> dict[str, object]:
    """The silence of these cases as the pages will show it at this moment. Seconds."""
    ended, going = silences(checked.pasts, now)
    found = survival.estimate(ended, going)
    return {
        "n": found.n,
        "answered": found.answered,
        "silent": found.n - found.answered,
        "median_seconds": found.median.seconds,
        "median_low": found.median.low,
        "median_high": found.median.high,
        "p90_seconds": found.p90.seconds,
        "p90_low": found.p90.low,
        "p90_high": found.p90.high,
    }


def _say(told: PastReport, checked: Checked, now: datetime) -> None:
    span = f", from {told.since:%d %b %Y} to {told.until:%d %b %Y}" if told.since and told.until else ""
    out.print(f"{told.lines:,} lines of {told.source}{span}: {told.understood:,} can be used.", markup=False)
    if told.left_out:
        out.print(f"{told.left_out:,} are left out by their status.", markup=False)
    if told.known:
        out.print(f"{told.known:,} are here already; {told.fresh:,} are still to come.", markup=False)
    for sentence in told.sentences:
        out.print(f"· {sentence}", markup=False)
    _list("Offices", [f"{code}: {n:,} ({words})" for words, code, n in told.offices])
    _list("Services", [f"{code}: {n:,} ({word})" for word, code, n in told.services])
    _list("Topics without a service", [f"{word}: {n:,}" for word, n in told.without_service])
    _list("Offices to be set up", [f"{code}: {name}" for code, name in told.new_offices])
    _list("Services to be set up", [f"{code}: {name}" for code, name in told.new_services])
    figures = _figures(checked, now)
    out.print(f"The silence of these {figures['n']:,} cases will read: {_quantiles(figures)}", markup=False)
    groups: dict[tuple[str, str, str], list[Reason]] = {}
    for reason in told.reasons:
        groups.setdefault((reason.column, reason.why, reason.mend), []).append(reason)
    for (column, why, mend), some in groups.items():
        lines = sum(one.lines for one in some)
        words = [f"{one.value!r} ({one.lines:,})" for one in some if column]
        more = f" and {len(words) - SHOWN} more" if len(words) > SHOWN else ""
        where = f"{column} {', '.join(words[:SHOWN])}{more}: " if words else ""
        err.print(f"{lines:,} lines cannot be used. {where}{why} {mend}", markup=False)
    for line in told.refused[:FEW]:
        err.print(f"line {line.line} ({line.external_id}), {line.column or 'the line'}: {line.why}", markup=False)


def _quantiles(figures: dict[str, object]) -> str:
    def read(name: str) -> str:
        value = figures[f"{name}_seconds"]
        return format_duration(float(str(value)), "en") if value is not None else "not reached"

    return f"median {read('median')}, 90th percentile {read('p90')}, {figures['silent']:,} still silent."


def _list(title: str, lines: list[str]) -> None:
    if not lines:
        return
    more = f" … and {len(lines) - SHOWN} more (--json has all)" if len(lines) > SHOWN else ""
    out.print(f"{title}: {'; '.join(lines[:SHOWN])}{more}", markup=False)


def _done(made: PastImport | None, wanted: Wanted) -> dict[str, object]:
    return {"dry_run": wanted.dry_run, "taken": made.taken if made else 0, "import": str(made.id) if made else None}


def _say_done(made: PastImport | None, told: PastReport, wanted: Wanted) -> None:
    if made is not None:
        out.print(f"{made.taken:,} cases were brought over. Nothing was sent to anybody.")
    elif wanted.dry_run:
        out.print(f"{told.fresh:,} cases would be brought over. Nothing was changed.")
    else:
        err.print("Nothing was changed. Mend the map or the lines, or leave them behind with --take-good.")
