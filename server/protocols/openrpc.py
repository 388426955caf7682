"""The answer of `rpc.discover`: an OpenRPC 1.3 document of what the caller may call on POST /rpc.

Its `methods` are those of the endpoint. The models and their methods, which are called through `execute`, stand under
`x-models`, the methods that many models share under `x-methods`. Who shows no credentials gets the endpoint alone.
Errors are grouped by code, as OpenRPC wants each code once: `data.keys` has every stable key and its meaning.
"""

from collections import OrderedDict
from typing import Any

from models.orm.answer import JsonText
from models.orm.limits import LIMITS
from models.orm.registry import Registry
from server.deployment import VERSION
from server.json_text import encode
from server.protocols.catalogue import TEXT, Described, describe_models, errors, meaning
from server.protocols.jsonrpc import INTERNAL_ERROR, INVALID_REQUEST, METHOD_NOT_FOUND, PARSE_ERROR

OPENRPC = "1.3.2"
KEPT = 16  # documents of different groups; one of all models has a quarter of a megabyte

# What the specification of JSON-RPC defines. The keys are those that the endpoint adds.
PREDEFINED: dict[str, tuple[int, str, dict[str, str]]] = {
    "ParseError": (PARSE_ERROR, "Parse error", {}),
    "InvalidRequest": (
        INVALID_REQUEST,
        "Invalid Request",
        {
            "id": "The id is no text, number or null.",
            "unknown_member": "The envelope has a member that is none.",
            "duplicate_key": "An object holds one key twice.",
            "limit": "A limit is passed.",
        },
    ),
    "MethodNotFound": (METHOD_NOT_FOUND, "Method not found", {}),
    "InternalError": (INTERNAL_ERROR, "Internal error", {}),
}

OBJECT: Described = {"type": "object"}
COMPANY: Described = {"type": "object", "properties": {"id": {"type": "integer"}, "name": TEXT}}
WHO: Described = {
    "user_id": {"type": "integer"},
    "user_name": TEXT,
    "company_id": {"type": "integer"},
    "companies": {"type": "array", "items": COMPANY},
}


class Discovery:
    """Makes the documents and keeps the latest ones, one for each set of groups."""

    def __init__(self) -> None:
        self._kept: OrderedDict[frozenset[str] | None, dict[str, JsonText]] = OrderedDict()

    def document(self, registry: Registry, groups: frozenset[str] | None, url: str) -> dict[str, Any]:
        """The document for a caller of these groups, or of no credentials (None), with the address it was asked at."""
        return {
            "openrpc": OPENRPC,
            "info": {"title": "Tandem", "version": VERSION, "description": ABOUT},
            "servers": [{"name": "this server", "url": url}],
            **self._parts(registry, groups),
        }

    def _parts(self, registry: Registry, groups: frozenset[str] | None) -> dict[str, JsonText]:
        found = self._kept.get(groups)
        if found is None:
            found = {name: JsonText(encode(part).decode()) for name, part in _parts(registry, groups).items()}
            self._kept[groups] = found
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(groups)
        return found


ABOUT = (
    "Call methods of models through execute. x-models lists the models, fields and methods that these credentials may "
    "use, x-methods the methods that many models share. A page to read and to try calls is at /doc."
)


def _parts(registry: Registry, groups: frozenset[str] | None) -> Described:
    methods, components = protocol_methods(), {"errors": error_components()}
    if groups is None:
        return {"methods": methods, "components": components}
    models, shared = describe_models(registry.profile(groups))
    return {"methods": methods, "components": components, "x-models": models, "x-methods": shared}


def protocol_methods() -> list[Described]:
    """The methods of the endpoint."""
    every = tuple(error_components())
    credentials = ("LoginError", "InputError", "BusyError")
    return [
        _method("execute", "Call a method of a model.", _EXECUTE, {}, every, examples=[_SEARCH]),
        _method("transaction", "Call several methods, all or nothing.", _CALLS, {"type": "array"}, every),
        _method("login", "Open a session.", _LOGIN, _result(_LOGGED_IN), (*credentials, "RateError")),
        _method("logout", "End the session of the token.", [], {"type": "boolean", "const": True}, credentials),
        _method("whoami", "Tell whose credentials these are.", [], _result(WHO), credentials),
        _method("version", "Tell who answers; no credentials are needed.", [], _result(_VERSION), ("InputError",)),
        _method("rpc.discover", "Return this document.", [], {**OBJECT, "title": "OpenRPC document"}, credentials),
    ]


def error_components() -> dict[str, Described]:
    """Every error by the name of the widest kind with its code."""
    found = {name: _error(code, message, keys) for name, (code, message, keys) in PREDEFINED.items()}
    names: dict[int, str] = {}
    for key, kind in errors().items():
        name = names.setdefault(kind.code, kind.__name__)
        error = found.setdefault(name, _error(kind.code, meaning(kind), {}))
        error.setdefault("data", {"keys": {}})["keys"][key] = meaning(kind)
    return found


def _error(code: int, message: str, keys: dict[str, str]) -> Described:
    return {"code": code, "message": message, **({"data": {"keys": dict(keys)}} if keys else {})}


def _method(
    name: str,
    summary: str,
    params: list[Described],
    result: Described,
    refusals: tuple[str, ...],
    *,
    examples: list[Described] | None = None,
) -> Described:
    return {
        "name": name,
        "summary": summary,
        "paramStructure": "either",
        "params": params,
        "result": {"name": "result", "schema": result},
        "errors": [{"$ref": f"#/components/errors/{refusal}"} for refusal in refusals],
        **({"examples": examples} if examples else {}),
    }


def _param(name: str, schema: Described, description: str = "", *, required: bool = False) -> Described:
    told = {"description": description} if description else {}
    return {"name": name, **told, "required": required, "schema": schema}


def _result(properties: Described) -> Described:
    return {"type": "object", "properties": properties, "required": list(properties)}


_EXECUTE = [
    _param("model", TEXT, "A model of x-models, by any of its names.", required=True),
    _param("method", TEXT, "One of its methods.", required=True),
    _param("args", {"type": ["array", "null"]}, "Arguments by position; record methods take the ids first."),
    _param("context", {"type": ["object", "null"]}, "lang, tz, company_id, active_test and what a method asks for."),
    _param("kwargs", {"type": ["object", "null"]}, "Arguments by name."),
]
_CALL: Described = {
    "type": "object",
    "properties": {param["name"]: param["schema"] for param in _EXECUTE},
    "required": ["model", "method"],
    "additionalProperties": False,
}
_CALLS = [
    _param(
        "calls",
        {"type": "array", "items": _CALL, "minItems": 1, "maxItems": LIMITS.batch_calls},
        'In their order. {"$result": 0} in arguments is what call 0 answered, {"$result": [0, "id"]} a part of it.',
        required=True,
    ),
    _param("context", {"type": ["object", "null"]}, "That of all calls; a call may add to it."),
]
_LOGIN = [
    _param("database", {"type": ["string", "null"]}, "Empty or null: the one that is served.", required=True),
    _param("login", TEXT, required=True),
    _param("password", TEXT, required=True),
]
_LOGGED_IN: Described = {"token": TEXT, **WHO, "expires_at": {"type": "string", "format": "date-time"}}
_VERSION: Described = {"server": {"const": "tandem"}, "version": TEXT, "role": {"enum": ["bpo", "dealer", "both"]}}
_SEARCH: Described = {
    "name": "the name of the first company",
    "params": [
        {"name": "model", "value": "res.company"},
        {"name": "method", "value": "search_read"},
        {"name": "args", "value": [[["id", "=", 1]], ["name"]]},
    ],
    "result": {"name": "records", "value": [{"id": 1, "name": "My Company"}]},
}
