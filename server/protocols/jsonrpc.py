"""JSON-RPC 2.0 between bytes and methods: the only module that knows jsonrpcserver.

The library dispatches each request: it makes the request, calls the method, and shapes the response. Ours are what it
gets wrong or does dearly: JSON in and out, the check of each envelope, batches (in order, one answer each, a limit),
and what an error tells.

Written rules where the specification leaves a choice: an unknown member of the envelope is refused, `params: null`
counts as absent, `id: null` as a request; an id is echoed whenever it can be read, a number with exactly its digits.
"""

from collections.abc import Awaitable, Callable, Mapping
from decimal import Decimal
from typing import Any

from jsonrpcserver import Error, Result, Success
from jsonrpcserver.async_dispatcher import call
from jsonrpcserver.dispatcher import create_request, to_response
from jsonrpcserver.response import to_serializable_one
from jsonrpcserver.sentinels import NOID

from models.orm.answer import JsonText, weight
from models.orm.errors import AppError, LimitError
from models.orm.limits import LIMITS
from server.internal_error import InternalError, reported
from server.json_text import DuplicateKeyError, JsonDepthError, JsonError, decode, encode, ids_of

Method = Callable[..., Awaitable[Any]]
Methods = Mapping[str, Callable[..., Awaitable[Result]]]

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603

MEMBERS = frozenset({"jsonrpc", "method", "params", "id"})
NO_ID = object()
ALWAYS_TOLD = 1024  # characters of an answer that find room in any batch: what was done must be known


async def dispatch(methods: Methods, context: object, text: bytes) -> bytes | None:
    """Answer one request, notification or batch; None when nothing is to be answered."""
    try:
        message = decode(text)
    except JsonError as error:
        return encode(_unreadable(error))
    requests = message if type(message) is list else [message]
    if any(type(request) is dict and _respelt(request.get("id"), text) for request in requests):
        _keep_digits(requests, text)
    dispatched = _batch if type(message) is list else _single
    answer: Any = await dispatched(methods, context, message)
    return None if answer is None else _encoded(answer)


def exposed(method: Method) -> Callable[..., Awaitable[Result]]:
    """Make a method one that the library can call: values become results, exceptions errors that tell what they may."""

    async def answer(context: object, /, *args: Any, **kwargs: Any) -> Result:
        try:
            return Success(await method(context, *args, **kwargs))
        except AppError as error:
            return Error(error.code, error.message, {"key": error.key, **error.data})
        except InternalError as error:
            return Error(INTERNAL_ERROR, "Internal error", {"error_id": error.error_id})
        except Exception as error:  # noqa: BLE001 whatever it is, the caller hears no more than its id
            return Error(INTERNAL_ERROR, "Internal error", {"error_id": reported(error).error_id})

    return answer


async def _batch(methods: Methods, context: object, members: list[Any]) -> Any:
    if not members:
        return _error(INVALID_REQUEST, "Invalid Request")
    if len(members) > LIMITS.batch_calls:
        limit = {"key": "limit", "limit": "batch_calls", "allowed": LIMITS.batch_calls}
        return _error(INVALID_PARAMS, f"Too much: the limit batch_calls is {LIMITS.batch_calls}.", limit)
    answers, room = [], LIMITS.reply_bytes
    for member in members:
        answer = await _single(methods, context, member)
        if answer is not None:
            most = max(room, ALWAYS_TOLD)
            taken = weight(answer, most)
            if taken > most:
                answer, taken = _too_much(answer["id"]), 0
            room -= taken
            answers.append(answer)
    return answers or None


def _too_much(number: Any) -> dict[str, Any]:
    """The answer of a member for which the others have left no room."""
    error = LimitError("reply_bytes", LIMITS.reply_bytes)
    return _error(error.code, error.message, {"key": error.key, **error.data}, number)


async def _single(methods: Methods, context: object, message: Any) -> Any:
    flaw = _flaw(message)
    if flaw is not None:
        return _error(INVALID_REQUEST, "Invalid Request", flaw or None, _readable_id(message))
    if message.get("params", NO_ID) is None:
        del message["params"]
    request = create_request(message)
    method = methods.get(request.method)
    result = Error(METHOD_NOT_FOUND, "Method not found") if method is None else await call(request, context, method)
    if request.id is NOID:
        return None
    answer: Any = to_serializable_one(to_response(request, result))
    return answer


def _flaw(message: Any) -> dict[str, str] | None:
    """What is wrong with an envelope: None for nothing, {} when the code says it all."""
    if type(message) is not dict or message.get("jsonrpc") != "2.0" or type(message.get("method")) is not str:
        return {}
    if not message.keys() <= MEMBERS:
        return {"key": "unknown_member", "member": min(message.keys() - MEMBERS)[:64]}
    if type(message.get("params")) not in (list, dict, type(None)):
        return {}
    return None if _is_id(message.get("id")) else {"key": "id"}


def _is_id(value: Any) -> bool:
    """String, number or null."""
    return value is None or type(value) in (str, int, Decimal, JsonText)


def _respelt(number: Any, text: bytes) -> bool:
    """Whether an id would leave in another spelling than it came in: 1e2 as 100, -0 as 0."""
    return type(number) is Decimal or (type(number) is int and number == 0 and b"-0" in text)


def _keep_digits(requests: list[Any], text: bytes) -> None:
    """Put the text of each number in the place of the number among the ids."""
    for request, spelt in zip(requests, ids_of(text), strict=True):
        if type(request) is dict and type(request.get("id")) in (int, Decimal):
            request["id"] = JsonText(spelt)


def _readable_id(message: Any) -> Any:
    found = message.get("id") if type(message) is dict else None
    return found if _is_id(found) else None


def _unreadable(error: JsonError) -> dict[str, Any]:
    if isinstance(error, DuplicateKeyError):
        return _error(INVALID_REQUEST, "Invalid Request", {"key": "duplicate_key"})
    if isinstance(error, JsonDepthError):
        limit = {"key": "limit", "limit": "json_depth", "allowed": LIMITS.json_depth}
        return _error(INVALID_REQUEST, "Invalid Request", limit)
    return _error(PARSE_ERROR, "Parse error")


def _error(code: int, message: str, data: object = None, number: Any = None) -> dict[str, Any]:
    error = {"code": code, "message": message}
    return {"jsonrpc": "2.0", "error": error if data is None else {**error, "data": data}, "id": number}


def _encoded(answer: Any) -> bytes:
    """The answer as text. One that has no JSON form is a fault of ours, and of its own call alone."""
    try:
        return encode(answer)
    except TypeError as error:
        if type(answer) is list:
            return b"[" + b",".join(map(_encoded, answer)) + b"]"
        data = {"error_id": reported(error).error_id}
        return encode(_error(INTERNAL_ERROR, "Internal error", data, answer["id"]))
