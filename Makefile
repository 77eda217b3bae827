# Every target makes the environment it needs: uv where it is present, else Python 3.11+ with venv and pip.

VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
UV := $(shell uv --version >/dev/null 2>&1 && echo uv)
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && { echo $$p; break; }; done)
export UV_PROJECT_ENVIRONMENT := $(VENV)

.DEFAULT_GOAL := help
.PHONY: help demo test lint calibrate torture bench map wheel clean

help: ## show these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(READY) ## read a real experiment from plan to verdict; ends with the path of its readout
	@$(BIN)/expcopilot demo

test: lint ## everything that must hold before a change goes in
	$(BIN)/pytest -n auto --dist worksteal -m "not calibrate and not torture"

lint: $(READY) ## formatting, style, layers, types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/mypy

calibrate: $(READY) ## long seeded simulations: coverage, error rates, alarm levels
	$(BIN)/pytest -n auto --dist worksteal -m calibrate

torture: $(READY) ## long crash tests: kills, damage, two writers
	$(BIN)/pytest -n auto --dist worksteal -m torture

bench: $(READY) ## how fast, as ratios to a floor measured beside it
	@for script in bench/bench_*.py; do $(BIN)/python $$script || exit 1; done

map: $(READY) ## write MAP.md: one line for every file
	$(BIN)/python scripts/make_map.py

wheel: $(READY) ## build dist/*.whl, install it in a fresh environment and run the demo from there
ifdef UV
	uv build --wheel --out-dir dist
else
	$(BIN)/python -m pip wheel --no-deps --wheel-dir dist .
endif
	$(BIN)/pytest tests/surfaces/test_wheel.py

clean: ## remove the environment and what was built
	rm -rf $(VENV) dist build demo .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

# Stamped, so that it is made again only when the dependencies change.
$(READY): pyproject.toml
ifdef UV
	uv sync
else
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed: install it, or name one: make PYTHON=/path/to/python3" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --editable . --group dev
endif
	@touch $@
