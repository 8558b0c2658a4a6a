"""A first map for a file of an earlier system: guesses, to be read and mended by whoever knows it.

Columns are known by their names, ways of writing a time by trying them on every line, offices and services by how
much their names are alike, whatever the order of the words: one name inside another is no likeness.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from zoneinfo import ZoneInfo

from rapidfuzz import fuzz, process
from rapidfuzz.utils import default_process

from cases.past.lines import Table, moment
from cases.past.maps import COLUMNS
from channels.values import Channel
from domain.catalogue import Catalogue

ALIKE = 88
"""Of 100: from here on a name is taken for another."""
WORTH_NAMING = 60
"""Of 100: from here on a name stands in the comment."""
MOST = 400
"""Different words of one column that a map lists."""

NAMES: Mapping[str, tuple[str, ...]] = {
    "id": ("id", "nr", "no", "case id", "ticket", "number", "reference", "service request id", "request id",
           "complaint no", "case number"),
    "received": ("received", "opened", "created", "created at", "requested datetime", "date received", "open date",
                 "date", "submitted", "created date"),
    "acknowledged": ("acknowledged", "acknowledged at", "acknowledgement date", "confirmed"),
    "answered": ("answered", "responded", "first response", "answered at", "response date", "replied"),
    "answer": ("answer", "response", "reply", "resolution", "closing note", "status notes", "resolution description"),
    "closed": ("closed", "closed at", "resolved", "close date", "closed date", "completed", "completion date"),
    "reopened": ("reopened", "reopened at", "reopen date"),
    "status": ("status", "state", "case status"),
    "text": ("text", "description", "message", "complaint", "details", "comment", "body", "subject"),
    "category": ("category", "type", "service", "request type", "service name", "topic", "complaint type",
                 "issue type"),
    "office": ("office", "department", "agency", "agency responsible", "unit", "authority", "assigned to",
               "responsible"),
    "channel": ("channel", "source", "origin", "intake", "method", "submitted via"),
    "kind": ("kind", "nature", "case kind"),
    "language": ("language", "lang"),
    "place": ("place", "address", "location", "district", "area", "neighbourhood", "municipality"),
    "latitude": ("latitude", "lat"),
    "longitude": ("longitude", "long", "lng", "lon"),
}  # fmt: skip
TIMES = ("received", "acknowledged", "answered", "closed", "reopened")
FORMATS = (
    "iso", "%d.%m.%Y %H:%M", "%d.%m.%Y %H:%M:%S", "%d.%m.%Y", "%d/%m/%Y %H:%M", "%d/%m/%Y %H:%M:%S", "%d/%m/%Y",
    "%m/%d/%Y %H:%M", "%m/%d/%Y %H:%M:%S", "%m/%d/%Y %I:%M %p", "%m/%d/%Y %I:%M:%S %p", "%m/%d/%Y", "%d-%m-%Y %H:%M",
    "%d-%m-%Y", "%d %b %Y %H:%M", "%d %b %Y", "%d-%b-%Y", "%Y/%m/%d %H:%M", "%Y/%m/%d %H:%M:%S", "%Y%m%d",
)  # fmt: skip
_OVER = re.compile(r"clos|archiv|resolv|complet|done|finish|mbyll|зак|решен|বন্ধ|নিষ্পত্ত", re.IGNORECASE)
_CHANNELS: Mapping[Channel, str] = {
    Channel.whatsapp: r"whats",
    Channel.telegram: r"telegram",
    Channel.sms: r"sms|text",
    Channel.email: r"mail",
    Channel.voice: r"phone|call|hotline|tel|voice",
    Channel.kiosk: r"kiosk",
    Channel.assisted: r"walk|counter|letter|person|post|fax|desk|visit",
    Channel.web: r"web|online|portal|app|mobile|internet|site|iphone|android",
    Channel.api: r"api|system|integration",
}


def columns_of(heading: Sequence[str]) -> dict[str, str]:
    """Which column says what, as far as its name tells; each column once, the surest first."""
    plain = {column: re.sub(r"[\W_]+", " ", column).strip().casefold() for column in heading}
    scored = [
        (fuzz.ratio(plain[column], name), -place, field, column)
        for column in heading
        for field, names in NAMES.items()
        for place, name in enumerate(names)
    ]
    found: dict[str, str] = {}
    for score, _, field, column in sorted(scored, reverse=True):
        if score >= ALIKE and field not in found and column not in found.values():
            found[field] = column
    return found


def formats_of(values: Sequence[str], zone: ZoneInfo) -> tuple[list[str], bool]:
    """The ways these times are written, those that fit most first, until all fit; and whether day and month could be
    meant the other way round."""
    left, found = [value for value in values if value], []
    while left:
        fits = {one: [value for value in left if moment(value, (one,), zone)] for one in FORMATS}
        best = max(FORMATS, key=lambda one: len(fits[one]))
        if not fits[best]:
            break
        found.append(best)
        left = [value for value in left if not moment(value, (best,), zone)]
    swapped = {one: one.replace("%d", "%_").replace("%m", "%d").replace("%_", "%m") for one in found}
    dates = [value for value in values if value]
    unsure = any(
        one != "iso" and swapped[one] in FORMATS and all(moment(value, (swapped[one],), zone) for value in dates)
        for one in found
    )
    return found, unsure


def suggest(table: Table, known: Catalogue, zone: ZoneInfo, language: str, source: str) -> str:
    """The text of a map, with comments for whoever goes on with it."""
    columns = columns_of(table.heading)
    cells = {field: _cells(table, column) for field, column in columns.items()}
    formats, unsure = formats_of([value for field in TIMES for value in cells.get(field, ())], zone)
    offices = {name: office.code for office in known.offices.values() for name in office.names.values()}
    services = {name: one.code for one in known.services.values() for name in (*one.names.values(), one.code)}
    lines = [
        "# How the cases of an earlier system are read. Look at every line: these are guesses.",
        f"source = {_text(source)}  # its name; with the id it makes a line known again",
        f"zone = {_text(str(zone))}  # of its times",
        f"language = {_text(language)}  # of citizens, where no column says it",
        f"dates = {json.dumps(formats or ['iso'])}"
        + ("  # DAY AND MONTH COULD BE MEANT THE OTHER WAY ROUND" if unsure else "")
        + ("" if formats else "  # nothing was recognised"),
        'drawn = ""  # when the file was drawn; empty: at its latest moment',
        'undated = "closed"  # over by its status, nobody says since when: closed (when the file was drawn) or open',
        "",
        "[columns]  # empty: there is none",
    ]
    for field, what in COLUMNS.items():
        lines.append(f"{field} = {_text(columns.get(field, ''))}  # {what}")
    unused = [column for column in table.heading if column not in columns.values()]
    if unused:
        lines.append(f"# not used: {', '.join(unused)}")
    lines += [
        "",
        "[answer]  # what ends a citizen's silence here: never, column (its time is in `answered`), or closing",
        'by = "never"  # an acknowledgement is none, and neither is a closing that the citizen never heard of',
        'because = ""  # who knows that a person\'s answer reached the citizen then, and how; stands on every case',
        "",
        "[status]  # open, closed, withdrawn (its citizen took it back: nobody waits), or - to leave such lines out",
        *_listed(cells.get("status", ()), lambda word: "closed" if _OVER.search(word) else "open"),
        "",
        f"[channels]  # {', '.join(Channel)}",
        *_listed(cells.get("channel", ()), _channel),
        "",
        "[kinds]  # complaint, suggestion, compliment, question, request; a case is a complaint where nothing is said",
        *_listed(cells.get("kind", ()), lambda word: ""),
        "",
        '[offices]  # codes of ours; empty: refused, or set up anew with --create. "Police *" = "POL" stands for many',
        *_listed(cells.get("office", ()), lambda word: "", offices),
        "",
        "[services]  # codes of ours; empty: no service, or set up anew with --create; - for none",
        *_listed(cells.get("category", ()), lambda word: "", services),
        "",
        "[new]  # of what --create sets up",
        'parent = ""  # code of the office that new ones stand under; empty: the top',
        'tier = "service_centre"  # national, region, district or service_centre',
        "[new.offices]  # code = name, for codes above that are not there yet",
        "[new.services]",
    ]
    return "\n".join(lines) + "\n"


def _cells(table: Table, column: str) -> list[str]:
    place = table.heading.index(column)
    return [cells[place].strip() for _, cells in table.lines if place < len(cells)]


def _listed(words: Iterable[str], guess: Callable[[str], str], among: Mapping[str, str] | None = None) -> list[str]:
    counted = Counter(" ".join(word.split()) for word in words if word)
    lines = []
    for word, count in counted.most_common(MOST):
        value, near = guess(word), ""
        if among:
            found = process.extractOne(
                word, among.keys(), scorer=fuzz.token_sort_ratio, processor=default_process, score_cutoff=WORTH_NAMING
            )
            if found is not None:
                value = among[found[0]] if found[1] >= ALIKE else ""
                near = f"; {found[0]} ({among[found[0]]}), {found[1]:.0f} of 100 alike"
        lines.append(f"{_text(word)} = {_text(value)}  # {count:,} lines{near}")
    if len(counted) > MOST:
        lines.append(f"# and {len(counted) - MOST} words more")
    return lines


def _channel(word: str) -> str:
    return next((str(one) for one, pattern in _CHANNELS.items() if re.search(pattern, word, re.IGNORECASE)), "")


def _text(value: str) -> str:
    """A text as TOML writes it: JSON's strings are TOML's."""
    return json.dumps(value, ensure_ascii=False)
