"""Figures: what was measured, beside what it is measured against."""

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table

Figure = dict[str, object]
"""{"name", "ratio", "ours", "reference", "unit", "holds"}; `holds` is true too where no mark is set."""

UNQUIET = 5.0
"""A round counts only if the disk took at most so many times as long after it as before it, or the other way round."""

told = Console(stderr=True)


def figure(
    name: str, ours: float, reference: float, unit: str, *, least: float | None = None, most: float | None = None
) -> Figure:
    """One figure; it holds when the ratio is at least `least` and at most `most`."""
    ratio = ours / reference if reference else 0.0
    return {
        "name": name,
        "ratio": round(ratio, 3),
        "ours": _rounded(ours),
        "reference": _rounded(reference),
        "unit": unit,
        "holds": (least is None or ratio >= least) and (most is None or ratio <= most),
    }


def _rounded(value: float) -> float:
    return round(value) if abs(value) >= 100 else round(value, 2)


def show(figures: list[Figure]) -> None:
    """A table for people."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for heading, side in (("figure", "left"), ("ours", "right"), ("reference", "right"), ("unit", "left")):
        table.add_column(heading, justify=side)  # type: ignore[arg-type]
    table.add_column("ratio", justify="right")
    table.add_column("")
    for one in figures:
        mark = "[green]holds[/]" if one["holds"] else "[red]does not hold[/]"
        table.add_row(
            str(one["name"]), f"{one['ours']:,}", f"{one['reference']:,}", str(one["unit"]), f"{one['ratio']:.3f}", mark
        )
    Console().print(table)


def probe(times: int = 40) -> float:
    """Milliseconds of one 8 kB write with fdatasync in the temporary folder; the median."""
    spent = []
    with tempfile.TemporaryFile(dir=os.environ.get("OMBUD_BENCH_PROBE_DIR")) as file:
        block = os.urandom(8192)
        for _ in range(times):
            began = time.perf_counter()
            file.write(block)
            file.flush()
            os.fdatasync(file.fileno())
            spent.append(time.perf_counter() - began)
    return median(spent) * 1000


def rounds(count: int, measure: Callable[[], dict[str, float]]) -> dict[str, float]:
    """Medians of several rounds of measuring, each between two probes of the disk.

    Where a neighbour disturbed a round it is left out, said so, and measured again, up to twice as often as asked;
    if hardly any round was quiet, all of them count.
    """
    quiet: list[dict[str, float]] = []
    every: list[dict[str, float]] = []
    for number in range(1, 2 * count + 1):
        before = probe()
        found = measure()
        after = probe()
        every.append(found)
        words = f"round {number}: fdatasync {before:.2f} ms before, {after:.2f} ms after"
        if max(before, after) <= UNQUIET * min(before, after):
            quiet.append(found)
            told.print(words, "  ".join(f"{name} {value:,.1f}" for name, value in found.items()), style="dim")
        else:
            told.print(f"{words}: left out, the disk was busy with something else", style="yellow")
        if len(quiet) == count:
            break
    if len(quiet) < (count + 1) // 2:
        told.print("Hardly any round was quiet, so all of them count: take the figures with care.", style="yellow")
        quiet = every
    return {name: median(found[name] for found in quiet) for name in quiet[0]}


@contextmanager
def folder() -> Iterator[Path]:
    """A scratch folder."""
    with tempfile.TemporaryDirectory(prefix="ombud-bench-") as path:
        yield Path(path)
