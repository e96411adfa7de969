# Two commands on a fresh machine with Python 3.11:
#   make demo   sets up, then tunes, trains, evaluates and inspects synthetic boards on the embedded engine
#   make test   sets up, then runs every check
PYTHON ?= python3.11
BIN := .venv/bin
# PyTorch comes by pip, which honours the machine's own package settings; the rest by uv, which takes seconds.
PIN := --constraint constraints.txt
export OMP_WAIT_POLICY = PASSIVE
# Every start would compile the sources anew.
unexport PYTHONDONTWRITEBYTECODE
export HF_HUB_OFFLINE = 1

.PHONY: demo test lint clean

demo: .venv/.demo
	$(BIN)/changenet demo

test: .venv/.test lint
	$(BIN)/changenet schemas --check
	$(BIN)/pytest

lint: .venv/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

.venv/.base: constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet $(PIN) uv torch
	touch $@

.venv/.demo: .venv/.base pyproject.toml
	$(BIN)/uv pip install --quiet --python $(BIN)/python $(PIN) --config-settings editable_mode=compat --editable '.[engine,automl]'
	touch $@

.venv/.test: .venv/.demo
	$(BIN)/uv pip install --quiet --python $(BIN)/python $(PIN) --config-settings editable_mode=compat --editable '.[engine,automl,stage,test,bench]'
	touch $@

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache *.egg-info demo
