"""The slip a citizen takes home who left no number: how to follow their case, and not a word of what it is about."""

from collections.abc import Sequence
from datetime import datetime
from importlib import resources

import segno
from sqlmodel import Session

from cases.assisted import Kept
from cases.history import clocks
from cases.opening import pin_of
from cases.proofs import code_of
from channels.forms import N_
from channels.phones import readable
from core.i18n import direction, format_datetime, translator
from core.settings import settings
from core.typeset import pdf
from domain.case import Case
from domain.catalogue import catalogue
from domain.states import CaseState, ClockKind

PAPERS = ("a6", "roll")
"""A quarter of an office's sheet, and the 80 mm roll of a receipt printer."""

NUMBER, PIN = N_("Your number"), N_("PIN, to read the answer")
WHO, DUE, SILENT = N_("Who has it"), N_("Answer due by"), N_("If they stay silent")
OUTSIDE = N_("People outside the office it is about. That office cannot see it.")
SORTING = N_("Our team that finds the right office")
TOLD = N_("their superior is told, without you asking")
OVERDUE = N_("It should be answered by now. Their superior is told.")
PROOF = N_("Proof")
FOLLOW = N_("To see where it is")
SCAN = N_("Scan the square with a phone, or open %(address)s")
TEXT = N_("Or send this by SMS to %(number)s:")
KEEP = N_("Keep this slip. The PIN stands here and nowhere else.")


def slip(session: Session, kept: Kept, now: datetime) -> dict[str, object]:
    """What one slip says, in the citizen's language; for the page and for paper.

    `facts` are pairs of a term and what it is; `qr` is the square as SVG.
    """
    case, current = kept.case, settings()
    lang = (kept.contact.language if kept.contact else None) or case.language
    say = translator(lang).gettext
    address = f"{current.site_url}/track/{case.reference}"
    short = f"{current.site_url}/track".partition("://")[2]
    facts = [(say(WHO), _who(session, case, lang, say(OUTSIDE), say(SORTING)))]
    due = _due(session, case)
    if due is not None and due > now:
        facts += [(say(DUE), format_datetime(due, lang, current.zone, "day")), (say(SILENT), say(TOLD))]
    else:
        facts += [(say(DUE), say(OVERDUE))]
    facts += [(say(PROOF), code_of(case))]
    by_text = current.twilio_from.startswith("+") and kept.contact is None
    return {
        "lang": lang,
        "dir": direction(lang),
        "government": current.government,
        "number_label": say(NUMBER),
        "reference": case.reference,
        "pin_label": say(PIN),
        "pin": pin_of(case.id),
        "facts": [list(fact) for fact in facts],
        "follow": say(FOLLOW),
        "scan": say(SCAN) % {"address": short},
        "text": say(TEXT) % {"number": readable(current.twilio_from)} if by_text else "",
        "sms": f"STATUS {case.reference}" if by_text else "",
        "keep": say(KEEP),
        "address": address,
        "svg": qr(address),
    }


def paper(slips: Sequence[dict[str, object]], size: str = "a6") -> bytes:
    """Slips as a PDF, one a page, on A6 or on a roll."""
    return pdf(resources.files("reports") / "paper" / "slip.typ", {"slips": list(slips), "paper": size})


def qr(address: str, error: str = "m") -> str:
    """A square that leads to an address, as an SVG without a quiet zone; black, since it is printed.

    `error` is how much of it may be torn or dirty: m 15%, q 25%.
    """
    return segno.make(address, error=error, micro=False, boost_error=False).svg_inline(
        border=0, omitsize=True, lineclass=None
    )


def _who(session: Session, case: Case, lang: str, outside: str, sorting: str) -> str:
    if case.integrity:
        return outside
    return sorting if case.state == CaseState.triage else catalogue(session).name(case.office_id, lang)


def _due(session: Session, case: Case) -> datetime | None:
    return next((c.deadline_at for c in clocks(session, case) if c.kind == ClockKind.first_response), None)
