"""Login names: kept as written, told apart without regard to case."""

import unicodedata


def login_key(login: str) -> str:
    """Return what two spellings of one login have in common."""
    return unicodedata.normalize("NFKC", login).casefold().strip()
