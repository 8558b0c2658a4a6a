"""Is somebody cheating? Signs in the numbers and answers that offices send, for those who watch, and their verdicts."""

import math
from datetime import UTC, datetime
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from api.auth import SignedIn, Staffed
from api.forms import Filled
from api.pages import choose_language, render
from core.database import database
from core.errors import BadInput, Conflict, NotAllowed, NotFound
from core.i18n import Translator, format_number, format_share, translator
from domain.catalogue import Catalogue, catalogue
from domain.flag import FlagKind, FlagState, FlagVerdict, SurveyFlag
from surveys import flags

router = APIRouter(include_in_schema=False)

READERS = frozenset({"leadership", "auditor", "integrity", "head", "supervisor"})
MILLION = 1_000_000


@router.get("/staff/numbers")
def show_numbers(request: Request, staff: Staffed, said: str = "") -> Response:
    """Every sign one may see, those nobody has judged first."""
    if said == "judged":
        request.state.flash = {"text": "Kept. The verdict stands below with your name.", "tone": "well", "undo": ""}
    return _page(request, staff)


@router.post("/staff/numbers/{flag_id}")
def judge(request: Request, staff: Staffed, form: Filled, flag_id: str) -> Response:
    """Write down what was found out about a sign."""
    flags.check_judge(staff.viewer)
    state, words, before = form.get("state", ""), form.get("words", ""), form.get("before", "")
    try:
        wanted = UUID(flag_id)
    except ValueError as error:
        raise NotFound("There is no such sign.", mend="Go back to the list.") from error
    seen = int(before) if before.isascii() and before.isdigit() and len(before) < 6 else 0
    typed = {flag_id: {"state": state, "words": words}}
    try:
        with database().write() as session:
            flags.judge(session, staff.viewer, wanted, state, words, seen, datetime.now(UTC))
    except BadInput as error:
        errors = {f"{name}-{flag_id}": text for name, text in error.fields.items()}
        return _page(request, staff, errors=errors, typed=typed, status=422)
    except Conflict as error:
        request.state.flash = {"text": f"{error} {error.mend}", "tone": "late", "undo": ""}
        return _page(request, staff, typed=typed, status=409)
    return RedirectResponse(f"/staff/numbers?said=judged#f-{flag_id}", status_code=303)


def _page(
    request: Request,
    staff: SignedIn,
    *,
    errors: dict[str, str] | None = None,
    typed: dict[str, dict[str, str]] | None = None,
    status: int = 200,
) -> Response:
    if not READERS & staff.roles:
        raise NotAllowed(
            "Signs of cheating are for those who watch over the surveys.", mend="Your own cases are on the desk."
        )
    words = translator(choose_language(request, staff)[0])
    with database().read() as session:
        known = catalogue(session)
        found = flags.seen(session, staff.viewer)
        given = flags.verdicts(session, [one.id for one in found])
        last = flags.last_look(session)
        may = staff.viewer.has(*flags.JUDGES)
        rows = [_row(known, one, given.get(one.id, []), words, may) for one in found]
    context = {
        "rows": rows,
        "open": sum(row["state"] == FlagState.open for row in rows),
        "last": {"at": last.at, "judged": last.judged} if last else None,
        "errors": errors or {},
        "typed": typed or {},
    }
    return render(request, "staff/numbers.html", context, status=status)


def _row(
    known: Catalogue, flag: SurveyFlag, given: list[FlagVerdict], words: Translator, may: bool
) -> dict[str, object]:
    return {
        "id": str(flag.id),
        "office": known.name(flag.office_id, words.language),
        "operator": flag.operator,
        "kind": str(flag.kind),
        "title": titles(words)[flag.kind],
        "week": flag.period,
        "told": told(flag, words),
        "chance": chance(float(str(flag.evidence.get("chance", 1.0))), words),
        "innocent": innocent(words)[flag.kind],
        "state": str(flag.state),
        "verdicts": [{"by": one.by, "at": one.at, "state": str(one.state), "words": one.words} for one in given],
        "may": may,
    }


def titles(words: Translator) -> dict[FlagKind, str]:
    """What each kind of sign is called."""
    _ = words.gettext
    return {
        FlagKind.missing: _("Many without a number"),
        FlagKind.repeated: _("The same number again and again"),
        FlagKind.undeliverable: _("Numbers that do not exist"),
        FlagKind.staff_owned: _("Numbers of our own"),
        FlagKind.many_voices: _("One number answers for many"),
        FlagKind.pattern: _("Numbers that look made up"),
        FlagKind.burst: _("Ratings tapped in bursts"),
        FlagKind.uniform: _("Nearly all ratings the same"),
    }


def told(flag: SurveyFlag, words: Translator) -> str:
    """The evidence in one or two plain sentences, against what is usual elsewhere."""
    _, lang = words.gettext, words.language
    hits, of = int(str(flag.evidence["hits"])), int(str(flag.evidence["of"]))
    values = {
        "hits": format_number(hits, lang),
        "of": format_number(of, lang),
        "share": format_share(hits / of, lang),
        "most": format_number(int(str(flag.evidence.get("most") or 0)), lang),
    }
    what = {
        FlagKind.missing: _(
            "%(hits)s of %(of)s transactions (%(share)s) came without a number that an SMS could go to."
        ),
        FlagKind.repeated: _(
            "%(hits)s of %(of)s transactions (%(share)s) were on numbers that came three times or more in that week."
        ),
        FlagKind.undeliverable: _(
            "%(hits)s of %(of)s surveys (%(share)s) reached nobody: the number does not exist, or takes no messages."
        ),
        FlagKind.staff_owned: _(
            "%(hits)s of %(of)s transactions (%(share)s) carried the telephone of somebody on our staff, or a line of"
            " ours."
        ),
        FlagKind.many_voices: _(
            "%(hits)s of %(of)s answers (%(share)s) came from numbers that answered four surveys or more in a quarter."
        ),
        FlagKind.pattern: _(
            "%(hits)s of %(of)s transactions (%(share)s) carried numbers that repeat one digit, count up or down, or"
            " follow one upon another."
        ),
        FlagKind.burst: _(
            "%(hits)s of %(of)s taps (%(share)s) came in bursts, one within 15 seconds of the other; the longest had"
            " %(most)s."
        ),
        FlagKind.uniform: _("%(hits)s of %(of)s ratings (%(share)s) were a %(most)s."),
    }[flag.kind]
    peers = (
        _("Among %(count)s operators it is %(share)s.")
        if flag.operator
        else _("Among %(count)s offices it is %(share)s.")
    )
    usual = {
        "count": format_number(int(str(flag.evidence["peers"])), lang),
        "share": format_share(float(str(flag.evidence["usual"])), lang),
    }
    return what % values + " " + peers % usual


def chance(value: float, words: Translator) -> str:
    """How likely as much is at an honest office, as a number of offices."""
    _ = words.gettext
    if value * MILLION < 1:
        return _("Of a million honest ones, fewer than one would look like this by chance.")
    number = 1 / value
    step = 10 ** max(0, math.floor(math.log10(number)))
    return _("Of %(count)s honest ones, about one would look like this by chance.") % {
        "count": format_number(max(2, round(number / step) * step), words.language)
    }


def innocent(words: Translator) -> dict[FlagKind, str]:
    """What may be behind it without anybody cheating."""
    _ = words.gettext
    return {
        FlagKind.missing: _("A day for people without telephones, a form that does not ask, a line that was down."),
        FlagKind.repeated: _("An agent or a relative who comes for many, a village with one telephone."),
        FlagKind.undeliverable: _("A network that was down, numbers of a country that messages do not reach."),
        FlagKind.staff_owned: _("Staff who needed the service themselves, or helped their parents."),
        FlagKind.many_voices: _("Somebody who comes often, a business with one number."),
        FlagKind.pattern: _("A company that bought its numbers in one block, an office line."),
        FlagKind.burst: _("A family or a school class at the tablet, a queue that left together, a child."),
        FlagKind.uniform: _("People are simply content, or the tablet's other faces do not work."),
    }
