"""Links by which a person chooses a password: for who is new, and for who forgot theirs.

A link is good once and for a while. The row is the job that mails it; the token is worked out from the row's id under a
key that is not in the database, so that neither a copy of the database nor the queue of mails opens an account.
"""

from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session, col, func, select, update

from channels.errors import SendFailed
from channels.values import Channel, Outgoing
from core import claims, doorbell
from core.crypto import cipher, token_hash
from core.database import after_commit, database
from core.errors import NotFound
from core.ids import new_id
from core.logs import logger
from core.settings import settings
from domain.staff import NO_PASSWORD, LinkKind, MailState, Staff, StaffLink, email_index
from notifications.deliver import Send

PATH = "/staff/sign-in/link/"
ASKED_AN_HOUR = 3
"""Links a person is mailed in an hour because somebody typed their address."""
GIVE_UP = timedelta(hours=6)
"""A mail that could not be sent for so long is not sent any more."""

log = logger("cases.staff_links")


def can_mail() -> bool:
    """Whether links can go by e-mail."""
    return bool(settings().mail_server_url and settings().mail_address)


def token_of(link_id: UUID) -> str:
    """The secret of a link."""
    return cipher().seal(b"staff link\0" + link_id.bytes)


def address_of(token: str) -> str:
    """The whole address of a link."""
    return f"{settings().site_url}{PATH}{token}"


def make(
    session: Session, person: Staff, now: datetime, *, by: UUID | None, mail: bool, void_others: bool = True
) -> tuple[StaffLink, str]:
    """A fresh link for somebody, and its token; earlier ones are void. With `mail` it is sent after the commit."""
    if void_others:
        void(session, person.id, now)
    kind = LinkKind.invite if person.password_hash == NO_PASSWORD else LinkKind.reset
    good_for = (
        timedelta(hours=settings().invite_hours)
        if by is not None or kind is LinkKind.invite
        else timedelta(minutes=settings().reset_minutes)
    )
    link_id = new_id()
    token = token_of(link_id)
    link = StaffLink(
        id=link_id,
        staff_id=person.id,
        kind=kind,
        token_hash=token_hash(token),
        made_by=by,
        created_at=now,
        expires_at=now + good_for,
        state=MailState.queued if mail else MailState.none,
        due_at=now if mail else None,
    )
    session.add(link)
    if mail:
        after_commit(session, lambda: doorbell.ring(doorbell.LINKS))
    return link, token


def void(session: Session, staff_id: UUID, now: datetime) -> None:
    """What was made and not used opens nothing any more, and is not mailed."""
    session.execute(
        update(StaffLink)
        .where(col(StaffLink.staff_id) == staff_id, col(StaffLink.used_at).is_(None), col(StaffLink.expires_at) > now)
        .values(expires_at=now, due_at=None)
    )


def open_link(session: Session, token: str, now: datetime, *, lock: bool = False) -> tuple[StaffLink, Staff]:
    """The link and its person.

    Raises:
        NotFound: it was used, is too old, void or never was; nobody is told which.
    """
    query = select(StaffLink).where(
        col(StaffLink.token_hash) == token_hash(token),
        col(StaffLink.used_at).is_(None),
        col(StaffLink.expires_at) > now,
    )
    link = session.exec(query.with_for_update() if lock else query).first()
    person = session.get(Staff, link.staff_id, with_for_update=lock, populate_existing=True) if link else None
    if link is None or person is None or not person.active:
        raise NotFound(
            "This link opens nothing any more.",
            mend="Each is good once and for a while. Ask for another one on the page for signing in.",
        )
    return link, person


def use(session: Session, token: str, hashed: str, now: datetime) -> Staff:
    """The person has this password from now on; the link and all others of theirs are void. Raises NotFound."""
    link, person = open_link(session, token, now, lock=True)
    link.used_at = now
    person.password_hash, person.failed_attempts, person.locked_until = hashed, 0, None
    session.flush()
    void(session, person.id, now)
    return person


def ask(email: str, now: datetime) -> None:
    """Mail a link to whoever has this address and may sign in by password; silently nothing for anybody else."""
    with database().write() as session:
        person = session.exec(select(Staff).where(col(Staff.email_index) == email_index(email))).first()
        if person is None or not person.active or not by_password(person) or not can_mail():
            return
        lately = session.exec(
            select(func.count())
            .select_from(StaffLink)
            .where(
                col(StaffLink.staff_id) == person.id,
                col(StaffLink.made_by).is_(None),
                col(StaffLink.created_at) > now - timedelta(hours=1),
            )
        ).one()
        if lately < ASKED_AN_HOUR:
            # what an administrator sent stays good: a stranger who types an address must not undo it
            make(session, person, now, by=None, mail=True, void_others=False)


def by_password(person: Staff) -> bool:
    """Whether somebody may sign in by password here."""
    glass = settings().break_glass_email
    return settings().password_sign_in or (bool(glass) and person.email_index == email_index(glass))


def mail_due(now: datetime, send: Send, limit: int = 20) -> int:
    """Send the mails that wait; how many were tried. One that was cut off is sent again: the same link twice is no
    harm."""
    with database().write() as session:
        ids = claims.claim(session, StaffLink, now, state=MailState.queued, limit=limit)
    for link_id in ids:
        _mail(link_id, now, send)
    return len(ids)


def _mail(link_id: UUID, now: datetime, send: Send) -> None:
    with database().read() as session:
        link = session.get_one(StaffLink, link_id)
        person = session.get_one(Staff, link.staff_id)
    outgoing = Outgoing(
        id=link.id,
        to=person.email,
        subject=_SUBJECT[LinkKind(link.kind)].format(government=settings().government),
        text=_words(link, person),
        automatic=True,
    )
    failure: SendFailed | None = None
    try:
        send(outgoing, Channel.email)
    except SendFailed as error:
        failure = error
        log.warning("link_not_mailed", link=str(link.id), failure=str(error))
    with database().write() as session:
        row = session.get_one(StaffLink, link_id, with_for_update=True)
        row.leased_until = None
        if failure is None:
            row.state, row.due_at, row.last_error = MailState.sent, None, None
        elif failure.failure.retry and now - row.created_at < GIVE_UP and row.due_at is not None:
            row.due_at, row.last_error = claims.retry_at(now, row.attempts), str(failure)
        else:
            row.state, row.due_at, row.last_error = MailState.failed, None, str(failure)


_SUBJECT = {
    LinkKind.invite: "Your account at {government}",
    LinkKind.reset: "A new password at {government}",
}


def _words(link: StaffLink, person: Staff) -> str:
    hours = max(1, round((link.expires_at - link.created_at) / timedelta(hours=1)))
    good = f"It is good once, for {hours} {'hour' if hours == 1 else 'hours'}."
    if link.kind == LinkKind.invite:
        return (
            f"Hello {person.name},\n\nyou have an account at {settings().government}, where citizens' complaints are "
            f"answered. Choose your password here:\n\n{address_of(token_of(link.id))}\n\n{good}\n"
            "If you do not expect this, do nothing: without a password the account opens to nobody."
        )
    return (
        f"Hello {person.name},\n\nsomebody, probably you, asked for a new password. Choose it here:\n\n"
        f"{address_of(token_of(link.id))}\n\n{good}\n"
        "If it was not you, do nothing: your password stays as it is."
    )
