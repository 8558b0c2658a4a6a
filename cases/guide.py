"""The guided way in Telegram: language, what about, where, the words, and a look at it before it goes.

    /start ── language? ── topic ── where ── words ── confirm ── case
                 └──────────┴─────────┴── other words: a case at once, with what is known so far

Each step is skipped where it is known or does not matter. Nobody has to follow it: words written at any step are a
report, and what was written is sent even if the last button is never pressed.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session

import routing.service
from cases import arriving, conversation, holding, labels, missing
from cases.conversation import Turn, data_of, in_rows, language_of, turn
from cases.replies import Option, Step, agrees, chosen, joined
from channels.values import Button
from core.i18n import LANGUAGES
from core.settings import settings
from core.texts import shorten
from domain.catalogue import Catalogue, catalogue
from domain.citizen import ContactPoint
from domain.conversation import Conversation
from domain.inbox import InboundMessage
from domain.states import Purpose
from notifications import compose, outbox

PAGE = 12
MANY = 8
"""More services than this are offered by group first."""
_SHOWN = 600
"""Characters of their own words that a citizen is shown again."""


def begin(
    session: Session,
    contact: ContactPoint,
    talk: Conversation | None,
    row: InboundMessage,
    now: datetime,
    *,
    office: str | None = None,
    service: str | None = None,
    ask_language: bool = False,
) -> str:
    """Start the guide, from a poster's link with what it says. What an earlier conversation kept becomes a case."""
    if talk is not None:
        holding.let_go(session, talk, contact, now, last_word=True)
    known = catalogue(session)
    kept: dict[str, object] = {"office": office} if office else {}
    if service in known.service_by_code:
        kept["service"] = service
    first = Step.language if ask_language and len(settings().languages) > 1 else _after(known, Step.language, kept, now)
    talk = _go(session, contact, None, first, now, kept, inbound_id=row.id)
    _show(session, contact, talk, row, now)
    return "guide"


def take(session: Session, talk: Conversation, contact: ContactPoint, row: InboundMessage, now: datetime) -> str:
    """What a citizen says at a step of the guide: an answer to it, else their report."""
    step = Step(talk.state)
    known = catalogue(session)
    action = conversation.pressed(talk, row)
    if step in (Step.words, Step.confirm):
        return _words(session, talk, contact, row, action or "", now)
    if action == "more":
        page = talk.gathered.get("page")
        _go(session, contact, talk, step, now, {"page": (page if isinstance(page, int) else 0) + 1})
        _show(session, contact, talk, row, now)
        return "guide"
    if action == "share":
        _go(session, contact, talk, step, now, {"share": True})
        _show(session, contact, talk, row, now)
        return "guide"
    answer = _answer(known, talk, contact, row, action, step, now)
    if answer is None:
        return _report(session, talk, contact, row, now)
    if step is Step.language:
        contact.language = str(answer["language"])
    following = Step.topic if "group" in answer else _after(known, step, {**talk.gathered, **answer}, now)
    _go(session, contact, talk, following, now, {"page": 0, "share": False, **answer})
    _show(session, contact, talk, row, now)
    return "guide"


def _answer(
    known: Catalogue,
    talk: Conversation,
    contact: ContactPoint,
    row: InboundMessage,
    action: str | None,
    step: Step,
    now: datetime,
) -> dict[str, object] | None:
    """What a button or a few words answer at a step; None for words that are a report."""
    options = _options(known, talk, contact, now)
    if action == "skip":
        return {"skipped": str(step)}
    if action is not None:
        place = int(action) if action.isdigit() else 0
        picked = options[place - 1] if 1 <= place <= len(options) else None
    elif row.details.get("attachments"):
        return None
    else:
        picked = chosen(row.text, options)
    if step is Step.language:
        return {"language": picked.value} if picked else None
    if step is Step.topic:
        if picked is None:
            return None
        whole = picked.value.startswith(missing.GROUP)
        return {"group": picked.value.removeprefix(missing.GROUP)} if whole else {"service": picked.value}
    if location := arriving.location_of(row.details.get("location")):
        return {"location": location}
    if picked is not None:
        return {"place": picked.value}
    if row.text == labels.say(
        labels.NO_PLACE, language_of(contact)
    ):  # a key, which comes back as what is written on it
        return {"skipped": str(step)}
    if office := missing.office_alone(known, row.text):
        return {"office": office.code}
    place_named = missing.place_alone(known, row.text)
    return {"place": place_named} if place_named else None


# -- steps ---------------------------------------------------------------------------------------------------------


def _after(known: Catalogue, step: Step, kept: dict[str, object], now: datetime) -> Step:
    """The next step that is still of use."""
    if step is Step.language and not kept.get("office") and not kept.get("service"):
        return Step.topic
    if step is Step.where or kept.get("office"):
        return Step.words
    service = known.service_by_code.get(str(kept.get("service")))
    day = now.astimezone(settings().zone).date()
    return Step.where if service is None or missing.by_place(known, service, day) else Step.words


def _options(known: Catalogue, talk: Conversation, contact: ContactPoint, now: datetime) -> Sequence[Option]:
    """All there is to choose from at this step, on all its pages."""
    language = language_of(contact)
    if talk.state == Step.language:
        return [Option(code, LANGUAGES.get(code, code), (code,)) for code in settings().languages]
    if talk.state == Step.topic:
        if group := talk.gathered.get("group"):
            return missing.services_of(known, str(group), language)
        everything = list(known.service_by_code.values())
        by_group = missing.groups(known, language) if len(everything) > MANY else ()
        return by_group if len(by_group) > 1 else missing.services(everything, language)
    if talk.state == Step.where:
        service = known.service_by_code.get(str(talk.gathered.get("service")))
        day = now.astimezone(settings().zone).date()
        return missing.place_options(known, language, service, day, most=60)
    return ()


def _go(
    session: Session,
    contact: ContactPoint,
    talk: Conversation | None,
    step: Step,
    now: datetime,
    kept: dict[str, object],
    **values: object,
) -> Conversation:
    return turn(session, contact, talk, Turn(step, (), kept), now, **values)


def _show(
    session: Session,
    contact: ContactPoint,
    talk: Conversation,
    row: InboundMessage,
    now: datetime,
    **said: object,
) -> None:
    """Say what this step asks. Where a button led here, the message it stood under is rewritten."""
    language, step = language_of(contact), str(talk.state)
    if talk.state == Step.where and talk.gathered.get("share"):
        step = "share"
    office = catalogue(session).office_by_code.get(str(talk.gathered.get("office")))
    named = catalogue(session).name(office.id, language) if office else ""
    outbox.enqueue(
        session,
        purpose=Purpose.conversation,
        contact=contact,
        language=language,
        body=compose.compose("guide", language, **{"step": step, "office": named, "text": "", "files": "", **said}),
        dedupe_key=f"guide:{row.id}",
        now=now,
        buttons=_buttons(session, talk, contact, now),
        replaces=str(row.details.get("reply_to") or "") or None if row.details.get("button") else None,
    )


def _buttons(
    session: Session, talk: Conversation, contact: ContactPoint, now: datetime
) -> tuple[tuple[Button, ...], ...]:
    language = language_of(contact)

    def button(label: str, answer: str) -> Button:
        return Button(labels.say(label, language), data_of(talk, answer))

    if talk.state == Step.confirm:
        return ((button(labels.SEND, "send"),), (button(labels.AGAIN, "again"),))
    if talk.state == Step.words:
        return ()
    if talk.gathered.get("share"):
        share = Button(labels.say(labels.SHARE, language), "", asks="location")
        return ((share,), (button(labels.NO_PLACE, "skip"),))
    options = _options(catalogue(session), talk, contact, now)
    page = talk.gathered.get("page")
    start = (page if isinstance(page, int) else 0) * PAGE % max(1, len(options))
    shown = [
        Button(option.label[:60], data_of(talk, str(place)))
        for place, option in enumerate(options, 1)
        if start < place <= start + PAGE
    ]
    more = [[button(labels.MORE, "more")]] if len(options) > PAGE else []
    if talk.state == Step.topic:
        more.append([button(labels.ELSE, "skip")])
    if talk.state == Step.where:
        more += [[button(labels.SHARE, "share")], [button(labels.NO_PLACE, "skip")]]
    return (*in_rows(shown), *(tuple(line) for line in more))


# -- the words -----------------------------------------------------------------------------------------------------


def _words(
    session: Session, talk: Conversation, contact: ContactPoint, row: InboundMessage, action: str, now: datetime
) -> str:
    """The report itself: shown again before it goes, and added to as long as the citizen likes."""
    if action == "send" or (talk.state == Step.confirm and not row.details.get("button") and agrees(row.text)):
        replaces = conversation.our_message(session, talk, row)
        case = holding.open_held(session, talk, contact, now, replaces=replaces)
        row.case_id = case.id if case else None
        return "case"
    if action == "again":
        session.delete(talk)
        session.flush()
        outbox.enqueue(
            session,
            purpose=Purpose.conversation,
            contact=contact,
            language=language_of(contact),
            body=compose.compose("guide", language_of(contact), step="cancelled", office="", text="", files=""),
            dedupe_key=f"guide:{row.id}",
            now=now,
            replaces=str(row.details.get("reply_to") or "") or None,
        )
        return "cancelled"
    holding.hold_too(talk, row, now)
    if row.group_key and row.group_key == talk.gathered.get("album"):
        return "held"  # one more part of an album: the question stands already
    location = arriving.location_of(row.details.get("location")) or talk.gathered.get("location")
    _go(session, contact, talk, Step.confirm, now, {"album": row.group_key, "location": location})
    session.flush()
    rows = holding.held_rows(session, talk)
    text = joined(one.text for one in rows)
    files = sum(len(kept) for one in rows if isinstance(kept := one.details.get("attachments"), list))
    decision = routing.service.route(
        session,
        text=text,
        language=language_of(contact),
        service=str(talk.gathered.get("service") or "") or None,
        place=str(talk.gathered.get("place") or "") or None,
        office_code=str(talk.gathered.get("office") or "") or None,
        location=arriving.location_of(location),
        now=now,
    )
    named = catalogue(session).name(decision.office_id, language_of(contact))
    shown = f"“{shorten(text, _SHOWN)}”" if text else ""
    _show(session, contact, talk, row, now, office=named, text=shown, files="📎" * min(files, 10))
    return "held"


def _report(session: Session, talk: Conversation, contact: ContactPoint, row: InboundMessage, now: datetime) -> str:
    """Words at a step that asked for something else: a case at once, with what is known so far."""
    said = talk.gathered
    heard = arriving.Heard(
        row.text,
        (row,),
        service=str(said.get("service") or "") or None,
        place=str(said.get("place") or "") or None,
        office_code=str(said.get("office") or "") or None,
        location=arriving.location_of(row.details.get("location")) or arriving.location_of(said.get("location")),
    )
    replaces = conversation.our_message(session, talk, row)
    session.delete(talk)
    session.flush()
    ask = conversation.ask_for(session, contact, row, now)
    arriving.open_from(session, row, contact, now, heard=heard, ask=ask, replaces=replaces)
    return "case"
