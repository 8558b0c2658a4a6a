"""The order rows are written in.

Without ORM relationships SQLAlchemy writes tables in the order of their module and class names. That suits the foreign
keys within one transaction but for these; whoever writes both sides of one of them flushes in between.
"""

from sqlmodel import SQLModel

from domain import tables

FLUSH_BETWEEN = {
    ("case", "citizen"),
    ("case", "contact_point"),
    ("api_key", "case"),
    ("training_label", "case"),
    ("attachment", "case"),
    ("call_back", "case"),
    ("call_back", "contact_point"),
    ("contact_join", "contact_point"),
    # written about a case that is there already
    ("answer_draft", "case"),
    ("case_presence", "case"),
    ("given_answer", "case"),
    ("translation", "case"),
}
BUSY = {"case", "citizen", "contact_point", "clock"}
"""Tables whose rows are made together with rows that refer to them."""


def test_only_known_foreign_keys_point_forward() -> None:
    models = [getattr(tables, name) for name in tables.__all__]
    order = {model.__tablename__: f"{model.__module__}.{model.__name__}" for model in models}
    forward = {
        (table.name, key.column.table.name)
        for table in SQLModel.metadata.tables.values()
        for key in table.foreign_keys
        if key.column.table.name in BUSY and order[table.name] < order[key.column.table.name]
    }
    assert forward <= FLUSH_BETWEEN
