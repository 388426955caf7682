"""The fields of a model as the other side describes them, and their values as a script wants them."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from rpc_client.errors import BadAnswer

_TO_MANY = frozenset({"one2many", "many2many"})
_DECIMAL = frozenset({"decimal", "float", "monetary", "numeric"})
_ALONE = _TO_MANY | {"binary"}


@dataclass(frozen=True, slots=True)
class FieldInfo:
    """What a record needs to know of a field. `stored` is true where the other side does not say."""

    name: str
    type: str
    relation: str | None = None
    stored: bool = True

    @property
    def to_many(self) -> bool:
        """A list of records."""
        return self.type in _TO_MANY

    @property
    def plain(self) -> bool:
        """Cheap enough to be read along with all others of its kind: a column, and no bulky one."""
        return self.stored and self.type not in _ALONE

    def scalar(self, raw: Any) -> Any:
        """The value of a field that is no relation: None when empty, Decimal for decimals, text for dates."""
        if raw is False and self.type != "boolean":
            return None  # Odoo's word for every empty value
        if self.type in _DECIMAL and isinstance(raw, int) and not isinstance(raw, bool):
            return Decimal(raw)
        return raw

    def target(self, raw: Any) -> tuple[str, int] | None:
        """Model and id that a many2one or a reference points to, None when it is empty."""
        value = raw[0] if isinstance(raw, list) and raw else raw
        if self.type == "reference":
            return _referred(value)
        if isinstance(value, int) and not isinstance(value, bool) and self.relation is not None:
            return self.relation, value
        return None


def field_infos(described: object) -> Mapping[str, FieldInfo]:
    """The fields in the answer of fields_get or get_meta, by name."""
    if not isinstance(described, dict):
        raise BadAnswer("The fields of the model are not described.")
    return {name: _field_info(name, facts) for name, facts in described.items() if isinstance(facts, dict)}


def _field_info(name: str, facts: Mapping[str, Any]) -> FieldInfo:
    return FieldInfo(
        name,
        str(facts.get("type", "")).lower(),
        facts.get("relation") or None,
        stored=facts.get("store") is not False,
    )


def _referred(value: object) -> tuple[str, int] | None:
    """The parts of "model,id"."""
    model, _, number = value.partition(",") if isinstance(value, str) else ("", "", "")
    return (model, int(number)) if number.isdecimal() else None
