"""Open data as CSV, JSON and Parquet, and what describes it to programs.

Every file is made of the stored lines alone, so the three formats say the same, and of one version always the same
bytes. The description follows the Data Package standard, version 2 (datapackage.org): `datapackage.json`.
"""

import csv
import hashlib
import io
import json
from collections.abc import Iterable, Sequence

from core.settings import settings
from domain.publication import Publication, PublishedFigure
from reports.public.tables import TABLES, Cell, Table

FORMATS = {"csv": "text/csv", "json": "application/json", "parquet": "application/vnd.apache.parquet"}
"""File endings and what the web calls them."""


def rows(table: Table, parts: Iterable[tuple[Publication, Sequence[PublishedFigure]]]) -> list[tuple[Cell, ...]]:
    """Rows of a table, of one publication or of several, in the order given."""
    return [row for one, figures in parts for row in table.rows(one, figures)]


def as_csv(table: Table, given: Sequence[tuple[Cell, ...]]) -> bytes:
    """RFC 4180 with a header, UTF-8, lines ended by LF, nothing for what is not told."""
    said = io.StringIO()
    writer = csv.writer(said, lineterminator="\n")
    writer.writerow(field.name for field in table.fields)
    writer.writerows(given)
    return said.getvalue().encode()


def as_json(table: Table, given: Sequence[tuple[Cell, ...]]) -> bytes:
    """A list of objects, one a line."""
    names = [field.name for field in table.fields]
    lines = (json.dumps(dict(zip(names, row, strict=True)), ensure_ascii=False) for row in given)
    return ("[\n" + ",\n".join(lines) + "\n]\n").encode() if given else b"[]\n"


def as_parquet(table: Table, given: Sequence[tuple[Cell, ...]]) -> bytes:
    """One row group and file, compressed; each column says what it means in its metadata."""
    import pyarrow
    from pyarrow import parquet

    kinds = {"integer": pyarrow.int64(), "number": pyarrow.float64()}
    schema = pyarrow.schema(
        [
            pyarrow.field(
                field.name,
                kinds.get(field.kind, pyarrow.string()),
                nullable=not field.needed,
                metadata={"description": field.text},
            )
            for field in table.fields
        ],
        metadata={"title": table.title, "licence": settings().open_licence},
    )
    columns = [[row[place] for row in given] for place in range(len(table.fields))]
    made = pyarrow.table(
        [pyarrow.array(column, field.type) for column, field in zip(columns, schema, strict=True)], schema
    )
    into = io.BytesIO()
    parquet.write_table(made, into, compression="zstd")
    return into.getvalue()


WRITERS = {"csv": as_csv, "json": as_json, "parquet": as_parquet}


def described(parts: Sequence[tuple[Publication, Sequence[PublishedFigure]]], where: str) -> bytes:
    """`datapackage.json`: the description of all tables in all formats. `where` is month/version, or empty for all."""
    newest = max((one.published_at for one, _ in parts if one.published_at), default=None)
    resources = []
    for table in TABLES.values():
        given = rows(table, parts)
        for ending, write in WRITERS.items():
            content = write(table, given)
            resources.append(
                {
                    "$schema": "https://datapackage.org/profiles/2.0/dataresource.json",
                    "name": f"{table.name}-{ending}",
                    "path": f"{table.name}.{ending}",
                    "type": "table",
                    "title": table.title,
                    "description": table.text,
                    "format": ending,
                    "mediatype": FORMATS[ending],
                    "encoding": "utf-8",
                    "bytes": len(content),
                    "hash": f"sha256:{hashlib.sha256(content).hexdigest()}",
                    "schema": schema_of(table),
                }
            )
    said: dict[str, object] = {
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": f"silence-and-satisfaction{'-' if where else ''}{where.replace('/', '-v')}",
        "id": f"{settings().site_url}/open/data/{where}{'/' if where else ''}datapackage.json",
        "title": f"{settings().government}: silence and satisfaction{' ' if where else ''}{where.partition('/')[0]}",
        "description": "Figures of whole months, frozen when they were counted. A correction is a new version beside"
        " the old one. Nothing here is about fewer people than `least`.",
        "homepage": f"{settings().site_url}/open/data",
        "licenses": [{"name": settings().open_licence, "path": settings().open_licence_url}],
        "least": max((one.least for one, _ in parts), default=settings().open_least),
        "versions": [
            {
                "month": f"{one.month:%Y-%m}",
                "version": one.version,
                "as_of": one.as_of.isoformat(timespec="seconds"),
                "published_at": one.published_at.isoformat(timespec="seconds") if one.published_at else None,
                "reason": one.reason or None,
                "sha256": one.digest,
                "information_loss": one.loss,
            }
            for one, _ in parts
        ],
        "resources": resources,
    }
    if newest is not None:
        said["created"] = newest.isoformat(timespec="seconds")
    return (json.dumps(said, indent=1, ensure_ascii=False) + "\n").encode()


def schema_of(table: Table) -> dict[str, object]:
    """A table's columns as a Table Schema."""
    fields = []
    for field in table.fields:
        constraints: dict[str, object] = {"required": True} if field.needed else {}
        for name, value in (("minimum", field.least), ("maximum", field.most)):
            if value is not None:
                constraints[name] = value
        if field.one_of:
            constraints["enum"] = list(field.one_of)
        described: dict[str, object] = {"name": field.name, "type": field.kind, "description": field.text}
        fields.append(described | ({"constraints": constraints} if constraints else {}))
    made: dict[str, object] = {
        "$schema": "https://datapackage.org/profiles/2.0/tableschema.json",
        "fields": fields,
        "missingValues": [""],
    }
    # the whole government has no code, and part of a key is never empty
    keyed = table.key and all(field.needed for field in table.fields if field.name in table.key)
    return made | ({"primaryKey": list(table.key)} if keyed else {"uniqueKeys": [list(table.key)]} if table.key else {})
