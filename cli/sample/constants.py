"""What is known of the sample government without loading it."""

from sqlmodel import Session, select

from domain.office import Office

PASSWORD = "velmora demo"  # noqa: S105  (printed by `ombud demo`; production never loads the sample)


def is_empty(session: Session) -> bool:
    """Whether no government has been set up yet."""
    return session.exec(select(Office.id).limit(1)).first() is None
