"""What a set of groups may call, for whoever describes it to them: pages and documents, never a check of a call."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from models.orm.access import Profile
    from models.orm.declare import Operation
    from models.orm.meta import Meta
    from models.orm.methods import Method

# Methods of every model that are refused to all who may do none of these.
NEEDED: dict[str, tuple[Operation, ...]] = {
    "create": ("create",),
    "copy": ("create",),
    "name_create": ("create",),
    "web_save": ("create", "write"),
    "write": ("write",),
    "archive": ("write",),
    "unarchive": ("write",),
    "toggle_active": ("write",),
    "delete": ("delete",),
}


def offered_models(profile: Profile) -> list[Meta]:
    """Return the models on which the caller may call something, by name."""
    found = (meta for _, meta in sorted(profile.metas.items()))
    return [meta for meta in found if offered_methods(profile, meta)]


def offered_methods(profile: Profile, meta: Meta) -> dict[str, Method]:
    """Return the methods that the caller may call on a model, by each of their names.

    On a model without any right these are only the methods that name the caller's groups, as for a call.
    """
    return {word: method for word, method in meta.methods.items() if _may_call(profile, meta, method)}


def offered_relation(profile: Profile, target: Meta) -> bool:
    """Return whether the caller may hear that a field leads to a model."""
    return bool(profile.operations(target))


def _may_call(profile: Profile, meta: Meta, method: Method) -> bool:
    groups = method.exposure.groups
    if profile.groups is None:
        return True
    if groups:
        return not profile.groups.isdisjoint(groups)
    allowed = profile.operations(meta)
    return bool(allowed) and not allowed.isdisjoint(NEEDED.get(method.name, allowed))
