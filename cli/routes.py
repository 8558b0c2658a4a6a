"""`ombud routing`: why a message goes where it goes, and why a case went where it went."""

from datetime import UTC, datetime, time
from typing import TYPE_CHECKING, Annotated

import typer

from cli.output import Commands, out, print_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.catalogue import Catalogue
    from routing.rules import Decision, Step

app = typer.Typer(cls=Commands, no_args_is_help=True, help="Why a message goes where it goes.")


@app.callback()
def routing() -> None:
    """Keep `explain` a command of its own, however few there are."""


@app.command()
def explain(
    text: Annotated[str, typer.Argument(help="What a citizen wrote; left out with --case.")] = "",
    place: Annotated[str | None, typer.Option(help="Place the citizen picked.")] = None,
    at: Annotated[str | None, typer.Option(help="Spot on the map, as latitude,longitude.")] = None,
    service: Annotated[str | None, typer.Option(help="Service the citizen picked, by its code.")] = None,
    office: Annotated[str | None, typer.Option(help="Code of the poster or kiosk it came by.")] = None,
    language: Annotated[str | None, typer.Option(help="Language it is written in, if known.")] = None,
    day: Annotated[str | None, typer.Option(help="Day it comes, as 2026-03-14; today if left out.")] = None,
    case: Annotated[str | None, typer.Option(help="Reference of a case: why did it go where it is?")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Report as JSON on stdout.")] = False,
) -> None:
    """Say which office would get a text, what was looked at and what decided; or why a case is where it is."""
    import routing.service
    from core.database import database
    from core.errors import BadInput
    from core.settings import settings
    from core.texts import clean
    from nlp import language as languages
    from routing.areas import read_spot
    from routing.rules import explain as explain_choice

    if case is not None:
        if text or place or at or service or office:
            raise BadInput("A case is explained by what came with it.", mend="Give a text, or --case REFERENCE alone.")
        _explain_case(case, _moment(day), as_json)
        return
    words = clean(text)
    if not words:
        raise BadInput("There is no text to route.", mend='Such as: ombud routing explain "no water in Marenza"')
    spoken = language or languages.detect(words, settings().languages) or settings().languages[0]
    spot = read_spot(at) if at is not None else None
    with database().read() as session:
        gathered = routing.service.gather(
            session,
            text=words,
            language=spoken,
            service=service,
            place=place,
            office_code=office,
            location={"latitude": spot[0], "longitude": spot[1]} if spot else None,
            now=_moment(day),
        )
    decision, steps = explain_choice(*gathered)
    told = _as_json(gathered.known, decision, steps) | {"language": spoken, "day": gathered.day.isoformat()}
    if as_json:
        print_json(told)
    else:
        _show(gathered.known, decision, steps)


def _moment(day: str | None) -> datetime:
    """Noon of a day at the government, or now. Raises BadInput."""
    from datetime import date

    from core.errors import BadInput
    from core.settings import settings

    if day is None:
        return datetime.now(UTC)
    try:
        return datetime.combine(date.fromisoformat(day), time(12), settings().zone)
    except ValueError as error:
        raise BadInput(f"{day!r} is no day.", mend="Write it as 2026-03-14.") from error


def _explain_case(reference: str, now: datetime, as_json: bool) -> None:
    from cases import history, origins
    from core.database import database
    from domain.catalogue import catalogue

    with database().read() as session:
        known = catalogue(session)
        found = history.tracked(session, reference)
        hops = origins.hops(session, found, None)
        today = origins.today(session, found, now, None)
        name, code = known.name(found.office_id), known.offices[found.office_id].code
    if as_json:
        told = [
            {
                "what": str(hop.kind),
                "at": hop.at,
                "office": hop.office,
                "reason": hop.reason,
                "by": hop.by or None,
                "confidence": hop.confidence,
                "model": hop.model or None,
                "rule": {"id": str(hop.rule_id) if hop.rule_id else None, "said": hop.rule} if hop.rule else None,
                "given": hop.given,
            }
            for hop in hops
        ]
        ends = {"today": _as_json(known, *today)} if today else {}
        print_json({"reference": found.reference, "office": {"code": code, "name": name}, "hops": told, **ends})
        return
    out.print(f"[bold]{name}[/] ({code}) has {found.reference}.")
    for hop in hops:
        said = f"{hop.at:%Y-%m-%d %H:%M} {hop.kind}: {hop.office}" + (f", by {hop.by}" if hop.by else "")
        out.print(said, markup=False)
        for line in (hop.reason, f"The rule, as it was then: {hop.rule}" if hop.rule else ""):
            if line:
                out.print(f"  {line}", style="dim", markup=False)
    if today is not None:
        out.print("If it came today:")
        _show(known, *today)


def _as_json(known: "Catalogue", decision: "Decision", steps: "Sequence[Step]") -> dict[str, object]:
    import routing.service
    from domain.catalogue import name_of

    chosen = known.offices[decision.office_id]
    found = known.services.get(decision.service_id) if decision.service_id else None
    rule = routing.service.told(known, decision)
    return {
        "office": {"code": chosen.code, "name": name_of(chosen, "en")},
        "service": {"code": found.code, "name": name_of(found, "en")} if found else None,
        "place": decision.place,
        "method": decision.method,
        "reason": decision.reason,
        "confidence": decision.confidence,
        "model": decision.model,
        "integrity": decision.integrity,
        "shut_out": [office.code for office in routing.service.shut_out(known, decision)],
        "rule": {"id": rule["rule"], "said": rule["rule_said"]} if rule else None,
        "steps": [{"what": step.what, "said": step.said, "decided": step.decided} for step in steps],
        "suggestions": routing.service.suggestions_json(known, decision),
    }


def _show(known: "Catalogue", decision: "Decision", steps: "Sequence[Step]") -> None:
    import routing.service
    from domain.catalogue import name_of

    chosen = known.offices[decision.office_id]
    out.print(f"[bold]{name_of(chosen, 'en')}[/] ({chosen.code})")
    out.print(decision.reason, markup=False)
    for number, step in enumerate(steps, 1):
        decided = "  ← this decided" if step.decided else ""
        out.print(f"{number}. {step.what}: {step.said}{decided}", style="dim", markup=False)
    for one in decision.suggestions:
        name = name_of(known.services[one.service_id], "en")
        out.print(f"Perhaps {name}, {one.probability:.0%}: {one.office}", style="dim", markup=False)
    if decision.model is not None:
        out.print(f"Model {decision.model}", style="dim", markup=False)
    if shut_out := routing.service.shut_out(known, decision):
        out.print(f"Does not see it: {', '.join(office.code for office in shut_out)}", style="dim", markup=False)
