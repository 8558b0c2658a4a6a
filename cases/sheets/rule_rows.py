"""The routing table as CSV: a line a rule, by its topic, its place and its first day."""

from collections import defaultdict
from datetime import date
from uuid import UUID

from sqlmodel import Session, col, select

from cases.sheets.csvs import Line, Unusable
from cases.sheets.job import Job
from core.ids import new_id
from domain.office import Office
from domain.service import Area, Jurisdiction, Service

COLUMNS = ("service", "group", "places", "area", "within", "office", "valid_from", "valid_to", "note")
OLD_PLACE = "place"
"""What the column `places` was called; files with it still import."""
KEY = ("service", "group", "places", "area", "within", "valid_from")
FIRST_DAY = date(1970, 1, 1)

Key = tuple[str, str, str, str, str]


def rows(session: Session) -> list[dict[str, str]]:
    """Every rule, in order of topic and place."""
    codes = _Codes(session)
    found = [codes.row(line) for line in session.exec(select(Jurisdiction))]
    return sorted(found, key=lambda row: tuple(row[column] for column in KEY))


def put(job: Job) -> None:
    """Add rules, and change those of the same topic, place and first day."""
    session = job.session
    codes = _Codes(session)
    known: dict[Key, dict[date, Jurisdiction]] = defaultdict(dict)
    for row in session.exec(select(Jurisdiction)):
        known[codes.key(row)][row.valid_from] = row

    def use(line: Line) -> None:
        if line.text("places") and line.text(OLD_PLACE):
            raise Unusable("it has both `places` and `place`, which is an older name of the same column")
        if "group" not in line.cells:
            line.needed("service")  # a file from before groups: an empty cell is a mistake, not every topic
        rule = Jurisdiction(
            id=new_id(),
            service_id=codes.id_of("service", line),
            group=line.text("group"),
            places=line.parts("places") or line.parts(OLD_PLACE),
            area_id=codes.id_of("area", line),
            within_id=codes.id_of("within", line),
            office_id=codes.needed("office", line),
            valid_from=line.day("valid_from") or FIRST_DAY,
            valid_to=line.day("valid_to"),
            note=line.text("note"),
        )
        if rule.service_id is not None and rule.group:
            raise Unusable("it names both a service and a group; name one of them, or neither for every topic")
        if sum((bool(rule.places), rule.area_id is not None, rule.within_id is not None)) > 1:
            raise Unusable("its place is given twice; use one of `places`, `area` and `within`")
        if rule.group and rule.group not in codes.groups:
            raise Unusable(f"no service is of the group {rule.group!r}")
        if rule.valid_to is not None and rule.valid_to <= rule.valid_from:
            raise Unusable("valid_to is the first day on which it no longer counts, so it must be after valid_from")
        key = codes.key(rule)
        row = known[key].get(rule.valid_from)
        if row is None:
            row = known[key][rule.valid_from] = rule
            session.add(row)
        row.office_id, row.places, row.valid_to, row.note = rule.office_id, rule.places, rule.valid_to, rule.note
        for start, other in known[key].items():
            if (
                other is not row
                and start < (row.valid_to or date.max)
                and row.valid_from < (other.valid_to or date.max)
            ):
                raise Unusable("another line of the same topic and place covers the same days")

    with session.no_autoflush:
        job.complaints.each(job.lines, use)


class _Codes:
    """Rows of other tables by the codes that stand in a file."""

    def __init__(self, session: Session) -> None:
        services = session.exec(select(Service.id, Service.code, Service.group)).all()
        offices = dict(session.exec(select(Office.code, Office.id)).all())
        self._ids = {
            "service": {code: service_id for service_id, code, _ in services},
            "area": dict(session.exec(select(Area.code, Area.id).order_by(col(Area.code))).all()),
            "office": offices,
            "within": offices,
        }
        self.groups = {group for _, _, group in services}
        self._codes = {kind: {row_id: code for code, row_id in ids.items()} for kind, ids in self._ids.items()}

    def id_of(self, column: str, line: Line) -> UUID | None:
        """The row a cell names, None for an empty one. Raises Unusable."""
        return self.needed(column, line) if line.text(column) else None

    def needed(self, column: str, line: Line) -> UUID:
        """The row a cell names. Raises Unusable."""
        code = line.needed(column)
        if code not in self._ids[column]:
            raise Unusable(f"there is no {'office' if column == 'within' else column} {code!r}")
        return self._ids[column][code]

    def row(self, line: Jurisdiction) -> dict[str, str]:
        """A rule as it stands in a file."""
        return {
            "id": str(line.id),
            "service": self._code("service", line.service_id),
            "group": line.group,
            "places": "; ".join(line.places),
            "area": self._code("area", line.area_id),
            "within": self._code("within", line.within_id),
            "office": self._code("office", line.office_id),
            "valid_from": line.valid_from.isoformat() if line.valid_from != FIRST_DAY else "",
            "valid_to": line.valid_to.isoformat() if line.valid_to else "",
            "note": line.note,
        }

    def key(self, line: Jurisdiction) -> Key:
        """What a rule is known by, beside its first day."""
        row = self.row(line)
        return row["service"], row["group"], row["places"].casefold(), row["area"], row["within"]

    def _code(self, kind: str, row_id: UUID | None) -> str:
        return self._codes[kind][row_id] if row_id is not None else ""
