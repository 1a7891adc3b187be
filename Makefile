# Penumbra's commands. `make` lists them; `make demo` and `make test` need Python 3.11, make and gcc only.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

VENV := .venv
DEMO_VENV := .venv-demo
LOCK_VENV := build/.venv-lock
BIN := $(VENV)/bin
PACKAGES := models service training loadtest

# the first of these commands that is Python 3.11
PYTHON ?= $(firstword $(foreach p,python3.11 python3 python,$(shell \
	$(p) -c 'import sys; sys.version_info[:2] == (3, 11) and print("$(p)")' 2>/dev/null)))

# one thread for each of the processes that tests and commands start
export OMP_NUM_THREADS ?= 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# even where the shell forbids it: tests start dozens of processes, and each would compile everything anew
export PYTHONDONTWRITEBYTECODE :=

# more than two cores have use for: many tests wait for a broker or a rebalance
WORKERS ?= 5
TESTS ?= tests
ARGS ?=
PYTEST = PYTHONPATH=tests $(BIN)/python -m pytest -p plugins.what_ran -n $(WORKERS) --dist loadgroup \
	-rs $(TESTS) $(ARGS)

.PHONY: help
help: ## list these commands
	@echo "make COMMAND, with COMMAND one of"
	@sed -n 's/^\([a-z][a-z-]*\):[^#]*## \(.*\)/  \1|\2/p' $(MAKEFILE_LIST) | \
		awk -F'|' '{ printf "%-20s%s\n", $$1, $$2 }'
	@echo "Variables: PYTHON (a Python 3.11), WORKERS and TESTS and ARGS (make test),"
	@echo "PENUMBRA_REQUIRE_ALL=1 (what is missing fails)."

.PHONY: install
install: $(VENV)/.installed ## .venv with everything for development

.PHONY: demo
demo: $(DEMO_VENV)/.installed ## the whole product on this machine, live, until Ctrl-C (ARGS for options)
	@exec $(DEMO_VENV)/bin/penumbra demo $(ARGS)

.PHONY: test
test: $(VENV)/.installed ## every test that can run here; those that could not are listed
	@$(PYTEST)

.PHONY: coverage
coverage: $(VENV)/.installed ## the tests, and which lines they reach
	@$(PYTEST) $(PACKAGES:%=--cov=%) --cov-branch --cov-report=term-missing:skip-covered

.PHONY: lint
lint: $(VENV)/.installed ## style, formatting, types, architecture
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy $(PACKAGES) tests
	$(BIN)/lint-imports --no-logo

.PHONY: format
format: $(VENV)/.installed ## put the code into the house's form
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

.PHONY: bars
bars: $(VENV)/.installed ## the figures of docs/results.md, measured here
	$(BIN)/python -m loadtest.bars $(ARGS)

.PHONY: first-minute
first-minute: $(VENV)/.installed ## the demo's first minute in Chromium: frames in docs/screens, figures
	$(BIN)/python -m loadtest.bars.first_minute $(ARGS)

DATA ?= ../shared/data/handbook_simulated.parquet
MAPPING ?= handbook
PROTOCOL ?= handbook

.PHONY: bench-quality
bench-quality: $(VENV)/.installed ## models compared: DATA, MAPPING, PROTOCOL (last-weeks for your own file)
	$(BIN)/penumbra evaluate --protocol $(PROTOCOL) --data $(DATA) --mapping $(MAPPING) --out var/evaluation $(ARGS)

.PHONY: bench-intervals
bench-intervals: $(VENV)/.installed ## do intervals hold what they promise: 2,000 simulated shadow periods a scenario
	$(BIN)/python -m loadtest.studies $(ARGS)

.PHONY: bench-headline
bench-headline: $(VENV)/.installed ## a model beside the best rules, four weeks of the handbook data: DATA
	$(BIN)/penumbra evaluate --protocol headline --judged-from 2018-08-01 --seeds 1 --data $(DATA) \
		--mapping $(MAPPING) --out var/evaluation $(ARGS)

.PHONY: bench-thresholds
bench-thresholds: $(VENV)/.installed ## how fast any threshold is simulated on ten million decisions
	$(BIN)/python -m service.comparison.benchmark $(ARGS)

.PHONY: demo-bundle
demo-bundle: $(VENV)/.installed ## train the demo's bundle anew
	$(BIN)/python -m training.demo_bundle $(ARGS)

.PHONY: docs-settings
docs-settings: $(VENV)/.installed ## write docs/settings.md from the settings' code
	@mkdir -p build
	$(BIN)/python -m service.settings_table > build/settings.md
	mv build/settings.md docs/settings.md

.PHONY: screens
screens: $(VENV)/.installed ## the pictures in docs/screens, of simulated payments (needs Chromium)
	PYTHONPATH=tests $(BIN)/python -m builders.screens docs/screens $(ARGS)

.PHONY: lock
lock: $(LOCK_VENV)/.installed ## pin deploy/*.lock anew, with hashes
	CUSTOM_COMPILE_COMMAND="make lock" $(COMPILE) -o deploy/requirements.lock pyproject.toml
	CUSTOM_COMPILE_COMMAND="make lock" $(COMPILE) --allow-unsafe --only-build-deps \
		--build-deps-for wheel -o deploy/build.lock pyproject.toml

COMPILE = $(LOCK_VENV)/bin/pip-compile --quiet --upgrade --generate-hashes --strip-extras --no-emit-options \
	--no-emit-index-url --no-emit-find-links --no-emit-trusted-host

# --- virtual environments: a stamp each, so that nothing is installed twice ------------------------

$(VENV)/.installed: pyproject.toml
	@$(call make-venv,$(VENV))
	PYTHONWARNINGS=ignore $(BIN)/pip install --quiet --editable '.[training,broker,confluent,dev]'
	@echo "compiling the kernels, once"
	@$(BIN)/python -m service.rehearsal
	@touch $@

# what a server gets (no torch), and the embedded broker
$(DEMO_VENV)/.installed: pyproject.toml deploy/requirements.lock
	@$(call make-venv,$(DEMO_VENV))
	$(DEMO_VENV)/bin/pip install --quiet --require-hashes --requirement deploy/requirements.lock
	PYTHONWARNINGS=ignore $(DEMO_VENV)/bin/pip install --quiet --editable '.[broker]'
	@echo "compiling the kernels, once"
	@$(DEMO_VENV)/bin/python -m service.rehearsal
	@touch $@

$(LOCK_VENV)/.installed:
	@mkdir -p build
	@$(call make-venv,$(LOCK_VENV))
	$(LOCK_VENV)/bin/pip install --quiet pip-tools==7.6.2
	@touch $@

define make-venv
test -n "$(PYTHON)" || { \
	echo "Penumbra needs Python 3.11: install it, or say where it is: make PYTHON=/path/to/python3.11" >&2; \
	exit 1; }; \
"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || { \
	echo "Penumbra needs Python 3.11 and $(PYTHON) is not: make PYTHON=/path/to/python3.11" >&2; \
	exit 1; }; \
test -x $(1)/bin/pip || "$(PYTHON)" -m venv $(1) || { \
	echo "$(PYTHON) cannot make virtual environments: install its venv module (Debian: python3-venv)" >&2; \
	exit 1; }
endef
