"""Errors: one class for each meaning, with the details that programs need."""

import pytest

from rpc_client import errors
from rpc_client.errors import (
    AccessError,
    BusyError,
    ConflictError,
    DuplicateError,
    InternalError,
    LimitError,
    LoginError,
    MissingError,
    ProtocolError,
    RateError,
    RemoteError,
    RequiredError,
    RpcError,
    SessionError,
    TransitionError,
    UserError,
    ValidationError,
    remote_error,
)


@pytest.mark.parametrize(
    ("code", "key", "kind"),
    [
        (400, "user", UserError),
        (401, "login", LoginError),
        (401, "session", SessionError),
        (403, "access", AccessError),
        (404, "missing", MissingError),
        (409, "conflict", ConflictError),
        (409, "duplicate", DuplicateError),
        (409, "transition", TransitionError),
        (422, "validation", ValidationError),
        (422, "required", RequiredError),
        (429, "rate", RateError),
        (503, "busy", BusyError),
        (-32700, "parse", ProtocolError),
        (-32602, "unknown_field", ProtocolError),
        (-32602, "limit", LimitError),
        (-32603, "internal", InternalError),
        (418, "teapot", UserError),
        (0, "nothing known", InternalError),
    ],
)
def test_code_and_key_name_the_class(code: int, key: str, kind: type[RemoteError]) -> None:
    assert type(remote_error(code, "no", {"key": key})) is kind


def test_a_key_never_contradicts_the_code() -> None:
    assert type(remote_error(403, "no", {"key": "transition"})) is AccessError


def test_an_error_carries_what_the_other_side_said() -> None:
    data = {"key": "required", "model": "sale.order", "field": "partner_id", "ids": [4], "error_id": "e1"}

    error = remote_error(422, "Partner is missing", data)

    assert (str(error), error.code, error.key) == ("Partner is missing", 422, "required")
    assert (error.model, error.field, error.ids, error.data["error_id"]) == ("sale.order", "partner_id", [4], "e1")


def test_details_of_the_wrong_type_are_not_passed_on() -> None:
    error = remote_error(422, "no", {"model": 1, "field": [], "ids": "x", "key": None})

    assert (error.model, error.field, error.ids, error.key) == (None, None, [], "validation")


def test_a_foreign_message_is_cut() -> None:
    assert len(str(remote_error(400, "x" * 100_000))) == errors.MESSAGE_LENGTH


def test_the_tree_in_the_docstring_names_every_class() -> None:
    classes = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, RpcError)]

    missing = [kind.__name__ for kind in classes if f"{kind.__name__} " not in (errors.__doc__ or "") + " "]

    assert [name for name in missing if name != "RpcError"] == []
