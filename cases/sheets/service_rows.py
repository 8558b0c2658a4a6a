"""Services as CSV lines, a line a service."""

from sqlmodel import Session, col, select

from cases import teaching
from cases.sheets.csvs import Line, by_language, yes
from cases.sheets.job import Job
from core.ids import new_id
from domain.service import Service

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

    job.complaints.each(job.lines, use)
    job.afterwards.append(lambda: _teach(job))


def _teach(job: Job) -> int:
    teaching.ask(job.session, "The catalogue of services was imported", job.now)
    return 0
