# Needs Python >= 3.11 and make; everything else is built into .venv from hash-pinned locks.
SHELL := /bin/sh
# The system's own first, where it can make a venv: it is built by profile, which others seldom are, and a third faster.
PYTHON ?= $(shell /usr/bin/python3.11 -c 'import ensurepip; print("/usr/bin/python3.11")' 2>/dev/null || \
	command -v python3.11 || command -v python3 || echo python3)
VENV := .venv
BIN := $(VENV)/bin
PYTEST := $(BIN)/python -m pytest
TEST_ARGS ?=
# Chosen so that `check --deploy` reads the settings as production would; the values are made up and never used.
DEPLOY_ENV = MUSTER_DEMO=0 MUSTER_DEBUG=0 MUSTER_HOME=var/deploy-check MUSTER_ALLOWED_HOSTS=muster.example.com \
	MUSTER_SECRET_KEY=$$($(BIN)/python -c "import secrets; print(secrets.token_urlsafe(64))") \
	MUSTER_VAULT_KEYS=check:$$($(BIN)/python -c "import base64, os; print(base64.b64encode(os.urandom(32)).decode())") \
	MUSTER_PEPPER=$$($(BIN)/python -c "import base64, os; print(base64.b64encode(os.urandom(32)).decode())") \
	DATABASE_URL=postgres://muster@db.example.com/muster REDIS_URL=redis://redis.example.com:6379/0

LINTS := lint-types lint-style lint-imports lint-django

.PHONY: help run install test test-slow test-postgres bench bench-quick lint $(LINTS) format lock clean

help:
	@echo "make run            start everything and print the address"
	@echo "make test           the tests, on SQLite (test-slow: the long matrices; test-postgres: engine and models there)"
	@echo "make lint           style, types, templates, imports, migrations, production settings"
	@echo "make bench-quick    the targets on small data (bench: on all of it; writes docs/performance.md)"
	@echo "make lock           compile requirements/*.txt anew (needs uv)"

run: $(VENV)/.stamp
	@exec $(BIN)/python manage.py up

install: $(VENV)/.stamp-dev

# Handed out in any other way, a process that meets quick tests hoards hundreds, and the other ends minutes before it.
test: $(VENV)/.stamp-dev
	$(PYTEST) -n 2 --dist worksteal -m "not slow" $(TEST_ARGS)

test-slow: $(VENV)/.stamp-dev
	$(PYTEST) -n 2 --dist worksteal -m slow $(TEST_ARGS)

test-postgres: $(VENV)/.stamp-dev
	$(BIN)/python -m tests.postgres $(TEST_ARGS)

bench: $(VENV)/.stamp-dev $(VENV)/.stamp-reference
	$(BIN)/python -m bench

bench-quick: $(VENV)/.stamp-dev $(VENV)/.stamp-reference
	$(BIN)/python -m bench --quick

# Side by side, each check's output kept together where this make can; a failure does not hide what the others find.
lint: $(VENV)/.stamp-dev
	@$(MAKE) --no-print-directory -j 2 -k $(if $(filter output-sync,$(.FEATURES)),-O) $(LINTS)

# Several processes only pay for what was never looked at.
lint-types:
	$(BIN)/mypy $(if $(wildcard .mypy_cache),,--num-workers 2) .

lint-style:
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	find templates -name '*.html' -exec $(BIN)/djade --check --target-version 5.2 {} +

lint-imports:
	$(BIN)/lint-imports

lint-django:
	$(BIN)/python manage.py makemigrations --check --dry-run
	$(DEPLOY_ENV) $(BIN)/python manage.py check --deploy --fail-level WARNING

format: $(VENV)/.stamp-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	find templates -name '*.html' -exec $(BIN)/djade --target-version 5.2 {} +

lock:
	cd requirements && for name in runtime dev reference; do \
		uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-config --no-header \
			--no-emit-index-url --no-emit-find-links $$name.in -o $$name.txt || exit 1; done

clean:
	rm -rf $(VENV) staticfiles .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

# The dev lock holds every runtime pin, so a venv made for tests is good enough to run.
$(VENV)/.stamp: requirements/runtime.txt $(VENV)/.made
	@test $(VENV)/.stamp-dev -nt requirements/dev.txt -a $(VENV)/.stamp-dev -nt requirements/runtime.txt || \
		{ echo "Installing what Muster needs into $(VENV) (once) ..."; . $(VENV)/.made; $$INSTALL -r requirements/runtime.txt; }
	@touch $@

$(VENV)/.stamp-dev: requirements/runtime.txt requirements/dev.txt $(VENV)/.made
	@echo "Installing what tests and lint need into $(VENV) (once) ..."
	@. $(VENV)/.made; $$INSTALL -r requirements/dev.txt
	@touch $@ $(VENV)/.stamp

# The bench's process that measures the reference puts this folder first on its path; nothing else sees it.
$(VENV)/.stamp-reference: requirements/reference.txt $(VENV)/.made
	@. $(VENV)/.made; $$INSTALL --upgrade --target $(VENV)/reference -r requirements/reference.txt
	@touch $@

# Some systems split ensurepip off Python; then the system's own pip installs into a venv made without one.
$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
		{ echo "Muster needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version 2>&1). Nothing was installed." \
		"Install a newer one, or name it: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@rm -rf $(VENV)
	@OPTIONS="install --quiet --disable-pip-version-check --require-hashes --no-deps"; \
	if $(PYTHON) -c 'import ensurepip' 2>/dev/null; then \
		$(PYTHON) -m venv $(VENV) && echo "INSTALL='$(BIN)/python -m pip $$OPTIONS'" > $@; \
	else \
		$(PYTHON) -m venv --without-pip $(VENV) && echo "INSTALL='pip --python $(BIN)/python $$OPTIONS'" > $@; \
	fi
