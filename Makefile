# Everything a developer types. A fresh machine needs python3 (3.11 or newer) with pip, and make.
# Paths are relative on purpose: the checkout may live in a folder whose name has spaces.

PYTHON ?= python3
ARGS ?=
VENV := .venv
BIN := $(VENV)/bin
RUNTIME := $(VENV)/.installed-runtime
DEV := $(VENV)/.installed-dev
BENCH := $(VENV)/.installed-bench
UV_COMPILE = $(BIN)/uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --system-certs \
	--generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --no-header --group build

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo run test check-format lint types imports coverage unit format lock bench chaos clean

help: ## Print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' Makefile

# --- Use it ------------------------------------------------------------------------------------

demo: $(RUNTIME) ## Show the whole job on this machine, without any account (ARGS=--once: print it)
	$(BIN)/robocall demo $(ARGS)

run: $(RUNTIME) ## Run the bot with the settings of the environment or .env
	$(BIN)/robocall run $(ARGS)

# --- Check it ----------------------------------------------------------------------------------

test: check-format lint types imports coverage ## Run every check (what CI runs)

check-format: $(DEV) ## Say which files `make format` would change
	$(BIN)/ruff format --check .

lint: $(DEV) ## Look for mistakes with ruff
	$(BIN)/ruff check .

types: $(DEV) ## Check the types with mypy
	$(BIN)/mypy

imports: $(DEV) ## Check the import rules
	$(BIN)/lint-imports

coverage: $(DEV) ## Run all tests and hold the coverage gates
	$(BIN)/python -m coverage erase
	$(BIN)/python -m pytest --numprocesses=auto --dist=loadfile --cov --cov-report= $(ARGS)
	$(BIN)/python -m coverage report --fail-under=100 --include='bot/domain/*,bot/voice/*,bot/slack/*'
	$(BIN)/python -m coverage report --fail-under=95

unit: $(DEV) ## Run tests quickly, without coverage (ARGS="tests/voice -k token")
	$(BIN)/python -m pytest -q $(ARGS)

format: $(DEV) ## Format the code and mend what can be mended
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

chaos: $(DEV) ## Run the long campaigns of faults (minutes; not part of `make test`)
	$(BIN)/python -m pytest -m chaos $(ARGS)

bench: $(BENCH) ## Measure the speed, each number beside its limit
	$(BIN)/python -m bench $(ARGS)

# --- Keep it -----------------------------------------------------------------------------------

lock: $(BIN)/python ## Pin the newest versions that pyproject.toml allows, with hashes
	$(BIN)/python -m pip install --quiet uv
	$(UV_COMPILE) --upgrade --output-file requirements.lock
	$(UV_COMPILE) --upgrade --group dev --constraint requirements.lock --output-file requirements-dev.lock
	$(UV_COMPILE) --upgrade --group dev --group bench --constraint requirements-dev.lock \
		--output-file requirements-bench.lock

clean: ## Remove the virtual environment and everything the tools leave behind
	rm -rf $(VENV) build dist *.egg-info .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# --- The environment ---------------------------------------------------------------------------

# Distributions that split ensurepip off still have pip: it can fill the environment from outside.
$(BIN)/python:
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Robocall needs Python 3.11 or newer; '$(PYTHON)' is missing or older. Try: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@if "$(PYTHON)" -c 'import ensurepip' 2>/dev/null; then \
		"$(PYTHON)" -m venv $(VENV); \
	else \
		"$(PYTHON)" -m venv --without-pip $(VENV) && "$(PYTHON)" -m pip --python $(BIN)/python install --quiet pip; \
	fi || { rm -rf $(VENV); \
		echo "Cannot make a virtual environment: this Python lacks venv, or both ensurepip and pip >= 22.3 (on Debian: the package python3-venv)." >&2; exit 1; }

# The lock holds the build backend too, hence --no-build-isolation: nothing unpinned is fetched.
define install
	$(BIN)/python -m pip install --quiet --no-compile --disable-pip-version-check --require-hashes -r $(1)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@
endef

$(RUNTIME): requirements.lock pyproject.toml | $(BIN)/python
	$(call install,requirements.lock)

# The larger locks contain the smaller ones with the same versions, so they satisfy them.
$(DEV): requirements-dev.lock pyproject.toml | $(BIN)/python
	$(call install,requirements-dev.lock)
	@touch $(RUNTIME)

$(BENCH): requirements-bench.lock pyproject.toml | $(BIN)/python
	$(call install,requirements-bench.lock)
	@touch $(RUNTIME) $(DEV)
