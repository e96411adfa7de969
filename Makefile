# Two commands on a fresh machine with Python 3.11 or newer, and one for Docker:
#   make demo   sets up, then tunes, trains, evaluates and inspects synthetic boards on the embedded engine
#   make test   sets up, then runs every check
#   make image  builds a container image of the embedded engine
# PYTHON=… names the interpreter; else the first on the PATH that is new enough is taken.
# TORCH_INDEX=… names the index that PyTorch comes from, such as PyTorch's own of CPU builds.
BIN := .venv/bin
PIN := --constraint constraints.txt
# PyTorch comes by pip, which honours the machine's own package settings; the rest by uv, which takes seconds. An index of
# PyTorch has other releases of what PyTorch needs than those pinned here: these come with the rest.
TORCH := $(if $(TORCH_INDEX),--no-deps --index-url $(TORCH_INDEX) torch torchvision,torch)
export OMP_WAIT_POLICY = PASSIVE
# Processes that tests are shared out to, by files: what a file's tests prepare together is prepared once.
WORKERS ?= 3
# Of the image: cpu or cuda.
VARIANT ?= cpu
TIMED := @sh scripts/timed.sh
# Every start would compile the sources anew.
unexport PYTHONDONTWRITEBYTECODE
export HF_HUB_OFFLINE = 1

.PHONY: demo test test-long lint image wheel clean

demo: .venv/.demo
	$(BIN)/changenet demo

test: lint
	$(TIMED) schemas $(BIN)/changenet schemas --check
	$(TIMED) tests $(BIN)/pytest --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder -m "not long"

# Whole trainings on real engines, and installations: what would make `make test` too slow to be run often.
test-long: .venv/.test
	$(TIMED) long $(BIN)/pytest --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder -m long

lint: .venv/.test
	$(TIMED) lint $(BIN)/ruff check .
	$(TIMED) formatting $(BIN)/ruff format --check .
	$(TIMED) types $(BIN)/mypy

.venv/.base: constraints.txt
	python=$$(sh scripts/find_python.sh $(PYTHON)) && $$python -m venv .venv
	$(BIN)/pip install --quiet $(PIN) uv
	$(BIN)/pip install --quiet $(PIN) $(TORCH)
	touch $@

.venv/.demo: .venv/.base pyproject.toml
	$(BIN)/uv pip install --quiet --python $(BIN)/python $(PIN) --config-settings editable_mode=compat --editable '.[engine,automl,deploy,inspect]'
	touch $@

.venv/.test: .venv/.demo
	$(BIN)/uv pip install --quiet --python $(BIN)/python $(PIN) --config-settings editable_mode=compat --editable '.[engine,automl,deploy,spec,stage,cloud,docker,inspect,kubernetes,mcp,postgres,serve,tables,test,bench]'
	touch $@

# Ray, which is large: for its runner, and its tests.
.venv/.ray: .venv/.test
	$(BIN)/uv pip install --quiet --python $(BIN)/python $(PIN) --config-settings editable_mode=compat --editable '.[ray]'
	touch $@

# TensorRT for RTX, which is large: for engines, and their tests.
.venv/.tensorrt: .venv/.test
	$(BIN)/uv pip install --quiet --python $(BIN)/python $(PIN) --config-settings editable_mode=compat --editable '.[tensorrt-rtx]'
	touch $@

# The embedded engine as a container image, as versions.yaml names it; BASE=… is another image with Python.
image:
	docker build $(if $(BASE),--build-arg BASE=$(BASE)) --build-arg VARIANT=$(VARIANT) --build-arg TORCH_INDEX=$(TORCH_INDEX) \
	    $(DOCKER_BUILD_OPTIONS) --tag changenet:0.1.0-$(VARIANT) .

# What an earlier build left in build/ would be packed as well.
wheel: .venv/.base
	rm -rf build
	$(BIN)/pip wheel --quiet --no-deps --wheel-dir dist .

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache *.egg-info build dist demo
