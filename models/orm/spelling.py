"""Names that somebody misspelt: what was probably meant."""

from collections.abc import Iterable
from difflib import get_close_matches


def did_you_mean(given: str, known: Iterable[str]) -> str:
    """Return ` Did you mean ...?` with the nearest of the known names, nothing when none is near.

    The known names are those that the caller may hear of.
    """
    near = get_close_matches(given, known, n=1, cutoff=0.7)
    return f" Did you mean {near[0]}?" if near else ""
