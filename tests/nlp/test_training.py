"""Training, calibration and figures."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.sample.government import load as load_government
from core.errors import BadInput
from nlp.classifier import Classifier, load
from nlp.confidence import STRAIGHT, Bend, bent, recalibrate
from nlp.features import Vocabulary
from nlp.tokens import tokens
from nlp.training import commands
from nlp.training.balance import balance
from nlp.training.calibrate import (
    REFUSED,
    Held,
    calibrate,
    coverage,
    expected_calibration_error,
    lower_bound,
    probabilities,
    safe_threshold,
)
from nlp.training.evaluate import Outcome, figures
from nlp.training.fit import count, design, transform
from nlp.training.prepare import parse, starter
from nlp.training.train import COSTS, train
from tests.nlp.conftest import NOW

# measured by cross-validation over the 1,146 messages: accuracy 0.759, top three 0.864, calibration error 0.044, 53%
# routed without a person at 96.3% precision; the floors leave room for another release of the libraries
ACCURACY_FLOOR = 0.73
TOP3_FLOOR = 0.83
ECE_CEILING = 0.06
ROUTED_FLOOR = 0.40
LANGUAGE_FLOOR = 0.70


def test_starter_model_on_what_it_has_not_seen(starter_model: Classifier) -> None:
    metrics = starter_model.card["metrics"]
    assert metrics["n"] == 1146
    assert metrics["accuracy"] >= ACCURACY_FLOOR
    assert metrics["top3"] >= TOP3_FLOOR
    assert metrics["ece"] <= ECE_CEILING
    assert metrics["coverage_at_threshold"] >= ROUTED_FLOOR
    assert metrics["precision_at_threshold"] >= 0.95
    assert {"en", "sq", "bn", "ru"} <= metrics["per_language"].keys()
    assert all(row["accuracy"] >= LANGUAGE_FLOOR for row in metrics["per_language"].values())


def test_starter_set_covers_every_service_in_every_language() -> None:
    messages = starter().examples
    assert len({example.text.casefold() for example in messages}) == len(messages)
    services = {service.code for service in load_government().services}
    least = {"en": 12, "sq": 3, "bn": 3, "ru": 3}
    for language, count_of in least.items():
        labels = [example.label for example in messages if example.lang == language]
        assert set(labels) == services
        assert min(labels.count(service) for service in services) >= count_of


@pytest.mark.parametrize(
    ("text", "service"),
    [
        ("no water in Torvin since this morning", "water-outage"),
        ("street light broken on our road", "street-light"),
        ("my passport renewal is not ready", "passport"),
        ("pensioni s'ka ardhur kete muaj", "pension"),
        ("нет света в Санске", "power-outage"),
        ("রাস্তায় বড় গর্ত", "pothole"),
        ("qen endacake para shkolles", "stray-animals"),
        ("THE RUBBISH HAS NOT BEEN COLLECTED FOR TWO WEEKS", "waste-collection"),
    ],
)
def test_plain_messages_go_where_anybody_would_send_them(starter_model: Classifier, text: str, service: str) -> None:
    best = starter_model.classify(text).best
    assert best is not None
    assert best.label == service


def test_same_data_and_seed_give_the_same_bytes(two_topics: Path, tmp_path: Path) -> None:
    names = []
    for folder in ("one", "two"):
        report = commands.train(two_topics, tmp_path / folder, seed=7, now=NOW)
        names.append(tmp_path / folder / report["name"])
    first, second = (
        {file.relative_to(name): file.read_bytes() for file in sorted(name.rglob("*")) if file.is_file()}
        for name in names
    )
    assert first == second


def test_card_tells_where_a_model_comes_from(two_topics: Path, tmp_path: Path) -> None:
    report = commands.train(two_topics, tmp_path / "m", seed=3, now=NOW, phrases=[("tap dry", "water", "en")])
    card = json.loads((tmp_path / "m" / report["name"] / "card.json").read_text())
    assert card["trained_at"] == "2026-03-02T09:30:00+00:00"
    assert card["seed"] == 3
    assert card["data"]["rows"] == 61
    assert card["data"]["phrases"] == 1
    assert card["data"]["trained_on"] == 61
    assert card["cost"] in COSTS
    assert card["metrics"]["per_label"].keys() == {"road", "water"}
    assert card["metrics"]["per_language"]["en"]["n"] == 60
    assert len(card["data"]["sha256"]) == 64
    assert card["counts"]["per_label"] == {"road": 30, "water": 31}
    assert card["metrics"]["n"] == 60
    assert card["versions"].keys() == {"spacy", "thinc", "scikit-learn", "numpy"}


def test_stored_model_answers_as_the_trained_one(two_topics: Path, tmp_path: Path) -> None:
    from nlp.training.prepare import read
    from nlp.training.promote import store

    made = train(read(two_topics), seed=0, now=NOW).classifier
    name = store(made, tmp_path / "m")
    again = load(tmp_path / "m" / name)
    texts = ["no water", "pothole near house 3", "wheel", "", "nothing known: zzz", "পানি"]
    assert [made.classify(text) for text in texts] == [again.classify(text) for text in texts]
    # a softmax row may differ in its last bit with the size of the batch
    for one, many in zip(map(again.classify, texts), again.classify_many(texts), strict=True):
        assert [s.label for s in one.labels] == [s.label for s in many.labels]
        assert [s.probability for s in one.labels] == pytest.approx([s.probability for s in many.labels], rel=1e-5)


def test_matrix_and_single_text_are_the_same_features() -> None:
    texts = [tokens(t) for t in ("No water, no WATER!", "pothole pothole pothole", "ujë s'ka", "পানি নেই", "停水了三天")]
    counted = count(texts, ["x", None, "y", "x", None])
    made = design(counted)
    vocabulary = Vocabulary(*made.grams, made.idf)
    again = transform(counted, np.arange(len(texts)), made.grams, made.idf).toarray()
    for row, text in enumerate(texts):
        expected = made.matrix[[row]].toarray().ravel()
        found = vocabulary.encode(text, counted.picked[row])
        dense = np.zeros(len(vocabulary), np.float32)
        dense[found.rows] = found.values
        assert dense == pytest.approx(expected, abs=1e-6)
        assert again[row] == pytest.approx(expected, abs=1e-6)


def test_what_the_citizen_picked_counts(tmp_path: Path) -> None:
    csv = tmp_path / "picked.csv"
    csv.write_text(
        "text,label,category\n" + "".join(f"please help {n},a,taps\nplease help {n},b,roads\n" for n in range(20))
    )
    commands.train(csv, tmp_path / "m", seed=0, now=NOW)
    model = load(tmp_path / "m" / (tmp_path / "m" / "current").read_text().strip())
    for picked, label in (("taps", "a"), ("roads", "b")):
        best = model.classify("please help", picked=picked).best
        assert best is not None
        assert best.label == label
    unknown = model.classify("please help", picked="never heard of").best
    assert unknown is not None
    assert unknown.probability == pytest.approx(0.5, abs=0.1)


@pytest.mark.parametrize(("old", "wins"), [(1.0, "a"), (0.1, "b")])
def test_an_example_counts_by_its_weight(old: float, wins: str) -> None:
    """The rule changed: eight old labels say a, four new ones b; faded, the old ones must lose."""
    rows = "".join(f"street tree number {n},a,{old}\nnoisy bar number {n},c,1\n" for n in range(8))
    data = parse("drift.csv", ("text,label,weight\n" + rows + "street tree number 3,b,1\n" * 4).encode())
    best = train(data, seed=0, now=NOW).classifier.classify("street tree").best
    assert best is not None
    assert best.label == wins


def test_temperature_makes_boasting_modest() -> None:
    """Scores that claim near certainty and are right 7 times in 10 must end near 0.7."""
    random = np.random.default_rng(1)
    truth = random.integers(0, 3, 2000)
    shown = np.where(random.random(2000) < 0.7, truth, (truth + 1) % 3)
    logits = np.full((2000, 3), -4.0, np.float32)
    logits[np.arange(2000), shown] = 4.0
    found = calibrate(Held(logits, truth))
    confidence = probabilities(logits, found.temperature).max(axis=1)
    assert confidence.mean() == pytest.approx(0.7, abs=0.03)
    assert expected_calibration_error(confidence, shown == truth) < 0.03
    assert found.threshold == REFUSED


def test_threshold_needs_evidence() -> None:
    few, many = np.full(20, 0.99), np.full(40, 0.99)
    assert safe_threshold(few, np.ones(20, bool)) == REFUSED
    assert safe_threshold(many, np.ones(40, bool)) == 0.99
    assert lower_bound(np.array([20]), np.array([20]))[0] < 0.95 < lower_bound(np.array([40]), np.array([40]))[0]


def test_threshold_takes_all_equal_confidences_or_none() -> None:
    confidence = np.concatenate([np.full(100, 0.9), np.full(100, 0.8)])
    right = np.concatenate([np.ones(100, bool), np.zeros(100, bool)])
    assert safe_threshold(confidence, right) == 0.9
    assert coverage(confidence, right) == 0.5


def test_figures_by_hand() -> None:
    found = [
        Outcome("a", ("a", "b", "c"), 0.9, "en"),
        Outcome("a", ("b", "a", "c"), 0.4, "en"),
        Outcome("b", ("b", "a", "c"), 0.8, "ru"),
        Outcome("d", (), 0.0, "unknown"),
    ]
    shown = figures(found, 0.8)
    assert (shown["n"], shown["labels"], shown["accuracy"], shown["top3"]) == (4, 3, 0.5, 0.75)
    assert (shown["coverage_at_threshold"], shown["precision_at_threshold"], shown["coverage_at_95"]) == (0.5, 1.0, 0.5)
    # a: P 1, R 1/2; b: P 1/2, R 1; d: never found
    assert shown["macro_f1"] == pytest.approx((2 / 3 + 2 / 3 + 0) / 3, abs=1e-4)
    assert shown["ece"] == pytest.approx((0.1 + 0.4 + 0.2 + 0) / 4, abs=1e-4)
    assert shown["per_language"]["en"]["accuracy"] == 0.5


def test_evaluating_trains_on_one_file_and_reports_on_the_other(two_topics: Path, tmp_path: Path) -> None:
    data = tmp_path / "b.csv"
    data.write_text("text,label\nno water at all,water\nbig pothole,road\nno water in house 3 since monday,water\n")
    report = commands.evaluate(two_topics, data, tmp_path / "none", now=NOW)
    assert (report["n"], report["accuracy"], report["trained_on"], report["seen_in_training"]) == (3, 1.0, 60, 1)
    assert report["messages_per_second"] > 0
    wanted = {"accuracy", "macro_f1", "top3", "coverage_at_95", "ece", "n", "labels", "threshold", "per_language"}
    assert wanted | {"precision_at_threshold", "messages_per_second"} <= report.keys()
    assert not (tmp_path / "none").exists()


def test_a_file_is_not_measured_on_itself(two_topics: Path, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="would be trained on"):
        commands.evaluate(two_topics, two_topics, tmp_path, now=NOW)


def test_own_dev_split_calibrates(tmp_path: Path) -> None:
    csv = tmp_path / "split.csv"
    rows = [f"water {n},a,fit\nroad {n},b,fit\n" for n in range(20)] + [
        f"water {n},a,dev\nroad {n},b,dev\n" for n in range(50)
    ]
    csv.write_text("text,label,split\n" + "".join(rows))
    report = commands.train(csv, tmp_path / "m", seed=0, now=NOW)
    assert report["calibrated_on"] == {"how": "dev split", "n": 100}
    assert report["data"]["trained_on"] == 40
    assert report["threshold"] <= 1


@given(
    st.integers(0, 2**32 - 1),
    st.floats(0.2, 4),
    st.floats(0.2, 4),
    st.floats(-2, 2),
    st.just(0.0) | st.floats(0, 2),
)
def test_a_bend_keeps_every_order_and_stays_a_probability(seed: int, a: float, b: float, c: float, gap: float) -> None:
    shares = probabilities(np.random.default_rng(seed).normal(0, 2, (50, 6)).astype(np.float32), 1.0)
    made = recalibrate(shares, Bend(a, b, c, gap))
    assert (made.argmax(axis=1) == shares.argmax(axis=1)).all()
    assert ((made >= 0) & (made <= 1)).all()
    assert (made.sum(axis=1) <= 1 + 1e-9).all()
    order = np.argsort(shares.max(axis=1))
    if not gap:
        assert (np.diff(made.max(axis=1)[order]) >= -1e-12).all()
    assert recalibrate(shares, STRAIGHT) is shares


def test_a_bend_mends_what_temperature_cannot() -> None:
    """Three labels; the surer the model, the more it overstates: no one temperature is right for all of it."""
    random = np.random.default_rng(3)
    shares = np.sort(random.dirichlet((0.6, 0.6, 0.6), 6000), axis=1)[:, ::-1]
    right = random.random(6000) < np.where(shares[:, 0] > 0.8, 0.75, shares[:, 0])
    held = Held(np.log(np.maximum(shares, 1e-9)).astype(np.float32), np.where(right, 0, random.integers(1, 3, 6000)))
    found = calibrate(held)
    given = probabilities(held.logits, found.temperature)
    before, after = (expected_calibration_error(bent(given, bend), right) for bend in (STRAIGHT, found.bend))
    assert before > 0.05
    assert after < before / 2


def test_the_second_label_counts_for_the_confidence() -> None:
    """0.6 before one rival of 0.3 is right half the time, before four of 0.1 nearly always: no bend of 0.6 can tell."""
    random = np.random.default_rng(5)
    close = random.random(4000) < 0.5
    shares = np.where(close[:, None], [0.6, 0.3, 0.05, 0.03, 0.02], [0.6, 0.1, 0.1, 0.1, 0.1])
    right = random.random(4000) < np.where(close, 0.5, 0.97)
    found = calibrate(Held(np.log(shares).astype(np.float32), np.where(right, 0, 1)))
    confidence = bent(probabilities(np.log(shares), found.temperature), found.bend)
    assert confidence[close].mean() == pytest.approx(0.5, abs=0.03)
    assert confidence[~close].mean() == pytest.approx(0.97, abs=0.03)


def test_a_label_whose_scores_lie_too_low_is_lifted() -> None:
    """The third label's scores are half as long and one lower than they should be; unseen ones stay as they are."""
    random = np.random.default_rng(7)
    honest = random.normal(0, 2.5, (3000, 4))
    honest[:, 3] = -9
    chances = np.exp(honest) / np.exp(honest).sum(axis=1, keepdims=True)
    truth = (chances.cumsum(axis=1) < random.random((3000, 1))).sum(axis=1)
    shown = honest.copy()
    shown[:, 2] = shown[:, 2] / 2 - 1
    found = balance(shown.astype(np.float32), truth, 0)
    factor, shift = found.balance
    assert factor[2] / factor[0] == pytest.approx(2, rel=0.2)
    assert shift[2] - shift[0] == pytest.approx(2, abs=0.4)
    assert shift[3] == 0
    assert (found.logits.argmax(axis=1) == truth).mean() > (shown.argmax(axis=1) == truth).mean() + 0.05


def test_scores_that_are_fair_already_are_left_alone() -> None:
    random = np.random.default_rng(9)
    logits = random.normal(0, 2, (150, 8)).astype(np.float32)
    chances = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    truth = (chances.cumsum(axis=1) < random.random((150, 1))).sum(axis=1)
    few = balance(logits[:60], truth[:60], 0)
    assert (few.balance.factor == 1).all()
    assert (few.balance.shift == 0).all()
    assert few.logits is not None


def test_weights_stay_small_however_much_is_written() -> None:
    texts = [[f"word{number}", f"other{number * 7}"] for number in range(9000)]
    counted = count(texts, [None] * len(texts))
    whole, small = design(counted), design(counted, labels=400)
    assert small.matrix.shape[1] < whole.matrix.shape[1]
    assert small.matrix.shape[1] <= 20_000


def test_cost_is_low_where_labels_are_noisy_and_high_where_one_word_decides() -> None:
    random = np.random.default_rng(3)
    filler = [f"filler{number}" for number in range(25)]
    noisy, decided = [], []
    for number in range(300):
        label = number % 3
        around = " ".join(random.choice(filler, 10))
        wrong = int(random.integers(0, 3)) if random.random() < 0.5 else label
        noisy.append(f"{('tap', 'road', 'lamp')[label]} {around},{'abc'[wrong]}")
        decided.append(f"{'abc'[label]}{chr(100 + number // 3 % 20) * 3} {around},{'abc'[label]}")
    costs = [
        train(parse("n.csv", "\n".join(["text,label", *rows]).encode()), seed=0, now=NOW).classifier.card["cost"]
        for rows in (noisy, decided)
    ]
    assert costs == [min(COSTS), max(COSTS)]
