"""The kinds of fields. Use as `fields.Char("Name", required=True)`."""

from models.orm.fields.base import Field, FieldNotReadError
from models.orm.fields.content import Binary, Content
from models.orm.fields.moment import Date, DateTime, Time
from models.orm.fields.number import Integer, Monetary, Number
from models.orm.fields.relation import Many2Many, Many2One, One2Many, Reference, ToMany
from models.orm.fields.scalar import Boolean, Changes, Json, Selection
from models.orm.fields.text import Char, Html, Text

Decimal = Number

__all__ = [
    "Binary",
    "Boolean",
    "Changes",
    "Char",
    "Content",
    "Date",
    "DateTime",
    "Decimal",
    "Field",
    "FieldNotReadError",
    "Html",
    "Integer",
    "Json",
    "Many2Many",
    "Many2One",
    "Monetary",
    "Number",
    "One2Many",
    "Reference",
    "Selection",
    "Text",
    "Time",
    "ToMany",
]
