"""Which office answers: a pure choice from what was said, what was picked and what the catalogue holds.

In this order: integrity firewall; the office of a poster, kiosk or pick; the service picked, by place; the service the
text was understood as, by place; the triage desk. Whatever is chosen is an active office outside the complaint, or
one further up that is.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from core.errors import Misconfigured
from domain.catalogue import Catalogue, name_of
from domain.office import Office
from domain.service import Jurisdiction, Service
from domain.states import OfficeFunction, Tier
from nlp.classifier import Prediction
from nlp.integrity import accuses
from routing.places import Index, Place, index_of

SUGGESTED = 3
_TIERS = list(Tier)


class Method(StrEnum):
    """Which rule decided."""

    integrity = "integrity"
    office_code = "office_code"
    picked_service = "picked_service"
    classifier = "classifier"
    triage = "triage"
    held = "held"


@dataclass(frozen=True, slots=True)
class Request:
    """What is known of a message. `service` and `office_code` are codes that the citizen, poster or kiosk gave.

    `held` says why a person should look at it before any office does. `place` was picked, `last_place` is the citizen's
    last known one. A prediction at least as sure as its own threshold is followed; `no_prediction` says in words why
    there is none.
    """

    text: str
    service: str | None = None
    place: str | None = None
    office_code: str | None = None
    about_staff: bool = False
    language: str = "en"
    prediction: Prediction | None = None
    last_place: str | None = None
    no_prediction: str = ""
    held: str = ""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A service the text may be about, and the office that would answer."""

    service_id: UUID
    service: str
    probability: float
    office_id: UUID
    office: str


@dataclass(frozen=True, slots=True)
class Decision:
    """The one accountable office and why. `about_office_id` and the offices above it are shut out of the case."""

    office_id: UUID
    method: Method
    reason: str
    service_id: UUID | None = None
    place: str | None = None
    confidence: float | None = None
    model: str | None = None
    integrity: bool = False
    about_office_id: UUID | None = None
    suggestions: tuple[Candidate, ...] = ()

    @property
    def triage(self) -> bool:
        """Whether a person at the triage desk still has to say whose it is."""
        return self.method in (Method.triage, Method.held)


def choose(request: Request, catalogue: Catalogue, day: date) -> Decision:
    """The accountable office for a message on a day (local to the government).

    Raises:
        Misconfigured: no active office is left outside the complaint, so nobody could answer it.
    """
    return _Choice(request, catalogue, day).decide()


@dataclass(frozen=True, slots=True)
class _Found:
    """An office, and in words how it was found."""

    office: Office
    words: str


class _Choice:
    def __init__(self, request: Request, catalogue: Catalogue, day: date) -> None:
        self.request = request
        self.catalogue = catalogue
        self.day = day
        self.index: Index = index_of(catalogue)
        self.named = self.index.place(request.place) if request.place else None
        self.named = self.named or self.index.place(request.text)
        self.last = self.index.place(request.last_place) if request.last_place else None
        self.place = self.named or self.last
        self.poster = self._poster()
        self.service = catalogue.service_by_code.get(request.service or "")
        self.shut_out: frozenset[UUID] = frozenset()

    def decide(self) -> Decision:
        accusation = accuses(self.request.text)
        if self.request.about_staff or accusation is not None:
            said = ", ".join(f"“{word}”" for word in accusation.words) if accusation is not None else ""
            return self._integrity(said)
        if self.request.held:
            return self._to_triage(Method.held, self.request.held)
        if self.poster is not None:
            if self.poster.function == OfficeFunction.integrity:
                return self._integrity("", to_itself=True)
            if (found := self._of_poster(self.poster)) is not None:
                return self._decided(found, Method.office_code, service=self.service or self._sure())
        if self.service is not None and (found := self._answers(self.service)) is not None:
            found = _Found(found.office, f"{found.words}; the citizen picked this service.")
            return self._decided(found, Method.picked_service, service=self.service)
        if self.service is None and (sure := self._sure()) is not None and (found := self._answers(sure)) is not None:
            understood = f"the text was understood as {name_of(sure, 'en')}, {self._share()} sure"
            return self._decided(_Found(found.office, f"{found.words}; {understood}."), Method.classifier, service=sure)
        if self.service is None and (agreed := self._agreed()) is not None:
            return agreed
        return self._to_triage()

    # -- the four ways -------------------------------------------------------------------------------------------

    def _integrity(self, said: str, *, to_itself: bool = False) -> Decision:
        accused = None if to_itself else self._accused()
        self.shut_out = frozenset(o.id for o in self.catalogue.chain(accused.id)) if accused else frozenset()
        desk = self._free(o for o in self._active() if o.function == OfficeFunction.integrity)
        if to_itself:
            reason = "The citizen wrote to the integrity office itself."
        elif said:
            reason = f"Goes to integrity: the text speaks of {said}."
        else:
            reason = "Goes to integrity: the citizen says it is about staff or their conduct."
        if accused is not None:
            reason += f" {name_of(accused, 'en')} and the offices above it do not see it."
        if desk is None:
            desk = self._last_resort()
            reason += f" No integrity office is free to take it, so {name_of(desk, 'en')} has it."
        if self.request.held:
            reason += f" {self.request.held}"
        return self._decided(
            _Found(desk, reason),
            Method.integrity,
            service=self.service or self._sure(),
            integrity=desk.function == OfficeFunction.integrity,
            about=accused.id if accused else None,
        )

    def _of_poster(self, poster: Office) -> _Found | None:
        words = f"{name_of(poster, 'en')} ({poster.code}) is the office of the code that came with the message"
        office = self._upwards(poster.id)
        if office is None or office.id == poster.id:
            return _Found(office, f"{words}.") if office else None
        return _Found(office, f"{words}; it is closed, so {name_of(office, 'en')} above it answers.")

    def _to_triage(self, method: Method = Method.triage, why: str = "") -> Decision:
        reason = why or self._why_unsure()
        desk = self._free(o for o in self._active() if o.function == OfficeFunction.triage)
        if desk is None:
            desk = self._last_resort()
            reason += f" There is no triage desk, so {name_of(desk, 'en')} has it."
        return self._decided(_Found(desk, reason), method, service=self.service)

    def _decided(
        self,
        found: _Found,
        method: Method,
        *,
        service: Service | None,
        integrity: bool = False,
        about: UUID | None = None,
        confidence: float | None = None,
    ) -> Decision:
        understood = self.request.prediction if method in (Method.classifier, Method.triage, Method.held) else None
        return Decision(
            office_id=found.office.id,
            method=method,
            reason=found.words,
            service_id=service.id if service else None,
            place=self.place.name if self.place else None,
            confidence=confidence or (understood.labels[0].probability if understood and understood.labels else None),
            model=understood.model if understood else None,
            integrity=integrity,
            about_office_id=about,
            suggestions=tuple(self._suggestions()),
        )

    # -- what was understood -------------------------------------------------------------------------------------

    def _poster(self) -> Office | None:
        """The office of the code given by poster, kiosk or pick, else of one written in the text."""
        given = self.index.office_by_code.get((self.request.office_code or "").strip().upper())
        return given or self.index.office_coded(self.request.text)

    def _sure(self) -> Service | None:
        """The service the text was understood as, when the model is sure enough."""
        prediction = self.request.prediction
        if prediction is None or not prediction.confident:
            return None
        return self.catalogue.service_by_code.get(prediction.labels[0].label)

    def _agreed(self) -> Decision | None:
        """The office that answers for several likely services, when together they are sure enough.

        Office is not topic: calibrated probabilities of different topics add up, and whichever it is, it goes there.
        """
        candidates = list(self._suggestions())
        if not candidates or self.request.prediction is None:
            return None
        alike = [candidate for candidate in candidates if candidate.office_id == candidates[0].office_id]
        together = sum(candidate.probability for candidate in alike)
        if len(alike) < 2 or together < self.request.prediction.threshold:
            return None
        office = self.catalogue.offices[candidates[0].office_id]
        topics = " or ".join(name_of(self.catalogue.services[candidate.service_id], "en") for candidate in alike)
        where = f" in {self.place.name}" if self.place else ""
        words = (
            f"{name_of(office, 'en')} answers for {topics}{where}; the text is about one of these, {together:.0%} sure."
        )
        service = self.catalogue.services[candidates[0].service_id]
        return self._decided(_Found(office, words), Method.classifier, service=service, confidence=together)

    def _share(self) -> str:
        prediction = self.request.prediction
        return f"{prediction.labels[0].probability:.0%}" if prediction and prediction.labels else ""

    def _suggestions(self) -> Iterator[Candidate]:
        offered = 0
        for suggestion in self.request.prediction.labels if self.request.prediction else ():
            service = self.catalogue.service_by_code.get(suggestion.label)
            found = self._answers(service) if service else None
            if service is not None and found is not None:
                office = found.office
                yield Candidate(service.id, service.code, suggestion.probability, office.id, office.code)
                offered += 1
            if offered == SUGGESTED:
                return

    def _why_unsure(self) -> str:
        if self.service is not None:
            return f"No office is named for {name_of(self.service, 'en')}; a person decides."
        prediction = self.request.prediction
        if prediction is None or not prediction.labels:
            return f"{self.request.no_prediction or 'The text was not classified'}; a person decides."
        first = prediction.labels[0]
        service = self.catalogue.service_by_code.get(first.label)
        about = f"{name_of(service, 'en') if service else first.label}, {self._share()} sure"
        if not prediction.confident:
            needed = f"; {prediction.threshold:.0%} is needed" if prediction.threshold <= 1 else ""
            return f"The text was not understood well enough (perhaps {about}{needed}); a person decides."
        if service is None:
            return f"The text was understood as {about}, which is not a service of the catalogue; a person decides."
        return f"The text was understood as {about}, but no office is named for it; a person decides."

    def _accused(self) -> Office | None:
        """The office complained about: of the code, named in words, or answering for the service in the place."""
        if self.poster is not None:
            return self.poster
        named = self.index.named_office(self.request.text)
        if named is not None:
            return self.catalogue.offices[named]
        service = self.service or self._sure()
        if service is not None and (found := self._answers(service)) is not None:
            return found.office
        here = self.named.offices if self.named else ()
        return self.catalogue.offices[here[0]] if len(here) == 1 else None

    # -- service and place to office -----------------------------------------------------------------------------

    def _answers(self, service: Service) -> _Found | None:
        """Who answers for a service: in the place, around it, everywhere else, or above all who do."""
        lines = [line for line in self.index.lines.get(service.id, ()) if self._valid(line)]
        what = name_of(service, "en")
        for line, where in self._by_place(lines):
            if (office := self._upwards(line.office_id)) is not None:
                return _Found(office, self._answered_by(f"{what} {where}".rstrip(), office, line.office_id))
        above = self._above_all({line.office_id for line in lines})
        if above is not None:
            known = f" in {self.place.name}" if self.place else ""
            return _Found(
                above, f"{what}{known} has no office of its own, so {name_of(above, 'en')} above them answers"
            )
        return None

    def _by_place(self, lines: list[Jurisdiction]) -> Iterator[tuple[Jurisdiction, str]]:
        by_key: dict[str, Jurisdiction] = {}
        for line in lines:
            for name in line.places or [""]:
                by_key.setdefault(self.index.key(name), line)
        for place, note in ((self.named, ""), (self.last, ", where the citizen wrote from before")):
            if place is None:
                continue
            if place.key in by_key:
                yield by_key[place.key], f"in {place.name}{note}"
            for line in self._around(place, lines):
                yield line, f"in {place.name}{note}"
        if "" in by_key:
            yield by_key[""], f"in {self.named.name}" if self.named else ""

    def _around(self, place: Place, lines: list[Jurisdiction]) -> Iterator[Jurisdiction]:
        """Lines with a place whose office serves `place`, or stands above one that does; the nearest first."""
        reach: dict[UUID, int] = {}
        for office_id in place.offices:
            for distance, office in enumerate(self.catalogue.chain(office_id)):
                reach[office.id] = min(distance, reach.get(office.id, distance))
        near = [
            line
            for line in lines
            if line.places
            and line.office_id in reach
            # an office further up is meant only where the line names what that office serves
            and (reach[line.office_id] == 0 or any(line.office_id in self._serving(place) for place in line.places))
        ]
        yield from sorted(near, key=lambda line: reach[line.office_id])

    def _serving(self, place: str) -> tuple[UUID, ...]:
        known = self.index.places.get(self.index.key(place))
        return known.offices if known else ()

    def _above_all(self, offices: set[UUID]) -> Office | None:
        """The nearest active service office above (or equal to) every office that answers for a service."""
        chains = [[office.id for office in self.catalogue.chain(office_id)] for office_id in offices]
        if not chains:
            return None
        shared = set(chains[0]).intersection(*chains[1:])
        return self._free(
            office
            for office_id in chains[0]
            if office_id in shared
            and (office := self.catalogue.offices[office_id]).active
            and office.function == OfficeFunction.service
        )

    def _answered_by(self, what: str, office: Office, named: UUID) -> str:
        if office.id == named:
            return f"{what} is answered by {name_of(office, 'en')}"
        return f"{what} is answered by {name_of(office, 'en')}, since {self.catalogue.name(named)} cannot"

    # -- what is always true of the office chosen ----------------------------------------------------------------

    def _active(self) -> list[Office]:
        return sorted(self.catalogue.office_by_code.values(), key=lambda o: (_TIERS.index(Tier(o.tier)), o.code))

    def _free(self, offices: Iterable[Office]) -> Office | None:
        return next((office for office in offices if office.active and office.id not in self.shut_out), None)

    def _upwards(self, office_id: UUID) -> Office | None:
        """The office, or the nearest one above it that answers citizens."""
        return self._free(
            office
            for office in self.catalogue.chain(office_id)
            if office.id == office_id or office.function == OfficeFunction.service
        )

    def _last_resort(self) -> Office:
        """Somebody outside the complaint: triage, leadership, else the highest office there is."""
        order = (OfficeFunction.triage, OfficeFunction.leadership, OfficeFunction.service, OfficeFunction.integrity)
        found = self._free(sorted(self._active(), key=lambda o: order.index(OfficeFunction(o.function))))
        if found is None:
            raise Misconfigured(
                "No active office is left that may take this complaint.",
                mend="Set up an integrity office that stands beside, not above, the offices it looks into.",
            )
        return found

    def _valid(self, line: Jurisdiction) -> bool:
        return line.valid_from <= self.day and (line.valid_to is None or self.day < line.valid_to)
