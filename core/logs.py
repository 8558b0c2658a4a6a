"""Structured logs as JSON lines, with contact details and secrets struck out before anything is written."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

_SECRET_NAMES = re.compile(
    r"(?i)(password|secret|token|authorization|api_key|cookie|signature|pin|address|phone|email|sender|recipient|text|body)$"
)
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+")
_PHONE = re.compile(r"(?<![\w-])\+?\d(?:[\s().]?\d){7,14}(?![\w-])")
_BOT = re.compile(r"(?<!\d)\d{6,12}:[\w-]{20,}")


def redact_text(text: str) -> str:
    """Strike e-mail addresses, phone numbers and bot tokens out of a text."""
    return _PHONE.sub("[number]", _EMAIL.sub("[e-mail]", _BOT.sub("[token]", text)))


def _redact(value: Any, name: str = "") -> Any:
    if isinstance(value, str):
        return "[redacted]" if _SECRET_NAMES.search(name) else redact_text(value)
    if isinstance(value, MutableMapping):
        return {key: _redact(inner, str(key)) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_redact(inner, name) for inner in value]
    return value


def _redact_event(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {key: _redact(value, key) for key, value in event.items()}


def configure(level: str = "info") -> None:
    """Send Ombud's and the libraries' logs to stderr as redacted JSON lines."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, _redact_event, structlog.processors.JSONRenderer(ensure_ascii=False)],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),  # looked up at each line: it may be replaced
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _redact_event,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for noisy in ("httpx", "httpcore", "twilio", "telegram", "uvicorn.access", "celery", "kombu", "alembic"):
        logging.getLogger(noisy).setLevel(max(logging.WARNING, root.level))


def logger(room: str) -> structlog.stdlib.BoundLogger:
    """The logger of one room."""
    bound: structlog.stdlib.BoundLogger = structlog.get_logger(room=room)
    return bound
