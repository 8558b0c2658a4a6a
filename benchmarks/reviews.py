"""Reviews: a ministry's pack of 200 cases, from the cases in the database to the PDF, and its page.

Forty cases under each of five headings, in three scripts, with a sample of thirty closed ones. The first pack of a
process reads the fonts of the machine, which the others find again; both are measured.
"""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from uuid import UUID

from sqlmodel import Session, select

from benchmarks import site
from benchmarks.figures import Figure, figure, folder, told
from benchmarks.process import in_process
from channels.values import Channel
from core.ids import new_id, new_reference
from core.settings import settings
from domain.case import Case
from domain.catalogue import catalogue
from domain.clock import Clock
from domain.closing import Appeal, AppealOutcome
from domain.office import Office
from domain.states import CaseState, ClockKind, Outcome, Tier
from reports.weeks import bounds, monday_of
from reviews import printing
from reviews.gathering import LISTED, gather
from reviews.layout import blocks
from reviews.snapshot import Body, dump, load

WANTED = 200
"""Cases of the pack."""
SECONDS = 5.0
CHECKS = 30
TEXTS = (
    ("en", "There has been no water in our street since Monday and nobody answers the telephone. {n} houses wait."),
    ("bn", "আমাদের এলাকায় তিন দিন ধরে পানি নেই, ফোন করলে কেউ ধরে না। {n} টি বাড়ি অপেক্ষা করছে।"),
    ("ru", "Уже третий день нет воды, на звонки никто не отвечает. Ждут {n} домов, и никто не говорит почему."),
    ("sq", "Prej tri ditësh nuk kemi ujë dhe askush nuk përgjigjet në telefon. Presin {n} shtëpi në këtë rrugë."),
)


def run(quick: bool = False) -> list[Figure]:
    """Measure on a scratch database, in this process; `quick` takes each but once."""
    times = 1 if quick else 5
    with folder() as where, site.scratch(where) as installed:
        installed.prepare(model=False)
        with in_process(installed) as home:
            now = datetime.now(UTC)
            week = monday_of(now, settings().zone) - timedelta(weeks=1)
            with home.write() as session:
                top = _top(session)
                _seed(session, top, bounds(week, settings().zone)[0])
            with home.read() as session:
                known, today = catalogue(session), now.astimezone(settings().zone).date()
                spent: dict[str, list[float]] = {"gathered": [], "page": [], "paper": [], "whole": []}
                for _ in range(times + 1):
                    began = time.perf_counter()
                    body = gather(session, top, week, 7, CHECKS, now)
                    gathered = time.perf_counter()
                    kept: Body = load(dump(body))
                    blocks(known, kept, today)
                    laid = time.perf_counter()
                    data = printing.pack(known, kept, today)
                    done = time.perf_counter()
                    for name, value in (
                        ("gathered", gathered - began), ("page", laid - gathered), ("paper", done - laid),
                        ("whole", done - began),
                    ):  # fmt: skip
                        spent[name].append(value)
    told.print(f"{len(body.cases)} cases, {len(data) / 1000:,.0f} kB", style="dim")
    if len(body.cases) < WANTED:
        raise site.Unusable(f"The pack has {len(body.cases)} cases, not {WANTED}.")
    later = {name: sorted(values[1:])[len(values[1:]) // 2] for name, values in spent.items()}
    return [
        figure(
            f"reviews: pack of {WANTED} cases as PDF, first of a process", spent["whole"][0], SECONDS, "s", most=1.0
        ),
        figure(f"reviews: pack of {WANTED} cases as PDF", later["whole"], SECONDS, "s", most=1.0),
        figure("reviews: of that gathered", 1000 * later["gathered"], 1000 * later["whole"], "ms"),
        figure("reviews: of that laid out", 1000 * later["page"], 1000 * later["whole"], "ms"),
        figure("reviews: of that set on paper", 1000 * later["paper"], 1000 * later["whole"], "ms"),
    ]


def _top(session: Session) -> UUID:
    """The office that has the most below it."""
    known = catalogue(session)
    national = session.exec(select(Office).where(Office.tier == Tier.national)).all()
    return max(national, key=lambda office: (len(known.subtree(office.id)), office.code)).id


def _seed(session: Session, top: UUID, since: datetime) -> None:
    """Cases for five headings, some more of each than a pack lists, spread over the offices below."""
    offices = sorted(catalogue(session).subtree(top))
    numbers = count()
    groups = {
        name: list(_cases(offices, numbers, since))
        for name in ("silent", "overdue", "new", "reopened", "right", "closed")
    }
    day, hour = timedelta(days=1), timedelta(hours=1)
    for one in groups["silent"]:
        one.received_at, one.first_response_at, one.state = since - 60 * day, None, CaseState.open
    for name in ("overdue", "reopened", "right"):
        for one in groups[name]:
            one.received_at, one.first_response_at = since - 20 * day, since - 19 * day
    for one in groups["reopened"]:
        one.reopened_at = since + 2 * day
    for one in groups["right"]:
        one.appealed_at = since - day
    for one in groups["closed"]:
        one.received_at, one.first_response_at = since - 9 * day, since - 8 * day
        one.state, one.closed_at, one.outcome = CaseState.closed, since + day, Outcome.answered
    session.add_all(one for cases in groups.values() for one in cases)
    session.flush()
    session.add_all(
        Clock(
            id=new_id(), case_id=one.id, kind=ClockKind.resolution, entry=1, office_id=one.office_id,
            started_at=one.received_at, target_seconds=3600, deadline_at=one.received_at + hour,
        )
        for one in groups["overdue"]
    )  # fmt: skip
    session.add_all(
        Appeal(
            case_id=one.id, entry=1, from_office_id=one.office_id, office_id=top, text="No", lodged_at=since - day,
            outcome=AppealOutcome.allowed, decided_at=since + day,
        )
        for one in groups["right"]
    )  # fmt: skip


def _cases(offices: list[UUID], numbers: "count[int]", since: datetime) -> Iterator[Case]:
    for _ in range(LISTED + 5):
        number = next(numbers)
        language, text = TEXTS[number % len(TEXTS)]
        at = since + timedelta(hours=number % 120)
        yield Case(
            reference=new_reference(), state=CaseState.answered, channel=Channel.sms, language=language,
            text=text.format(n=number), office_id=offices[number % len(offices)], routing_method="place",
            routing_reason="The place named in the message.", received_at=at, opened_at=at,
            first_response_at=at + timedelta(minutes=30), updated_at=at,
        )  # fmt: skip
