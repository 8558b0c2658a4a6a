"""What staff taught since the model was trained: near counts, far does not, one mistake flips nothing."""

import time
from datetime import UTC, datetime

import pytest

from nlp.classifier import Classifier
from nlp.lessons import ENOUGH, LIMIT, Lesson, Memory
from nlp.training.prepare import Dataset, Example
from nlp.training.train import train

TAUGHT = {
    "water": [
        "no water in the tap",
        "the pipe is broken and water runs",
        "dry tap since monday",
        "water bill too high",
    ],
    "lights": [
        "the street lamp is dark",
        "no light on our road",
        "lamp broken at the corner",
        "street is dark at night",
    ],
    "passport": ["my passport is late", "passport renewal takes weeks", "lost my passport", "where is my passport"],
}


@pytest.fixture(scope="module")
def model() -> Classifier:
    texts = [(text, label) for label, texts in TAUGHT.items() for text in texts]
    examples = tuple(Example(text, label, "en", None, "fit", n) for n, (text, label) in enumerate(texts))
    now = datetime(2026, 3, 2, tzinfo=UTC)
    return train(Dataset("lessons", "0" * 64, examples), seed=1, now=now, languages=("en",), strict=False).classifier


def shares(memory: Memory, text: str) -> dict[str, float]:
    return {one.label: one.probability for one in memory.rank(text, 9)}


LAMP_POST = "the lamp post leans over the water pipe"


def test_a_lesson_counts_for_what_is_like_it_and_for_nothing_else(model: Classifier) -> None:
    before, after = Memory(model, []), Memory(model, [Lesson("1", LAMP_POST, "roads")])
    assert next(iter(shares(after, LAMP_POST))) == "roads", "a label that only staff know"
    assert "roads" not in shares(before, LAMP_POST)
    for text in ("where is my passport", "lost my passport"):
        assert next(iter(shares(after, text))) == "passport"
        assert shares(after, text)["roads"] < 0.1
    assert abs(sum(shares(after, LAMP_POST).values()) - 1) < 1e-6
    assert after.rank("", 3) == ()


def test_one_wrong_lesson_flips_nothing_else(model: Classifier) -> None:
    wrong = Memory(model, [Lesson("1", "dry tap since monday", "passport")])
    for label, texts in TAUGHT.items():
        assert all(next(iter(shares(wrong, text))) == label for text in texts if text != "dry tap since monday")


def test_only_several_alike_and_none_otherwise_send_it_on(model: Classifier) -> None:
    lessons = [Lesson(str(n), f"{LAMP_POST} again", "roads") for n in range(ENOUGH)]
    assert Memory(model, lessons[:-1]).taught(LAMP_POST) is None
    told = Memory(model, lessons).taught(LAMP_POST)
    assert told is not None
    assert (told.label, told.count) == ("roads", ENOUGH)
    assert Memory(model, lessons).taught("my passport is late") is None
    assert Memory(model, [*lessons, Lesson("x", LAMP_POST, "lights")]).taught(LAMP_POST) is None
    again = [*lessons, Lesson("0", lessons[0].text, "lights")]
    assert Memory(model, again).taught(LAMP_POST) is None, "the last label of a case counts"
    assert Memory(model, lessons).like(LAMP_POST, "roads") == ENOUGH


def test_work_done_before_changes_no_answer(model: Classifier) -> None:
    lessons = [Lesson(str(n), f"{text} {n}", label) for label, texts in TAUGHT.items() for n, text in enumerate(texts)]
    lessons = [Lesson(f"{one.label}{one.key}", one.text, one.label) for one in lessons]
    grown = Memory(model, [])
    for count in range(1, len(lessons) + 1):
        grown = Memory(model, lessons[:count], grown)
    shrunk, fresh = Memory(model, lessons[3:], grown), Memory(model, lessons[3:])
    for text in (LAMP_POST, "dry tap", "passport"):
        assert shares(grown, text) == pytest.approx(shares(Memory(model, lessons), text))
        assert shares(shrunk, text) == pytest.approx(shares(fresh, text))


def test_five_hundred_lessons_are_kept_and_cost_little(model: Classifier) -> None:
    texts = [text for texts in TAUGHT.values() for text in texts]
    many = [Lesson(str(n), f"{texts[n % 12]} {texts[n * 7 % 12]} {n}", "water") for n in range(LIMIT + 20)]
    memory = Memory(model, many)
    assert len(memory) == LIMIT

    def quickest(act: object) -> float:
        took = []
        for _ in range(40):
            began = time.perf_counter()
            act(LAMP_POST)  # type: ignore[operator]
            took.append(time.perf_counter() - began)
        return min(took)

    # beside what the model itself takes, so that a busy machine fails nothing
    assert quickest(memory.taught) < 5 * quickest(model.classify)
