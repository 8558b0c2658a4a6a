"""The report as a row of questions: which there are, what each asks, where one goes from it, what is still wrong.

Everything answered so far travels in the form itself, so nothing of a report is stored before it is sent, the browser's
way back shows what was typed, and a page that was open for a week still works.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from channels import web
from channels.forms import N_
from channels.values import Inbound
from core.errors import BadInput
from core.ids import new_id
from core.settings import settings
from core.texts import clean

STEPS = ("what", "about", "where", "files", "similar", "how", "check")
QUESTIONS = ("what", "about", "where", "files", "how")
"""The steps that are counted for the reader; the others ask nothing new."""
SHOWN: Mapping[str, tuple[str, ...]] = {
    "what": ("text", "about_staff", "website"),
    "about": ("service",),
    "where": ("spot", "latitude", "longitude"),
    "files": (),
    "similar": (),
    "how": ("answer", "phone", "email", "name", "confidential"),
    "check": (),
}
"""The fields each step has on its page. On every other page they are carried along unseen."""
FIELDS = (
    *("text", "about_staff", "website", "service", "place", "office", "spot", "latitude", "longitude"),
    *("answer", "phone", "email", "name", "confidential", "same"),
)
"""All a report is made of. `website` is the trap: people do not see it. `same` is yes, no or empty: whether others told
us the same, in the citizen's own view."""
STEP_OF_FIELD = {"text": "what", "service": "about", "place": "where", "office": "where", "spot": "where"}
LONGEST = {"text": 20_000, "name": 400, "phone": 80, "email": 400, "spot": 400}

CHOOSE = N_("Choose how we shall answer you.")
NO_PHONE = N_("Enter a phone number, or choose to stay anonymous.")
NO_EMAIL = N_("Enter an e-mail address, or choose another way.")


def ways_to_answer() -> tuple[str, ...]:
    """How an answer can reach a citizen of this installation."""
    current = settings()
    mail = ("email",) if current.mail_server_url and current.mail_address else ()
    return ("phone", *mail, "anonymous")


@dataclass(frozen=True, slots=True)
class Draft:
    """A report that is being written: the step it came from, what was answered, and what the page itself carried.

    `returning` says that one answer is being changed from the last page, to which it then goes back.
    """

    step: str = "what"
    values: Mapping[str, str] = field(default_factory=lambda: dict.fromkeys(FIELDS, ""))
    form_id: str = ""
    started: str = ""
    returning: bool = False

    @classmethod
    def of(cls, form: Mapping[str, str]) -> "Draft":
        """What a posted form holds; an odd step, token or field is mended, never refused."""
        values = {name: clean(form.get(name, ""), LONGEST.get(name, 200)) for name in FIELDS}
        step = form.get("step", "what")
        step = step if step in STEPS else "what"
        picked = form.get("where")
        if step == "where" and picked is not None and picked != picked_now(values):
            kind, _, code = picked.partition(":")
            values |= {"place": clean(code, 200) if kind == "p" else "", "office": code[:32] if kind == "o" else ""}
        typed = [way for way in ways_to_answer() if values.get(way)]
        if step == "how" and not values["answer"] and len(typed) == 1:
            values["answer"] = typed[0]  # a number alone says how to answer, as plainly as the button above it
        return cls(
            step, values, _token(form.get("form_id", "")), clean(form.get("started", ""), 120), bool(form.get("return"))
        )

    def at(self, step: str) -> "Draft":
        """The same, on another page."""
        return replace(self, step=step)

    def anonymous(self) -> bool:
        """Whether no contact is left at all."""
        return self.values["answer"] == "anonymous"

    def message(self, lang: str) -> Inbound:
        """The report as one message. Raises BadInput with a sentence for each field that is wrong."""
        given: dict[str, object] = {name: self.values[name] for name in FIELDS}
        given |= {"token": self.form_id, "anonymous": self.anonymous(), "language": lang}
        for name, way in (("phone", "phone"), ("email", "email")):
            if self.values["answer"] != way:
                given[name] = ""
        return web.parse(given, region=settings().region)

    def mistakes(self, lang: str, until: str) -> dict[str, str]:
        """What is wrong on the pages up to `until`, by field and in the order of the pages."""
        wrong: dict[str, str] = {}
        try:
            self.message(lang)
        except BadInput as error:
            wrong = dict(error.fields)
        wrong = self._unanswered() | wrong if STEPS.index(until) >= STEPS.index("how") else wrong
        last = STEPS.index(until)
        found = {name: text for name, text in wrong.items() if STEPS.index(step_of(name)) <= last}
        return dict(sorted(found.items(), key=lambda one: STEPS.index(step_of(one[0]))))

    def _unanswered(self) -> dict[str, str]:
        match self.values["answer"]:
            case way if way not in ways_to_answer():
                return {"answer": CHOOSE}
            case "phone" if not self.values["phone"]:
                return {"phone": NO_PHONE}
            case "email" if not self.values["email"]:
                return {"email": NO_EMAIL}
        return {}


def picked_now(values: Mapping[str, str]) -> str:
    """The chosen place or office as the page's radio button has it."""
    return f"o:{values['office']}" if values["office"] else f"p:{values['place']}" if values["place"] else ""


def step_of(name: str) -> str:
    """The page a field is on."""
    return STEP_OF_FIELD.get(name, "how")


def steps(*, similar: bool) -> list[str]:
    """The pages of this report, in order."""
    left_out = ({"files"} if settings().attachment_count == 0 else set()) | (set() if similar else {"similar"})
    return [step for step in STEPS if step not in left_out]


def _token(given: str) -> str:
    sound = 8 <= len(given) <= 64 and given.isascii() and given.replace("-", "").isalnum()
    return given if sound else str(new_id())
