"""Messages: what was said and done about a record, in order.

They are written by the chatter of the model layer, in the transaction of what they tell of, and by nobody else: over
RPC a message can be neither written, changed nor deleted (statements H129, O6). Whoever may read the record may read
its messages, on every path.
"""

from models.base.groups import USERS
from models.orm import Access, Index, Model, fields


class Message(Model, name="mail.message", label="Message", netforce="message"):
    """One line of a record's chatter."""

    access = (Access(read=USERS.code),)
    document = ("model", "res_id")
    order = "date desc, id desc"
    label_sql = "coalesce({t}.record_name, {t}.model || ',' || {t}.res_id)"
    indexes = (Index(("model", "res_id", "id desc")),)

    model = fields.Char("Model", required=True, readonly=True)
    res_id = fields.Integer("Record", big=True, required=True, readonly=True, aggregate="")
    record_name = fields.Char("Record name", size=1024, readonly=True)
    subject = fields.Char("Subject", size=1024, readonly=True)
    related_id = fields.Char("About", sql="{t}.model || ',' || {t}.res_id")
    body = fields.Html("Text", readonly=True, searched=True)
    message_type = fields.Selection(
        "Type",
        [("comment", "Comment"), ("notification", "Notification"), ("email", "Email")],
        required=True,
        readonly=True,
        default="notification",
    )
    subtype = fields.Char("Subtype", readonly=True)
    author_user_id = fields.Many2One(
        "Author's User", "res.users", readonly=True, on_delete="restrict", netforce="from_id"
    )
    email_from = fields.Char("From", readonly=True)
    date = fields.DateTime("Date", required=True, readonly=True, default=lambda env: env.now)
    tracking = fields.Changes("Changes", readonly=True)
    parent_id = fields.Many2One("In reply to", "mail.message", readonly=True)
