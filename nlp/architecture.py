"""The spaCy side of the classifier: our tokeniser and our text-classification architecture.

spaCy's own textcat models hash single words and train with Adam; measured on real complaints they stop short of what
a linear model over exact n-grams reaches, and their confidence means little. So the `textcat` pipe gets a thinc model
of ours: sparse n-gram features, one linear layer, a fitted temperature and bend. Importing this module imports spaCy.
"""

from collections.abc import Callable, Sequence
from typing import Any, cast

import numpy as np
import spacy
from spacy.language import Language
from spacy.pipeline import TextCategorizer
from spacy.tokens import Doc
from spacy.util import registry
from spacy.vocab import Vocab
from thinc.api import Model

from core.errors import Misconfigured
from nlp.confidence import STRAIGHT, Bend, recalibrate, softmax
from nlp.features import Floats, Vocabulary, gist
from nlp.tokens import tokens

ARCHITECTURE = "ombud.NgramLinear.v1"
TOKENIZER = "ombud.Tokenizer.v1"
PIPE = "textcat"
PICKED = "picked"
WORDS = "words"
BLOCKS = ("word", "char", "pick")
_SEPARATOR = "\n"
_SOME = ["text"]


class Tokenizer:
    """Text to a Doc of the words that are read of it, by `nlp.tokens`; there is nothing to save."""

    def __init__(self, vocab: Vocab) -> None:
        self.vocab = vocab
        # shape, prefix, like_url … of every new word would cost more than the whole prediction, and nothing reads them
        cast(Any, vocab).lex_attr_getters = {}

    def __call__(self, text: str) -> Doc:
        found = list(gist(tokens(text)))
        # the words are kept beside the Doc: reading them back token by token takes a third of a prediction
        return Doc(self.vocab, words=found, user_data={WORDS: found})

    def to_bytes(self, **_: object) -> bytes:
        return b""

    def from_bytes(self, _data: bytes, **_: object) -> "Tokenizer":
        return self

    def to_disk(self, _path: object, **_: object) -> None:
        return None

    def from_disk(self, _path: object, **_: object) -> "Tokenizer":
        return self


def unread(vocab: Vocab, text: str, picked: str | None) -> Doc:
    """A Doc that holds its words beside itself alone, for a prediction; nothing of the text stays in the vocabulary.

    Making a token of each word takes a fifth of a prediction, and the classifier never looks at one.
    """
    found = list(gist(tokens(text)))
    return Doc(vocab, words=_SOME if found else [], user_data={WORDS: found, PICKED: picked})


def make_tokenizer() -> Callable[[Language], Tokenizer]:
    """Named in a saved pipeline's config."""
    return lambda nlp: Tokenizer(nlp.vocab)


class Forward:
    """Documents to probabilities. Keeps the vocabulary of the model it belongs to, built at first use."""

    def __init__(self) -> None:
        self.vocabulary: Vocabulary | None = None

    def __call__(
        self, model: Model[list[Doc], Floats], docs: list[Doc], is_train: bool
    ) -> tuple[Floats, Callable[[Any], Any]]:
        if is_train:
            _no_gradient(None)
        vocabulary = self.known(model)
        weights, bias = (np.asarray(model.get_param(name)) for name in ("W", "b"))
        logits = np.empty((len(docs), bias.shape[0]), np.float32)
        for row, doc in enumerate(docs):
            found = vocabulary.encode(doc.user_data[WORDS], doc.user_data.get(PICKED))
            logits[row] = found.values @ weights.take(found.rows, axis=0) + bias
        shares = softmax(logits / model.attrs["temperature"])
        return recalibrate(shares, Bend(*model.attrs["bend"])), _no_gradient

    def known(self, model: Model[list[Doc], Floats]) -> Vocabulary:
        """The n-grams the model knows."""
        if self.vocabulary is None:
            parts = [model.attrs[name].split(_SEPARATOR) if model.attrs[name] else [] for name in BLOCKS]
            self.vocabulary = Vocabulary(parts[0], parts[1], parts[2], np.asarray(model.get_param("idf")))
        return self.vocabulary


def _no_gradient(_: Any) -> Any:
    raise Misconfigured("This pipe is fitted by `ombud nlp train`, not by spaCy's training loop.")


def make_model() -> Model[list[Doc], Floats]:
    """An empty model; `install` or reading from disk fills it."""
    return Model(
        "ombud_ngram_linear",
        Forward(),
        dims={"nO": None},
        params={"W": None, "b": None, "idf": None},
        attrs={**dict.fromkeys(BLOCKS, ""), "temperature": 1.0, "bend": list(STRAIGHT)},
    )


registry.tokenizers.register(TOKENIZER, func=make_tokenizer)
registry.architectures.register(ARCHITECTURE, func=make_model)


def blank() -> Language:
    """A pipeline for every script with an empty classifier in it."""
    config = {"nlp": {"tokenizer": {"@tokenizers": TOKENIZER}}}
    nlp = spacy.blank("xx", config=config)
    nlp.add_pipe(PIPE, config={"model": {"@architectures": ARCHITECTURE}})
    return nlp


def inside(nlp: Language) -> tuple[Vocabulary, Floats, Floats]:
    """The n-grams, weights (n-grams × labels) and bias of a fitted pipeline."""
    model = cast(TextCategorizer, nlp.get_pipe(PIPE)).model
    forward = cast(Forward, cast(Any, model)._func)
    return forward.known(model), np.asarray(model.get_param("W")), np.asarray(model.get_param("b"))


def install(
    nlp: Language,
    labels: Sequence[str],
    grams: tuple[Sequence[str], Sequence[str], Sequence[str]],
    idf: Floats,
    weights: Floats,
    bias: Floats,
    temperature: float,
    bend: Bend = STRAIGHT,
) -> None:
    """Put fitted weights (n-grams × labels) into a blank pipeline."""
    pipe = cast(TextCategorizer, nlp.get_pipe(PIPE))
    for label in labels:
        pipe.add_label(label)
    model = pipe.model
    model.set_dim("nO", len(labels))
    for name, values in (("W", weights), ("b", bias), ("idf", idf)):
        model.set_param(name, cast(Any, values))
    for name, part in zip(BLOCKS, grams, strict=True):
        model.attrs[name] = _SEPARATOR.join(part)
    model.attrs["temperature"] = float(temperature)
    model.attrs["bend"] = [float(value) for value in bend]
