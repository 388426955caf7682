"""HTML put together from elements. Whatever is not markup already is escaped, so nothing has to be remembered."""

import html
from collections.abc import Iterable

VOID = frozenset({"input", "link", "meta"})


class Html(str):
    """Text that is markup already."""

    __slots__ = ()


def tag(name: str, /, *content: object, **attributes: str | bool | None) -> Html:
    """Return one element: `tag("a", "there", href="/x")`.

    Attributes are written with `_` for `-` and may end with one (`class_`, `for_`); True gives one without a value,
    None and False none at all.
    """
    given = "".join(_attribute(word, value) for word, value in attributes.items())
    inner = markup(*content)
    return Html(f"<{name}{given}>" if name in VOID else f"<{name}{given}>{inner}</{name}>")


def markup(*content: object) -> Html:
    """Return contents one after the other: elements as they are, lists opened, None left out, all else escaped."""
    return Html("".join(_piece(one) for one in content))


def _piece(content: object) -> str:
    if content is None:
        return ""
    if isinstance(content, Html):
        return content
    if isinstance(content, Iterable) and not isinstance(content, str):
        return markup(*content)
    return html.escape(str(content))


def _attribute(word: str, value: str | bool | None) -> str:
    name = word.rstrip("_").replace("_", "-")
    if value is None or value is False:
        return ""
    return f" {name}" if value is True else f' {name}="{html.escape(value)}"'
