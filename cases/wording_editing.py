"""Writing and publishing the words of messages: versions, and four eyes, since they speak to every citizen.

Administrators and whoever heads the whole government write; one of them publishes what another wrote, or returns it
with a reason. Nobody publishes their own, however few they are: saved replies follow the same rule. Going back to the
words that Ombud ships needs one person, so that wrong words can be stopped at once.
"""

from collections.abc import Mapping
from datetime import datetime
from statistics import median_low

from sqlmodel import Session

from cases import administration
from core.errors import BadInput, Conflict, NotAllowed, NotFound
from core.ids import new_id
from core.settings import settings
from core.texts import clean
from domain.catalogue import Catalogue, catalogue, name_of
from domain.office import Office
from domain.service import Service
from domain.states import OfficeFunction, Role
from domain.visibility import Viewer
from domain.wording import Wording, WordingState
from notifications import checking, compose, wordings

LONGEST_REASON = 500
KIND = "wording"
SHIPPED = 0
"""Number of the version that Ombud ships."""


def may_edit(known: Catalogue, who: Viewer) -> bool:
    """Administrators, and who heads the whole government: the words speak for every office."""
    tops = {office.id for office in known.children.get(None, ())}
    return who.has(Role.admin) or any(role is Role.head and office in tops for role, office in who.roles)


def check_editor(known: Catalogue, who: Viewer) -> None:
    """Raises NotAllowed for whoever may not write them."""
    if not may_edit(known, who):
        raise NotAllowed("Only administrators change the words of messages.", mend="Tell yours what should read how.")


def check_known(name: str, language: str) -> None:
    """Raises NotFound for what is no message, and for what the deployment does not speak."""
    if name not in compose.names():
        raise NotFound("There is no such message.", mend="Choose one from the list.")
    if language not in settings().languages:
        raise NotFound("This deployment does not speak that language.", mend="Choose one from the list.")


def checked(known: Catalogue, name: str, language: str, body: str, now: datetime) -> str:
    """Words as they are kept. Raises BadInput with what is wrong with them."""
    return checking.checked(name, language, body, samples(known, language, now))


def samples(known: Catalogue, language: str, now: datetime) -> Mapping[str, object]:
    """What a message may be filled with, for a look at it: an office and a service with names of usual length."""
    office, service = usual_names(known, language)
    return checking.sample_values(language, office, service, administration.today(now))


def usual_names(known: Catalogue, language: str) -> tuple[str, str]:
    """The names of an office and of a service that are neither long nor short."""
    offices = [one for one in known.offices.values() if one.active and one.function == OfficeFunction.service]
    return _usual(offices, language, "Water Works"), _usual(list(known.services.values()), language, "Water supply")


def _usual(rows: "list[Office] | list[Service]", language: str, otherwise: str) -> str:
    names = sorted((name_of(row, language) for row in rows), key=lambda name: (len(name), name))
    usual = median_low([len(name) for name in names]) if names else 0
    return next((name for name in names if len(name) == usual), otherwise)


def write(session: Session, who: Viewer, name: str, language: str, body: str, seen: int, now: datetime) -> Wording:
    """Keep words as the draft that waits, in place of one that did. `seen` is the newest version on the page.

    Raises:
        BadInput: the words will not do.
        Conflict: somebody else wrote a version meanwhile.
        NotAllowed, NotFound.
    """
    kept = _locked(session, who, name, language, seen)
    return add(session, who, name, language, checked(catalogue(session), name, language, body, now), kept, now)


def add(
    session: Session, who: Viewer, name: str, language: str, body: str, kept: list[Wording], now: datetime
) -> Wording:
    """The draft that waits, of checked words, after the versions there are (newest first); nobody else's to change."""
    version = kept[0].version + 1 if kept else 1
    for older in kept:
        if older.state == WordingState.draft:
            _restate(session, who, older, WordingState.replaced, now)
    row = Wording(id=new_id(), name=name, language=language, version=version, body=body, staff_id=who.staff_id, at=now)
    session.add(row)
    session.flush()
    administration.record(session, who, KIND, row.id, title_of(row), None, _values(row), now)
    return row


def publish(session: Session, who: Viewer, name: str, language: str, seen: int, now: datetime) -> None:
    """Have the draft that waits sent from the next message on. Raises NotAllowed for who wrote it."""
    kept = _locked(session, who, name, language, seen)
    draft = _draft(kept)
    if draft.staff_id == who.staff_id:
        raise NotAllowed("You wrote this version, so somebody else publishes it.", mend="Ask a colleague to read it.")
    checked(catalogue(session), name, language, draft.body, now)  # what there is to put in may have changed since
    for older in kept:
        if older.state == WordingState.published:
            _restate(session, who, older, WordingState.replaced, now)
    _restate(session, who, draft, WordingState.published, now)
    wordings.forget()


def send_back(session: Session, who: Viewer, name: str, language: str, reason: str, seen: int, now: datetime) -> None:
    """Return the draft that waits to who wrote it, who may do so too. Raises BadInput without a reason."""
    draft = _draft(_locked(session, who, name, language, seen))
    if not (why := clean(reason, LONGEST_REASON)):
        raise BadInput("Say why.", fields={"reason": "Say what should read otherwise."})
    _restate(session, who, draft, WordingState.returned, now, why)


def use_shipped(session: Session, who: Viewer, name: str, language: str, seen: int, now: datetime) -> None:
    """Have the words that Ombud ships sent again; a draft that waits goes on waiting."""
    for version in _locked(session, who, name, language, seen):
        if version.state == WordingState.published:
            _restate(session, who, version, WordingState.withdrawn, now)
    wordings.forget()


def title_of(row: Wording) -> str:
    """What a version is called in the record of changes."""
    return f"{row.name.replace('_', ' ')} ({row.language}), version {row.version}"


def _locked(session: Session, who: Viewer, name: str, language: str, seen: int) -> list[Wording]:
    """All versions, newest first, nobody else's to change. Raises NotFound, NotAllowed, Conflict."""
    check_known(name, language)
    check_editor(administration.lock(session), who)
    kept = wordings.versions(session, name, language)
    last = kept[0].version if kept else 0
    if last != seen:
        raise Conflict(
            f"Somebody saved version {last} of this wording meanwhile.",
            mend="Look at it, then save yours again; your words are kept in the box.",
        )
    return kept


def _draft(kept: list[Wording]) -> Wording:
    if not kept or kept[0].state != WordingState.draft:
        raise Conflict("There is nothing new to publish.", mend="Write a new version first.")
    return kept[0]


def _restate(session: Session, who: Viewer, row: Wording, state: WordingState, now: datetime, reason: str = "") -> None:
    before = _values(row)
    row.state, row.reason = state, reason
    if state in (WordingState.published, WordingState.returned):
        row.decided_by, row.decided_at = who.staff_id, now
    administration.record(session, who, KIND, row.id, title_of(row), before, _values(row), now)


def _values(row: Wording) -> administration.Values:
    """A version as the record of changes tells of it."""
    return {"state": str(row.state), "words": row.body, "reason": row.reason}
