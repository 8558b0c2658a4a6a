"""`python -m benchmarks NAME… [--json]`: measure what the README and docs/benchmarks.md speak of."""

import argparse
import importlib
import json
import sys

from benchmarks.figures import Figure, show, told
from benchmarks.site import Unusable

NAMES = ("intake", "process", "send", "sweep", "replay", "nlp", "desk", "surveys", "kpis", "reviews")
HOLDS_NOT, UNUSABLE = 1, 2


def main() -> int:
    """Run the benchmarks named; 0 when all figures hold, 1 when one does not, 2 when one could not be measured."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="+", metavar="NAME", help=f"all, {', '.join(NAMES)}")
    parser.add_argument("--json", action="store_true", help="one array of figures on stdout")
    parser.add_argument("--quick", action="store_true", help="short, to see that it works; its figures mean nothing")
    asked = parser.parse_args()
    if unknown := [name for name in asked.names if name not in (*NAMES, "all")]:
        told.print(f"There is no benchmark {', '.join(unknown)} yet; there are {', '.join(NAMES)} and all.")
        return UNUSABLE
    figures: list[Figure] = []
    try:
        for name in NAMES if "all" in asked.names else dict.fromkeys(asked.names):
            told.print(f"Measuring {name}", style="bold")
            found: list[Figure] = importlib.import_module(f"benchmarks.{name}").run(quick=asked.quick)
            figures += found
            if not asked.json:
                show(found)
    except Unusable as error:
        told.print(str(error), style="red", markup=False)
        return UNUSABLE
    if asked.json:
        print(json.dumps(figures, indent=2))
    return 0 if all(one["holds"] for one in figures) else HOLDS_NOT


if __name__ == "__main__":
    sys.exit(main())
