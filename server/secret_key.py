"""The key that remote credentials are encrypted with. It is never in the database it protects."""

import os
import secrets
from pathlib import Path

from cryptography.fernet import Fernet

from server.settings import Settings, SettingsError

FILE = "secret.key"


def load_secret_key(settings: Settings) -> str:
    """The key in Fernet's form: the setting, else the data directory's, which is made the first time.

    Losing it loses the stored remote credentials and nothing else. SettingsError when it is not a Fernet key.
    """
    file = settings.data_path / FILE
    key = settings.secret_key or _kept(file)
    try:
        Fernet(key)
    except ValueError:
        where = "TANDEM_SECRET_KEY" if settings.secret_key else file
        raise SettingsError(
            f"{where} holds no secret key: one is 32 random bytes in URL-safe base64, as in a {FILE} that"
            " a first start has made"
        ) from None
    return key


def _kept(file: Path) -> str:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        if not file.exists():
            _create(file)
        return file.read_text().strip()
    except OSError as error:
        raise SettingsError(f"cannot keep the secret key in {file}: {error.strerror}") from None


def _create(file: Path) -> None:
    """Written whole under another name, then linked: of two processes at once one wins and both read the same key."""
    draft = file.with_name(f"{file.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as written:
        written.write(Fernet.generate_key() + b"\n")
        written.flush()
        os.fsync(written.fileno())
    try:
        os.link(draft, file)
    except FileExistsError:
        return
    finally:
        draft.unlink()
