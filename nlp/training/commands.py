"""What `ombud nlp` does, as plain functions: paths and values in, JSON-ready dictionaries out."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from core.errors import BadInput, NotFound
from nlp.classifier import Classifier, load, promoted
from nlp.training import promote as shelf
from nlp.training.evaluate import figures, outcomes, speed
from nlp.training.prepare import LEARN, Dataset, Example, read, starter
from nlp.training.teach import side_by_side, teach
from nlp.training.train import DEFAULT_LANGUAGES, Progress
from nlp.training.train import train as fit_model
from nlp.training.verdict import Standing, Verdict, judge

# text, label, language
Phrase = tuple[str, str, str | None]


def train(
    csv: Path | None,
    models_dir: Path,
    *,
    seed: int,
    now: datetime,
    promote: bool = True,
    anyway: bool = False,
    phrases: Iterable[Phrase] = (),
    dataset: Dataset | None = None,
    languages: Sequence[str] = DEFAULT_LANGUAGES,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Train on a file, a `dataset` or (neither) the starter set, store the model with its card, and put it into use
    unless it is worse than the one in use; with `anyway` even then.

    `phrases` are names and keywords of the service catalogue: learnt from, never tested on. The card's figures are of
    texts the weights had not seen. Raises BadInput, and then nothing is stored.
    """
    # an installation need not have two examples of each service
    strict = dataset is None
    learnt = dataset or (read(csv) if csv is not None else starter()).with_phrases(phrases)
    taught = teach(learnt, models_dir, seed=seed, now=now, languages=languages, strict=strict, progress=progress)
    verdict = against(models_dir, taught.name)
    worse = verdict is not None and verdict.standing is Standing.worse
    if promote and (anyway or not worse):
        shelf.promote(models_dir, taught.name)
    return {
        **taught.card,
        "promoted": promote and (anyway or not worse),
        "against": verdict.as_json() if verdict is not None else None,
    }


def against(models_dir: Path, name: str) -> Verdict | None:
    """How a stored model stands beside the one in use; None where there is none, or it is that one."""
    return shelf.check_not_worse(models_dir, name, anyway=True)


def evaluate(
    train_csv: Path | None,
    data_csv: Path,
    models_dir: Path,
    *,
    seed: int = 0,
    now: datetime,
    languages: Sequence[str] = DEFAULT_LANGUAGES,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Figures on `data_csv` of a model trained from scratch on `train_csv`, else of the promoted one. Stores nothing.

    Where both are the same file, its `fit` part is trained on and the rest reported on.
    """
    data = read(data_csv)
    if train_csv is None:
        return _report(_promoted(models_dir), data.examples)
    source = read(train_csv)
    examples = data.examples
    if source.sha256 == data.sha256:
        examples = data.part("dev", "test")
        if not examples:
            raise BadInput(
                f"{data.name} is the file it would be trained on.", mend="Give another file, or a `split` column."
            )
    made = fit_model(source, seed=seed, now=now, languages=languages, strict=False, progress=progress)
    seen = {example.text for example in source.part(*LEARN)}
    report = _report(made.classifier, examples)
    return {**report, "seen_in_training": sum(example.text in seen for example in examples)}


def _promoted(models_dir: Path) -> Classifier:
    names = promoted(models_dir)
    if not names:
        raise NotFound("No model has been promoted yet.", mend="Run `ombud nlp train` first, or give --train.")
    return load(models_dir / names[0])


def _report(classifier: Classifier, examples: Sequence[Example]) -> dict[str, Any]:
    found = figures(outcomes(classifier, examples), classifier.threshold)
    return {
        "model": classifier.name,
        **found,
        **speed(classifier, [example.text for example in examples]),
        "temperature": round(float(classifier.card["temperature"]), 4),
        "trained_on": classifier.card["data"]["trained_on"],
    }


def compare(models_dir: Path, names: Sequence[str] = (), data_csv: Path | None = None) -> list[dict[str, Any]]:
    """Stored models side by side: on `data_csv` if given, else by the held-out figures of their cards.

    `against` is how each stands beside the one in use: on the file, else on what neither had seen when it was tested.
    """
    chosen = list(names) or shelf.stored(models_dir)
    if not chosen:
        raise NotFound("No model is stored yet.", mend="Run `ombud nlp train` first.")
    data = read(data_csv) if data_csv is not None else None
    in_use = (promoted(models_dir) or [""])[0]
    used = load(models_dir / in_use) if data is not None and in_use else None
    rows = []
    for name in chosen:
        card = shelf.card(models_dir, name)
        if data is None:
            measured, verdict = card["metrics"], against(models_dir, name)
        else:
            model = load(models_dir / name)
            measured = _report(model, data.examples)
            beside = used is not None and name != in_use
            verdict = judge(side_by_side(model, used, data.examples)) if beside and used is not None else None
        row = {**measured, "model": name, "trained_at": card["trained_at"], "promoted": name == in_use}
        rows.append({**row, "against": verdict.as_json() if verdict is not None else None})
    return rows


def promote(models_dir: Path, name: str, *, anyway: bool = False) -> dict[str, Any]:
    """Put a stored model into use. Raises Conflict where it is shown to be worse, unless it is wanted `anyway`."""
    shelf.check_not_worse(models_dir, name, anyway=anyway)
    names = shelf.promote(models_dir, name)
    return {"current": names[0], "before": names[1:]}


def rollback(models_dir: Path) -> dict[str, Any]:
    """Put the model before the current one back into use."""
    names = shelf.rollback(models_dir)
    return {"current": names[0], "before": names[1:]}
