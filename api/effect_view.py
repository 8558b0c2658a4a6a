"""Whether complaints fell afterwards, in words and as a drawing: what `effect_part.html` shows."""

from core.i18n import Translator, format_datetime, format_number, format_share
from core.settings import settings
from domain.catalogue import Catalogue, name_of
from reports.interrupted import AFTER, BEFORE, FEWEST, LEVEL, SEASONS, SLOPE_AFTER, Change, Refused
from reviews.effects import LEAD, About, Effect, Unasked

MANY = 2.0
"""A rise beyond which it is told in times."""


def view(found: Effect, known: Catalogue, cause: str, words: Translator) -> dict[str, object]:
    """The context of `effect_part.html`; `cause` is the name of the cause that is asked about, or ""."""
    told = found.found if isinstance(found.found, Change) else None
    series = found.series
    return {
        "about": _about(found, known, cause, words),
        "verdict": verdict(told, words) if told else "",
        "tone": "well" if told and told.fell else "late" if told and told.rose else "",
        "refused": "" if told else refused(found, words),
        "meaning": _meaning(told, words) if told else [],
        "cautions": _cautions(found, told, words) if told else [],
        "plot": {
            "counts": series.counts,
            "fitted": told.fitted,
            "without": told.counterfactual,
            "before": series.before,
            "after": series.after,
        }
        if told and series
        else None,
        "weeks": _weeks(found, told),
        "controlled": bool(told and told.controlled),
        "exposed": bool(told and told.exposed),
        "shut": bool(told and told.shut),
        "decided": found.question.decision,
    }


def verdict(told: Change, words: Translator) -> str:
    """The one sentence: "Complaints fell by 34% (95% interval: 12% to 51%)."."""
    _, lang = words.gettext, words.language

    def share(value: float) -> str:
        return format_share(abs(value), lang)

    values = {"sure": format_share(LEVEL, lang), "middle": share(told.change)}
    if told.fell:
        spread = values | {"low": share(told.high), "high": share(told.low)}
        return _("Complaints fell by %(middle)s (%(sure)s interval: %(low)s to %(high)s).") % spread
    if told.rose:
        spread = values | {"low": share(told.low), "high": share(told.high)}
        return _("Complaints rose by %(middle)s (%(sure)s interval: %(low)s to %(high)s).") % spread
    spread = values | {"low": share(told.low), "high": share(told.high)}
    return (
        _("No change that chance does not explain: between %(low)s fewer and %(high)s more (%(sure)s interval).")
        % spread
    )


def refused(found: Effect, words: Translator) -> str:
    """Why nothing can be told, and from when on it can."""
    _, lang = words.gettext, words.language
    when = format_datetime(found.tellable_on, lang, settings().zone, "date") if found.tellable_on else ""
    match found.found:
        case Unasked.not_done:
            return _("It is not done yet. Once it is, the weeks before and after are compared.")
        case Unasked.dropped:
            return _("It was not done, so there is nothing to compare.")
        case Refused.short_before:
            return _("There are too few weeks before it: %(weeks)s are needed, besides the %(lead)s just before.") % {
                "weeks": format_number(BEFORE, lang),
                "lead": format_number(LEAD, lang),
            }
        case Refused.short_after:
            return _("Too early: %(weeks)s whole weeks after it are needed. It can be told from %(day)s on.") % {
                "weeks": format_number(AFTER, lang),
                "day": when,
            }
        case Refused.few:
            return _("Too few complaints: fewer than %(count)s came before it, or less than one a week.") % {
                "count": format_number(FEWEST, lang)
            }
        case _:
            return _("The weeks vary so much that no estimate settles.")


def _about(found: Effect, known: Catalogue, cause: str, words: Translator) -> str:
    """Which complaints are counted."""
    asked, lang, _ = found.question, words.language, words.gettext
    office = known.name(asked.office_id, lang)
    if asked.about is About.service and asked.service_id is not None:
        return _("Complaints about %(service)s at %(office)s and below, by week") % {
            "service": name_of(known.services[asked.service_id], lang),
            "office": office,
        }
    if asked.about is About.cause:
        return _("Complaints found to have the cause “%(cause)s” at %(office)s and below, by week") % {
            "cause": cause,
            "office": office,
        }
    return _("All complaints at %(office)s and below, by week") % {"office": office}


def _meaning(told: Change, words: Translator) -> list[str]:
    """What stands behind the sentence."""
    _, lang = words.gettext, words.language

    def number(value: float) -> str:
        return format_number(value, lang, 1)

    found = [
        _("%(after)s a week came in the %(weeks)s weeks after it; without it %(expected)s would have been expected.")
        % {
            "after": number(told.after),
            "weeks": format_number(told.weeks_after, lang),
            "expected": number(told.expected),
        }
    ]
    if told.controlled:
        found.append(
            _("Compared with the same complaints at all other offices: what happened everywhere is no part of it.")
        )
    if told.slope is not None:
        found.append(
            _("At once %(step)s, and each further week %(slope)s.")
            % {"step": _signed(told.step, lang), "slope": _signed(told.slope, lang, 1)}
        )
    else:
        found.append(
            _("One change for all weeks after it; from %(weeks)s weeks on it is told whether it grows or fades.")
            % {"weeks": format_number(SLOPE_AFTER, lang)}
        )
    if told.exposed:
        found.append(_("Counted out of the services given in each week, as reported by the agency."))
    return found


def _cautions(found: Effect, told: Change, words: Translator) -> list[str]:
    """What else could explain it, as far as the weeks show."""
    _, lang = words.gettext, words.language
    cautions = []
    if told.peak is not None:
        cautions.append(
            _(
                "It was decided at a peak: complaints in the %(weeks)s weeks before lay %(share)s above the usual. "
                "Peaks pass by themselves, so these weeks are left out."
            )
            % {"weeks": format_number(LEAD, lang), "share": format_share(told.peak, lang)}
        )
    if not told.controlled and not told.waves:
        cautions.append(
            _(
                "It could be the season: %(weeks)s weeks before it are needed to draw that off, and no other office "
                "has as many of these complaints to compare with."
            )
            % {"weeks": format_number(SEASONS[0], lang)}
        )
    elif not told.controlled:
        cautions.append(_("Nothing to compare with: something else in these weeks could have done it."))
    if found.beside:
        cautions.append(
            words.ngettext(
                "%(num)s other action about the same was done in these weeks: which of them helped cannot be told.",
                "%(num)s other actions about the same were done in these weeks: which of them helped cannot be told.",
                found.beside,
            )
            % {"num": format_number(found.beside, lang)}
        )
    if found.question.about is About.cause:
        cautions.append(_("Only cases somebody looked at have a cause: fewer meetings look like fewer complaints."))
    return cautions


def _weeks(found: Effect, told: Change | None) -> list[dict[str, object]]:
    series = found.series
    if series is None:
        return []
    return [
        {
            "week": week,
            "count": series.counts[place],
            "other": series.other[place] if series.other is not None else None,
            "out": series.before <= place < series.after,
            "without": told.counterfactual[place] if told else None,
            "exposure": series.exposure[place] if series.exposure is not None else None,
        }
        for place, week in enumerate(found.weeks)
    ]


def _signed(value: float, lang: str, decimals: int = 0) -> str:
    sign = "−" if value < 0 else "+"
    return f"{sign}{format_number(abs(value) * 100, lang, decimals)}%"
