"""A small library: models that exercise every kind of field and rule without any business of the product."""

from decimal import Decimal
from enum import StrEnum
from typing import Any

from models.orm import (
    USER,
    Access,
    Check,
    Env,
    Group,
    Index,
    Key,
    Model,
    Row,
    Rule,
    constrains,
    fields,
    rpc,
    transition,
)
from models.orm.errors import ValidationError

GROUPS = (
    Group("lib.reader", "Reader"),
    Group("lib.clerk", "Clerk", implies=("lib.reader",)),
    Group("lib.head", "Head", implies=("lib.clerk",)),
)
EVERYBODY = Access(read="lib.reader", write="lib.head", create="lib.head", delete="lib.head")


class Company(Model, name="res.company", netforce="company"):
    """A branch of the library."""

    access = EVERYBODY
    name = fields.Char("Name", required=True)


class User(Model, name="res.users", netforce="base.user"):
    """Somebody who signs in."""

    access = EVERYBODY
    name = fields.Char("Name", required=True)


class Message(Model, name="mail.message", netforce="message"):
    """A line of chatter."""

    access = Access(read="lib.reader")
    document = ("model", "res_id")
    order = "id desc"
    label_field = "body"
    model = fields.Char("Model")
    res_id = fields.Integer("Record", big=True)
    body = fields.Text("Body")
    message_type = fields.Char("Type")
    subtype = fields.Char("Subtype")
    author_user_id = fields.Many2One("Author", "res.users")
    date = fields.DateTime("Date")
    tracking = fields.Changes("Changes")


class ExternalId(Model, name="ir.model.data"):
    """A name for one record."""

    access = (Access(read="lib.reader"), Access(write="lib.head", delete="lib.head"))
    document = ("model", "res_id")
    any_document = True
    outlives_document = True
    loose_rules = (Rule("all names", "lib.head", []),)
    keys = (Key(("module", "name"), "This external identifier is taken."),)
    module = fields.Char("Module", required=True)
    name = fields.Char("Name", required=True)
    model = fields.Char("Model", required=True)
    res_id = fields.Integer("Record", big=True, required=True)
    noupdate = fields.Boolean("Never updated")
    protected = fields.Boolean("Protected")


class AuditLog(Model, name="audit.log", netforce="log"):
    """Who changed what."""

    access = Access(read="lib.head")
    label_field = "operation"
    date = fields.DateTime("Date")
    user_id = fields.Many2One("User", "res.users")
    model = fields.Char("Model")
    res_id = fields.Integer("Record", big=True)
    operation = fields.Char("Operation")
    details = fields.Json("Details")


class Shelf(Model, name="lib.shelf"):
    """A place for books, within another place."""

    access = Access(read="lib.reader", write="lib.clerk", delete="lib.clerk")
    rules = (Rule("nothing in the cellar", None, [("parent_id.name", "!=", "Cellar")]),)
    order = "sequence, name desc"
    name = fields.Char("Name", required=True, searched=True)
    sequence = fields.Integer("Sequence", default=10)
    parent_id = fields.Many2One("Within", "lib.shelf")
    active = fields.Boolean("Active", default=True)
    book_ids = fields.One2Many("Books", "lib.book", "shelf_id")


class Author(Model, name="lib.author", netforce="writer"):
    """Who wrote it. Clerks see only the authors they look after."""

    access = Access(read="lib.reader", write="lib.clerk", delete="lib.clerk")
    rules = (
        Rule("own authors", "lib.clerk", ["|", ["keeper_id", "=", USER], ["keeper_id", "=", None]]),
        Rule("all authors", "lib.head", []),
    )
    name = fields.Char("Name", required=True, netforce="title")
    keeper_id = fields.Many2One("Keeper", "res.users")
    salary = fields.Monetary("Salary", groups="lib.head")
    book_ids = fields.One2Many("Books", "lib.book", "author_id", copied=True)


class Vault(Model, name="lib.vault"):
    """A place that only heads know of."""

    access = Access(read="lib.head", write="lib.head", delete="lib.head")
    order = "name"
    name = fields.Char("Name", required=True, searched=True)
    book_ids = fields.One2Many("Books", "lib.book", "vault_id")


class Tag(Model, name="lib.tag"):
    """A word for a kind of book."""

    access = Access(read="lib.reader", write="lib.clerk", delete="lib.clerk")
    keys = (Key(("name",), "There is a tag of this name already."),)
    name = fields.Char("Name", required=True)


class State(StrEnum):
    """Where a book is in its life."""

    NEW = "new"
    SHELVED = "shelved"
    LENT = "lent"
    GONE = "gone"


def worth(book: Any) -> Decimal | None:
    """Return price times copies."""
    return None if book.price is None or book.copies is None else book.price * book.copies


def shout(book: Any) -> str:
    """Return the title in capitals."""
    return str(book.title or "").upper()


class Book(Model, name="lib.book", netforce="volume"):
    """A book of one company."""

    access = (
        Access(read="lib.reader"),
        Access(read="lib.clerk", write="lib.clerk", delete="lib.head"),
    )
    order = "title, id desc"
    label_field = "title"
    company = "own"
    chatter = True
    audit = True
    checks = (Check("lib_book_copies_positive", "copies >= 0", "There are no negative copies."),)
    indexes = (Index(("company_id", "title")),)

    title = fields.Char(
        "Title", required=True, size=40, odoo="name", netforce=("heading", "caption"), tracked=True, searched=True
    )
    author_id = fields.Many2One("Author", "lib.author", tracked=True, on_delete="cascade")
    shelf_id = fields.Many2One("Shelf", "lib.shelf", tracked=True, expanded=True)
    vault_id = fields.Many2One("Vault", "lib.vault", expanded=True)
    state = fields.Selection(
        "State",
        State,
        default=State.NEW,
        readonly=True,
        tracked=True,
        values_netforce={"shelved": "placed"},
        values_odoo={"gone": "cancel"},
    )
    price = fields.Monetary("Price", tracked=True)
    copies = fields.Integer("Copies", default=1)
    worth = fields.Monetary("Worth", compute=worth, depends=("price", "copies"), stored=True)
    shout = fields.Char("Shout", compute=shout, depends=("title",))
    author_name = fields.Char("Author's name", path="author_id.name")
    author_pay = fields.Monetary("Author's salary", path="author_id.salary")
    vault_name = fields.Char("Vault's name", path="vault_id.name")
    times_lent = fields.Integer("Times lent", sql="select count(*) from lib_loan l where l.book_id = {t}.id")
    bought_on = fields.Date("Bought on")
    read_at = fields.DateTime("Last read")
    opens = fields.Time("Opens")
    extra = fields.Json("Extra")
    cover = fields.Binary("Cover")
    secret = fields.Char("Secret", groups="lib.head", searched=True)
    hush = fields.Char("Whisper", compute=lambda book: str(book.secret or "").lower(), depends=("secret",))
    remark = fields.Char("Remark", write_groups="lib.head")
    password = fields.Char("Password", write_only=True)
    about = fields.Reference("About", ("lib.author", "lib.shelf"))
    active = fields.Boolean("Active", default=True)
    tag_ids = fields.Many2Many("Tags", "lib.tag", table="lib_book_tag", column="book_id", other="tag_id", tracked=True)
    loan_ids = fields.One2Many("Loans", "lib.loan", "book_id", copied=True)

    @constrains("price", "copies")
    def check_price(self) -> None:
        """Refuse dear single copies."""
        if self.price is not None and self.price > 1000 and self.copies == 1:
            raise ValidationError("A book this dear needs a second copy.", model="lib.book", field="price")

    @rpc
    @classmethod
    @transition("state", {State.NEW: State.SHELVED, State.LENT: State.SHELVED}, also=["title"])
    async def shelve(cls, env: Env, records: Any) -> int:
        """Put books on their shelf."""
        await env[cls.meta.name].post(env, dict.fromkeys((record.id for record in records), "shelved"))
        return len(records)

    @rpc(readonly=True)
    @classmethod
    async def titles(cls, env: Env, ids: Any, upper: Any = False) -> list[str]:
        """Return the titles."""
        return [
            str(record.title).upper() if upper else str(record.title)
            for record in await cls.browse(env, ids, ["title"])
        ]


class Loan(Model, name="lib.loan", netforce="lending"):
    """A book in somebody's hands. Clerks see those of the books whose authors they look after, readers their own."""

    access = Access(read="lib.reader", write="lib.clerk", delete="lib.clerk")
    rules = (
        Rule("loans of own authors", "lib.clerk", [("book_id.author_id.keeper_id", "=", USER)]),
        Rule("own loans", "lib.reader", [("borrower_id", "=", USER)]),
        Rule("all loans", "lib.head", []),
    )
    label_sql = "'Loan ' || {t}.id"
    book_id = fields.Many2One("Book", "lib.book", required=True, on_delete="cascade", netforce="volume_id")
    borrower_id = fields.Many2One("Borrower", "res.users")
    days = fields.Integer("Days", default=14)


class NumberedBook(Book, name="lib.book"):
    """What another area adds to books."""

    edition = fields.Integer("Edition")

    @classmethod
    async def prepare_create(cls, env: Env, rows: list[Row]) -> None:
        """Begin with the first edition."""
        await super().prepare_create(env, rows)
        for row in rows:
            if row.get("edition") is None:
                row["edition"] = 1


MODELS = (Company, User, Message, ExternalId, AuditLog, Shelf, Author, Vault, Tag, Book, NumberedBook, Loan)
