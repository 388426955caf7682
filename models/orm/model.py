"""The base of every model: what a class says when it is declared, and the fields and methods that all have."""

from __future__ import annotations

from models.orm import fields
from models.orm.archiving import Archiving
from models.orm.describing import Describing
from models.orm.feeding import Feeding
from models.orm.form_onchange import FormOnchange
from models.orm.merging import Merging
from models.orm.searching import Searching
from models.orm.transfer.exporting import Exporting
from models.orm.transfer.importing import Importing


class Model(Archiving, FormOnchange, Describing, Exporting, Importing, Merging, Searching, Feeding):
    """A kind of record.

    Subclasses declare `name` once; a class that inherits it under the same name extends the model.
    """

    __slots__ = ()

    create_uid = fields.Many2One("Created by", "res.users", readonly=True, index=False, copied=False)
    create_date = fields.DateTime("Created on", readonly=True, netforce="create_time", copied=False)
    write_uid = fields.Many2One("Last updated by", "res.users", readonly=True, index=False, copied=False)
    write_date = fields.DateTime("Last updated on", readonly=True, netforce="write_time", copied=False)
