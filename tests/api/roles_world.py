"""What there is to open in the world that the roles walk through: a row of each kind that an address names by an id."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session, select

from channels.values import Channel
from core.ids import new_id
from domain.answer import SavedReply
from domain.assisted import CallBack
from domain.base import Row
from domain.case import Case
from domain.cause import Cause
from domain.citizen import Citizen, ContactPoint
from domain.closing import SolvedCheck, SolvedQuestion
from domain.flag import FlagKind, SurveyFlag
from domain.inbox import InboundMessage
from domain.kiosk import KioskDevice
from domain.policy import Calendar, Policy
from domain.queue import BulkAct, BulkWhat, SavedView
from domain.review import Action, Finding, Review
from domain.service import Area, Jurisdiction
from domain.staff import Absence
from domain.states import InboxState, SurveyKind
from domain.trial import Moment, Outcome, Trial
from reviews import packs
from surveys import definitions
from tests.builders import Government

SQUARE = [[19.8, 41.3], [19.9, 41.3], [19.9, 41.4], [19.8, 41.4], [19.8, 41.3]]
ELSEWHERE = {
    "/staff/callbacks/{reference}/": {"reference": "called"},
    "/staff/cases/{reference}/release": {"reference": "?integrity"},
    "/staff/checks/{check_id}/{action}": {"action": "check_action"},
}
"""Addresses that name another row than those of the same parameter: beginnings of paths, and which value stands for
which."""
WHY_NOT = {
    "/staff/book/photo/{file_id}": "the file is no page of a book",
    "/staff/cases/{reference}/crowd/undo": "it leads nobody",
    "/staff/cases/{reference}/parts/{part}/off": "it has no parts",
    "/staff/intake/{reference}/kept": "nobody wrote it in",
    "/staff/intake/{reference}/slip": "nobody wrote it in",
    "/staff/intake/{reference}/slip.pdf": "nobody wrote it in",
    "/staff/models/promote": "there is no model",
    "/staff/wordings/{name}/{language}/revert": "there is no such version",
    "/staff/reviews/{office_code}/{week}/minutes.pdf": "its meeting has not ended",
    "/staff/reviews/{office_code}/{week}/wall/cases/{reference}/raise-undo": "it was not handed up",
    "/staff/triage/message": "without a case",
    "/s/{token}": "with a link nobody was sent",
    "/solved/{token}": "with a link nobody was sent",
    "/unsubscribe/{token}": "with a link nobody was sent",
    "/unsubscribe/weekly/{token}": "with a link nobody was sent",
    "/embed/{token}": "with a link nobody was given",
    "/staff/sign-in/link/{token}": "with a link nobody was sent",
    "/staff/sign-in/provider": "without a provider",
    "/staff/sign-in/provider/back": "without a provider",
    "/track/{reference}/contacts": "without the citizen's PIN",
    "/track/{reference}/files/{file_id}": "without the citizen's PIN",
}
"""Why an address leads to nothing in this world: the beginnings of their paths."""


def why_not(path: str) -> str:
    """Why a path names nothing that is there, "" where it does."""
    return next((why for begins, why in WHY_NOT.items() if path == begins or path.startswith(f"{begins}/")), "")


def filled_for(path: str, values: dict[str, str]) -> dict[str, str]:
    """The values a path is filled with."""
    others = next((one for begins, one in ELSEWHERE.items() if path.startswith(begins)), {})
    return {**values, **{name: values[other] for name, other in others.items()}}


def furnish(
    session: Session, known: Government, case: Case, called: Case, review: Review, officer: UUID, now: datetime
) -> dict[str, str]:
    """Make a row of each kind, at WAT1 where it has an office and of its officer where it is a person's; gives what
    their addresses are filled with."""
    office, day = known.office["WAT1"], now.date()
    question = SolvedQuestion(
        id=new_id(), case_id=case.id, entry=1, office_id=office, closed_at=now, until=now + timedelta(days=14)
    )
    citizen = Citizen(id=new_id(), created_at=now)
    session.add_all([question, citizen])
    session.flush()
    contact = ContactPoint(
        id=new_id(),
        citizen_id=citizen.id,
        channel=Channel.sms,
        address="+355690000077",
        address_index="roles",
        hint="…077",
        created_at=now,
    )
    session.add(contact)
    session.flush()
    called.contact_point_id = contact.id
    rows: dict[str, Row] = {
        "absence_id": Absence(
            id=new_id(), staff_id=officer, first_day=day, last_day=day + timedelta(days=2), entered_at=now
        ),
        "device_id": KioskDevice(id=new_id(), office_id=office, name="Door", created_at=now),
        "row_id": InboundMessage(
            id=new_id(), channel=Channel.sms, account="a", provider_id="x", received_at=now, state=InboxState.failed
        ),
        "act_id": BulkAct(id=new_id(), staff_id=officer, what=BulkWhat.note, asked_at=now),
        "key": SavedView(id=new_id(), staff_id=officer, name="Mine", query="is:late", made_at=now),
        "action_id": Action(
            id=new_id(),
            review_id=review.id,
            office_id=review.office_id,
            what="Mend it",
            owner_id=known.staff["head_water"],
            due_on=day + timedelta(days=3),
            created_at=now,
        ),
        "finding_id": Finding(
            id=new_id(),
            review_id=review.id,
            case_id=case.id,
            why="No key",
            decision="A second key",
            at=now,
            author_id=known.staff["head_water"],
        ),
        "cause_id": Cause(id=new_id(), name="No spare key", key="no spare key", shared=True, created_at=now),
        "reply_id": SavedReply(id=new_id(), office_id=office, created_at=now),
        "check_id": SolvedCheck(id=new_id(), question_id=question.id, case_id=case.id, claimed=True, drawn_at=now),
        "flag_id": SurveyFlag(
            id=new_id(),
            office_id=office,
            kind=FlagKind.missing,
            period=review.week,
            evidence={"hits": 31, "of": 98, "usual": 0.012, "peers": 13, "chance": 2.4e-5, "most": None},
            found_at=now,
        ),
        "trial_id": Trial(
            id=new_id(),
            title="Shorter",
            hypothesis="Shorter words are answered more",
            moment=Moment.survey,
            outcome=Outcome.response,
            base=0.3,
            response=1.0,
            effect=0.03,
            alpha=0.05,
            power=0.8,
            planned=4000,
            looks=1,
            days=7,
            seed="s",
            protocol="p",
            registered_at=now,
            starts_at=now,
            arms=[{"name": "as it is"}, {"name": "shorter"}],
        ),
        "called": CallBack(id=new_id(), case_id=called.id, contact_point_id=contact.id, office_id=office, asked_at=now),
        "area": Area(
            id=new_id(),
            code="lumas",
            names={"en": "Lumas"},
            geometry={"type": "Polygon", "coordinates": [SQUARE]},
        ),
    }
    session.add_all(rows.values())
    session.flush()
    there = {
        "calendar_id": session.exec(select(Calendar.id)).first(),
        "policy_id": session.exec(select(Policy.id)).first(),
        "rule_id": session.exec(select(Jurisdiction.id)).first(),
    }
    definitions.install(session, SurveyKind.service)
    packs.ensure(session, office, review.week, now)
    return {
        **{name: str(row.id) for name, row in rows.items()},
        **{name: str(found) for name, found in there.items()},
        "area_code": "lumas",
        "called": called.reference,
        "act": "back",
        "check_action": "no-answer",
        "code": definitions.STANDARD,
        "question": "reason",
    }
