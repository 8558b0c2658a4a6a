"""The registry: every KPI there is, as a value. docs/kpis.md is written from it, pages and programs read it."""

import difflib
from collections.abc import Mapping

from core.errors import NotFound
from core.texts import clean
from domain.states import Role
from reports.registry import measures, said
from reports.registry.reading import Reading
from reports.registry.values import Better, Dimension, Group, Kpi, Unit

LEAST, SURE = 10, 30
"""Under ten of what it stands on no share, mean or quantile is shown; under thirty none is compared with others."""
D = Dimension
_PLACES = frozenset({D.office, D.branch, D.tier})
_TIMES = frozenset({D.week, D.month})
_CASE = _PLACES | _TIMES | {D.service, D.channel, D.language, D.kind}
_STANDING = _CASE - _TIMES
"""Of what stands now there is no past by weeks."""
_PERSONAL = frozenset({D.officer})
_ANSWERED = _PLACES | _TIMES | {D.service, D.channel}
_WATCH = frozenset({Role.leadership, Role.auditor, Role.integrity})

_SILENCE = "Cases and the first delivered human answer (case.received_at, case.first_response_at)"
_CLOCKS = "Cases and their clocks (clock.deadline_at)"

KPIS: tuple[Kpi, ...] = (
    Kpi(
        "received", "Cases received", Group.silence,
        "Matters that citizens raised, by the office that is accountable for them now.",
        "Count of cases by the time of receipt; parts of a case and visits of our own are none",
        "Cases (case.received_at)", "cases received",
        Unit.number, Better.neither, measures.number("received"), _CASE | _PERSONAL, counts="received",
    ),
    Kpi(
        "silence_median", "Median silence", Group.silence,
        "Half of all citizens who wrote in this time got a human answer within it. Whoever still waits counts as"
        " waiting longer than so far. Nights and weekends count, as they did for the citizen.",
        "Smallest t with S(t) ≤ 0.5; S is the Kaplan–Meier estimate over elapsed time, silent cases censored",
        _SILENCE, "cases received",
        Unit.seconds, Better.low, measures.median(Reading.waits), _CASE | _PERSONAL,
        least=LEAST, sure=SURE, rank_by="silence_mean", counts="received",
    ),
    Kpi(
        "silence_p90", "One in ten waits longer", Group.silence,
        "Nine of ten citizens who wrote in this time got a human answer within it.",
        "Smallest t with S(t) ≤ 0.1, of the same curve",
        _SILENCE, "cases received",
        Unit.seconds, Better.low, measures.p90(Reading.waits), _CASE | _PERSONAL,
        least=LEAST, sure=SURE, rank_by="silence_mean", counts="received",
    ),
    Kpi(
        "silence_mean", "Mean silence", Group.silence,
        "What citizens waited in the mean, at most 30 days of each counted. All who still wait are in it, so it is what"
        " offices are put in order by: who answers only the easy half has the other half in its mean.",
        "Area under the same curve up to 30 days, or to what could be seen of the first case where that is less",
        _SILENCE, "cases received",
        Unit.seconds, Better.low, measures.mean(Reading.waits), _CASE | _PERSONAL,
        least=LEAST, sure=SURE, counts="received",
    ),
    Kpi(
        "answered_in_target", "Answered within target", Group.silence,
        "Of the cases whose target for a first answer has passed, those that had a human answer by then. Cases that"
        " are not due yet are left out, answered or not, since of these only the quick ones would count.",
        "Cases answered by their deadline ÷ cases whose deadline has passed",
        _CLOCKS, "cases whose target has passed",
        Unit.share, Better.high, measures.share("received", "in_target", "due"), _CASE | _PERSONAL,
        least=LEAST, sure=SURE, counts="due", of_these="in_target",
    ),
    Kpi(
        "silent_now", "Silent now", Group.silence,
        "Citizens without a human answer at this moment, however long ago they wrote and whatever the state of"
        " the case.",
        "Count of cases without a delivered human answer that were not taken back",
        _SILENCE, "cases silent now",
        Unit.number, Better.low, measures.silent_now, _STANDING | _PERSONAL, counts="silent",
    ),
    Kpi(
        "past_target", "Past their target", Group.silence,
        "Those silent now whose target for a first answer has passed.",
        "Count of silent cases whose deadline has passed",
        _CLOCKS, "cases past their target",
        Unit.number, Better.low, measures.past_target, _STANDING | _PERSONAL, counts="past_target",
    ),
    Kpi(
        "longest_silence", "Longest silence", Group.silence,
        "How long the citizen who has waited longest for a human answer has waited by now.",
        "Now − the earliest receipt of a case that is silent now",
        _SILENCE, "cases silent now",
        Unit.seconds, Better.low, measures.longest, _STANDING, counts="silent",
    ),
    Kpi(
        "resolution_median", "Median time to resolution", Group.resolution,
        "Half of all cases received in this time were closed within it and stayed closed. Open cases count as open"
        " longer than so far; what its citizen took back counts until then.",
        "Smallest t with S(t) ≤ 0.5, Kaplan–Meier from receipt to closing, open cases censored",
        "Cases (case.received_at, case.closed_at)", "cases received",
        Unit.seconds, Better.low, measures.median(Reading.resolutions), _CASE | _PERSONAL,
        least=LEAST, sure=SURE, rank_by="resolution_mean", counts="received",
    ),
    Kpi(
        "resolution_mean", "Mean time to resolution", Group.resolution,
        "The mean of the same times, at most 30 days of each counted.",
        "Area under that curve up to 30 days, or to what could be seen of the first case where that is less",
        "Cases (case.received_at, case.closed_at)", "cases received",
        Unit.seconds, Better.low, measures.mean(Reading.resolutions), _CASE | _PERSONAL,
        least=LEAST, sure=SURE, counts="received",
    ),
    Kpi(
        "resolved", "Resolved so far", Group.resolution,
        "Of the cases received in this time, those that are closed now. A recent time has fewer of them; compare"
        " it with"
        " others of the same age only.",
        "Closed cases ÷ cases received, those taken back in neither",
        "Cases (case.closed_at, case.outcome)", "cases received and not taken back",
        Unit.share, Better.high, measures.share("received", "resolved", "wanted"), _CASE | _PERSONAL,
        least=LEAST, sure=SURE, counts="wanted", of_these="resolved",
    ),
    Kpi(
        "resolved_in_target", "Resolved within target", Group.resolution,
        "Of the cases whose target for a resolution has passed, those that were closed by then.",
        "Cases without a resolution clock that is missed or overdue ÷ cases with one that has run out",
        _CLOCKS, "cases whose target has passed",
        Unit.share, Better.high, measures.share("received", "resolved_in_target", "resolution_due"),
        _CASE | _PERSONAL,
        least=LEAST, sure=SURE, counts="resolution_due", of_these="resolved_in_target",
    ),
    Kpi(
        "solved", "Solved, citizens say", Group.resolution,
        "Of the citizens who said whether their closed case is solved, those who said yes. Silence is no yes.",
        "Yes ÷ (yes + no), by the office that closed",
        "What citizens say to “is it solved?” (solved_question)", "closings of which the citizen said either",
        Unit.share, Better.high, measures.share("closings", "solved", "told"), _CASE | _PERSONAL,
        least=LEAST, sure=SURE, counts="told", of_these="solved",
    ),
    Kpi(
        "reopened", "Opened again", Group.resolution,
        "Of the closings of this time, those after which the case was opened again, by the office that closed.",
        "Closings followed by a reopening ÷ closings",
        "Closings (solved_question) and timelines", "closings",
        Unit.share, Better.low, measures.share("closings", "reopened"), _CASE | _PERSONAL,
        least=LEAST, sure=SURE, counts="closings", of_these="reopened",
    ),
    Kpi(
        "appealed", "Appealed", Group.resolution,
        "Of the closings of this time, those that their citizen took to the office above.",
        "Closings followed by an appeal ÷ closings, by the office that closed",
        "Closings (solved_question) and appeals", "closings",
        Unit.share, Better.low, measures.share("closings", "appealed"), _CASE | _PERSONAL,
        least=LEAST, sure=SURE, counts="closings", of_these="appealed",
    ),
    Kpi(
        "appeals_upheld", "Appeals upheld", Group.resolution,
        "Of the appeals decided in this time, those in which the citizen was right, at least in part. It counts for the"
        " office whose decision it was.",
        "Appeals allowed in whole or part ÷ appeals decided",
        "Appeals (appeal.outcome, appeal.from_office_id)", "appeals decided",
        Unit.share, Better.low, measures.share("decisions", "upheld"), _CASE,
        least=LEAST, sure=SURE, counts="decisions", of_these="upheld",
    ),
    Kpi(
        "bounced", "Sent away and came back", Group.answers,
        "Of the cases an office offered to another, those the other refused or never took.",
        "Offers refused or not answered in time ÷ offers that ended, those taken back left out; by the office"
        " that made them",
        "Hand-overs on timelines", "offers that ended",
        Unit.share, Better.low, measures.share("offers", "bounced"), _CASE,
        least=LEAST, sure=SURE, counts="offers", of_these="bounced", page="/staff/handovers",
    ),
    Kpi(
        "turned_away", "Turned away", Group.answers,
        "Of the cases that others offered to an office, those it refused or never took. Some are right to refuse; an"
        " office that refuses many has a reason worth hearing.",
        "Offers refused or not answered in time ÷ offers that ended; by the office that got them",
        "Hand-overs on timelines", "offers that ended",
        Unit.share, Better.low, measures.share("offered", "turned_away"), _CASE,
        least=LEAST, sure=SURE, counts="offered", of_these="turned_away", page="/staff/handovers",
    ),
    Kpi(
        "answers", "Answers written", Group.answers,
        "Answers that staff wrote; one for a whole crowd is one.",
        "Count of answers by the office that gave them",
        "Answers given (given_answer)", "answers",
        Unit.number, Better.neither, measures.number("answers"), _CASE | _PERSONAL, counts="answers",
    ),
    Kpi(
        "templated", "Templated answers", Group.answers,
        "Of the answers written, those that say nothing of the matter, are a saved reply as it stands, or nearly"
        " a copy.",
        "Templated answers ÷ answers written",
        "Answers given (given_answer.templated)", "answers",
        Unit.share, Better.low, measures.share("answers", "templated"), _CASE | _PERSONAL,
        least=LEAST, sure=SURE, counts="answers", of_these="templated", page="/staff/figures/answers",
    ),
    Kpi(
        "content", "Content with the service", Group.said,
        "Share of those served who would rate the service 4 or 5 of 5, weighted for who answers.",
        "Weighted share of ratings of 4 and 5 (weights: Methods, “Weighting”)",
        "Answers to surveys (answer, invitation)", "ratings",
        Unit.share, Better.high, measures.content, _ANSWERED,
        least=LEAST, sure=SURE, page="/staff/satisfaction",
    ),
    Kpi(
        "rating", "Mean rating", Group.said,
        "What those served would rate the service in the mean, 1 to 5, from the same answers.",
        "Weighted mean of the ratings",
        "Answers to surveys (answer, invitation)", "ratings",
        Unit.rating, Better.high, measures.rating, _ANSWERED,
        least=LEAST, sure=SURE, page="/staff/satisfaction",
    ),
    Kpi(
        "response_rate", "Surveys answered", Group.said,
        "Whoever gave any answer, of all who were asked. Surveys that reached nobody stay in the count.",
        "Answered ÷ sent (AAPOR's response rate 2)",
        "Invitations to surveys (invitation)", "surveys sent",
        Unit.share, Better.high, said.responses, _ANSWERED,
        least=LEAST, sure=SURE, page="/staff/satisfaction",
    ),
    Kpi(
        "waiting_minutes", "Minutes waited at the office", Group.said,
        "Half of those who told waited so many minutes or less. The shipped survey asks those who complain of"
        " the wait.",
        "Weighted median of the answers, with Woodruff's interval",
        "Answers to surveys (question “minutes”)", "answers",
        Unit.minutes, Better.low, measures.told_median("minutes"), _ANSWERED,
        least=LEAST, sure=SURE, page="/staff/satisfaction",
    ),
    Kpi(
        "visits", "Visits it took", Group.said,
        "Half of those who told came so many times or fewer. The shipped survey asks those who complain of papers.",
        "Weighted median of the answers, with Woodruff's interval",
        "Answers to surveys (question “visits”)", "answers",
        Unit.visits, Better.low, measures.told_median("visits"), _ANSWERED,
        least=LEAST, sure=SURE, page="/staff/satisfaction",
    ),
    Kpi(
        "money_asked", "Asked for money", Group.trust,
        "Share of those who answered the question who said that extra money was asked for. Told by whole months"
        " and only"
        " where nothing can be worked out of fewer than k answers; the offices themselves do not see it.",
        "Yes ÷ (yes + no) of one calendar month, not weighted (Methods, “Money, told without telling who”)",
        "Months of the money question (money_month)", "answers of yes or no",
        Unit.share, Better.low, said.asked_for_money, frozenset({D.office, D.branch}),
        least=LEAST, sure=SURE, readers=_WATCH, by_keys=False, page="/staff/satisfaction#money",
    ),
    Kpi(
        "survey_signs", "Signs of cheating", Group.trust,
        "Signs that numbers or answers of surveys were made up and that stand: found as it seems, or looked at"
        " by nobody"
        " yet. A sign is a question; it changes no other figure.",
        "Count of signs of the weeks of this time, those explained left out",
        "Signs in the surveys (survey_flag)", "signs",
        Unit.number, Better.low, said.standing_signs, _PLACES,
        readers=_WATCH | {Role.head, Role.supervisor}, by_keys=False, page="/staff/numbers",
    ),
    Kpi(
        "cost_per_answer", "Cost of an answer", Group.costs,
        "What all messages about cases cost, over the human answers among them: acknowledgements, questions and"
        " news are"
        " the price of answering too. Only what providers charge, no wages.",
        "Σ segments × price (SMS), Σ messages × price (other channels) ÷ answers that left",
        "Messages that providers took (outbound_message)", "answers that left",
        Unit.money, Better.low, said.cost_of_answers, _CASE,
        least=LEAST, sure=SURE,
    ),
    Kpi(
        "cost_per_survey_answer", "Cost of a survey answered", Group.costs,
        "What all messages of the surveys sent in this time cost, over those that were answered.",
        "The same sum ÷ surveys answered",
        "Messages that providers took (outbound_message)", "surveys answered",
        Unit.money, Better.low, said.cost_of_survey_answers, _ANSWERED - _TIMES,
        least=LEAST, sure=SURE,
    ),
)  # fmt: skip

BY_NAME: Mapping[str, Kpi] = {one.name: one for one in KPIS}


def find(name: str) -> Kpi:
    """The KPI of that name. Raises NotFound, which names the one that was probably meant."""
    if (one := BY_NAME.get(name)) is not None:
        return one
    near = difflib.get_close_matches(name.casefold(), BY_NAME, n=1, cutoff=0.5)
    meant = f" Did you mean {near[0]}?" if near else ""
    raise NotFound(f"There is no KPI {clean(name, 60)}.{meant}", mend="GET /api/v1/kpis lists them all.")
