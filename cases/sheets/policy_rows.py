"""Policies as CSV lines: a line a version, told apart by office, service, kind and the day it counts from.

A file changes policies by the rules of their page: nothing is rewritten, another version begins and the one before ends
there; an empty `until` says nothing. Open cases are counted anew, once for each version.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from functools import partial
from uuid import UUID

from sqlmodel import Session, select

from cases import administration, policies
from cases.administration import Values
from cases.policy_form import LONGEST_NAME, LONGEST_NOTE, Given, draft, scope_key, typed
from cases.sheets import ladder_cell
from cases.sheets.csvs import Line, Unusable, yes
from cases.sheets.job import Job
from cases.staff_reach import Reach
from core.errors import BadInput
from core.ids import new_id
from domain.catalogue import Catalogue, catalogue
from domain.policy import Policy
from domain.states import CaseKind, ClockKind
from escalation import recount

KEY = ("office", "service", "kind", "from")
CLOCKS = tuple(str(kind) for kind in ClockKind)
SAYS = ("name", *CLOCKS, "urgent_percent", "pause_days", "saved_replies_count", "ladder")
COLUMNS = (*KEY, "until", *SAYS, "note")
USUAL = ("urgent_percent", "pause_days", "saved_replies_count")
"""Columns in which nothing means as before, or as is usual."""
_FIELDS = {
    "begins": "from",
    "urgent": "urgent_percent",
    "counts_templated": "saved_replies_count",
    **{f"target-{clock}": clock for clock in CLOCKS},
}
"""Columns by the fields of the page's form."""


def rows(session: Session, reach: Reach | None = None) -> list[dict[str, str]]:
    """Every version that counts or counted, as far as an administrator may change them."""
    known = catalogue(session)
    found = [
        row_of(known, one)
        for one in session.exec(select(Policy))
        if one.valid_to != one.valid_from and (reach is None or reach.wide or one.office_id in reach.offices)
    ]
    return sorted(found, key=lambda row: tuple(row[name] for name in KEY))


def row_of(known: Catalogue, row: Policy) -> dict[str, str]:
    """One version as a line."""
    office = known.offices.get(row.office_id) if row.office_id else None
    service = known.services.get(row.service_id) if row.service_id else None
    return {
        "id": str(row.id),
        "office": office.code if office else "",
        "service": service.code if service else "",
        "kind": str(row.kind or ""),
        "from": row.valid_from.isoformat(),
        "until": row.valid_to.isoformat() if row.valid_to else "",
        "name": row.name,
        **{clock: f"{row.targets[clock]:g}" if clock in row.targets else "" for clock in CLOCKS},
        "urgent_percent": f"{row.urgent_share * 100:g}",
        "pause_days": str(row.pause_days),
        "saved_replies_count": yes(row.counts_templated),
        "ladder": ladder_cell.text_of(row.ladder),
        "note": row.note,
    }


def put(job: Job) -> None:
    """Add versions, and end those before them and those that are given an end."""
    work = _Work(job, catalogue(job.session))
    lines = sorted(job.lines, key=lambda line: line.text("from"))
    job.complaints.each(lines, work.use)
    if not job.complaints.found:  # an end may be that of a version that a further line begins
        job.complaints.each(lines, work.end)


class _Work:
    """The policies as the lines leave them, one after the other."""

    def __init__(self, job: Job, known: Catalogue) -> None:
        self.job, self.known = job, known
        self.shown = {tuple(row[name] for name in KEY): row for row in rows(job.session)}

    def use(self, line: Line) -> None:
        """The version of one line. Raises Unusable."""
        shown = self.shown.get(tuple(line.text(name) for name in KEY))
        if shown is not None and all(_as_shown(line, shown, name) for name in SAYS if name in line.cells):
            if line.text("note", LONGEST_NOTE) not in ("", shown["note"]):
                raise Unusable("note: nothing else differs, and what was noted of a version stays as it is")
            return
        line.needed("from")
        begins = line.day("from")
        assert begins is not None  # noqa: S101  (it is not empty)
        scope = self._scope(line)
        old = self._version(scope, begins) or self._covering(scope, begins)
        try:
            row = draft(self.known, self._given(line, old), new_id(), self.job.now, old)
        except BadInput as error:
            field, what = next(iter(error.fields.items()), ("", error.message))
            column = "ladder" if field.startswith("amount-") else _FIELDS.get(field, field)
            raise Unusable(f"{column}: {what}") from error
        if old is None or not policies.says_the_same(old, row):
            self._write(old, row)

    def end(self, line: Line) -> None:
        """The end that a line gives its version. Raises Unusable."""
        until, begins = line.day("until"), line.day("from")
        shown = self.shown.get(tuple(line.text(name) for name in KEY))
        if until is None or begins is None or (shown is not None and shown["until"] == line.text("until")):
            return
        row = self._version(scope := self._scope(line), begins) or self._covering(scope, begins)
        if row is None or row.valid_to == until:
            return
        if row.valid_to is not None and until > row.valid_to:
            raise Unusable(f"until: this version ends on {row.valid_to.isoformat()}; begin another one there")
        if until < administration.today(self.job.now):
            raise Unusable("until: it ends today or later: what it promised before stays promised")
        if until <= row.valid_from:
            raise Unusable("until: it is the first day that it no longer counts, so it lies after from")
        ended = policies.ended(administration.copied(row), until, self.job.now)
        others = tuple(one for one in self.known.policies if one.id != row.id)
        self._store(row, ended, replace(self.known, policies=(*others, ended)))
        self._ask(ended, f"{row.name} ends on {until.isoformat()}.")

    def _write(self, old: Policy | None, row: Policy) -> None:
        if old is not None:
            known = policies.after(self.known, row, old, self.job.now)
            ended = next(one for one in known.policies if one.id == old.id)
            self._store(old, ended, known)
            told = policies.told_change(known, old, row)
        else:
            told = f"{row.name} counts from {row.valid_from.isoformat()} on."
            self.known = policies.after(self.known, row, None, self.job.now)
        self.job.session.add(administration.copied(row))
        self.job.session.flush()
        self._record(row, None, policies.values_of(self.known, row))
        self._ask(row, told)

    def _store(self, old: Policy, ended: Policy, known: Catalogue) -> None:
        stored = self.job.session.get_one(Policy, old.id, with_for_update=True)
        stored.valid_to, stored.end_entered_at = ended.valid_to, ended.end_entered_at
        self._record(old, policies.values_of(self.known, old), policies.values_of(known, ended))
        self.known = known

    def _record(self, row: Policy, before: Values | None, after: Values) -> None:
        job = self.job
        job.afterwards.append(partial(_recorded, job, row.id, row.name, before, after))

    def _ask(self, row: Policy, why: str) -> None:
        job, scope = self.job, policies.scope_of(self.known, row)
        job.concern(self.known, scope)
        job.afterwards.append(partial(_asked, job, row.id, row.name, why, scope))

    def _scope(self, line: Line) -> tuple[object, ...]:
        office, service, kind = line.text("office").upper(), line.text("service"), line.text("kind")
        known = self.known
        if office and office not in known.office_by_code:
            raise Unusable(f"there is no open office {office!r}")
        if service and service not in known.service_by_code:
            raise Unusable(f"there is no service {service!r} in use")
        row = Policy(name="", targets={}, ladder=[], kind=line.choice("kind", CaseKind) if kind else None)
        row.office_id = known.office_by_code[office].id if office else None
        row.service_id = known.service_by_code[service].id if service else None
        reach = self.job.reach
        if reach is not None and not reach.wide and row.office_id not in reach.offices:
            raise Unusable("this policy reaches beyond the offices you administer")
        return scope_key(row)

    def _version(self, scope: tuple[object, ...], begins: date) -> Policy | None:
        return next((one for one in self._versions(scope) if one.valid_from == begins), None)

    def _covering(self, scope: tuple[object, ...], day: date) -> Policy | None:
        return next((one for one in self._versions(scope) if one.valid_from <= day < (one.valid_to or date.max)), None)

    def _versions(self, scope: tuple[object, ...]) -> list[Policy]:
        return [one for one in self.known.policies if scope_key(one) == scope and one.valid_to != one.valid_from]

    def _given(self, line: Line, old: Policy | None) -> Given:
        """The form a line fills in; a column that the file does not have stays as it is in the version before."""
        was = typed(self.known, old) if old is not None else Given()

        def said(column: str, before: str) -> str:
            return line.text(column) if column in line.cells else before

        targets = {clock: said(clock, was.targets.get(clock, "")) for clock in CLOCKS}
        counts = line.yes("saved_replies_count") if line.text("saved_replies_count") else was.counts_templated
        steps = line.text("ladder", 5_000)
        return Given(
            name=line.text("name", LONGEST_NAME) if "name" in line.cells else was.name,
            office=line.text("office"),
            service=line.text("service"),
            kind=line.text("kind"),
            targets=targets,
            urgent=said("urgent_percent", was.urgent) or was.urgent,
            pause_days=said("pause_days", was.pause_days) or was.pause_days,
            counts_templated=counts,
            ladder=ladder_cell.read(steps, old.ladder if old else ()) if "ladder" in line.cells else was.ladder,
            begins=line.text("from"),
            note=line.text("note", LONGEST_NOTE),
        )


def _as_shown(line: Line, shown: Mapping[str, str], name: str) -> bool:
    said = line.text(name, 5_000)
    return said == shown[name] or (not said and name in USUAL)


def _recorded(job: Job, row_id: UUID, title: str, before: Values | None, after: Values) -> int:
    administration.record(job.session, job.by, "policy", row_id, title, before, after, job.now)
    return 0


def _asked(job: Job, row_id: UUID, title: str, why: str, scope: recount.Scope) -> int:
    recount.ask(job.session, job.by, "policy", row_id, title, [why], scope, job.now)
    return 0
