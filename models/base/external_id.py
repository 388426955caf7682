"""External ids: the names by which modules and clients know records, such as `base.main_company`.

A name tells of its record, so whoever may not read the record does not find the name either (statement Z20). It stays
when the record is deleted: a record that comes with the models is made once.
"""

from typing import Any

from models.base.groups import ADMINISTRATORS, USERS
from models.orm import Access, Env, Index, Key, Model, Rule, fields, rpc
from models.orm.data import external_ids
from models.orm.errors import AccessError, InputError, MissingError, UnknownModelError
from models.orm.fields.text import storable

NAMED = "select model, res_id, noupdate from ir_model_data where module = $1 and name = $2"


class ExternalId(Model, name="ir.model.data", label="External Identifier"):
    """A name for one record, unique within its module. `protected` marks what comes with the models and must stay."""

    access = (Access(read=USERS.code), Access(write=ADMINISTRATORS.code, delete=ADMINISTRATORS.code))
    document = ("model", "res_id")
    any_document = True
    outlives_document = True
    loose_rules = (Rule("all names", ADMINISTRATORS.code, []),)
    order = "module, model, name"
    label_field = "complete_name"
    keys = (Key(("module", "name"), "This external identifier is taken."),)
    indexes = (Index(("model", "res_id")),)

    module = fields.Char("Module", required=True, size=64, default="__api__")
    name = fields.Char("Name", required=True, size=128, searched=True)
    complete_name = fields.Char("Complete ID", sql="{t}.module || '.' || {t}.name", searched=True)
    model = fields.Char("Model", required=True, size=64)
    res_id = fields.Integer("Record", big=True, required=True, minimum=1, aggregate="")
    noupdate = fields.Boolean("Never updated", default=False)
    protected = fields.Boolean("Protected", readonly=True)

    @rpc(readonly=True, aliases=("get_object_reference",))
    @classmethod
    async def check_object_reference(
        cls, env: Env, module: Any, xml_id: Any, raise_on_access_error: Any = False
    ) -> list[Any]:
        """Return [model, id] of the record.

        Of one that comes with the server and that the caller may not read, the id is false, or an error is raised; any
        other name of such a record is unknown.
        """
        if not isinstance(module, str) or not isinstance(xml_id, str):
            raise InputError("module and xml_id must be text.", argument="xml_id")
        full = f"{module}.{xml_id}"
        found = await env.fetchrow(NAMED, storable(cls.module, module), storable(cls.name, xml_id))
        word, is_there = await _target(env, found["model"], found["res_id"]) if found else ("", False)
        if found is None or not (is_there or found["noupdate"]):
            raise MissingError(f"External ID not found in the system: {full}")
        if not is_there and raise_on_access_error:
            raise AccessError(f"Not enough access rights on the external ID {full}")
        return [word, found["res_id"] if is_there else False]

    @rpc(readonly=True)
    @classmethod
    async def xmlid_to_res_model_res_id(cls, env: Env, xmlid: Any, raise_if_not_found: Any = False) -> list[Any]:
        """Return [model, id] of the record behind "module.name", [false, false] when there is none (Odoo up to 14)."""
        module, dot, name = xmlid.partition(".") if isinstance(xmlid, str) else ("", "", "")
        if not dot:
            raise InputError('An external id is written "module.name".', argument="xmlid")
        try:
            return await cls.check_object_reference(env, module, name)
        except MissingError:
            if raise_if_not_found:
                raise
            return [False, False]

    @rpc(readonly=True)
    @classmethod
    async def xmlid_to_res_id(cls, env: Env, xmlid: Any, raise_if_not_found: Any = False) -> int | bool:
        """Return the id of the record behind "module.name", false when there is none (Odoo up to 14)."""
        record: int | bool = (await cls.xmlid_to_res_model_res_id(env, xmlid, raise_if_not_found))[1]
        return record

    @classmethod
    async def ids_of(cls, env: Env, *xml_ids: str) -> dict[str, int]:
        """Return {external id: record id} for those that are known; inside the server, without access checks."""
        return await external_ids(env, xml_ids)


async def _target(env: Env, model: str, res_id: int) -> tuple[str, bool]:
    """The model's name as the caller calls it, and whether the caller may read the record."""
    try:
        target = env[model]
        word = target.meta.word(env.dialect.vocabulary)
        return word, bool(await target.exists(env, [res_id]))
    except UnknownModelError:
        return model, False
