"""The reference as pages: all models, one model with fields and methods, and a form to try a call."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from server.pages.markup import Html, markup, tag

Described = Mapping[str, Any]

# What a first try is made with, by the name of the parameter.
FIRST_ARGUMENTS: dict[str, Any] = {"ids": [1], "domain": [], "fields": ["display_name"], "vals": {}, "payload": {}}
# Fields of every record, which nobody looks for first.
KEPT_BY_ITSELF = frozenset({"create_uid", "create_date", "write_uid", "write_date"})


def page(title: str, user: str, *content: object) -> str:
    """Return a whole page: the head, who reads it, and the content."""
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", title, " - Tandem"),
        tag("link", rel="stylesheet", href="/pages/page.css"),
        tag("script", src="/pages/doc.js", defer=True),
    )
    bar = tag(
        "header",
        tag("a", "Skip to the content", class_="skip", href="#content"),
        tag("nav", tag("a", "Tandem", href="/doc"), aria_label="Pages"),
        tag("p", user, " ", tag("a", "Log out", href="/web/session/logout")),
    )
    return "<!doctype html>\n" + tag("html", head, tag("body", bar, tag("main", *content, id="content")), lang="en")


def index(models: Mapping[str, Described], methods: Iterable[Described], errors: Iterable[Described]) -> Html:
    """Return the entry: the models, the methods of the endpoint, every error."""
    return markup(
        tag("h1", "What can be called"),
        tag(
            "p",
            sentence(
                "All calls go to {} as JSON-RPC 2.0; the dialects of Odoo and Netforce reach the same models.",
                tag("code", "POST /rpc"),
            ),
        ),
        _contents(("models", "Models"), ("endpoint", "Endpoint"), ("errors", "Errors"), ("call", "Try a call")),
        tag("section", tag("h2", "Models", id="models"), _models(models)),
        tag("section", tag("h2", "Methods of the endpoint", id="endpoint"), _endpoint(methods)),
        tag("section", tag("h2", "Errors", id="errors"), _errors(errors)),
        _try(models),
    )


def model_page(name: str, model: Described, shared: Iterable[str]) -> Html:
    """Return one model; `shared` are its methods that many models have."""
    every = set(shared)
    own = [method for word, method in model["methods"].items() if word not in every]
    common = [method for word, method in model["methods"].items() if word in every]
    rights = ", ".join(model["operations"]) or "call only the methods below"
    return markup(
        tag("p", tag("a", "All models", href="/doc")),
        tag("h1", tag("code", name), " ", model["label"]),
        tag("p", model["description"]),
        _also(model),
        tag("p", f"You may {rights}."),
        _contents(("fields", "Fields"), ("methods", "Methods"), ("call", "Try a call")),
        tag("section", tag("h2", "Fields", id="fields"), _fields(model["fields"])),
        tag(
            "section",
            tag("h2", "Methods", id="methods"),
            [_method(method) for method in own] or tag("p", "Only those of every model."),
            tag("h3", "Methods of every model") if common else None,
            [_method(method) for method in common],
        ),
        _try((), name, [*own, *common]),
    )


def missing(name: str) -> Html:
    """Return what stands in the place of a model that is not there, or not for this reader."""
    return markup(tag("h1", "There is no model ", tag("code", name)), tag("p", tag("a", "All models", href="/doc")))


def sentence(text: str, *parts: Html) -> Html:
    """Return a sentence with elements in the places of {}."""
    pieces = text.split("{}")
    return markup(pieces[0], *(markup(part, piece) for part, piece in zip(parts, pieces[1:], strict=True)))


def _contents(*entries: tuple[str, str]) -> Html:
    links = [tag("li", tag("a", text, href=f"#{anchor}")) for anchor, text in entries]
    return tag("nav", tag("ul", links), class_="contents", aria_label="On this page")


def _table(heads: Iterable[str], rows: Iterable[Sequence[object]], **attributes: str) -> Html:
    """Return a table without the columns that no row has anything in.

    Cells know their column, for narrow screens where each row is a block.
    """
    lines = list(rows)
    columns = [(place, head) for place, head in enumerate(heads) if any(line[place] for line in lines)]
    body = [tag("tr", [_cell(line[place], head) for place, head in columns]) for line in lines]
    top = tag("thead", tag("tr", [tag("th", head, scope="col") for _, head in columns]))
    return tag("table", top, tag("tbody", body), **attributes)


def _cell(content: object, head: str) -> Html:
    return tag("td", content, data_head=head) if content else tag("td")


def _models(models: Mapping[str, Described]) -> Html:
    if not models:
        return tag("p", "Your groups give you no model.")
    rows = [
        (
            tag("a", tag("code", name), href=f"/doc/{name}"),
            model["label"],
            model["description"],
            _words(model, "odoo"),
            _words(model, "netforce"),
        )
        for name, model in models.items()
    ]
    search = tag("input", type="search", id="filter", autocomplete="off", aria_controls="model-table")
    return markup(
        tag("p", tag("label", "Find a model ", search), hidden=True, data_needs_script=True),
        _table(("Model", "Label", "Its records", "In Odoo", "In Netforce"), rows, id="model-table"),
    )


def _endpoint(methods: Iterable[Described]) -> Html:
    rows = [
        (
            tag("code", method["name"]),
            method["summary"],
            ", ".join(param["name"] + ("" if param["required"] else "?") for param in method["params"]) or "none",
        )
        for method in methods
    ]
    return _table(("Method", "What it does", "Parameters (? may be left out)"), rows)


def _errors(errors: Iterable[Described]) -> Html:
    rows = [
        (tag("code", str(error["code"])), tag("code", key) if key else None, meaning)
        for error in errors
        for key, meaning in (error.get("data", {}).get("keys") or {"": error["message"]}).items()
    ]
    note = sentence(
        "A program goes by {} and {}; the message is for people.", tag("code", "code"), tag("code", "data.key")
    )
    return markup(tag("p", note), _table(("Code", "Key", "Meaning"), rows))


def _fields(fields: Mapping[str, Described]) -> Html:
    rows = [
        (
            tag("code", name),
            field["label"],
            _type(field),
            _required(field),
            field.get("help"),
            _words(field, "odoo"),
            _words(field, "netforce"),
        )
        for name, field in sorted(fields.items(), key=lambda item: item[0] in KEPT_BY_ITSELF)
    ]
    if not rows:
        return tag("p", "You may not read records of this model.")
    return _table(("Field", "Label", "Type", "Required", "Help", "In Odoo", "In Netforce"), rows)


def _type(field: Described) -> Html:
    sizes = field.get("digits") or ([field["size"]] if "size" in field else [])
    written = field["type"] + (f" ({', '.join(map(str, sizes))})" if sizes else "")
    relation = field.get("relation")
    leads = markup(" to ", tag("a", tag("code", relation), href=f"/doc/{relation}")) if relation else None
    readonly = tag("span", "read only", class_="mark") if field["readonly"] else None
    return markup(written, leads, " ", readonly, _choices(field))


def _choices(field: Described) -> Html | None:
    if "selection" not in field:
        return None
    theirs = field.get("values", {})
    items = []
    for value, label in field["selection"]:
        also = [f"{who}: {words[value]}" for who, words in theirs.items() if value in words]
        items.append(tag("li", tag("code", value), f" {label}", f" ({', '.join(also)})" if also else None))
    return tag("ul", items)


def _required(field: Described) -> str | None:
    if not field["required"]:
        return None
    return "yes, filled by itself" if field.get("defaulted") or field["readonly"] else "yes"


def _words(described: Described, vocabulary: str) -> Html | None:
    words = described.get("names", {}).get(vocabulary, ())
    return markup([[", " if place else None, tag("code", word)] for place, word in enumerate(words)]) if words else None


def _also(model: Described) -> Html | None:
    said = [
        sentence(f"{{}} in {label}", _words(model, vocabulary) or markup())
        for vocabulary, label in (("odoo", "Odoo"), ("netforce", "Netforce"))
        if vocabulary in model.get("names", {})
    ]
    return (
        tag("p", "Also called ", [[", " if place else None, one] for place, one in enumerate(said)], ".")
        if said
        else None
    )


def _method(method: Described) -> Html:
    name, params = method["name"], method["params"]
    shown = ", ".join(param["name"] + ("" if param["required"] else "?") for param in params)
    aliases = ", ".join(method.get("x-aliases", ()))
    return tag(
        "details",
        tag("summary", tag("code", f"{name}({shown})"), None if method["x-readonly"] else _writes(), _first(method)),
        tag("p", method["description"], class_="doc") if "description" in method else None,
        tag("p", f"Also called {aliases}.") if aliases else None,
        _params(params) if params else tag("p", "It takes no arguments."),
        tag("p", tag("button", "Try it", type="button", data_try=name), hidden=True, data_needs_script=True),
        id=f"method-{name}",
    )


def _first(method: Described) -> Html:
    return markup(" ", tag("span", method["summary"], class_="soft"))


def _writes() -> Html:
    return markup(" ", tag("span", "may write", class_="mark"))


def _params(params: Iterable[Described]) -> Html:
    rows = [
        (
            tag("code", param["name"]),
            _schema(param["schema"]),
            "yes" if param["required"] else None,
            tag("code", json.dumps(param["schema"]["default"])) if "default" in param["schema"] else None,
        )
        for param in params
    ]
    return _table(("Argument", "Type", "Required", "Default"), rows)


def _schema(schema: Described) -> str:
    kinds = schema.get("type") or [_schema(one) for one in schema.get("oneOf", ())] or "any"
    written = kinds if isinstance(kinds, str) else " or ".join(kinds)
    return f"{written}: {schema['description']}" if "description" in schema else written


def first_arguments(method: Described) -> str:
    """Return arguments to begin with, as JSON: the needed ones, and those that every call has use for."""
    found = []
    for param in method["params"]:
        if not param["required"] and param["name"] not in FIRST_ARGUMENTS:
            break
        found.append(FIRST_ARGUMENTS.get(param["name"]))
    return json.dumps(found)


def _try(models: Iterable[str], name: str = "", methods: Iterable[Described] = ()) -> Html:
    """Return the form. It stays hidden without the script that sends it, and no field of it has a name."""
    which = _method_choice(methods)
    known = tag("datalist", [tag("option", value=one) for one in models], id="known-models")
    model = tag(
        "input",
        id="try-model",
        value=name,
        required=True,
        readonly=bool(name),
        list=None if name else "known-models",
        autocomplete="off",
        spellcheck="false",
    )
    token = tag("input", id="try-token", type="password", autocomplete="off", placeholder="your session")
    return tag(
        "section",
        tag("h2", "Try a call", id="call"),
        tag("noscript", tag("p", "The form needs JavaScript; any JSON-RPC client does without.")),
        tag(
            "form",
            known,
            _labelled("Model", model),
            _labelled("Method", which),
            _labelled("Arguments, a JSON list", tag("textarea", '[[], ["display_name"]]', id="try-args", rows="4")),
            _labelled("Arguments by name, a JSON object", tag("textarea", '{"limit": 5}', id="try-kwargs", rows="3")),
            _labelled("API key or token, if not your session", token),
            tag("p", "This method may change records.", id="try-writes", class_="mark", hidden=True),
            tag("p", tag("button", "Call")),
            tag("p", id="try-status", role="status"),
            tag("pre", id="try-answer", tabindex="0", aria_label="Answer", hidden=True),
            tag("details", tag("summary", "The same with curl"), tag("pre", id="try-curl", tabindex="0")),
            id="try",
            method="post",
            action="/rpc",
            hidden=True,
            data_needs_script=True,
        ),
    )


def _method_choice(methods: Iterable[Described]) -> Html:
    """Return the list of a model's methods to choose from; where none are given, a line to write one in."""
    options = [
        tag(
            "option",
            method["name"],
            value=method["name"],
            data_args=first_arguments(method),
            data_writes=not method["x-readonly"],
            selected=method["name"] == "search_read",
        )
        for method in methods
    ]
    if options:
        return tag("select", options, id="try-method")
    return tag("input", id="try-method", value="search_read", required=True, autocomplete="off", spellcheck="false")


def _labelled(text: str, control: Html) -> Html:
    return tag("label", tag("span", text), control)
