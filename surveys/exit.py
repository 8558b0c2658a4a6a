"""Exit surveys: a face tapped at the door or on a poster's page, perhaps with a reason and words."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from channels.values import Channel
from core.errors import BadInput
from core.texts import clean, latin_digits
from domain.catalogue import catalogue
from domain.inbox import InboundMessage
from domain.office import Office
from surveys import definitions, ledger
from surveys.answers import TEXT_LIMIT, Taken, conclude
from surveys.flow import Kind
from surveys.money import tells_of_money


def N_(sentence: str) -> str:  # noqa: N802  (the name gettext's tools look for)
    """Mark a sentence for translation; it is translated where it is shown."""
    return sentence


REASON = "reason"
"""Code of the question a tablet asked when it knew of no others."""


def record(session: Session, office: Office, row: InboundMessage, now: datetime) -> Taken:
    """Write the answers of one submission; sent again, as an offline kiosk does, it counts once.

    The row's `provider_id` is the submission's id. Its details give `rating` 1 to 5, and may give `answers` (by the
    codes of the door's questions), `reason` (a code, of older tablets), `service` (a code), `money` and `device` (the
    id of a paired tablet). Its text is the citizen's own words. A later time of receipt does not change when it was
    answered: that is the row's `sent_at`, where the kiosk kept it.

    Raises:
        BadInput: the rating is none of 1 to 5.
    """
    rating = read_rating(row.details.get("rating"))
    service = catalogue(session).service_by_code.get(str(row.details.get("service") or ""))
    words = clean(row.text, TEXT_LIMIT)
    reason = clean(str(row.details.get("reason") or ""), 100)
    answered_at = min(row.sent_at, now) if row.sent_at else now
    values: dict[str, tuple[int | None, str | None]] = {"rating": (rating, None)}
    if reason:
        values[REASON] = (None, reason)
    given = row.details.get("answers")
    if isinstance(given, Mapping):
        kinds = {one.code: one.kind for one in definitions.ever_at_doors(session)}
        for code, said in given.items():
            if kinds.get(code) is Kind.choice:
                values[code] = (None, str(said))
            elif code in kinds and str(said).isdigit():
                values[code] = (int(str(said)), None)
    if words:
        values["words"] = (None, words)
    if row.details.get("money") or tells_of_money(words):
        values["money"] = (1, None)
    # a face first, its reason a moment later: two submissions of one visit
    source_id = f"exit:{row.details.get('visit') or row.provider_id}"
    changed = [
        ledger.put(
            session,
            source_id=source_id,
            question=question,
            value=value,
            text=text,
            office_id=office.id,
            service_id=service.id if service else None,
            channel=Channel(row.channel),
            now=answered_at,
            kiosk_device_id=UUID(str(row.details["device"])) if row.details.get("device") else None,
        )
        for question, (value, text) in values.items()
    ]
    return conclude(
        session,
        source_id,
        office.code,
        service.code if service else None,
        None,
        said_now=words,
        repeat=not any(changed),
    )


def read_rating(given: object) -> int:
    """A rating from a form or a kiosk. Raises BadInput."""
    text = latin_digits(str(given)).strip()
    if text not in ("1", "2", "3", "4", "5"):
        raise BadInput(
            "The rating is missing or none of the five.",
            mend="Choose one from 1 (very bad) to 5 (very good).",
            fields={"rating": N_("Choose one of the five faces.")},
        )
    return int(text)
