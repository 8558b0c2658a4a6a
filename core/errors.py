"""Errors of Ombud. Each says what is wrong and how to mend it.

OmbudError
├── BadInput        what was given cannot be used                      400 / 422
│   └── TooLarge    … because there is too much of it                  413
├── Forged          a signature or secret does not match               403
├── NotAllowed      signed in, but not this                            403
├── NotFound        nothing by that name is visible to the asker       404
├── Conflict        somebody or something else was first               409
├── TooMany         slow down                                          429
├── Misconfigured   a setting is missing, unsafe or contradictory      refuses to start
└── Tampered        stored history does not match its seal             `ombud verify` exits 1
"""

from collections.abc import Mapping


class OmbudError(Exception):
    """Base of every error Ombud raises on purpose; `mend` tells the reader what to do."""

    status = 500
    title = "Something went wrong"

    def __init__(self, message: str, *, mend: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.mend = mend

    def __str__(self) -> str:
        return f"{self.message} {self.mend}".strip()


class BadInput(OmbudError):
    """What was given cannot be used; `fields` maps a field's name to what is wrong with it."""

    status = 422
    title = "This cannot be used as it is"

    def __init__(self, message: str, *, mend: str = "", fields: Mapping[str, str] | None = None) -> None:
        super().__init__(message, mend=mend)
        self.fields = dict(fields or {})


class TooLarge(BadInput):
    """More than the named bound was sent."""

    status = 413
    title = "Too much at once"


class Forged(OmbudError):
    """A webhook's signature or secret does not match; nothing was stored."""

    status = 403
    title = "Signature does not match"


class NotAllowed(OmbudError):
    """The asker is known but may not do this."""

    status = 403
    title = "Not allowed"


class NotFound(OmbudError):
    """Nothing by that name is visible to the asker (which is also the answer for what they may not see)."""

    status = 404
    title = "Not found"


class Conflict(OmbudError):
    """Somebody else was first; nothing of this attempt was stored."""

    status = 409
    title = "Changed in the meantime"


class TooMany(OmbudError):
    """Too many attempts; `retry_after` is in seconds."""

    status = 429
    title = "Too many attempts"

    def __init__(self, message: str, *, mend: str = "", retry_after: int = 60) -> None:
        super().__init__(message, mend=mend)
        self.retry_after = retry_after


class Misconfigured(OmbudError):
    """A setting is missing, unsafe or contradicts another."""

    title = "Settings need mending"


class Tampered(OmbudError):
    """Stored history does not match its seal."""

    title = "History was changed"
