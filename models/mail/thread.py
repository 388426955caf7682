"""What every record with chatter offers beside its messages: followers, and comments by people."""

from __future__ import annotations

from typing import Any

from models.mail.followers import SUBSCRIBE, UNSUBSCRIBE
from models.mail.talking import markup, say, take_files
from models.orm import Env, Model, arguments, fields, rpc
from models.orm.declare import Operation
from models.orm.errors import AccessError, InputError, MissingError
from models.orm.fields.text import storable

FORGET = """
with unfollowed as (delete from mail_followers where res_model = $1 and res_id = any($2::bigint[]))
delete from mail_activity where res_model = $1 and res_id = any($2::bigint[])
"""
COMMENT = "mail.mt_comment"


class Thread(Model):
    """Followers of a record, and what they say."""

    __slots__ = ()

    message_follower_ids = fields.One2Many(
        "Followers", "mail.followers", "res_id", inverse_model="res_model", readonly=True
    )
    message_partner_ids = fields.Many2Many(
        "Followers (Partners)",
        "res.partner",
        table="mail_followers",
        column="res_id",
        other="partner_id",
        column_model="res_model",
    )
    message_is_follower = fields.Boolean(
        "Is Follower",
        sql="exists (select 1 from mail_followers f join res_users u on u.partner_id = f.partner_id"
        " where f.res_model = {model} and f.res_id = {t}.id and u.id = {user})",
    )

    message_attachment_count = fields.Integer(
        "Attachment Count",
        sql="(select count(*) from ir_attachment f where f.res_model = {model} and f.res_id = {t}.id)",
        aggregate="",
    )

    @rpc
    @classmethod
    async def message_subscribe(cls, env: Env, ids: Any, partner_ids: Any = None, subtype_ids: Any = None) -> bool:
        """Let partners follow the records. Oneself: who may read them; others: who may write them."""
        _refuse_subtypes(subtype_ids)
        wanted, partners = await cls._following(env, ids, partner_ids)
        await env["res.partner"].check_reach(env, partners, "read")
        await env.execute(SUBSCRIBE, cls.meta.name, wanted, partners, env.user.id)
        return True

    @rpc
    @classmethod
    async def message_unsubscribe(cls, env: Env, ids: Any, partner_ids: Any = None) -> bool:
        """Let partners follow the records no longer."""
        wanted, partners = await cls._following(env, ids, partner_ids)
        await env.execute(UNSUBSCRIBE, cls.meta.name, wanted, partners)
        return True

    @rpc
    @classmethod
    async def message_post(
        cls,
        env: Env,
        ids: Any,
        body: Any = "",
        subject: Any = None,
        message_type: Any = "notification",
        subtype_xmlid: Any = None,
        partner_ids: Any = None,
        parent_id: Any = None,
        author_id: Any = None,
        body_is_html: Any = False,
        attachment_ids: Any = None,
    ) -> list[int]:
        """Write a comment on each record, in the caller's name; answers the messages' ids.

        `body` is plain text unless `body_is_html` says that it is markup. `message_type` is comment or notification;
        `subtype_xmlid` "mail.mt_comment" is a comment, anything else a note. No mail is sent to `partner_ids`.
        """
        wanted = arguments.ids_of(ids, model=cls.meta.name)
        await cls._check_documents(env, wanted, "write")
        if message_type not in ("comment", "notification"):
            raise InputError("message_type is comment or notification.", argument="message_type")
        if not arguments.is_unset(author_id) and author_id != env.user.partner_id:
            raise AccessError("A message is written in one's own name.", model=cls.meta.name)
        if attachment_ids and len(wanted) != 1:
            raise InputError("Files are attached to a message on one record.", argument="attachment_ids")
        text = _text(cls, body, "body")
        partners = arguments.ids_of(partner_ids or [], model="res.partner")
        await env["res.partner"].check_reach(env, partners, "read")
        return await say(
            env,
            cls.meta.name,
            [(one, text if body_is_html is True else markup(text)) for one in wanted],
            subject=_text(cls, subject, "subject") or None,
            kind=message_type,
            subtype="comment" if subtype_xmlid == COMMENT else "note",
            parent_id=await cls._parent(env, wanted, parent_id),
            partner_ids=partners,
            attachment_ids=await take_files(env, attachment_ids, cls.meta.name, wanted[0]) if attachment_ids else (),
            follow=message_type == "comment",
        )

    @classmethod
    async def after_delete(cls, env: Env, ids: list[int]) -> None:
        """Take followers and activities away with the records; what was said stays."""
        await super().after_delete(env, ids)
        await env.execute(FORGET, cls.meta.name, ids)

    @classmethod
    async def _following(cls, env: Env, ids: Any, partner_ids: Any) -> tuple[list[int], list[int]]:
        """Return the records and the partners, or refuse a caller without the right on the records."""
        wanted = arguments.ids_of(ids, model=cls.meta.name)
        partners = arguments.ids_of(partner_ids or [], model="res.partner")
        oneself = all(partner == env.user.partner_id for partner in partners)
        await cls._check_documents(env, wanted, "read" if oneself else "write")
        return wanted, partners

    @classmethod
    async def _check_documents(cls, env: Env, ids: list[int], operation: Operation) -> None:
        env.profile.check(cls.meta, operation)
        await cls.check_reach(env, ids, operation)

    @classmethod
    async def _parent(cls, env: Env, ids: list[int], parent_id: Any) -> int | None:
        """Return the message that is answered: one of the same record."""
        if arguments.is_unset(parent_id):
            return None
        [parent] = arguments.ids_of(parent_id, model="mail.message")
        [message] = await env["mail.message"].browse(env, [parent], ["model", "res_id"])
        if (message["model"], [message["res_id"]]) != (cls.meta.name, ids):
            raise MissingError("The message to answer is about another record.", model="mail.message", ids=[parent])
        return parent


def _refuse_subtypes(subtype_ids: Any) -> None:
    if subtype_ids:
        raise InputError("Followers follow everything: there are no subtypes.", argument="subtype_ids")


def _text(model: type[Model], value: Any, argument: str) -> str:
    if arguments.is_unset(value):
        return ""
    if not isinstance(value, str):
        raise InputError(f"{argument} must be a text.", argument=argument)
    return storable(model.meta.fields["display_name"], value)
