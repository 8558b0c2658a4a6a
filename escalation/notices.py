"""What a rung says to those it tells: which case, how far its clock is, and when it is or was due."""

from collections.abc import Mapping
from datetime import datetime, tzinfo

from core.i18n import format_datetime, format_duration, translator
from domain.states import ClockKind

N_ = str

TEXTS = {
    ClockKind.first_response: N_(
        "{reference}: the citizen still waits for a first answer, {share}% of the time is gone."
    ),
    ClockKind.reply_due: N_("{reference}: the citizen wrote again and waits, {share}% of the time is gone."),
    ClockKind.resolution: N_("{reference}: the matter is not settled, {share}% of the time is gone."),
    ClockKind.acceptance: N_("{reference}: nobody has accepted it yet, {share}% of the time is gone."),
    ClockKind.appeal: N_("{reference}: the appeal is not decided, {share}% of the time is gone."),
}
AGES = {
    ClockKind.first_response: N_("{reference}: the citizen has waited {age} for a first answer."),
    ClockKind.reply_due: N_("{reference}: the citizen wrote again {age} ago and waits."),
    ClockKind.resolution: N_("{reference}: the matter is not settled after {age}."),
    ClockKind.acceptance: N_("{reference}: nobody has accepted it for {age}."),
    ClockKind.appeal: N_("{reference}: the appeal is not decided after {age}."),
}
DUE, LATE = N_("Due {moment}."), N_("It was due {moment}.")


def text_of(
    kind: ClockKind,
    rung: Mapping[str, object],
    *,
    reference: str,
    target: int,
    deadline: datetime,
    now: datetime,
    zone: tzinfo,
    language: str,
) -> str:
    """A notice in the reader's language. `rung` as kept in `Clock.rungs`; `target` in working seconds."""
    say = translator(language).gettext
    if "age" in rung:
        words = say(AGES[kind]).format(reference=reference, age=format_duration(int(str(rung["age"])), language))
    else:
        share = round(100 * int(str(rung.get("after", target))) / target)
        words = say(TEXTS[kind]).format(reference=reference, share=share)
    moment = format_datetime(deadline, "en", zone, "short")
    return f"{words} {say(DUE if deadline > now else LATE).format(moment=moment)}"
