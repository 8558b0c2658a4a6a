"""What counts as an answer: whether one says something, and whether it was written for this citizen.

An answer is `templated` when it says nothing (`nlp.hollow`), is a saved reply sent as it was, or is a near copy of a
saved reply or of one of the officer's own last answers to other cases. Templated answers leave like any other; they end
no silence unless the policy counts them. The officer is told before sending.

Near means: the words are the same to `NEAR` of a hundred in whatever order (rapidfuzz), and hardly any word that says
something is new. The limits are measured on tests/cases/answers.toml, see docs/adr/0026.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from cases import saved_replies
from domain.answer import GivenAnswer
from domain.case import Case
from domain.clock import Clock
from domain.policy import Policy
from domain.states import ClockKind, ClockState, Templated
from domain.visibility import Viewer, visible
from nlp.hollow import is_hollow, telling
from nlp.tokens import tokens

LAST = 100
"""Own answers that one is compared with."""
NEAR = 75.0
"""Likeness of a hundred from which an answer may be a copy."""
NEW_WORDS = 2
NEW_SHARE = 0.08
"""Words that say something and are new, in number or as a share of all, up to which it is one. A new number, which is
a day, a room or an amount of this citizen's, counts twice."""
SLIP = 80.0
"""Likeness of two words from which one is the other, mistyped or inflected."""
FEWEST = 5
"""Words an answer needs to be a copy of another: two people are told "it is done" in the same words by chance."""
_REFERENCE = re.compile(r"\b[0-9A-Z]{4}-[0-9A-Z]{4}\b")


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why an answer is templated, what it is like (title of a saved `reply`, or a reference the officer may open; else
    ""), and how much, of a hundred."""

    why: Templated
    like: str = ""
    alike: int = 100
    reply: bool = False

    def as_json(self) -> dict[str, object]:
        """As the timeline keeps it: without the other case, which not everybody who reads this one may see."""
        return {"why": str(self.why), "like": self.like if self.reply else "", "alike": self.alike}


def fold(text: str) -> str:
    """An answer as it is compared: its words without case, accents, signs and references."""
    return " ".join(tokens(_REFERENCE.sub(" ", text)))


def judge(session: Session, case: Case, who: Viewer, text: str, now: datetime) -> Verdict | None:
    """Why this text would be no answer to this case; None where it is one. Reads a hundred rows at most."""
    if is_hollow(text):
        return Verdict(Templated.empty)
    words = fold(text)
    replies = saved_replies.for_case(session, case, who, now)
    saved = [(reply.title, fold(body)) for reply in replies for body in reply.bodies.values()]
    if found := nearest(words, [known for _, known in saved], fewest=1):
        place, alike = found
        same = saved[place][1] == words
        return Verdict(Templated.saved if same else Templated.copy, saved[place][0], alike, reply=True)
    own = session.exec(
        select(GivenAnswer.case_id, GivenAnswer.words)
        .where(col(GivenAnswer.staff_id) == who.staff_id, col(GivenAnswer.case_id) != case.id)
        .order_by(col(GivenAnswer.at).desc())
        .limit(LAST)
    ).all()
    if found := nearest(words, [known for _, known in own]):
        place, alike = found
        like = session.exec(select(Case.reference).where(col(Case.id) == own[place][0], visible(who))).first()
        return Verdict(Templated.copy, like or "", alike)
    return None


def nearest(words: str, others: Sequence[str], *, fewest: int = FEWEST) -> tuple[int, int] | None:
    """Which of these an answer (both folded) is a copy of, and how much of a hundred; None for none."""
    mine = words.split()
    if len(mine) < fewest or not others:
        return None
    from rapidfuzz import fuzz, process  # 3 MB that a web process hardly ever needs

    near = process.extract(words, others, scorer=fuzz.token_sort_ratio, score_cutoff=NEAR, limit=5)
    for other, alike, place in near:
        fresh = new_words(mine, other.split())
        if len(fresh) + sum(map(_is_number, fresh)) <= max(NEW_WORDS, NEW_SHARE * len(mine)):
            return int(place), int(alike)
    return None


def _is_number(word: str) -> bool:
    return any(map(str.isdigit, word))


def new_words(mine: Iterable[str], theirs: Iterable[str]) -> list[str]:
    """Words of one answer that say something and are not in the other, not even mistyped or inflected."""
    from rapidfuzz import fuzz, process

    known = set(theirs)
    fresh = [word for word in telling(list(mine)) if word not in known]
    return [
        word
        for word in fresh
        if _is_number(word) or not process.extractOne(word, known, scorer=fuzz.ratio, score_cutoff=SLIP)
    ]


def keep(
    session: Session,
    case: Case,
    who: Viewer,
    entry: int,
    text: str,
    verdict: Verdict | None,
    reply_id: UUID | None,
    now: datetime,
) -> None:
    """Keep an answer that was just written, to compare others with it and to count it."""
    if who.staff_id is not None:
        row = GivenAnswer(
            case_id=case.id,
            entry=entry,
            staff_id=who.staff_id,
            office_id=case.office_id,
            at=now,
            words=fold(text),
            templated=verdict.why if verdict else None,
            reply_id=saved_replies.known(session, reply_id),
        )
        session.add(row)


def counted(session: Session, case: Case) -> bool:
    """Whether the policy of the silence that runs now counts templated answers; also where none runs."""
    silence = session.exec(
        select(Clock)
        .where(
            col(Clock.case_id) == case.id,
            col(Clock.kind).in_((ClockKind.first_response, ClockKind.reply_due)),
            col(Clock.state) == ClockState.running,
        )
        .order_by(col(Clock.entry).desc())
        .limit(1)
    ).first()
    if silence is None:
        return True
    policy = session.get(Policy, silence.policy_id) if silence.policy_id else None
    return policy is not None and policy.counts_templated
