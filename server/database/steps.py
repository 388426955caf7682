"""Numbered steps: what a difference cannot do by itself, written by hand as `migrations/NNNN_name.sql`.

A step takes away, narrows, renames or fills. It runs once, in one transaction, before the difference is worked out, on
the database as the release before left it. A new database records the steps without running them. What was done is
never edited: the hash of each applied step is kept.
"""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

DIRECTORY = Path(__file__).parent / "migrations"
NAME = re.compile(r"\d{4}_[a-z0-9_]+")


class MigrationError(Exception):
    """The database cannot be brought to this release; the text is for the operator."""


@dataclass(frozen=True, slots=True)
class Step:
    """One numbered file."""

    name: str
    sql: str

    @property
    def hash(self) -> str:
        """What an edited step is recognised by."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


def read_steps(directory: Path = DIRECTORY) -> list[Step]:
    """Return the steps of this release in order. Raises `MigrationError` for a name without a number of its own."""
    steps = [Step(path.stem, path.read_text(encoding="utf-8")) for path in sorted(directory.glob("*.sql"))]
    numbers = [step.name[:4] for step in steps]
    wrong = [step.name for step in steps if not NAME.fullmatch(step.name) or numbers.count(step.name[:4]) > 1]
    if wrong:
        raise MigrationError(f"each migration is called NNNN_name.sql with a number of its own: {', '.join(wrong)}")
    return steps


def missing_steps(steps: list[Step], applied: dict[str, str]) -> list[Step]:
    """Return the steps still to run. Raises `MigrationError` when one was edited after it ran."""
    edited = [step.name for step in steps if applied.get(step.name, step.hash) != step.hash]
    if edited:
        raise MigrationError(f"changed after it was applied, write a new step instead: {', '.join(edited)}")
    return [step for step in steps if step.name not in applied]
