"""Invented citizens to try the simulators with. Their numbers belong to nobody we know of and are never dialled."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Person:
    """A citizen with a phone number and a Telegram account."""

    name: str
    number: str
    telegram_id: int
    language: str
    says: str

    @property
    def email(self) -> str:
        """Their e-mail address; whoever has no name here is known by the number."""
        known = self.name != "Another citizen"
        local = self.name.lower().replace(" ", ".") if known else "citizen" + self.number.strip("+")
        return f"{local}@mail.example"

    @property
    def first_name(self) -> str:
        return self.name.partition(" ")[0]


PEOPLE = (
    Person("Arta Velan", "+355690000101", 7100000101, "sq", "Nuk ka ujë në rrugën tonë që të hënën."),
    Person("Tom Marrow", "+355690000102", 7100000102, "en", "The clerk at the passport office asked for extra money."),
    Person("Nila Rahm", "+355690000103", 7100000103, "bn", "আমাদের রাস্তায় দুই দিন ধরে বিদ্যুৎ নেই।"),
    Person("Olga Sern", "+355690000104", 7100000104, "ru", "Мастер не пришёл второй раз."),
    Person("Ben Okter", "+355690000105", 7100000105, "en", "Thank you, the new ID card came in three days."),
)


def person_of(number: str) -> Person:
    """The sample citizen with this number, or one made up for it."""
    for person in PEOPLE:
        if person.number == number:
            return person
    digits = "".join(letter for letter in number if letter in "0123456789")[-15:]
    return Person("Another citizen", number, int(digits or "0") or 1, "en", "")
