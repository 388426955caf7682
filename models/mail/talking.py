"""What people say about records: comments, in the caller's own name, which nobody changes afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from models.base.message import Message
from models.mail.subtype import SUBTYPE
from models.orm import arguments, fields

if TYPE_CHECKING:
    from models.orm import Env

# One statement: the messages, who is addressed, what is attached, and that the author follows.
SAY = """
with said as (
    insert into mail_message
        (model, res_id, body, subject, message_type, subtype, author_user_id, date, parent_id, create_uid, write_uid)
    select $1::text, m.res_id, m.body, $2, $3, $4, $5, $6, $7, $5, $5
    from unnest($8::bigint[], $9::text[]) with ordinality m(res_id, body, n) order by m.n
    returning id, res_id),
told as (
    insert into mail_message_res_partner_rel (mail_message_id, res_partner_id)
    select s.id, p.id from said s, unnest($10::bigint[]) p(id)),
attached as (
    insert into message_attachment_rel (message_id, attachment_id)
    select s.id, f.id from said s, unnest($12::bigint[]) f(id)),
followed as (
    insert into mail_followers (res_model, res_id, partner_id, create_uid, write_uid)
    select distinct $1::text, s.res_id, u.partner_id, $5::bigint, $5::bigint from said s, res_users u
    where u.id = $5 and $11 and u.partner_id is not null and u.active
    on conflict do nothing)
select id from said order by id
"""


class AddressedMessage(Message, name="mail.message"):
    """A message, the partners it is for, and the files that came with it. Files have rights of their own."""

    subtype_id = fields.Many2One("Subtype", "mail.message.subtype", sql=SUBTYPE)
    partner_ids = fields.Many2Many(
        "Recipients",
        "res.partner",
        table="mail_message_res_partner_rel",
        column="mail_message_id",
        other="res_partner_id",
        readonly=True,
    )
    attachment_ids = fields.Many2Many(
        "Attachments",
        "ir.attachment",
        table="message_attachment_rel",
        column="message_id",
        other="attachment_id",
        readonly=True,
    )


async def say(
    env: Env,
    model: str,
    lines: Sequence[tuple[int, str]],
    *,
    subject: str | None = None,
    kind: str = "comment",
    subtype: str = "comment",
    parent_id: int | None = None,
    partner_ids: Sequence[int] = (),
    attachment_ids: Sequence[int] = (),
    follow: bool = True,
) -> list[int]:
    """Write a message for each (record, markup), one statement; return their ids. The author is the caller."""
    records, bodies = [record for record, _ in lines], [body for _, body in lines]
    given = (model, subject, kind, subtype, env.user.id, env.now, parent_id)
    rows = await env.change(SAY, *given, records, bodies, list(partner_ids), follow, list(attachment_ids))
    return [row[0] for row in rows]


async def take_files(env: Env, given: Any, model: str, record: int) -> list[int]:
    """Return the attachments that a message is to carry: ones that the caller may write.

    Those of no record hang on the message's record from now on.
    """
    wanted = arguments.ids_of(given or [], model="ir.attachment")
    files = await env["ir.attachment"].lock(env, wanted, ["res_id"])
    loose = [file.id for file in files if file["res_id"] is None]
    if loose:
        await env["ir.attachment"].update(env, loose, {"res_model": model, "res_id": record})
    return wanted


def markup(text: str) -> str:
    """Return plain text as markup that shows it as it is."""
    return escape(text, quote=False)
