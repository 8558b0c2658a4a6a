"""Is a wording fit to send? What editors are told before a version is kept, and what it looks like filled.

A wording may hold words, placeholders, days (`{{ due|day }}`), choices (`{% if due %} … {% else %} … {% endif %}`) and
what the shipped words of the same message hold, such as a list; nothing else of the template language, so no sums and
no calls.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from jinja2 import TemplateError, TemplateSyntaxError, meta, nodes

from core.errors import BadInput
from core.i18n import SOURCE_LANGUAGE, translator
from core.settings import settings
from core.texts import clean
from notifications import compose
from notifications.segments import for_sms

LONGEST = 1600
"""Characters of the longest message a provider takes."""

_ALLOWED: tuple[type[nodes.Node], ...] = (
    *(nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.If, nodes.Filter, nodes.Test, nodes.Const),
    *(nodes.And, nodes.Or, nodes.Not, nodes.Compare, nodes.Operand, nodes.CondExpr),
)
_FILTERS, _TESTS = frozenset({"day"}), frozenset({"defined", "none"})
_GIVEN = frozenset({"language", "zone"})
_LISTS: dict[str, list[object]] = {
    "numbered": ["1 Water", "2 Roads", "3 Something else"],
    "files": [{"name": "picture.heic", "why": "We cannot open files of this kind."}],
}
_ANSWERS = {
    "en": "Our crew is at the pump. Water is back by six this evening.",
    "sq": "Ekipi ynë është te pompa. Uji kthehet në orën gjashtë të mbrëmjes.",
    "bn": "আমাদের দল পাম্পে কাজ করছে। সন্ধ্যা ছয়টার মধ্যে পানি আসবে।",
    "ru": "Наша бригада у насоса. Вода будет к шести вечера.",
}


@dataclass(frozen=True, slots=True)
class Placeholders:
    """What a message can be told, and what it must always tell."""

    known: frozenset[str]
    required: frozenset[str]


@lru_cache(maxsize=256)
def placeholders(name: str) -> Placeholders:
    """Read off the shipped English words: what stands there whichever way it goes must stand in every wording."""
    tree = _shipped(name)
    known = frozenset(meta.find_undeclared_variables(tree)) - _GIVEN
    return Placeholders(known, frozenset(_always(tree.body)) & known)


def _always(body: list[nodes.Node]) -> set[str]:
    """Names that are written out whichever way a template goes."""
    found: set[str] = set()
    for node in body:
        if isinstance(node, nodes.Output):
            found |= {name.name for name in node.find_all(nodes.Name)}
        elif isinstance(node, nodes.If) and node.else_:
            ways = [node.body, *(other.body for other in node.elif_), node.else_]
            found |= set.intersection(*(_always(way) for way in ways))
    return found


def checked(name: str, language: str, text: str, samples: Mapping[str, object]) -> str:
    """The wording, cleaned. Raises BadInput with a sentence that says what is wrong with it."""
    body = clean(text)
    if not body:
        raise _wrong("It is empty.", "Write the message, or use the words that Ombud ships.")
    try:
        tree = compose.parser().parse(body)
    except TemplateSyntaxError as error:
        where = f"Line {error.lineno} cannot be read: {error.message}."
        raise _wrong(where, "Each {{ needs its }}, each {% if … %} its {% endif %}.") from error
    _only_what_is_allowed(tree, name)
    wanted = placeholders(name)
    used = frozenset(meta.find_undeclared_variables(tree)) - _GIVEN
    if unknown := sorted(used - wanted.known):
        there = ", ".join(sorted(wanted.known)) or "none"
        raise _wrong(f"There is no placeholder {_listed(unknown)} in this message.", f"There are: {there}.")
    if missing := sorted(wanted.required - used):
        raise _wrong(
            f"{_listed(missing)} is missing.", f"The citizen needs it: write {{{{ {missing[0]} }}}} somewhere."
        )
    longest = 0
    for values in variants(name, samples):
        try:
            longest = max(longest, len(for_sms(compose.fill(body, language, **values))))
        except (TemplateError, TypeError, AttributeError) as error:
            raise _wrong(f"It cannot be filled in: {error}.", "Look at how the shipped words use it.") from error
    if longest > LONGEST:
        raise _wrong(f"Filled in it has {longest} characters; {LONGEST} fit.", "Shorten it.")
    return body


def _only_what_is_allowed(tree: nodes.Template, name: str) -> None:
    shipped = list(_nodes(_shipped(name)))
    kinds: tuple[type[nodes.Node], ...] = (*_ALLOWED, *{type(node) for node in shipped})
    filters = _FILTERS | {node.name for node in shipped if isinstance(node, nodes.Filter)}
    parts = {node.attr for node in shipped if isinstance(node, nodes.Getattr)}
    for node in _nodes(tree):
        if not isinstance(node, kinds) or (isinstance(node, nodes.Getattr) and node.attr not in parts):
            raise _wrong(
                f"A wording cannot hold this ({type(node).__name__.lower()}).",
                "Use words, {{ placeholders }}, {{ due|day }} and {% if … %} … {% else %} … {% endif %}.",
            )
        if isinstance(node, nodes.For) and any(node.find_all(nodes.For)):  # few words could be filled in for ever
            raise _wrong("A list goes around a list.", "Use one {% for … in … %} with the list of this message.")
        if isinstance(node, nodes.Filter) and node.name not in filters:
            raise _wrong(f"There is no filter {node.name!r} here.", "The only one is day, as in {{ due|day }}.")
        if isinstance(node, nodes.Test) and node.name not in _TESTS:
            raise _wrong(f"There is no test {node.name!r} here.", "Write {% if due is defined and due %}.")


def _shipped(name: str) -> nodes.Template:
    return compose.parser().parse(compose.shipped(name, SOURCE_LANGUAGE))


def _nodes(tree: nodes.Node) -> Iterator[nodes.Node]:
    yield tree
    yield from tree.find_all(nodes.Node)


def sample_values(language: str, office: str, service: str, today: date) -> dict[str, object]:
    """Values as they may come, for a look at a message."""
    soon = today + timedelta(days=2)
    return {
        "reference": "K7QF-3M9V",
        "office": office,
        "service": service,
        "due": soon,
        "answered_at": today - timedelta(days=1),
        "reply_by": today + timedelta(days=7),
        "text": _ANSWERS.get(language, _ANSWERS["en"]),
        "site": settings().site_url,
        "government": settings().government,
        "pin": "4831",
        "code": "483150",
        "state": "open",
        "found": True,
        "late": False,
        "triage": False,
        "ask_why": True,
        "alone": False,
        "pressed": False,
        "question": translator(language).gettext("How was it?"),
        "level": "above",
    }


def variants(name: str, samples: Mapping[str, object]) -> list[dict[str, object]]:
    """The values of each way a message can come out, the usual one first."""
    tree = _shipped(name)
    used = sorted(frozenset(meta.find_undeclared_variables(tree)) - _GIVEN)
    lists = {one.name for loop in tree.find_all(nodes.For) for one in _nodes(loop.iter) if isinstance(one, nodes.Name)}
    whole = {key: _LISTS.get(key, [key]) if key in lists else samples.get(key, key) for key in used}
    tests = [choice.test for choice in tree.find_all(nodes.If)]
    choices = {one.name for test in tests for one in _nodes(test) if isinstance(one, nodes.Name)} & set(used)
    words = _compared(tests)
    found = [whole | {key: words[key][0] for key in words if whole[key] not in words[key]}]
    if "pin" in choices:
        found.insert(0, found[0] | {"pin": None})
    for key, values in words.items():
        found += [whole | {key: value} for value in values]
    for key in sorted(choices - set(words)):
        found.append(found[0] | {key: not whole[key] if isinstance(whole[key], bool) else None})
    return [values for place, values in enumerate(found) if values not in found[:place]]


def _compared(tests: Sequence[nodes.Node]) -> dict[str, list[object]]:
    """The words that placeholders are compared with, by placeholder."""
    found: dict[str, list[object]] = {}
    for test in tests:
        for one in _nodes(test):
            if isinstance(one, nodes.Compare) and isinstance(one.expr, nodes.Name):
                values = [operand.expr.value for operand in one.ops if isinstance(operand.expr, nodes.Const)]
                found.setdefault(one.expr.name, []).extend(values)
    return found


def _listed(found: list[str]) -> str:
    return ", ".join(f"{{{{ {one} }}}}" for one in found)


def _wrong(message: str, mend: str) -> BadInput:
    return BadInput(message, mend=mend, fields={"body": f"{message} {mend}"})
