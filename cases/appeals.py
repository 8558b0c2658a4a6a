"""Appeals: the office above decides, by somebody else than who decided below, and then it is final.

The case moves to the office above: its silences run on there, an `appeal` clock starts, and only the delivery of the
decision ends that. Those below do not see the case any more; they are told of the appeal and of how it was decided.
"""

from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

import escalation.service
from cases import afterwards, crowds, delivery, history, lifecycle, relays, telling, templated
from cases.acting import Form, Frame, begin, shift, words_of
from cases.rights import decides
from core.errors import BadInput, Conflict, NotAllowed
from core.ids import new_id
from core.settings import settings
from domain.case import Case
from domain.catalogue import catalogue
from domain.closing import Appeal, AppealOutcome
from domain.states import CaseState, ClockKind, EntryKind, Outcome
from domain.timeline import append
from domain.visibility import Viewer, counted_act, visible
from routing.appeals import appeal_to
from routing.assignment import assign

LISTED = 200
METHOD = "appeal"
DECIDING = (EntryKind.closed, EntryKind.answered)
"""Acts by which somebody below took part in the decision."""
LODGED = "{reference}: the citizen appealed against your office's decision. {office} decides."
DECIDED = "{reference}: {office} decided on the appeal against your office: {outcome}. {words}"
SAID = {
    AppealOutcome.allowed: "the citizen is right",
    AppealOutcome.partly: "the citizen is partly right",
    AppealOutcome.dismissed: "your decision stands",
    AppealOutcome.withdrawn: "the citizen took it back",
}


def lodge(session: Session, case: Case, text: str, now: datetime, *, how: str) -> Appeal:
    """The citizen of a closed case (locked) takes it to the office above.

    Raises:
        Conflict: there was an appeal already; it is final.
        Misconfigured: no office is left that could decide.
    """
    if case.appealed_at is not None:
        raise Conflict("There was an appeal already.", mend="Its decision is final.")
    known = catalogue(session)
    below = known.offices[case.office_id]
    above = appeal_to(known, below.id, about=case.about_office_id, integrity=case.integrity)
    told = telling.answering(session, case, now)
    deciders = sorted(
        {entry.actor for entry in history.timeline(session, case) if entry.kind in DECIDING} - {"system", "citizen"}
    )
    if crowds.is_member(case):
        crowds.leave(session, case, now, "Its citizen appealed.")
    crowds.dissolve(session, case, now, "The citizen of the case that led appealed.")
    afterwards.no_longer(session, case)
    body: dict[str, object] = {"text": text, "from": below.code, "to": above.code, "how": how}
    entry = append(session, case, EntryKind.appealed, now, actor="citizen", public=True, body=body)
    shift(case, CaseState.open)
    case.appealed_at, case.closed_at, case.outcome = now, None, None
    appeal = Appeal(
        id=new_id(),
        case_id=case.id,
        entry=entry.number,
        from_office_id=below.id,
        office_id=above.id,
        not_by=deciders,
        text=text,
        lodged_at=now,
    )
    session.add(appeal)
    if above.id != below.id:
        _move(session, case, above.id, now)
    barred = [UUID(one) for one in deciders] + ([case.about_staff_id] if case.about_staff_id else [])
    case.assignee_id = assign(session, above.id, now, not_staff=barred, about_office_id=case.about_office_id)
    escalation.service.start(session, case, ClockKind.appeal, now)
    delivery.restate(session, case, now)
    words = LODGED.format(reference=case.reference, office=known.name(above.id))
    telling.tell(session, told, f"appealed:{case.id}", words, now)
    telling.tell_office(session, case, f"appeal:{case.id}", f"{case.reference}: an appeal to decide.", now)
    return appeal


def _move(session: Session, case: Case, office_id: UUID, now: datetime) -> None:
    known = catalogue(session)
    case.routing_method, case.routing_confidence, case.routing_model = METHOD, None, None
    case.routing_reason = f"The citizen appealed against the decision of {known.name(case.office_id)}."
    body: dict[str, object] = {
        "office": known.offices[office_id].code,
        "service": known.services[case.service_id].code if case.service_id else None,
        "reason": case.routing_reason,
        "method": METHOD,
        "confidence": None,
        "model": None,
    }
    append(session, case, EntryKind.routed, now, public=not case.integrity, office_id=office_id, body=body)
    case.office_id, case.pending_office_id = office_id, None
    escalation.service.move(session, case, now)


def may_decide(session: Session, case: Case, appeal: Appeal, who: Viewer) -> bool:
    """Whether somebody may decide an appeal: they have it now, and neither they nor their office decided below."""
    if appeal.outcome is not None or not decides(case, who) or str(who.staff_id) in appeal.not_by:
        return False
    return appeal.from_office_id == case.office_id or appeal.from_office_id not in who.home


def decide(
    session: Session, case_id: UUID, who: Viewer, outcome: AppealOutcome, text: str, now: datetime, form: Form
) -> Case:
    """Decide an appeal in words for the citizen; then it is final.

    Raises:
        NotAllowed: they decided below, or their office did.
        Conflict: there is no appeal that waits.
    """
    words = words_of(text, "The decision", limit=lifecycle.ANSWER_LIMIT)
    if outcome is AppealOutcome.withdrawn:
        raise BadInput("Choose how you decide.", fields={"decision": "Choose how you decide."})
    case = begin(session, case_id, who, form, may=decides)
    appeal = session.exec(select(Appeal).where(col(Appeal.case_id) == case.id).with_for_update()).first()
    if appeal is None or appeal.outcome is not None:
        raise Conflict("There is no appeal to decide.", mend="Reload the case to see how it was decided.")
    if not may_decide(session, case, appeal, who):
        raise NotAllowed("Somebody else has to decide this: you or your office decided it before.")
    appeal.outcome, appeal.words, appeal.decided_at, appeal.decided_by = outcome, words, now, who.staff_id
    said: dict[str, object] = {"outcome": outcome, "by": who.name, "token": form.token}
    append(session, case, EntryKind.appeal_decided, now, actor=str(who.staff_id), public=True, body=said)
    frame = Frame("appeal_decided", {"ombudsman": settings().ombudsman or None}, {"decides_appeal": True})
    verdict = templated.judge(session, case, who, words, now)
    beside: dict[str, object] = {"appeal": outcome} | lifecycle.judged(verdict)
    entry = lifecycle.settle(
        session, case, who, _outcome(session, case, outcome), words, now, form, beside, frame=frame, final=True
    )
    templated.keep(session, case, who, entry, words, verdict, None, now)
    relays.hear(session, case, entry, now)
    known = catalogue(session)
    office = known.name(case.office_id)
    told = DECIDED.format(reference=case.reference, office=office, outcome=SAID[outcome], words=words)
    people = telling.leading(session, appeal.from_office_id, now) | {UUID(one) for one in appeal.not_by}
    telling.tell(session, people - {who.staff_id}, f"appeal_decided:{case.id}", told, now)
    return case


def _outcome(session: Session, case: Case, decided: AppealOutcome) -> Outcome:
    """How the case ends by that: as before, where the decision below stands."""
    if decided is AppealOutcome.allowed:
        return Outcome.upheld
    if decided is AppealOutcome.partly:
        return Outcome.partly_upheld
    before = [e for e in history.timeline(session, case) if e.kind == EntryKind.closed and e.body.get("outcome")]
    return Outcome(str(before[-1].body["outcome"])) if before else Outcome.not_upheld


def listed(session: Session, who: Viewer) -> list[tuple[Appeal, Case, bool]]:
    """Appeals of cases this person sees, and those against their own office's decisions, open ones first; whether they
    may open the case. Those of integrity and about their office are in neither."""
    mine = visible(who)
    rows = session.exec(
        select(Appeal, Case, mine.label("open"))
        .join(Case, col(Case.id) == col(Appeal.case_id))
        .where(counted_act(who, col(Appeal.from_office_id)))  # type: ignore[arg-type]
        .order_by(col(Appeal.outcome).is_not(None), col(Appeal.lodged_at).desc())
        .limit(LISTED)
    ).all()
    return [(appeal, case, bool(opened)) for appeal, case, opened in rows]
