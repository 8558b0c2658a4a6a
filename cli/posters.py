"""`ombud posters`: a PDF for the wall of each office."""

from collections.abc import Sequence
from pathlib import Path

from core.database import database
from core.errors import BadInput
from domain.catalogue import catalogue
from domain.office import Office
from reports import posters


def write(codes: Sequence[str], everywhere: bool, paper: str, languages: Sequence[str], folder: Path) -> list[Path]:
    """Posters of these offices, or of all; one file an office. Raises BadInput before anything is written."""
    spoken = posters.read_languages(languages)
    with database().read() as session:
        known = catalogue(session)
    if everywhere == bool(codes):
        raise BadInput("Say which offices.", mend="Name some with --office CODE, or take --all.")
    if everywhere:
        offices = posters.with_poster(list(known.offices.values()))
    else:
        offices = [_of(known.office_by_code, code) for code in codes]
    bot = posters.bot_or_none()
    made = {
        folder / f"{office.code}-{paper}.pdf": posters.paper([posters.poster(office, spoken, bot)], paper)
        for office in offices
    }
    folder.mkdir(parents=True, exist_ok=True)
    for path, document in made.items():
        path.write_bytes(document)
    return list(made)


def _of(offices: dict[str, Office], code: str) -> Office:
    office = offices.get(code.upper())
    if office is None:
        raise BadInput(f"There is no active office {code!r}.", mend="`ombud export offices` lists the codes.")
    return office
