"""Which of the deployment's languages a text is in: scripts first, then words, then statistics; None, not a guess."""

import re
import threading
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

# languages written in each script; only those of the deployment count
SCRIPTS: tuple[tuple[str, str, frozenset[str]], ...] = (
    ("bengali", "\u0980-\u09ff", frozenset({"bn", "as"})),
    ("cyrillic", "\u0400-\u052f", frozenset({"ru", "uk", "be", "bg", "mk", "sr", "kk", "ky", "mn"})),
    ("greek", "\u0370-\u03ff\u1f00-\u1fff", frozenset({"el"})),
    ("arabic", "\u0600-\u06ff\u0750-\u077f\ufb50-\ufdff\ufe70-\ufeff", frozenset({"ar", "fa", "ur", "ps", "ug"})),
    ("hebrew", "\u0590-\u05ff", frozenset({"he"})),
    ("devanagari", "\u0900-\u097f", frozenset({"hi", "mr", "ne"})),
    ("gurmukhi", "\u0a00-\u0a7f", frozenset({"pa"})),
    ("gujarati", "\u0a80-\u0aff", frozenset({"gu"})),
    ("tamil", "\u0b80-\u0bff", frozenset({"ta"})),
    ("telugu", "\u0c00-\u0c7f", frozenset({"te"})),
    ("kannada", "\u0c80-\u0cff", frozenset({"kn"})),
    ("malayalam", "\u0d00-\u0d7f", frozenset({"ml"})),
    ("sinhala", "\u0d80-\u0dff", frozenset({"si"})),
    ("thai", "\u0e00-\u0e7f", frozenset({"th"})),
    ("georgian", "\u10a0-\u10ff", frozenset({"ka"})),
    ("armenian", "\u0530-\u058f", frozenset({"hy"})),
    ("ethiopic", "\u1200-\u137f", frozenset({"am"})),
    ("khmer", "\u1780-\u17ff", frozenset({"km"})),
    ("hangul", "\uac00-\ud7af\u1100-\u11ff", frozenset({"ko"})),
    ("kana", "\u3040-\u30ff", frozenset({"ja"})),
    ("han", "\u3400-\u9fff", frozenset({"zh", "ja"})),
    ("latin", "A-Za-z\u00c0-\u024f\u1e00-\u1eff", frozenset()),
)
_COUNTERS = tuple((name, re.compile(f"[{span}]"), languages) for name, span, languages in SCRIPTS)
_NOT_LATIN = frozenset(language for _, _, languages in SCRIPTS for language in languages)

# words that settle short texts, where statistics over letters guess
CUES: dict[str, frozenset[str]] = {
    "en": frozenset(
        "the is are was not no and my we you your please pls plz help thanks hello hi water when where why how what "
        "broken street road since again yes stop for with have has can't don't it's".split()
    ),
    "sq": frozenset(
        "nuk ska s'ka s'kemi skemi uje ujë ujë drita faleminderit flm pershendetje përshëndetje po jo eshte është jane "
        "janë kam kemi dua duhet per për dhe prej qe që si kur ku pse te të ne në rruga ndihme ndihmë shume".split()
    ),
    "tr": frozenset(
        "yok var degil değil ve bir bu için icin su teşekkürler lütfen lutfen nerede neden çok ile olarak olan gibi "
        "daha sonra kadar ben biz bizim benim ne mi mı değildir oldu olduğu ediyor ediyorum istiyorum yapılan beni "
        "bize sokak mahalle mahallesi yol belediye çöp ama her şey rağmen hala hiç günü gün".split()
    ),
    "fr": frozenset("pas le la les de des est je nous merci bonjour eau rue pourquoi quand".split()),
    "es": frozenset("no hay el la los las de es gracias hola agua calle por favor cuando donde".split()),
    "de": frozenset("kein keine der die das und ist nicht wir bitte danke wasser straße wann warum".split()),
    "it": frozenset("non c'è il la gli di è grazie ciao acqua strada perché quando".split()),
}
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_ASCII = re.compile(r"[\x00-\x7f]+")
_NO_ASCII_LETTER = re.compile(r"[^A-Za-z]+")
_READ = 300
_READ_LETTERS = 160
_FEW_WORDS = 3
_MARGIN = 0.65


def detect(text: str, languages: Sequence[str]) -> str | None:
    """The language of `text` among `languages`; None where it cannot be told (too short, no letters, none of them)."""
    sample = text[:_READ]
    allowed = tuple(dict.fromkeys(languages))
    if sample.isascii():
        return _latin(sample, tuple(language for language in allowed if language not in _NOT_LATIN))
    beyond = _ASCII.sub("", sample)
    counts = {name: len(found.findall(beyond)) for name, found, _ in _COUNTERS}
    counts["latin"] += len(_NO_ASCII_LETTER.sub("", sample))
    script, letters = max(counts.items(), key=lambda item: item[1])
    if not letters:
        return None
    if script == "latin":
        return _latin(sample, tuple(language for language in allowed if language not in _NOT_LATIN))
    written_in = next(found for name, _, found in _COUNTERS if name == script)
    if script == "han" and counts["kana"]:
        written_in = frozenset({"ja"})
    fitting = tuple(language for language in allowed if language in written_in)
    return fitting[0] if len(fitting) == 1 else _statistics(sample, fitting)


def _latin(sample: str, allowed: tuple[str, ...]) -> str | None:
    found = _WORD.findall(sample.lower().replace("’", "'"))
    if not found or not allowed:
        return None
    once = set(found)
    hits = sorted(
        ((len(once & CUES[language]) if language in CUES else 0, language) for language in allowed), key=_most
    )
    most, first = hits[0]
    lead = most - (hits[1][0] if len(hits) > 1 else 0)
    if len(found) < _FEW_WORDS:
        return first if lead else None
    # two cue words more than any other language beat letter statistics, which mistake short Albanian for its neighbours
    if lead >= 2:
        return first
    return _statistics(sample, allowed) or (first if lead else None)


def _most(hit: tuple[int, str]) -> int:
    return -hit[0]


def _statistics(sample: str, allowed: tuple[str, ...]) -> str | None:
    if len(allowed) < 2:
        return allowed[0] if allowed else None
    language, probability = _identifier(allowed)(sample[:_READ_LETTERS])
    return language if probability >= _MARGIN else None


class _Identifier:
    """py3langid held to a few languages. It keeps its languages in itself, so one is made per set."""

    def __init__(self, languages: tuple[str, ...]) -> None:
        from py3langid.langid import MODEL_FILE, LanguageIdentifier

        self.identifier: Any = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
        known = set(self.identifier.nb_classes)
        self.languages = tuple(language for language in languages if language in known)
        if self.languages:
            self.identifier.set_languages(list(self.languages))
        self.lock = threading.Lock()

    def __call__(self, sample: str) -> tuple[str | None, float]:
        if not self.languages:
            return None, 0.0
        with self.lock:
            language, probability = self.identifier.classify(sample)
        return str(language), float(probability)


@lru_cache(maxsize=8)
def _identifier(languages: tuple[str, ...]) -> _Identifier:
    return _Identifier(languages)
