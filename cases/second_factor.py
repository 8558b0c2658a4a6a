"""The second factor: six digits from an app on a telephone, and recovery codes for when that is lost."""

import re
import secrets
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, func, select

from cases.staff_accounts import drop_factor
from core import totp
from core.crypto import blind_index
from core.errors import BadInput
from core.ids import new_id
from core.settings import settings
from core.texts import latin_digits
from domain.staff import RecoveryCode, Staff
from domain.states import Role

CODES = 10
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
_LENGTH = 10
"""Letters of a recovery code: 49 bits, kept under a key that is not in the database."""


def needed(roles: Iterable[Role | str]) -> bool:
    """Whether somebody with these roles has to have one."""
    asked = settings().factor_roles(demo=settings().environment == "demo")
    return "*" in asked or any(str(role) in asked for role in roles)


def passes(session: Session, person: Staff, typed: str, now: datetime) -> bool:
    """Whether a code opens the account of this person (locked); each opens it once, whatever else is tried at once."""
    if person.factor_secret is None:
        return False
    plain = re.sub(r"[^0-9a-z]", "", latin_digits(typed).lower())[:40]
    step = totp.step_of(person.factor_secret, plain, now, person.factor_step)
    if step is not None:
        person.factor_step = step
        return True
    if len(plain) != _LENGTH:
        return False
    code = session.exec(
        select(RecoveryCode)
        .where(col(RecoveryCode.code_index) == _index(person.id, plain), col(RecoveryCode.used_at).is_(None))
        .with_for_update()
    ).first()
    if code is not None:
        code.used_at = now
    return code is not None


def set_up(session: Session, person: Staff, secret: str, typed: str, now: datetime) -> list[str]:
    """From now on this person (locked) signs in with this app too; gives their recovery codes, to be shown once.

    What was set up before counts no more. Raises BadInput for digits the app does not show now.
    """
    step = totp.step_of(secret, re.sub(r"\D", "", latin_digits(typed))[:40], now, 0)
    if step is None:
        raise BadInput(
            "These are not the digits the app shows now.",
            fields={"code": "These are not the digits the app shows now. Type them before they change."},
        )
    drop_factor(session, person)
    person.factor_secret, person.factor_since, person.factor_step = secret, now, step
    session.flush()
    return new_codes(session, person)


def new_codes(session: Session, person: Staff) -> list[str]:
    """Fresh recovery codes, to be shown once; earlier ones count no more."""
    for code in session.exec(select(RecoveryCode).where(col(RecoveryCode.staff_id) == person.id)):
        session.delete(code)
    session.flush()
    fresh = ["".join(secrets.choice(_LETTERS) for _ in range(_LENGTH)) for _ in range(CODES)]
    session.add_all(RecoveryCode(id=new_id(), staff_id=person.id, code_index=_index(person.id, one)) for one in fresh)
    return [f"{one[:5]}-{one[5:]}" for one in fresh]


def codes_left(session: Session, staff_id: UUID) -> int:
    """Recovery codes not used yet."""
    query = select(func.count()).select_from(RecoveryCode)
    return session.exec(query.where(col(RecoveryCode.staff_id) == staff_id, col(RecoveryCode.used_at).is_(None))).one()


def _index(staff_id: UUID, code: str) -> str:
    return blind_index("recovery code", f"{staff_id} {code}")
