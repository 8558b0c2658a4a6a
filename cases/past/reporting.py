"""What a file of an earlier system comes to, as figures and words: read before anything is written, and again after."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from cases.past.bringing import Checked
from cases.past.lines import Past, Refused
from cases.past.maps import AnswerBy

LISTED = 50
"""Refused lines that are listed one by one."""


_COUNTS = (
    *("source", "lines", "understood", "left_out", "known", "differing", "fresh", "closed", "undated", "withdrawn"),
    *("against_status", "answered", "silent", "reopened", "acknowledged", "wordless"),
)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why lines cannot be used: one reason, one word of the earlier system, how many lines."""

    column: str
    value: str
    why: str
    mend: str
    lines: int


@dataclass(frozen=True, slots=True)
class PastReport:
    """What a file comes to. `sentences` say what its figures will mean; `reasons` are the commonest first."""

    source: str
    lines: int
    understood: int
    left_out: int
    known: int
    differing: int
    fresh: int
    refused: Sequence[Refused]
    reasons: Sequence[Reason]
    closed: int
    undated: int
    withdrawn: int
    against_status: int
    answered: int
    silent: int
    reopened: int
    acknowledged: int
    wordless: int
    since: datetime | None
    until: datetime | None
    offices: Sequence[tuple[str, str, int]]
    services: Sequence[tuple[str, str, int]]
    without_service: Sequence[tuple[str, int]]
    new_offices: Sequence[tuple[str, str]]
    new_services: Sequence[tuple[str, str]]
    sentences: Sequence[str]

    def as_json(self) -> dict[str, object]:
        """For --json."""
        plain = {name: getattr(self, name) for name in _COUNTS}
        return plain | {
            "since": self.since.isoformat() if self.since else None,
            "until": self.until.isoformat() if self.until else None,
            "refused": len(self.refused),
            "reasons": [
                {"column": r.column, "value": r.value, "why": r.why, "mend": r.mend, "lines": r.lines}
                for r in self.reasons
            ],
            "errors": [
                {
                    "line": r.line,
                    "id": r.external_id,
                    "column": r.column,
                    "value": r.value,
                    "why": r.why,
                    "mend": r.mend,
                }
                for r in self.refused[:LISTED]
            ],
            "offices": [{"name": name, "code": code, "lines": n} for name, code, n in self.offices],
            "services": [{"name": name, "code": code, "lines": n} for name, code, n in self.services],
            "without_service": [{"name": name, "lines": n} for name, n in self.without_service],
            "new_offices": dict(self.new_offices),
            "new_services": dict(self.new_services),
            "sentences": list(self.sentences),
        }


def silences(pasts: Sequence[Past], now: datetime) -> tuple[list[float], list[float]]:
    """Seconds of the silences that ended, and of those that nobody ended, as the figures will count them at `now`."""
    ended = [(p.answered_at - p.received_at).total_seconds() for p in pasts if p.answered_at]
    going = [
        ((p.closed_at if p.withdrawn and p.closed_at else now) - p.received_at).total_seconds()
        for p in pasts
        if not p.answered_at
    ]
    return ended, going


def report(checked: Checked, *, create: bool) -> PastReport:
    """What a checked file comes to."""
    pasts = checked.pasts
    reasons = Counter((r.column, r.value if r.column else "", r.why, r.mend) for r in checked.refused)
    words: dict[str, list[str]] = {}
    for word, code in checked.offices.items():
        words.setdefault(code, []).append(word)
    by_office = Counter(past.office for past in pasts)
    by_topic = Counter(past.category for past in pasts if past.service)
    lost = Counter(past.category for past in pasts if past.category and not past.service)
    made = PastReport(
        source=checked.chosen.source,
        lines=checked.lines,
        understood=len(pasts),
        left_out=checked.left_out,
        known=checked.known,
        differing=len(checked.differing),
        fresh=len(checked.fresh),
        refused=checked.refused,
        reasons=[Reason(*key, count) for key, count in reasons.most_common()],
        closed=sum(past.over for past in pasts),
        undated=sum(past.undated for past in pasts),
        withdrawn=sum(past.withdrawn for past in pasts),
        against_status=sum(past.against_status for past in pasts),
        answered=sum(past.answered_at is not None for past in pasts),
        silent=sum(past.answered_at is None and not past.withdrawn for past in pasts),
        reopened=sum(past.reopened_at is not None for past in pasts),
        acknowledged=sum(past.acknowledged_at is not None for past in pasts),
        wordless=sum(not past.text for past in pasts),
        since=min((past.received_at for past in pasts), default=None),
        until=checked.drawn_at,
        offices=[(", ".join(sorted(words[code])), code, n) for code, n in by_office.most_common()],
        services=[(word, checked.services[word], n) for word, n in by_topic.most_common() if word in checked.services],
        without_service=lost.most_common(),
        new_offices=sorted(checked.missing.offices.items()) if create else [],
        new_services=sorted(checked.missing.services.items()) if create else [],
        sentences=(),
    )
    return _with_words(made, checked)


def _with_words(made: PastReport, checked: Checked) -> PastReport:
    said = []
    if checked.chosen.answer_by is AnswerBy.never:
        said.append(
            f"No line ends a silence: all {made.silent:,} citizens count as still waiting, from the day they wrote. "
            "Acknowledging and closing are no answers; the map says what is ([answer])."
        )
    else:
        said.append(
            f"{made.answered:,} silences end, as the map says that {checked.chosen.said_answer()} "
            f"{made.silent:,} citizens count as still waiting."
        )
    if made.undated:
        end = "when the file was drawn, so their time to a solution is at most that"
        kept = f"They are closed {end}." if checked.chosen.undated == "closed" else "They stay open."
        said.append(f"{made.undated:,} are over by their status, and nothing says since when. {kept}")
    if made.against_status:
        said.append(f"{made.against_status:,} have times that say otherwise than their status; the times count.")
    if made.withdrawn:
        said.append(f"{made.withdrawn:,} were taken back by their citizens, as the map says: nobody waits for them.")
    still = made.understood - made.closed
    if still:
        said.append(f"{still:,} are open and come to the queues of their offices. Nobody is told of them by a message.")
    if made.wordless:
        said.append(f"{made.wordless:,} have no words of their citizen; their topic stands in for them.")
    if made.without_service:
        said.append(
            f"{sum(n for _, n in made.without_service):,} have a topic that is no service here, and come without one."
        )
    if made.differing:
        said.append(f"{made.differing:,} were brought over before and read otherwise now; they stay as they are.")
    return replace(made, sentences=tuple(said))
