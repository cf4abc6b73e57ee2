# Everything a developer types; `make` alone says what there is.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DVC := build/dvc
MOTO := build/moto
EVIDENTLY := build/evidently
NANNYML := build/nannyml
PRE_COMMIT := build/pre-commit

# One stamp for the pinned packages, one for the package itself: editing pyproject.toml costs seconds, not a new
# environment. The version of Python is in their names, so that another PYTHON makes the environment anew.
VERSION := $(shell $(PYTHON) -c 'import sys; print("%d.%d.%d" % sys.version_info[:3])' 2>/dev/null)
PACKAGES := $(VENV)/.packages-$(VERSION)
READY := $(VENV)/.ready-$(VERSION)
DVC_READY := $(DVC)/.ready-$(VERSION)
MOTO_READY := $(MOTO)/.ready-$(VERSION)
PEERS_READY := $(EVIDENTLY)/.ready-$(VERSION) $(NANNYML)/.ready-$(VERSION)
PRE_COMMIT_READY := $(PRE_COMMIT)/.ready-$(VERSION)

.PHONY: help setup demo test test-all check format bench bench-peers clean

help: ## say what each target does
	@awk -F ': .*## ' '/^[a-z-]+:.*## /{printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo "Another interpreter: make PYTHON=python3.12 test"

setup: $(READY) ## make .venv from pinned versions, when it is not there yet

demo: $(READY) ## run the example on real data in build/demo, twice: the second time nothing runs
	@PATH="$(CURDIR)/$(BIN):$$PATH" sh examples/demo.sh build/demo

test: $(READY) $(MOTO_READY) ## the fast tests, two at a time
	$(BIN)/python -m pytest -n 2 --dist worksteal

test-all: $(READY) $(MOTO_READY) $(PRE_COMMIT_READY) ## every test, the slow ones too
	$(BIN)/python -m pytest -n 2 --dist worksteal -m "slow or not slow"

check: $(READY) ## style, types and the direction of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(READY) ## put the code into the one layout
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

bench: $(READY) $(DVC_READY) $(MOTO_READY) ## measure beside DVC and make; data: make bench BENCH="--scenarios data,s3"
	$(BIN)/python -m benchmarks --dvc $(DVC)/bin/dvc --moto $(MOTO)/bin/moto_server $(BENCH)

bench-peers: $(PEERS_READY) ## make the environments of Evidently and NannyML, for: make bench BENCH="--scenarios drift"

$(MOTO): $(MOTO_READY) ;

$(PRE_COMMIT): $(PRE_COMMIT_READY) ;

clean: ## remove everything that make made, .venv too
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +

$(PACKAGES): requirements/dev.txt requirements/set-up.sh
	@sh requirements/set-up.sh "$(PYTHON)" $(VENV) requirements/dev.txt
	@touch $@

$(READY): $(PACKAGES) pyproject.toml
	@$(BIN)/pip --disable-pip-version-check install --quiet --no-deps --no-build-isolation --editable .
	@$(BIN)/pip --disable-pip-version-check check
	@touch $@

$(DVC_READY): requirements/dvc.txt benchmarks/setup_dvc.sh requirements/set-up.sh
	@sh benchmarks/setup_dvc.sh "$(PYTHON)" $(DVC)
	@touch $@

$(MOTO_READY): requirements/moto.txt tests/support/setup_moto.sh requirements/set-up.sh
	@sh tests/support/setup_moto.sh "$(PYTHON)" $(MOTO)
	@touch $@

build/%/.ready-$(VERSION): requirements/%.txt benchmarks/setup_%.sh requirements/set-up.sh
	@sh benchmarks/setup_$*.sh "$(PYTHON)" build/$*
	@touch $@

$(PRE_COMMIT_READY): requirements/pre-commit.txt requirements/set-up.sh
	@sh requirements/set-up.sh "$(PYTHON)" $(PRE_COMMIT) requirements/pre-commit.txt
	@touch $@
