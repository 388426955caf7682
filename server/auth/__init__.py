"""Who is calling: sessions, API keys, passwords, lock-out. `authenticator.py` is where it begins."""

from server.auth.authenticator import Authenticator, Login
from server.auth.sessions import SessionPolicy

__all__ = ["Authenticator", "Login", "SessionPolicy"]
