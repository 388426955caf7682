"""Writes docs/behaviour.md: each numbered statement, its sentence, and the tests that prove it.

    python -m tests.behaviour           write the page
    python -m tests.behaviour --check   exit with 1 when the page claims what no mark says

The numbers come from the marks `@pytest.mark.statement(...)`, the sentences from tests/statements.toml, which also
keeps the statements that were decided otherwise, each with its reason.
"""

import contextlib
import io
import re
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "behaviour.md"
SENTENCES = ROOT / "tests" / "statements.toml"

INTRODUCTION = """# What Tandem does, statement by statement

Made by `make behaviour` from the tests: a statement stands here because a test carries its number, and `make test`
fails when the page claims what no test carries. A row with several tests needs all of them.
"""


class Marks:
    """Collects which tests carry which statement, as a pytest plugin."""

    def __init__(self) -> None:
        self.tests: dict[str, list[str]] = {}

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Note the marks of all collected tests."""
        self.note(session)

    def note(self, session: pytest.Session) -> None:
        """Note every mark of every test; parametrised cases count as one test."""
        for item in session.items:
            name = item.nodeid.partition("[")[0]
            for mark in item.iter_markers("statement"):
                for number in mark.args:
                    tests = self.tests.setdefault(str(number), [])
                    if name not in tests:
                        tests.append(name)


def collected() -> dict[str, list[str]]:
    """Return the tests by statement number."""
    marks, said = Marks(), io.StringIO()
    with contextlib.redirect_stdout(said):
        code = pytest.main(["--collect-only", "-q", "-p", "no:cacheprovider", str(ROOT / "tests")], [marks])
    if code != 0:
        sys.exit(f"{said.getvalue()}\nthe tests could not be collected: pytest says {code}")
    return marks.tests


def page(tests: dict[str, list[str]], sentences: dict[str, dict[str, str]]) -> str:
    """Return the text of the page. A number without a sentence is an error."""
    known, against = sentences["statements"], sentences.get("against", {})
    missing = sorted(set(tests) - set(known), key=_order)
    if missing:
        sys.exit(f"tests/statements.toml has no sentence for {', '.join(missing)}")
    strange = sorted({_letter(number) for number in tests} - set(sentences["letters"]))
    if strange:
        sys.exit(f"tests/statements.toml does not say what the letters {', '.join(strange)} mean")
    lines = [INTRODUCTION]
    for letter in sentences["letters"]:
        numbers = sorted((n for n in tests if _letter(n) == letter), key=_order)
        if numbers:
            lines.append(f"\n## {letter}: {sentences['letters'][letter]}\n")
            lines.append("| number | statement | tests |\n| --- | --- | --- |")
            lines.extend(f"| {n} | {known[n]} | {_linked(tests[n])} |" for n in numbers)
    if against:
        lines.append("\n## Decided otherwise\n\n| number | reason |\n| --- | --- |")
        lines.extend(f"| {n} | {against[n]} |" for n in sorted(against, key=_order))
    return "\n".join(lines) + "\n"


def _linked(tests: Sequence[str]) -> str:
    return "<br>".join(f"[{t.rpartition('::')[2]}](../{t.partition('::')[0]})" for t in sorted(tests))


def _letter(number: str) -> str:
    return re.sub(r"\d.*", "", number)


def _order(number: str) -> tuple[str, int, str]:
    match = re.fullmatch(r"([A-Z]+)(\d+)(.*)", number)
    return (match[1], int(match[2]), match[3]) if match else (number, 0, "")


def _claims(text: str) -> set[tuple[str, str]]:
    """Return which test the page says to prove which statement."""
    rows = re.findall(r"^\| ([A-Z]+\d+\w*) \|.*\| (.*) \|$", text, re.MULTILINE)
    return {(number, link) for number, links in rows for link in links.split("<br>") if "](" in link}


def untrue_claims(tests: dict[str, list[str]]) -> list[tuple[str, str]]:
    """Return what the page says that no mark of these tests does: numbers with links to tests."""
    text = page(tests, tomllib.loads(SENTENCES.read_text()))
    return sorted(_claims(PAGE.read_text()) - _claims(text))


def claimed_files() -> set[Path]:
    """Return the files of tests that the page names."""
    return {(PAGE.parent / link).resolve() for link in re.findall(r"\]\(([^)]*\.py)\)", PAGE.read_text())}


def main() -> None:
    """Write or check the page."""
    tests = collected()
    if "--check" in sys.argv[1:]:
        if untrue := untrue_claims(tests):
            sys.exit(f"docs/behaviour.md claims what no test carries, run make behaviour: {untrue}")
    else:
        text = page(tests, tomllib.loads(SENTENCES.read_text()))
        PAGE.parent.mkdir(exist_ok=True)
        PAGE.write_text(text)


if __name__ == "__main__":
    main()
