"""Random secrets that stand for a user: session tokens and API keys. Only their hashes are stored."""

import hashlib
import secrets

SESSION = "tds_"
API_KEY = "tdk_"
LONGEST = 128  # characters; whatever is longer is no token of ours


def new_token(prefix: str) -> str:
    """Return 256 random bits in text, after a prefix that people and leak scanners know it by."""
    return prefix + secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """Return what is stored of a token. It has all its entropy, so one fast hash is enough."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
