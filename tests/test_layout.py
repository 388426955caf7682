"""The layout: which package may import which, files that stay readable, and a project that speaks of itself alone."""

import ast
import re
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
AREAS = ("base", "sync", "party", "mail", "product", "sale", "stock", "crm", "dealer", "bpo")
SOURCES = sorted(path for top in ("server", "models", "rpc_client") for path in (ROOT / top).rglob("*.py"))


@cache
def imports(path: Path) -> list[str]:
    """Return the dotted names that a file imports, be it for type checking alone."""
    return list(_imports(path))


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{name.name}" for name in node.names)


def module(path: Path) -> str:
    """Return a source file's dotted name."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def allowed(importer: str, imported: str) -> bool:
    """Return whether the design lets one module import another of the project."""
    top = imported.partition(".")[0]
    if top not in ("server", "models", "rpc_client", "tests", "bench"):
        return True
    if importer.startswith("server"):
        return top in ("server", "models", "rpc_client")
    if importer.startswith("rpc_client"):
        return top == "rpc_client"
    if importer.startswith("models.orm"):
        return imported == "models" or imported.startswith("models.orm")
    area = importer.split(".")[1] if "." in importer else ""
    if area in AREAS:
        lower = {*AREAS[: AREAS.index(area) + 1], "orm"}
        return top == "rpc_client" or (top == "models" and (imported == "models" or imported.split(".")[1] in lower))
    return top in ("models", "rpc_client")


@pytest.mark.parametrize("path", SOURCES, ids=module)
def test_imports_go_one_way(path):
    wrong = [name for name in imports(path) if not allowed(module(path), name)]

    assert wrong == []


CHANGING = re.compile(
    r"\b(insert into|update [\w\"{}.]+ (\w+ )?set|delete from|for (no key )?update|for share|tandem_next_number)\b"
)


@pytest.mark.parametrize("path", [path for path in SOURCES if "models" in path.parts], ids=module)
def test_what_changes_or_locks_rows_says_so(path):
    """`Env.change` and `Env.execute` refuse it to methods that are declared to read, `fetch` would not."""
    tree = ast.parse(path.read_text())
    named = {
        target.id: written(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    wrong = []
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and ast.unparse(call.func) in ("env.fetch", "env.fetchrow", "env.fetchval"):
            parts = [named.get(node.id, "") for node in ast.walk(call.args[0]) if isinstance(node, ast.Name)]
            if CHANGING.search(" ".join([written(call.args[0]), *parts])):
                wrong.append(call.lineno)

    assert wrong == []


def written(node: ast.expr) -> str:
    """Return the literal text in an expression."""
    texts = (part.value for part in ast.walk(node) if isinstance(part, ast.Constant))
    return " ".join(text for text in texts if isinstance(text, str))


def test_no_circle_of_imports():
    known = {module(path): path for path in SOURCES}
    graph = {
        name: {found for found in imports(path) if found in known and found != name} for name, path in known.items()
    }
    # A package's __init__ gathers what its modules offer; modules inside may not go through it for each other.
    seen: dict[str, int] = {}
    circles: list[list[str]] = []

    def visit(name: str, trail: list[str]) -> None:
        if seen.get(name) == 2:
            return
        if name in trail:
            circles.append(trail[trail.index(name) :])
            return
        for target in graph[name]:
            if not name.startswith(target + "."):
                visit(target, [*trail, name])
        seen[name] = 2

    for name in graph:
        visit(name, [])

    assert circles == []


WITHOUT_SQL = [path for path in SOURCES if not module(path).startswith(("models", "server.database"))]


@pytest.mark.parametrize("path", WITHOUT_SQL, ids=module)
def test_sql_lives_in_models_and_database_alone(path):
    text = path.read_text()

    assert not re.search(r'"(select|insert into|update|delete from) ', text, re.IGNORECASE)


def tracked() -> list[Path]:
    """Return the text files that belong to the project: what git tracks or would."""
    git = shutil.which("git") or "git"
    listed = subprocess.run(
        [git, "ls-files", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, check=True
    )
    kinds = (".py", ".md", ".toml", ".lock", ".sql", "")
    return [ROOT / name for name in listed.stdout.decode().split() if (ROOT / name).suffix in kinds]


def test_lock_files_hold_no_address():
    for path in ROOT.glob("requirements*.lock"):
        assert "://" not in path.read_text(), path.name


def test_no_path_of_somebodys_machine():
    for path in tracked():
        if path.is_file() and path != Path(__file__):
            assert not re.search(r"(?<![\w.])/(work|home/\w+|root)/", path.read_text(errors="ignore")), path.name
