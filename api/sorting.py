"""What the triage desk shows of a message: its text with the words that weighed, whose it may be, what was found."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlmodel import Session

from api import files, report_lookup
from cases import attachments, history
from core.texts import shorten
from domain.case import Case
from domain.catalogue import Catalogue, catalogue, name_of
from domain.states import OfficeFunction
from domain.visibility import Viewer
from nlp.tokens import tokens
from routing.rules import Method
from routing.service import answering, place_named
from routing.suggesting import Suggested, suggest

FIRST_RESULT = 4
"""Key of the first result of a search; 1 to 3 are the suggestions'."""
RESULTS = 6
SURENESS = ((0.8, "almost sure"), (0.5, "likely"), (0.25, "perhaps"), (0.0, "a guess"))
"""Confidence in words, from which probability on."""
_WORD = re.compile(r"\S+")


def message(
    session: Session, who: Viewer, case: Case, now: datetime, *, place: str = "", sought: str = ""
) -> dict[str, object]:
    """One message as staff/triage_message.html takes it. `place` is one typed or chosen instead of the case's own;
    `sought` is what was typed into the search."""
    known = catalogue(session)
    chosen = place_typed(known, place)
    where = chosen or case.place
    spot = case.location if chosen in (None, case.place) else None
    guesses = _suggestions(session, known, case, where, spot, now)
    return {
        "reference": case.reference,
        "parts": highlighted(case.text, guesses[0].words if guesses else ()),
        "text": case.text,
        "channel": str(case.channel),
        "language": case.language,
        "place": where or "",
        "place_wrong": bool(place.strip()) and chosen is None,
        "place_typed": place,
        "silent_seconds": int((now - case.received_at).total_seconds()),
        "urgent": str(case.urgency) if case.urgency else "",
        "nature": str(case.nature) if case.nature else "",
        "held": case.routing_method == Method.held,
        "reason": case.routing_reason,
        "files": files.for_staff(attachments.of_case(session, case), case.reference),
        "earlier": [
            {
                "reference": other.reference,
                "title": shorten(other.text, 70) or "(no words)",
                "service": name_of(known.services[other.service_id], "en") if other.service_id else "",
                "office": known.name(other.office_id),
                "state": str(other.state),
            }
            for other in history.earlier(session, who, case, limit=3)
        ],
        "suggestions": [
            {
                "key": number,
                "service": guess.service.code,
                "name": name_of(guess.service, "en"),
                "office": guess.office.code,
                "office_name": name_of(guess.office, "en"),
                "probability": guess.probability,
                "sure": sureness(guess.probability),
                "words": list(guess.words),
                "like": guess.like,
            }
            for number, guess in enumerate(guesses, start=1)
        ],
        "sought": sought,
        "results": find(known, sought, where, now),
    }


def _suggestions(
    session: Session,
    known: Catalogue,
    case: Case,
    where: str | None,
    spot: Mapping[str, float] | None,
    now: datetime,
) -> Sequence[Suggested]:
    """As it looks now; without a model what was stored when the case opened."""
    found = suggest(session, "" if history.wordless(session, case) else case.text, where, now, spot)
    if found is not None:
        return found
    kept = []
    for one in case.routing_suggestions:
        service = known.service_by_code.get(str(one["service"]))
        office = answering(known, service.code, where, now, spot) if service else None
        if service is not None and office is not None:
            kept.append(Suggested(service, office, float(str(one["probability"]))))
    return kept


def sureness(probability: float) -> str:
    """A confidence in words."""
    return next(words for least, words in SURENESS if probability >= least)


def place_typed(known: Catalogue, typed: str) -> str | None:
    """The place that was meant, typing errors forgiven; None for none."""
    if not typed.strip():
        return None
    named = place_named(known, typed)
    found = (choice.value for choice in report_lookup.find_places(known, typed, "en"))
    return named or next((value.removeprefix("p:") for value in found if value.startswith("p:")), None)


def find(known: Catalogue, sought: str, where: str | None, now: datetime) -> list[dict[str, object]]:
    """Services with the office that answers for each there, then offices, by what was typed; a place in it counts."""
    if not sought.strip():
        return []
    place = place_named(known, sought) or where
    rows: list[dict[str, object]] = []
    for choice in report_lookup.find_services(known, sought, "en"):
        office = answering(known, choice.value, place, now)
        if office is not None:
            told = name_of(office, "en")
            rows.append(
                {
                    "service": choice.value,
                    "office": office.code,
                    "name": choice.name,
                    "office_name": told,
                    "place": place or "",
                }
            )
    for choice in report_lookup.find_places(known, sought, "en"):
        found = known.office_by_code.get(choice.value.removeprefix("o:").upper())
        if choice.value.startswith("o:") and found is not None and found.function != OfficeFunction.integrity:
            rows.append(
                {"service": "", "office": found.code, "name": "", "office_name": choice.name, "place": place or ""}
            )
    return [{"key": FIRST_RESULT + number, **row} for number, row in enumerate(rows[:RESULTS])]


def highlighted(text: str, words: Iterable[str]) -> list[tuple[str, bool]]:
    """A text in pieces, each with whether it is one of those words; together they are the text."""
    wanted = [told for one in words if (told := tokens(one))]
    runs = [(match.start(), match.end(), tokens(match.group())) for match in _WORD.finditer(text)]
    marked: set[int] = set()
    for at in range(len(runs)):
        for told in wanted:
            read: list[str] = []
            for number in range(at, len(runs)):
                read += runs[number][2]
                if len(read) >= len(told):
                    if read == told:
                        marked.update(range(at, number + 1))
                    break
    pieces: list[tuple[str, bool]] = []
    done = 0
    for number, (begin, end, _) in enumerate(runs):
        joined = number in marked and number - 1 in marked  # neighbours are one piece, with what is between them
        if done < begin:
            _add(pieces, text[done:begin], joined)
        _add(pieces, text[begin:end], number in marked)
        done = end
    if done < len(text):
        _add(pieces, text[done:], False)
    return pieces


def _add(pieces: list[tuple[str, bool]], words: str, marked: bool) -> None:
    if pieces and pieces[-1][1] == marked:
        pieces[-1] = (pieces[-1][0] + words, marked)
    else:
        pieces.append((words, marked))
