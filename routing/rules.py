"""Which office answers: a pure choice from what was said, what was picked and what the catalogue holds.

In this order: integrity firewall; the office of a poster, kiosk or pick; the service picked, by place; what staff made
of nearly the same messages, by place; the service whose own words stand in the text, by place; the service the text was
understood as, by place; the triage desk. Whatever is
chosen is an active office outside the complaint, or one further up that is. Who answers for a service in a place is
read from the routing table (routing/answering.py).
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date
from uuid import UUID

from core.errors import Misconfigured
from domain.catalogue import Catalogue, name_of
from domain.office import Office
from domain.service import Service
from domain.states import OfficeFunction
from nlp.accusation import Accusation
from nlp.integrity import accuses
from routing.accused import coded, reading
from routing.answering import Answering, Found, Where, answering
from routing.decision import Candidate, Decision, Method, Request, Step
from routing.keywords import named_service
from routing.places import Index, index_of

__all__ = ["Candidate", "Decision", "Method", "Request", "Step", "answering", "choose", "explain", "next_above"]

SUGGESTED = 3


def choose(request: Request, catalogue: Catalogue, day: date) -> Decision:
    """The accountable office for a message on a day (local to the government).

    Raises:
        Misconfigured: no active office is left outside the complaint, so nobody could answer it.
    """
    return _Choice(request, catalogue, day).decide()


def explain(request: Request, catalogue: Catalogue, day: date) -> tuple[Decision, tuple[Step, ...]]:
    """What `choose` decides, and what it looked at, in order, in words."""
    steps: list[Step] = []
    decision = _Choice(request, catalogue, day, steps).decide()
    return decision, tuple(steps)


def next_above(catalogue: Catalogue, office_id: UUID, *, about: UUID | None = None, integrity: bool = False) -> Office:
    """Who takes over what an office that closes still has: the nearest open office above it outside the conflict.

    What the integrity office has goes to another one, where there is one; what nobody above may take goes where routing
    sends such a case. Raises Misconfigured where no active office is left.
    """
    choice = _Choice(Request(""), catalogue, date.min)
    choice.shut_out = frozenset(office.id for office in catalogue.chain(about)) if about is not None else frozenset()
    choice.shut_out |= {office_id}
    if integrity and (desk := choice.free(choice.index.by_function.get(OfficeFunction.integrity, ()))) is not None:
        return desk
    above = () if integrity else catalogue.chain(office_id)
    return choice.free(above) or choice.last_resort()


class _Choice:
    def __init__(self, request: Request, catalogue: Catalogue, day: date, steps: list[Step] | None = None) -> None:
        self.request = request
        self.catalogue = catalogue
        self.day = day
        self.steps = steps
        self.index: Index = index_of(catalogue)
        self.where = Where(
            catalogue, text=request.text, place=request.place, last_place=request.last_place, at=request.at
        )
        self.place = self.where.place
        self.poster = self._poster()
        self.service = catalogue.service_by_code.get(request.service or "")
        self.shut_out: frozenset[UUID] = frozenset()
        self._asked = Answering(catalogue, day, self.where)

    def decide(self) -> Decision:
        if self.steps is not None:
            self._note("Place", self._place_words())
        accusation = None if self.request.cleared else accuses(self.request.text) or self.request.recognised
        if self.request.about_staff or accusation is not None:
            self._note("Integrity", reading(accusation), decided=True)
            return self._integrity(accusation)
        self._note("Integrity", "nothing found")
        if self.request.held:
            self._note("Held", self.request.held, decided=True)
            return self._to_triage(Method.held, self.request.held)
        if self.poster is not None:
            if self.poster.function == OfficeFunction.integrity:
                self._note("Code", f"{self.poster.code} is the integrity office's own", decided=True)
                return self._integrity(None, to_itself=True)
            found = self._of_poster(self.poster)
            self._note("Code", found.words if found else f"{self.poster.code}: nobody there can answer", bool(found))
            if found is not None:
                return self._decided(found, Method.office_code, service=self.service or self._sure())
        elif self.steps is not None:
            given = self.request.office_code
            self._note("Code", f"{given} is no office's code" if given else "none")
        if self.service is not None:
            self._note("Service picked", name_of(self.service, "en"))
            if (found := self._answers(self.service, Method.picked_service)) is not None:
                found = replace(found, words=f"{found.words}; the citizen picked this service.")
                return self._decided(found, Method.picked_service, service=self.service)
            return self._to_triage()
        if self.steps is not None:
            given = self.request.service
            self._note("Service picked", f"{given} is no service of the catalogue" if given else "none")
            self._note("Understood as", self._understood_words())
        if (learnt := self._taught()) is not None:
            return learnt
        if (by_words := self._by_words()) is not None:
            return by_words
        sure = self._sure()
        if sure is not None and (found := self._answers(sure, Method.classifier)) is not None:
            understood = f"the text was understood as {name_of(sure, 'en')}, {self._share()} sure"
            found = replace(found, words=f"{found.words}; {understood}.")
            return self._decided(found, Method.classifier, service=sure)
        if (agreed := self._agreed()) is not None:
            self._note("One office for all it may be", agreed.reason, decided=True)
            return agreed
        return self._to_triage()

    def _note(self, what: str, said: str, decided: bool = False) -> None:
        if self.steps is not None:
            self.steps.append(Step(what, said, decided))

    # -- the four ways -------------------------------------------------------------------------------------------

    def _integrity(self, accusation: Accusation | None, *, to_itself: bool = False) -> Decision:
        accused = None if to_itself else self._accused()
        self.shut_out = frozenset(o.id for o in self.catalogue.chain(accused.id)) if accused else frozenset()
        desk = self.free(self.index.by_function.get(OfficeFunction.integrity, ()))
        reason = "The citizen wrote to the integrity office itself." if to_itself else reading(accusation)
        if self.request.named:
            reason += f" It names {self.request.named}."
        if accused is not None:
            reason += f" {name_of(accused, 'en')} and the offices above it do not see it."
        if desk is None:
            desk = self.last_resort()
            reason += f" No integrity office is free to take it, so {name_of(desk, 'en')} has it."
        if self.request.held:
            reason += f" {self.request.held}"
        found, about = Found(desk, reason), accused.id if accused else None
        shut = desk.function == OfficeFunction.integrity
        service = self.service or self._sure()
        made = self._decided(found, Method.integrity, service=service, integrity=shut, about=about)
        # whoever sorts messages sees only what waits to be sorted
        at_triage = desk.function == OfficeFunction.triage
        return replace(made, about_staff_id=self.request.named_id, at_triage=at_triage)

    def _of_poster(self, poster: Office) -> Found | None:
        words = f"{name_of(poster, 'en')} ({poster.code}) is the office of the code that came with the message"
        office = self._answering().upwards(poster.id)
        if office is None or office.id == poster.id:
            return Found(office, f"{words}.") if office else None
        return Found(office, f"{words}; it is closed, so {name_of(office, 'en')} above it answers.")

    def _to_triage(self, method: Method = Method.triage, why: str = "") -> Decision:
        reason = why or self._why_unsure()
        desk = self.free(self.index.by_function.get(OfficeFunction.triage, ()))
        if desk is None:
            desk = self.last_resort()
            reason += f" There is no triage desk, so {name_of(desk, 'en')} has it."
        if method is Method.triage:
            self._note("Triage", reason, decided=True)
        return self._decided(Found(desk, reason), method, service=self.service)

    def _decided(
        self,
        found: Found,
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
            rule_id=found.rule.id if found.rule is not None else None,
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

    def _by_words(self) -> Decision | None:
        """The office for the service whose own words stand in the text, where the model is not sure of it itself.

        Where the model is sure of another, a person decides.
        """
        named, sure = named_service(self.request.text, self.catalogue), self._sure()
        if named is None:
            self._note("Words of a service", "of none alone")
            return None
        service = self.catalogue.services[named.service_id]
        said = f"the text has the words {named.quoted} of {name_of(service, 'en')}"
        if sure is not None:
            self._note("Words of a service", said)
            if sure.id == service.id:
                return None
            other = f"was understood as {name_of(sure, 'en')}, {self._share()} sure"
            return self._to_triage(why=f"It is not clear what this is about: {said}, but it {other}; a person decides.")
        found = self._answers(service, Method.words)
        if found is None:
            self._note("Words of a service", f"{said}, but nobody answers for it")
            return None
        self._note("Words of a service", said, decided=True)
        return self._decided(replace(found, words=f"{found.words}; {said}."), Method.words, service=service)

    def _taught(self) -> Decision | None:
        """Where nearly the same messages went: people said so, several times and never otherwise."""
        taught = self.request.taught
        service = self.catalogue.service_by_code.get(taught.label) if taught else None
        if taught is None or service is None:
            return None
        like = f"it is like {taught.count} messages that staff placed as {name_of(service, 'en')}"
        self._note("Taught", like)
        found = self._answers(service, Method.lessons)
        if found is None:
            return None
        return self._decided(replace(found, words=f"{found.words}; {like}."), Method.lessons, service=service)

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
        return self._decided(Found(office, words), Method.classifier, service=service, confidence=together)

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
        """The office complained about: of a person named, of the code, named in words, or answering in the place."""
        if self.request.named_at is not None:
            return self.catalogue.offices[self.request.named_at]
        if self.poster is not None:
            return self.poster
        named = self.index.named_office(self.request.text) or coded(self.catalogue, self.request.text)
        if named is not None:
            return self.catalogue.offices[named]
        service = self.service or self._sure()
        if service is not None and (found := self._answers(service)) is not None:
            return found.office
        here = self.where.named.offices if self.where.named else ()
        return self.catalogue.offices[here[0]] if len(here) == 1 else None

    # -- service and place to office -----------------------------------------------------------------------------

    def _answering(self) -> Answering:
        if self._asked.shut_out != self.shut_out:
            self._asked = Answering(self.catalogue, self.day, self.where, self.shut_out)
        return self._asked

    def _answers(self, service: Service, method: Method | None = None) -> Found | None:
        """Who answers for a service in the place. With a method, what was looked at is noted as its steps."""
        looked: list[str] | None = [] if self.steps is not None and method is not None else None
        found = self._answering().of(service, looked)
        if looked is not None:
            for number, said in enumerate(looked, 1):
                self._note("Rule", said, decided=found is not None and number == len(looked))
            if not looked:
                self._note("Rule", f"none for {name_of(service, 'en')} is valid on {self.day.isoformat()}")
        return found

    # -- what is always true of the office chosen ----------------------------------------------------------------

    def free(self, offices: Iterable[Office]) -> Office | None:
        """The first of them that is open and outside the complaint."""
        return next((office for office in offices if office.active and office.id not in self.shut_out), None)

    def last_resort(self) -> Office:
        """Somebody outside the complaint: triage, leadership, else the highest office there is."""
        order = (OfficeFunction.triage, OfficeFunction.leadership, OfficeFunction.service, OfficeFunction.integrity)
        found = self.free(office for function in order for office in self.index.by_function.get(function, ()))
        if found is None:
            raise Misconfigured(
                "No active office is left that may take this complaint.",
                mend="Set up an integrity office that stands beside, not above, the offices it looks into.",
            )
        return found

    # -- in words ------------------------------------------------------------------------------------------------

    def _place_words(self) -> str:
        where = self.where
        if where.spot:
            inside = ", inside ".join(place.name for place in where.spot)
            return f"the spot on the map lies in {inside}"
        off = "the spot lies in no area; " if self.request.at is not None else ""
        if where.picked is not None:
            return f"{off}{where.picked.name}, picked"
        if where.named is not None:
            return f"{off}{where.named.name}, named in the text"
        if where.last is not None:
            return f"{off}{where.last.name}, where the citizen wrote from before"
        unknown = f"“{self.request.place}” is not known" if self.request.place else "none is known"
        return f"{off}{unknown}"

    def _understood_words(self) -> str:
        prediction = self.request.prediction
        if prediction is None or not prediction.labels:
            return self.request.no_prediction or "the text was not classified"
        first = prediction.labels[0]
        service = self.catalogue.service_by_code.get(first.label)
        said = f"{name_of(service, 'en') if service else first.label}, {self._share()}"
        if service is None:
            return f"{said}: not a service of the catalogue"
        if prediction.confident:
            return f"{said}: sure enough"
        needed = f"{prediction.threshold:.0%} is needed" if prediction.threshold <= 1 else "the model may not decide"
        return f"{said}: not sure enough, {needed}"
