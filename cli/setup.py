"""Preparing an installation: data folder, schema, first administrator."""

import sqlite3

from sqlalchemy.exc import OperationalError
from sqlmodel import Session, col, select

from cases.sheets.staff_rows import one_time_password
from cases.staffing import clean_email
from core.database import database
from core.errors import Conflict, Misconfigured
from core.ids import new_id
from core.passwords import hash_password
from core.settings import settings
from core.texts import clean
from domain.catalogue import touch
from domain.office import Office
from domain.staff import Staff, StaffRole, email_index
from domain.states import OfficeFunction, Role, Tier
from migrations import schema
from reports import bi


def prepare() -> None:
    """Make the data folder and the newest schema.

    Raises:
        Misconfigured: the folder or the database cannot be reached.
    """
    current = settings()
    current.check_production()
    try:
        current.data_dir.mkdir(parents=True, exist_ok=True)
        if schema.pending(database().engine):
            with database().connection() as connection:
                bi.drop(connection)
        schema.upgrade(current.sql_url)
        with database().connection() as connection:
            bi.make(connection)
    except (OSError, OperationalError, sqlite3.OperationalError) as error:
        reason = str(error.__cause__ or error).strip().splitlines()[0]
        raise Misconfigured(
            f"The database cannot be prepared: {reason}", mend="Check OMBUD_DATABASE_URL and OMBUD_DATA_DIR."
        ) from error


def first_admin(email: str, name: str) -> str:
    """Make an administrator at the top office (made too if there is no office) and return the password."""
    address = clean_email(email)
    password = one_time_password()
    with database().write() as session:
        if session.exec(select(Staff).where(col(Staff.email_index) == email_index(address))).first():
            raise Conflict(f"{address} has an account already.", mend="Choose another address.")
        office = _top_office(session)
        staff = Staff(
            id=new_id(),
            name=clean(name, 200) or "Administrator",
            email=address,
            email_index=email_index(address),
            password_hash=hash_password(password),
            language=settings().languages[0],
        )
        session.add(staff)
        session.flush()
        session.add(StaffRole(staff_id=staff.id, office_id=office.id, role=Role.admin))
    return password


def _top_office(session: Session) -> Office:
    top = session.exec(select(Office).where(col(Office.parent_id).is_(None)).order_by(col(Office.code))).first()
    if top is None:
        top = Office(
            code="TOP",
            names={settings().languages[0]: settings().government},
            tier=Tier.national,
            function=OfficeFunction.leadership,
        )
        session.add(top)
        touch(session)
        session.flush()
    return top
