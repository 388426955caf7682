"""The database schema that the models need: worked out from their declarations, never written by hand."""

from models.orm.schema.build import schema_of
from models.orm.schema.objects import Column, Constraint, Schema, SqlFunction, Table, TableIndex, add_constraint
from models.orm.schema.text import schema_text

__all__ = [
    "Column",
    "Constraint",
    "Schema",
    "SqlFunction",
    "Table",
    "TableIndex",
    "add_constraint",
    "schema_of",
    "schema_text",
]
