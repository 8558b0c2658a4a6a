"""The words of messages as CSV lines: a line a message and language, also of those that are as shipped.

`words` are those that wait to be published, else those in use; `state` says which, and is not read. Other words become
a draft, which somebody else publishes on the page.
"""

from sqlmodel import Session

from cases import wording_editing
from cases.sheets.csvs import Line, Unusable
from cases.sheets.job import Job
from cases.staff_reach import Reach
from core.errors import BadInput
from core.settings import settings
from core.texts import clean
from domain.catalogue import catalogue
from domain.wording import WordingState
from notifications import compose, wordings

KEY = ("name", "language")
COLUMNS = (*KEY, "state", "words")
LONGEST = 4_000


def rows(session: Session, reach: Reach | None = None) -> list[dict[str, str]]:
    """Every message in every language of the deployment; they speak for every office, so every administrator's."""
    kept = wordings.newest(session) | wordings.newest(session, WordingState.draft)
    found = []
    for name in compose.names():
        for language in settings().languages:
            row = kept.get((name, language))
            found.append(
                {
                    "id": str(row.id) if row is not None else "",
                    "name": name,
                    "language": language,
                    "state": str(row.state) if row is not None else "shipped",
                    "words": clean(row.body if row is not None else compose.shipped(name, language)),
                }
            )
    return found


def put(job: Job) -> None:
    """Keep other words as drafts, by the check of the page."""
    known = catalogue(job.session)
    shown = {(row["name"], row["language"]): row["words"] for row in rows(job.session)}

    def use(line: Line) -> None:
        name, language = line.needed("name"), line.needed("language")
        if name not in compose.names():
            raise Unusable(f"there is no message {name!r}; export the file to see what they are called")
        if language not in settings().languages:
            raise Unusable(f"language is {language!r}; the deployment speaks {', '.join(settings().languages)}")
        if line.text("words", LONGEST) == shown[name, language]:
            return
        try:
            body = wording_editing.checked(known, name, language, line.text("words", LONGEST), job.now)
        except BadInput as error:
            raise Unusable(f"words: {next(iter(error.fields.values()), error.message)}") from error
        kept = wordings.versions(job.session, name, language)
        wording_editing.add(job.session, job.by, name, language, body, kept, job.now)

    job.complaints.each(job.lines, use)
