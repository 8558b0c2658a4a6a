"""Reading labelled text: what is wrong is named with its line, and nothing is left behind."""

from pathlib import Path

import pytest

from core.errors import BadInput
from nlp.training import commands
from nlp.training.prepare import parse
from tests.nlp.conftest import NOW

GOOD = "text,label\n" + "".join(f"water {n},a\nroad {n},b\n" for n in range(5))


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "is empty"),
        (b"  \n \n", "is empty"),
        (b"text,label\n", "no messages"),
        (b"message,label\nhello,a\n", "line 1: the column text"),
        (b"text\nhello\n", "line 1: the column label"),
        (b"hello,a\nbye,b\n", "line 1: the column text and label"),
        (b"text,label\nok,a\none,two,three\n", "line 3: 3 cells"),
        (b"text,label\nok,a\nalone\n", "line 3: 1 cells"),
        (b'text,label\nok,a\n"never closed,b\nmore,c\n', "line 3: the row that starts here is torn"),
        (b'text,label\n"two\nlines",a\n"closed"wrongly,b\n', "line 4: the row that starts here is torn"),
        (b"text,label\nok,a\n,b\n", "line 3: the text is empty"),
        (b"text,label\nok,\n", "line 2: the label is empty"),
        (b"text,label\n\x00\x01,a\n", "line 2: the text is empty"),
        (b"text,label\nok,a\ncaf\xe9,b\n", "line 3: not UTF-8"),
        (b"text,label,split\nok,a,fit\nok,a,later\n", "line 3: the split 'later'"),
        (b"text,label,weight\nok,a,1\nok,a,0\n", "line 3: the weight '0'"),
        (b"text,label,weight\nok,a,much\n", "line 2: the weight 'much'"),
        (b"text,label,weight\nok,a,nan\n", "line 2: the weight 'nan'"),
        (b"text,label\n" + b"x" * 300_000 + b",a\n", "line 2: the row that starts here is torn"),
    ],
)
def test_what_is_wrong_is_named(data: bytes, says: str) -> None:
    with pytest.raises(BadInput) as caught:
        parse("mine.csv", data)
    assert says in caught.value.message
    assert "mine.csv" in caught.value.message


def test_rows_may_span_lines_and_columns_come_in_any_order() -> None:
    found = parse(
        "a.csv",
        '\ufefflang,LABEL,text,category,split,weight\nen,a,"two\nlines, one text",x,train,0.5\n,b,c,,,\n'.encode(),
    )
    first, second = found.examples
    assert (first.text, first.label, first.lang, first.category, first.split) == (
        "two\nlines, one text",
        "a",
        "en",
        "x",
        "fit",
    )
    assert (second.lang, second.category, second.split, second.line) == (None, None, "", 4)
    assert (first.weight, second.weight) == (0.5, 1.0)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ("text,label\nno water,a\nno light,a\n", "only the label 'a'"),
        (GOOD + "a lonely one,c\n", "only one example for 'c' (line 12)"),
        ("text,label,split\nx,a,test\ny,b,test\n", "no example to train on"),
    ],
)
def test_what_cannot_teach_is_refused_and_nothing_is_stored(tmp_path: Path, data: str, says: str) -> None:
    csv, models = tmp_path / "bad.csv", tmp_path / "models"
    csv.write_text(data)
    with pytest.raises(BadInput, match=r".") as caught:
        commands.train(csv, models, seed=0, now=NOW)
    assert says in caught.value.message
    assert not models.exists()


def test_a_single_example_is_no_obstacle_to_measuring(tmp_path: Path) -> None:
    """Kept-back sets have rare labels; only what goes into use must have two of each."""
    a, b = tmp_path / "a.csv", tmp_path / "b.csv"
    a.write_text(GOOD + "a lonely one,c\n")
    b.write_text("text,label\nwater here,a\nsomething new,z\n")
    report = commands.evaluate(a, b, tmp_path, now=NOW)
    assert report["n"] == 2
    assert report["accuracy"] == 0.5


def test_a_missing_file_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"gone\.csv cannot be read"):
        commands.train(tmp_path / "gone.csv", tmp_path, seed=0, now=NOW)
