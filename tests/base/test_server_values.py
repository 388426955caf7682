"""What only the server sets: no model lets a caller write it, whatever name and dialect it comes in."""

import pytest

from models import deployment
from models.orm import Env
from models.orm.dialect import NATIVE, NETFORCE, ODOO
from models.orm.errors import AccessError, ReadonlyError, UnknownFieldError
from models.orm.values import STAMPS, decode_row

REGISTRY = deployment.registry_for("both")
# Of a file that is copied the content goes along, and so does what is known of it.
COPIED = {("ir.attachment", "checksum"), ("ir.attachment", "file_size")}
WORDS = [
    (model.meta, field, word)
    for model in REGISTRY.models.values()
    for field in model.meta.fields.values()
    if field.readonly
    for word in (field.name, *field.aliases)
]


@pytest.mark.statement("Z13")
async def test_no_word_for_it_is_written_in_any_dialect(env: Env) -> None:
    written = []
    for dialect in (NATIVE, ODOO, NETFORCE):
        caller = env.with_dialect(dialect)
        for meta, field, word in WORDS:
            try:
                row = decode_row(caller, meta, {word: None}, trusted=False)
            except (ReadonlyError, AccessError, UnknownFieldError):
                continue
            if row or field.name not in STAMPS:
                written.append((dialect.name, meta.name, word))

    assert written == []
    assert len(WORDS) > 400


@pytest.mark.statement("Z13")
def test_no_copy_takes_it_along() -> None:
    taken = {(meta.name, field.name) for meta, field, _ in WORDS if field.copied}

    assert taken == COPIED
