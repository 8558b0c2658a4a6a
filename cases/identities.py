"""Who a person vouched for by an identity provider is here."""

from datetime import datetime

from sqlmodel import col, select

from core.database import database
from core.ids import new_id
from domain.clock import Notice
from domain.staff import Staff, email_index, subject_index


def match(issuer: str, subject: str, email: str, now: datetime) -> Staff | None:
    """Whoever the provider knows by this name; the first time, whoever has this address, which it has verified.

    From then on the name alone counts: an address that is given to a successor there opens no account here. None for
    strangers, for who has left, and for an address whose owner is known by another name.
    """
    index = subject_index(issuer, subject)
    with database().write() as session:
        person = session.exec(select(Staff).where(col(Staff.subject_index) == index)).first()
        if person is None and email:
            person = session.exec(
                select(Staff).where(col(Staff.email_index) == email_index(email)).with_for_update()
            ).first()
            if person is None or not person.active or person.subject_index is not None:
                return None
            person.subject_index = index
            text = (
                "From now on you also sign in with the account of your government. If that was not you, tell your "
                "administrator."
            )
            session.add(Notice(staff_id=person.id, dedupe_key=f"account:{new_id()}", text=text, at=now))
        return person if person is not None and person.active else None
