"""A figure of the registry as pages show it: its value in words, what it stands on, its definition, its cases.

What `told` gives is what the macro `figure` of staff/kpi_parts.html takes.
"""

from collections.abc import Mapping
from urllib.parse import quote, urlencode

from core.i18n import Translator, format_datetime, format_duration, format_number, format_share
from core.settings import settings
from reports.registry.values import Figure, Hidden, Kpi, Unit

DASH = "–"


def told(figure: Figure, words: Translator, tone: str = "") -> dict[str, object]:
    """All that a page shows of a figure. `tone` as everywhere: late, soon, well or none."""
    kpi = figure.kpi
    return {
        "name": kpi.name,
        "title": words.gettext(kpi.title),
        "value": value(figure, words),
        "note": note(figure, words),
        "tone": tone if figure.hidden is None else "",
        "url": cases_url(figure),
        "n": figure.n,
        "n_is": words.gettext(kpi.n_is),
        "of_these": search_url(figure.of_these) if figure.hidden is None else "",
        "definition": words.gettext(kpi.definition),
        "formula": words.gettext(kpi.formula),
        "source": words.gettext(kpi.source),
        "as_of": figure.as_of,
        "error": (
            words.gettext("exact")
            if figure.exact
            else words.gettext("within %(share)s") % {"share": format_share(figure.error, words.language)}
        ),
        "since": figure.since,
        "until": figure.until,
        "small": figure.small,
    }


def value(figure: Figure, words: Translator) -> str:
    """The value in words; "over" where it is only known to be longer, a dash where none is shown."""
    if figure.value is None:
        if figure.beyond is None:
            return DASH
        longer = format_duration(figure.beyond, words.language, short=True)
        return words.gettext("over %(time)s") % {"time": longer}
    return written(figure.kpi, figure.value, words)


def written(kpi: Kpi, number: float, words: Translator) -> str:
    """A number in the unit of a KPI."""
    lang = words.language
    match kpi.unit:
        case Unit.seconds:
            return format_duration(number, lang, short=True)
        case Unit.share:
            return format_share(number, lang)
        case Unit.rating:
            return format_number(number, lang, 1)
        case Unit.minutes:
            return words.gettext("%(count)s min") % {"count": format_number(number, lang)}
        case Unit.money:
            return f"{format_number(number, lang, 3 if number < 1 else 2)} {settings().sms_currency}"
        case Unit.number | Unit.visits:
            return format_number(number, lang)


def note(figure: Figure, words: Translator) -> str:
    """Interval and n, or why there is no value."""
    known = interval(figure, words)
    return words.gettext("95%% interval %(short)s") % {"short": short(figure, words)} if known else short(figure, words)


def short(figure: Figure, words: Translator) -> str:
    """The same, for a table whose head says that it is an interval."""
    if figure.hidden is not None:
        return why(figure, words)
    if figure.kpi.unit is Unit.number:
        return ""
    n = words.gettext("n %(n)s") % {"n": format_number(figure.n, words.language)}
    return ", ".join(filter(None, (interval(figure, words), n)))


def interval(one: Figure, words: Translator) -> str:
    """The interval alone, in words; empty where there is none."""
    if one.low is None:
        return ""
    low = written(one.kpi, one.low, words)
    if one.high is None:
        return words.gettext("from %(low)s") % {"low": low}
    return words.gettext("%(low)s to %(high)s") % {"low": low, "high": written(one.kpi, one.high, words)}


def why(figure: Figure, words: Translator) -> str:
    """Why no value is shown; empty where one is."""
    _, lang = words.gettext, words.language
    if figure.hidden is None:
        return ""
    reasons: Mapping[Hidden, str] = {
        Hidden.nothing: _("nothing to count"),
        Hidden.few: _("n %(n)s: too few to say") % {"n": format_number(figure.n, lang)},
        Hidden.kept: _("kept back, so that nobody can be told by it"),
        Hidden.whole_month: _("told by whole months; none of them is in this time"),
        Hidden.no_price: _("no price is set"),
    }
    return reasons[figure.hidden]


def search_url(typed: str) -> str:
    """Address of the list that a search gives; empty for none."""
    return f"/staff?q={quote(typed, safe=':')}" if typed else ""


def cases_url(figure: Figure) -> str:
    """Where the cases of a figure are, or else more about what it counts; empty where there is nothing to show."""
    if figure.reference:
        return f"/staff/cases/{figure.reference}"
    if figure.cases:
        return search_url(figure.cases) if figure.n else ""
    return figure.kpi.page


def period_of(figure: Figure, words: Translator) -> str:
    """The days a figure is about, the last one included."""
    zone, lang = settings().zone, words.language
    first = format_datetime(figure.since.astimezone(zone).date(), lang, zone, "date")
    last = format_datetime(figure.until.astimezone(zone).date(), lang, zone, "date")
    return words.gettext("%(first)s to %(last)s") % {"first": first, "last": last}


def address(path: str, **query: object) -> str:
    """An address with those parts of a query that are not empty."""
    given = {name: str(one) for name, one in query.items() if one not in (None, "")}
    return f"{path}?{urlencode(given)}" if given else path
