"""Posters to print: which offices, in which languages, on which paper."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from api.auth import Staffed
from api.counter import pdf_answer
from api.pages import render
from core.database import database
from core.errors import NotFound
from core.i18n import language_name
from core.settings import settings
from domain.catalogue import catalogue, name_of
from reports import posters

router = APIRouter(include_in_schema=False)


@router.get("/staff/posters")
def show_posters(
    request: Request, staff: Staffed, paper: str = "a4", language: Annotated[list[str] | None, Query()] = None
) -> Response:
    """Every office with its poster; one's own first."""
    chosen = posters.read_languages(language or [])
    with database().read() as session:
        known = catalogue(session)
    home = staff.viewer.home
    offices = sorted(
        posters.with_poster(list(known.offices.values())), key=lambda o: (o.id not in home, name_of(o, "en"))
    )
    query = "&".join([f"paper={paper}", *(f"language={lang}" for lang in chosen)])
    context = {
        "offices": [
            {
                "code": office.code,
                "name": name_of(office, "en"),
                "mine": office.id in home,
                "url": f"/staff/posters/{office.code}.pdf?{query}",
            }
            for office in offices
        ],
        "paper": paper if paper in posters.PAPERS else "a4",
        "offered": [
            {"code": code, "name": language_name(code), "chosen": code in chosen} for code in settings().languages
        ],
        "lacking": posters.why_no_bot(),
    }
    return render(request, "staff/posters.html", context)


@router.get("/staff/posters/{office_code}.pdf")
def get_poster(
    staff: Staffed, office_code: str, paper: str = "a4", language: Annotated[list[str] | None, Query()] = None
) -> Response:
    """One office's poster. It says nothing but how to reach the office, so any of the staff may print it."""
    chosen = posters.read_languages(language or [])
    with database().read() as session:
        office = catalogue(session).office_by_code.get(office_code.upper())
    if office is None:
        raise NotFound("There is no such office.", mend="Go back to the posters and choose one.")
    document = posters.paper([posters.poster(office, chosen, posters.bot_or_none())], paper)
    return pdf_answer(document, f"{office.code}-{paper.lower()}.pdf")
