"""What differs between two versions of a survey, in words that a colleague reads before publishing. Pure."""

from collections.abc import Mapping, Sequence

from surveys import reach
from surveys.flow import Condition, Kind, Option, Question

KINDS: Mapping[Kind, str] = {
    Kind.rating: "rating from 1 to 5",
    Kind.choice: "one of several choices",
    Kind.yes_no: "yes or no",
    Kind.number: "a number",
    Kind.text: "own words",
}
"""What an answer is, as staff read it."""


def differences(before: Sequence[Question], after: Sequence[Question]) -> list[str]:
    """One sentence for each thing that changed, in the order of the questions as they are now; [] where nothing did."""
    old = {one.code: one for one in before}
    new = {one.code: one for one in after}
    told = [f"“{code}” is asked no more." for code in old if code not in new]
    for place, (code, one) in enumerate(new.items(), 1):
        if code not in old:
            told.append(f"“{code}” is new, as question {place}: {KINDS[one.kind]}.")
        else:
            told += _of_question(old[code], one)
    kept_before = [code for code in old if code in new]
    kept_after = [code for code in new if code in old]
    if kept_before != kept_after:
        told.append(f"The order is now: {', '.join(new)}.")
    return told


def _of_question(old: Question, new: Question) -> list[str]:
    told = []
    if old.kind is not new.kind:
        told.append(f"“{new.code}” is answered otherwise: {KINDS[new.kind]} instead of {KINDS[old.kind]}.")
    told += _of_words(f"“{new.code}”", old.words, new.words)
    was, now = conditions(old), conditions(new)
    if was != now:
        told.append(f"“{new.code}” is put {now or 'to everybody'}; before, {was or 'to everybody'}.")
    return told + _of_options(new.code, old.options, new.options)


def _of_options(code: str, old: Sequence[Option], new: Sequence[Option]) -> list[str]:
    before = {one.code: one for one in old}
    after = {one.code: one for one in new}
    told = [f"“{code}” has no choice “{gone}” any more." for gone in before if gone not in after]
    for one in after.values():
        if one.code not in before:
            told.append(f"“{code}” has the new choice “{one.code}”.")
        else:
            told += _of_words(f"The choice “{one.code}” of “{code}”", before[one.code].words, one.words)
    if [one for one in before if one in after] != [one for one in after if one in before]:
        told.append(f"The choices of “{code}” are in another order: {', '.join(after)}.")
    return told


def _of_words(what: str, old: Mapping[str, str], new: Mapping[str, str]) -> list[str]:
    told = []
    for language in dict.fromkeys((*old, *new)):
        was, now = old.get(language, ""), new.get(language, "")
        if was != now:
            said = f"now says “{now}”" if now else "has the shipped words again"
            told.append(f"{what} {said} ({language}){f', not “{was}”' if was else ''}.")
    return told


def conditions(question: Question) -> str:
    """When a question is put, in words; empty for everybody."""
    return " and ".join(f"if {rule.question} is {_told(rule)}" for rule in question.when)


def _told(rule: Condition) -> str:
    if not rule.values:
        return reach.told(Question(rule.question, Kind.number), rule, {})
    names = {"1": "yes", "0": "no"} if rule.values <= {"0", "1"} else {}
    return reach.told(Question(rule.question, Kind.choice), rule, names)
