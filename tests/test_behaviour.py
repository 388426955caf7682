"""The page that says which test proves which statement is what the tests say."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.behaviour import Marks, claimed_files, untrue_claims

ROOT = Path(__file__).parent.parent


def test_the_page_of_statements_is_up_to_date(request: pytest.FixtureRequest) -> None:
    """A run of all tests has collected what is needed; for a run of some another process does."""
    session = request.session
    option = session.config.option
    if claimed_files() <= {item.path for item in session.items} and not (option.keyword or option.markexpr):
        marks = Marks()
        marks.note(session)
        assert untrue_claims(marks.tests) == []
    else:
        check_in_another_process()


def check_in_another_process() -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    command = [sys.executable, "-m", "tests.behaviour", "--check"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
