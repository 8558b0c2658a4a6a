"""What people said, as a page shows it: values in words, rows, dots. Only the figure of signs makes a query."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

from sqlmodel import Session

from api.words import REASONS
from core.i18n import Translator, format_number, format_share
from core.settings import settings
from domain.catalogue import Catalogue
from domain.visibility import WATCHING, Viewer
from reports import satisfaction
from reports.funnel import Funnel, Where
from reports.money import Asked, Month
from reports.satisfaction import Reasons
from reports.standing import Said, Standing
from reports.weighting import LEAST, Estimate, Response
from surveys.results import Rating

MOST_ROWS = 60
"""Offices listed under "How offices compare": those lowest."""


def told(weeks: int, words: Translator) -> str:
    """A period in words."""
    if weeks == 1:
        return words.gettext("the last seven days")
    return words.gettext("the last %(count)s weeks") % {"count": format_number(weeks, words.language)}


def figures(
    total: Said | None, asked: Response, medians: Mapping[str, tuple[float | None, int]], words: Translator
) -> list[dict[str, str]]:
    """The row of figures under the headline."""
    _, lang = words.gettext, words.language
    few = total is None or total.rating.few
    rows = [
        _figure(
            "–" if total is None or few else format_share(total.content.value, lang),
            _("content: 4 or 5 of 5"),
            _("too few to say") if total is None or few else _interval(total.content, words, shares=True),
            _("Share of those served who would rate the service 4 or 5, from answers that are weighted."),
        ),
        _figure(
            "–" if total is None or few else format_number(total.rating.value, lang, 1),
            _("of 5"),
            _("too few to say") if total is None or few else _interval(total.rating, words),
            _("Mean rating of those served, from the same answers."),
        ),
        _figure(
            "–" if asked.rate is None else format_share(asked.rate, lang),
            _("answered"),
            _("%(answered)s of %(asked)s asked; %(lost)s reached nobody")
            % {
                "answered": format_number(asked.answered, lang),
                "asked": format_number(asked.asked, lang),
                "lost": format_number(asked.undeliverable, lang),
            },
            _("Whoever gave any answer, of all who were asked. Surveys that could not be delivered stay in the count."),
        ),
    ]
    for question, text, unit in (
        ("minutes", _("waited by half of those who told, or less"), _("%(count)s min")),
        ("visits", _("visits by half of those who told, or fewer"), "%(count)s"),
    ):
        value, n = medians[question]
        if n:
            shown = "–" if value is None or n < LEAST else unit % {"count": format_number(value, lang)}
            note = "n " + format_number(n, lang) + (", " + _("too few to say") if n < LEAST else "")
            rows.append(
                _figure(
                    shown,
                    text,
                    note,
                    _("The weighted median. The shipped survey asks those who complain of the wait, or of papers."),
                )
            )
    return rows


def _figure(value: str, text: str, note: str, definition: str) -> dict[str, str]:
    return {"value": value, "text": text, "tone": "", "note": note, "definition": definition, "url": ""}


def _interval(one: Estimate, words: Translator, *, shares: bool = False) -> str:
    lang = words.language
    low, high = (format_share(x, lang) if shares else format_number(x, lang, 1) for x in (one.low, one.high))
    values = {"low": low, "high": high, "n": format_number(one.n, lang)}
    return words.gettext("95%% interval %(low)s to %(high)s, n %(n)s") % values


def weighting(total: Said | None, words: Translator) -> str:
    """What weighting did, in a sentence; empty where there is nothing to weigh."""
    if total is None or total.rating.few:
        return ""
    lang = words.language
    if abs(total.plain - total.rating.value) < 0.005:
        return words.gettext(
            "Answers count by how many like them were asked and did not answer, which changes next to nothing here."
        )
    return words.gettext(
        "Answers count by how many like them were asked and did not answer: without that the mean would be %(plain)s"
        " instead of %(mean)s. The %(n)s answers are worth %(effective)s of equal weight."
    ) % {
        "plain": format_number(total.plain, lang, 2),
        "mean": format_number(total.rating.value, lang, 2),
        "n": format_number(total.rating.n, lang),
        "effective": format_number(round(total.rating.effective), lang),
    }


def tapped(rating: Rating, words: Translator) -> str:
    """What was tapped at the exits, in a sentence; empty where nothing was."""
    if not rating.n:
        return ""
    lang, mean = words.language, rating.mean
    values = {"n": format_number(rating.n, lang), "mean": format_number(mean or 0.0, lang, 1)}
    if rating.n < LEAST or mean is None:
        return words.gettext("%(n)s faces were tapped at the exit: too few to say anything.") % values
    return (
        words.gettext(
            "Besides, %(n)s faces were tapped at the exit, %(mean)s of 5 in the mean. Whoever wants to taps, as often"
            " as they like, so they are in no other figure."
        )
        % values
    )


def reasons(found: Reasons, options: Mapping[str, Mapping[str, str]], words: Translator) -> dict[str, object]:
    """Reasons in words, most frequent first, with what share of those who gave one gave it."""
    rows = []
    for code, number in found.given:
        offered = options.get(code, {})
        text = (
            words.gettext(REASONS[code])
            if code in REASONS
            else offered.get(words.language) or offered.get("en") or code
        )
        rows.append({"text": text, "n": number, "share": number / found.n})
    return {"n": found.n, "rows": rows}


def named(pairs: Sequence[tuple[str, Said]]) -> list[dict[str, object]]:
    """Rows of services or operators, with their interval; a figure only from enough answers."""
    return [
        {
            "name": name,
            "n": one.rating.n,
            "few": one.rating.few,
            "content": one.content.value,
            "low": one.content.low,
            "high": one.content.high,
            "rating": one.rating.value,
        }
        for name, one in pairs
    ]


def rows(
    shown: Sequence[Standing], asked: Mapping[UUID, Response], known: Catalogue, words: Translator
) -> list[dict[str, object]]:
    """How offices compare: raw and drawn towards all, lowest first. Those with too few answers are not here."""
    found: list[dict[str, object]] = []
    for one in [line for line in shown if line.said.rating.n >= LEAST][:MOST_ROWS]:
        office, response = known.offices.get(one.office_id), asked.get(one.office_id, Response(0, 0, 0))
        drawn, content = one.drawn_content, one.said.content
        found.append(
            {
                "name": known.name(one.office_id, words.language),
                "code": office.code if office else "",
                "n": one.said.rating.n,
                "content": content.value,
                "drawn": drawn.value if drawn else content.value,
                "low": drawn.low if drawn else content.low,
                "high": drawn.high if drawn else content.high,
                "rating": one.said.rating.value,
                "drawn_rating": one.drawn_rating.value if one.drawn_rating else None,
                "tone": tone(one),
                "response": response.rate,
                "asked": response.asked,
                "lost": response.undeliverable,
            }
        )
    return found


def tone(one: Standing) -> str:
    """Beyond the outer limits: late below, well above. Beyond the inner ones below: soon."""
    if one.where is Where.alarm:
        return "late" if one.under else "well"
    return "soon" if one.where is Where.warning and one.under else ""


def plot(shown: Sequence[Standing], funnel: Funnel) -> dict[str, object]:
    """The funnel's limits, and the offices shown in the order of their list."""
    judged = [one for one in shown if one.where is not None]
    return {
        "curve": [(at.n, at.lowest, at.low, at.high, at.highest) for at in funnel.curve],
        "centre": funnel.centre,
        "widened": funnel.widening > 1,
        "points": [(one.said.content.effective, one.said.content.value) for one in judged],
        "tones": [tone(one) for one in judged],
        "outside": sum(one.where is Where.alarm for one in judged),
    }


def money(found: Month, out: Sequence[date], known: Catalogue, words: Translator) -> dict[str, object]:
    """How often money was asked for in a month."""
    lang = words.language

    def row(one: Asked, name: str) -> dict[str, object]:
        low, high = one.interval
        return {
            "name": name,
            "n": one.n,
            "share": one.share,
            "low": low,
            "high": high,
            "drawn": one.drawn.value if one.drawn else None,
        }

    return {
        "month": found.month,
        "months": [{"code": f"{one:%Y-%m}", "month": one} for one in out],
        "least": settings().survey_money_least,
        "whole": row(found.whole, "") if found.whole else None,
        "offices": [row(one, known.name(one.office_id, lang)) for one in found.offices if one.office_id],
        "totals": [row(one, known.name(one.office_id, lang)) for one in found.totals if one.office_id],
    }


def signs(
    session: Session, known: Catalogue, who: Viewer, shown: Sequence[Standing], since: datetime, words: Translator
) -> str:
    """How far the numbers themselves can be believed, for those who watch over them; empty for others."""
    if not who.has(*WATCHING) or not shown:
        return ""
    waiting, confirmed = satisfaction.flagged(session, known, who, since)
    lang = words.language
    if not waiting and not confirmed:
        return words.gettext("No office has a sign that its numbers or answers were made up.")
    parts = []
    if confirmed:
        parts.append(
            words.ngettext("at one office it is as it seems", "at %(count)s offices it is as it seems", confirmed)
            % {"count": format_number(confirmed, lang)}
        )
    if waiting:
        parts.append(
            words.ngettext("at one office nobody has looked yet", "at %(count)s offices nobody has looked yet", waiting)
            % {"count": format_number(waiting, lang)}
        )
    told = words.gettext("There are signs that numbers or answers were made up: %(where)s. No figure here is changed.")
    return told % {"where": ", ".join(parts)}
