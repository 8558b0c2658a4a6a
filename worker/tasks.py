"""Thin tasks: each claims batches until nothing is due. A task carries no data, so losing one loses nothing."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime

from celery import Celery

import domain.tables  # noqa: F401  (so that a process that writes one table knows those it refers to)
import escalation.recount
import escalation.sweep
import reviews.climbing
import reviews.packs
import surveys.counts
import surveys.flags
import surveys.sweep
import surveys.trial_results
from cases import (
    anchors,
    bulk_work,
    covering,
    holding,
    intake,
    lapses,
    media,
    outcomes,
    proposals,
    raised,
    relaying,
    solved,
    staff_links,
    surges,
    training,
    trials,
)
from core import doorbell
from core.database import database
from core.logs import logger
from core.settings import settings
from escalation import terms
from nlp import classifier
from notifications import deliver, staff_deliver, staff_reconcile
from notifications.senders import senders
from reports import mailing, refresh
from reports.exports import making
from reports.public import publishing
from surveys import lookups, reminders, upload_folder, upload_work, uploads

ROUNDS = 200
"""Batches one task works off before it lets others have a turn."""

KEEP_ON = 20.0
"""Seconds in which a worker that sends claims more as room comes."""

TIDY = "tidy"
TIDY_SECONDS = 3600.0
SURGES = "surges"
SURGE_SECONDS = 60.0
DESKS = "desks"
DESKS_SECONDS = 900.0
SOLVED = "solved"
EXPIRING, EXPIRING_SECONDS = "expiring", 900.0
SOLVED_SECONDS = 60.0
ASKED = "asked"
ASKED_SECONDS = 60.0
TRAINING_SECONDS = 60.0
TRIALS = "trials"
TRIALS_SECONDS = 300.0
ANCHORS = "anchors"
ANCHORS_SECONDS = 600.0
ACTIONS = "actions"
ACTIONS_SECONDS = 300.0
SIGNS = "signs"
SIGNS_SECONDS = 600.0
PACKS, PLANS = "packs", "packs_planned"
PACKS_SECONDS, PLANS_SECONDS = 60.0, 3600.0
OPEN = "open"
OPEN_SECONDS = 600.0
FIGURES = "figures"
MAILS = "dashboards"
MAILS_SECONDS = 60.0

log = logger("worker")
_fetching = threading.Lock()
_teaching = threading.Lock()
_taking = threading.Lock()
_exporting = threading.Lock()


def process_inbox() -> int:
    """Turn arrived messages into what they mean."""
    return _drain(lambda: intake.process_due(datetime.now(UTC)))


def deliver_outbox() -> int:
    """Send what waits."""
    send = senders().send
    return _drain(
        lambda: deliver.deliver_due(datetime.now(UTC), send=send, on_result=outcomes.on_result, keep_on=KEEP_ON)
    )


def reconcile_outbox() -> int:
    """Ask the providers about sends that were cut off."""
    return deliver.reconcile_due(datetime.now(UTC), find_sent=senders().find_sent, on_result=outcomes.on_result)


def climb_ladders() -> int:
    """Tell who must be told of clocks that run out."""
    return _drain(lambda: escalation.sweep.sweep(datetime.now(UTC), on_raised=raised.tell_citizen))


def climb_actions() -> int:
    """Tell of actions of the reviews that are past their day."""
    return _drain(lambda: reviews.climbing.sweep(datetime.now(UTC)))


def send_surveys() -> int:
    """Find the citizens of new transactions, invite those whose survey is due, and look at the trials that are due."""
    surveys.trial_results.tend_due(datetime.now(UTC))
    found = _drain(lambda: lookups.work_off(datetime.now(UTC)))
    return found + _drain(lambda: surveys.sweep.sweep(datetime.now(UTC)))


def take_files() -> int:
    """Take files of transactions, one at a time in a process: a long one must not take every thread."""
    if not _taking.acquire(blocking=False):
        return 0
    try:
        upload_folder.watch(datetime.now(UTC))
        return _drain(lambda: upload_work.work_off(lambda: datetime.now(UTC)))
    finally:
        _taking.release()


def remind() -> int:
    """Find out what expires, and tell whom it belongs to."""
    planned = _drain(lambda: reminders.plan(datetime.now(UTC)))
    return planned + _drain(lambda: reminders.sweep(datetime.now(UTC)))


def count_asked() -> int:
    """Count what was asked and answered today and yesterday. One look: there is nothing to drain."""
    return surveys.counts.count(datetime.now(UTC))


def fetch_media() -> int:
    """Get the files that providers keep for us, one task at a time: a slow provider must not take every thread."""
    if not _fetching.acquire(blocking=False):
        return 0
    try:
        return _drain(lambda: media.fetch_due(datetime.now(UTC), senders().fetch))
    finally:
        _fetching.release()


def tidy_files() -> int:
    """Forget uploads that were never sent, files nobody knows, exports whose days are over, and lines of transactions
    nobody mended."""
    now = datetime.now(UTC)
    with database().write() as session:
        uploads.tidy(session, now)
    making.tidy(now)
    return media.tidy(now)


def train_models() -> int:
    """Teach the classifier what is asked for, try its candidates, and ask for what a week has brought; one at a time
    in a process."""
    if not _teaching.acquire(blocking=False):
        return 0
    try:
        model = classifier.current(settings().models_dir)
        training.ask_weekly(datetime.now(UTC), datetime.fromisoformat(model.card["trained_at"]) if model else None)
        return _drain(lambda: training.train_due(datetime.now(UTC)) + trials.look_due(datetime.now(UTC)))
    finally:
        _teaching.release()


def end_conversations() -> int:
    """Wait no longer for answers that did not come; what was kept becomes a case."""
    return _drain(lambda: holding.sweep(datetime.now(UTC)))


def end_offers() -> int:
    """Give to triage what was offered to an office that does not answer."""
    return _drain(lambda: lapses.sweep(datetime.now(UTC)))


def tell_crowds() -> int:
    """Let what happened to a lead happen to each of its members."""
    return _drain(lambda: relaying.relay_due(datetime.now(UTC)))


def ask_whether_solved() -> int:
    """Ask the citizens of closed cases whether they are solved, and end what nobody answered."""
    return _drain(lambda: solved.sweep(datetime.now(UTC)))


def compare_cases() -> int:
    """Find out which new cases are about what others reported already."""
    return _drain(lambda: proposals.compare_due(datetime.now(UTC)))


def act_on_many() -> int:
    """Do to many cases what somebody asked for."""
    return _drain(lambda: bulk_work.run_due(datetime.now(UTC)))


def look_for_surges() -> int:
    """Find offices and services where far more comes in than usual. One look: there is nothing to drain."""
    return surges.sweep(datetime.now(UTC))


def count_anew() -> int:
    """Count cases anew whose calendar or policy was corrected."""
    return _drain(lambda: escalation.recount.correct_due(datetime.now(UTC)))


def clear_desks() -> int:
    """Give to others what those who are away cannot answer in time, and all of those who left."""
    return _drain(lambda: covering.sweep(datetime.now(UTC)))


def anchor_days() -> int:
    """Work out the digest of the last day that is over. One a day: there is nothing to drain."""
    return anchors.make_due(datetime.now(UTC))


def look_for_signs() -> int:
    """Look for signs of cheating, and close months of the money question. One look a day: nothing to drain."""
    return surveys.flags.look_due(datetime.now(UTC))


def plan_packs() -> int:
    """Write down which packs of the weekly review are to be made, and when. One look: there is nothing to drain."""
    return reviews.packs.plan(datetime.now(UTC))


def make_packs() -> int:
    """Make the packs of the weekly review whose hour has come."""
    return _drain(lambda: reviews.packs.make_due(datetime.now(UTC)))


def tend_publications() -> int:
    """Count months that are over for the public, and let out what was approved. One look: there is nothing to drain."""
    return publishing.tend(database(), datetime.now(UTC))


def refresh_figures() -> int:
    """Bring the tables of figures in line with the cases that changed."""
    return _drain(lambda: refresh.work_off(datetime.now(UTC)))


def mail_dashboards() -> int:
    """Write the mails of dashboards whose Monday has come."""
    return _drain(lambda: mailing.sweep(datetime.now(UTC)))


def tend_trials() -> int:
    """Look at the trials that are due for it, and end those that did harm. One look: there is nothing to drain."""
    return surveys.trial_results.tend_due(datetime.now(UTC))


def reach_staff() -> int:
    """Tell staff outside the program what is due, after finding out about what was cut off."""
    now, found = datetime.now(UTC), senders()
    staff_reconcile.reconcile_due(now, find_sent=found.find_sent)
    return _drain(lambda: staff_deliver.deliver_due(datetime.now(UTC), send=found.send, calendars=terms.calendar_of))


def mail_links() -> int:
    """Mail staff the links by which they choose a password."""
    return _drain(lambda: staff_links.mail_due(datetime.now(UTC), senders().send))


def make_exports() -> int:
    """Make the exports that were asked for, and those whose hour has come, one at a time in a process: a long one must
    not take every thread."""
    if not _exporting.acquire(blocking=False):
        return 0
    try:
        making.plan_due(datetime.now(UTC))
        return _drain(lambda: making.make_due(lambda: datetime.now(UTC)))
    finally:
        _exporting.release()


TASKS: dict[str, Callable[[], int]] = {
    doorbell.INBOX: process_inbox,
    doorbell.OUTBOX: deliver_outbox,
    "reconcile": reconcile_outbox,
    doorbell.RUNGS: climb_ladders,
    doorbell.SURVEYS: send_surveys,
    doorbell.FILES: take_files,
    EXPIRING: remind,
    ASKED: count_asked,
    "conversations": end_conversations,
    "offers": end_offers,
    DESKS: clear_desks,
    doorbell.MEDIA: fetch_media,
    doorbell.TRAINING: train_models,
    doorbell.CROWDS: tell_crowds,
    "likeness": compare_cases,
    doorbell.LINKS: mail_links,
    doorbell.STAFF: reach_staff,
    doorbell.CORRECTIONS: count_anew,
    doorbell.BULK: act_on_many,
    SOLVED: ask_whether_solved,
    SURGES: look_for_surges,
    ANCHORS: anchor_days,
    SIGNS: look_for_signs,
    OPEN: tend_publications,
    ACTIONS: climb_actions,
    FIGURES: refresh_figures,
    MAILS: mail_dashboards,
    TRIALS: tend_trials,
    PLANS: plan_packs,
    PACKS: make_packs,
    doorbell.EXPORTS: make_exports,
    TIDY: tidy_files,
}
EVERY = {
    ANCHORS: ANCHORS_SECONDS,
    SIGNS: SIGNS_SECONDS,
    OPEN: OPEN_SECONDS,
    ACTIONS: ACTIONS_SECONDS,
    MAILS: MAILS_SECONDS,
    TRIALS: TRIALS_SECONDS,
    PLANS: PLANS_SECONDS,
    PACKS: PACKS_SECONDS,
    DESKS: DESKS_SECONDS,
    SURGES: SURGE_SECONDS,
    TIDY: TIDY_SECONDS,
    SOLVED: SOLVED_SECONDS,
    EXPIRING: EXPIRING_SECONDS,
    ASKED: ASKED_SECONDS,
    doorbell.TRAINING: TRAINING_SECONDS,
}
"""Seconds between sweeps of what is in no hurry."""


def _drain(step: Callable[[], int]) -> int:
    done = 0
    for _ in range(ROUNDS):
        worked = step()
        done += worked
        if not worked:
            break
    return done


def install(app: Celery) -> None:
    """Register the tasks and their schedule; the sweep finds what no doorbell rang for."""
    seconds, own = settings().sweep_seconds, {FIGURES: settings().figures_seconds}
    unhurried = ("reconcile", doorbell.RUNGS, "offers", doorbell.STAFF)
    schedule = {}
    for kind, work in TASKS.items():
        app.task(work, name=f"ombud.{kind}")
        every = own.get(kind) or EVERY.get(kind, seconds * 6 if kind in unhurried else seconds)
        schedule[kind] = {"task": f"ombud.{kind}", "schedule": every, "options": {"expires": every * 2}}
    app.conf.beat_schedule = schedule
