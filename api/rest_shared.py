"""What all REST endpoints share: who calls, codes looked up, moments read."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import Depends, HTTPException, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from api.keys import Holder, used, verify
from core.database import database
from core.errors import BadInput, NotAllowed
from core.settings import settings
from core.texts import clean
from domain.access import Scope
from domain.catalogue import Catalogue
from surveys.checking import unknown_code

_bearer = HTTPBearer(auto_error=False, description="A key made at /staff/keys or with `ombud api-key create`.")
EARLIEST, LATEST = 1970, 2200


def clock() -> datetime:
    """The moment a request is handled; tests put another in its place."""
    return datetime.now(UTC)


Now = Annotated[datetime, Depends(clock)]


def _holder(given: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)], now: Now) -> Holder:
    """The key's holder; 401 without a valid key."""
    holder = None
    if given is not None:
        with database().read() as session:
            holder = verify(session, given.credentials, now)
        if holder is not None and holder.stale:
            with database().write() as session:
                used(session, holder, now)
    if holder is None:
        what = "The key is unknown or was revoked." if given else "This address needs a key."
        detail = f"{what} Send it as Authorization: Bearer."
        error = ' error="invalid_token"' if given else ""
        raise HTTPException(401, detail, {"WWW-Authenticate": f'Bearer realm="ombud"{"," if error else ""}{error}'})
    return holder


def _needs(scope: Scope) -> Callable[[Request, Holder], Holder]:
    def check(request: Request, holder: Annotated[Holder, Depends(_holder)]) -> Holder:
        if not holder.may(scope):
            raise NotAllowed(
                f"This key has scope {holder.scope}; this needs {scope}.",
                mend="Ask an administrator for a key with that scope.",
            )
        _refuse_unknown_parameters(request)
        return holder

    return check


def _refuse_unknown_parameters(request: Request) -> None:
    """A misspelt filter would silently list everything. Raises BadInput naming what is known."""
    route = request.scope["route"]
    known = {field.alias for field in route.dependant.query_params}
    if unknown := sorted(set(request.query_params) - known):
        raise BadInput(
            f"Unknown query parameter: {', '.join(clean(name, 40) or '(empty)' for name in unknown[:5])}.",
            mend=f"Known here: {', '.join(sorted(known)) or 'none'}.",
        )


Reader = Annotated[Holder, Depends(_needs(Scope.read))]
Writer = Annotated[Holder, Depends(_needs(Scope.write))]


def offices_of(known: Catalogue, code: str | None, *, below: bool) -> frozenset[UUID] | None:
    """Offices a code stands for; None without a code. Raises BadInput for an unknown one."""
    if code is None:
        return None
    office = known.office_by_code.get(code.strip().upper())
    if office is None:
        raise BadInput(unknown_code("office", code, known.office_by_code), mend="Leave it out to ask for all offices.")
    return known.subtree(office.id) if below else frozenset({office.id})


def read_moment(name: str, text: str, *, end: bool) -> datetime:
    """A moment or a day. A day means its beginning, in the government's zone; as an `end` it is included.

    Raises BadInput.
    """
    wrong = BadInput(
        f"{name} is no day or moment.", mend="Write 2026-03-01 or 2026-03-01T09:30:00Z.", fields={name: "unreadable"}
    )
    try:
        if len(text) == 10:
            day = date.fromisoformat(text)
            if not EARLIEST <= day.year <= LATEST:
                raise wrong
            local = datetime.combine(day + timedelta(days=int(end)), time(), settings().zone)
            return local.astimezone(UTC)
        moment = datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError:
        raise wrong from None
    if moment.tzinfo is None or not EARLIEST < moment.year < LATEST:
        raise wrong
    return moment.astimezone(UTC)
