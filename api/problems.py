"""Errors as answers: RFC 9457 problem details for programs, a page for people. Never a stack trace."""

from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.exc import OperationalError
from starlette.exceptions import HTTPException
from starlette.routing import Match

from api.pages import render
from core.errors import BadInput, OmbudError, TooMany
from core.logs import logger
from core.texts import clean

MEDIA_TYPE = "application/problem+json"
FOR_PROGRAMS = ("/api/", "/webhooks/", "/healthz", "/readyz", "/metrics")
ERRORS_SHOWN = 50
log = logger("api.problems")

Page = Callable[[Request, int, str, str], Response]
"""Makes an error page from request, status, what is wrong and how to mend it (either may be empty)."""


class ErrorItem(BaseModel):
    """One thing that is wrong: where (a JSON pointer into the body, a parameter or a header) and what."""

    model_config = ConfigDict(extra="forbid")

    detail: str
    pointer: str | None = None
    parameter: str | None = None
    header: str | None = None


class Problem(BaseModel):
    """Problem details (RFC 9457); `mend` says what to do about it, `errors` names each fault."""

    type: str = Field(examples=["urn:ombud:problem:bad-input"])
    title: str
    status: int
    detail: str
    mend: str = ""
    errors: list[ErrorItem] = Field(default_factory=list)


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """`responses=` of an endpoint that may end with these problems."""
    schema = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schema["properties"]["errors"]["items"] = ErrorItem.model_json_schema()
    schema.pop("$defs", None)
    return {
        status: {"description": HTTPStatus(status).phrase, "content": {MEDIA_TYPE: {"schema": schema}}}
        for status in statuses
    }


def problem(
    status: int,
    title: str,
    detail: str,
    *,
    kind: str = "",
    mend: str = "",
    errors: Sequence[Mapping[str, str]] = (),
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """A problem details answer. `kind` is the last part of its type; without one the type is about:blank."""
    return JSONResponse(
        {
            "type": f"urn:ombud:problem:{kind}" if kind else "about:blank",
            "title": title,
            "status": status,
            "detail": clean(detail),
            "mend": clean(mend),
            "errors": [{name: clean(text) for name, text in one.items()} for one in errors][:ERRORS_SHOWN],
        },
        status_code=status,
        media_type=MEDIA_TYPE,
        headers=dict(headers or {}),
    )


def install(app: FastAPI, page: Page | None = None) -> None:
    """Answer every error of the application: programs get problem details, people the `page` (by default ours)."""
    show = page or _page

    def ombud(request: Request, error: Exception) -> Response:
        assert isinstance(error, OmbudError)  # noqa: S101  (what it is registered for)
        if error.status >= 500:
            log.error("failed", path=request.url.path, error=type(error).__name__, detail=str(error))
        if not for_program(request):
            return show(request, error.status, error.message, error.mend)
        return of_ombud(error)

    def http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # noqa: S101
        title = _phrase(error.status_code)
        headers = dict(error.headers or {})
        if error.status_code == 405:
            headers["Allow"] = ", ".join(_methods(request)) or headers.get("Allow", "")
        detail = error.detail if isinstance(error.detail, str) and error.detail != title else ""
        if not for_program(request):
            answer = show(request, error.status_code, detail, "")
            answer.headers.update(headers)
            return answer
        mend = _USUAL.get(error.status_code, "")
        return problem(error.status_code, title, detail or title, mend=mend, headers=headers)

    def invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)  # noqa: S101
        unreadable = any(one["type"] == "json_invalid" for one in error.errors())
        status = 400 if unreadable else 422
        if not for_program(request):
            return show(request, status, "", "")
        return problem(
            status,
            BadInput.title,
            "The body is not valid JSON." if unreadable else "The request does not fit what this address takes.",
            kind="bad-input",
            mend="See errors, and /api/v1/openapi.json for what is expected.",
            errors=[_item(one) for one in error.errors()],
        )

    def busy(request: Request, error: Exception) -> Response:
        log.error("database", path=request.url.path, error=type(error).__name__)
        if not for_program(request):
            return show(request, 503, "", "")
        return problem(
            503, _phrase(503), "The database did not answer.", mend=_USUAL[503], headers={"Retry-After": "5"}
        )

    def broken(request: Request, error: Exception) -> Response:
        log.error("crashed", path=request.url.path, error=type(error).__name__, exc_info=error)
        if not for_program(request):
            return show(request, 500, "", "")
        return problem(500, _phrase(500), "Something broke on our side.", mend=_USUAL[500])

    app.add_exception_handler(OmbudError, ombud)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(OperationalError, busy)
    app.add_exception_handler(Exception, broken)


_USUAL = {
    400: "Send JSON in UTF-8 as /api/v1/openapi.json describes it.",
    404: "Look whether the address is complete; /api/v1/openapi.json lists them all.",
    405: "Use one of the methods in the Allow header.",
    413: "Send less at once.",
    500: "Try again in a few minutes; we are told about it.",
    503: "Try again in a few seconds; repeating it harms nothing.",
}


def for_program(request: Request) -> bool:
    """Whether a program asks: by the address, or because it wants JSON as the kiosk's own scripts do."""
    wants = request.headers.get("accept", "")
    return request.url.path.startswith(FOR_PROGRAMS) or wants.startswith("application/json")


def of_ombud(error: OmbudError) -> JSONResponse:
    """Problem details of one of our own errors; fields become pointers into the body."""
    fields = error.fields if isinstance(error, BadInput) else {}
    headers = {"Retry-After": str(error.retry_after)} if isinstance(error, TooMany) else {}
    hidden = error.status >= 500
    return problem(
        error.status,
        error.title,
        "Something broke on our side." if hidden else error.message,
        kind=_slug(type(error).__name__),
        mend=_USUAL[500] if hidden else error.mend,
        errors=[{"pointer": f"#/{name}", "detail": detail} for name, detail in fields.items()],
        headers=headers,
    )


def _methods(request: Request) -> list[str]:
    """All methods of an address; the router itself names only those of the first route it met."""
    scope = dict(request.scope)
    return [
        method
        for method in ("DELETE", "GET", "PATCH", "POST", "PUT")
        if any(route.matches(scope | {"method": method})[0] is Match.FULL for route in request.app.routes)
    ]


def _item(error: Mapping[str, Any]) -> dict[str, str]:
    """One fault as pydantic tells it; the value itself is not repeated, it may be somebody's data."""
    where = [str(part) for part in error["loc"]]
    detail = str(error["msg"])
    if error["type"] == "json_invalid":
        return {"pointer": "#", "detail": f"{error.get('ctx', {}).get('error', 'not JSON')} at character {where[-1]}"}
    match where:
        case ["query" | "path", name, *_]:
            return {"parameter": name, "detail": detail}
        case ["header", name, *_]:
            return {"header": name, "detail": detail}
        case ["body", "one" | "batch", *path] | ["body", *path]:
            # RFC 6901: ~ and / inside a name are escaped
            return {
                "pointer": "#" + "".join(f"/{p.replace('~', '~0').replace('/', '~1')}" for p in path),
                "detail": detail,
            }
    return {"detail": detail}


def _page(request: Request, status: int, message: str, mend: str) -> Response:
    return render(request, "citizen/error.html", {"status": status, "message": message, "mend": mend}, status=status)


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"


def _slug(name: str) -> str:
    return "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("-")
