"""Tracked changes as records of their own, as Odoo's clients look them up: one for each field that a message tells of.

Nothing more is written for them: they are read from what the message keeps as JSON. Their ids follow from the message
and the place in it and stay the same. Whoever may read the message may read them; labels of records that a reader may
not read are left out, as in the message.
"""

from models.base.groups import USERS
from models.base.message import Message
from models.orm import Access, Model, Parts, fields

MOST = 128  # more changes than any model has tracked fields: the size of the numbers is what clients have to bear
SIDES = ("old", "new")
TYPE = "f.ttype"
WHOLE = (
    "case jsonb_typeof({json}) when 'number' then {text}::numeric::bigint when 'boolean' then {text}::boolean::int end"
)
EXACT = "case when jsonb_typeof({json}) = 'number' then {text}::numeric end"
INSTANT = r"case when {text} ~ '^\d{{4}}-\d\d-\d\d( \d\d:\d\d:\d\d)?$' then {text}::timestamp at time zone 'UTC' end"
# Which kinds of fields have their values in which column; a text that belongs to no other is one of characters.
KINDS = {
    "integer": (("integer", "boolean", "many2one"), WHOLE),
    "float": (("float", "monetary"), EXACT),
    "text": (("text", "html"), "{text}"),
    "datetime": (("date", "datetime"), INSTANT),
}


def _values(side: str) -> str:
    """Return the columns of one side of a change: each kind of value in a column of its own, as Odoo has it."""
    names = {"json": f"c.change -> '{side}'", "text": f"(c.change ->> '{side}')"}
    columns = [
        f"case when {TYPE} in ({', '.join(map(repr, kinds))}) then {sql.format(**names)} end as {side}_value_{kind}"
        for kind, (kinds, sql) in KINDS.items()
    ]
    apart = ", ".join(repr(kind) for kinds, _ in KINDS.values() for kind in kinds)
    plain = f"case when {TYPE} in ({apart}) then null else {names['text']} end"
    columns.append(f"coalesce(c.change ->> '{side}_label', {plain}) as {side}_shown")
    return ", ".join(columns)


CHANGES = f"""
select m.id * {MOST} + c.place as id, m.id as mail_message_id, m.model, m.res_id, f.id as field_id,
    c.change ->> 'field' as field_name, c.change ->> 'label' as field_desc, {TYPE} as field_type,
    c.change ->> 'target' as target, {", ".join(map(_values, SIDES))},
    m.create_uid, m.create_date, m.write_uid, m.write_date
from mail_message m
cross join lateral jsonb_array_elements(m.tracking) with ordinality c(change, place)
left join ir_model_fields f on f.model = m.model and f.name = c.change ->> 'field'
"""
SHOWN = "case when {{seen target {side}_value_integer}} then {{t}}.{side}_shown end"
MONEY = "case when {{t}}.field_type = 'monetary' then {{t}}.{side}_value_float end"
DIGITS = (32, 6)


class TrackingValue(Model, name="mail.tracking.value", label="Mail Tracking Value"):
    """One field that changed, with its value before and after. What kind of value it is says which field has it."""

    access = (Access(read=USERS.code),)
    document = ("model", "res_id")
    parts = Parts(CHANGES, whole="mail_message_id", most=MOST)
    label_field = "field_desc"

    mail_message_id = fields.Many2One("Message", "mail.message", required=True, readonly=True, on_delete="cascade")
    model = fields.Char("Related Document Model", readonly=True)
    res_id = fields.Integer("Related Document ID", big=True, readonly=True, aggregate="")
    field_id = fields.Many2One("Field", "ir.model.fields", readonly=True, odoo=("field_id", "field"))
    field_name = fields.Char("Field Name", readonly=True)
    field_desc = fields.Char("Field Description", readonly=True)
    field_type = fields.Char("Field Type", readonly=True)
    old_value_integer = fields.Integer("Old Value Integer", big=True, readonly=True, aggregate="")
    old_value_float = fields.Decimal("Old Value Float", digits=DIGITS, readonly=True, aggregate="")
    old_value_monetary = fields.Decimal("Old Value Monetary", sql=MONEY.format(side="old"), digits=DIGITS, aggregate="")
    old_value_char = fields.Char("Old Value Char", sql=SHOWN.format(side="old"))
    old_value_text = fields.Text("Old Value Text", readonly=True)
    old_value_datetime = fields.DateTime("Old Value DateTime", readonly=True)
    new_value_integer = fields.Integer("New Value Integer", big=True, readonly=True, aggregate="")
    new_value_float = fields.Decimal("New Value Float", digits=DIGITS, readonly=True, aggregate="")
    new_value_monetary = fields.Decimal("New Value Monetary", sql=MONEY.format(side="new"), digits=DIGITS, aggregate="")
    new_value_char = fields.Char("New Value Char", sql=SHOWN.format(side="new"))
    new_value_text = fields.Text("New Value Text", readonly=True)
    new_value_datetime = fields.DateTime("New Value DateTime", readonly=True)
    currency_id = fields.Many2One(
        "Currency", "res.currency", sql="null::bigint", help="None: what an amount was in is not kept with it."
    )


class TrackedMessage(Message, name="mail.message"):
    """A message, and the changes that it tells of."""

    tracking_value_ids = fields.One2Many("Tracking values", "mail.tracking.value", "mail_message_id", readonly=True)
