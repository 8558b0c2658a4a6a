"""Office codes as they come from posters: by the square for SMS a phone sends the code, often before any word."""

from core.texts import clean, latin_digits
from domain.catalogue import Catalogue
from domain.office import Office


def office_alone(known: Catalogue, text: str) -> Office | None:
    """The active office whose code is all that a text says ("CIV1", "civ1."); None when there is more or less.

    A code with words behind it is a message, and routing reads the office from it. A code without a digit must be in
    capitals, so that a short word is not taken for one.
    """
    said = clean(latin_digits(text)).strip(" .,:;#!?\"'")
    office = known.office_by_code.get(said.upper())
    return office if office is not None and (said.isupper() or any(letter.isdigit() for letter in said)) else None
