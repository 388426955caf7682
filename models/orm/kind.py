"""A kind of record as its class declares it, which is all that the registry needs to put a deployment together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Literal

from models.orm.declare import Access, Check, Index, Key, Parts, Rule
from models.orm.record import Record


class Kind(Record):
    """The names and options of a model, said in its class body and class line.

    Subclasses declare `name` once; a class that inherits it under the same name extends the model.
    """

    __slots__ = ()

    declared_name: ClassVar[str] = ""
    odoo_names: ClassVar[tuple[str, ...]] = ()
    netforce_names: ClassVar[tuple[str, ...]] = ()

    label: ClassVar[str] = ""
    table: ClassVar[str] = ""
    order: ClassVar[str] = "id"
    label_field: ClassVar[str] = "name"
    label_sql: ClassVar[str] = ""
    access: ClassVar[Access | Sequence[Access]] = ()
    rules: ClassVar[Sequence[Rule]] = ()
    keys: ClassVar[Sequence[Key]] = ()
    indexes: ClassVar[Sequence[Index]] = ()
    checks: ClassVar[Sequence[Check]] = ()
    company: ClassVar[Literal["own", "shared"] | None] = None
    chatter: ClassVar[bool] = False
    audit: ClassVar[bool] = False
    feed: ClassVar[bool] = False  # whether callers may ask what changed since they asked last
    transient: ClassVar[bool] = False
    # The fields that name the record this one hangs on, (model, id): who reaches that record reaches this one.
    document: ClassVar[tuple[str, str] | None] = None
    # Whether that may be a record of any model, or of those with chatter only.
    any_document: ClassVar[bool] = False
    # Whether rows stay when the record that they hang on is deleted.
    outlives_document: ClassVar[bool] = False
    # Who reaches rows whatever they hang on, such as rows that hang on nothing.
    loose_rules: ClassVar[Sequence[Rule]] = ()
    # Where the rows come from when there is no table of them. Such a model is for reading.
    parts: ClassVar[Parts | None] = None

    def __init_subclass__(
        cls,
        *,
        name: str = "",
        label: str = "",
        table: str = "",
        odoo: str | Sequence[str] = (),
        netforce: str | Sequence[str] = (),
        **options: Any,
    ) -> None:
        """Take the model's names; the own one is inherited by extensions."""
        super().__init_subclass__(**options)
        if name:
            cls.declared_name = name
        if label:
            cls.label = label
        if table:
            cls.table = table
        if odoo:
            cls.odoo_names = (odoo,) if isinstance(odoo, str) else tuple(odoo)
        if netforce:
            cls.netforce_names = (netforce,) if isinstance(netforce, str) else tuple(netforce)
