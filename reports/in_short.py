"""What people said of services, in two or three plain sentences made of the numbers and claiming no more."""

from collections.abc import Sequence

from core.i18n import Translator, format_number, format_share, translator
from reports.funnel import Where
from reports.standing import Said, Standing
from reports.weighting import Response

NAMED = 3
"""As many offices as a sentence names."""


def in_short(
    said: Said | None, asked: Response, named: Sequence[tuple[str, Standing]], differ: bool, language: str
) -> str:
    """How content people are, on how many answers, and which offices stand out beyond chance.

    `named` are the offices one may compare, with the names they go by, lowest first; empty where there is nothing to
    compare. `differ`: they differ by more than chance, one from the other.
    """
    words = translator(language)
    return " ".join(filter(None, (_how(said, asked, words), _who(named, differ, words))))


def _how(said: Said | None, asked: Response, words: Translator) -> str:
    _, lang = words.gettext, words.language
    if said is None:
        if not asked.asked:
            return _("Nobody was asked about these services in this time.")
        return words.ngettext(
            "One person was asked about these services and has not answered.",
            "%(count)s people were asked about these services, and none has answered.",
            asked.asked,
        ) % {"count": format_number(asked.asked, lang)}
    if said.content.few:
        return words.ngettext(
            "One person answered: too few to say how content people are.",
            "%(count)s people answered: too few to say how content people are.",
            said.content.n,
        ) % {"count": format_number(said.content.n, lang)}
    return _("%(share)s of the people served were content (%(low)s to %(high)s), by %(count)s answers.") % {
        "share": format_share(said.content.value, lang),
        "low": format_share(said.content.low, lang),
        "high": format_share(said.content.high, lang),
        "count": format_number(said.content.n, lang),
    }


def _who(named: Sequence[tuple[str, Standing]], differ: bool, words: Translator) -> str:
    _ = words.gettext
    judged = [(name, one) for name, one in named if one.where is not None]
    if len(judged) < 2:
        return ""
    low = [name for name, one in judged if one.where is Where.alarm and one.under]
    drawn = [(name, one.drawn_content.value) for name, one in judged if one.drawn_content is not None]
    if not low and differ and len(drawn) > 1:
        (last, least), (first, most) = drawn[0], drawn[-1]
        return _("Offices differ by more than chance, from %(low)s (%(last)s) to %(high)s (%(first)s).") % {
            "low": format_share(least, words.language),
            "last": last,
            "high": format_share(most, words.language),
            "first": first,
        }
    if not low:
        return _("No office lies lower than chance explains.")
    values = {
        "count": format_number(len(low), words.language),
        "of": format_number(len(judged), words.language),
        "names": "; ".join(low[:NAMED]),
    }
    if len(low) > NAMED:
        return _("%(count)s of %(of)s offices lie lower than chance explains, lowest %(names)s.") % values
    return (
        words.ngettext(
            "One of %(of)s offices lies lower than chance explains: %(names)s.",
            "%(count)s of %(of)s offices lie lower than chance explains: %(names)s.",
            len(low),
        )
        % values
    )
