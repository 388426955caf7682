"""Kinds of messages, as Odoo's clients know them: what people discuss, notes, and what became of activities."""

from models.orm import Access, Key, Model, fields
from models.orm.data import Datum

# The kinds of messages that the chatter writes, and what stands for each; a note is all else.
SUBTYPE = (
    "(select s.id from mail_message_subtype s where s.code ="
    " case when {t}.subtype in ('comment', 'activity') then {t}.subtype else 'note' end)"
)


class MessageSubtype(Model, name="mail.message.subtype", label="Message Subtype"):
    """One kind of message."""

    access = (Access(read="base.user"),)
    order = "sequence, id"
    keys = (Key(("code",), "There is such a kind of message already."),)

    code = fields.Char("Code", size=16, required=True, readonly=True)
    name = fields.Char("Message Type", required=True, readonly=True, searched=True)
    description = fields.Char("Description", readonly=True)
    internal = fields.Boolean("Internal Only", readonly=True)
    default = fields.Boolean("Default", readonly=True)
    sequence = fields.Integer("Sequence", default=1, readonly=True, aggregate="")


SUBTYPES = (
    Datum(
        "mail.mt_comment",
        "mail.message.subtype",
        {"code": "comment", "name": "Discussions", "sequence": 0, "default": True},
        protected=True,
    ),
    Datum(
        "mail.mt_note",
        "mail.message.subtype",
        {"code": "note", "name": "Note", "sequence": 100, "internal": True, "default": True},
        protected=True,
    ),
    Datum(
        "mail.mt_activities",
        "mail.message.subtype",
        {"code": "activity", "name": "Activities", "sequence": 90, "internal": True},
        protected=True,
    ),
)
