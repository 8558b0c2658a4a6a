"""A survey walked through as a citizen would, and taken away as a file."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from api import survey_preview
from api.auth import Staffed
from api.pages import render
from cases import survey_editing
from cases.wording_editing import usual_names
from core.database import database
from core.i18n import english_name
from core.settings import settings
from domain.catalogue import catalogue
from domain.states import SurveyKind
from surveys import exchange
from surveys.flow import following, read

router = APIRouter(include_in_schema=False)


@router.get("/staff/surveys/{code}/try")
def try_out(
    request: Request,
    staff: Staffed,
    code: str,
    given: str = "",
    answer: str = "",
    language: str = "",
    channel: str = "",
) -> Response:
    """Walk through the newest version as a citizen would. Nothing is stored or sent."""
    survey_editing.may_read(staff.viewer)
    with database().read() as session:
        known = catalogue(session)
        newest = survey_editing.versions(session, code)[0]
        kind, questions = SurveyKind(newest.kind), read(newest.questions)
        first = language if language in settings().languages else settings().languages[0]
        shown = survey_preview.chosen(kind, language, channel, *usual_names(known, first))
        answers = survey_preview.read_way(questions, given)
        asked = following(questions, answers)
        if asked is not None and answer:
            answers = survey_preview.read_way(questions, f"{given},{asked.code}:{answer.replace(',', ' ')}")
            asked = following(questions, answers)
        title, version = newest.title or code, newest.version
    steps = survey_preview.way(questions, answers, shown)
    context = {
        "code": code,
        "title": title,
        "version": version,
        "way": steps,
        "asked": survey_preview.bubble(asked, shown) if asked else None,
        "given": survey_preview.way_text(answers),
        "back": survey_preview.way_text(dict(list(answers.items())[:-1])),
        "preview": survey_preview.choices(kind, shown),
        "passed": [one.code for one in questions if one.code not in answers and asked is None],
    }
    return render(request, "staff/survey_try.html", context)


@router.get("/staff/surveys/{code}/export")
def export(request: Request, staff: Staffed, code: str, form: str = "json") -> Response:
    """The newest version as a file: JSON to read in elsewhere, CSV for a translator."""
    survey_editing.may_read(staff.viewer)
    with database().read() as session:
        row = survey_editing.versions(session, code)[0]
        questions, title, note = read(row.questions), row.title, row.note
        version, kind = row.version, str(row.kind)
    languages = settings().languages
    if form == "csv":
        text = exchange.to_csv(questions, languages, {one: english_name(one) for one in languages})
        media, raw = "text/csv; charset=utf-8", text.encode("utf-8-sig")  # spreadsheets know UTF-8 by its mark
    else:
        media, raw = "application/json", exchange.to_json(code, version, kind, title, note, questions).encode()
    name = f"survey-{code}-{version}.{'csv' if form == 'csv' else 'json'}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(raw, media_type=media, headers=headers)
