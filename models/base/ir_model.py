"""The models and fields of a deployment as records, as Odoo's clients look them up. They follow the declarations.

Nobody writes them. A caller sees the models that the caller has some right on, and of these the fields that are
visible to the caller: what is hidden does not exist here either.
"""

from typing import Any

from models.base.groups import USERS
from models.orm import Access, Env, Key, Model, Placeholder, Rule, fields, rpc
from models.orm.dialect import ODOO, Vocabulary
from models.orm.errors import InputError, LimitError
from models.orm.kind import Kind
from models.orm.limits import LIMITS
from models.orm.searching import search_everywhere


def names_of(model: type[Kind], vocabulary: Vocabulary = ODOO.vocabulary) -> list[str]:
    """Return a model's names: those of a vocabulary, and its own. Under Odoo's it has records here."""
    words = model.meta.words.get(vocabulary, ())
    return list(dict.fromkeys((*words, model.meta.name)))


def _readable(env: Env) -> list[str]:
    profile = env.profile
    models = env.registry.models.values()
    return [name for model in models if profile.operations(model.meta) for name in names_of(model)]


def _hidden(env: Env) -> list[str]:
    profile = env.profile
    return [
        f"{name}.{field.word(ODOO.vocabulary)}"
        for model in env.registry.models.values()
        for field in model.meta.fields.values()
        if not profile.sees(model.meta, field)
        for name in names_of(model)
    ]


READABLE = Placeholder("READABLE", _readable, is_list=True)
HIDDEN = Placeholder("HIDDEN", _hidden, is_list=True)


class IrModel(Model, name="ir.model", label="Models", netforce=("model", "search")):
    """One model."""

    access = (Access(read=USERS.code),)
    rules = (Rule("models with some right", None, [("model", "in", READABLE)]),)
    order = "model"
    keys = (Key(("model",), "There is such a model already."),)

    model = fields.Char("Model", required=True, readonly=True, searched=True)
    name = fields.Char("Model Description", required=True, readonly=True, searched=True)
    info = fields.Text("Information", readonly=True)
    is_transient = fields.Boolean("Transient Model", readonly=True, odoo="transient")
    is_abstract = fields.Boolean("Abstract Model", readonly=True, odoo="abstract")
    state = fields.Char("Type", readonly=True)
    modules = fields.Char("In Apps", readonly=True)
    field_id = fields.One2Many("Fields", "ir.model.fields", "model_id", readonly=True)
    access_ids = fields.One2Many("Access", "ir.model.access", "model_id", readonly=True)
    rule_ids = fields.One2Many("Record Rules", "ir.rule", "model_id", readonly=True)

    @rpc(readonly=True)
    @classmethod
    async def get_available_models(cls, env: Env) -> list[dict[str, Any]]:
        """Return name and label of every model the caller has some right on."""
        found = await cls.find(env, [], ["model", "name"])
        return [{"model": record.model, "display_name": record.name} for record in found]

    @rpc(readonly=True)
    @classmethod
    async def name_search_multi(cls, env: Env, name: Any, models: Any, limit: Any = 100) -> list[list[str]]:
        """Return ["model,id", label] of the records of several models whose label matches the text (Netforce).

        The form is that of a reference field, whose choices these are; `limit` counts for each model.
        """
        if not isinstance(models, list | tuple) or not all(isinstance(word, str) for word in models):
            raise InputError("models must be a list of model names.", argument="models")
        if len(models) > LIMITS.batch_calls:
            raise LimitError("batch_calls", LIMITS.batch_calls)
        found = []
        for word in dict.fromkeys(models):
            pairs = await env[word].name_search(env, name, limit=limit)
            found += [[f"{word},{record}", label] for record, label in pairs]
        return found

    @rpc(readonly=True)
    @classmethod
    async def search_all(cls, env: Env, q: Any, limit: Any = None) -> list[dict[str, Any]]:
        """Look for words in every model whose text is searched: {model, id, fields, create_time}, newest first."""
        return await search_everywhere(env, q, limit)


class IrField(Model, name="ir.model.fields", label="Fields"):
    """One field of one model."""

    access = (Access(read=USERS.code),)
    rules = (
        Rule("fields of models with some right", None, [("model", "in", READABLE)]),
        Rule("visible fields", None, [("complete_name", "not in", HIDDEN)]),
    )
    order = "model, name"
    label_field = "field_description"
    keys = (Key(("model", "name"), "There is such a field already."),)

    name = fields.Char("Field Name", required=True, readonly=True, searched=True)
    model = fields.Char("Model Name", required=True, readonly=True, searched=True)
    complete_name = fields.Char("Complete Name", sql="{t}.model || '.' || {t}.name")
    model_id = fields.Many2One("Model", "ir.model", required=True, readonly=True, on_delete="cascade")
    field_description = fields.Char("Field Label", required=True, readonly=True, searched=True)
    ttype = fields.Char("Field Type", required=True, readonly=True)
    relation = fields.Char("Related Model", readonly=True)
    relation_field = fields.Char("Relation Field", readonly=True)
    help = fields.Text("Field Help", readonly=True)
    selection = fields.Text("Selection Options", readonly=True)
    required = fields.Boolean("Required", readonly=True)
    readonly = fields.Boolean("Readonly", readonly=True)
    store = fields.Boolean("Stored", readonly=True)
    index = fields.Boolean("Indexed", readonly=True)
    copied = fields.Boolean("Copied", readonly=True)
    translate = fields.Boolean("Translatable", readonly=True)
    tracking = fields.Integer("Enable Ordered Tracking", readonly=True, aggregate="")
    size = fields.Integer("Size", readonly=True, aggregate="")
    on_delete = fields.Char("On Delete", readonly=True)
    depends = fields.Char("Dependencies", size=1024, readonly=True)
    state = fields.Char("Type", readonly=True)
