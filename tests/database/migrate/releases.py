"""Releases of a small product, to migrate databases from one to another."""

from decimal import Decimal
from types import new_class
from typing import Any

from models.base.external_id import ExternalId
from models.base.groups import ADMINISTRATORS, USERS
from models.base.sequence import Sequence
from models.orm import Access, Check, Datum, Index, Key, Model, NumberSequence, Registry, fields
from tests.orm.library import GROUPS, AuditLog, Company, User

ALL = Access(read=USERS.code, write=USERS.code, delete=USERS.code)


def model(name: str, /, **members: Any) -> type[Model]:
    """A model made of these fields and options."""
    return new_class(name, (Model,), {"name": name}, lambda space: space.update({"access": ALL, **members}))


def release(*models: type[Model]) -> Registry:
    """A registry of what every release has and these models."""
    return Registry([Company, User, AuditLog, Sequence, ExternalId, *models], [*GROUPS, USERS, ADMINISTRATORS])


def note(**members: Any) -> type[Model]:
    """The model that the releases change."""
    return model("lib.note", **{"name": fields.Char("Name", required=True), **members})


FIRST = release(note())
ROOT = (Datum("base.user_root", "res.users", {"name": "System"}),)

TAG = model("lib.tag", name=fields.Char("Name"), keys=(Key(("name",), "There is such a tag."),))
TAGS = fields.Many2Many("Tags", "lib.tag", table="lib_note_tag", column="note_id", other="tag_id")
CHECK = Check("lib_note_named", "name <> ''", "A note has a name.")

ADDITIONS = {
    "field": release(note(text=fields.Text("Text"))),
    "required field with a default": release(note(rank=fields.Integer("Rank", required=True, default=3))),
    "flag": release(note(done=fields.Boolean("Done"))),
    "amount": release(note(amount=fields.Decimal("Amount", required=True, default=Decimal("0.50")))),
    "relation": release(note(user_id=fields.Many2One("User", "res.users", on_delete="cascade"))),
    "relation to itself": release(note(parent_id=fields.Many2One("Above", "lib.note"))),
    "index on a field": release(note(name=fields.Char("Name", required=True, index=True))),
    "declared index": release(note(indexes=(Index(("name desc", "id"), where="name <> ''"),))),
    "key": release(note(keys=(Key(("name",), "There is such a note."),))),
    "check": release(note(checks=(CHECK,))),
    "model": release(note(), TAG),
    "links to a new model": release(note(tag_ids=TAGS), TAG),
    "models in a circle": release(
        note(),
        model("lib.hen", name=fields.Char("Name"), egg_id=fields.Many2One("Egg", "lib.egg")),
        model("lib.egg", name=fields.Char("Name"), hen_id=fields.Many2One("Hen", "lib.hen")),
    ),
    "numbered model": release(
        note(), model("lib.bill", name=fields.Char("Number", sequence=NumberSequence("lib.bill", prefix="B")))
    ),
    "no longer required": release(note(name=fields.Char("Name"))),
}
RENAMED = release(model("lib.note", title=fields.Char("Title", required=True), label_field="title"))

NEXT = release(
    note(
        text=fields.Text("Text", index=True),
        done=fields.Boolean("Done"),
        amount=fields.Decimal("Amount"),
        user_id=fields.Many2One("User", "res.users"),
        tag_ids=TAGS,
        keys=(Key(("name",), "There is such a note."),),
        checks=(CHECK,),
    ),
    TAG,
    model("lib.bill", name=fields.Char("Number", sequence=NumberSequence("lib.bill", prefix="B"))),
)
