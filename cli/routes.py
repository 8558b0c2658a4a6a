"""`ombud routing`: why a message goes where it goes."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from cli.output import Commands, out, print_json

app = typer.Typer(cls=Commands, no_args_is_help=True, help="Why a message goes where it goes.")


@app.callback()
def routing() -> None:
    """Keep `explain` a command of its own, however few there are."""


@app.command()
def explain(
    text: Annotated[str, typer.Argument(help="What a citizen wrote.")],
    place: Annotated[str | None, typer.Option(help="Place the citizen picked.")] = None,
    service: Annotated[str | None, typer.Option(help="Service the citizen picked, by its code.")] = None,
    office: Annotated[str | None, typer.Option(help="Code of the poster or kiosk it came by.")] = None,
    language: Annotated[str | None, typer.Option(help="Language it is written in, if known.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Report as JSON on stdout.")] = False,
) -> None:
    """Say which office would get a text and why; nothing is stored."""
    import routing.service
    from core.database import database
    from core.errors import BadInput
    from core.settings import settings
    from core.texts import clean
    from domain.catalogue import catalogue, name_of
    from nlp import language as languages

    words = clean(text)
    if not words:
        raise BadInput("There is no text to route.", mend='Such as: ombud routing explain "no water in Marenza"')
    spoken = language or languages.detect(words, settings().languages) or settings().languages[0]
    with database().read() as session:
        known = catalogue(session)
        decision = routing.service.route(
            session,
            text=words,
            language=spoken,
            service=service,
            place=place,
            office_code=office,
            about_staff=False,
            last_place=None,
            now=datetime.now(UTC),
        )
        suggestions = routing.service.suggestions_json(known, decision)
    chosen = known.offices[decision.office_id]
    found = known.services.get(decision.service_id) if decision.service_id else None
    if as_json:
        print_json(
            {
                "office": {"code": chosen.code, "name": name_of(chosen, "en")},
                "service": {"code": found.code, "name": name_of(found, "en")} if found else None,
                "place": decision.place,
                "language": spoken,
                "method": decision.method,
                "reason": decision.reason,
                "confidence": decision.confidence,
                "model": decision.model,
                "integrity": decision.integrity,
                "suggestions": suggestions,
            }
        )
        return
    out.print(f"[bold]{name_of(chosen, 'en')}[/] ({chosen.code})")
    out.print(decision.reason, markup=False)
    if found:
        out.print(f"Service: {name_of(found, 'en')}", style="dim", markup=False)
    if decision.confidence is not None:
        out.print(f"Confidence {decision.confidence:.0%}, model {decision.model}", style="dim", markup=False)
