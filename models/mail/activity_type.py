"""Kinds of activities: what is to be done about a record, and how soon as a rule."""

from models.orm import Access, Model, fields
from models.orm.data import Datum


class ActivityType(Model, name="mail.activity.type", label="Activity Type"):
    """One kind of activity, such as a call."""

    access = (Access(read="base.user"), Access(read="base.admin", write="base.admin", delete="base.admin"))
    order = "sequence, id"

    name = fields.Char("Name", required=True, searched=True)
    summary = fields.Char("Default Summary")
    sequence = fields.Integer("Sequence", default=10, aggregate="")
    active = fields.Boolean("Active", default=True)
    delay_count = fields.Integer("Schedule", default=0, minimum=0, aggregate="")
    delay_unit = fields.Selection(
        "Delay units", [("days", "days"), ("weeks", "weeks"), ("months", "months")], required=True, default="days"
    )
    category = fields.Selection(
        "Action",
        [
            ("default", "None"),
            ("upload_file", "Upload Document"),
            ("phonecall", "Phonecall"),
            ("meeting", "Meeting"),
        ],
        default="default",
    )
    icon = fields.Char("Icon", size=64)
    default_note = fields.Html("Default Note")
    default_user_id = fields.Many2One("Default User", "res.users", index=False)


TYPES = (
    Datum(
        "mail.mail_activity_data_email",
        "mail.activity.type",
        {"name": "Email", "sequence": 3, "icon": "fa-envelope"},
        protected=True,
    ),
    Datum(
        "mail.mail_activity_data_call",
        "mail.activity.type",
        {"name": "Call", "sequence": 6, "icon": "fa-phone", "category": "phonecall", "delay_count": 2},
        protected=True,
    ),
    Datum(
        "mail.mail_activity_data_meeting",
        "mail.activity.type",
        {"name": "Meeting", "sequence": 9, "icon": "fa-users", "category": "meeting"},
        protected=True,
    ),
    Datum(
        "mail.mail_activity_data_todo",
        "mail.activity.type",
        {"name": "To-Do", "sequence": 12, "icon": "fa-check", "delay_count": 5},
        protected=True,
    ),
    Datum(
        "mail.mail_activity_data_upload_document",
        "mail.activity.type",
        {"name": "Document", "sequence": 25, "icon": "fa-upload", "category": "upload_file", "delay_count": 5},
        protected=True,
    ),
)
