"""Loading the sample government with its history into an empty installation, in one transaction."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from cases import anchors, kept
from cli.sample import expiry, history, made_up, minutes, published, replies, trials
from cli.sample import government as files
from cli.sample.constants import PASSWORD, is_empty
from cli.sample.rows import Rows
from core.database import database
from core.errors import Conflict
from core.ids import new_id
from core.passwords import hash_password
from domain import catalogue
from domain.office import Office
from domain.policy import Calendar, Policy
from domain.service import Area, Jurisdiction, Service
from domain.staff import Staff, StaffRole, email_index
from domain.states import OfficeFunction, Role, Tier

_TELLS = {"parent": "parent_office"}

Progress = Callable[[str, float], None]


@dataclass(frozen=True, slots=True)
class Loaded:
    """What was written, in rows by table."""

    counts: dict[str, int]


def load(seed: int, now: datetime, progress: Progress = lambda what, share: None) -> Loaded:
    """Write the sample government and three months of history that end at `now`.

    `progress` is told what is being done and the share that is done. Raises Conflict where there are offices already.
    """
    given = files.load()
    progress("Offices, services and staff", 0.0)
    rows = Rows()
    put_government(rows, given)
    with database().write() as session:
        if not is_empty(session):
            raise Conflict("There is a government in this database already.", mend="Load the sample into an empty one.")
        history.write(rows, known_of(rows), seed, now, progress)
        replies.write(rows, now)
        progress("Writing to the database", 0.9)
        rows.write(session)
        trials.judge(session)
        catalogue.touch(session)
    progress("What searches find", 0.95)
    kept.rebuild(database())
    anchors.make_due(now)
    catalogue.forget()
    progress("Signs of cheating are looked for", 0.97)
    made_up.look(now)
    with database().write() as session:
        made_up.judge(session, now)
        minutes.write(session, now)
    progress("Months are published", 0.98)
    published.publish(database(), now)
    progress("Done", 1.0)
    return Loaded(rows.counts())


def known_of(rows: Rows) -> catalogue.Catalogue:
    """The catalogue that the gathered rows will be."""
    return catalogue.Catalogue(
        0,
        {row.id: row for row in rows.of(Office)},
        {row.id: row for row in rows.of(Service)},
        tuple(rows.of(Jurisdiction)),
        tuple(rows.of(Policy)),
        {row.id: row for row in rows.of(Calendar)},
        {row.id: catalogue.outline(row) for row in rows.of(Area)},
    )


def put_government(rows: Rows, given: files.Government) -> None:
    """The rows of a government that was read from its files."""
    calendar = rows.add(
        Calendar,
        id=new_id(),
        name=given.calendar.name,
        time_zone=given.time_zone,
        week={day: [list(span) for span in spans] for day, spans in given.calendar.week.items()},
        days={f"{holiday.month:02}-{holiday.day:02}": [] for holiday in given.calendar.holidays},
        country=given.calendar.country,
        notes={
            f"{holiday.month:02}-{holiday.day:02}": {"name": holiday.names["en"]} for holiday in given.calendar.holidays
        },
    )
    rows.add(
        Policy,
        id=new_id(),
        name=given.policy.name,
        targets=dict(given.policy.targets),
        ladder=[
            {"share": rung.share, "tell": _TELLS.get(rung.tell, rung.tell)}
            | ({"citizen": True} if rung.citizen else {})
            for rung in given.policy.ladder
        ],
        pause_days=given.policy.pause_days,
    )
    ids = {office.code: new_id() for office in given.offices}
    waiting = list(given.offices)
    while waiting:  # parents first, as the foreign key wants them
        ready = [
            office for office in waiting if office.parent is None or office.parent not in {o.code for o in waiting}
        ]
        for office in ready:
            rows.add(
                Office,
                id=ids[office.code],
                code=office.code,
                names=dict(office.names),
                tier=Tier(office.tier),
                function=OfficeFunction(office.function),
                parent_id=ids[office.parent] if office.parent else None,
                calendar_id=calendar.id if office.parent is None else None,
                places=["/".join(place) for place in office.places],
            )
        waiting = [office for office in waiting if office not in ready]
    services = {service.code: new_id() for service in given.services}
    for service in given.services:
        rows.add(
            Service,
            id=services[service.code],
            code=service.code,
            names=dict(service.names),
            group=service.group,
            keywords=[word for words in service.keywords.values() for word in words],
            reminders=expiry.REMINDERS.get(service.code, []),
            next_steps=expiry.next_steps(service.code),
        )
    areas = {area.code: new_id() for area in given.areas}
    for area in given.areas:
        rows.add(Area, id=areas[area.code], code=area.code, names=dict(area.names), geometry=area.geometry)
    for line in given.jurisdictions:
        rows.add(
            Jurisdiction,
            id=new_id(),
            service_id=services[line.service] if line.service else None,
            group=line.group,
            places=[line.place] if line.place else [],
            area_id=areas[line.area] if line.area else None,
            within_id=ids[line.within] if line.within else None,
            office_id=ids[line.office],
        )
    _put_staff(rows, given, ids)


def _put_staff(rows: Rows, given: files.Government, ids: dict[str, UUID]) -> None:
    shared = hash_password(PASSWORD)
    for member in given.staff:
        person = rows.add(
            Staff,
            id=new_id(),
            name=member.name,
            email=member.email,
            email_index=email_index(member.email),
            password_hash=shared,
            language=member.language,
        )
        rows.add(StaffRole, id=new_id(), staff_id=person.id, office_id=ids[member.office], role=Role(member.role))
