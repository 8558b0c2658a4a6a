"""What a citizen does after the closing, on the tracking page or from the link in a mail: say whether it is solved, ask
the office above, take the matter back. Looking at a page changes nothing; mail programs look at links.
"""

from datetime import UTC, datetime
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlmodel import Session, select

from api import throttle
from api.citizen import WRONG_CODE, opens, tracked
from api.forms import Posted
from api.pages import choose_language, render
from api.words import N_
from cases import arriving, history, solved, takebacks
from cases.solved_token import question_of
from channels import web
from core.database import database
from core.errors import Conflict, NotFound
from core.texts import clean
from domain.case import Case
from domain.closing import SolvedQuestion

router = APIRouter(include_in_schema=False)

OVER = N_("This question is over. Write a message below if something is wrong.")
SURE = N_("Tick the box first, so that nothing is taken back by mistake.")
WHY = N_("Write why you do not agree.")
APART = N_("Write this as a message below: it is about somebody's conduct, so other people read it.")


@router.post("/track/{reference}/solved")
def say_solved(request: Request, reference: str, form: Posted) -> Response:
    """Yes, no, or the office above, for whoever opened the answers."""
    unlock, said = form.get("unlock", ""), form.get("said", "")
    words = clean(form.get("still", ""), web.MAX_TEXT)
    throttle.spend("report", throttle.address_of(request))
    errors: dict[str, str] = {}
    with database().write() as session:
        case = history.tracked(session, reference)
        if not opens(case, unlock):
            return tracked(request, reference, errors={"code": WRONG_CODE})
        case = solved.locked(session, case.id)
        if said == "appeal" and not words:
            errors["still"] = WHY
        elif words and arriving.belongs_apart(case, words):
            errors["text"] = APART
        else:
            errors = _answer(session, case, said, words, "web")
    return tracked(request, reference, unlock=unlock, errors=errors, text=words if "text" in errors else "")


def _answer(session: Session, case: Case, said: str, words: str, how: str) -> dict[str, str]:
    now = datetime.now(UTC)
    if solved.open_question(session, case, now) is None or said not in ("yes", "no", "appeal"):
        return {"text": OVER}
    try:
        if said == "appeal":
            solved.say_no(session, case, words, now, how=how, appeal=True)
        else:
            solved.answer(session, case, said == "yes", words, now, how=how)
    except Conflict:
        return {"text": OVER}
    return {}


@router.post("/track/{reference}/take-back")
def take_back(request: Request, reference: str, form: Posted) -> Response:
    """Take the matter back, for whoever opened the answers and means it."""
    unlock = form.get("unlock", "")
    throttle.spend("report", throttle.address_of(request))
    errors: dict[str, str] = {}
    with database().write() as session:
        case = history.tracked(session, reference)
        if not opens(case, unlock):
            return tracked(request, reference, errors={"code": WRONG_CODE})
        if form.get("sure") != "yes":
            errors["sure"] = SURE
        else:
            try:
                takebacks.take_back(session, solved.locked(session, case.id), datetime.now(UTC), how="web")
            except Conflict:
                errors["text"] = OVER
    return tracked(request, reference, unlock=unlock, errors=errors)


@router.get("/solved/{token}")
def show_question(request: Request, token: str) -> Response:
    """The question behind the link of a mail."""
    return _page(request, token)


@router.post("/solved/{token}")
def post_question(request: Request, token: str, form: Posted) -> Response:
    """The answer to it."""
    question_id = question_of(token)
    throttle.spend("report", throttle.address_of(request))
    if question_id is None or form.get("said") not in ("yes", "no"):
        return _page(request, token)
    words, now = clean(form.get("still", ""), web.MAX_TEXT), datetime.now(UTC)
    said, after = form["said"] == "yes", solved.After.over
    with database().write() as session:
        question = session.get(SolvedQuestion, question_id)
        if question is not None:
            case = solved.locked(session, question.case_id)
            if words and arriving.belongs_apart(case, words):
                arriving.words_apart(session, case, words, now, case.channel)
                words = ""
            if solved.still_closed(session, case, question):
                after = solved.answer(session, case, said, words, now, how="email")
    return _page(request, token, after=after)


def _page(request: Request, token: str, *, after: solved.After | None = None) -> Response:
    question_id, lang = question_of(token), choose_language(request)[0]
    with database().read() as session:
        found = _found(session, question_id)
        told = solved.told(session, found[1], after, lang) if found and after is not None else ""
        ask = found is not None and after is None and solved.still_closed(session, found[1], found[0])
        reference = found[1].reference if found else ""
    if found is None:
        raise NotFound(
            "This link is not one of ours.", mend="Use the number of your message on the page “See what happened”."
        )
    context = {"token": token, "reference": reference, "ask": ask, "told": told, "over": not ask and after is None}
    return render(request, "citizen/solved.html", context)


def _found(session: Session, question_id: UUID | None) -> tuple[SolvedQuestion, Case] | None:
    if question_id is None:
        return None
    query = select(SolvedQuestion, Case).join(Case, Case.id == SolvedQuestion.case_id)  # type: ignore[arg-type]
    row = session.exec(query.where(SolvedQuestion.id == question_id)).first()
    return (row[0], row[1]) if row is not None else None
