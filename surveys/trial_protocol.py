"""The protocol of a trial: what was registered, as a text that anyone can read and compare with what was done."""

from core.i18n import language_name
from core.settings import settings
from domain.catalogue import Catalogue, name_of
from domain.trial import Moment, Outcome, Trial
from surveys.trial_arms import Arm, arms_of, pledge

MEASURES = {
    Outcome.response: "share of those asked who answer",
    Outcome.rating: "mean rating, of those who rate",
    Outcome.satisfied: "share of 4 and 5, of those who rate",
    Outcome.money: "share of those asked who report that money was asked",
    Outcome.solved: "share of those asked who say that it is solved",
    Outcome.renewed: "share of those told who come again",
}
MOMENTS = {
    Moment.survey: "the first question of a survey",
    Moment.survey_reminder: "the reminder of a survey",
    Moment.solved: "the question whether a closed case is solved",
    Moment.expiring: "the reminder that something expires",
}


def protocol(known: Catalogue, trial: Trial, by: str) -> str:
    """The whole plan in plain lines."""
    arms = arms_of(trial)
    lines = [
        trial.title,
        "",
        f"Registered {_at(trial, 'registered_at')} by {by}, before its start ({_at(trial, 'starts_at')}).",
        f"Number {trial.id}.",
        "",
        f"What is expected: {trial.hypothesis}",
        f"What is varied: {MOMENTS[Moment(trial.moment)]}.",
        f"What is measured: {MEASURES[Outcome(trial.outcome)]}, within {trial.days} days.",
        *[f"Beside it, without a verdict: {MEASURES[Outcome(one)]}." for one in trial.secondary],
        f"Who: {people(known, trial)}",
        "Each citizen counts once, in the arm they were assigned to, whatever became of the message.",
        "",
        f"Smallest difference worth finding: {_difference(trial)}.",
        f"Found with a chance of {trial.power:.0%}, at a level of {trial.alpha:.1%} (two-sided"
        + (", Holm's p for several arms)." if len(arms) > 2 else ")."),
        f"Planned: {trial.planned:,} citizens, {trial.planned // len(arms):,} in each of {len(arms)} arms.",
        _looks(trial),
        "It ends at once where an arm makes more citizens opt out by three standard errors.",
        "The lot: permuted blocks from a seed, apart for tier of office and language.",
        f"SHA-256 of the seed: {pledge(trial.seed)}",
    ]
    for number, arm in enumerate(arms):
        lines += ["", f"Arm {number + 1}: {arm.name}" + (" (control)" if not number else ""), *_varied(arm)]
    return "\n".join(lines) + "\n"


def people(known: Catalogue, trial: Trial) -> str:
    """The population in words."""

    def named(kind: str) -> set[str]:
        return set(trial.population.get(kind) or ())

    services = sorted(name_of(one, "en") for one in known.services.values() if str(one.id) in named("services"))
    offices = sorted(name_of(one, "en") for one in known.offices.values() if str(one.id) in named("offices"))
    spoken = sorted(language_name(one) for one in named("languages"))
    return "; ".join(
        (
            ", ".join(services) or "every service",
            f"{', '.join(offices)} and all below" if offices else "every office",
            ", ".join(spoken) or "every language",
            ", ".join(sorted(named("channels"))) or "every channel",
        )
    )


def _varied(arm: Arm) -> list[str]:
    lines = []
    if arm.hour is not None:
        lines.append(f"  leaves at {arm.hour:02}:00 where the citizen is")
    if arm.delay:
        lines.append(f"  leaves {arm.delay} hours later than usual")
    if arm.channel is not None:
        lines.append(f"  goes by {arm.channel}")
    if arm.sender:
        lines.append(f"  leaves from {arm.sender}")
    for language, text in arm.words.items():
        lines += [f"  {language_name(language)}:", *(f"    {line}" for line in text.splitlines())]
    return lines or ["  everything as it was when the trial was registered"]


def _difference(trial: Trial) -> str:
    if trial.outcome == Outcome.rating:
        return f"{trial.effect:g} of a rating from {trial.base:.2f} (standard deviation {trial.spread or 0:.2f})"
    return f"{trial.effect * 100:g} of 100 from {trial.base * 100:.1f} of 100"


def _looks(trial: Trial) -> str:
    if trial.looks == 1:
        return "The result is worked out once, when all have been waited for; nothing is known before."
    return (
        f"The result is looked at {trial.looks} times at equal steps, with bounds after O'Brien and Fleming"
        " (spent as by Lan and DeMets); beyond a bound it ends. Nothing is known between."
    )


def _at(trial: Trial, name: str) -> str:
    return f"{getattr(trial, name).astimezone(settings().zone):%Y-%m-%d %H:%M %Z}"
