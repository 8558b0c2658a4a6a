"""What a meeting decided about one case: why it had happened, what was promised, and what became of the complaints."""

from datetime import UTC, datetime

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlmodel import Session, col

from api import effect_view
from api.auth import Staffed
from api.causes import check_reader, uuid_of
from api.pages import choose_language, render
from core.database import database
from core.errors import NotFound
from core.i18n import translator
from core.texts import shorten
from domain.catalogue import catalogue
from domain.review import Action, Finding
from domain.visibility import Viewer
from reviews import cause_figures, causes, chairs, effects
from reviews.agenda import action_lines

router = APIRouter(include_in_schema=False)

LONGEST = 400
"""Characters of the citizen's words that stand over it."""


@router.get("/staff/findings/{finding_id}")
def show_finding(request: Request, staff: Staffed, finding_id: str, of: str = "") -> Response:
    """One decision, and whether complaints fell from its day on. `of` is what is counted: service, cause or all."""
    check_reader(staff)
    who, now, about = staff.viewer, datetime.now(UTC), uuid_of(finding_id)
    words = translator(choose_language(request, staff)[0])
    with database().read() as session:
        found = cause_figures.finding(session, who, about) if about is not None else None
        if found is None:
            raise NotFound("There is no such decision.", mend="Look in the meeting, or at its cause.")
        finding, case, review = found
        known, every = catalogue(session), causes.causes(session, who)
        question = effects.of_finding(session, finding, next((one for one in effects.About if one == of), None), every)
        cause = every.name(finding.cause_id, words.language) if finding.cause_id else ""
        context = {
            "finding": {
                "id": str(finding.id),
                "whys": finding.whys or [finding.why],
                "decision": finding.decision,
                "at": finding.at,
            },
            "case": {
                "reference": case.reference,
                "title": shorten(case.text, LONGEST),
                "language": case.language,
                "office": known.name(case.office_id, words.language),
            },
            "office": known.name(review.office_id, words.language),
            "week": review.week,
            "review": f"/staff/reviews/{known.offices[review.office_id].code}/{review.week.isoformat()}"
            if chairs.attends(session, who, review.office_id)
            else "",
            "cause": {"id": str(every.standing(finding.cause_id)), "name": cause}
            if finding.cause_id and cause
            else None,
            "actions": _actions(session, who, finding),
            "effect": effect_view.view(effects.effect(session, who, question, now), known, cause, words),
            "of": str(question.about),
            "ways": [str(one) for one in effects.ways(case, finding.cause_id)],
        }
    return render(request, "staff/finding.html", context)


def _actions(session: Session, who: Viewer, finding: Finding) -> list[dict[str, object]]:
    """What the same meeting promised about the same case."""
    lines = action_lines(session, who, Action.review_id == finding.review_id, col(Action.case_id) == finding.case_id)
    return [
        {"id": str(one.id), "what": one.what, "owner": one.owner, "due_on": one.due_on, "done": one.done_at is not None}
        for one in lines
    ]
