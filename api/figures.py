"""Figures as pages show them: values in words, tones, scales. No query is made here."""

from collections.abc import Sequence

from core.i18n import Translator, format_duration, format_number, format_share
from domain.catalogue import Catalogue, name_of
from reports.kpis import Silence
from reports.visits import Visits
from surveys.results import Group, Rating

HOUR, DAY = 3600, 86400
ACT = 40
"""Offices listed under "Where to act"; the rest are found by going down the tree."""
SCALE = 4
"""The interval scale ends at this many national medians, so that one outlier does not flatten all others."""
FEW_RATINGS = 10


def rated(rating: Rating, asked: tuple[int, int], words: Translator) -> dict[str, str]:
    """How services were rated. `asked`: invitations that were sent, and answered."""
    return {
        "value": format_number(rating.mean, words.language, 1) if rating.mean is not None else "–",
        "text": words.gettext("of 5 after a service"),
        "note": _response(rating, asked, words),
        "tone": "",
        "definition": "",
        "url": "/staff/satisfaction",
    }


def quantile(seconds: float | None, observed: float, n: int, words: Translator) -> str:
    """A quantile in words; "over" the longest seen where it was not reached, a dash without cases."""
    if not n:
        return "–"
    if seconds is None:
        return words.gettext("over %(time)s") % {"time": format_duration(observed, words.language, short=True)}
    return format_duration(seconds, words.language, short=True)


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


def definitions(now: Silence | None, words: Translator) -> list[dict[str, str]]:
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
    if now is not None and now.templated:
        told.append(
            (
                _("Saved replies"),
                _("%(count)s of the answers were saved replies sent unedited; the policy counts them as answers.")
                % {"count": format_number(now.templated, words.language)},
            )
        )
    return [{"term": term, "text": text} for term, text in told]


def _response(rating: Rating, asked: tuple[int, int], words: Translator) -> str:
    told = ["n " + format_number(rating.n, words.language)]
    sent, answered = asked
    if sent:
        told.append(
            words.gettext("%(share)s of those asked answered")
            % {"share": format_share(answered / sent, words.language)}
        )
    return ", ".join(told)
