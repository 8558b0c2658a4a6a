"""A stand-in for LibreTranslate: it speaks the wire, and puts the two languages before a text."""

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel

LANGUAGES = ("en", "sq", "bn", "ru")


class Asked(BaseModel):
    """What LibreTranslate takes."""

    q: str
    source: str
    target: str
    format: str = "text"
    api_key: str = ""


def router(*, key: str = "") -> APIRouter:
    """To be mounted where OMBUD_TRANSLATOR_URL points; with `key` it wants that one."""
    routes = APIRouter(include_in_schema=False)

    @routes.post("/translate")
    def translate(asked: Asked) -> Response:
        if key and asked.api_key != key:
            return JSONResponse({"error": "Invalid API key"}, 403)
        for language in (asked.source, asked.target):
            if language not in LANGUAGES:
                return JSONResponse({"error": f"{language} is not supported"}, 400)
        return JSONResponse({"translatedText": f"[{asked.source} → {asked.target}] {asked.q}"})

    @routes.get("/languages")
    def languages() -> Response:
        return JSONResponse([{"code": one, "name": one, "targets": list(LANGUAGES)} for one in LANGUAGES])

    return routes
