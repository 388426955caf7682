"""Two kinds of documents with chatter, one of them seen by its owner only, and a model that refers to them."""

from models import base
from models.orm import USER, Access, Model, Registry, Rule, fields


class Case(Model, name="test.case"):
    """A document that only its owner reaches; administrators reach all."""

    access = (Access(read="base.user", write="base.user", delete="base.admin"),)
    rules = (Rule("own cases", "base.user", [("user_id", "=", USER)]), Rule("all cases", "base.admin", []))
    chatter = True
    name = fields.Char("Name", required=True, tracked=True)
    user_id = fields.Many2One("Owner", "res.users", tracked=True)


class Notice(Model, name="test.notice"):
    """A document that everybody reads and administrators write."""

    access = (Access(read="base.user", write="base.admin"),)
    chatter = True
    name = fields.Char("Name", required=True)


class Vault(Model, name="test.vault"):
    """A document for administrators."""

    access = (Access(read="base.admin", write="base.admin"),)
    chatter = True
    name = fields.Char("Name", required=True)


class Page(Model, name="test.page"):
    """A part of a case, or of another page, that goes with it."""

    access = (Access(read="base.user", write="base.user"),)
    name = fields.Char("Name", required=True)
    case_id = fields.Many2One("Case", "test.case", on_delete="cascade")
    parent_id = fields.Many2One("Page", "test.page", on_delete="cascade")


class Attachment(Model, name="test.attachment"):
    """Something that hangs on a document and that its users write."""

    access = (Access(read="base.user", write="base.user", delete="base.user"),)
    document = ("model", "res_id")
    name = fields.Char("Name", required=True)
    model = fields.Char("Model", required=True)
    res_id = fields.Integer("Record", big=True, required=True)


REGISTRY = Registry((*base.MODELS, Case, Notice, Vault, Page, Attachment), base.GROUPS)
