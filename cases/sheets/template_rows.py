"""Saved replies as CSV lines: a line a reply, told apart by office, service and title; their words by language in the
columns words_en, words_sq …; an empty one takes nothing away.

Of several that are called the same, `number` is 2, 3 …. `state` is that of the newest version, and is not read. Other
words become a draft, which somebody else publishes on the page.
"""

from sqlmodel import Session, col, select

from cases import reply_editing, saved_replies
from cases.sheets.csvs import Line, Unusable
from cases.sheets.job import Job
from cases.staff_reach import Reach
from core.errors import BadInput
from core.ids import new_id
from core.settings import settings
from domain.answer import SavedReply, SavedReplyVersion
from domain.catalogue import Catalogue, catalogue

KEY = ("office", "service", "title", "number")
COLUMNS = (*KEY, "state")
WORDS = "words_"
LONGEST = 4_000
Key = tuple[str, ...]


def rows(session: Session, reach: Reach | None = None) -> list[dict[str, str]]:
    """Every saved reply in its newest version, of the offices an administrator reaches."""
    return [_row(key, newest) for key, (reply, newest) in _kept(session).items() if _theirs(reach, reply)]


def _theirs(reach: Reach | None, reply: SavedReply) -> bool:
    return reach is None or reply.office_id in reach.offices


def _kept(session: Session) -> dict[Key, tuple[SavedReply, SavedReplyVersion]]:
    """Replies with their newest versions by what tells them apart, oldest first."""
    known = catalogue(session)
    versions = select(SavedReply, SavedReplyVersion).join(
        SavedReplyVersion, col(SavedReplyVersion.reply_id) == col(SavedReply.id)
    )
    order = col(SavedReply.created_at), col(SavedReply.id), col(SavedReplyVersion.number).desc()
    newest: dict[str, tuple[SavedReply, SavedReplyVersion]] = {}
    for reply, version in session.exec(versions.order_by(*order)):
        newest.setdefault(str(reply.id), (reply, version))
    found: dict[Key, tuple[SavedReply, SavedReplyVersion]] = {}
    counts: dict[Key, int] = {}
    for reply, version in newest.values():
        office = known.offices[reply.office_id].code
        service = known.services[reply.service_id].code if reply.service_id else ""
        alike = _alike(office, service, version.title)
        number = counts[alike] = counts.get(alike, 0) + 1
        found[office, service, version.title, str(number) if number > 1 else ""] = (reply, version)
    return found


def _alike(*parts: str) -> Key:
    return tuple(part.casefold() for part in parts)


def _row(key: Key, newest: SavedReplyVersion) -> dict[str, str]:
    words = {f"{WORDS}{language}": body for language, body in sorted(newest.bodies.items()) if _spoken(language)}
    return {"id": str(newest.id), **dict(zip(KEY, key, strict=True)), "state": str(newest.state), **words}


def _spoken(language: str) -> bool:
    return language in settings().languages


def put(job: Job) -> None:
    """Keep new replies, and other words of those there are, as drafts, by the check of the page."""
    session, known = job.session, catalogue(job.session)
    kept = {_alike(*key): found for key, found in _kept(session).items()}

    def use(line: Line) -> None:
        office, service, title = line.needed("office").upper(), line.text("service"), line.needed("title")
        given = _words(line)
        reply, newest = kept.get(_alike(office, service, title, line.text("number")), (None, None))
        before = dict(newest.bodies) if newest is not None else {}
        if newest is not None and before | given == before:
            return
        if reply is None:
            alike = sum(key[:3] == _alike(office, service, title) for key in kept)
            reply = _new(job, known, office, service, title, line.text("number"), alike)
        if job.reach is not None and reply.office_id not in reply_editing.writes_for(known, job.by):
            raise Unusable("you do not write replies for this office")
        try:
            title, bodies = saved_replies.check(title, before | given)
        except BadInput as error:
            field, what = next(iter(error.fields.items()), ("", error.message))
            raise Unusable(f"{field.replace('body-', WORDS)}: {what}") from error
        session.add(reply)
        session.flush()
        version = reply_editing.add_version(session, reply, title, bodies, job.by.staff_id, job.now)
        kept[_alike(office, service, title, line.text("number"))] = (reply, version)

    job.complaints.each(job.lines, use)


def _words(line: Line) -> dict[str, str]:
    found = {
        column.removeprefix(WORDS): text
        for column in line.cells
        if column.startswith(WORDS) and (text := line.text(column, LONGEST))
    }
    if strange := [language for language in found if not _spoken(language)]:
        raise Unusable(f"{WORDS}{strange[0]}: the deployment speaks {', '.join(settings().languages)}")
    return found


def _new(job: Job, known: Catalogue, office: str, service: str, title: str, number: str, alike: int) -> SavedReply:
    if office not in known.office_by_code:
        raise Unusable(f"there is no open office {office!r}")
    if service and service not in known.service_by_code:
        raise Unusable(f"there is no service {service!r} in use")
    if number != (str(alike + 1) if alike else ""):
        raise Unusable(
            f"number is {number!r}; {alike} are called {title!r}, and one more has {alike + 1}, the first none"
        )
    return SavedReply(
        id=new_id(),
        office_id=known.office_by_code[office].id,
        service_id=known.service_by_code[service].id if service else None,
        created_at=job.now,
    )
