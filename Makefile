# Python 3.11 or newer and make are all that is needed. Everything is installed into .venv from the hash-locked files.

.DEFAULT_GOAL := help
.PHONY: help install install-dev run test lint format node-clients schema bench behaviour lock clean

BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
LOCKED := install --require-hashes --no-build-isolation --use-pep517
UV ?= uv
COMPILE := $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --no-annotate
CODE := server models rpc_client bench
ARGS ?=

# Tests and the demo start many processes of the same code: it is compiled once, whatever the surroundings say.
unexport PYTHONDONTWRITEBYTECODE

help: ## what can be made
	@sed -n 's/^\([a-z-]*\):[^#]*## /\1: /p' Makefile

install: .venv/installed ## .venv from the lock file

install-dev: .venv/installed-dev ## the same and the tools for tests

run: install ## a BPO and a dealer, one lead walked through both (ARGS=--once: then stop)
	@$(BIN)/tandem demo $(ARGS)

test: lint ## all that has to hold: format, lint, types, tests (ARGS: for pytest)
	$(BIN)/python -m pytest -n 4 --dist worksteal $(ARGS)

lint: install-dev ## format, lint and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy --strict $(CODE)

format: install-dev ## put the sources into shape
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

node-clients: ## install the Odoo clients for Node that tests drive where they are (needs npm)
	npm ci --prefix tests/clients/node --no-audit --no-fund

schema: install ## write schema.sql from the models
	$(BIN)/tandem schema > .venv/schema.sql
	mv .venv/schema.sql schema.sql

bench: install-dev ## measure, and report (ARGS: which)
	$(BIN)/python -m bench $(ARGS)

behaviour: install-dev ## write docs/behaviour.md and docs/models.md: what is proven by which test, and which models there are
	$(BIN)/python -m tests.behaviour
	$(BIN)/python -m tests.models_page

lock: ## resolve the locked versions again (needs uv)
	$(COMPILE) --group pyproject.toml:build -o requirements-build.lock
	$(COMPILE) pyproject.toml -c requirements-build.lock -o requirements.lock
	$(COMPILE) --group pyproject.toml:dev -c requirements.lock -c requirements-build.lock -o requirements-dev.lock

clean: ## forget everything installed
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache

# The first Python that is new enough and has venv. A version manager may put a name in the path that does not run.
.venv/pyvenv.cfg:
	@for python in python3 python3.13 python3.12 python3.11; do \
	    "$$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
	    echo "installing into .venv with $$("$$python" --version)"; \
	    "$$python" -m venv .venv; exit; \
	done; \
	echo 'tandem: Python 3.11 or newer with its venv module is needed, none was found' >&2; exit 1

# Building comes first, from its own lock: jsonrpcserver is published as source only, and nothing unhashed may be fetched for it.
.venv/installed: requirements-build.lock requirements.lock pyproject.toml | .venv/pyvenv.cfg
	@$(PIP) $(LOCKED) -r requirements-build.lock
	@$(PIP) $(LOCKED) -r requirements.lock
	@$(PIP) install --no-deps --no-build-isolation --no-index -e .
	@touch $@

.venv/installed-dev: requirements-dev.lock .venv/installed
	@$(PIP) $(LOCKED) -r requirements-dev.lock
	@touch $@
