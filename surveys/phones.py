"""Phone numbers and e-mail addresses as agencies report them, made fit to send to, and their contact points at once."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, delete, select

from channels import phones
from channels.email import normalise_address
from channels.values import Channel
from core.crypto import blind_index, mask
from core.ids import new_id
from domain.citizen import Citizen, ContactPoint
from surveys.ledger import among, chunks, insert_new

NO_NUMBER = "no_number"
UNUSABLE = "unusable_number"
LANDLINE = "landline"


@dataclass(frozen=True, slots=True)
class Phone:
    """A number in E.164, else an e-mail address, or why neither can be used."""

    number: str | None
    why: str | None


def read_phone(text: str, region: str) -> Phone:
    """Read a phone number as written in a region (ISO 3166 two letters)."""
    if not text.strip():
        return Phone(None, NO_NUMBER)
    read = phones.read_phone(text, region)
    if read.number is None:
        return Phone(None, LANDLINE if read.kind else UNUSABLE)
    return Phone(read.number, None)


def read_address(phone: str, email: str, region: str) -> Phone:
    """Where a citizen can be asked: on the phone if it takes messages, else by e-mail."""
    read = read_phone(phone, region)
    address = normalise_address(email) if read.number is None and email.strip() else None
    return Phone(address, None) if address is not None else read


def channel_of(address: str) -> Channel:
    """An address with an @ is an e-mail address."""
    return Channel.email if "@" in address else Channel.sms


def contacts_of(
    session: Session, numbers: Collection[str], languages: Mapping[str, str | None], now: datetime
) -> dict[str, ContactPoint]:
    """The contact point of each number (by SMS) or e-mail address, found or made, in a handful of statements."""
    by_index = {blind_index(str(channel_of(number)), number): number for number in numbers}
    found = _find(session, by_index)
    missing = sorted(index for index, number in by_index.items() if number not in found)
    if not missing:
        return found
    citizens = {index: new_id() for index in missing}
    people = [
        {"id": citizens[index], "language": languages.get(by_index[index]), "created_at": now} for index in missing
    ]
    insert_new(session, Citizen, people, ["id"])
    rows = [
        {
            "id": new_id(),
            "citizen_id": citizens[index],
            "channel": channel_of(by_index[index]),
            "address": by_index[index],
            "address_index": index,
            "hint": mask(by_index[index]),
            "language": languages.get(by_index[index]),
            "created_at": now,
        }
        for index in missing
    ]
    made = insert_new(session, ContactPoint, rows, ["channel", "address_index"])
    # somebody else made the same contact meanwhile: theirs counts, and our citizen without one goes
    orphans = [row["citizen_id"] for row in rows if row["id"] not in made]
    for some in chunks(orphans):
        session.exec(delete(Citizen).where(among(session, Citizen.id, some)))
    return found | _find(session, {index: by_index[index] for index in missing})


def _find(session: Session, by_index: Mapping[str, str]) -> dict[str, ContactPoint]:
    return {
        by_index[contact.address_index]: contact
        for chunk in chunks(list(by_index))
        for contact in session.exec(
            select(ContactPoint).where(
                col(ContactPoint.channel).in_((Channel.sms, Channel.email)),
                among(session, ContactPoint.address_index, chunk),
            )
        )
    }
