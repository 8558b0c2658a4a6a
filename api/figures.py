"""Figures as pages show them: values in words, tones, scales. No query is made here."""

from collections.abc import Sequence
from uuid import UUID

from core.i18n import Translator, format_duration, format_number, format_share
from domain.catalogue import Catalogue, name_of
from reports.headline import difference
from reports.kpis import OfficeSilence, Silence, WeekSilence, usual_band
from reports.samples import Sample
from reports.survival import median
from reports.visits import Visits
from surveys.results import Group, Rating

HOUR, DAY = 3600, 86400
ACT = 40
"""Offices listed under "Where to act"; the rest are found by going down the tree."""
SCALE = 4
"""The interval scale ends at this many national medians, so that one outlier does not flatten all others."""
FEW_RATINGS = 10


def lead_figures(
    now: Silence, before: Silence | None, rating: Rating, asked: tuple[int, int], words: Translator
) -> list[dict[str, str]]:
    """The row of figures under the headline. `asked`: invitations that were sent, and answered."""
    _, lang = words.gettext, words.language
    waiting = _("%(count)s past their target") % {"count": format_number(now.past_target, lang)}
    return [
        _figure(
            quantile(now.median_seconds, now.observed_seconds, now.n, words),
            _("median silence") + _change(now, before, words),
            note=_interval(now, words),
            definition=_("Half of all citizens who wrote in this time got a human answer within it."),
        ),
        _figure(
            quantile(now.p90_seconds, now.observed_seconds, now.n, words),
            _("one in ten waits longer"),
            definition=_("Nine of ten citizens who wrote in this time got a human answer within it."),
        ),
        _figure(
            format_number(now.silent_now, lang),
            _("silent now"),
            tone="late" if now.past_target else "",
            note=waiting if now.silent_now else "",
            definition=_("Citizens without a human answer at this moment, however long ago they wrote."),
        ),
        _figure(
            format_duration(now.longest_seconds, lang, short=True) if now.longest_seconds is not None else "–",
            _("longest silence"),
            tone="late" if now.past_target else "",
            url=f"/staff/cases/{now.longest_reference}" if now.longest_reference else "",
        ),
        _figure(
            format_number(rating.mean, lang, 1) if rating.mean is not None else "–",
            _("of 5 after a service"),
            note=_response(rating, asked, words),
        ),
    ]


def quantile(seconds: float | None, observed: float, n: int, words: Translator) -> str:
    """A quantile in words; "over" the longest seen where it was not reached, a dash without cases."""
    if not n:
        return "–"
    if seconds is None:
        return words.gettext("over %(time)s") % {"time": format_duration(observed, words.language, short=True)}
    return format_duration(seconds, words.language, short=True)


def act(
    lines: Sequence[OfficeSilence],
    weeks: dict[UUID, list[Sample]],
    national: Silence,
    known: Catalogue,
    words: Translator,
    period: int,
) -> list[dict[str, object]]:
    """Rows of "Where to act"."""
    rows: list[dict[str, object]] = []
    for line in lines[:ACT]:
        one, office = line.silence, known.offices[line.office_id]
        samples = weeks.get(line.office_id, [])
        rows.append(
            {
                "office": name_of(office, words.language),
                "url": f"/leadership?office={office.code}&weeks={period}",
                "silent": one.silent_now,
                "late": one.past_target,
                "n": one.n,
                "median": _hours(one.median_seconds),
                "over": quantile(one.median_seconds, one.observed_seconds, one.n, words),
                "low": _hours(one.median_low),
                "high": _hours(one.median_high),
                "tone": tone(one, national),
                "spark": [_hours(median(sample.answered, sample.silent)) for sample in samples],
            }
        )
    return rows


def tone(one: Silence, national: Silence) -> str:
    """Slower than all beyond chance (late), perhaps slower and with people past target (soon), or quicker (well)."""
    middle = national.median_seconds
    if middle is None or not one.n:
        return ""
    if not one.small and (one.median_low is None or one.median_low > middle):
        return "late"
    if one.past_target and (one.median_seconds is None or one.median_seconds > middle):
        return "soon"
    return "well" if not one.small and one.median_high is not None and one.median_high < middle else ""


def scale(lines: Sequence[OfficeSilence], national: Silence) -> float:
    """Largest hours on the interval scale."""
    values = [bound for line in lines for bound in (line.silence.median_seconds, line.silence.median_high) if bound]
    largest = max(values, default=0.0)
    if national.median_seconds:
        largest = min(largest, SCALE * national.median_seconds)
    return max(largest / HOUR, 1.0)


def trend(weeks: Sequence[WeekSilence], words: Translator) -> dict[str, object]:
    """The line of weekly medians."""
    _ = words.gettext
    values = [_hours(week.silence.median_seconds) for week in weeks]
    band = usual_band(values)
    last = weeks[-1].silence
    now = quantile(last.median_seconds, last.observed_seconds, last.n, words)
    label = _("Median silence by week; %(time)s in the last week.") % {"time": now}
    if band is not None and values[-1] is not None and not band[0] <= values[-1] <= band[1]:
        label += " " + _("That is outside its usual band.")
    return {
        "values": values,
        "band": band,
        "first": _week(weeks[0], words),
        "last": _week(weeks[-1], words),
        "now": now,
        "label": label,
    }


def ratings(groups: Sequence[Group], known: Catalogue, words: Translator) -> list[dict[str, object]]:
    """Rows of ratings by service, lowest first."""
    rows: list[dict[str, object]] = []
    for group in groups:
        mean, interval = group.rating.mean, group.rating.interval
        service = known.services.get(group.id) if group.id else None
        if mean is None or interval is None:
            continue
        few = group.rating.n < FEW_RATINGS
        rows.append(
            {
                "id": group.id,
                "service": name_of(service, words.language) if service else words.gettext("No service named"),
                "n": group.rating.n,
                "mean": mean,
                "low": interval[0],
                "high": interval[1],
                "tone": "" if few else "late" if interval[1] < 3 else "well" if interval[0] > 4 else "",
            }
        )
    return rows


def visits(lines: Sequence[Visits], known: Catalogue, words: Translator) -> list[dict[str, object]]:
    """Rows of what our own visitors found, most visits first."""
    return [
        {
            "office": known.name(line.office_id, words.language),
            "n": line.n,
            "waited": line.mean_waited,
            "politeness": line.mean_politeness,
            "asked": line.asked_for_money,
            "known": len(line.money),
            "references": line.references[:5],
        }
        for line in lines
    ]


def definitions(now: Silence, words: Translator) -> list[dict[str, str]]:
    """How this is measured."""
    _ = words.gettext
    told = [
        (
            _("Silence"),
            _(
                "Time from the moment a citizen's message was stored until a human answer was delivered to them."
                " Automatic messages, transfers, notes and closing a case do not end it. Nights and weekends count,"
                " as they did for the citizen."
            ),
        ),
        (
            _("Median, one in ten, and their interval"),
            _(
                "From the Kaplan-Meier curve over all who wrote in this time: those who still wait count as waiting"
                " longer than so far, so an office that answers only the easy half does not look fast. The interval"
                " holds the true value in 95 of 100 such samples. “Over” means that too few have an answer to tell."
            ),
        ),
        (
            _("Which office"),
            _("A case counts for the office that is accountable for it now, whoever had it before."),
        ),
        (
            _("Past target"),
            _("Still without an answer after the working hours that the policy allows for it."),
        ),
        (
            _("Which cases"),
            _("Those you may see. What is before the integrity office, or about your own office, is in no figure."),
        ),
    ]
    told.append(
        (
            _("Our own visits"),
            _("What mystery shoppers and quality audits found is in a table of its own and in no figure of citizens."),
        )
    )
    if now.templated:
        told.append(
            (
                _("Saved replies"),
                _("%(count)s of the answers were saved replies sent unedited; the policy counts them as answers.")
                % {"count": format_number(now.templated, words.language)},
            )
        )
    return [{"term": term, "text": text} for term, text in told]


def _figure(
    value: str, text: str, *, tone: str = "", note: str = "", definition: str = "", url: str = ""
) -> dict[str, str]:
    return {"value": value, "text": text, "tone": tone, "note": note, "definition": definition, "url": url}


def _change(now: Silence, before: Silence | None, words: Translator) -> str:
    change = difference(now, before)
    if not change:
        return ""
    values = {"time": format_duration(abs(change), words.language, short=True)}
    return ", " + (words.gettext("%(time)s more") if change > 0 else words.gettext("%(time)s less")) % values


def _interval(now: Silence, words: Translator) -> str:
    lang = words.language
    count = "n " + format_number(now.n, lang)
    if now.median_low is None or now.small:
        return count
    if now.median_high is None:
        low = format_duration(now.median_low, lang, short=True)
        return words.gettext("95%% interval from %(low)s up") % {"low": low} + ", " + count
    # one unit for both ends, so that they can be compared: hours up to four days
    unit, name = (HOUR, words.gettext("%(count)s h")) if now.median_high < 96 * HOUR else (DAY, "")
    low, high = (format_number(round(bound / unit), lang) for bound in (now.median_low, now.median_high))
    last = name % {"count": high} if name else format_duration(round(now.median_high / DAY) * DAY, lang, short=True)
    return words.gettext("95%% interval %(low)s to %(high)s") % {"low": low, "high": last} + ", " + count


def _response(rating: Rating, asked: tuple[int, int], words: Translator) -> str:
    told = ["n " + format_number(rating.n, words.language)]
    sent, answered = asked
    if sent:
        told.append(
            words.gettext("%(share)s of those asked answered")
            % {"share": format_share(answered / sent, words.language)}
        )
    return ", ".join(told)


def _week(week: WeekSilence, words: Translator) -> str:
    return words.gettext("week %(number)s") % {"number": format_number(week.monday.isocalendar().week, words.language)}


def _hours(seconds: float | None) -> float | None:
    return None if seconds is None else seconds / HOUR
