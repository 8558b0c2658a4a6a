# Ombud. `make help` lists what there is; the environment all of it shares is .venv.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run test check bench screenshots requirements clean

# The first Python of at least 3.11; PYTHON=… names another.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
TEST_PROCESSES ?= $(shell n=$$(nproc 2>/dev/null || echo 2); [ $$n -gt 4 ] && echo 4 || echo $$n)
COMPILE := $(BIN)/pip-compile --quiet --generate-hashes --strip-extras --allow-unsafe --no-header \
	--no-emit-index-url --no-emit-trusted-host --no-emit-find-links --build-deps-for editable

help: ## List the targets
	@awk 'BEGIN { FS = ":.*## " } /^[a-z]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: .venv/.runtime ## Start Ombud with the sample government on http://127.0.0.1:8000 (or OMBUD_PORT)
	@exec $(BIN)/ombud demo

# Compiled files are kept whatever the machine's habit: the tests start hundreds of processes.
test: .venv/.development ## Run all tests (PYTEST_ADDOPTS narrows them)
	PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n $(TEST_PROCESSES) --dist worksteal

check: .venv/.development ## Lint, types, directions of import, migrations on both databases
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy .
	$(BIN)/lint-imports
	$(BIN)/python -m migrations.check

bench: .venv/.development ## Measure what the README promises (needs PostgreSQL on this machine)
	$(BIN)/python -m benchmarks all

screenshots: .venv/.development ## Draw docs/images anew from a demo that is running (OMBUD_PORT)
	$(BIN)/python docs/screenshots.py

requirements: .venv/.development ## Pin the newest versions the ranges in pyproject.toml allow
	$(COMPILE) --upgrade --extra dev --output-file requirements-dev.txt pyproject.toml
	$(COMPILE) --upgrade --constraint requirements-dev.txt --output-file requirements.txt pyproject.toml

clean: ## Remove the environment and what tools left behind; data stays
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Both sets of pins agree, so the development environment is the runtime one with more on top.
.venv/.runtime: requirements.txt pyproject.toml | .venv/bin/python
	@echo "Installing what Ombud runs on into .venv (once)"
	@$(PIP) install --require-hashes --requirement requirements.txt
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

.venv/.development: requirements-dev.txt .venv/.runtime
	@echo "Installing the tools for tests and checks into .venv (once)"
	@$(PIP) install --require-hashes --requirement requirements-dev.txt
	@touch $@

.venv/bin/python:
	@[ -n "$(PYTHON)" ] || { echo "Ombud needs Python 3.11 or newer; name one with PYTHON=…" >&2; exit 1; }
	@$(PYTHON) -m venv .venv || { echo "On Debian: apt-get install python3-venv" >&2; rm -rf .venv; exit 1; }
