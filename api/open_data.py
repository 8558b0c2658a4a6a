"""`/open/data`: the figures as files. A version's files are made once and never change."""

import threading
from collections.abc import Callable, Sequence

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlalchemy.orm import undefer
from sqlmodel import Session, col, select

from api import throttle
from api.open_pages import cacheable, month_of, nothing, number_of, whole
from api.open_view import publication
from core.database import database
from core.settings import settings
from domain.publication import Publication, PublishedFigure
from reports.public import data, shown
from reports.public.tables import TABLES

router = APIRouter(include_in_schema=False)

Part = tuple[Publication, Sequence[PublishedFigure]]
PACKAGE = "datapackage.json"
MOST_KEPT = 32_000_000
"""Bytes of files a process keeps; the oldest make room."""
DICTIONARY = {
    "title": "Columns",
    "heads": ("Column", "Type", "Meaning"),
    "text": "Programs read all this in datapackage.json, with the SHA-256 of each file's bytes. The files of a version"
    " are at /open/data/YYYY-MM/VERSION/ and never change.",
    "url": "https://datapackage.org/",
}
"""What the columns mean is for programs and who writes them, and is in English as their names are."""
_kept: dict[tuple[str, str], bytes] = {}
_lock = threading.Lock()


@router.get("/open/data")
def show_data(request: Request) -> Response:
    """Every file, and what the columns mean."""
    throttle.spend("open", throttle.address_of(request))
    with database().read() as session:
        publications = shown.published(session)
        context: dict[str, object] = {
            "publications": [publication(one) for one in publications],
            "tables": [
                {
                    "name": table.name,
                    "title": table.title,
                    "text": table.text,
                    "fields": [{"name": one.name, "kind": one.kind, "text": one.text} for one in table.fields],
                }
                for table in TABLES.values()
            ],
            "formats": list(data.FORMATS),
            "package": PACKAGE,
            "licence": settings().open_licence,
            "licence_url": settings().open_licence_url,
            "dictionary": DICTIONARY,
        }
    return cacheable(request, "citizen/open_data.html", context)


@router.get("/open/data/{file}")
def get_all(request: Request, file: str) -> Response:
    """A table of all months in their newest versions, or the description of all tables."""
    _spend(request)
    with database().read() as session:
        publications = shown.latest(shown.published(session))[::-1]
        key = "|".join(one.digest for one in publications)
        content = _made(key, file, lambda: _parts(session, publications), "")
    if content is None:
        raise nothing(request)
    return whole(request, content, _kind(file), name=f"open-{file}")


@router.get("/open/data/{month}/{version}/{file}")
def get_version(request: Request, month: str, version: str, file: str) -> Response:
    """The same of one version of one month, for good."""
    _spend(request)
    day = month_of(month)
    with database().read() as session:
        found = next(
            (one for one in shown.published(session) if one.month == day and one.version == number_of(version)), None
        )
        content = (
            _made(found.digest, file, lambda: _parts(session, [found]), f"{month}/{found.version}") if found else None
        )
    if content is None:
        raise nothing(request)
    return whole(request, content, _kind(file), for_good=True, name=f"open-{month}-v{number_of(version)}-{file}")


def _spend(request: Request) -> None:
    throttle.spend("open-data", throttle.address_of(request))


def _parts(session: Session, publications: Sequence[Publication]) -> list[Part]:
    """Publications, with all they are made of, and their lines."""
    ids = [one.id for one in publications]
    full = session.exec(
        select(Publication)
        .where(col(Publication.id).in_(ids))
        .options(undefer(Publication.classes))  # type: ignore[arg-type]
        .execution_options(populate_existing=True)
    ).all()
    by_id = {one.id: one for one in full}
    return [(by_id[one], shown.figures(session, [by_id[one]])) for one in ids]


def _made(key: str, file: str, parts: Callable[[], list[Part]], where: str) -> bytes | None:
    """The bytes of a file; None for one there is none of. What was made is kept, by the digest of what it says."""
    name, _, ending = file.partition(".")
    if file != PACKAGE and (name not in TABLES or ending not in data.FORMATS):
        return None
    with _lock:
        if (found := _kept.get((key, file))) is not None:
            return found
    given = parts()
    if file == PACKAGE:
        found = data.described(given, where)
    else:
        found = data.WRITERS[ending](TABLES[name], data.rows(TABLES[name], given))
    with _lock:
        while _kept and sum(map(len, _kept.values())) + len(found) > MOST_KEPT:
            _kept.pop(next(iter(_kept)))
        _kept[key, file] = found
    return found


def _kind(file: str) -> str:
    ending = file.rpartition(".")[2]
    return data.FORMATS.get(ending, "application/json") + ("" if ending == "parquet" else "; charset=utf-8")
