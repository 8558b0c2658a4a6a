"""Views for BI tools: what may be told of each case, rating and service without words, contacts or persons.

They show what `domain.visibility.countable` lets count before the public, row by row, so no case that is confidential,
kept for integrity or about somebody's conduct. On PostgreSQL they stand in the schema `bi`, or in one of their own for
an office and all below it; on SQLite, which has neither schemas nor roles, their names begin with `bi_`. `ombud init`
makes them after the migrations and takes them away before one runs, so that no migration has to know of them.
"""

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, text

from core.errors import BadInput
from core.settings import settings

# ruff: noqa: S608  (our own names; an office's code is quoted)
SCHEMA = "bi"
PREFIX = "bi_"


@dataclass(frozen=True, slots=True)
class View:
    """One view: what a row of it is, its columns each with a meaning, in order, and where they are from.

    `select` gives the columns by the names of `columns`; in it `{name}`, `{seconds}` … stand for what the two databases
    write differently, and `{offices}` for the view of that name.
    """

    name: str
    about: str
    columns: tuple[tuple[str, str], ...]
    select: str


_COUNTED = (
    "c.lead_link IS DISTINCT FROM 'part' AND c.integrity = {false} AND c.confidential = {false} "
    "AND c.about_office_id IS NULL AND c.about_staff_id IS NULL"
)

VIEWS: tuple[View, ...] = (
    View(
        "offices",
        "An office of the government tree.",
        (
            ("office_code", "Its code."),
            ("name", "Its name, in the deployment's first language."),
            ("tier", "national, region, district or service_centre."),
            ("function", "service, triage, integrity or leadership."),
            ("parent_code", "Code of the office above it; empty at the top."),
            ("path", "Codes from the top down to it, with / between: GOV/WATER/WAT1."),
            ("active", "Whether it is open."),
        ),
        """WITH RECURSIVE tree (id, path) AS (
  SELECT id, CAST(code AS {text}) FROM office WHERE parent_id IS NULL
  UNION ALL
  SELECT o.id, tree.path || '/' || o.code FROM office o JOIN tree ON o.parent_id = tree.id)
SELECT o.code AS office_code, {name_o} AS name, o.tier, o.function, p.code AS parent_code, tree.path, o.active
FROM office o JOIN tree ON tree.id = o.id LEFT JOIN office p ON p.id = o.parent_id""",
    ),
    View(
        "services",
        "An entry of the service catalogue.",
        (
            ("service_code", "Its code."),
            ("name", "Its name, in the deployment's first language."),
            ("service_group", "The group it belongs to."),
            ("active", "Whether it is still offered."),
        ),
        'SELECT s.code AS service_code, {name_s} AS name, s."group" AS service_group, s.active FROM service s',
    ),
    View(
        "cases",
        "A case that may be counted before the public.",
        (
            ("case_id", "Id of the case; other views name it. It is not the public reference."),
            ("kind", "complaint, suggestion, compliment, question or request."),
            ("state", "triage, open, waiting, answered or closed."),
            ("outcome", "How it was disposed of; empty while it is open, and for what an earlier system closed."),
            ("channel", "How it came."),
            (
                "source",
                "Who put it in: citizen, or staff for them; mystery_shopper and quality_audit: own visits.",
            ),
            ("imported", "Whether it came from an earlier system."),
            ("language", "The citizen's language."),
            ("office_code", "Code of the office that answers for it now."),
            ("service_code", "Code of the service; empty where none is named."),
            ("urgent", "Whether it cannot wait."),
            ("received_at", "When the message arrived: the silence starts (UTC)."),
            ("first_response_at", "When the first human answer reached the citizen (UTC)."),
            ("silence_seconds", "Elapsed time between the two; empty while the citizen waits."),
            ("silent", "Whether the citizen still waits for a first answer, and has not taken the matter back."),
            ("templated", "Whether that answer was a saved reply sent unedited."),
            ("first_response_due_at", "When the first answer was due (UTC)."),
            ("answered_in_time", "Whether it came by then; empty while the citizen waits and it is not due."),
            ("due_at", "The deadline that comes first now (UTC)."),
            ("closed_at", "When it was closed (UTC)."),
            ("reopened_at", "When it was last opened again (UTC)."),
            ("appealed_at", "When its citizen took it to the office above (UTC)."),
        ),
        """SELECT c.id AS case_id, c.kind, c.state, c.outcome, c.channel, c.source,
  (c.source = 'imported') AS imported, c.language, o.code AS office_code, s.code AS service_code,
  (c.urgency IS NOT NULL) AS urgent, c.received_at, c.first_response_at,
  {silence} AS silence_seconds,
  (c.first_response_at IS NULL AND c.outcome IS DISTINCT FROM 'withdrawn') AS silent,
  c.first_response_templated AS templated, k.deadline_at AS first_response_due_at,
  CASE WHEN c.first_response_at IS NOT NULL THEN c.first_response_at <= k.deadline_at
       WHEN k.deadline_at <= {now} THEN {false} END AS answered_in_time,
  c.due_at, c.closed_at, c.reopened_at, c.appealed_at
FROM "case" c JOIN office o ON o.id = c.office_id LEFT JOIN service s ON s.id = c.service_id
LEFT JOIN clock k ON k.id = (SELECT f.id FROM clock f WHERE f.case_id = c.id AND f.kind = 'first_response'
  AND f.state <> 'void' ORDER BY f.entry LIMIT 1)
WHERE """
        + _COUNTED,
    ),
    View(
        "clocks",
        "A deadline of such a case.",
        (
            ("case_id", "The case."),
            ("clock", "first_response, reply_due, resolution, acceptance or appeal."),
            ("state", "running, paused, met, missed or void."),
            ("office_code", "Code of the office it counts for."),
            ("started_at", "When it began (UTC)."),
            ("deadline_at", "When it is or was due (UTC)."),
            ("ended_at", "When it ended (UTC)."),
            ("target_seconds", "The target, in working time."),
            ("elapsed_seconds", "Elapsed time from its start to its end."),
            ("working_seconds", "Working time from its start to its end."),
        ),
        """SELECT k.case_id, k.kind AS clock, k.state, o.code AS office_code, k.started_at, k.deadline_at, k.ended_at,
  k.target_seconds, k.elapsed_seconds, k.working_seconds
FROM clock k JOIN "case" c ON c.id = k.case_id JOIN office o ON o.id = k.office_id WHERE """
        + _COUNTED,
    ),
    View(
        "answers",
        "A human answer that was sent in such a case.",
        (
            ("case_id", "The case."),
            ("office_code", "Code of the office that gave it."),
            ("answered_at", "When it was sent (UTC)."),
            ("templated", "Why it may not count as one: empty, saved or copy; empty where it does."),
        ),
        """SELECT a.case_id, o.code AS office_code, a.at AS answered_at, a.templated
FROM given_answer a JOIN "case" c ON c.id = a.case_id JOIN office o ON o.id = a.office_id WHERE """
        + _COUNTED,
    ),
    View(
        "ratings",
        "A rating of a service or a visit. What was said about money is in no view.",
        (
            ("office_code", "Code of the office that was rated."),
            ("service_code", "Code of the service; empty for a visit."),
            ("channel", "How it came; kiosk: a tap at the exit."),
            ("answered_at", "When it was given (UTC)."),
            ("rating", "1 (very bad) to 5 (very good)."),
        ),
        """SELECT o.code AS office_code, s.code AS service_code, a.channel, a.answered_at, a.value AS rating
FROM answer a JOIN office o ON o.id = a.office_id LEFT JOIN service s ON s.id = a.service_id
WHERE a.question = 'rating'""",
    ),
    View(
        "transactions",
        "A completed service that an agency reported.",
        (
            ("office_code", "Code of the office that served."),
            ("service_code", "Code of the service."),
            ("completed_at", "When it was completed (UTC)."),
            ("not_asked", "Why nobody was asked how it was; empty where somebody was, or will be."),
        ),
        """SELECT o.code AS office_code, s.code AS service_code, t.completed_at, t.not_asked
FROM "transaction" t JOIN office o ON o.id = t.office_id JOIN service s ON s.id = t.service_id""",
    ),
)


def statement(view: View, dialect: str, language: str) -> str:
    """The SELECT of a view for one of the two databases; `language` is that of the names."""
    tongue = re.sub(r"[^A-Za-z_-]", "", language)
    if dialect == "postgresql":
        words = {
            "text": "text",
            "false": "false",
            "now": "now()",
            "silence": "floor(extract(epoch FROM c.first_response_at - c.received_at))::bigint",
            "name_o": f"coalesce(o.names ->> '{tongue}', o.code)",
            "name_s": f"coalesce(s.names ->> '{tongue}', s.code)",
        }
    else:
        words = {
            "text": "TEXT",
            "false": "0",
            "now": "strftime('%Y-%m-%d %H:%M:%f', 'now')",
            "silence": "CAST(strftime('%s', c.first_response_at) - strftime('%s', c.received_at) AS INTEGER)",
            "name_o": f"coalesce(json_extract(o.names, '$.{tongue}'), o.code)",
            "name_s": f"coalesce(json_extract(s.names, '$.{tongue}'), s.code)",
        }
    return view.select.format(**words)


def make(connection: Connection) -> None:
    """Make all views anew, where they are not what they should be; grants on them stay. The caller commits."""
    dialect, language = connection.dialect.name, settings().languages[0]
    statements = [statement(view, dialect, language) for view in VIEWS]
    if dialect != "postgresql":
        drop(connection)
        for view, query in zip(VIEWS, statements, strict=True):
            connection.exec_driver_sql(f"CREATE VIEW {PREFIX}{view.name} AS {query}")
        return
    wanted = f"Ombud's views, {hashlib.sha256(repr(statements).encode()).hexdigest()[:16]}"
    connection.exec_driver_sql(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
    if _comment(connection, SCHEMA) != wanted:
        drop(connection)
        for view, query in zip(VIEWS, statements, strict=True):
            # else a cheap function of somebody's own could be shown the rows that the view leaves out
            connection.exec_driver_sql(
                f"CREATE VIEW {SCHEMA}.{view.name} WITH (security_barrier) AS {query.replace('%', '%%')}"
            )
            for column, meaning in view.columns:
                quoted = meaning.replace("'", "''")
                connection.exec_driver_sql(f"COMMENT ON COLUMN {SCHEMA}.{view.name}.{column} IS '{quoted}'")
        connection.exec_driver_sql(f"""COMMENT ON SCHEMA {SCHEMA} IS '{wanted.replace("'", "''")}'""")
    for schema, office in _of_offices(connection):
        _make_for(connection, schema, office)


def drop(connection: Connection) -> None:
    """Take all views away; on PostgreSQL schemas stay, and with them who may read what will stand there."""
    if connection.dialect.name != "postgresql":
        for view in VIEWS:
            connection.exec_driver_sql(f"DROP VIEW IF EXISTS {PREFIX}{view.name}")
        return
    for schema in (*(schema for schema, _ in _of_offices(connection)), SCHEMA):
        for view in VIEWS:
            connection.exec_driver_sql(f"DROP VIEW IF EXISTS {schema}.{view.name}")
    if connection.scalar(text("SELECT to_regnamespace(:name)"), {"name": SCHEMA}):
        connection.exec_driver_sql(f"COMMENT ON SCHEMA {SCHEMA} IS NULL")


_OFFICE = "Ombud's views of the office "


def schema_of(office: str) -> str:
    """The schema of an office's views."""
    return f"{SCHEMA}_{re.sub('[^a-z0-9]', '_', office.lower())}"


def grant(connection: Connection, role: str, office: str | None = None) -> str:
    """Let a role of the database read the views, of all or of an office and those below it; gives the schema.

    Raises BadInput where there is no such role or office, where it may read the tables themselves, or on SQLite.
    """
    _check_role(connection, role)
    schema = SCHEMA
    if office is not None:
        code = connection.scalar(text("SELECT code FROM office WHERE upper(code) = upper(:code)"), {"code": office})
        if code is None:
            raise BadInput(f"There is no office {office!r}.", mend="Use its code.")
        schema = schema_of(code)
        connection.exec_driver_sql(f"CREATE SCHEMA IF NOT EXISTS {schema}")
        connection.exec_driver_sql(f"""COMMENT ON SCHEMA {schema} IS '{_OFFICE.replace("'", "''")}{code}'""")
    make(connection)
    quoted = connection.dialect.identifier_preparer.quote(role)
    for said in _grants(schema, quoted, "GRANT", "TO"):
        connection.exec_driver_sql(said)
    return schema


def revoke(connection: Connection, role: str) -> list[str]:
    """Let a role read no views any more; gives the schemas it could read. Raises BadInput as `grant` does."""
    _check_role(connection, role, reads=False)
    quoted = connection.dialect.identifier_preparer.quote(role)
    left = []
    for schema in (SCHEMA, *(schema for schema, _ in _of_offices(connection))):
        usage = text("SELECT to_regnamespace(:schema) IS NOT NULL AND has_schema_privilege(:role, :schema, 'USAGE')")
        if connection.scalar(usage, {"role": role, "schema": schema}):
            left.append(schema)
            for said in _grants(schema, quoted, "REVOKE", "FROM"):
                connection.exec_driver_sql(said)
    return left


def _grants(schema: str, role: str, verb: str, to: str) -> Sequence[str]:
    return (
        f"{verb} USAGE ON SCHEMA {schema} {to} {role}",
        f"{verb} SELECT ON ALL TABLES IN SCHEMA {schema} {to} {role}",
        # so that views which are made anew can be read as before
        f"ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} {verb} SELECT ON TABLES {to} {role}",
    )


def _check_role(connection: Connection, role: str, *, reads: bool = True) -> None:
    if connection.dialect.name != "postgresql":
        raise BadInput(
            "SQLite has no roles: whoever opens the file reads all of it.",
            mend="Give the BI tool exports, or move to PostgreSQL.",
        )
    if not connection.scalar(text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": role}):
        raise BadInput(
            f"The database has no role {role!r}.", mend=f"Make it: CREATE ROLE {role} LOGIN PASSWORD '…' NOINHERIT;"
        )
    private = text("""SELECT has_table_privilege(:role, '"case"', 'SELECT')""")
    if reads and connection.scalar(private, {"role": role}):
        raise BadInput(
            f"{role} may read the tables themselves, so views would keep nothing from it.",
            mend="Make a role of its own for the BI tool.",
        )


def _comment(connection: Connection, schema: str) -> str | None:
    asked = text("SELECT obj_description(to_regnamespace(:schema), 'pg_namespace')")
    found: str | None = connection.scalar(asked, {"schema": schema})
    return found


def _of_offices(connection: Connection) -> Iterator[tuple[str, str]]:
    """Schemas of offices' views, each with the office's code."""
    asked = text("SELECT nspname, obj_description(oid, 'pg_namespace') FROM pg_namespace ORDER BY nspname")
    for schema, comment in connection.execute(asked).all():
        if comment and comment.startswith(_OFFICE) and schema.startswith(f"{SCHEMA}_"):
            yield schema, comment.removeprefix(_OFFICE)


def _make_for(connection: Connection, schema: str, office: str) -> None:
    code = office.replace("'", "''")
    below = f"SELECT office_code FROM {SCHEMA}.offices WHERE strpos('/' || path || '/', '/{code}/') > 0"
    for view in VIEWS:
        only = f" WHERE office_code IN ({below})" if "office_code" in dict(view.columns) else ""
        connection.exec_driver_sql(
            f"CREATE OR REPLACE VIEW {schema}.{view.name} WITH (security_barrier) AS "
            f"SELECT * FROM {SCHEMA}.{view.name}{only}"
        )
