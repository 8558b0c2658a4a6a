"""An invented history of an earlier system, and its map."""

from tests.builders import NOW  # noqa: F401  (for whoever tells it)

HEADING = "nr;opened;confirmed;answered;closed;again;state;words;topic;unit;way;lat;lon"
LINES = (
    "1;03.02.2025 09:00;03.02.2025 09:05;;05.02.2025 10:00;;Done;No water since Sun;Water;Works Lumas;phone;41.3;19.8",
    "2;03.02.2025 10:00;;;;;New;Passport is late;Passport;Citizens' office;letter;;",
    "3;03.02.2025 11:00;;04.02.2025 08:00;04.02.2025 09:00;06.02.2025 12:00;Active;Still dirty;Water;Works Lumas;web;;",
    "4;03.02.2025 12:00;;;;;Archived;;Street light;Lighting;web;;",
    "5;03.02.2025 13:00;;;03.02.2025 14:00;;Cancelled;Solved itself;Water;Works Lumas;phone;;",
    "6;30.03.2025 02:30;;;30.03.2025 10:00;29.03.2026 11:00;Done;Bad smell;Water;Officer Kola;web;;",
)
MAP = """
source = "oldsys"
zone = "Europe/Tirane"
language = "en"
dates = ["%d.%m.%Y %H:%M"]
[columns]
id = "nr"
received = "opened"
acknowledged = "confirmed"
answered = "answered"
closed = "closed"
reopened = "again"
status = "state"
text = "words"
category = "topic"
office = "unit"
channel = "way"
latitude = "lat"
longitude = "lon"
[answer]
by = "never"
because = ""
[status]
Done = "closed"
Archived = "closed"
New = "open"
Active = "open"
Cancelled = "withdrawn"
[channels]
phone = "voice"
letter = "assisted"
web = "web"
[offices]
"Works Lumas" = "WAT1"
"Citizens' office" = "CIV1"
"Lighting" = "WATER"
"Officer *" = "WAT2"
[services]
Water = "water"
Passport = "passport"
"Street light" = "-"
"""
BECAUSE = "The old system mailed each answer; the head of records says so."


def table(*lines: str, heading: str = HEADING) -> bytes:
    """A file of these lines, or of all."""
    return "\n".join((heading, *(lines or LINES), "")).encode()


def mapped(**changes: str) -> str:
    """The map with other lines: `mapped(by='by = "closing"')` replaces the line that begins with the name."""
    lines = []
    for line in MAP.splitlines():
        name = line.partition(" =")[0].strip('"').replace(" ", "_")
        lines.append(changes.pop(name, line))
    assert not changes, changes
    return "\n".join(lines)
