# make demo    the portal on http://127.0.0.1:5000, its phones on http://127.0.0.1:5001
# make test    lint, types, import contracts, every test on every database at hand, the wheel
# make oldest  the tests that touch SQLAlchemy and Flask-Admin, on the oldest line of both that is supported

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DECLARED := setup.cfg pyproject.toml
OLDEST := $(VENV)/oldest
# Where pytest counts what ran on which database, for the last lines of `make test`.
export SMS_TEST_TALLY := $(CURDIR)/$(VENV)/tally.jsonl
# Each worker keeps a database on each server: a server's hundred connections are enough for eight.
WORKERS := -n auto --maxprocesses 8

.PHONY: demo test oldest lint types contracts unit heavier wheel bench screenshots translations axe clean
.DELETE_ON_ERROR:

demo: $(VENV)/.demo
	$(BIN)/python -m host_demo $(ARGS)

test: $(VENV)/.test
	@$(BIN)/python -m tests.needs start
	@$(MAKE) --no-print-directory lint
	@$(MAKE) --no-print-directory types
	@$(MAKE) --no-print-directory contracts
	@$(MAKE) --no-print-directory unit
	@$(MAKE) --no-print-directory heavier
	@$(MAKE) --no-print-directory wheel
	@$(BIN)/python -m tests.needs report

lint: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.test
	$(BIN)/mypy

contracts: $(VENV)/.test
	$(BIN)/lint-imports

unit: $(VENV)/.test
	SMS_TEST_PART=unit $(BIN)/python -m pytest $(WORKERS) -m "not slow and not browser"

heavier: $(VENV)/.test axe
	SMS_TEST_PART=heavier $(BIN)/python -m pytest -m "$$($(BIN)/python -m tests.needs marks)"

oldest: $(OLDEST)/.test
	SMS_TEST_DATABASES=sqlite SMS_TEST_TALLY= $(OLDEST)/bin/python -m pytest $(WORKERS) -m "not slow and not browser" \
		tests/models tests/outbox tests/triggers tests/web tests/host/test_paths.py tests/test_schema.py

# By way of the source archive: a build/ folder of an earlier day cannot leak into the wheel.
wheel: $(VENV)/.test
	rm -rf dist
	$(BIN)/python -m build --outdir dist .

# What scans the pages. Without npm that one test is left out, and `make test` says so.
axe:
	@if command -v npm >/dev/null; then $(MAKE) --no-print-directory node_modules; fi

node_modules: package.json
	npm install --no-package-lock --no-audit --no-fund
	touch $@

bench: $(VENV)/.test
	$(BIN)/python -m tests.benchmarks
	$(BIN)/python -m tests.benchmarks.pages $(ARGS)
	$(BIN)/python -m tests.benchmarks.overview $(ARGS)

screenshots: $(VENV)/.test
	$(BIN)/python -m tests.screenshots

# After strings of the pages have changed: what is new comes in empty, what is gone goes.
translations: $(VENV)/.test
	$(BIN)/python -m tests.translations $(ARGS)

clean:
	rm -rf $(VENV) node_modules build dist screenshots *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or later is needed") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.demo: $(DECLARED) | $(BIN)/python
	$(BIN)/python -m pip install --disable-pip-version-check -e '.[demo]'
	touch $@

$(VENV)/.test: $(DECLARED) | $(BIN)/python
	$(BIN)/python -m pip install --disable-pip-version-check -e '.[test,postgresql,mariadb]'
	$(BIN)/python -m pip install --disable-pip-version-check -q --upgrade --no-deps --target $(VENV)/babel 'Flask-Babel>=4,<5' pytz
	touch $@ $(VENV)/.demo

$(OLDEST)/.test: $(DECLARED) | $(BIN)/python
	$(PYTHON) -m venv $(OLDEST)
	$(OLDEST)/bin/python -m pip install --disable-pip-version-check -e '.[test]' 'Flask-Admin==2.0.*' 'SQLAlchemy==2.0.*'
	$(OLDEST)/bin/python -m pip install --disable-pip-version-check -q --upgrade --no-deps --target $(OLDEST)/babel 'Flask-Babel>=4,<5' pytz
	touch $@
