"""Labelled text from a CSV file, checked before anything is trained: `text,label` and, if there, `lang,category,split`
and `weight` (how much an example counts beside the others; 1 where nothing is said).

Splits: `fit` (or nothing) is learnt from and cross-validated, `dev` calibrates, `test` is left alone, and `phrase` is
learnt from but never tested on: names and keywords of the service catalogue, which nobody writes quite like that.
"""

import csv
import hashlib
import io
import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from core.errors import BadInput
from core.texts import clean

NEEDED = ("text", "label")
LEARN = ("fit", "", "phrase")
SPLITS = {name: name for name in ("", "fit", "dev", "test", "phrase")} | {
    "train": "fit",
    "valid": "dev",
    "validation": "dev",
}
LONGEST_CELL = 200_000
MOST_LABELS = 2_000
MOST_WEIGHT = 1_000.0


@dataclass(frozen=True, slots=True)
class Example:
    """One labelled text; `line` is where it stands in its file, `weight` how much it counts while learning."""

    text: str
    label: str
    lang: str | None
    category: str | None
    split: str
    line: int
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Dataset:
    """Labelled texts of one file, with the hash of its bytes."""

    name: str
    sha256: str
    examples: tuple[Example, ...]

    def with_phrases(self, phrases: Iterable[tuple[str, str, str | None]]) -> "Dataset":
        """Together with phrases (text, label, language) to learn from."""
        more = tuple(
            Example(clean(text), label, lang, None, "phrase", 0) for text, label, lang in phrases if clean(text)
        )
        if not more:
            return self
        both = hashlib.sha256(self.sha256.encode())
        for example in more:
            both.update(f"{example.text}\t{example.label}\t{example.lang}\n".encode())
        return Dataset(self.name, both.hexdigest(), self.examples + more)

    def part(self, *splits: str) -> tuple[Example, ...]:
        """The examples of those splits."""
        return tuple(example for example in self.examples if example.split in splits)

    @property
    def has_dev(self) -> bool:
        """Whether the file itself says what to calibrate on."""
        return any(example.split == "dev" for example in self.examples)


STARTER = "starter set"


def starter() -> Dataset:
    """The messages Ombud ships with, for the sample government."""
    return parse(STARTER, (resources.files("nlp.starter") / "messages.csv").read_bytes())


def gathered(name: str, examples: Sequence[Example]) -> Dataset:
    """Examples from elsewhere than a file; the hash is of what they say, whatever their order and weight."""
    said = sorted(f"{e.text}\t{e.label}\t{e.lang}\t{e.category}\t{e.split}\n" for e in examples)
    return Dataset(name, hashlib.sha256("".join(said).encode()).hexdigest(), tuple(examples))


def read(path: Path) -> Dataset:
    """Read and check a file. Raises BadInput naming the line and what to do about it."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BadInput(f"{path.name} cannot be read: {error.strerror}.") from error
    return parse(path.name, data)


def parse(name: str, data: bytes) -> Dataset:
    """The same for bytes already read."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise BadInput(f"{name}, line {line}: not UTF-8 text.", mend="Save the file as CSV UTF-8.") from error
    if not text.strip():
        raise BadInput(f"{name} is empty.", mend="It needs a first line `text,label` and one message a line.")
    examples = tuple(_examples(name, text))
    if not examples:
        raise BadInput(f"{name} has no messages below its first line.")
    return Dataset(name, hashlib.sha256(data).hexdigest(), examples)


def _examples(name: str, text: str) -> list[Example]:
    old_limit = csv.field_size_limit(LONGEST_CELL)
    try:
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        start = 1
        try:
            head = [cell.strip().lower() for cell in next(reader)]
            missing = [column for column in NEEDED if column not in head]
            if missing:
                raise BadInput(
                    f"{name}, line 1: the column {' and '.join(missing)} is missing (found: {', '.join(head)}).",
                    mend="The first line names the columns: text,label and if you like lang,category,split,weight.",
                )
            found = []
            start = reader.line_num + 1
            for cells in reader:
                if cells:
                    found.append(_example(name, start, head, cells))
                start = reader.line_num + 1
        except csv.Error as error:
            raise BadInput(
                f"{name}, line {start}: the row that starts here is torn ({error}).",
                mend="Look for a quotation mark that is opened and not closed.",
            ) from error
        return found
    finally:
        csv.field_size_limit(old_limit)


def _example(name: str, line: int, head: Sequence[str], cells: Sequence[str]) -> Example:
    if len(cells) != len(head):
        raise BadInput(
            f"{name}, line {line}: {len(cells)} cells where the first line has {len(head)} columns.",
            mend="Put a text that has commas in it between quotation marks.",
        )
    row = dict(zip(head, cells, strict=True))
    text, label = clean(row["text"]), clean(row["label"])
    if not text or not label:
        raise BadInput(f"{name}, line {line}: the {'label' if text else 'text'} is empty.")
    split = row.get("split", "").strip().lower()
    if split not in SPLITS:
        raise BadInput(f"{name}, line {line}: the split {split!r} is none of fit, dev, test, phrase.")
    lang, category = row.get("lang", "").strip() or None, clean(row.get("category", "")) or None
    return Example(text, label, lang, category, SPLITS[split], line, _weight(name, line, row.get("weight", "")))


def _weight(name: str, line: int, cell: str) -> float:
    try:
        weight = float(cell.strip() or 1)
    except ValueError:
        weight = math.nan
    if not 0 < weight <= MOST_WEIGHT:
        raise BadInput(
            f"{name}, line {line}: the weight {cell.strip()!r} is no number above 0, {MOST_WEIGHT:.0f} at most."
        )
    return weight


def label_names(examples: Sequence[Example]) -> tuple[Example, ...]:
    """The name of each label as one more phrase to learn from, where the catalogue gave none.

    A label often says what it is about (`street-light`, `ParksAndTrees`), which is worth several examples where there
    are few of them, and does not matter where there are many.
    """
    spoken = {example.label for example in examples if example.split == "phrase"}
    labels = sorted({example.label for example in examples if example.split in LEARN} - spoken)
    named = ((_apart(label), label) for label in labels)
    return tuple(
        Example(words, label, None, None, "phrase", 0) for words, label in named if any(map(str.isalpha, words))
    )


def _apart(label: str) -> str:
    return re.sub(r"(?<=[^\W\d_A-Z])(?=[A-Z])|_", " ", label)


def check_trainable(dataset: Dataset, *, strict: bool) -> None:
    """Raises BadInput where nothing can be learned: one label only; when `strict`, also a label with one example."""
    fit = dataset.part(*LEARN)
    first: dict[str, int] = {}
    for example in fit:
        first.setdefault(example.label, example.line)
    counts = Counter(example.label for example in fit)
    if len(counts) < 2:
        named = f"only the label {next(iter(counts))!r}" if counts else "no example to train on"
        raise BadInput(f"{dataset.name}: {named}; a classifier needs at least two labels.")
    if len(counts) > MOST_LABELS:
        raise BadInput(
            f"{dataset.name}: {len(counts)} different labels.",
            mend="Is the label column the right one? It names services.",
        )
    single = [label for label, count in counts.items() if count == 1]
    if strict and single:
        lines = ", ".join(f"{label!r} (line {first[label]})" for label in single[:5])
        more = f" and {len(single) - 5} more" if len(single) > 5 else ""
        raise BadInput(
            f"{dataset.name}: only one example for {lines}{more}.", mend="Add another example of it or leave it out."
        )
