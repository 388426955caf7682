"""Texts about a failed hand-over, made fit for people: no secret in them, no control characters, not long.

Such a text goes to the outbox row, the chatter and the log. The other side's words are the most dangerous part of it:
a server may repeat what it was sent, password included.
"""

import re
import unicodedata
from collections.abc import Iterable

BLANK = "***"
LONGEST = 500  # characters kept of an error text
READ = 4_000  # characters looked at: an answer may be a megabyte, and what is cut off needs no cleaning
SHORTEST = 4  # a shorter secret would blank letters out of ordinary words, and so tell itself

_WORDS = r"pass(?:word|wd|phrase)?|pwd|secret|token|api[_-]?key|access[_-]?key|session[_-]?id|authorization|cookie"
_PATTERNS = (
    re.compile(r"(?P<keep>\b[a-z][a-z0-9+.-]{0,20}://)[^\s/@\"'<>]+@", re.IGNORECASE),
    re.compile(r"(?P<keep>\b(?:bearer|basic)\s+)[^\s\"',;]+", re.IGNORECASE),
    re.compile(rf"(?P<keep>(?:{_WORDS})[\"']?\s*[:=]\s*)(?:\"[^\"]*\"?|'[^']*'?|[^\s,;&}})\]]+)", re.IGNORECASE),
)


def redact(text: str, secrets: Iterable[str | None] = ()) -> str:
    """Return the text as one line of at most 500 characters without the secrets, or what looks like one.

    `secrets` are values known to be secret; beside them go user information in URLs, bearer tokens, and the values of
    words such as password and api_key.
    """
    known = [secret for secret in secrets if secret is not None and len(secret) >= SHORTEST]
    for secret in known:
        text = text.replace(secret, BLANK)
    text = _one_line(text[:READ])
    for secret in known:
        text = text.replace(_one_line(secret), BLANK)
    for pattern in _PATTERNS:
        text = pattern.sub(_blanked, text)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _blanked(found: re.Match[str]) -> str:
    at = "@" if found.group(0).endswith("@") else ""
    return found["keep"] + BLANK + at


def _one_line(text: str) -> str:
    """Join the lines, and leave out what has no place in one: controls, bidi marks, lone surrogates."""
    spaced = " ".join(text.split())
    return "".join(one for one in spaced if unicodedata.category(one) not in {"Cc", "Cf", "Cs"})
