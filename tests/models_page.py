"""Writes docs/models.md: every model by area, with its label and its names in both vocabularies.

`python -m tests.models_page` does it, and `make behaviour`.
"""

from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from models import deployment
from models.orm.dialect import Vocabulary
from models.orm.meta import Meta
from models.orm.registry import Registry

PAGE = Path(__file__).parent.parent / "docs" / "models.md"

INTRODUCTION = """# Models

Made by `make behaviour` from the declarations. Fields and methods of a model are told by the server: `fields_get`, or
`GET /doc/<model>.json`. A name in another vocabulary stands only where it differs; all names are taken from everybody.
Areas come from low to high, each builds on those before it; `dealer` is loaded by the roles dealer and both, `bpo` by
bpo and both.
"""

HEADER = """| model | label | in Odoo's words | in Netforce's words | what one record is |
| --- | --- | --- | --- | --- |"""


def page() -> str:
    """Return the text of the page."""
    registry = deployment.registry_for("both")
    seen: set[str] = set()
    parts = [INTRODUCTION]
    for area in deployment.areas_of("both"):
        rows = [_row(meta) for meta in _new_models(registry, area, seen)]
        if rows:
            name = area.__name__.rpartition(".")[2]
            parts.append("\n".join([f"\n## {name}\n", HEADER, *rows]))
    return "\n".join(parts) + "\n"


def _new_models(registry: Registry, area: ModuleType, seen: set[str]) -> Iterator[Meta]:
    """Yield the models that an area declares first; those that only extend one of a lower area are not repeated."""
    for model in area.MODELS:
        if not model.declared_name:
            continue  # it adds to the models with chatter
        meta = registry.model(model.declared_name).meta
        if meta.name not in seen:
            seen.add(meta.name)
            yield meta


def _row(meta: Meta) -> str:
    odoo, netforce = (_others(meta, vocabulary) for vocabulary in (Vocabulary.ODOO, Vocabulary.NETFORCE))
    return f"| `{meta.name}` | {meta.label} | {odoo} | {netforce} | {meta.help} |"


def _others(meta: Meta, vocabulary: Vocabulary) -> str:
    return ", ".join(f"`{word}`" for word in meta.words.get(vocabulary, ()) if word != meta.name)


if __name__ == "__main__":
    PAGE.write_text(page())
