"""Services as CSV lines, a line a service."""

from sqlmodel import Session, col, select

from cases import teaching
from cases.service_catalogue import days_from
from cases.sheets.csvs import Line, Unusable, by_language, yes
from cases.sheets.job import Job
from core.ids import new_id
from core.settings import settings
from domain.service import Service
from surveys.reminders import WORDS

BETWEEN = " | "
"""Between the example sentences of a service, which may have semicolons."""


def rows(session: Session) -> list[dict[str, str]]:
    """Every service."""
    return [
        {
            "id": str(service.id),
            "code": service.code,
            "group": service.group,
            "active": yes(service.active),
            "keywords": ";".join(service.keywords),
            "examples": BETWEEN.join(service.examples),
            "shared": "" if service.shared is None else yes(service.shared),
            "reminders": ";".join(str(days) for days in sorted(service.reminders, reverse=True)),
            "next_steps": BETWEEN.join(
                f"{language}: {words}" for language, words in sorted(service.next_steps.items())
            ),
            **by_language(service.names),
        }
        for service in session.exec(select(Service).order_by(col(Service.code)))
    ]


def put(job: Job) -> None:
    """Add services, and change those of the same code; what changed is taught."""
    session = job.session
    known = {service.code: service for service in session.exec(select(Service))}

    def use(line: Line) -> None:
        code, names = line.needed("code", 64), line.names()
        service = known.get(code)
        if service is None:
            service = known[code] = Service(id=new_id(), code=code, names=names)
            session.add(service)
        service.names, service.group, service.active = names, line.text("group"), line.yes("active")
        service.keywords = line.parts("keywords")
        if "examples" in line.cells:  # a file from before examples leaves them as they are
            service.examples = line.parts("examples", BETWEEN.strip())
        if "shared" in line.cells:
            service.shared = line.yes("shared") if line.text("shared") else None
        if "reminders" in line.cells:
            service.reminders = _days(line)
        if "next_steps" in line.cells:
            service.next_steps = _steps(line)

    job.complaints.each(job.lines, use)
    job.afterwards.append(lambda: _teach(job))


def _days(line: Line) -> list[int]:
    faults: dict[str, str] = {}
    days = days_from(line.text("reminders"), faults)
    if faults:
        raise Unusable(f"reminders is {line.text('reminders')!r}; {faults['reminders']}")
    return days


def _steps(line: Line) -> dict[str, str]:
    """What to do next by language, from "en: Bring the old one. | sq: Sillni të vjetrin."."""
    found: dict[str, str] = {}
    for part in line.parts("next_steps", BETWEEN.strip()):
        language, colon, words = part.partition(":")
        if not colon or language.strip() not in settings().languages or len(words.strip()) > WORDS:
            raise Unusable(f"next_steps has {part[:40]!r}; it is written en: up to {WORDS} letters | sq: …")
        found[language.strip()] = words.strip()
    return found


def _teach(job: Job) -> int:
    teaching.ask(job.session, "The catalogue of services was imported", job.now)
    return 0
