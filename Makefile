# Everything a newcomer types. Works as root (installs what the system lacks with apt) and as an ordinary user (a virtual
# environment, gdb from the [gdb] extra, a compiler from ziglang).
VENV ?= .venv
BIN := $(VENV)/bin
PYTEST := $(BIN)/python -m pytest
.DEFAULT_GOAL := help

.PHONY: help setup dev demo test live system check lint audit fuzz types bench bench-many torture schema test-s390x test-foreign ci clean

help:
	@echo "make demo    watch a container image loader hang, open the report that says why"
	@echo "make test    unit tests and tests on real hung processes"
	@echo "make check   ruff, mypy --strict, tests"
	@echo "make torture 1,000 analyses killed, stopped and interrupted at random moments: is every target as it was?"
	@echo "make fuzz    every reader with mutated input"
	@echo "make audit   installed packages against known flaws"
	@echo "make bench   wall time and pause against gdb, eu-stack and others; scan; trace"
	@echo "make bench-many  thousands of traces and cores, one process, a pool and Dask"
	@echo "make system  real podman and other C libraries (root, downloads)"
	@echo "make test-s390x   the tool on s390x, in an emulated guest (root, downloads)"
	@echo "make test-foreign cores of aarch64 and ppc64le, from emulated guests (root, downloads)"
	@echo "make ci      what the continuous integration runs"

setup: $(BIN)/.installed
$(BIN)/.installed: pyproject.toml tools/setup.sh
	sh tools/setup.sh $(VENV)
	@touch $@

dev: $(BIN)/.dev
$(BIN)/.dev: $(BIN)/.installed
	sh tools/setup.sh $(VENV) dev
	@touch $@

demo: setup
	@status=0; $(BIN)/hanganalyze demo || status=$$?; [ $$status -le 1 ]

test: dev
	$(PYTEST) tests/unit tests/live

live: dev
	$(PYTEST) tests/live

system: dev
	$(PYTEST) tests/system -m "system and not s390x and not foreign"

test-s390x: dev
	$(PYTEST) tests/system/s390x -m s390x

test-foreign: dev
	$(PYTEST) tests/system/s390x -m foreign

lint: dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/bandit -q -c pyproject.toml -r analyzer

# Needs the registry's list of known flaws; where that cannot be reached, that is said, and it is no failure.
audit: dev
	$(BIN)/python tools/audit.py

# Short; for a night: make fuzz FUZZ="--runs 1000000"
FUZZ ?= --seconds 6
fuzz: dev
	$(BIN)/python -m tests.fuzz $(FUZZ)
	$(BIN)/python -m tests.fuzz.cores --count 120 --real-every 0 --seconds 20

types: dev
	$(BIN)/mypy

torture: dev
	$(BIN)/python -m tests.torture --runs 1000 -v

schema: dev
	$(BIN)/python -m tests.tools.make_schema

check: lint types test

bench: dev
	$(BIN)/python -m tests.bench

bench-many: dev
	$(BIN)/python -m tests.bench.many

ci:
	sh tools/ci.sh $(VENV)

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache build dist
