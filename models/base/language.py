"""Languages that users may choose. Texts of the server itself are in English, whichever is chosen."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from models.base.groups import ADMINISTRATORS, USERS
from models.base.known_languages import BASE
from models.orm import USER, Access, Env, Key, Model, Row, Rule, fields, rpc
from models.orm.arguments import ids_of
from models.orm.errors import UserError, ValidationError

LANGUAGE = "res.lang"


class Language(Model, name=LANGUAGE, label="Language"):
    """A language and how it writes dates and numbers."""

    access = (Access(read=USERS.code), Access(write=ADMINISTRATORS.code))
    order = "active desc, name"
    keys = (Key(("code",), "The code of the language must be unique."),)

    name = fields.Char("Name", required=True, searched=True)
    code = fields.Char("Locale Code", required=True, size=16, searched=True)
    iso_code = fields.Char("ISO code", size=16)
    url_code = fields.Char("URL Code", size=16)
    active = fields.Boolean("Active", default=True)
    direction = fields.Selection("Direction", [("ltr", "Left-to-Right"), ("rtl", "Right-to-Left")], default="ltr")
    date_format = fields.Char("Date Format", required=True, default="%m/%d/%Y")
    time_format = fields.Char("Time Format", required=True, default="%H:%M:%S")
    grouping = fields.Char("Separator Format", required=True, size=32, default="[3,0]")
    decimal_point = fields.Char("Decimal Separator", required=True, size=1, default=".")
    thousands_sep = fields.Char("Thousands Separator", size=1, default=",")

    @rpc(readonly=True)
    @classmethod
    async def get_installed(cls, env: Env) -> list[list[str]]:
        """Return [code, name] of the languages that users may choose, by name."""
        return [
            [one.code, one.name] for one in await cls.find(env, [["active", "=", True]], ["code", "name"], order="name")
        ]

    @classmethod
    async def prepare_write(cls, env: Env, ids: list[int], row: Row) -> None:
        """Keep a language that is in use, and English."""
        await super().prepare_write(env, ids, row)
        if row.get("active") is False or "code" in row:
            await cls._refuse_used(env, ids)

    @classmethod
    async def check_active(cls, env: Env, codes: Iterable[str | None]) -> None:
        """Refuse codes of languages that users may not choose; hold the others as they are. English needs no look."""
        asked = sorted({code for code in codes if code and code != BASE})
        if not asked:
            return
        rows = await env.change("select code from res_lang where active and code = any($1::text[]) for share", asked)
        if unknown := set(asked) - {row[0] for row in rows}:
            raise ValidationError(f"Invalid language code: {min(unknown)}.", field="lang")

    @classmethod
    async def _refuse_used(cls, env: Env, ids: list[int]) -> None:
        await cls.lock(env, ids, ["code"])
        used = await env.fetchval(
            "select min(l.name) from res_lang l where l.id = any($1::bigint[]) and (l.code = $2 or exists"
            " (select 1 from res_users u where u.lang = l.code and u.active))",
            ids,
            BASE,
        )
        if used is not None:
            raise UserError(f"{used} is in use: it cannot be changed or taken away.", model=cls.meta.name)


class LanguageInstall(Model, name="base.language.install", label="Install Language"):
    """The form by which Odoo's clients make languages active. Nothing is translated by it."""

    access = (Access(read=ADMINISTRATORS.code, write=ADMINISTRATORS.code, delete=ADMINISTRATORS.code),)
    rules = (Rule("own forms", None, [["create_uid", "=", USER]]),)
    transient = True
    label_field = "id"

    lang_ids = fields.Many2Many(
        "Languages", LANGUAGE, table="res_lang_install_rel", column="language_wizard_id", other="lang_id"
    )
    lang = fields.Char("Language", size=16, help="The code of one more, as Odoo's clients up to 15 say it.")
    overwrite = fields.Boolean("Overwrite Existing Terms", default=True, help="There are none to be overwritten.")

    @rpc
    @classmethod
    async def lang_install(cls, env: Env, ids: Any) -> dict[str, str]:
        """Make the languages of these forms active."""
        every = env.with_context(active_test=False)
        forms = await cls.browse(every, ids_of(ids), ["lang_ids", "lang"])
        codes = sorted({form["lang"] for form in forms if form["lang"]})
        named = await env[LANGUAGE].find(every, [["code", "in", codes]], ["code"])
        if unknown := set(codes) - {one["code"] for one in named}:
            raise ValidationError(f"Invalid language code: {min(unknown)}.", model=cls.meta.name, field="lang")
        wanted = {one for form in forms for one in form["lang_ids"]} | {one.id for one in named}
        await env[LANGUAGE].update(env, sorted(wanted), {"active": True})
        return {"type": "ir.actions.client", "tag": "reload"}
