# Every command that people and CI use. `make` alone lists them.
PYTHON ?= python3
VENV := .venv
STAMP := $(VENV)/.installed
UV := $(VENV)/bin/uv
UV_VERSION := 0.13.9

.DEFAULT_GOAL := help
.PHONY: help install run test unit mutations check documents schema screenshots fonts chromium connector chaos restore-drill bench docs \
	lock clean

help: ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

install: $(STAMP) ## make the environment, from the lock file

$(STAMP): requirements.lock pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "conexoes: $(PYTHON) is not installed; Python 3.11 or newer is needed" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "conexoes: Python 3.11 or newer is needed; set PYTHON=/path/to/python3.11" >&2; exit 1; }
	@test -x $(VENV)/bin/python || $(PYTHON) -m venv $(VENV)
	@$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@UV_PYTHON_DOWNLOADS=never $(UV) pip sync --quiet --compile-bytecode --python $(VENV)/bin/python --require-hashes requirements.lock
	@UV_PYTHON_DOWNLOADS=never $(UV) pip install --quiet --python $(VENV)/bin/python --no-deps --no-build-isolation --editable .
	@touch $(STAMP)

run: $(STAMP) ## everything, embedded, with the demo; Ctrl-C stops it
	@exec $(VENV)/bin/conexoes up

# Tests wait more than they compute: three processes take two processors.
test: $(STAMP) chromium node_modules/.installed ## every test, in three processes, each with a real Kafka, PostgreSQL and browser
	@$(VENV)/bin/python -m pytest -n 3 --dist loadfile

unit: $(STAMP) ## the tests that need no server
	@$(VENV)/bin/python -m pytest tests/unit

mutations: $(STAMP) ## changes one operator of a pure module at a time: do the unit tests find it? ARGS="--seed 7"
	@$(VENV)/bin/python -m tests.mutations $(ARGS)

check: $(STAMP) node_modules/.installed ## style, types, layers, contract, generated documents
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/mypy .
	@$(VENV)/bin/lint-imports
	@$(VENV)/bin/python -m cli.documents --check
	@command -v node >/dev/null || { echo "conexoes: make check needs Node.js 20 or newer" >&2; exit 1; }
	@node docs/contract/validate.mjs
	@$(VENV)/bin/python docs/contract/validate_compose.py

node_modules/.installed: package-lock.json
	@command -v npm >/dev/null || { echo "conexoes: make check and make test need Node.js 20 or newer" >&2; exit 1; }
	@npm ci --silent
	@touch $@

chaos: $(STAMP) ## a minute of faults under load, then sent and stored are compared; ARGS="--minutes 10 --seed 7 --only host-lost"
	@$(VENV)/bin/python -m tests.chaos $(ARGS)

restore-drill: $(STAMP) ## back up, lose the database and restore it under load of its own: all tables are compared
	@$(VENV)/bin/python -m tests.drills.restore

bench: $(STAMP) bench/.peers/.installed ## measure ours and others, into docs/performance.md; ARGS="--full --peers"
	@$(VENV)/bin/python -m bench $(ARGS)

bench/.peers/.installed: bench/peers.lock
	@rm -rf bench/.peers
	@$(UV) pip install --quiet --python $(VENV)/bin/python --target bench/.peers --no-deps --require-hashes -r bench/peers.lock
	@touch $@

connector: $(STAMP) ## the SDK's wheel for connector teams, in dist/
	@$(UV) build --quiet --wheel --offline --no-build-isolation --python $(VENV)/bin/python --out-dir dist conexoes_connector
	@ls dist/conexoes_connector-*.whl

docs: .venv-docs/.installed ## the documentation as a site, in site/
	@NO_MKDOCS_2_WARNING=1 .venv-docs/bin/mkdocs build --strict --quiet

.venv-docs/.installed: docs/site.lock | $(STAMP)
	@test -x .venv-docs/bin/python || $(VENV)/bin/python -m venv --without-pip .venv-docs
	@UV_PYTHON_DOWNLOADS=never $(UV) pip sync --quiet --python .venv-docs/bin/python --require-hashes docs/site.lock
	@touch $@

documents: $(STAMP) ## write the documents that are made from the code, in docs/
	@$(VENV)/bin/python -m cli.documents

schema: $(STAMP) ## write docs/schema.md from a migrated database; run it after adding a migration
	@$(VENV)/bin/python -m cli.documents.schema

screenshots: $(STAMP) chromium ## pictures of every page in three languages, in docs/images
	@$(VENV)/bin/python -m tests.screenshots

fonts: $(STAMP) node_modules/.installed ## the font files of the pages, of the characters that admin/static/tokens.css says
	@$(VENV)/bin/python -m tests.fonts

chromium: ## install Chromium for the browser tests, if it is missing; on Debian, as root
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null || { \
		test "$$(id -u)" = 0 && command -v apt-get >/dev/null || { echo "conexoes: the browser tests need Chromium: apt-get install chromium" >&2; exit 1; }; \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium >/dev/null; }

LOCK = $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate

lock: ## update every lock file to pyproject.toml; requirements.lock is the development environment
	@$(LOCK) --extra embedded --extra mcp --extra tracing --group dev pyproject.toml --output-file requirements.lock
	@$(LOCK) --extra tracing pyproject.toml --constraint requirements.lock --output-file requirements-runtime.lock
	@$(LOCK) --extra embedded --extra tracing pyproject.toml --constraint requirements.lock --output-file requirements-embedded.lock
	@$(LOCK) --group pyproject.toml:build --constraint requirements.lock --output-file requirements-build.lock
	@$(LOCK) --group pyproject.toml:peers --constraint requirements.lock --output-file bench/peers.lock
	@$(LOCK) --group pyproject.toml:docs --constraint requirements.lock --output-file docs/site.lock

clean: ## remove the environment and the data of the embedded servers
	rm -rf $(VENV) .venv-docs node_modules .conexoes bench/.peers site
