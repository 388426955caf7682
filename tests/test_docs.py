"""The documents are true: every setting, limit, command, figure, path and error is in them; examples can be read."""

import ast
import importlib.util
import json
import re
from dataclasses import asdict
from pathlib import Path

import pytest
from aiohttp import web

import server.app
from models.orm.errors import AppError
from models.orm.limits import LIMITS
from server import settings
from server.cli import COMMANDS
from server.database.address import DatabaseAddress
from server.settings import Settings
from tests import models_page

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
OPERATIONS = (ROOT / "docs" / "operations.md").read_text()
PROTOCOLS = (ROOT / "docs" / "protocols.md").read_text()


def rows(text: str, heading: str) -> list[list[str]]:
    """Return the cells of the table rows under a heading, without backticks."""
    section = re.split(r"\n##+ ", text.partition(f"\n## {heading}\n")[2])[0]
    lines = [line for line in section.splitlines() if line.startswith("| ") and not line.startswith("| ---")]
    return [[cell.strip().replace("`", "") for cell in line.strip("|").split("|")] for line in lines[1:]]


@pytest.fixture
async def app(tmp_path: Path) -> web.Application:
    """An application that nobody asks anything: it opens no connection."""
    return server.app.create_app(Settings(data_dir=str(tmp_path)), DatabaseAddress("postgresql://nowhere.invalid"))


def test_every_setting_is_described_with_its_option_and_variable():
    documented = {variable: option for option, variable, *_ in rows(OPERATIONS, "Settings")}

    assert documented == {
        settings.PREFIX + name.upper(): "" if name in settings.SECRETS else "--" + name.replace("_", "-")
        for name in settings.FIELDS
    }, "the table below Settings in docs/operations.md"


def test_the_defaults_of_settings_are_those_documented():
    documented = {variable: default for _, variable, default, *_ in rows(OPERATIONS, "Settings")}
    plain = {name: value for name in settings.FIELDS if (value := getattr(Settings(), name)) not in ("", (), False)}

    assert {name: documented[settings.PREFIX + name.upper()] for name in plain} == {
        name: str(value) for name, value in plain.items()
    }


def test_every_limit_is_listed_with_its_value():
    documented = {name: float(value) for name, value, _ in rows(OPERATIONS, "Limits")}

    assert documented == {name: float(value) for name, value in asdict(LIMITS).items()}, "Limits in docs/operations.md"


def test_every_command_is_described():
    documented = {command.removeprefix("tandem ") for command, _ in rows(OPERATIONS, "Install")}

    assert documented == set(COMMANDS), "the table below Install in docs/operations.md"


async def test_every_figure_is_described(app):
    text = app[server.app.DEPLOYMENT].metrics.text().decode()
    documented = {name for name, *_ in rows(OPERATIONS, "Figures")}

    assert documented == set(re.findall(r"^# HELP (\w+) ", text, re.MULTILINE))


async def test_every_path_is_described(app):
    described = {path for endpoint, *_ in rows(PROTOCOLS, "1. Endpoints") for path in re.findall(r"/[^ ,]*", endpoint)}
    served = {route.resource.canonical for route in app.router.routes() if route.resource is not None}

    assert served - described == set()
    assert described - served == set()


def test_every_client_that_is_tested_is_named():
    tested = {str(path.relative_to(ROOT)) for path in (ROOT / "tests" / "clients").glob("test_*.py")}

    assert {name for name in tested if name not in PROTOCOLS} == set()


def test_every_error_is_described_with_its_code():
    documented = {(code, key) for code, keys, *_ in rows(PROTOCOLS, "6. Errors") for key in keys.split(", ")}

    assert {(str(error.code), error.key) for error in errors(AppError)} - documented == set()


def errors(root: type[AppError]) -> list[type[AppError]]:
    """Return every class of error below one that the product declares; tests have some of their own."""
    found = [error for child in root.__subclasses__() for error in (child, *errors(child))]
    return [error for error in found if error.__module__.startswith(("models.", "server."))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_example_can_be_read(page):
    text = page.read_text()

    code = re.findall(r"^( *)```python\n(.*?)^ *```", text, re.MULTILINE | re.DOTALL)
    programs = ["\n".join(line.removeprefix(indent) for line in lines.splitlines()) for indent, lines in code]
    documents = re.findall(r"^```json\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert [one for one in programs if not is_read(ast.parse, one)] == []
    assert [one for one in documents if not is_read(json.loads, one)] == []
    assert [name for one in programs for name in imported(one) if not is_there(*name)] == []


def is_read(read, text):
    try:
        read(text)
    except (SyntaxError, ValueError):
        return False
    return True


def imported(program):
    """What a program takes from the project: module and name."""
    return [
        (node.module, alias.name)
        for node in ast.walk(ast.parse(program))
        if isinstance(node, ast.ImportFrom) and node.module.partition(".")[0] in ("models", "server", "rpc_client")
        for alias in node.names
    ]


def is_there(module, name):
    return importlib.util.find_spec(module) is not None and hasattr(importlib.import_module(module), name)


@pytest.mark.parametrize("page", [page for page in PAGES if page.name != "behaviour.md"], ids=lambda page: page.name)
def test_every_link_leads_somewhere(page):
    for target in re.findall(r"\]\(([^)]+)\)", page.read_text()):
        path, _, anchor = target.partition("#")
        found = (page.parent / path) if path else page
        assert found.exists(), target
        assert not anchor or anchor in anchors(found), target


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as they are made everywhere: lower case, hyphens for blanks."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_the_page_of_models_is_up_to_date():
    assert models_page.PAGE.read_text() == models_page.page(), "run make behaviour"
