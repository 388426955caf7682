"""What makes a document one of OpenRPC 1.3: the members of each of its objects, written as a JSON schema."""

from typing import Any

from jsonschema import Draft7Validator

TEXT = {"type": "string"}
NAME = {"type": "string", "minLength": 1}
ADDRESS = {"type": "string", "format": "uri", "pattern": "^https?://"}
SCHEMA = {"type": ["object", "boolean"]}
POINTER = {"type": "object", "required": ["$ref"], "properties": {"$ref": TEXT}, "additionalProperties": False}


def closed(required: list[str], /, **properties: Any) -> dict[str, Any]:
    """An object with these members and extensions, and no others."""
    return {
        "type": "object",
        "required": required,
        "properties": properties,
        "patternProperties": {"^x-": {}},
        "additionalProperties": False,
    }


def listed(item: Any) -> dict[str, Any]:
    return {"type": "array", "items": item}


def or_pointer(item: Any) -> dict[str, Any]:
    return {"oneOf": [item, POINTER]}


def named(item: Any) -> dict[str, Any]:
    return {"type": "object", "propertyNames": {"pattern": r"^[a-zA-Z0-9._-]+$"}, "additionalProperties": item}


DESCRIPTOR = closed(
    ["name", "schema"],
    name=NAME,
    summary=TEXT,
    description=TEXT,
    required={"type": "boolean"},
    schema=SCHEMA,
    deprecated={"type": "boolean"},
)
# An error object takes no extensions.
ERROR = {
    "type": "object",
    "required": ["code", "message"],
    "properties": {"code": {"type": "integer"}, "message": TEXT, "data": {}},
    "additionalProperties": False,
}
EXAMPLE = closed(["name", "value"], name=NAME, value={}, summary=TEXT, description=TEXT)
PAIRING = closed(
    ["name", "params"],
    name=NAME,
    params=listed(or_pointer(EXAMPLE)),
    result=or_pointer(EXAMPLE),
    summary=TEXT,
    description=TEXT,
)
SERVER = closed(["url"], url=ADDRESS, name=TEXT, summary=TEXT, description=TEXT, variables={"type": "object"})
METHOD = closed(
    ["name", "params"],
    name=NAME,
    summary=TEXT,
    description=TEXT,
    paramStructure={"enum": ["by-position", "by-name", "either"]},
    params=listed(or_pointer(DESCRIPTOR)),
    result=or_pointer(DESCRIPTOR),
    errors=listed(or_pointer(ERROR)),
    examples=listed(or_pointer(PAIRING)),
    servers=listed(SERVER),
    deprecated={"type": "boolean"},
)
INFO = closed(["title", "version"], title=TEXT, version=TEXT, description=TEXT)
COMPONENTS = {
    "type": "object",
    "properties": {
        "schemas": named(SCHEMA),
        "errors": named(ERROR),
        "examples": named(EXAMPLE),
        "examplePairings": named(PAIRING),
        "contentDescriptors": named(DESCRIPTOR),
    },
}
DOCUMENT = closed(
    ["openrpc", "info", "methods"],
    openrpc={"enum": [f"1.{minor}" for minor in ("0.0", "1.12", "2.6", "3.0", "3.1", "3.2")]},
    info=INFO,
    servers=listed(SERVER),
    methods=listed(or_pointer(METHOD)),
    components=COMPONENTS,
)


IS_METHOD, IS_DOCUMENT = Draft7Validator(METHOD), Draft7Validator(DOCUMENT)
