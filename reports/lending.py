"""Dashboards lent to people who do not sign in: a link is made, opened, ended. Only the hash of its token is kept."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from urllib.parse import urlsplit
from uuid import UUID

from sqlmodel import Session, col, select, update

from cases import administration
from core.crypto import token, token_hash
from core.errors import BadInput, NotAllowed, NotFound
from core.settings import settings
from domain.catalogue import Catalogue, catalogue
from domain.dashboard import LENDERS, DashboardLink
from domain.staff import Staff
from domain.visibility import Viewer, viewer
from reports.tables import may_read

PERIODS = (1, 4, 13)
"""Whole weeks a link may look back on, beside the one that runs."""
MOST_SITES, LONGEST_NAME = 10, 80
USED_EVERY = timedelta(hours=1)
_HOST = re.compile(r"(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*")
HERE = ("localhost", "127.0.0.1", "[::1]")


def check_lender(who: Viewer) -> None:
    """Raises NotAllowed for whoever may not show dashboards to people who do not sign in."""
    if not who.has(*LENDERS):
        raise NotAllowed(
            "Links to figures are made by heads, leadership and administrators.", mend="Ask yours for one."
        )


def sites_of(text: str) -> list[str]:
    """Origins as a browser names them, of addresses between spaces, commas or lines. Raises BadInput.

    What comes out of it stands in a header: letters, digits, dots, hyphens and a port, and nothing else.
    """
    found = []
    for written in dict.fromkeys(re.split(r"[\s,]+", text.strip())):
        if not written:
            continue
        site = _origin(written)
        if site is None:
            wrong = f"“{written[:80]}” is no site. Write it as https://www.example.org, with nothing after the name."
            raise BadInput(wrong, mend="Write each site as it begins in a browser.", fields={"sites": wrong})
        found.append(site)
    if len(found) > MOST_SITES:
        many = f"A link is for at most {MOST_SITES} sites."
        raise BadInput(many, mend="Make another link for the others.", fields={"sites": many})
    return list(dict.fromkeys(found))


def _origin(written: str) -> str | None:
    try:
        parts = urlsplit(written)
        host, port = (parts.hostname or "").encode("idna").decode("ascii").lower(), parts.port
    except ValueError:  # UnicodeError is one
        return None
    beyond = parts.path not in ("", "/") or parts.query or parts.fragment or parts.username is not None
    safe = parts.scheme == "https" or (parts.scheme == "http" and host in HERE)
    if beyond or not safe or not _HOST.fullmatch(host):
        return None
    return f"{parts.scheme}://{host}" + (
        f":{port}" if port and port != {"https": 443, "http": 80}[parts.scheme] else ""
    )


def lend(
    session: Session,
    who: Viewer,
    office_id: UUID,
    weeks: int,
    name: str,
    sites: Sequence[str],
    now: datetime,
    service_id: UUID | None = None,
) -> str:
    """A new link, of one service or all; gives its token, which is nowhere afterwards. Raises NotAllowed, BadInput."""
    check_lender(who)
    if who.staff_id is None or not may_read(who, office_id):
        raise NotAllowed("The figures of this office are not yours to show.", mend="Choose another office.")
    name = " ".join(name.split())
    faults = (
        {} if 1 <= len(name) <= LONGEST_NAME else {"name": f"Say where it is shown, in at most {LONGEST_NAME} letters."}
    )
    faults |= {} if weeks in PERIODS else {"weeks": "Choose a period."}
    administration.check(faults)
    secret = token()
    row = DashboardLink(
        token_hash=token_hash(secret),
        name=name,
        office_id=office_id,
        service_id=service_id,
        weeks=weeks,
        sites=list(sites),
        made_by=who.staff_id,
        at=now,
    )
    session.add(row)
    session.flush()
    known = catalogue(session)
    administration.record(session, who, "link", row.id, name, None, _values(known, row), now)
    return secret


def end(session: Session, who: Viewer, link_id: UUID, now: datetime) -> None:
    """It shows nothing from now on. Raises NotFound, NotAllowed."""
    check_lender(who)
    row = session.exec(select(DashboardLink).where(DashboardLink.id == link_id).with_for_update()).first()
    if row is None or not may_read(who, row.office_id):
        raise NotFound("There is no such link.", mend="Choose one from the list.")
    if row.ended_at is not None:
        return
    known = catalogue(session)
    before = _values(known, row)
    row.ended_at, row.ended_by = now, who.staff_id
    session.add(row)
    administration.record(session, who, "link", row.id, row.name, before, _values(known, row), now)


def _values(known: Catalogue, row: DashboardLink) -> administration.Values:
    return {
        "name": row.name,
        "office": known.offices[row.office_id].code,
        **({"service": known.services[row.service_id].code} if row.service_id is not None else {}),
        "weeks": row.weeks,
        "sites": list(row.sites),
        "in_use": row.ended_at is None,
    }


def listed(session: Session, who: Viewer) -> list[DashboardLink]:
    """Links of offices one may look into, the newest first, those that were ended last."""
    query = select(DashboardLink).order_by(col(DashboardLink.ended_at).is_not(None), col(DashboardLink.at).desc())
    return [one for one in session.exec(query) if may_read(who, one.office_id)]


def opened(session: Session, secret: str, now: datetime) -> tuple[DashboardLink, Viewer] | None:
    """The link of a token, and whoever lent it out, as whom it is read.

    None where there is no such link, it was ended, its office is closed, or whoever made it may not show it any more.
    """
    row = session.exec(select(DashboardLink).where(DashboardLink.token_hash == token_hash(secret))).first()
    if row is None or row.ended_at is not None:
        return None
    person = session.get_one(Staff, row.made_by)
    who = viewer(session, person.id, person.name, now=now)
    open_office = catalogue(session).offices[row.office_id].active
    if not person.active or not open_office or not who.has(*LENDERS) or not may_read(who, row.office_id):
        return None
    return row, who


def seems_unused(row: DashboardLink, now: datetime) -> bool:
    """Whether it is time to write down that it is used."""
    return row.used_at is None or now - row.used_at > USED_EVERY


def note_use(session: Session, link_id: UUID, now: datetime) -> None:
    """Write down that it was used."""
    session.execute(update(DashboardLink).where(col(DashboardLink.id) == link_id).values(used_at=now))


def address_of(secret: str) -> str:
    """Where a link leads."""
    return f"{settings().site_url}/embed/{secret}"
