"""Followers: the partners who take part in what happens to a record.

Nobody is written to: following is noted as Odoo's clients expect it, and no mail leaves. Whoever may read the record
may read who follows it.
"""

from models.orm import Access, Key, Model, fields

SUBSCRIBE = """
insert into mail_followers (res_model, res_id, partner_id, create_uid, write_uid)
select $1, r.id, p.id, $4, $4 from unnest($2::bigint[]) r(id), unnest($3::bigint[]) p(id)
on conflict do nothing
"""
UNSUBSCRIBE = """
delete from mail_followers where res_model = $1 and res_id = any($2::bigint[]) and partner_id = any($3::bigint[])
"""


class Followers(Model, name="mail.followers", label="Document Followers"):
    """One partner who follows one record."""

    access = (Access(read="base.user"),)
    document = ("res_model", "res_id")
    label_field = "res_name"
    keys = (Key(("res_model", "res_id", "partner_id"), "A partner follows a record once."),)

    res_model = fields.Char("Related Document Model Name", required=True, readonly=True)
    res_id = fields.Integer("Related Document ID", big=True, required=True, readonly=True, aggregate="")
    res_name = fields.Char("Related Document", sql="{t}.res_model || ',' || {t}.res_id", size=1024)
    partner_id = fields.Many2One("Related Partner", "res.partner", required=True, readonly=True, on_delete="cascade")
    name = fields.Char("Name", path="partner_id.name")
    email = fields.Char("Email", path="partner_id.email")
    is_active = fields.Boolean("Is Active", path="partner_id.active")
