"""What stands in and around the answer box: a draft, saved replies, how it will look on a phone, whether it counts."""

import hashlib
from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session

from cases import drafts, parts, presence, saved_replies, templated
from cases.naming import called
from cases.rights import works_on
from cases.templated import Verdict
from channels.values import Channel
from core.errors import BadInput
from core.i18n import direction, language_name
from core.settings import settings
from core.texts import clean
from domain.case import Case
from domain.catalogue import catalogue
from domain.citizen import ContactPoint
from domain.states import Doing, Templated
from domain.visibility import Viewer
from notifications import compose
from notifications.segments import for_sms, weigh

_HERE = "\ue000"  # a letter of nobody's, which no template strips


def look(
    session: Session, case: Case, who: Viewer, contact: ContactPoint | None, text: str, now: datetime
) -> dict[str, object]:
    """How an answer will look on the citizen's phone, and whether it counts; see staff/answer_look.html."""
    words = clean(text)
    language = (contact.language if contact else None) or case.language
    before, after = _frame(session, case, contact, language)
    verdict = templated.judge(session, case, who, words, now) if words and not parts.is_part(case) else None
    return {
        "before": before,
        "words": for_sms(words) if contact is not None and contact.channel == Channel.sms else words,
        "after": after,
        "language": language,
        "dir": direction(language),
        "verdict": told(verdict, counts=templated.counted(session, case)) if verdict else "",
        "digest": digest(words),
    }


def _frame(session: Session, case: Case, contact: ContactPoint | None, language: str) -> tuple[str, str]:
    """What is put before and behind an answer; nothing on the tracking page."""
    if contact is None:
        return "", ""
    office = called(catalogue(session), case, language)
    framed = compose.compose("answer", language, reference=case.reference, text=_HERE, office=office, site="")
    before, _, after = framed.partition(_HERE)
    return before, after


def digest(words: str) -> str:
    """Names the words somebody was warned about, so that the warning holds for these alone."""
    return hashlib.sha256(clean(words).encode()).hexdigest()[:16]


def warn(session: Session, case: Case, who: Viewer, text: str, now: datetime, *, said: str, field: str) -> None:
    """Say once that words to a citizen would be no answer. `said` is the digest of those it was said of.

    Raises BadInput, at `field`; the form that is shown then sends them as they are.
    """
    words = clean(text)
    if not words or said == digest(words) or not works_on(case, who) or parts.is_part(case):
        return
    verdict = templated.judge(session, case, who, words, now)
    if verdict is not None:
        why = told(verdict, counts=templated.counted(session, case))
        raise BadInput(why, fields={field: why})


def told(verdict: Verdict, *, counts: bool) -> str:
    """Why an answer may not count, in words for who writes it."""
    if verdict.why is Templated.empty:
        said = "This says that the message came, not what is done about it."
    elif verdict.why is Templated.saved:
        said = f"This is the saved reply “{verdict.like}” as it stands."
    elif verdict.reply:
        said = f"This is nearly the saved reply “{verdict.like}”: {verdict.alike} of 100 the same."
    else:
        like = f"your answer to {verdict.like}" if verdict.like else "an earlier answer of yours"
        said = f"This reads like {like}: {verdict.alike} of 100 the same."
    so = "Your policy counts such answers, and the figures say so." if counts else "It will not end the silence."
    return f"{said} {so} Say what is done about this matter, or send it as it is."


def weight(session: Session, case: Case, contact: ContactPoint | None, typed: str = "") -> dict[str, object] | None:
    """What an answer takes by SMS, with what is put behind it; None where no SMS leaves."""
    if contact is None or contact.channel != Channel.sms or contact.opted_out_at is not None:
        return None
    current = settings()
    before, after = _frame(session, case, contact, contact.language or case.language)
    heavy = weigh(for_sms(before + clean(typed) + after))
    cost = f" · {current.sms_price * heavy.segments:.4g} {current.sms_currency}" if current.sms_price else ""
    return {
        "after": before + after,
        "told": f"{heavy.segments} SMS · {heavy.left} letters left{cost}",
        "price": current.sms_price,
        "currency": current.sms_currency,
    }


def replies(session: Session, case: Case, who: Viewer, language: str, now: datetime) -> list[dict[str, object]]:
    """Saved replies to pick from, in the citizen's language where there is one."""
    shown: list[dict[str, object]] = []
    for reply in saved_replies.for_case(session, case, who, now):
        text, written_in = reply.body(language)
        other = "" if written_in == language else language_name(written_in)
        shown.append({"id": str(reply.id), "title": reply.title, "text": text, "language": written_in, "other": other})
    return shown


def here(session: Session, case: Case, who: Viewer, now: datetime) -> list[str]:
    """Who else has the case before them, in words."""
    doing = {Doing.reading: "is reading", Doing.writing: "is writing an answer"}
    return [f"{name} {doing[what]}" for name, what in presence.others(session, case, who, now)]


def view(
    session: Session, case: Case, who: Viewer, contact: ContactPoint | None, typed: str, picked: str, now: datetime
) -> dict[str, object]:
    """All of the box. `typed` goes before a draft; `picked` is the id of a saved reply to begin with."""
    language = (contact.language if contact else None) or case.language
    offered: Sequence[dict[str, object]] = replies(session, case, who, language, now)
    draft = drafts.of(session, case, who) if not typed else None
    chosen = next((one for one in offered if one["id"] == picked), None)
    text, reply_id, since = typed, picked, None
    if draft is not None:
        text, reply_id, since = draft.text, str(draft.reply_id or ""), draft.at
    elif chosen is not None and not typed:
        text = str(chosen["text"])
    return {
        "text": text,
        "reply": reply_id if any(one["id"] == reply_id for one in offered) else "",
        "since": since,
        "language": language,
        "dir": direction(language),
        "weight": weight(session, case, contact, text),
        "look": look(session, case, who, contact, text, now),
        "replies": list(offered),
        "here": here(session, case, who, now),
        "undo_seconds": settings().undo_seconds,
    }
