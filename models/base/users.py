"""Users: who may log in, with which rights, into which companies."""

from collections.abc import Sequence
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from models.base import audit_log, sessions
from models.base.caller_memory import forget_after_commit
from models.base.granting import CODES_OF_USER, HELD
from models.base.groups import ADMINISTRATORS, ODOO_GROUPS, USERS
from models.base.language import Language
from models.base.logins import login_key
from models.base.passwords import hashed, matches
from models.base.throttle import Throttle
from models.orm import USER, Access, Command, Env, Key, Model, Row, Rule, constrains, fields, rpc
from models.orm.arguments import ids_of
from models.orm.env import SYSTEM_USER_ID
from models.orm.errors import AccessError, InputError, UserError, ValidationError
from models.orm.limits import LIMITS

ADMIN = ADMINISTRATORS.code
SHORTEST_PASSWORD = 8

_wrong_passwords = Throttle(LIMITS.login_failures_a_minute, 60.0)


class Users(Model, name="res.users", label="User", netforce="base.user"):
    """Somebody, or some program, that may log in.

    Every signed-in user may see who there is; what somebody may do is for administrators to see and to change. Users
    look after their own name, mail address, language, time zone and which of their companies they start in.
    """

    access = (Access(read=USERS.code, write=USERS.code, create=ADMIN, delete=ADMIN),)
    rules = (
        Rule("everybody", USERS.code, [], ("read",)),
        Rule("own profile", USERS.code, [("id", "=", USER)], ("write",)),
        Rule("all users", ADMIN, []),
    )
    order = "name, login"
    audit = True
    keys = (
        Key(("login",), "There is a user with this login already."),
        Key(("login_key",), "There is a user with this login already."),
    )

    # Odoo's names of groups, for has_group; areas extend it.
    odoo_groups: ClassVar[dict[str, str]] = ODOO_GROUPS

    name = fields.Char("Name", required=True, searched=True)
    login = fields.Char("Login", required=True, size=128, searched=True, write_groups=ADMIN, copied=False)
    login_key = fields.Char(
        "Login, whatever its case", compute=lambda user: login_key(user.login or ""), depends=("login",), stored=True,
        write_only=True, size=1024,
    )  # fmt: skip
    password = fields.Char("Password", size=LIMITS.password_bytes, write_only=True, write_groups=ADMIN)
    email = fields.Char("Email", searched=True)
    active = fields.Boolean("Active", default=True, write_groups=ADMIN)
    share = fields.Boolean("External", sql="false")
    company_id = fields.Many2One(
        "Company", "res.company", required=True, default=lambda env: env.company_id, on_delete="restrict"
    )
    company_ids = fields.Many2Many(
        "Companies",
        "res.company",
        table="res_company_users_rel",
        column="user_id",
        other="company_id",
        write_groups=ADMIN,
    )
    groups_id = fields.Many2Many(
        "Groups",
        "res.groups",
        table="res_groups_users_rel",
        column="user_id",
        other="group_id",
        groups=ADMIN,
        odoo=("groups_id", "group_ids"),
    )
    lang = fields.Char("Language", size=16, default="en_US", required=True)
    tz = fields.Char("Time zone", size=64, default="UTC")
    last_login = fields.DateTime("Last login", readonly=True, groups=ADMIN, copied=False, odoo="login_date")
    action_id = fields.Many2One(
        "Home Action",
        "ir.actions.act_window",
        write_groups=ADMIN,
        index=False,
        help="The window in which a client is to begin for this user.",
    )
    state = fields.Selection(
        "Status",
        [("new", "Never Connected"), ("active", "Confirmed")],
        sql="case when {t}.last_login is null then 'new' else 'active' end",
        groups=ADMIN,
    )

    @constrains("login")
    def check_login(self) -> None:
        """A login is one visible line."""
        if not self.login.isprintable() or self.login != self.login.strip():
            raise ValidationError("A login is one line without spaces around it.", field="login")

    @constrains("tz")
    def check_tz(self) -> None:
        """A time zone is one of the IANA's; without one it is UTC."""
        try:
            ZoneInfo(self.tz or "UTC")
        except (KeyError, ValueError, OSError):
            raise ValidationError(f"There is no time zone {self.tz}.", field="tz") from None

    # for callers

    @rpc(readonly=True)
    @classmethod
    async def context_get(cls, env: Env) -> dict[str, Any]:
        """Return the caller's language, time zone and user id."""
        return {"lang": env.user.lang, "tz": env.user.tz, "uid": env.user.id}

    @rpc(readonly=True, renamed={"group_ext_id": "group"})
    @classmethod
    async def has_group(cls, env: Env, ids: Any = None, group: Any = None) -> bool:
        """Return whether a user is in a group: `has_group(group)` for the caller, `has_group([id], group)` for any.

        Groups are known by their codes and by their external ids (sale.manager, sale.group_manager).
        Only administrators may ask about others.
        """
        if group is None and isinstance(ids, str):
            ids, group = None, ids
        if not isinstance(group, str):
            raise InputError("group must be the code of a group.", argument="group")
        wanted = cls.odoo_groups.get(group) or group.replace(".group_", ".", 1)
        asked = ids_of(ids, model=cls.meta.name) if ids is not None else []
        if wanted not in env.registry.groups and (not asked or asked == [env.user.id] or env.has_group(ADMIN)):
            return await cls._in_made_group(env, asked or [env.user.id], group)
        if asked in ([], [env.user.id]):
            return wanted in env.user.groups
        if not env.has_group(ADMIN):
            raise AccessError("Only administrators may ask for the groups of others.", model=cls.meta.name)
        return all(wanted in groups for groups in (await cls.effective_groups(env, asked)).values())

    @rpc(renamed={"old": "old_passwd", "new": "new_passwd", "old_password": "old_passwd", "new_password": "new_passwd"})
    @classmethod
    async def change_password(cls, env: Env, old_passwd: Any, new_passwd: Any) -> bool:
        """Change the caller's own password. Every session of the caller ends."""
        if not old_passwd or not isinstance(old_passwd, str):
            raise UserError("Missing current password.")
        if not isinstance(new_passwd, str):
            raise InputError("new_passwd must be a text.", argument="new_passwd")
        _wrong_passwords.check(env.user.id)
        stored = await env.fetchval("select password from res_users where id = $1", env.user.id)
        if not await matches(stored, old_passwd):
            _wrong_passwords.count(env.user.id)
            raise UserError("Wrong password.")
        await env[Users].update(env.as_system("own password"), [env.user.id], {"password": new_passwd})
        return True

    # inside the server

    @classmethod
    async def after_installation(cls, env: Env) -> None:
        """What areas add to the first users of a new database. Nothing here."""

    @classmethod
    async def effective_groups(cls, env: Env, ids: Sequence[int]) -> dict[int, frozenset[str]]:
        """Return the groups of each user, implied ones included."""
        rows = await env.fetch(
            f"select u.id, {CODES_OF_USER} from res_users u where u.id = any($1::bigint[])", list(ids)
        )
        found = {row[0]: env.registry.effective_groups(row[1]) for row in rows}
        return {one: found.get(one, frozenset()) for one in ids}

    @classmethod
    async def rights_changed(cls, env: Env, ids: Sequence[int]) -> None:
        """Follow up on users who were put into groups, or taken out, from the side of the groups."""
        if not ids:
            return
        if SYSTEM_USER_ID in ids:
            raise AccessError("The system's own user cannot be changed.", model=cls.meta.name)
        forget_after_commit(env)
        await cls._check_administrators(env)
        await cls._audit_groups(env, ids)

    @classmethod
    async def prepare_create(cls, env: Env, rows: list[Row]) -> None:
        """Hash passwords; a user's first company is one of the user's companies."""
        await super().prepare_create(env, rows)
        await env[Language].check_active(env, [row.get("lang") for row in rows])
        for row in rows:
            await cls._hash_password(row)
            if not row.get("company_ids"):
                row["company_ids"] = [Command.set([row["company_id"]])]

    @classmethod
    async def after_create(cls, env: Env, ids: list[int], rows: list[Row]) -> None:
        """Whoever was given no groups is an internal user."""
        await super().after_create(env, ids, rows)
        plain = [one for one, row in zip(ids, rows, strict=True) if not row.get("groups_id")]
        if plain:
            await env.execute(
                "insert into res_groups_users_rel (user_id, group_id)"
                " select unnest($1::bigint[]), g.id from res_groups g where g.code = $2",
                plain,
                USERS.code,
            )
        await cls._check_companies(env, ids)
        await cls._audit_groups(env, ids)

    @classmethod
    async def prepare_write(cls, env: Env, ids: list[int], row: Row) -> None:
        """Hash the password; leave the system's own user alone."""
        await super().prepare_write(env, ids, row)
        if SYSTEM_USER_ID in ids:
            raise AccessError("The system's own user cannot be changed.", model=cls.meta.name)
        await env[Language].check_active(env, [row.get("lang")])
        await cls._hash_password(row)

    @classmethod
    async def after_write(cls, env: Env, ids: list[int], row: Row) -> None:
        """End sessions that should not go on; keep companies consistent and an administrator in charge."""
        await super().after_write(env, ids, row)
        forget_after_commit(env)
        if "password" in row or row.get("active") is False:
            await sessions.end_all(env.connection, ids)
        if "company_id" in row or "company_ids" in row:
            await cls._check_companies(env, ids)
        if "active" in row or "groups_id" in row:
            await cls._check_administrators(env)
        if "groups_id" in row:
            await cls._audit_groups(env, ids)

    @classmethod
    async def before_delete(cls, env: Env, ids: list[int]) -> None:
        """Nobody deletes the system's user, or the ground under their own feet."""
        await super().before_delete(env, ids)
        if SYSTEM_USER_ID in ids or env.user.id in ids:
            raise UserError("The system's user and your own cannot be deleted.", model=cls.meta.name)
        forget_after_commit(env)

    @classmethod
    async def _hash_password(cls, row: Row) -> None:
        """Put the hash where the password was; an empty one takes the password away."""
        given = row.get("password")
        if not given:
            if "password" in row:
                row["password"] = None
            return
        if len(given.encode()) > LIMITS.password_bytes:
            raise ValidationError(f"A password has at most {LIMITS.password_bytes} bytes.", field="password")
        if len(given) < SHORTEST_PASSWORD:
            raise ValidationError(
                f"Your password must contain at least {SHORTEST_PASSWORD} characters.", field="password"
            )
        row["password"] = await hashed(given)

    @classmethod
    async def _check_companies(cls, env: Env, ids: Sequence[int]) -> None:
        stray = await env.fetchval(
            "select min(u.id) from res_users u where u.id = any($1::bigint[]) and not exists"
            " (select 1 from res_company_users_rel r where r.user_id = u.id and r.company_id = u.company_id)",
            list(ids),
        )
        if stray is not None:
            raise ValidationError(
                "A user's company must be one of the user's companies.", model=cls.meta.name, field="company_id"
            )

    @classmethod
    async def _check_administrators(cls, env: Env) -> None:
        """Refuse to lose the last administrator. The lock on the group makes two who remove each other wait in turn."""
        await env.execute("select id from res_groups where code = $1 for no key update", ADMIN)
        left = await env.fetchval(
            "select exists (select 1 from res_users u join res_groups_users_rel r on r.user_id = u.id"
            " join res_groups g on g.id = r.group_id where g.code = $1 and u.active)",
            ADMIN,
        )
        if not left:
            raise UserError("At least one active administrator has to remain.", model=cls.meta.name)

    @classmethod
    async def _in_made_group(cls, env: Env, ids: Sequence[int], xml_id: str) -> bool:
        """Return whether all these users hold the group with an external id, one that an administrator made."""
        module, _, name = xml_id.partition(".")
        held = (
            f"exists ({HELD} select 1 from held join ir_model_data d on d.res_id = held.id and d.model = 'res.groups'"
            " where d.module = $2 and d.name = $3)"
        )
        found = await env.fetchval(
            f"select count(*) from res_users u where u.id = any($1::bigint[]) and {held}", list(ids), module, name
        )
        return bool(found == len(ids))

    @classmethod
    async def _audit_groups(cls, env: Env, ids: Sequence[int]) -> None:
        """Links are not columns, so the general audit does not show them; rights are what an audit is for."""
        rows = await env.fetch(
            "select u.id, array(select coalesce(g.code, g.name) from res_groups_users_rel r"
            " join res_groups g on g.id = r.group_id where r.user_id = u.id order by 1)"
            " from res_users u where u.id = any($1::bigint[])",
            list(ids),
        )
        await audit_log.record(env, cls.meta.name, "groups", {row[0]: {"groups": row[1]} for row in rows})
